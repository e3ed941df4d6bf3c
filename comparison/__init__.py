"""What clients tell their callers when the exchange fails, measured: `python -m comparison`."""

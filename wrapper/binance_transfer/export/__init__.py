"""
The journal for other programs and for people: CSV, JSON Lines, and one HTML page.

One rule: what is written follows from the entries and nothing else; no amount is rounded, and no text of the journal
is taken for anything but text. `python -m binance_transfer.export` does it from the command line.
"""

from binance_transfer.export.page import to_html
from binance_transfer.export.rows import to_csv, to_jsonl

__all__ = ["to_csv", "to_html", "to_jsonl"]

"""What a call costs, measured side by side with what it could cost at least."""

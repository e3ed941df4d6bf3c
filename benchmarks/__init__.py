"""What a call costs, compared with the least that it could cost."""

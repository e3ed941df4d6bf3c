"""One program for each client. Each runs in its own environment and imports nothing but that client."""

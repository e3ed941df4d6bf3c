"""One program for each client. Each runs in an environment of its own, and imports nothing but that client."""

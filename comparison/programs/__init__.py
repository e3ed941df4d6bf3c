"""One program for each client. Each runs in an environment of its own, so it imports nothing but that client."""

"""Modules of the generated client that are the same for every spec: copied, with a banner."""

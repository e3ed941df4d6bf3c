"""
The commands, a module for each purpose.

One rule: a command parses, asks and shows; it decides nothing about money.
"""

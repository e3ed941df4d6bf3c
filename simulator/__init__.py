"""Runs the flows of the wrapper against a simulated exchange, network and clock: the third driver."""

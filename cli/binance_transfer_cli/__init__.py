"""
The command line of binance_transfer: `binance-transfer`, from the extra `cli`.

One rule: a command is a thin face of a function of the library. What is decided about money is decided there; here is
asked, shown and counted.
"""

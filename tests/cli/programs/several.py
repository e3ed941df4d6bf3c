"""Runs several commands, one after the other, in one process: each a list of words; after each its exit code."""

import json
import sys

from binance_transfer_cli.__main__ import run

for words in json.loads(sys.argv[1]):
    code = run(words)
    for stream in (sys.stdout, sys.stderr):
        print(f"\x1f{code}\x1e", file=stream, flush=True)

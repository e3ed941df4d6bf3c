"""
A worker that makes one transfer after another, until SIGTERM ends it.

handler: "default", or the name of what a handler of SIGTERM raises. Says "begun" once two are answered; and,
if it can, {"raised", "key", "attempt"}: what came out of the call, and the id of the attempt that this leaves open.
"""

import builtins
import json
import logging
import os
import signal
import sys
from itertools import count
from typing import Any

import binance_transfer as bt
from tests.processes.programs.obey import Obedient, transfer_of


def say(what: object) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())


def main(given: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    if given["handler"] != "default":

        def end(_signal: int, _frame: object) -> None:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            raise getattr(builtins, given["handler"])

        signal.signal(signal.SIGTERM, end)
    worker = Obedient(given)
    key = ""
    try:
        worker.open({})
        for number in count(1):
            key = f"key-{number}"
            assert worker.client is not None
            try:
                worker.client.execute(transfer_of(key), idempotency_key=key)
            except bt.ProvenAbsent:  # what the process before left open
                worker.client.execute(transfer_of(key), idempotency_key=key)
            if number == 2:
                say("begun")
    except (KeyboardInterrupt, SystemExit) as ended:
        attempt = bt.interrupted_attempt(ended)
        say({"raised": type(ended).__name__, "key": key, "attempt": attempt.id if attempt else None})
    finally:
        worker.close(None)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""
Interrupts transactions of a journal at random moments: by SIGINT's KeyboardInterrupt, or a handler that exits.

It goes on for some seconds, and until it was interrupted often enough. Says {"interrupted": times, "odd": what was
raised otherwise, "held": after how many another connection had to wait, "logged": errors in anybody's log}.
"""

import gc
import json
import logging
import random
import signal
import sys
import time
from typing import Any

import binance_transfer as bt
from binance_transfer.journal.transaction import JournalTransaction

LONGEST_S = 0.004
PATIENCE_S = 0.5


class Kept(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


def handler(kind: str) -> Any:
    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt if kind == "KeyboardInterrupt" else SystemExit(1)

    return interrupt


def main(given: dict[str, Any]) -> None:
    kept = Kept()
    logging.getLogger().addHandler(kept)
    gc.disable()  # a lock that only a collection gives up is held
    signal.signal(signal.SIGALRM, handler(given["kind"]))
    interrupted, held, odd = 0, 0, list[str]()
    journal = bt.Journal(given["url"], account="treasury")
    other = bt.Journal(given["url"], account="treasury")
    other.resume()

    def change(transaction: JournalTransaction) -> None:
        transaction.put_account(transaction.account())

    until_s = time.monotonic() + given["for_s"]
    while time.monotonic() < until_s or interrupted < given["at_least"]:
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, LONGEST_S))
            while True:
                journal.transact(change, PATIENCE_S)
        except (KeyboardInterrupt, SystemExit):
            interrupted += 1
        except BaseException as error:  # noqa: BLE001  # what else could it be? that is the question
            odd.append(repr(error))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            other.transact(change, PATIENCE_S)
        except bt.JournalFailed as failed:
            held += 1
            odd.append(str(failed))
        gc.collect()  # what was half made when it was interrupted: connections are few on a server
    said = {"interrupted": interrupted, "odd": odd[:10], "held": held, "logged": kept.texts[:3]}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

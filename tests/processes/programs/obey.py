"""
A worker that does what it hears, one line of JSON at a time, and says what came of it.

{"open": {…}} opens the journal and a client; {"send": KEY} transfers; {"copy": [suffix, …]} reads the file's parts and
closes them; {"copy_always": …} does so in a thread; {"close": 0}; {"backup": PATH}; {"adopt": NOTE}; {"chdir": PATH}.
Says {"tran_id", "replayed", "recorded"} for a receipt, {"error", "message"} for an error, {} otherwise.
"""

import json
import logging
import os
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import binance_transfer as bt


def transfer_of(key: str) -> bt.Transfer:
    """The amount tells in the ledger which key it was."""
    return bt.Transfer("MAIN_UMFUTURE", "USDT", f"1.{int(key.rpartition('-')[2]):04}")


class Obedient:
    """Holds a journal and a client, and what was said in the log."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._path = given["url"].removeprefix("sqlite:///")
        self.journal: bt.Journal | None = None
        self.client: bt.TransferClient | None = None

    def obey(self, command: str, what: Any) -> dict[str, object]:
        try:
            done = getattr(self, command)(what)
        except bt.TransferError as error:
            return {"error": type(error).__name__, "message": str(error)}
        return done or {}

    def open(self, options: dict[str, Any]) -> None:
        self.journal = bt.Journal(self._given["url"], account="treasury", **options)
        self.client = bt.TransferClient(
            self._given["credentials"],
            base_url=self._given["base_url"],
            journal=self.journal,
            recv_window_ms=1_000,
            settle_ms=1_000,
            timeout_s=5,
            transport=bt.HttpxTransport(verify=False),  # loading certificates takes longer than all the rest
        )

    def send(self, key: str) -> dict[str, object]:
        assert self.client is not None
        receipt = self.client.execute(transfer_of(key), idempotency_key=key, resolve_within_s=8)
        return {"tran_id": receipt.tran_id, "replayed": receipt.replayed, "recorded": receipt.recorded}

    def copy(self, suffixes: list[str]) -> None:
        for suffix in suffixes:
            Path(self._path + suffix).read_bytes()

    def copy_always(self, suffixes: list[str]) -> None:
        def copy() -> None:
            while True:
                for suffix in suffixes:
                    try:
                        os.close(os.open(self._path + suffix, os.O_RDONLY))
                    except FileNotFoundError:
                        continue

        Thread(target=copy, daemon=True).start()

    def close(self, _nothing: object) -> None:
        if self.client is not None and self.journal is not None:
            self.client.close()
            self.journal.close()

    def backup(self, path: str) -> None:
        assert self.journal is not None
        self.journal.backup(path)

    def adopt(self, note: str) -> None:
        assert self.journal is not None
        self.journal.adopt(note)

    def chdir(self, path: str) -> None:
        os.chdir(path)

    def show(self, _nothing: object) -> dict[str, object]:
        return {"repr": repr(self.journal)}


def main(given: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    obedient = Obedient(given)
    for line in sys.stdin:
        [(command, what)] = json.loads(line).items()
        sys.stdout.write(json.dumps(obedient.obey(command, what)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""
A worker that makes transfers until all keys that it was given are settled, or it is killed.

Says {"key", "tran_id", "replayed"} for each receipt and {"key", "error"} for each error that it was told.
"""

import json
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

import binance_transfer as bt


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def work(client: bt.TransferClient, keys: Sequence[str], deadline_s: float) -> None:
    left = list(keys)
    random.shuffle(left)
    while left and time.monotonic() < deadline_s:
        key = left.pop()
        number = int(key.rpartition("-")[2])
        try:
            transfer = bt.Transfer("MAIN_UMFUTURE", "USDT", f"1.{number:04}")
            receipt = client.execute(transfer, idempotency_key=key, resolve_within_s=8)
        except bt.TransferError as error:
            say(key=key, error=type(error).__name__)
            if isinstance(error, bt.JournalFailed):
                time.sleep(0.2)  # as people do whose database is away
            left.insert(0, key)
        else:
            say(key=key, tran_id=receipt.tran_id, replayed=receipt.replayed)


def main(given: dict[str, Any]) -> None:
    deadline_s = time.monotonic() + given["within_s"]
    journal = None
    while journal is None:
        try:
            journal = bt.Journal(given["url"], account="treasury")
        except bt.JournalFailed:
            time.sleep(0.2)
    with (
        journal,
        bt.TransferClient(
            given["credentials"],
            base_url=given["base_url"],
            journal=journal,
            recv_window_ms=given["recv_window_ms"],
            settle_ms=given["settle_ms"],
            timeout_s=2,
        ) as client,
    ):
        work(client, given["keys"], deadline_s)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

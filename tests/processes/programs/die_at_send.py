"""A worker that is killed at the moment at which it would hand the first byte of a transfer to its connection."""

import json
import os
import signal
import sys
from typing import Any

import binance_transfer as bt
from binance_transfer.answer import Reply
from binance_transfer.signing import SignedRequest


class Fatal:
    """Reads as usual, and dies of the first transfer."""

    def __init__(self) -> None:
        self._httpx = bt.HttpxTransport()

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        if request.method == "POST":
            os.kill(os.getpid(), signal.SIGKILL)
        return self._httpx.send(request, timeout_s)

    def close(self) -> None:
        self._httpx.close()


def main(given: dict[str, Any]) -> None:
    journal = bt.Journal(given["url"], account="treasury")
    client = bt.TransferClient(
        given["credentials"], base_url=given["base_url"], journal=journal, transport=Fatal(), settle_ms=500,
        recv_window_ms=1000,
    )  # fmt: skip
    client.transfer("MAIN_UMFUTURE", "USDT", "25.5", idempotency_key="k")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

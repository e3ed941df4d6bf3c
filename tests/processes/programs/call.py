"""
A worker that makes one call, and is stopped or killed by a signal at a moment of it.

Moments: "sending", before the first byte of a transfer leaves; "answered", after its answer came; "history", after a
page of history came. Says {"tran_id", "replayed"} for a receipt and {"error"} for an error.
"""

import json
import os
import signal
import sys
from typing import Any

import binance_transfer as bt
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.signing import SignedRequest


class Interrupted:
    """Sends as usual, but for one signal to this process."""

    def __init__(self, moment: str | None, by: str) -> None:
        self._httpx = bt.HttpxTransport()
        self._moment = moment
        self._signal = signal.Signals[by]

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        transfer = request.method == "POST"
        if transfer:
            self._come_to("sending")
        reply = self._httpx.send(request, timeout_s)
        if transfer:
            self._come_to("answered")
        elif "/sapi/v1/asset/transfer" in request.url:
            self._come_to("history")
        return reply

    def close(self) -> None:
        self._httpx.close()

    def _come_to(self, moment: str) -> None:
        if moment == self._moment:
            self._moment = None
            os.kill(os.getpid(), self._signal)


def main(given: dict[str, Any]) -> None:
    transfer = bt.Transfer(**given["transfer"])
    said: dict[str, object]
    with (
        bt.Journal(given["url"], account="treasury") as journal,
        bt.TransferClient(
            given["credentials"],
            base_url=given["base_url"],
            journal=journal,
            transport=Interrupted(given["moment"], given["by"]),
            recv_window_ms=given["recv_window_ms"],
            settle_ms=given["settle_ms"],
        ) as client,
    ):
        try:
            receipt = client.execute(transfer, idempotency_key=given["key"], resolve_within_s=given["within_s"])
        except bt.TransferError as error:
            said = {"error": type(error).__name__}
        else:
            said = {"tran_id": receipt.tran_id, "replayed": receipt.replayed}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

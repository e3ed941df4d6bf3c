"""
A process that makes a transfer under a key and dies when the answer comes.

One rule: it ends as a power cut would end it. The money has moved, and nobody has been told.

`python -m demo.dying JOURNAL KEY TYPE ASSET AMOUNT`, with the variables of `from_env`.
"""

import os
import sys
from typing import Any, Final

import binance_transfer as bt
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.signing import SignedRequest

DIED: Final = 99


class _Fatal:
    """Sends as usual, and ends the process where a transfer is answered."""

    def __init__(self) -> None:
        self._httpx = bt.HttpxTransport()

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send; a transfer does not come back."""
        reply = self._httpx.send(request, timeout_s)
        if request.method == "POST":
            os._exit(DIED)
        return reply

    def close(self) -> None:
        """Close all connections."""
        self._httpx.close()


def main(url: str, key: str, *order: Any) -> None:
    """Make the transfer."""
    journal = bt.Journal(url, account="treasury")
    bt.TransferClient.from_env(transport=_Fatal(), journal=journal).transfer(*order, idempotency_key=key)


if __name__ == "__main__":
    main(*sys.argv[1:])

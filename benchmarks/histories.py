"""
What it costs to find a transfer in a history, by the length of the history.

One rule: there is no network. The exchange of this module shows so many rows of the attempt's window, page by page.
"""

import json
import time
from typing import Final
from urllib.parse import parse_qs, urlsplit

import binance_transfer as bt
from benchmarks.figures import Section, Values
from binance_transfer.wire.answer import Answer, Reply
from binance_transfer.wire.signing import SignedRequest

_SIGNED_MS: Final = 1_700_000_000_000
_TRANSFER: Final = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")


class _Showing:
    """An exchange whose history has so many rows, the one that is looked for among them."""

    def __init__(self, rows: int) -> None:
        made = [
            {
                "asset": "USDT",
                "amount": f"{number + 100}.75",
                "type": "MAIN_UMFUTURE",
                "status": "CONFIRMED",
                "tranId": 10**10 + number,
                "timestamp": _SIGNED_MS + number % 1_000,
            }
            for number in range(rows)
        ]
        made[rows // 2]["amount"] = "25.5"
        self._rows: Final = made

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:  # noqa: ARG002
        """Show the clock or a page."""
        asked = parse_qs(urlsplit(request.url).query)
        if "current" not in asked:
            return Answer(200, {}, json.dumps({"serverTime": _SIGNED_MS + 600_000}).encode())
        size = int(asked["size"][0])
        first = (int(asked["current"][0]) - 1) * size
        page = {"total": len(self._rows), "rows": self._rows[first : first + size]}
        return Answer(200, {}, json.dumps(page).encode())

    def close(self) -> None:
        """Do nothing: there are no connections."""


def section(rounds: int, sizes: tuple[int, ...]) -> Section:
    """Measure the reconciliation of one attempt."""
    return Section("CPU of a reconciliation", "ms", {f"{rows:,} rows": _values(rows, rounds) for rows in sizes})


def _values(rows: int, rounds: int) -> Values:
    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    attempt = bt.Attempt(_TRANSFER, _SIGNED_MS, 5_000)
    values: list[float] = []
    with bt.TransferClient(credentials, transport=_Showing(rows)) as client:
        for _ in range(rounds + 1):
            started_s = time.process_time()
            client.reconcile(attempt)
            values.append((time.process_time() - started_s) * 1e3)
    return values[1:]

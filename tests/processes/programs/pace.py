"""
A worker that transfers as fast as the journal lets it, on clocks that run faster than the world's.

Says "ready", hears until when, and says {"limited_ms"} for each time that it was told to slow down. All times are the
exchange's.
"""

import asyncio
import json
import sys
import time
from typing import Any

import binance_transfer as bt


class FastClock:
    """Clocks that have run ``factor`` times as fast as the machine's since a moment."""

    def __init__(self, since_s: float, factor: float) -> None:
        self._since_s = since_s
        self._factor = factor

    def time(self) -> float:
        return self._since_s + (time.time() - self._since_s) * self._factor

    def monotonic(self) -> float:
        return time.monotonic() * self._factor

    def sleep(self, seconds: float, /) -> None:
        time.sleep(seconds / self._factor)

    async def sleep_asyncio(self, seconds: float, /) -> None:
        await asyncio.sleep(seconds / self._factor)


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(given: dict[str, Any]) -> None:
    clock = FastClock(given["since_s"], given["factor"])
    with (
        bt.Journal(given["url"], account="treasury") as journal,
        bt.TransferClient(
            given["credentials"],
            base_url=given["base_url"],
            journal=journal,
            clock=clock,
            recv_window_ms=60_000,
            timeout_s=5,
        ) as client,
    ):
        client.reconcile_all()
        say("ready")
        until_s = json.loads(sys.stdin.readline())
        while clock.time() < until_s:
            try:
                client.transfer("MAIN_UMFUTURE", "USDT", given["amount"])
            except bt.RateLimited:
                say({"limited_ms": int(clock.time() * 1000)})
            except bt.NotSent as wait:  # the minute is used up
                clock.sleep(wait.retry_after_s or 1)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

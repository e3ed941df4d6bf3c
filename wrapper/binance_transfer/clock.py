"""
What time it is at the exchange.

One rule: server time is an anchor, read once, plus monotonic time. A local clock that somebody sets does nothing.
"""

import asyncio
import time
from typing import Final, Protocol

from attrs import frozen


class Clock(Protocol):
    """Where time comes from. Tests bring one of their own."""

    def time(self) -> float:
        """Seconds since 1970, as the machine believes."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never steps."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...

    async def sleep_asyncio(self, seconds: float, /) -> None:
        """Wait without blocking the loop."""
        ...


class SystemClock:
    """The machine's clocks."""

    def time(self) -> float:
        """Seconds since 1970, as the machine believes."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment; never steps."""
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        time.sleep(seconds)

    async def sleep_asyncio(self, seconds: float, /) -> None:
        """Wait without blocking the loop."""
        await asyncio.sleep(seconds)


@frozen
class Instant:
    """
    One moment on three clocks.

    monotonic_s: for measuring how long something takes.
    local_ms: the machine's wall clock, milliseconds since 1970.
    server_ms: the best estimate of the exchange's clock, milliseconds since 1970.
    due: the exchange's clock should be read before a timestamp is signed.
    """

    monotonic_s: float
    local_ms: int
    server_ms: int
    due: bool


class ServerClock:
    """
    The estimate that one client keeps.

    Threads may share it: its state is one tuple, replaced whole, so it needs no lock, which a fork could find held.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        # Moment, server time at that moment in ms, due. Until the exchange has been asked, the machine's clock serves.
        self._state: tuple[float, float, bool] = (clock.monotonic(), clock.time() * 1000, True)

    def now(self) -> Instant:
        """Read all clocks."""
        anchored_s, anchored_ms, due = self._state
        monotonic_s = self._clock.monotonic()
        server_ms = anchored_ms + (monotonic_s - anchored_s) * 1000
        return Instant(monotonic_s, round(self._clock.time() * 1000), int(server_ms), due)

    def anchor(self, monotonic_s: float, server_ms: float) -> None:
        """Take over what the exchange's clock showed at a moment."""
        self._state = (monotonic_s, server_ms, False)

    def settle(self, *, due: bool) -> None:
        """Say whether the clock should be read: yes after -1021, no after a reading that failed."""
        anchored_s, anchored_ms, _ = self._state
        self._state = (anchored_s, anchored_ms, due)

"""
What time it is at the exchange.

One rule: server time is an anchor plus monotonic time, and never ahead of what the exchange said. A local clock that
somebody sets does nothing.
"""

import time
from typing import Final, Protocol

from attrs import frozen

from binance_transfer.visible import sound_repr


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
        import asyncio  # loaded already, where a loop runs

        await asyncio.sleep(seconds)


@frozen
class Deadline:
    """When a call has to be over. Made once for a call and handed down, so that nothing in it waits beyond."""

    clock: Clock
    at_s: float
    __repr__ = sound_repr

    @classmethod
    def within(cls, seconds: float, clock: Clock) -> "Deadline":
        """Return the deadline that ends so many seconds from now."""
        return cls(clock, clock.monotonic() + seconds)

    def left_s(self) -> float:
        """Return how many seconds are left; not negative."""
        return max(0.0, self.at_s - self.clock.monotonic())

    def earlier(self, seconds: float) -> "Deadline":
        """Return the deadline of a part of the call that may take so many seconds."""
        return Deadline(self.clock, min(self.at_s, self.clock.monotonic() + seconds))

    def later(self, seconds: float) -> "Deadline":
        """Return the deadline that ends so many seconds after this one."""
        return Deadline(self.clock, self.at_s + seconds)


class TryLock:
    """Lets one call at a time do what several need done. Threads may share it."""

    def __init__(self) -> None:
        self._free: Final = [None]  # list.pop is atomic, also beside a fork

    def try_acquire(self) -> bool:
        """Acquire it; False where another call has it."""
        try:
            self._free.pop()
        except IndexError:
            return False
        return True

    def release(self) -> None:
        """Let another call have it."""
        self._free.append(None)


class ServerClock:
    """
    The estimate of the exchange's clock that one client keeps. Threads may share it.

    It is never ahead of what has been read: a reading is taken for the moment at which it arrived, and of two readings
    that agree the quicker one counts. A timestamp that is a little old is accepted; one from the future is not.
    """

    def __init__(self, clock: Clock) -> None:
        self.local: Final = clock
        # Moment, server time at that moment in ms. One tuple, replaced whole: nobody sees half of a change.
        self._anchor: tuple[float, float] = (clock.monotonic(), clock.time() * 1000)
        self._was_read = False
        self._stale = True
        self.turn: Final = TryLock()
        """For whoever reads the exchange's clock."""

    def now_ms(self) -> int:
        """Estimate the exchange's clock, in ms since 1970. Until it was read, the machine's clock serves."""
        anchored_s, anchored_ms = self._anchor
        return int(anchored_ms + (self.local.monotonic() - anchored_s) * 1000)

    @property
    def was_read(self) -> bool:
        """Whether the exchange has been asked."""
        return self._was_read

    @property
    def stale(self) -> bool:
        """Whether the exchange's clock is to be read before a timestamp is signed."""
        return self._stale

    def mark_stale(self) -> None:
        """Let the clock be read before the next timestamp: the exchange has called one wrong."""
        self._stale = True

    def anchor(self, asked_s: float, answered_s: float, server_ms: float) -> None:
        """Take over a reading: what the exchange's clock showed at some moment between two of the monotonic clock's."""
        anchored_s, anchored_ms = self._anchor
        estimate_ms = anchored_ms + (answered_s - anchored_s) * 1000
        latest_ms = server_ms + (answered_s - asked_s) * 1000
        # An earlier, quicker reading says more, unless this one contradicts it: a clock drifts, a machine sleeps.
        if not self._was_read or self._stale or not server_ms <= estimate_ms <= latest_ms:
            self._anchor = (answered_s, server_ms)
        self._was_read, self._stale = True, False

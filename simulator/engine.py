"""
Virtual time and what happens in it.

One rule: all that happens is an event in one queue, so the same choices make the same history.
"""

import heapq
from collections.abc import Callable
from math import inf
from typing import Final

EPOCH_MS: Final = 1_700_000_000_000


class Engine:
    """A queue of events, in the order of their time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._ticks = 0

    def now_ms(self) -> int:
        """Return the true time in milliseconds since 1970."""
        return EPOCH_MS + int(self.now_s * 1000)

    def tick(self) -> int:
        """Return a number that grows: it orders what happens at the same moment."""
        self._ticks += 1
        return self._ticks

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Let something happen later."""
        assert seconds >= 0  # noqa: S101  # time would run backwards
        self._number += 1  # events of the same moment keep their order
        heapq.heappush(self._events, (self.now_s + seconds, self._number, act))

    def run(self, until_s: float = inf) -> None:
        """Let everything happen, or all that happens by then."""
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, act = heapq.heappop(self._events)
            act()

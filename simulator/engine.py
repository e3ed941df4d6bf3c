"""
Virtual time and what happens in it.

One rule: all that happens is an event in one queue, and chance comes from one seed, so a history can be run again.
"""

import heapq
from collections.abc import Callable, Generator
from math import inf
from random import Random
from typing import Any, Final

EPOCH_MS: Final = 1_700_000_000_000

Program = Generator[Any, Any, None]


class Engine:
    """A queue of events, in the order of their time."""

    def __init__(self, seed: int) -> None:
        self.random: Final = Random(seed)  # noqa: S311  # chance has to repeat itself here
        self.now_s = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def now_ms(self) -> int:
        """Return the true time in milliseconds since 1970."""
        return EPOCH_MS + int(self.now_s * 1000)

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

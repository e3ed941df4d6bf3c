"""
How far a run is.

One rule: on a terminal one line that changes, elsewhere one line a minute. The rate is that of what is sent: what had
moved before goes by faster.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

_EVERY_S: Final = 60.0


class Progress:
    """Counts what is done. ``now_s`` never steps."""

    def __init__(self, total: int, output: Callable[[str], None], every_s: float, now_s: Callable[[], float]) -> None:
        self._total: Final = total
        self._output: Final = output
        self._every_s: Final = every_s
        self._now_s: Final = now_s
        self._started_s = now_s()
        self._shown_s = self._started_s
        self.waiting = ""

    def show(self, done: int, replayed: int) -> None:
        """
        Show how far it is, if it is time for that.

        replayed: how many of them had moved before.
        """
        now_s = self._now_s()
        if done == replayed:
            self._started_s = now_s  # nothing was sent yet
        if now_s - self._shown_s >= self._every_s:
            self._shown_s = now_s
            self._output(self.line(done, replayed))

    def line(self, done: int, replayed: int = 0) -> str:
        """Return how far it is, in words."""
        rate = (done - replayed) / max(self._now_s() - self._started_s, 1e-9)
        left = str(timedelta(seconds=round((self._total - done) / rate))) if rate else "not known"
        text = f"{done:,} of {self._total:,} ({done / self._total:.1%}), {rate:.1f} a second, {left} left"
        return f"{text}; {self.waiting}" if self.waiting else text


@contextmanager
def shown(console: Console, total: int, every_s: float = _EVERY_S) -> Iterator[Progress]:
    """Show the progress of a run on a console; ``every_s`` where it takes a line each time."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield Progress(total, lambda text: console.print(text, soft_wrap=True), every_s, time.monotonic)
        return
    with Live(console=console, transient=True, refresh_per_second=4) as live:
        yield Progress(
            total, lambda text: live.update(Text(text, no_wrap=True, overflow="ellipsis")), 0.25, time.monotonic
        )

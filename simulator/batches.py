"""
Many worlds, in one process or in several.

One rule: which worlds there are follows from the first seed, and they are told in that order by however many processes.
"""

import gc
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from typing import Final

from attrs import define, field

from simulator import world
from simulator.checker import Report, Violation
from simulator.scenario import USUAL, Kind

_BATCH: Final = 5


@define
class Total:
    """What came of several worlds."""

    transfers: int = 0
    worlds: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(factory=Counter)
    violations: list[Violation] = field(factory=list)

    def add(self, report: Report) -> None:
        """Take one world over."""
        self.transfers += report.transfers
        self.worlds += 1
        self.outcomes.update(report.outcomes)
        self.violations += report.violations

    def merge(self, other: "Total") -> None:
        """Take a batch over."""
        self.transfers += other.transfers
        self.worlds += other.worlds
        self.seconds += other.seconds
        self.outcomes.update(other.outcomes)
        self.violations += other.violations


def batches(kind: Kind, transfers: int, seed: int, workers: int) -> Iterator[Total]:
    """Run worlds, some at a time, until there were enough transfers."""
    firsts = count(seed, _BATCH)
    if workers == 1:
        while transfers > 0:
            yield (batch := _batch(kind, next(firsts), _BATCH, transfers))
            transfers -= batch.transfers
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running: deque[Future[Total]] = deque()
        try:
            while transfers > 0:
                while len(running) < 2 * workers:
                    running.append(pool.submit(_batch, kind, next(firsts), _BATCH, transfers))
                yield (batch := running.popleft().result())
                transfers -= batch.transfers
        finally:
            pool.shutdown(cancel_futures=True)


def _batch(kind: Kind, seed: int, worlds: int, transfers: int) -> Total:
    total, started_s = Total(), time.process_time()
    gc.disable()  # a world leaves circles behind, which are cheaper to collect all at once
    try:
        for number in range(worlds):
            total.add(world.run(seed + number, USUAL[kind]))
            gc.collect()
            if total.transfers >= transfers:
                break
    finally:
        gc.enable()
    total.seconds = time.process_time() - started_s
    return total

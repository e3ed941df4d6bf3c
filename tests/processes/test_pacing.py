"""Many processes on one account use what is permitted, and hardly more: rule 12."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from binance_transfer_sandbox import Limits, Sandbox
from tests.processes.conftest import Start
from tests.processes.programs.pace import FastClock

PROCESSES = 8
FACTOR = 6  # a minute of the exchange takes ten seconds
TRANSFER_WEIGHT = 4_500  # five times what the spec says: to be learned from the headers
A_MINUTE = 180_000 // TRANSFER_WEIGHT
MINUTES = 2


@pytest.fixture
def clock() -> FastClock:
    return FastClock(time.time(), FACTOR)


@pytest.fixture
def sandbox(clock: FastClock) -> Iterator[Sandbox]:
    limits = Limits(transfer_weight=TRANSFER_WEIGHT)
    with Sandbox(now_ms=lambda: int(clock.time() * 1000), limits=limits) as sandbox:
        yield sandbox


def test_processes_use_the_rate_that_is_permitted(start: Start, sandbox: Sandbox, clock: FastClock, url: str) -> None:
    given = {"url": url, "since_s": clock._since_s, "factor": FACTOR}
    workers = [start("pace", amount=f"1.{number + 1:02}", **given) for number in range(PROCESSES)]
    assert {worker.hear() for worker in workers} == {"ready"}
    first = int(clock.time() // 60) + 1  # the first whole minute; what is left of this one is for learning
    for worker in workers:
        worker.tell((first + MINUTES) * 60 - 0.5)
    said = [(number, line["limited_ms"]) for number, worker in enumerate(workers) for line in worker.finish()]
    made = Counter(move.time_ms // 60_000 for move in sandbox.ledger.executions())
    assert [made[minute] for minute in range(first, first + MINUTES) if made[minute] < 0.95 * A_MINUTE] == []
    refused = Counter((number, at_ms // 60_000) for number, at_ms in said)
    assert [times for times in refused.values() if times > 1] == []
    told: dict[int, list[int]] = {}
    for _, at_ms in said:
        told.setdefault(at_ms // 60_000, []).append(at_ms)
    # What was under way when the first was told is told the same; nobody else comes.
    assert [times for times in told.values() if max(times) - min(times) > 2_000 * FACTOR] == []

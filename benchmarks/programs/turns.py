"""
What every program here does: it makes a client, and then as many calls as each line on standard input asks for.

One rule: its own processor time is what counts, so that a busy machine distorts little. Only the standard library is
used, since this runs in the environment of each client.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable

AT_ONCE = 100


def serve(call: Callable[[], object]) -> None:
    """Make calls one after another."""

    def calls(count: int) -> None:
        for _ in range(count):
            call()

    for line in sys.stdin:
        _measured(lambda: calls(int(line)))  # noqa: B023  # used at once


async def serve_asyncio(call: Callable[[], Awaitable[object]], at_once: int = 1) -> None:
    """Make calls one after another, or so many at once."""

    async def calls(count: int) -> None:
        for _ in range(count):
            await call()

    async def together(count: int) -> None:
        share = count // at_once
        await asyncio.gather(*(calls(share) for _ in range(at_once)))

    for line in sys.stdin:
        count = int(line)
        started_s, cpu_s = time.perf_counter(), time.process_time()
        await (calls(count) if at_once == 1 else together(count))
        _tell(time.process_time() - cpu_s, time.perf_counter() - started_s)


def _measured(run: Callable[[], object]) -> None:
    gc.collect()
    started_s, cpu_s = time.perf_counter(), time.process_time()
    run()
    _tell(time.process_time() - cpu_s, time.perf_counter() - started_s)


def _tell(cpu_s: float, wall_s: float) -> None:
    sys.stdout.write(json.dumps({"cpu_s": cpu_s, "wall_s": wall_s}) + "\n")
    sys.stdout.flush()

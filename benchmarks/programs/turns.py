"""
What every program here does: it makes a client, and then as many calls as each line on standard input asks for.

One rule: what is told is its own processor time, so that a busy machine distorts little, and the memory that it has
resident. Only the standard library is used, since this runs in the environment of each client, and little of it, since
the first call is measured from the start of the process.
"""

import sys
import time
from collections.abc import Awaitable, Callable

AT_ONCE = 100


def serve(call: Callable[[], object]) -> None:
    """Make calls one after another."""
    for line in sys.stdin:
        started_s, cpu_s = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            call()
        _tell(time.process_time() - cpu_s, time.perf_counter() - started_s)


async def serve_asyncio(call: Callable[[], Awaitable[object]], at_once: int = 1) -> None:
    """Make calls one after another, or so many at once."""
    import asyncio

    async def calls(count: int) -> None:
        for _ in range(count):
            await call()

    for line in sys.stdin:
        share, rest = divmod(int(line), at_once)
        started_s, cpu_s = time.perf_counter(), time.process_time()
        await calls(rest)
        if share:
            await asyncio.gather(*[calls(share) for _ in range(at_once)])
        _tell(time.process_time() - cpu_s, time.perf_counter() - started_s)


def _tell(cpu_s: float, wall_s: float) -> None:
    sys.stdout.write(f"{cpu_s} {wall_s} {time.process_time()} {_resident_mib()}\n")
    sys.stdout.flush()


def _resident_mib() -> float:
    """Return the memory that is resident now; 0 on systems that do not tell it like Linux."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123  # pathlib would be imported for this alone
            return int(file.read().split()[1]) * 4096 / 2**20
    except OSError:
        return 0.0

"""
Transfers over loopback with this client, with others, and with the libraries under them, in turns.

One rule: processor time is compared, since other programs run on the machine; only what is about waiting is time on
the clock.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from benchmarks import race
from benchmarks.figures import Goal, Section, Values, least, ratio
from benchmarks.programs import peers
from benchmarks.race import Program, Turn

DEFAULT: Final = "binance_transfer"
FAST: Final = "binance_transfer, fast"
_US: Final = 1e6


def sections(rounds: int, count: int) -> Iterator[Section]:
    """Measure calls one after another, calls at once, and first calls."""
    with _stub() as url:
        yield _sync(url, rounds, count)
        yield _asyncio(url, rounds, count)
        yield from _together(url, rounds)
        yield from _starts(url, rounds)


def _programs(way: str, bare: tuple[str, ...], others: Mapping[str, object]) -> dict[str, Program]:
    return {
        DEFAULT: Program("ours", "httpx", way),
        FAST: Program("ours", "fast", way),
        **{f"bare {name}": Program("bare", name, way) for name in bare},
        **{name: Program("peers", name, way) for name in others},
    }


def _sync(url: str, rounds: int, count: int) -> Section:
    programs = _programs("sync", ("httpx", "httptools", "pyreqwest", "http.client", "urllib3"), peers.SYNC)
    rows = _cpu_us(race.calls(programs, url, rounds, count), count)
    peer = least(rows, peers.SYNC)
    return Section(
        "CPU per transfer",
        "µs",
        rows,
        [
            Goal("CPU per transfer, default", 1.15, ratio(rows[DEFAULT], rows["bare httpx"]), "bare httpx"),
            Goal("the same", 0.95, ratio(rows[DEFAULT], peer), "the fastest peer"),
            Goal("CPU per transfer, `fast`", 1.25, ratio(rows[FAST], rows["bare httptools"]), "bare httptools"),
            Goal("the same", 0.35, ratio(rows[FAST], peer), "the fastest peer"),
        ],
    )


def _asyncio(url: str, rounds: int, count: int) -> Section:
    programs = _programs("asyncio", ("httpx", "httptools", "pyreqwest", "aiohttp"), peers.ASYNCIO)
    rows = _cpu_us(race.calls(programs, url, rounds, count), count)
    bare, peer = rows["bare httptools"], least(rows, peers.ASYNCIO)
    return Section(
        "CPU per transfer, asyncio",
        "µs",
        rows,
        [
            Goal("CPU per transfer, asyncio, `fast`", 1.25, ratio(rows[FAST], bare), "bare httptools"),
            Goal("the same", 0.95, ratio(rows[FAST], peer), "the fastest peer"),
        ],
    )


def _together(url: str, rounds: int) -> Iterator[Section]:
    calls = 1_000
    turns = race.calls(_programs("together", ("aiohttp",), peers.ASYNCIO), url, rounds, calls)
    rows = {what: [turn.cpu_s * 1e3 for turn in taken] for what, taken in turns.items()}
    found = ratio(rows[FAST], least(rows, peers.ASYNCIO))
    goal = Goal("1 000 transfers, 100 at a time, `fast`", 1.0, found, "the fastest peer")
    yield Section("CPU of 1 000 transfers through one asyncio client, 100 at a time", "ms", rows, [goal])
    waited = {what: [turn.wall_s * 1e3 for turn in taken] for what, taken in turns.items()}
    yield Section("The same by the clock", "ms", waited)
    grown = turns[FAST][-1].resident_mib - turns[FAST][0].resident_mib
    memory = {what: [turn.resident_mib for turn in taken] for what, taken in turns.items()}
    yield Section("Memory meanwhile, round by round", "MiB", memory, [Goal("MiB that they leave behind", 2, grown)])


def _starts(url: str, rounds: int) -> Iterator[Section]:
    programs = _programs("sync", ("httpx", "httptools"), peers.SYNC)
    turns = race.starts(programs, url, max(rounds, 5))
    rows = {what: [turn.wall_s * 1e3 for turn in taken] for what, taken in turns.items()}
    cpu = {what: [turn.so_far_s * 1e3 for turn in taken] for what, taken in turns.items()}
    peer = least(rows, peers.SYNC)
    yield Section(
        "From the start of a process to its first receipt",
        "ms",
        rows,
        [
            Goal("start to first receipt, default", 1.0, ratio(rows[DEFAULT], peer), "the fastest peer"),
            Goal("start to first receipt, `fast`", 0.7, ratio(rows[FAST], peer), "the fastest peer"),
        ],
    )
    yield Section("CPU until then", "ms", cpu)
    memory = {what: [turn.resident_mib for turn in taken] for what, taken in turns.items()}
    leanest = least(memory, peers.SYNC)
    yield Section(
        "Memory after the first receipt",
        "MiB",
        memory,
        [
            Goal("memory after it, default", 1.0, ratio(memory[DEFAULT], leanest), "the leanest peer"),
            Goal("memory after it, `fast`", 1.0, ratio(memory[FAST], leanest), "the leanest peer"),
        ],
    )


def _cpu_us(turns: Mapping[str, list[Turn]], count: int) -> dict[str, Values]:
    return {what: [turn.cpu_s / count * _US for turn in taken] for what, taken in turns.items()}


@contextmanager
def _stub() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-m", "benchmarks.stub"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout  # noqa: S101  # asked for above
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()

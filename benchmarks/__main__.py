"""
`make bench`: what things cost, beside other clients and the least that it could be, in one run.

One rule: the ratios count. The absolute figures are only valid for the machine that measured them.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from attrs import frozen
from rich.console import Console

from benchmarks import clients, growth, histories, journal, parts, plans, workers
from benchmarks.figures import Goal, Section, figures, goals, markdown, ratio, terminal
from comparison.report import replaced

PROJECT: Final = Path(__file__).resolve().parents[1]
_DOCUMENT: Final = PROJECT / "docs" / "speed.md"
_PAGE: Final = "user-universal-transfer.md"


@frozen
class Size:
    """How much is measured."""

    rounds: int
    calls: int
    keys: tuple[int, ...]
    history: tuple[int, ...]
    workers: tuple[int, ...]
    rows: int
    simulated: int


FULL: Final = Size(11, 200, growth.SIZES, (100, 1_000, 10_000), (1, 2, 4, 8, 16), 1_000_000, 15_000)
QUICK: Final = Size(3, 100, (0, 1_000, 10_000), (100, 1_000), (1, 4), 100_000, 5_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, in a few minutes")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {_DOCUMENT.relative_to(PROJECT)}")
    parser.add_argument("--only", metavar="NAME", help=f"one of {', '.join(PARTS)}")
    options = parser.parse_args(arguments)
    if options.only not in {None, *PARTS}:
        parser.error(f"--only takes one of {', '.join(PARTS)}")
    if options.only and options.write:
        parser.error("--write takes all parts: the tables of the others would be lost")
    console = Console(highlight=False)
    size = QUICK if options.quick else FULL
    sections: list[Section] = []
    for name, part in PARTS.items():
        if options.only in {None, name}:
            for section in part(size):
                console.print(terminal(*figures(section)), "", sep="\n")
                sections.append(section)
    console.print(terminal(*goals(sections)), "", sep="\n")
    console.print(_where(), soft_wrap=True)
    if options.write:
        text = replaced(_DOCUMENT.read_text("utf-8"), {"figures": lambda: _document(sections)})
        _DOCUMENT.write_text(text, "utf-8")
    return 0


def _where() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {python}, {os.cpu_count()} cores, {platform.system()}."


def _document(sections: list[Section]) -> str:
    parts = [_where(), markdown(*goals(sections)[1:])]
    for title, heads, rows in map(figures, sections):
        parts += [f"**{title}**", markdown(heads, rows)]
    return "\n\n".join(parts)


def _clients(size: Size) -> Iterator[Section]:
    return clients.sections(size.rounds, size.calls)


def _steps(size: Size) -> Iterator[Section]:  # noqa: ARG001  # as the others
    yield Section("Steps of a transfer without the network", "µs", {step: [us] for step, us in parts.measure().items()})


def _durable(size: Size) -> Iterator[Section]:
    rows = journal.measure(size.rounds)
    yield Section(
        "A durable transfer, without a network",
        "µs",
        rows,
        [
            Goal(
                "a durable transfer, SQLite", 3, ratio(rows[journal.SQLITE], rows[journal.RAW_SQLITE]), "bare commits"
            ),
            Goal(
                "a durable transfer, PostgreSQL",
                3,
                ratio(rows[journal.POSTGRESQL], rows[journal.RAW_POSTGRESQL]) if journal.POSTGRESQL in rows else None,
                "bare commits",
            ),
        ],
    )


def _growth(size: Size) -> Iterator[Section]:
    grown = growth.measure(size.keys)
    found = median(grown[-1].rounds_us) / median(grown[0].rounds_us)
    yield Section(
        "A keyed transfer, by the keys in its journal",
        "µs",
        {f"{row.keys:,} keys": row.rounds_us for row in grown},
        [Goal(f"a keyed transfer at {grown[-1].keys:,} keys", 1.3, found, "an empty journal")],
    )


def _histories(size: Size) -> Iterator[Section]:
    yield histories.section(size.rounds, size.history)


def _workers(size: Size) -> Iterator[Section]:
    yield workers.section(size.rounds, size.workers)


def _plans(size: Size) -> Iterator[Section]:
    measured = plans.measure(size.rows)
    slowest = min(rate for rate, _ in measured.values())
    yield Section(
        f"A plan of {size.rows:,} rows, checked",
        "rows a second",
        {kind: [rate] for kind, (rate, _) in measured.items()},
        [Goal("rows of a plan checked a second", 150_000, slowest, at_least=True)],
    )
    yield Section("Memory for that, at the most", "MiB", {kind: [most] for kind, (_, most) in measured.items()})


def _simulator(size: Size) -> Iterator[Section]:
    rows = {kind: [_simulated(kind, size.simulated) for _ in range(3)] for kind in ("no-journal", "journal")}
    found = median(rows["journal"])
    yield Section(
        "Simulated transfers on one core",
        "a minute",
        rows,
        [Goal("simulated transfers a minute, with a journal", 100_000, found, at_least=True)],
    )


def _simulated(kind: str, transfers: int) -> float:
    taken_s = _taken_s("-m", "simulator", "--kind", kind, "--transfers", str(transfers))
    return transfers / taken_s * 60


def _generator(size: Size) -> Iterator[Section]:
    page = Path(os.environ.get("VENDOR_PAGES", "")) / _PAGE
    rows = {"make check, which generates": [_taken_s("-m", "generator", "check") for _ in range(size.rounds)]}
    found = [Goal("seconds to generate", 5, median(rows["make check, which generates"]))]
    if page.is_file():
        rows["one page read"] = [_taken_s("-m", "generator", "docs", str(page)) for _ in range(size.rounds)]
        found.append(Goal("seconds to read a page", 0.2, median(rows["one page read"])))
    else:
        found.append(Goal(f"seconds to read a page (VENDOR_PAGES names no folder with {_PAGE})", 0.2, None))
    yield Section("The generator, CPU", "s", rows, found)


def _taken_s(*arguments: str) -> float:
    """Return the processor time that a program of ours takes from its start to its end."""
    before_s = os.times()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=False, cwd=PROJECT)  # noqa: S603
    after_s = os.times()
    used_s = after_s.children_user + after_s.children_system - before_s.children_user - before_s.children_system
    return used_s or time.get_clock_info("process_time").resolution


PARTS: Final[dict[str, Callable[[Size], Iterator[Section]]]] = {
    "clients": _clients,
    "steps": _steps,
    "durable": _durable,
    "growth": _growth,
    "histories": _histories,
    "workers": _workers,
    "plans": _plans,
    "simulator": _simulator,
    "generator": _generator,
}

if __name__ == "__main__":
    sys.exit(main())

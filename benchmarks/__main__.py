"""
`make bench`: tables of what things cost, each compared with a baseline.

One rule: the ratios count. The absolute figures are only valid for the machine that measured them.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import calls, growth, journal, parts, plans, starts

_PAGE = "user-universal-transfer.md"


def main() -> int:
    """Measure, print and return the exit code."""
    console = Console(highlight=False)
    cores = os.cpu_count()
    console.print(f"{platform.python_implementation()} {platform.python_version()}, {cores} cores", soft_wrap=True)
    with _stub() as base_url:
        taken = calls.measure(base_url)
    console.print(
        _table("A transfer over loopback", "µs", taken, {way: _floor(way) for way in taken}),
        "",
        _table("Its steps without the network", "µs", parts.measure(), {}),
        "",
        sep="\n",
    )
    console.print(_table("A transfer and the journal", "µs", journal.measure(), journal.FLOORS), "", sep="\n")
    sizes = {f"{row.keys:,} keys": row.transfer_us for row in growth.measure()}
    console.print(_table("A transfer under a key", "µs", sizes, dict.fromkeys(sizes, "0 keys")), "", sep="\n")
    console.print(_plans(), "", sep="\n")
    page = Path(os.environ.get("VENDOR_PAGES", "")) / _PAGE
    started = starts.measure(page if page.is_file() else None)
    console.print(_table("A process, start to end", "ms", started, dict.fromkeys(started, "python, nothing else")))
    if not page.is_file():
        console.print(f"No page was read: VENDOR_PAGES names no folder with {_PAGE}.", soft_wrap=True)
    return 0


def _floor(way: str) -> str:
    return "bare httpx, asyncio" if way.endswith("asyncio") else "bare httpx"


def _table(title: str, unit: str, figures: Mapping[str, float], floors: Mapping[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("")
    table.add_column(unit, justify="right")
    calls_are_compared = bool(floors) and unit == "µs"
    if calls_are_compared:
        table.add_column("a second", justify="right")
    if floors:
        table.add_column("ratio", justify="right")
    for what, figure in figures.items():
        rate = [f"{1e6 / figure:,.0f}"] if calls_are_compared else []
        ratio = [f"{figure / figures[floors[what]]:.2f}"] if floors else []
        table.add_row(what, f"{figure:,.1f}" if figure < 100 else f"{figure:,.0f}", *rate, *ratio)  # noqa: PLR2004
    return table


def _plans() -> Table:
    table = Table(
        title="A plan of a million rows, checked", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    for column in ("", "rows a second", "MiB at the most"):
        table.add_column(column, justify="right" if column else "left")
    for kind, (rate, mebibytes) in plans.measure().items():
        table.add_row(kind, f"{rate:,.0f}", f"{mebibytes:,.0f}")
    return table


@contextmanager
def _stub() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-m", "benchmarks.stub"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout  # noqa: S101  # asked for above
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())

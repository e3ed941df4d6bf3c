"""
What a plan of a million rows costs before its first transfer: rows a second, and the memory that it takes.

One rule: the file is made before the clock starts, and each kind of plan is checked in a process of its own, whose
memory is looked at. Time is that of the processor: what else the machine does is left out.

`python -m benchmarks.plans [ROWS]` shows this alone.
"""

import json
import math
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from binance_transfer_cli.plan import Checker, rows_of
from binance_transfer_cli.staging import Staging

ROWS: Final = 1_000_000
_KINDS: Final = ("CSV with keys", "CSV of a batch", "JSON Lines")
_TYPES: Final = ("MAIN_UMFUTURE", "UMFUTURE_MAIN", "MAIN_FUNDING", "FUNDING_MAIN")


def measure(rows: int = ROWS) -> dict[str, tuple[float, float]]:
    """Return kind of plan → rows a second, and MiB at the most."""
    with TemporaryDirectory(prefix="plans-") as folder:
        return {kind: _measured(Path(folder) / "plan", kind, rows) for kind in _KINDS}


def _measured(path: Path, kind: str, rows: int) -> tuple[float, float]:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_lines(kind, rows))
    command = [sys.executable, "-m", "benchmarks.plans", "--check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # ourselves
    seconds, mebibytes = json.loads(done.stdout)
    return rows / seconds, mebibytes


def _lines(kind: str, rows: int) -> "list[str] | map[str]":
    match kind:
        case "CSV with keys":
            head, line = "key,type,asset,amount\n", "pay-{0},{1},USDT,{0}.25\n"
        case "CSV of a batch":
            head, line = "type,asset,amount\n", "{1},USDT,{0}.25\n"
        case _:
            head, line = "", '{{"key": "pay-{0}", "type": "{1}", "asset": "USDT", "amount": "{0}.25"}}\n'
    return map(lambda number: line.format(number, _TYPES[number % 4]) if number else head, range(rows + 1))  # noqa: C417


def _check(path: str) -> None:
    """Check a plan as `run` does, and say how long it took and how much memory there was at the most."""
    started = time.process_time()
    staging, checker = Staging(), Checker("benchmark")
    with Path(path).open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        staging.add(rows_of(file, checker, _refused))
    if list(staging.doubled()):
        raise AssertionError
    seconds = time.process_time() - started
    print(json.dumps([seconds, _most_memory_mib()]))


def _most_memory_mib() -> float:
    # Not getrusage: its figure begins with what the process held from which this one was started.
    held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii", errors="replace"))
    return int(held[1]) / 1024 if held else math.nan


def _refused(line: int, why: str) -> None:
    raise AssertionError(line, why)


def main() -> int:
    """Show the figures."""
    if sys.argv[1:2] == ["--check"]:
        _check(sys.argv[2])
        return 0
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for kind, (rate, mebibytes) in measure(rows).items():
        print(f"{kind:15} {rows:>9,} rows  {rate:>9,.0f} a second  {mebibytes:5.0f} MiB at the most")
    return 0


if __name__ == "__main__":
    sys.exit(main())

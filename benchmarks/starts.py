"""
How long a process takes, from start to end.

One rule: measure in turns and take the best of each, so that a short load on the machine does not distort one of them.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

_ROUNDS: Final = 7


def measure(page: Path | None) -> dict[str, float]:
    """Return program → milliseconds."""
    programs = {
        "python, nothing else": ["-c", "pass"],
        "import httpx": ["-c", "import httpx"],
        "import binance_transfer": ["-c", "import binance_transfer"],
        "import binance_transfer and make a client": [
            "-c",
            "import binance_transfer as bt; bt.TransferClient(bt.Credentials(api_key='k', secret='s'))",
        ],
    }
    if page:
        programs["python -m generator docs, one page"] = ["-m", "generator", "docs", str(page)]
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(_ROUNDS):
        for what, arguments in programs.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=False)  # noqa: S603
            best[what] = min(best[what], (time.perf_counter() - started) * 1e3)
    return best

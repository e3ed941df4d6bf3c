"""
What a keyed transfer costs in a journal with many keys, and what reading them all costs.

One rule: only reading the whole journal may take longer as it grows. Old keys are inserted in bulk, straight into the
tables, half of them moved and half not; then transfers are made as users make them.

`python -m benchmarks.growth` shows this alone.
"""

import sqlite3
import sys
import time
import tracemalloc
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen

import binance_transfer as bt
from benchmarks.journal import Accepting

SIZES: Final = (0, 1_000, 10_000, 100_000, 1_000_000)
_ROUNDS: Final = 9
_TRANSFERS: Final = 20
_READ: Final = 100_000
_DAY_MS: Final = 86_400_000


@frozen
class Growth:
    """
    The costs at one size.

    rounds_us: a keyed transfer, one figure a round.
    read_s, peak_mib: time and peak memory of iterating over all keys; None for sizes that would take too long.
    """

    keys: int
    rounds_us: list[float]
    read_s: float | None
    peak_mib: float | None


def measure(sizes: tuple[int, ...] = SIZES) -> list[Growth]:
    """Fill one journal step by step, and measure at each size."""
    grown: list[Growth] = []
    with ExitStack() as stack:
        file = Path(stack.enter_context(TemporaryDirectory(prefix="growth-"))) / "journal.db"
        journal = stack.enter_context(bt.Journal(f"sqlite:///{file}", account="growth"))
        credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
        client = stack.enter_context(bt.TransferClient(credentials, transport=Accepting(), journal=journal))
        client.transfer("MAIN_UMFUTURE", "USDT", "1")
        for before, keys in zip((0, *sizes), sizes, strict=False):
            _fill(file, before, keys)
            rounds = [_round(client) for _ in range(_ROUNDS + 1)][1:]
            read_s, peak_mib = _read(journal) if keys <= _READ else (None, None)
            grown.append(Growth(keys, rounds, read_s, peak_mib))
    return grown


def _round(client: bt.TransferClient) -> float:
    started = time.perf_counter()
    for _ in range(_TRANSFERS):
        client.transfer("MAIN_UMFUTURE", "USDT", "25.5")
    return (time.perf_counter() - started) / _TRANSFERS * 1e6


def _read(journal: bt.Journal) -> tuple[float, float]:
    started = time.perf_counter()
    for _ in journal.entries():
        pass
    read_s = time.perf_counter() - started
    tracemalloc.start()
    for _, entry in zip(range(20_000), journal.entries(), strict=False):
        del entry
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return read_s, peak / 2**20


def _fill(file: Path, before: int, keys: int) -> None:
    """Insert old keys, seven seconds apart."""
    now_ms = time.time_ns() // 1_000_000
    connection = sqlite3.connect(file)
    numbers = range(before, keys)
    opened = {number: now_ms - 90 * _DAY_MS + number * 7_000 for number in numbers}
    connection.executemany(
        "INSERT INTO binance_transfer_v2_keys VALUES ('growth', ?, 'MAIN_UMFUTURE', 'USDT', ?, NULL, NULL, 1)",
        ((f"past-{number}", f"{number % 997 + 1}") for number in numbers),
    )
    connection.executemany(
        "INSERT INTO binance_transfer_v2_attempts (account, id, key, number, opened_ms, timestamp_ms, recv_window_ms, "
        "window_start_ms, window_end_ms, opening, state, tran_id, asset, alike, query, answered) "
        "VALUES ('growth', ?, ?, 1, ?, ?, 5000, ?, ?, 1, ?, ?, 'USDT', ?, 'MAIN_UMFUTURE   ', ?)",
        (
            (
                f"{number:032x}",
                f"past-{number}",
                *(opened[number] + offset for offset in (0, 0, -5_000, 35_000)),
                "moved" if number % 2 else "not_moved",
                10**12 + number if number % 2 else None,
                f"MAIN_UMFUTURE USDT {number % 997 + 1}",
                number % 2,
            )
            for number in numbers
        ),
    )
    connection.executemany(
        "INSERT INTO binance_transfer_v2_answers VALUES ('growth', ?, 1, ?, 'Receipt', 200, NULL, '', ?)",
        ((f"{number:032x}", opened[number], 10**12 + number) for number in numbers if number % 2),
    )
    connection.executemany(
        "INSERT INTO binance_transfer_v2_verdicts VALUES ('growth', ?, 1, ?, ?, ?, ?, '')",
        (
            (
                f"{number:032x}",
                opened[number],
                "accepted" if number % 2 else "refused",
                "moved" if number % 2 else "not_moved",
                10**12 + number if number % 2 else None,
            )
            for number in numbers
        ),
    )
    connection.commit()
    connection.close()


def main() -> int:
    """Measure and print."""
    grown = measure()
    for row in grown:
        transfer_us = median(row.rounds_us)
        ratio = transfer_us / median(grown[0].rounds_us)
        reading = "" if row.read_s is None else f"  all read in {row.read_s:6.2f} s, at most {row.peak_mib:.1f} MiB"
        sys.stdout.write(f"{row.keys:10,} keys{transfer_us:10,.0f} µs a transfer{ratio:6.2f} x{reading}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

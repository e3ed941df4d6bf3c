"""
How many keyed transfers several processes make with one journal in SQLite.

One rule: there is no network, and each worker has its own keys and amounts, so that what they wait for is the journal.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import binance_transfer as bt
from benchmarks.figures import Section, Values
from benchmarks.journal import Accepting

_TRANSFERS: Final = 240


def section(rounds: int, workers: tuple[int, ...]) -> Section:
    """Measure transfers a second of all workers together."""
    rows = {f"{count} worker{'s' if count > 1 else ''}": _values(count, rounds) for count in workers}
    return Section("Keyed transfers of several processes on one journal", "a second", rows)


def _values(count: int, rounds: int) -> Values:
    with TemporaryDirectory(prefix="workers-") as folder:
        file = Path(folder) / "journal.db"
        return [_round(file, count, number) for number in range(rounds)]


def _round(file: Path, count: int, number: int) -> float:
    share = _TRANSFERS // count
    arguments = [sys.executable, "-m", "benchmarks.workers", str(file), str(share)]
    with ExitStack() as stack:
        running = [stack.enter_context(_worker(arguments, f"{number}-{worker}")) for worker in range(count)]
        for process in running:
            assert process.stdout  # noqa: S101  # asked for below
            process.stdout.readline()
        started_s = time.perf_counter()
        for process in running:
            assert process.stdin  # noqa: S101  # as above
            process.stdin.close()
        if any([process.wait() for process in running]):  # noqa: C419  # all of them
            raise subprocess.CalledProcessError(1, arguments)
        taken_s = time.perf_counter() - started_s
    return share * count / taken_s


@contextmanager
def _worker(arguments: list[str], name: str) -> Iterator["subprocess.Popen[str]"]:
    command = [*arguments, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()


def _work(file: str, share: int, name: str) -> None:
    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    turn, _, worker = name.partition("-")
    amount = (int(turn) * 100 + int(worker) + 1) * 10_000  # amounts and ids that no other worker has
    with (
        bt.Journal(f"sqlite:///{file}", account="workers") as journal,
        bt.TransferClient(credentials, transport=Accepting(last_id=amount), journal=journal) as client,
    ):
        client.transfer("MAIN_UMFUTURE", "USDT", amount, idempotency_key=f"{name}-first")
        print("ready", flush=True)
        sys.stdin.read()  # until all are ready
        for number in range(share):
            client.transfer("MAIN_UMFUTURE", "USDT", amount + number, idempotency_key=f"{name}-{number}")


if __name__ == "__main__":
    _work(sys.argv[1], int(sys.argv[2]), sys.argv[3])

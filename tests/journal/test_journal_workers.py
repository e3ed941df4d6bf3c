"""Several workers at once: threads, tasks, forks, and processes that open one new file at the same moment."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

import binance_transfer as bt
from binance_transfer.clock import SystemClock
from binance_transfer_sandbox import Sandbox
from tests.journal.conftest import Connect, OpenJournal
from tests.journal.test_journal_keys import SWEEP, moves
from tests.support.journal_programs import FORK, OPEN

pytestmark = pytest.mark.thorough


class RealClock(SystemClock):
    """The machine's clocks: threads that wait for each other need time that goes on while they do."""

    def now_ms(self) -> int:
        return time.time_ns() // 10**6


@pytest.fixture
def clock() -> RealClock:
    return RealClock()


def test_threads_on_one_key_move_it_once(worker: bt.TransferClient, sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: worker.transfer(*SWEEP, idempotency_key="k"), range(16)))
    assert len({receipt.tran_id for receipt in receipts}) == 1
    assert ([receipt.replayed for receipt in receipts].count(False), moves(sandbox)) == (1, 1)


def test_tasks_on_one_key_move_it_once(journal: bt.Journal, sandbox: Sandbox) -> None:
    async def run() -> list[bt.Receipt]:
        async with bt.AsyncTransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client:
            return await asyncio.gather(*(client.transfer(*SWEEP, idempotency_key="k") for _ in range(16)))

    receipts = asyncio.run(run())
    assert ({receipt.tran_id for receipt in receipts}, moves(sandbox)) == ({receipts[0].tran_id}, 1)


def test_two_journals_on_one_file_in_one_process(connect: Connect, open_journal: OpenJournal, sandbox: Sandbox) -> None:
    clients = [connect(open_journal()) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        receipts = list(
            pool.map(lambda number: clients[number % 2].transfer(*SWEEP, idempotency_key=f"k{number // 4}"), range(16))
        )
    assert (len({receipt.tran_id for receipt in receipts}), moves(sandbox)) == (4, 4)


def test_the_event_loop_goes_on_while_the_database_is_locked(
    journal: bt.Journal, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Somebody else holds the file for a second: the transfer waits, and nothing else does."""
    holder = sqlite3.connect(tmp_path / "transfers.db", isolation_level=None, check_same_thread=False)

    def release() -> None:
        sleep(1)
        holder.execute("ROLLBACK")

    async def run() -> tuple[float, float]:
        async with bt.AsyncTransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client:
            await client.transfer("MAIN_UMFUTURE", "USDT", "1")
            holder.execute("BEGIN IMMEDIATE")
            releasing = Thread(target=release)
            releasing.start()
            began = latest = monotonic()
            pause = 0.0
            transfer = asyncio.ensure_future(client.transfer(*SWEEP))
            while not transfer.done():
                await asyncio.sleep(0.01)
                pause, latest = max(pause, monotonic() - latest), monotonic()
            await transfer
            releasing.join()
            return monotonic() - began, pause

    took_s, longest_pause_s = asyncio.run(run())
    holder.close()
    assert took_s > 0.9
    assert longest_pause_s < 0.8


@pytest.mark.parametrize("act", ["halt", "resume", "get", "entries"])
def test_a_journal_does_not_survive_a_fork(act: str, url: str) -> None:
    done = subprocess.run([sys.executable, "-c", FORK, url, act], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["7", "before the fork\n"]


def test_processes_may_open_a_new_journal_at_the_same_moment(url: str) -> None:
    commands = [[sys.executable, "-c", OPEN, url, f"account {number % 3}"] for number in range(6)]
    opening = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    for process in opening:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    told = "".join(process.communicate(timeout=60)[1] for process in opening).splitlines()
    assert [process.returncode for process in opening] == [0] * 6
    assert ["created a new, empty journal" in line for line in told].count(True) == 1  # by one of them
    begun = [line for line in told if "began a new account" in line]
    assert len(begun) == len(set(begun)) == len(told) - 1  # each by one of them


HALT = """
import sys
import binance_transfer as bt

with bt.Journal(sys.argv[1], account="treasury") as journal:
    journal.halt("from another process")
"""


def test_a_halt_reaches_other_processes(connect: Connect, journal: bt.Journal, url: str, sandbox: Sandbox) -> None:
    worker = connect(journal)
    worker.transfer(*SWEEP)
    subprocess.run([sys.executable, "-c", HALT, url], check=True)
    with pytest.raises(bt.PolicyDenied, match="from another process"):
        worker.transfer(*SWEEP)
    assert moves(sandbox) == 1

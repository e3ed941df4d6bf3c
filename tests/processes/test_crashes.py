"""
Real processes, killed and stopped at random moments, over real databases.

Several workers share their keys and die of SIGKILL, sleep through their windows under SIGSTOP, or lose their database;
others come after them. At the end the exchange's own ledger says how often each key moved.
"""

import random
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Limits, Sandbox, faults
from tests.processes.conftest import PostgreSQL, Start, Worker

if TYPE_CHECKING:
    from decimal import Decimal

KEYS = [f"key-{number}" for number in range(150)]
RECV_WINDOW_MS, SETTLE_MS = 1_000, 1_000
WORKERS = 4
STOPPED_S = 4.5  # longer than a window, with the two seconds before it


def order(key: str) -> bt.Transfer:
    """Return the transfer of a key: the amount tells in the ledger which one it was."""
    return bt.Transfer("MAIN_UMFUTURE", "USDT", f"1.{int(key.rpartition('-')[2]):04}")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An exchange without a limit that drops answers, executes late and answers nonsense."""
    with Sandbox(limits=Limits(transfer_weight=1)) as sandbox:
        plan = sandbox.exchange.plan
        plan(faults.Drop(executes=True), times=None, probability=0.05)
        plan(faults.Drop(executes=False), times=None, probability=0.05)
        plan(faults.Drop(executes=True, late_ms=400), times=None, probability=0.05)
        plan(faults.BackendTimeout(executes=True), times=None, probability=0.03)
        plan(faults.BrokenAnswer(executes=True, form="truncated"), times=None, probability=0.02)
        yield sandbox


class Crowd:
    """Workers that share all keys. Those that die are followed by others."""

    def __init__(self, start: Start, url: str, within_s: float) -> None:
        self._start = start
        self._url = url
        self._until_s = time.monotonic() + within_s
        self.workers = [self._worker() for _ in range(WORKERS)]
        self.dead: list[Worker] = []

    def _worker(self) -> Worker:
        return self._start(
            "work",
            url=self._url,
            keys=KEYS,
            recv_window_ms=RECV_WINDOW_MS,
            settle_ms=SETTLE_MS,
            within_s=max(self._until_s - time.monotonic(), 0),
        )

    def kill(self, number: int) -> None:
        self.workers[number].process.kill()
        self.dead.append(self.workers[number])
        self.workers[number] = self._worker()

    def stop(self, number: int) -> None:
        process = self.workers[number].process
        process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        process.send_signal(signal.SIGCONT)

    def finish(self) -> list[dict[str, Any]]:
        """Wait for the living and return what they said."""
        return [line for worker in self.workers for line in worker.finish()]


def settle(sandbox: Sandbox, url: str) -> list[bt.Entry]:
    """Come after the last crash: reconcile what is open, then make all that is still wanted, and return all keys."""
    sandbox.clear_faults()
    with (
        bt.Journal(url, account="treasury") as journal,
        bt.TransferClient(
            sandbox.credentials,
            base_url=sandbox.base_url,
            journal=journal,
            recv_window_ms=RECV_WINDOW_MS,
            settle_ms=SETTLE_MS,
        ) as client,
    ):
        for _ in range(2):  # all amounts are near each other: a row blocks another key's absence until its own has it
            client.reconcile_all(deadline_s=20)
        compare(sandbox, list(journal.entries()))
        for key in KEYS:
            client.execute(order(key), idempotency_key=key)
        return list(journal.entries())


def compare(sandbox: Sandbox, entries: list[bt.Entry]) -> None:
    """Expect that the journal says of each key what the exchange's own ledger says."""
    moves: dict[Decimal, list[int]] = {}
    for move in sandbox.ledger.executions():
        moves.setdefault(move.amount, []).append(move.tran_id)
    assert [entry.key for entry in entries if entry.state == "open"] == []
    recorded = {entry.transfer.amount: [entry.tran_id] for entry in entries if entry.tran_id is not None}
    assert recorded == moves


def check(sandbox: Sandbox, entries: list[bt.Entry], said: list[dict[str, Any]]) -> None:
    compare(sandbox, entries)
    assert {entry.key for entry in entries if entry.state == "moved"} == set(KEYS)
    assert len({entry.tran_id for entry in entries}) == len(KEYS)
    receipts = {(line["key"], line["tran_id"]) for line in said if "tran_id" in line}
    assert receipts <= {(entry.key, entry.tran_id) for entry in entries}


def test_workers_that_are_killed_and_stopped_move_each_key_once(start: Start, sandbox: Sandbox, url: str) -> None:
    chance = random.Random(7)
    crowd = Crowd(start, url, within_s=15)
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        time.sleep(chance.uniform(0.5, 1.5))
        victim = chance.randrange(WORKERS)
        if chance.random() < 0.3:
            crowd.stop(victim)
        else:
            crowd.kill(victim)
    said = crowd.finish()
    check(sandbox, settle(sandbox, url), said)
    assert len(crowd.dead) >= 2


def test_workers_whose_server_restarts_move_each_key_once(
    start: Start, sandbox: Sandbox, postgresql: PostgreSQL
) -> None:
    """What workers are told depends on the moment: only what they and the journal claim is held against the ledger."""
    url = postgresql.new_url()
    crowd = Crowd(start, url, within_s=14)
    for _ in range(3):
        time.sleep(2.5)
        postgresql.stop()
        time.sleep(0.5)
        postgresql.start()
    said = crowd.finish()
    check(sandbox, settle(sandbox, url), said)

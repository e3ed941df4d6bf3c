"""
The primary dies in the middle of a call, and another server comes up at its address: with all that it had, or less.

One with less is a standby that was not waited for, or a restored backup. Who recorded what is lost notices; who comes
new cannot: docs/journal.md says what to do.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.signing import SignedRequest
from binance_transfer_sandbox import Sandbox
from tests.processes.conftest import PostgreSQL, Start
from tests.processes.test_silent_server import in_time


class At:
    """Sends as usual, and does something once before or after a transfer."""

    def __init__(self) -> None:
        self._httpx = bt.HttpxTransport(verify=False)
        self.sending: Callable[[], None] | None = None
        self.answered: Callable[[], None] | None = None

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        transfer = request.method == "POST"
        if transfer and (sending := self.sending):
            self.sending = None
            sending()
        reply = self._httpx.send(request, timeout_s)
        if transfer and (answered := self.answered):
            self.answered = None
            answered()
        return reply

    def close(self) -> None:
        self._httpx.close()


def transfer_of(key: str) -> bt.Transfer:
    return bt.Transfer("MAIN_UMFUTURE", "USDT", f"1.{int(key.rpartition('-')[2]):04}")


class Worker:
    """A process's journal and client."""

    def __init__(self, url: str, sandbox: Sandbox) -> None:
        self.at = At()
        self.journal = bt.Journal(url, account="treasury")
        self.client = bt.TransferClient(
            sandbox.credentials,
            base_url=sandbox.base_url,
            journal=self.journal,
            transport=self.at,
            timeout_s=4,
            recv_window_ms=10_000,
            settle_ms=500,
        )

    def send(self, key: str, resolve_within_s: float = 1) -> bt.Receipt:
        options: dict[str, Any] = {"idempotency_key": key, "resolve_within_s": resolve_within_s}
        return in_time(
            lambda: self.client.execute(transfer_of(key), **options), 60 + resolve_within_s
        )  # a server is started meanwhile

    def close(self) -> None:
        self.client.close()
        self.journal.close()


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.new_url()


@pytest.fixture
def worker(url: str, sandbox: Sandbox) -> Iterator[Worker]:
    worker = Worker(url, sandbox)
    worker.send("key-0")
    yield worker
    worker.close()


def moves(sandbox: Sandbox, key: str) -> int:
    return [move.amount for move in sandbox.ledger.executions()].count(transfer_of(key).amount)


@pytest.mark.parametrize("moment", ["sending", "answered"])
def test_a_server_that_comes_back_with_all_it_had_loses_no_call(
    moment: str, worker: Worker, url: str, postgresql: PostgreSQL, sandbox: Sandbox
) -> None:
    """It is away for a second, and the call that is under way records its answer after that."""
    back = threading.Timer(1.0, postgresql.start)

    def die() -> None:
        postgresql.stop()
        back.start()

    setattr(worker.at, moment, die)
    receipt = worker.send("key-1", resolve_within_s=30)
    back.join()
    assert receipt.recorded
    another = Worker(url, sandbox)
    assert another.send("key-1").replayed
    another.close()
    assert moves(sandbox, "key-1") == 1


@pytest.fixture
def older(worker: Worker, postgresql: PostgreSQL, tmp_path: Path) -> Path:
    """What a standby has that knows key-0 and nothing since."""
    del worker
    postgresql.stop()
    postgresql.copy(tmp_path / "older")
    postgresql.start()
    return tmp_path / "older"


@pytest.mark.parametrize("moment", ["sending", "answered"])
def test_a_call_notices_a_server_that_lacks_its_intent(
    moment: str, older: Path, worker: Worker, postgresql: PostgreSQL, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Its receipt is returned as not recorded, with an alert; nothing more is sent by this process."""
    setattr(worker.at, moment, lambda: postgresql.fail_over(older))
    receipt = worker.send("key-1")
    assert not receipt.recorded
    assert "could not record it" in caplog.text
    for key in ("key-1", "key-2"):
        with pytest.raises(bt.JournalFailed, match="older copy"):
            worker.send(key)
    assert (moves(sandbox, "key-1"), moves(sandbox, "key-2")) == (1, 0)


def test_a_worker_that_was_idle_notices_it_too(
    older: Path, worker: Worker, postgresql: PostgreSQL, sandbox: Sandbox
) -> None:
    assert worker.send("key-1").recorded
    postgresql.fail_over(older)
    for key in ("key-1", "key-2"):
        with pytest.raises(bt.JournalFailed, match="older copy"):
            worker.send(key)
    assert (moves(sandbox, "key-1"), moves(sandbox, "key-2")) == (1, 0)


def test_halted_before_the_workers_start_and_audited_nothing_moves_twice(
    older: Path, worker: Worker, url: str, start: Start, postgresql: PostgreSQL, sandbox: Sandbox
) -> None:
    """The procedure of docs/journal.md. The audit lists what the older copy does not know."""
    lost = worker.send("key-1")
    postgresql.fail_over(older)
    with bt.Journal(url, account="treasury") as journal:
        journal.halt("a standby took over")
    started = start("obey", url=url)
    started.tell({"open": {}})
    started.hear()
    started.tell({"send": "key-1"})
    assert started.hear()["error"] == "PolicyDenied"
    new = Worker(url, sandbox)
    audit = new.client.audit(since=lost.attempt.timestamp_ms - 60_000)
    new.close()
    assert [row.tran_id for row in audit.unclaimed] == [lost.tran_id]
    assert moves(sandbox, "key-1") == 1

"""Which journal it is: copies, other journals in its place, other accounts, several names (rules 9 and 13)."""

import contextlib
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, OpenJournal, Wire
from tests.journal.test_journal_keys import SWEEP
from tests.support.clock import ManualClock

PARTS = ("", "-wal", "-shm")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "transfers.db"


def put(copy: Path, file: Path) -> None:
    """Put a copy in the place of the file, as somebody does who knows how."""
    for part in PARTS:
        file.with_name(file.name + part).unlink(missing_ok=True)
    shutil.copy(copy, file)


# --- a copy in its place ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["treasury", "savings"])
@pytest.mark.parametrize("used", [False, True])
def test_nothing_is_sent_from_a_backup_before_it_is_adopted(
    account: str,
    used: bool,
    open_journal: OpenJournal,
    connect: Connect,
    file: Path,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    """For no account: not for one that was used, nor for one that is begun in the copy."""
    journal = open_journal()
    if used:
        connect(journal).transfer(*SWEEP, idempotency_key="k1")
    journal.backup(tmp_path / "backup.db")
    journal.close()
    put(tmp_path / "backup.db", file)
    restored = open_journal(account)
    other = sandbox.exchange.issue_key("hmac", uid=sandbox.exchange.open_account())
    client = connect(restored, credentials=other if account == "savings" else sandbox.credentials)
    with pytest.raises(bt.JournalFailed, match="adopt"):
        client.transfer(*SWEEP, idempotency_key="k2")
    restored.adopt("looked at the audit")
    assert not client.transfer(*SWEEP, idempotency_key="k2").replayed


def older_copy(journal: bt.Journal, connect: Connect, copy: Path) -> None:
    """As a snapshot of the disk: it carries no mark."""
    del journal, connect
    source = sqlite3.connect(copy.with_name("transfers.db"))
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def backup(journal: bt.Journal, connect: Connect, copy: Path) -> None:
    del connect
    journal.backup(copy)


def other_journal(journal: bt.Journal, connect: Connect, copy: Path) -> None:
    """One with more in it than the first."""
    del journal
    with bt.Journal(f"sqlite:///{copy}", account="treasury") as other, connect(other) as client:
        for number in range(5):
            client.transfer("MAIN_FUNDING", "USDT", number + 1, idempotency_key=f"other-{number}")


@pytest.mark.parametrize("knows", ["recorded", "replayed"])
@pytest.mark.parametrize("put_there", [older_copy, backup, other_journal])
def test_a_worker_refuses_what_was_put_in_the_place_of_its_journal(
    put_there: Callable[..., None],
    knows: str,
    open_journal: OpenJournal,
    connect: Connect,
    file: Path,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    """Whether it has recorded something itself or has only been told of it: a key that it knows moves once."""
    owner_journal, journal = open_journal(), open_journal()
    owner, worker = connect(owner_journal), connect(journal)
    owner.transfer("MAIN_UMFUTURE", "USDT", "1", idempotency_key="earlier")
    put_there(journal, connect, tmp_path / "copy.db")
    (worker if knows == "recorded" else owner).transfer(*SWEEP, idempotency_key="k")
    assert worker.transfer(*SWEEP, idempotency_key="k").replayed
    owner_journal.close()
    put(tmp_path / "copy.db", file)
    for _ in range(2):
        with pytest.raises(bt.JournalFailed):
            worker.transfer(*SWEEP, idempotency_key="k")
    assert [str(move.amount) for move in sandbox.ledger.executions()].count("25.5") == 1


# --- accounts --------------------------------------------------------------------------------------------------------


def test_another_account_is_not_begun_where_that_is_refused(journal: bt.Journal, connect: Connect, url: str) -> None:
    """A mistyped name: `halt` under it would stop nobody."""
    connect(journal).transfer(*SWEEP, idempotency_key="k")
    with pytest.raises(bt.JournalFailed, match="'treasury'"):
        bt.Journal(url, account="tresury", create=False)
    bt.Journal(url, account="treasury", create=False).close()


def test_beginning_an_account_is_a_warning(
    journal: bt.Journal, open_journal: OpenJournal, caplog: pytest.LogCaptureFixture
) -> None:
    journal.halt("the first thing that is written")
    caplog.clear()
    open_journal("savings").halt("the same")
    [warned] = caplog.records
    assert (warned.levelno, "every key looks unused" in warned.message) == (logging.WARNING, True)


# --- closed while it is used -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="shows what a process has open")
def test_closed_in_the_middle_of_a_transaction_no_connection_stays_open(journal: bt.Journal, file: Path) -> None:
    """A fork would duplicate it."""
    with transaction_under_way(journal):
        journal.close()
    assert f"{file}-wal" not in opened()  # which nothing but a connection opens


@contextlib.contextmanager
def transaction_under_way(journal: bt.Journal) -> Iterator[None]:
    """Let another thread be in the middle of a transaction."""
    begun, end = threading.Event(), threading.Event()

    def wait(_transaction: object) -> None:
        begun.set()
        end.wait(10)

    worker = threading.Thread(target=journal.transact, args=(wait,))
    worker.start()
    begun.wait(10)
    try:
        yield
    finally:
        end.set()
        worker.join()


def opened() -> list[str]:
    return [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="shows what a process has open")
@pytest.mark.thorough
def test_a_child_forked_in_the_middle_of_a_transaction_holds_no_lock(journal: bt.Journal, file: Path) -> None:
    """Of the file and its -shm it has what SQLite itself opened, and nothing that keeps others from writing."""
    journal.halt("the file is there")
    reading, writing = os.pipe()
    with transaction_under_way(journal):
        held = opened().count(str(file))
        child = os.fork()
        if not child:
            os.write(writing, str(opened().count(str(file))).encode())
            os._exit(0)
        os.waitpid(child, 0)
    counted = int(os.read(reading, 10))
    os.close(reading)
    os.close(writing)
    assert counted == held - 1


def test_a_fork_of_another_thread_keeps_no_call_waiting_beyond_its_time(journal: bt.Journal) -> None:
    """A fork waits two seconds for transactions that are under way; who has less time does not."""

    def fork() -> None:
        if child := os.fork():
            os.waitpid(child, 0)
        else:
            os._exit(0)

    forking = threading.Thread(target=fork)
    with transaction_under_way(journal):
        forking.start()
        time.sleep(0.2)
        started_s = time.monotonic()
        with pytest.raises(bt.JournalFailed):
            journal.transact(lambda inside: inside.account(), 0.1)
        took_s = time.monotonic() - started_s
    forking.join()
    assert took_s < 1.5


# --- what is written in time -----------------------------------------------------------------------------------------


class Slow:
    """A database that takes a share of the time that it is given, from a certain moment on."""

    def __init__(self, journal: bt.Journal, clock: ManualClock, share: float) -> None:
        self._journal, self._clock, self._share = journal, clock, share
        self.account, self.follow = journal.account, journal.follow
        self.slow = False

    def transact(self, change: Callable[..., object], within_s: float) -> object:
        self._wait(within_s)
        return self._journal.transact(change)

    def read(self, look: Callable[..., object], within_s: float) -> object:
        self._wait(within_s)
        return self._journal.read(look)

    def _wait(self, within_s: float) -> None:
        if self.slow:
            self._clock.sleep(self._share * within_s)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("resolve_within_s", [0, 3])
def test_a_call_lasts_at_most_a_second_more_however_many_transactions_it_takes(
    share: float,
    resolve_within_s: float,
    journal: bt.Journal,
    connect: Connect,
    sandbox: Sandbox,
    clock: ManualClock,
    wire: Wire,
) -> None:
    slow = Slow(journal, clock, share)
    client = connect(slow, timeout_s=4, transport=wire)
    wire.after = lambda: setattr(slow, "slow", True)
    sandbox.fail_next(faults.Drop(executes=True))
    started_s = clock.time()
    with contextlib.suppress(bt.TransferError):
        client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=resolve_within_s)
    assert clock.time() - started_s <= 4 + resolve_within_s + 1

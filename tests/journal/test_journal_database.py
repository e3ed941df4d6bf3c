"""The database itself: the file, its rights, its version, and what is said when it fails."""

import contextlib
import logging
import os
import pickle
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

import binance_transfer as bt
from binance_transfer.journal.database import reason_of
from binance_transfer.journal.sql_transaction import SqlTransaction
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.signing import SignedRequest
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, Database, OpenJournal, Wire
from tests.journal.test_journal_keys import SWEEP, moves


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "transfers.db"


def engine_of(journal: bt.Journal) -> Any:
    database: Any = journal._database
    return database._engine


def pragma(journal: bt.Journal, name: str) -> object:
    with engine_of(journal).connect() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("fullfsync", 1), ("foreign_keys", 1), ("busy_timeout", 30_000)],
)
def test_each_connection_is_set_for_durability(name: str, value: object, journal: bt.Journal) -> None:
    assert pragma(journal, name) == value


def test_the_settings_hold_for_a_connection_of_another_thread(journal: bt.Journal) -> None:
    with engine_of(journal).begin(), engine_of(journal).connect().execution_options(reading=True) as second:
        assert second.execute(text("PRAGMA synchronous")).scalar() == 2


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_files_are_their_owners_alone(umask: int, file: Path, tmp_path: Path) -> None:
    """Also the two that SQLite makes beside it, and whatever the process would make otherwise."""
    before = os.umask(umask)
    try:
        with bt.Journal(f"sqlite:///{file}", account="a") as journal:
            journal.halt("to write something")
            modes = {path.name.removeprefix(file.name): mode(path) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"": 0o600, "-wal": 0o600, "-shm": 0o600}


def test_a_second_journal_does_not_take_the_locks_of_the_first(file: Path) -> None:
    """Whoever then closed the file elsewhere would believe to be the last one, and remove what is still written to."""
    url = f"sqlite:///{file}"
    with bt.Journal(url, account="a") as first, bt.Journal(url, account="a") as second:
        first.halt("to write something")
        wal = file.with_name(file.name + "-wal").stat().st_ino
        program = (
            f"import sqlite3; c = sqlite3.connect({str(file)!r}); c.execute('SELECT 1 FROM sqlite_master'); c.close()"
        )
        subprocess.run([sys.executable, "-c", program], check=True)
        assert file.with_name(file.name + "-wal").stat().st_ino == wal
        second.resume()
        assert first.transact(lambda books: books.account()).halted == ""


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with bt.Journal("sqlite:///transfers.db", account="a") as journal:
        journal.close()
        monkeypatch.chdir(tmp_path / "elsewhere")
        journal.halt("to open it again")
    assert [path.name for path in tmp_path.rglob("*.db")] == ["transfers.db"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file:x.db?uri=true", "needs a file"),
        ("sqlite:///x.db?timeout=0.1", "takes no options: leave out"),
        ("sqlite://host/x.db", "names a host"),
        ("transfers.db", "url must be like"),
        ("", "url must be like"),
        ("mysql://root:hunter2@host/db", "url must be like"),
        ("postgresql+asyncpg://root:hunter2@host/db", "url must be like"),
        ("postgresql+psycopg://root:hunter2@host:port/db", "url must be like"),
        ("hunter2", "url must be like"),
    ],
)
def test_a_url_that_cannot_be_is_refused_without_showing_it(
    url: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=told) as refused:
        bt.Journal(url, account="a")
    assert "hunter2" not in f"{refused.value!r} {refused.value.__cause__!r}"
    assert list(tmp_path.iterdir()) == []


def test_a_journal_cannot_be_pickled(journal: bt.Journal) -> None:
    """A copy in another process would share its connections."""
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(journal)


def test_its_repr_names_account_and_place(journal: bt.Journal, file: Path) -> None:
    assert repr(journal) == f"<Journal 'treasury' in sqlite:///{file}>"


# --- versions --------------------------------------------------------------------------------------------------------


def test_looking_up_a_mistyped_account_writes_nothing(url: str, journal: bt.Journal, file: Path) -> None:
    journal.resume()
    with bt.Journal(url, account="tresury") as other:
        assert (list(other.entries()), other.get("k")) == ([], None)
    with contextlib.closing(sqlite3.connect(file)) as reader:
        assert reader.execute("SELECT name FROM binance_transfer_v2_accounts").fetchall() == [("treasury",)]


def test_a_newer_journal_is_refused(url: str, journal: bt.Journal, database: Database) -> None:
    database("UPDATE binance_transfer_schema SET version = 4")
    with pytest.raises(bt.JournalFailed, match="is of version 4 and this program knows 3: use the newer program"):
        bt.Journal(url, account="treasury")


# --- a database that fails -------------------------------------------------------------------------------------------


def to_each_connection(journal: bt.Journal, statement: str) -> None:
    journal.close()
    event.listen(engine_of(journal), "connect", lambda connection, _record: connection.execute(statement))


def full(journal: bt.Journal, file: Path) -> None:
    to_each_connection(journal, "PRAGMA max_page_count = 1")
    with contextlib.suppress(bt.JournalFailed):
        for number in range(1_000):
            attempt = bt.Attempt(bt.Transfer("MAIN_CMFUTURE", "USDT", number + 1), number, 1)
            record = bt.AttemptRecord(attempt, f"filler {number}", number, number, number)
            journal.transact(lambda books, record=record: books.add(record))  # type: ignore[misc]


def read_only(journal: bt.Journal, file: Path) -> None:
    """The header says which version of SQLite may write: a newer one only."""
    journal.close()
    with file.open("r+b") as opened:
        opened.seek(18)
        opened.write(b"\x03")


def locked(journal: bt.Journal, file: Path) -> sqlite3.Connection:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def damaged(journal: bt.Journal, file: Path) -> None:
    journal.close()
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xaa" * (file.stat().st_size - 4096))


def no_database(journal: bt.Journal, file: Path) -> None:
    journal.close()
    file.write_bytes(b"a letter to the bank, not a database" * 100)


def gone(journal: bt.Journal, file: Path) -> None:
    journal.close()
    file.unlink()
    file.parent.rename(file.parent.with_name(file.parent.name + "-moved"))


Breakage = Callable[[bt.Journal, Path], sqlite3.Connection | None]
BREAKAGES: list[tuple[Breakage, str, str]] = [
    (full, "database or disk is full", "make room"),
    (read_only, "attempt to write a readonly database", "may not write it: check the permissions"),
    (locked, "database is locked", "another program has held it for too long"),
    (damaged, "", "keep it as it is, and do not begin an empty one"),
    (no_database, "file is not a database", "keep it as it is, and do not begin an empty one"),
    (gone, "the file that held the journal is gone", "restore it, or every key would be new"),
]


@pytest.mark.parametrize(("breakage", "cause", "advice"), BREAKAGES, ids=[row[0].__name__ for row in BREAKAGES])
def test_a_broken_database_is_named_with_advice_and_nothing_is_sent(
    breakage: Breakage,
    cause: str,
    advice: str,
    connect: Connect,
    journal: bt.Journal,
    file: Path,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    worker = connect(journal)
    worker.transfer("MAIN_UMFUTURE", "USDT", "1", idempotency_key="before")
    holder = breakage(journal, file)
    with pytest.raises(bt.JournalFailed) as failed:
        worker.transfer(*SWEEP, idempotency_key="hunter2" * 30, resolve_within_s=0)
    if holder:
        holder.close()
    assert (cause in str(failed.value), advice in str(failed.value), moves(sandbox)) == (True, True, 1)
    told = f"{failed.value!r} {failed.value.__cause__!r} {failed.value.__context__!r}"
    assert not re.search(r"hunter2|INSERT|SELECT|UPDATE|BEGIN|PRAGMA", told)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_connection_that_cannot_be_set_up_is_closed_at_once(journal: bt.Journal, file: Path) -> None:
    """Closed later, by garbage collection, it would take away the locks that this process has on the file by then."""
    no_database(journal, file)
    with pytest.raises(bt.JournalFailed) as failed:  # which is kept, and with it the frames of its traceback
        bt.Journal(f"sqlite:///{file}", account="treasury")
    held = {link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    assert (file in held, failed.tb is None) == (False, False)


def test_a_journal_in_no_folder_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(bt.JournalFailed, match="No such file or directory") as failed:
        bt.Journal(f"sqlite:///{tmp_path}/nowhere/transfers.db", account="a")
    assert failed.value.__context__ is None


def test_a_file_that_is_no_journal_is_left_alone(file: Path) -> None:
    file.write_bytes(b"a letter to the bank, not a database" * 100)
    with pytest.raises(bt.JournalFailed, match="file is not a database"):
        bt.Journal(f"sqlite:///{file}", account="a")
    assert file.read_bytes().startswith(b"a letter")


@pytest.mark.thorough
def test_after_a_failure_the_journal_works_again(connect: Connect, journal: bt.Journal, file: Path) -> None:
    worker = connect(journal)
    holder = locked(journal, file)
    with pytest.raises(bt.JournalFailed):
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    holder.close()
    assert not worker.transfer(*SWEEP, idempotency_key="k").replayed


@pytest.mark.parametrize(
    "code",
    ["SQLITE_BUSY_SNAPSHOT", "SQLITE_IOERR_FSYNC", "53100", "08006", "57P01", "55P03", "25006", "42501", "28P01", ""],
)
def test_there_is_advice_for_every_code(code: str) -> None:
    class Cause(Exception):
        sqlstate = code

    error = RuntimeError()
    error.orig = Cause("reason\nLINE 1: SELECT secret")  # type: ignore[attr-defined]
    assert re.fullmatch(r"reason \(.{20,}\)", reason_of(error))


# --- reading while others write --------------------------------------------------------------------------------------


def test_reading_does_not_wait_for_a_writer(journal: bt.Journal, open_journal: OpenJournal) -> None:
    reader = open_journal()

    def look(_books: object) -> object:
        return list(reader.entries()), reader.get("k")

    assert journal.transact(look) == ([], None)


def test_a_writer_does_not_wait_for_reading(journal: bt.Journal, open_journal: OpenJournal) -> None:
    writer = open_journal()

    def look(books: SqlTransaction) -> None:
        books.entries()
        writer.halt("meanwhile")

    journal.read(look)
    assert writer.transact(lambda books: books.account()).halted == "meanwhile"


# --- secrets ---------------------------------------------------------------------------------------------------------


class Eavesdropper(Wire):
    """Keeps the signatures of the transfers that it sends."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes] = []

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        if request.method == "POST":
            self.seen.append((request.body or b"").rpartition(b"signature=")[2])
        return super().send(request, timeout_s)


@pytest.mark.parametrize("kind", ["hmac", "rsa", "ed25519"])
def test_the_files_hold_no_secret_key_or_signature(
    kind: str, connect: Connect, journal: bt.Journal, sandbox: Sandbox, tmp_path: Path
) -> None:
    wire = Eavesdropper()
    credentials = sandbox.credentials_for(kind)  # type: ignore[arg-type]
    worker = connect(journal, credentials=credentials, transport=wire)
    for number, fault in enumerate((faults.Drop(executes=True), faults.BackendTimeout(executes=False), None)):
        if fault:
            sandbox.fail_next(fault)
        try:
            worker.transfer("MAIN_UMFUTURE", "USDT", number + 1, idempotency_key=f"k{number}")
        except bt.ProvenAbsent:
            continue
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert (b"MAIN_UMFUTURE" in held, len(wire.seen)) == (True, 3)
    secrets = [str(value).encode() for name, value in credentials.items() if name != "kind"]
    found = [secret for secret in [*secrets, *wire.seen] if secret in held]
    assert found == []


def test_a_signature_that_comes_back_is_not_recorded(journal: bt.Journal, tmp_path: Path) -> None:
    import httpx

    seen: list[bytes] = []

    def echoing(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            answer = {"serverTime": 1_700_000_000_000} if request.url.path.endswith("time") else {"uid": 7}
            return httpx.Response(200, json=answer)
        body = request.content.decode()
        seen.append(body.rpartition("signature=")[2].encode())
        if len(seen) > 1:
            raise httpx.ReadError(f"connection lost while sending {body}")
        return httpx.Response(400, json={"code": -5013, "msg": f"no balance for {body}"})

    with bt.TransferClient(
        {"api_key": "key", "secret": "secret"}, transport=httpx.MockTransport(echoing), journal=journal
    ) as client:
        for _ in range(2):
            with pytest.raises(bt.TransferError):
                client.transfer(*SWEEP, resolve_within_s=0)
    messages = [record.answers[0].msg for entry in journal.entries() for record in entry.attempts]
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert ["timestamp=" in message for message in messages] == [True, True]
    assert [signature in held for signature in seen] == [False, False]


# --- imports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "loaded"),
    [
        ("import binance_transfer as bt; bt.TransferClient, bt.Policy, bt.Entry", False),
        ("import binance_transfer as bt; bt.Journal", True),
        ("from binance_transfer import Journal", True),
    ],
)
def test_the_database_library_is_imported_only_when_used(program: str, loaded: bool) -> None:
    script = f"import sys; {program}; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == loaded

"""What is particular to a database behind a network: it goes away, it refuses, and others hold its locks."""

import logging
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Thread

import psycopg
import pytest

import binance_transfer as bt
from binance_transfer.journal import postgresql as module
from binance_transfer.journal.records import AccountRecord
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer_sandbox import Sandbox
from tests.processes.conftest import PostgreSQL
from tests.support.journal_programs import FORK, OPEN

STATEMENTS = "hunter2|INSERT INTO|FROM binance|LINE 1|half done"
SWEEP = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.new_url()


@pytest.fixture
def schema(url: str) -> str:
    [name] = set(re.findall(r"journal_[0-9a-f]{32}", url))
    return str(name)


@pytest.fixture
def journal(url: str) -> Iterator[bt.Journal]:
    with bt.Journal(url, account="treasury") as journal:
        yield journal


@pytest.fixture
def client(journal: bt.Journal, sandbox: Sandbox) -> Iterator[bt.TransferClient]:
    with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client:
        yield client


def test_each_transaction_is_durable_and_bounded(journal: bt.Journal) -> None:
    names = ("synchronous_commit", "transaction_isolation", "lock_timeout", "idle_in_transaction_session_timeout")
    values = journal.transact(
        lambda transaction: [transaction._connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
    )
    assert values == ["on", "read committed", "29500ms", "10s"]


def test_a_connection_cut_in_a_transaction_commits_nothing(
    journal: bt.Journal, postgresql: PostgreSQL, schema: str
) -> None:
    """The server goes down, or somebody ends the session, between the first statement and the commit."""

    def change(transaction: JournalTransaction) -> None:
        transaction.put_account(AccountRecord("treasury", halted="half done"))
        postgresql.cut(schema)
        time.sleep(0.2)

    with pytest.raises(bt.JournalFailed, match="check that the server runs") as failed:
        journal.transact(change)
    assert not re.search(STATEMENTS, f"{failed.value!r} {failed.value.__context__!r}")
    assert journal.transact(lambda transaction: transaction.account()).halted == ""


def test_connections_that_were_cut_while_idle_are_replaced(
    client: bt.TransferClient, postgresql: PostgreSQL, schema: str
) -> None:
    client.execute(SWEEP)
    postgresql.cut(schema)
    assert client.execute(SWEEP).recorded


def test_without_a_server_nothing_is_sent(client: bt.TransferClient, sandbox: Sandbox, postgresql: PostgreSQL) -> None:
    client.execute(SWEEP, idempotency_key="before")
    postgresql.stop()
    try:
        with pytest.raises(bt.JournalFailed, match="check that the server runs, and the URL"):
            client.execute(SWEEP, idempotency_key="k")
    finally:
        postgresql.start()
    assert len(sandbox.ledger.executions()) == 1
    assert client.execute(SWEEP, idempotency_key="before").replayed


@pytest.mark.parametrize("trouble", ["read-only", "no rights", "no such role"])
def test_a_refusal_of_the_server_is_told_without_the_password(
    trouble: str, postgresql: PostgreSQL, url: str, schema: str
) -> None:
    bt.Journal(url, account="treasury").close()
    if trouble == "no rights":
        postgresql.administer(f"CREATE ROLE role_{schema} LOGIN; GRANT USAGE ON SCHEMA {schema} TO role_{schema}")
    refused = {
        "read-only": postgresql.url(schema, default_transaction_read_only="on"),
        "no rights": postgresql.url(schema, user=f"role_{schema}"),
        "no such role": postgresql.url(schema, user="nobody"),
    }
    with pytest.raises(bt.JournalFailed) as failed, bt.Journal(refused[trouble], account="another") as journal:
        journal.halt("to write something")
    told = f"{failed.value!r} {failed.value.__cause__!r} {failed.value.__context__!r}"
    assert not re.search(STATEMENTS, told)
    advice = "check that the server runs" if trouble == "no such role" else "this user may not write it"
    assert f"({advice}" in told


@pytest.mark.parametrize("place", ["authority", "query"])
def test_an_open_journal_shows_no_password(place: str, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Not in its repr, nor in its engine's, nor in what SQLAlchemy logs."""
    if place == "query":
        url = url.replace(":hunter2@", "@") + "&password=hunter2&sslpassword=hunter2"
    loggers = ("sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.dialects", "psycopg")
    for name in loggers:
        caplog.set_level(logging.DEBUG, logger=name)
    with bt.Journal(url, account="treasury") as journal:
        shown = f"{journal!r} {vars(journal)!r} {journal._database!r} {vars(journal._database)!r}"
    assert "hunter2" not in shown + caplog.text
    assert "postgres" in shown


def test_a_server_that_takes_no_writes_can_be_read(
    client: bt.TransferClient, postgresql: PostgreSQL, schema: str
) -> None:
    """A replica is where reports are made."""
    client.execute(SWEEP, idempotency_key="k")
    replica = postgresql.url(schema, default_transaction_read_only="on")
    with bt.Journal(replica, account="treasury") as journal:
        assert [entry.key for entry in journal.entries(state="moved")] == ["k"]


def test_a_worker_that_is_stopped_in_a_transaction_does_not_stop_the_others(
    journal: bt.Journal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It loses its transaction after ten seconds; the others go on, and it learns of it when it wakes up."""
    monkeypatch.setattr(module, "_IDLE_MS", 500)
    with bt.Journal(url, account="treasury") as sleeper:

        def change(transaction: JournalTransaction) -> None:
            transaction.account()
            journal.halt("others go on")

        with pytest.raises(bt.JournalFailed, match=r"idle-in-transaction|terminat|closed"):
            sleeper.transact(change)
    assert journal.transact(lambda transaction: transaction.account()).halted == "others go on"


def test_changes_of_one_account_run_alone_whatever_the_server_prefers(
    postgresql: PostgreSQL, url: str, schema: str
) -> None:
    """Under a stricter default a transaction that had to wait would decide on what was true before it waited."""
    seen: list[str] = []
    stricter = postgresql.url(schema, default_transaction_isolation="serializable")
    with bt.Journal(stricter, account="treasury") as journal:
        waiting = Thread(target=lambda: seen.append(journal.transact(lambda transaction: transaction.account()).halted))

        def change(transaction: JournalTransaction) -> None:
            transaction.put_account(AccountRecord("treasury", halted="now"))
            waiting.start()
            time.sleep(0.5)

        journal.transact(change)
        waiting.join()
    assert seen == ["now"]


def test_reading_takes_no_locks(journal: bt.Journal) -> None:
    assert journal.transact(lambda _journal: list(journal.entries())) == []


@pytest.mark.parametrize("act", ["halt", "get"])
def test_a_journal_does_not_survive_a_fork(act: str, url: str) -> None:
    """And the child's end does not cut the parent's connection."""
    done = subprocess.run([sys.executable, "-c", FORK, url, act], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["7", "before the fork\n"]


def test_processes_may_open_a_new_journal_at_the_same_moment(url: str) -> None:
    commands = [[sys.executable, "-c", OPEN, url, f"account {number % 3}"] for number in range(6)]
    pipe = subprocess.PIPE
    opening = [subprocess.Popen(command, stdin=pipe, stderr=pipe, text=True) for command in commands]
    told = [process.communicate("\n", timeout=60)[1] for process in opening]
    assert [process.returncode for process in opening] == [0] * 6
    assert ["created a new, empty journal" in said for said in told].count(True) == 1


def test_a_plain_url_means_the_same_driver(url: str) -> None:
    with bt.Journal(url.replace("+psycopg", ""), account="treasury") as journal:
        assert list(journal.entries()) == []


def test_the_database_refuses_an_id_for_two_attempts(journal: bt.Journal, url: str) -> None:
    """Were the rules wrong, this would still hold."""
    for number in (1, 2):
        attempt = bt.Attempt(SWEEP, number, 1)
        record = bt.AttemptRecord(attempt, f"k{number}", number, number, number)
        journal.transact(lambda transaction, record=record: transaction.add(record))  # type: ignore[misc]
    rows = "UPDATE binance_transfer_v2_attempts SET tran_id = 7, state = 'moved'"
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(rows)

"""Reading writes nothing: no tables, no other mode of a file, not a byte."""

import contextlib
import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import binance_transfer as bt
from tests.processes.conftest import PostgreSQL


def export(url: str, account: str = "treasury") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "binance_transfer.export", url, "--account", account, "--format", "csv"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def state(file: Path) -> tuple[str, int, int]:
    found = file.stat()
    return hashlib.sha256(file.read_bytes()).hexdigest(), found.st_mtime_ns, found.st_mode


def test_somebody_elses_database_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE payments (id)")
    before = state(file)
    done = export(f"sqlite:///{file}")
    assert (done.returncode, done.stdout) == (2, "")
    assert (state(file), list(tmp_path.iterdir())) == (before, [file])


@pytest.mark.parametrize("account", ["treasury", "tresury"])
def test_a_journal_stays_as_it_is(account: str, tmp_path: Path) -> None:
    """A mistyped account is an error."""
    file = tmp_path / "transfers.db"
    with bt.Journal(f"sqlite:///{file}", account="treasury") as journal:
        journal.resume()
    before = state(file)
    assert export(f"sqlite:///{file}", account).returncode == (0 if account == "treasury" else 2)
    assert state(file) == before


def test_what_a_crash_left_in_the_wal_stays_there(tmp_path: Path) -> None:
    """It is read, and bringing it into the file is for one who writes."""
    file = tmp_path / "transfers.db"
    program = (
        "import os, sys, binance_transfer as bt; j = bt.Journal(sys.argv[1], account='treasury'); "
        "j.halt('in the WAL'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, f"sqlite:///{file}"], check=True)
    wal = file.with_name("transfers.db-wal")
    before = state(file), state(wal)
    assert before[1][0] != hashlib.sha256().hexdigest()
    assert export(f"sqlite:///{file}").returncode == 0
    assert (state(file), state(wal)) == before


def test_a_role_that_may_only_read_can_export(postgresql: PostgreSQL) -> None:
    url = postgresql.new_url()
    schema = url.rpartition("%3D")[2]
    with bt.Journal(url, account="treasury") as journal:
        journal.resume()
    role = f"reader_{schema}"
    postgresql.administer(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}")
    postgresql.administer(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
    done = export(postgresql.url(schema, user=role))
    assert done.returncode == 0, done.stderr


def test_a_schema_without_a_journal_stays_empty(postgresql: PostgreSQL) -> None:
    url = postgresql.new_url()
    assert export(url).returncode == 2
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        assert connection.execute(tables).fetchone() == (0,)

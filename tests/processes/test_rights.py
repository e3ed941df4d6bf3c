"""Users who may read a journal and not write it, or not even that: what works, and what they are told to do."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import psycopg
import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from tests.processes.conftest import PostgreSQL, Start
from tests.processes.test_reading import export, state

DUMP = Path(__file__).parents[1] / "journal" / "version_1.sql"
SWEEP = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")
MAY_NOT_WRITE = "this user may not write it: check the permissions of the file and its folder"
MAY_NOT_READ = "check that file and folder are there, that this user may use both"
NEEDS_COMPANIONS = "let it write the folder, or read a copy in another one"

# --- SQLite ----------------------------------------------------------------------------------------------------------

LEAVE_OPEN = """
import os, sys
import binance_transfer as bt
journal = bt.Journal(sys.argv[1], account="treasury")
journal.resume()
os._exit(0)
"""


class Rights:
    """A journal in a folder, whose rights are to be set, and what a user without any other rights can do with it."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.file = folder / "transfers.db"
        self.url = f"sqlite:///{self.file}"
        self._start = start
        self._others = folder.with_name("others.db")
        bt.Journal(f"sqlite:///{self._others}", account="treasury").resume()

    def set(self, file_mode: int, folder_mode: int) -> None:
        for part in self.file.parent.iterdir():
            part.chmod(file_mode)
        self.file.parent.chmod(folder_mode)

    def told(self) -> dict[str, str]:
        """Use it as a user without other rights, and return what that is told: "" where it works."""
        [said] = self._start("look", url=self.url, warm=f"sqlite:///{self._others}").finish()
        return dict(said)


@pytest.fixture
def rights(start: Start, sandbox: Sandbox) -> Iterator[Rights]:
    # Not below pytest's own folder, where nobody else may go.
    root = Path(mkdtemp(prefix="rights-"))
    root.chmod(0o755)
    folder = root / "journals"
    folder.mkdir()
    rights = Rights(folder, start)
    with (
        bt.Journal(rights.url, account="treasury") as journal,
        bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client,
    ):
        client.execute(SWEEP, idempotency_key="k")
    yield rights
    folder.chmod(0o755)
    rmtree(root)


def test_a_file_that_may_only_be_read_is_read(rights: Rights) -> None:
    """Where its folder may be written, for the files that SQLite makes beside it. Writing is refused."""
    rights.set(0o444, 0o777)
    before = hashlib.sha256(rights.file.read_bytes()).hexdigest()
    told = rights.told()
    assert MAY_NOT_WRITE in told.pop("open")
    assert told == {"read": "", "export": ""}
    assert hashlib.sha256(rights.file.read_bytes()).hexdigest() == before


def test_a_folder_that_may_not_be_written_is_read_while_a_worker_has_the_file_open(rights: Rights) -> None:
    """Or has died with it open: the files beside it are there."""
    subprocess.run([sys.executable, "-c", LEAVE_OPEN, rights.url], check=True)
    rights.set(0o444, 0o555)
    told = rights.told()
    assert MAY_NOT_WRITE in told.pop("open")
    assert told == {"read": "", "export": ""}


def test_a_folder_that_may_not_be_written_is_told_of_otherwise(rights: Rights) -> None:
    """SQLite cannot read a file in WAL mode then; a copy it can."""
    rights.set(0o444, 0o555)
    assert all(NEEDS_COMPANIONS in told for told in rights.told().values())


def test_a_file_that_may_not_be_read_is_told_of(rights: Rights) -> None:
    rights.set(0o000, 0o755)
    assert all(MAY_NOT_READ in told for told in rights.told().values())


def test_a_folder_in_which_no_journal_can_be_begun_is_told_of(rights: Rights) -> None:
    rights.file.unlink()
    rights.set(0o644, 0o555)
    assert "cannot be made: Permission denied" in rights.told()["open"]
    assert list(rights.file.parent.iterdir()) == []


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def schema_of(url: str) -> str:
    [name] = set(re.findall(r"journal_[0-9a-f]{32}", url))
    return str(name)


@pytest.mark.parametrize("how", ["role", "default_transaction_read_only"])
def test_a_role_that_may_only_read_sends_nothing_and_can_read(
    how: str, postgresql: PostgreSQL, sandbox: Sandbox
) -> None:
    url = postgresql.new_url()
    schema = schema_of(url)
    with (
        bt.Journal(url, account="treasury") as journal,
        bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client,
    ):
        client.execute(SWEEP, idempotency_key="k")
    if how == "role":
        role = f"reader_{schema}"
        postgresql.administer(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}")
        postgresql.administer(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
        limited = postgresql.url(schema, user=role)
    else:
        limited = postgresql.url(schema, default_transaction_read_only="on")
    with (
        bt.Journal(limited, account="treasury") as journal,
        bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client,
    ):
        with pytest.raises(bt.JournalFailed, match=r"this user may not write it: .* or the role's"):
            client.execute(SWEEP, idempotency_key="another")
        assert [entry.key for entry in journal.entries()] == ["k"]
    with bt.Journal.for_reading(limited, account="treasury") as reader:
        assert reader.get("k") is not None
    assert export(limited).returncode == 0
    assert len(sandbox.ledger.executions()) == 1


def new_role(postgresql: PostgreSQL) -> str:
    """Make a role with a schema of its own, which comes first by PostgreSQL's default."""
    role = f"role_{postgresql.new_schema()}"
    postgresql.administer(f"CREATE ROLE {role} LOGIN; CREATE SCHEMA {role} AUTHORIZATION {role}")
    return role


@pytest.mark.parametrize("other", ["search_path", "role"])
def test_beginning_a_journal_elsewhere_in_the_database_is_loud(
    other: str, postgresql: PostgreSQL, caplog: pytest.LogCaptureFixture
) -> None:
    first, elsewhere = new_role(postgresql), new_role(postgresql)
    if other == "search_path":
        urls = [postgresql.url(schema) for schema in (first, elsewhere)]
    else:
        urls = [postgresql.url('"$user",public', user=role) for role in (first, elsewhere)]
    with bt.Journal(urls[0], account="treasury") as journal:
        assert f"schema {first}" in repr(journal)
    caplog.clear()
    with pytest.raises(bt.JournalFailed, match="check the URL, the role and its search_path") as refused:
        bt.Journal(urls[1], account="treasury", create=False)
    assert f"schema {elsewhere}" in str(refused.value)
    with psycopg.connect(postgresql.uri) as connection:
        made = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [elsewhere]).fetchone()
    assert made == (0,)
    with bt.Journal(urls[1], account="treasury") as journal:
        assert f"schema {elsewhere}" in repr(journal)
    [warned] = [record for record in caplog.records if "created a new, empty journal" in record.message]
    assert warned.levelname == "WARNING"
    assert f"schema {elsewhere}" in warned.message


def test_the_schema_that_shows_is_the_one_that_holds_the_journal(postgresql: PostgreSQL) -> None:
    """Not the first one of the search_path, in which there is none."""
    holding, empty = postgresql.new_schema(), postgresql.new_schema()
    bt.Journal(postgresql.url(holding), account="treasury").close()
    with bt.Journal(postgresql.url(f"{empty},{holding}"), account="treasury", create=False) as journal:
        assert repr(journal).endswith(f"schema {holding}>")


# --- version 1 -------------------------------------------------------------------------------------------------------


def test_a_journal_of_version_1_is_not_touched_by_an_export(tmp_path: Path) -> None:
    """It cannot be read without bringing it up to date, which is writing: the export says who does that."""
    file = tmp_path / "transfers.db"
    made = subprocess.run(
        [sys.executable, "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())",
         str(file)], input=DUMP.read_text("utf-8"), text=True, check=True,
    )  # fmt: skip
    assert made.returncode == 0
    before = state(file)
    done = export(f"sqlite:///{file}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "of version 1: let a program that sends open it once, which brings it up to date" in done.stderr
    assert (state(file), list(tmp_path.iterdir())) == (before, [file])
    bt.Journal(f"sqlite:///{file}", account="treasury").close()
    assert export(f"sqlite:///{file}").returncode == 0

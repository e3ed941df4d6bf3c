"""
What happens to a file of SQLite while workers use it: it is read, copied, replaced, cut, deleted and moved.

Real processes; the exchange's own ledger says how often a key moved. Each attack on SQLite's locks has a control:
plain sqlite3 under the same attack, which loses what the journal keeps.
"""

import contextlib
import gc
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Limits, Sandbox
from tests.processes.conftest import Start, Worker
from tests.processes.programs.obey import transfer_of

PARTS = ["", "-wal", "-shm"]
LINUX = sys.platform == "linux"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "journals"
    folder.mkdir()
    return folder / "transfers.db"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limits=Limits(transfer_weight=1)) as sandbox:
        yield sandbox


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


class Obedient:
    """A process that does what it is asked, with the journal open."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def __getattr__(self, command: str) -> Callable[..., dict[str, Any]]:
        def ask(what: object = 0) -> dict[str, Any]:
            self.worker.tell({command: what})
            answer: dict[str, Any] = self.worker.hear()
            return answer

        return ask


Obey = Callable[..., Obedient]


@pytest.fixture
def obey(start: Start, url: str) -> Obey:
    def run(**given: Any) -> Obedient:
        worker = Obedient(start("obey", **({"url": url} | given)))
        assert worker.open({}) == {}
        return worker

    return run


def moves(sandbox: Sandbox, key: str) -> int:
    return [move.amount for move in sandbox.ledger.executions()].count(transfer_of(key).amount)


def keys_of(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as reader:
        return {key for (key,) in reader.execute("SELECT key FROM binance_transfer_v2_keys")}


# --- read and closed by the process itself ---------------------------------------------------------------------------

PLAIN = """
import json, os, sqlite3, sys

path = sys.argv[1]
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
print("null", flush=True)
for line in sys.stdin:
    [(command, what)] = json.loads(line).items()
    if command == "copy":
        for suffix in what:
            open(path + suffix, "rb").close()
    else:
        try:
            connection.execute(what)
        except sqlite3.OperationalError as error:
            print(json.dumps(str(error)), flush=True)
            continue
    print("null", flush=True)
"""


class Plain(Worker):
    """A process with a connection of plain sqlite3."""

    def __init__(self, file: Path) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, "-c", PLAIN, str(file)], stdin=pipe, stdout=pipe, text=True)
        assert self.hear() is None

    def ask(self, **what: object) -> Any:
        self.tell(what)
        return self.hear()

    def end(self) -> None:
        self.process.communicate(timeout=30)


def open_and_close(file: Path) -> None:
    """As another process that reads the file, and is its last user as far as it can see."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM sqlite_master'); c.close()"
    )
    subprocess.run([sys.executable, "-c", program, str(file)], check=True)


def inode(file: Path, suffix: str) -> int | None:
    path = file.with_name(file.name + suffix)
    return path.stat().st_ino if path.exists() else None


def test_plain_sqlite_loses_its_wal_when_the_file_is_copied(file: Path) -> None:
    """The control of the next one."""
    first = Plain(file)
    first.ask(sql="INSERT INTO t VALUES (1)")
    first.ask(copy=[""])
    open_and_close(file)
    assert inode(file, "-wal") is None
    first.end()


def test_a_journal_keeps_its_wal_when_the_file_is_copied(obey: Obey, file: Path, sandbox: Sandbox) -> None:
    first, second = obey(), obey()
    first.send("key-1")
    before = inode(file, "-wal")
    assert first.copy(PARTS) == {}
    second.close()
    open_and_close(file)
    assert inode(file, "-wal") == before or not LINUX
    third = obey()
    third.send("key-2")
    third.close()
    for worker in (first, first, obey()):
        worker.send("key-2")
    assert (moves(sandbox, "key-1"), moves(sandbox, "key-2")) == (1, 1)
    assert first.send("key-3")["recorded"]


def test_plain_sqlite_loses_its_turn_when_the_shm_is_copied(file: Path) -> None:
    """The control of the next one: two write at once."""
    first, second = Plain(file), Plain(file)
    assert first.ask(sql="BEGIN IMMEDIATE") is None
    second.ask(sql="PRAGMA busy_timeout = 0")
    assert "locked" in second.ask(sql="BEGIN IMMEDIATE")
    first.ask(copy=["-shm"])
    assert second.ask(sql="BEGIN IMMEDIATE") is None
    first.end()
    second.end()


IN_TURN = """
import sys, pathlib
import binance_transfer as bt

def change(transaction):
    transaction.account()
    for suffix in ("", "-wal", "-shm"):
        pathlib.Path(sys.argv[1] + suffix).read_bytes()
    print("copied", flush=True)
    sys.stdin.readline()

bt.Journal("sqlite:///" + sys.argv[1], account="treasury").transact(change)
"""


@pytest.mark.skipif(not LINUX, reason="locks that closing does not drop are Linux's; elsewhere it is only noticed")
def test_a_journal_keeps_its_turn_when_all_parts_are_copied(url: str, file: Path) -> None:
    """In the middle of its transaction."""
    with bt.Journal(url, account="treasury") as journal:
        journal.resume()
        pipe = subprocess.PIPE
        writer = subprocess.Popen([sys.executable, "-c", IN_TURN, str(file)], stdin=pipe, stdout=pipe, text=True)
        assert writer.stdout
        assert writer.stdout.readline() == "copied\n"
        with pytest.raises(bt.JournalFailed, match="another program has held it for too long"):
            journal.transact(lambda transaction: transaction.account(), 0.3)
        writer.communicate("\n", timeout=30)
        assert journal.transact(lambda transaction: transaction.account(), 5.0).name == "treasury"


@pytest.mark.parametrize("parts", [[""], ["-shm"], PARTS], ids=["file", "shm", "all"])
def test_workers_share_keys_while_one_copies_all_the_time(
    parts: list[str], start: Start, url: str, file: Path, sandbox: Sandbox
) -> None:
    given = {"url": url, "within_s": 4.0, "reopens": True, "journals": 2}
    crowd = [start("share", copies=parts if number == 0 else [], **given) for number in range(3)]
    said = [line for worker in crowd for line in worker.finish()]
    sent = Counter(move.amount for move in sandbox.ledger.executions())
    assert [amount for amount, times in sent.items() if times > 1] == []
    assert {line["key"] for line in said if line.get("recorded")} <= keys_of(file)
    assert len(sent) > 10


# --- replaced, cut, deleted, moved -----------------------------------------------------------------------------------


def restored_by_rename(file: Path, backup: Path) -> None:
    shutil.copy(backup, file.with_name("new"))
    file.with_name("new").replace(file)


def restored_in_place(file: Path, backup: Path) -> None:
    shutil.copy(backup, file)


def restored_with_its_companions_gone(file: Path, backup: Path) -> None:
    deleted(file, backup)
    shutil.copy(backup, file)


def deleted(file: Path, backup: Path) -> None:
    del backup
    for suffix in PARTS:
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def emptied(file: Path, backup: Path) -> None:
    del backup
    os.truncate(file, 0)


def wal_deleted(file: Path, backup: Path) -> None:
    del backup
    file.with_name(file.name + "-wal").unlink()


def wal_emptied(file: Path, backup: Path) -> None:
    del backup
    os.truncate(file.with_name(file.name + "-wal"), 0)


def shm_deleted(file: Path, backup: Path) -> None:
    del backup
    file.with_name(file.name + "-shm").unlink()


def folder_renamed(file: Path, backup: Path) -> None:
    del backup
    file.parent.rename(file.parent.with_name("elsewhere"))


def folder_replaced(file: Path, backup: Path) -> None:
    """As a redeploy does."""
    folder_renamed(file, backup)
    file.parent.mkdir()


def linked(file: Path, backup: Path) -> None:
    del backup
    file.with_name("second name").hardlink_to(file)


def replaced_by_a_pipe(file: Path, backup: Path) -> None:
    del backup
    file.unlink()
    os.mkfifo(file)


def replaced_by_a_folder(file: Path, backup: Path) -> None:
    del backup
    file.unlink()
    file.mkdir()


Attack = Callable[[Path, Path], None]
ATTACKS: list[Attack] = [
    restored_by_rename, restored_in_place, restored_with_its_companions_gone, deleted, emptied, wal_deleted,
    wal_emptied, shm_deleted, folder_renamed, folder_replaced, linked, replaced_by_a_pipe, replaced_by_a_folder,
]  # fmt: skip


@pytest.mark.parametrize(
    ("attack", "checkpointed"),
    [(attack, False) for attack in ATTACKS] + [(restored_by_rename, True), (restored_in_place, True)],
)
def test_what_befalls_the_file_moves_no_key_twice(
    attack: Attack, checkpointed: bool, obey: Obey, file: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    """Two keys are recorded, one of them after the copy that is restored. Who knew them sends neither again."""
    first, second = obey(), obey()
    first.send("key-1")
    backup = tmp_path / "backup.db"
    with contextlib.closing(sqlite3.connect(file)) as source, contextlib.closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    assert second.send("key-2")["recorded"]
    assert first.send("key-3")["recorded"]
    if checkpointed:
        with contextlib.closing(sqlite3.connect(file)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    attack(file, backup)
    answers = [worker.send(key) for worker in (first, second) for key in ("key-2", "key-3", "key-4", "key-4")]
    assert [moves(sandbox, f"key-{number}") for number in (1, 2, 3)] == [1, 1, 1]
    assert moves(sandbox, "key-4") <= 1
    refused = [answer for answer in answers if answer.get("error")]
    assert {answer["error"] for answer in refused} <= {"JournalFailed", "OutcomeUnknown"}
    # A copy under a WAL that has all that was written since is as good as the file.
    assert refused or (not checkpointed and attack in {restored_by_rename, restored_in_place})


def test_after_the_wal_was_taken_away_by_a_reader_work_goes_on(obey: Obey, file: Path, sandbox: Sandbox) -> None:
    """Its content is in the file: nothing is lost, and the call after the refused one opens it anew."""
    first = obey()
    first.send("key-1")
    with contextlib.closing(sqlite3.connect(file)) as reader:
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    wal_deleted(file, file)
    shm_deleted(file, file)
    answers = [first.send("key-2") for _ in range(3)]
    assert answers[0]["error"] == "JournalFailed"
    assert answers[2]["recorded"]
    assert (moves(sandbox, "key-1"), moves(sandbox, "key-2")) == (1, 1)


@pytest.mark.parametrize("alive", [False, True])
@pytest.mark.parametrize("put", [restored_by_rename, restored_in_place])
def test_a_copy_beside_the_wal_of_the_lost_file_is_refused(
    put: Attack, alive: bool, obey: Obey, start: Start, file: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    """SQLite would write that WAL into the copy: its mark would be gone, and keys with it."""
    first, second = obey(), obey()
    for number in range(120):
        first.send(f"key-{number}")
    assert first.backup(str(tmp_path / "backup.db")) == {}
    for number in range(120, 124):
        (first, second)[number % 2].send(f"key-{number}")
    if not alive:
        for worker in (first, second):
            worker.worker.process.kill()
            worker.worker.process.wait()
    put(file, tmp_path / "backup.db")
    if alive:
        workers = [first, second]
    else:
        workers = [Obedient(start("obey", url=f"sqlite:///{file}"))]
        assert workers[0].open({}).get("error") in {"JournalFailed", None}
        if workers[0].show()["repr"] == "None":
            return
    answers = [worker.send(f"key-{number}") for worker in workers for number in (121, 122, 123, 9_000)]
    assert {answer.get("error") for answer in answers} <= {"JournalFailed", None}
    assert all(answer.get("replayed") for answer in answers if "error" not in answer)
    assert max(Counter(move.amount for move in sandbox.ledger.executions()).values()) == 1


@pytest.mark.parametrize("linked_to", [False, True])
def test_a_file_that_was_moved_while_it_is_used_is_not_opened_by_its_new_name(
    linked_to: bool, obey: Obey, start: Start, file: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    """Under it SQLite would find neither the WAL nor the locks."""
    first = obey()
    assert first.send("key-1")["recorded"]
    moved = tmp_path / "moved.db"
    file.rename(moved)
    if linked_to:
        file.symlink_to(moved)
    other = Obedient(start("obey", url=f"sqlite:///{file if linked_to else moved}"))
    refused = other.open({})
    assert (refused["error"], "under another name" in refused["message"]) == ("JournalFailed", True)
    moved.replace(file)
    back = obey()
    assert back.send("key-1")["replayed"]
    assert not back.send("key-2")["replayed"]
    assert first.send("key-2")["replayed"]
    assert max(Counter(move.amount for move in sandbox.ledger.executions()).values()) == 1


# --- paths -----------------------------------------------------------------------------------------------------------


def test_a_symbolic_link_is_the_same_file(obey: Obey, file: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(file)
    first, second = obey(), obey(url=f"sqlite:///{link}")
    assert not first.send("key-1")["replayed"]
    assert second.send("key-1")["replayed"]
    assert not second.send("key-2")["replayed"]
    assert first.send("key-2")["replayed"]
    assert len(sandbox.ledger.executions()) == 2


def test_a_hard_link_is_refused(obey: Obey, url: str, file: Path) -> None:
    obey().close()
    file.with_name("second name").hardlink_to(file)
    with pytest.raises(bt.JournalFailed, match="second name"):
        bt.Journal(url, account="treasury")


def test_a_relative_path_is_of_where_the_process_was(obey: Obey, start: Start, file: Path, tmp_path: Path) -> None:
    obey().close()
    worker = Obedient(start("obey", url="sqlite:///transfers.db"))
    worker.chdir(str(file.parent))
    assert worker.open({}) == {}
    worker.chdir(str(tmp_path))
    assert worker.send("key-1")["recorded"]
    assert "key-1" in keys_of(file)
    assert [path.name for path in tmp_path.rglob("*.db")] == ["transfers.db"]


# --- dropped without being closed ------------------------------------------------------------------------------------


def descriptors_of(file: Path) -> list[str]:
    held = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.append(str(link.readlink()))
    return [path for path in held if path.startswith(str(file))]


@pytest.mark.skipif(not LINUX, reason="locks of descriptors, and a list of them, are Linux's")
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_a_journal_that_is_dropped_keeps_nobody_from_working(obey: Obey, url: str, file: Path) -> None:
    """What it holds of the file is let go with the next one of the process that is closed."""
    bt.Journal(url, account="treasury").resume()
    gc.collect()
    assert descriptors_of(file)
    worker = obey()
    assert worker.send("key-1")["recorded"]
    worker.close()
    with bt.Journal(url, account="treasury") as journal:
        assert [entry.key for entry in journal.entries()] == ["key-1"]
    assert descriptors_of(file) == []
    assert not file.with_name(file.name + "-wal").exists()


# --- begun and backed up ---------------------------------------------------------------------------------------------


def test_beginning_a_journal_is_a_warning(start: Start, url: str) -> None:
    warned = []
    for _ in range(2):
        worker = start("obey", url=url)
        worker.tell({"open": {}})
        _, log = worker.process.communicate(timeout=60)
        warned.append("WARNING:binance_transfer:created a new, empty journal" in log)
    assert warned == [True, False]


def test_a_journal_that_is_not_there_is_not_begun_where_that_is_refused(start: Start, url: str, file: Path) -> None:
    worker = Obedient(start("obey", url=url))
    assert worker.open({"create": False})["error"] == "JournalFailed"
    assert list(file.parent.iterdir()) == []
    file.touch()
    assert worker.open({"create": False})["error"] == "JournalFailed"
    assert file.stat().st_size == 0


def test_a_backup_of_a_journal_in_use_sends_nothing_before_it_is_adopted(
    obey: Obey, start: Start, url: str, file: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    """While others send; restored while everything is down."""
    owner = obey()
    owner.send("key-9999")
    busy = start("share", url=url, within_s=3.0, copies=[], reopens=False, journals=1)
    backup = tmp_path / "backup.db"
    assert owner.backup(str(backup)) == {}
    busy.finish()
    owner.send("key-9998")
    owner.close()
    deleted(file, backup)
    shutil.copy(backup, file)
    worker = obey()
    refused = worker.send("key-9998")
    assert refused["error"] == "JournalFailed"
    assert "adopt" in refused["message"]
    assert worker.send("key-9999")["replayed"]
    assert moves(sandbox, "key-9998") == 1
    assert worker.adopt("looked at the audit") == {}
    assert worker.send("key-9997")["recorded"]
    sent = Counter(move.amount for move in sandbox.ledger.executions())
    assert [amount for amount, times in sent.items() if times > 1] == []

"""
A process that has a journal in SQLite forks: its children open journals of their own.

SQLite's locks are not inherited, its memory of them is (sqlite.org/howtocorrupt.html, 2.6).
"""

import contextlib
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from binance_transfer_sandbox import Limits, Sandbox
from tests.processes.conftest import Start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no forks")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limits=Limits(transfer_weight=1)) as sandbox:
        yield sandbox


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "transfers.db"


@pytest.mark.parametrize("how", ["os.fork", "daemon"])
def test_a_process_that_sends_may_fork_all_the_time(how: str, start: Start, sandbox: Sandbox, file: Path) -> None:
    """So may another one. Others send the same keys, open and close the file, and somebody exports meanwhile."""
    url = f"sqlite:///{file}"
    parents = [start("forks", url=url, how=how, threads=2, within_s=3.0) for _ in range(2)]
    other = start("share", url=url, within_s=5.0, copies=[], reopens=True, journals=1)
    other.process.wait(60)
    export = [sys.executable, "-m", "binance_transfer.export", url, "--account", "treasury", "--format", "csv"]
    assert subprocess.run(export, capture_output=True, check=False).returncode == 0
    said = [line for parent in parents for line in parent.finish()]
    assert [line["failed"] for line in said] == [[], []]
    assert max(line["longest_s"] for line in said) < 3
    assert min(line["forks"] for line in said) >= 3
    sent = Counter(move.amount for move in sandbox.ledger.executions())
    assert [amount for amount, times in sent.items() if times > 1] == []
    with contextlib.closing(sqlite3.connect(file)) as reader:
        assert reader.execute("SELECT count(*) FROM binance_transfer_v2_keys").fetchone() == (len(sent),)
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)


IN_THE_MIDDLE = """
import ctypes, os, sys, threading, time
import binance_transfer as bt

url, how = sys.argv[1:]
journal = bt.Journal(url, account="treasury")
journal.resume()
inside, go_on = threading.Event(), threading.Event()

def change(transaction):
    transaction.account()
    inside.set()
    go_on.wait(5 if how == "long" else 0.5)
    return "committed"

done = []
thread = threading.Thread(target=lambda: done.append(journal.transact(change)))
if how != "idle":
    thread.start()
    inside.wait()
began_s = time.monotonic()
libc = ctypes.PyDLL(None)
pid = os.fork() if how in {"long", "short"} else libc.fork()
if pid == 0:
    try:
        with bt.Journal(url, account="treasury") as own:
            own.halt("by the child")
    except bt.JournalFailed as failed:
        os._exit(7 if "when this process was forked" in str(failed) else 8)
    os._exit(0)
took_s = time.monotonic() - began_s
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
go_on.set()
if how != "idle":
    thread.join()
journal.transact(lambda transaction: transaction.account())
print(status, done == ["committed"] or how == "idle", took_s < 3)
"""


@pytest.mark.parametrize(
    ("how", "child"),
    [("short", "0"), ("long", "7"), ("C", "7"), ("idle", "7")],
    ids=["it ends in time", "it lasts too long", "by C, without Python's knowing", "by C, and nothing runs"],
)
def test_a_fork_cuts_no_transaction(how: str, child: str, file: Path) -> None:
    """The child may use the file, or is refused; the parent's transaction is committed and it goes on."""
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_MIDDLE, f"sqlite:///{file}", how],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.split(), done.returncode) == ([child, "True", "True"], 0), done.stderr
    with contextlib.closing(sqlite3.connect(file)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)


PLAIN = """
import os, sqlite3, sys

path = sys.argv[1]
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE t (x)")
if os.fork() == 0:
    own = sqlite3.connect(path, isolation_level=None)
    own.execute("INSERT INTO t VALUES (1)")
    sys.stdin.readline()
    own.execute("INSERT INTO t VALUES (2)")
    own.close()
    os._exit(0)
connection.close()
print("closed", flush=True)
os.wait()
"""


def test_plain_sqlite_loses_what_a_forked_child_commits(file: Path) -> None:
    """The control: the child believes that it has the parent's locks, so another process takes its WAL away."""
    pipe = subprocess.PIPE
    parent = subprocess.Popen([sys.executable, "-c", PLAIN, str(file)], stdin=pipe, stdout=pipe, text=True)
    assert parent.stdout
    assert parent.stdout.readline() == "closed\n"
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM t'); c.close()"
    subprocess.run([sys.executable, "-c", program, str(file)], check=True)
    parent.communicate("\n", timeout=30)
    with contextlib.closing(sqlite3.connect(file)) as reader:
        assert (2,) not in reader.execute("SELECT x FROM t").fetchall()


THREADS_THAT_FORK = """
import os, sys, threading
import binance_transfer as bt

journal = bt.Journal(sys.argv[1], account="treasury")
journal.resume()

def fork():
    for _ in range(25):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        journal.transact(lambda transaction: transaction.account())

threads = [threading.Thread(target=fork) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
journal.halt("still open")
print("done")
"""


def test_threads_that_fork_at_once_leave_the_journal_open(file: Path) -> None:
    command = [sys.executable, "-c", THREADS_THAT_FORK, f"sqlite:///{file}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


FORKED_WHILE_A_FILE_IS_MADE = """
import os, sys, threading
import binance_transfer as bt
from binance_transfer.journal import sqlite

making, forked = threading.Event(), threading.Event()
make = sqlite._make_file

def slowly(path):
    making.set()
    forked.wait(1)
    make(path)

sqlite._make_file = slowly
thread = threading.Thread(target=bt.Journal, args=[sys.argv[1] + "-one.db"], kwargs={"account": "treasury"})
thread.start()
making.wait()
sqlite._make_file = make
pid = os.fork()
if pid == 0:
    bt.Journal(sys.argv[1] + "-two.db", account="treasury")
    os._exit(7)
forked.set()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_a_child_forked_while_a_journal_is_made_can_make_one(file: Path) -> None:
    command = [sys.executable, "-c", FORKED_WHILE_A_FILE_IS_MADE, f"sqlite:///{file}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == "7\n", done.stderr

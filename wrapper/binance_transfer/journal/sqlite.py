"""
Journals in a file of SQLite, for workers on one machine.

One rule: what a transaction has written is on disk, in the file that the path names, before anybody relies on it.

SQLite's locks belong to the process and the file, not to the connection: they are gone when anything in the process
closes the file, and a forked child believes that it has them (sqlite.org/howtocorrupt.html, 2.2 and 2.6). Then another
process may take away the file with what was committed last. So after each commit the file and its WAL are still to be
those that the path names, by `stat` and never by `open`, and no connection is open while the process forks.
"""

import contextlib
import os
import sqlite3
import stat
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from attrs import frozen
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import QueuePool

from binance_transfer.errors import JournalFailed
from binance_transfer.journal.database import Connections, reason_of, within
from binance_transfer.journal.migrations import NEWEST, check_current, check_version, recorded_version, set_up

T = TypeVar("T")

_RETRY_S: Final = 0.02
_FORK_PATIENCE_S: Final = 2.0  # for the transactions of other threads, while one forks
_SMALLEST: Final = 512  # bytes of a page: a smaller file holds nothing
_GONE: Final = "the file that held the journal is gone: restore it, or every key would be new"
_CREATING: Final = threading.Lock()
_READING: Final[dict[str, Any]] = {"reading": True}

Inode = tuple[int, int]


@frozen
class _Seen:
    """What a file was when it was looked at."""

    inode: Inode
    size: int
    names: int

    @classmethod
    def of(cls, path: str) -> "_Seen | None":
        """Look at a file without opening it; None where there is none."""
        try:
            found = os.stat(path)  # noqa: PTH116  # as little as possible
        except FileNotFoundError:
            return None
        except OSError as error:
            message = f"the file of the journal cannot be looked at: {error.strerror}"
            raise JournalFailed(message) from None
        return cls((found.st_dev, found.st_ino), found.st_size, found.st_nlink)


class SqliteDatabase:
    """A file of SQLite."""

    def __init__(self, path: str) -> None:
        self.path: Final = os.path.abspath(path)  # noqa: PTH100  # of now: a process may change its folder
        self._engine: Final = create_engine(
            "sqlite://", creator=self._connect, hide_parameters=True, poolclass=QueuePool, pool_size=5, max_overflow=-1
        )
        self._connections: Final = Connections(self._engine)
        self._inode: Inode | None = None
        self._gate: Final = _Gate()
        event.listen(self._engine, "begin", self._begun)
        _FILES.add(self)

    def shown(self) -> str:
        """Return where it is."""
        return f"sqlite:///{self.path}"

    # --- transactions ------------------------------------------------------------------------------------------------

    def transact(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something alone, commit it, and make sure that it is where the path leads; raises JournalFailed."""
        with self._gate.passed(within_s):
            self._forget_if_replaced()
            held: list[Any] = []

            def watched(connection: Connection) -> T:
                raw: Any = connection.connection.dbapi_connection
                before = raw.total_changes
                done = run(connection)
                held[:] = [connection.info] if raw.total_changes != before else []
                return done

            result = self._connections.run(watched, within_s)
            for info in held:
                self._check(info)
            return result

    def read(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something that only looks, in one snapshot; raises JournalFailed."""
        with self._gate.passed(within_s):
            self._forget_if_replaced()
            return self._connections.run(run, within_s, **_READING)

    def prepare(self, *, create: bool) -> bool:
        """Make the file and its tables, or bring them up to date. True where they were made; raises JournalFailed."""
        if create:
            self._create()
        version = self.read(recorded_version, within.get())
        if version is None and not create:
            message = "there is no journal in this file: check the path"
            raise JournalFailed(message)
        if version is not None:
            check_version(version)
        return version != NEWEST and self.transact(set_up, within.get())

    def check_current(self) -> None:
        """Raise JournalFailed unless there is a journal of this version."""
        check_current(self.read(recorded_version, within.get()))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        _OPEN.pop(self._inode, None)

    def backup(self, target: str, mark: Callable[[Connection], None]) -> None:
        """Copy one committed state into a new file, and change the copy; raises JournalFailed."""
        with self._gate.passed(within.get()):
            self._copy(os.path.abspath(target), mark)  # noqa: PTH100

    def _copy(self, target: str, mark: Callable[[Connection], None]) -> None:
        _make_file(target)
        try:
            source, copy = self._connect(), sqlite3.connect(target)
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, that can be moved
            finally:
                source.close()
                copy.close()
            engine = create_engine(f"sqlite:///{quote(target)}", hide_parameters=True)
            try:
                with engine.begin() as connection:
                    mark(connection)
            finally:
                engine.dispose()
        except BaseException as error:
            Path(target).unlink(missing_ok=True)
            if isinstance(error, sqlite3.Error):
                raise JournalFailed(reason_of(error)) from None
            raise

    # --- the file ----------------------------------------------------------------------------------------------------

    def _create(self) -> None:
        """
        Make the file, for its owner alone from the first moment; SQLite gives its companion files the same rights.

        One that is there is not opened: closing it would take away the locks that another journal of this process has.
        """
        if self._inode is not None and not os.path.lexists(self.path):
            raise JournalFailed(_GONE)
        with _CREATING:
            if not os.path.lexists(self.path):
                _make_file(self.path)

    def _connect(self) -> sqlite3.Connection:
        seen = _Seen.of(self.path)
        if seen is None:
            message = f"there is no file {self.path}" if self._inode is None else _GONE
            raise JournalFailed(message)
        _refuse_unsafe(seen)
        uri = f"file:{quote(self.path)}?mode=rw"  # it never makes a file
        connection = sqlite3.connect(uri, uri=True, timeout=within.get(), check_same_thread=False)
        connection.isolation_level = None  # transactions are begun below, by their own word
        connection.execute("PRAGMA synchronous = FULL")  # a commit is on disk before the first byte leaves
        connection.execute("PRAGMA fullfsync = ON")  # on macOS, where less would leave it in the drive
        connection.execute("PRAGMA foreign_keys = ON")
        after = _Seen.of(self.path)
        if after is None or after.inode != seen.inode:
            connection.close()
            message = "the file was replaced while it was opened: try again"
            raise JournalFailed(message)
        self._inode = seen.inode
        _OPEN[seen.inode] = os.getpid()
        return connection

    def _begun(self, connection: Connection) -> None:
        info = connection.info
        wait_ms = max(0, int(within.get() * 1000))
        if info.get("wait_ms") != wait_ms:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait_ms}")
            info["wait_ms"] = wait_ms
        if connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("BEGIN")
            return
        if "wal" not in info:
            _switch_to_wal(connection, wait_ms / 1000)
        # IMMEDIATE, so that what was read is still so when it is changed.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if "wal" not in info:
            info["file"], info["wal"] = _Seen.of(self.path), _Seen.of(self._wal)

    @property
    def _wal(self) -> str:
        return os.path.realpath(self.path) + "-wal"

    def _forget_if_replaced(self) -> None:
        """Open anew where the path leads to another file by now."""
        if self._inode is None:
            return
        seen = _Seen.of(self.path)
        if seen is None:
            self._engine.dispose()
            raise JournalFailed(_GONE)
        if seen.inode != self._inode:
            self._engine.dispose()

    def _check(self, info: dict[str, Any]) -> None:
        """Make sure that what was committed is in the file, and the WAL, that the path names; raises JournalFailed."""
        file, wal = _Seen.of(self.path), _Seen.of(self._wal)
        before: _Seen = info["file"]
        problem = ""
        if file is None or file.inode != before.inode:
            problem = "the file was moved, deleted or replaced"
        elif file.size < max(_SMALLEST, before.size):
            problem = "the file was cut"
        elif wal is None or info["wal"] is None or wal.inode != info["wal"].inode or wal.size < _SMALLEST:
            problem = (
                "what was written last was taken away (its WAL), as happens when a program opens and closes the file"
            )
        elif file.names > 1:
            problem = "the file has a second name, under which SQLite would not see this one's locks"
        if problem:
            self._engine.dispose()
            message = f"{problem} while the journal was in use: nothing was sent; it is opened anew by the next call"
            raise JournalFailed(message)
        if file is not None and file.size > before.size:
            info["file"] = file

    # --- forks -------------------------------------------------------------------------------------------------------

    def close_for_fork(self, until_s: float) -> None:
        """Let running transactions end, for a while, and close. What stays open makes the child refuse the file."""
        if self._gate.close(until_s):
            self.close()

    def open_after_fork(self) -> None:
        """Let transactions begin again, in the parent."""
        self._gate.open()


class _Gate:
    """Lets transactions through, unless the process is about to fork."""

    def __init__(self) -> None:
        self._changed: Final = threading.Condition()
        self._inside = 0
        self._forking = 0

    @contextlib.contextmanager
    def passed(self, within_s: float) -> Any:
        """Be inside for a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._forking, max(within_s, _FORK_PATIENCE_S)):
                message = "the process is forking"
                raise JournalFailed(message)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def close(self, until_s: float) -> bool:
        """Let nobody in; True where nobody is inside."""
        with self._changed:
            self._forking += 1
            return self._changed.wait_for(lambda: not self._inside, max(0.0, until_s - time.monotonic()))

    def open(self) -> None:
        """Let everybody in again."""
        with self._changed:
            self._forking -= 1
            self._changed.notify_all()


_FILES: Final["weakref.WeakSet[SqliteDatabase]"] = weakref.WeakSet()
_OPEN: Final[dict[Inode | None, int]] = {}
"""Files that connections were opened to → the process that opened them."""

_closed_for_fork: Final[list[SqliteDatabase]] = []
_kept: Final[list[object]] = []


def _before_fork() -> None:
    until_s = time.monotonic() + _FORK_PATIENCE_S
    for file in list(_FILES):
        _closed_for_fork.append(file)
        file.close_for_fork(until_s)


def _after_fork_in_parent() -> None:
    while _closed_for_fork:
        _closed_for_fork.pop().open_after_fork()


def _after_fork_in_child() -> None:
    # The parent's files are of no use here, and closing them would be harmful: they are kept until the process ends.
    _kept.extend(_closed_for_fork)
    _closed_for_fork.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


def _refuse_unsafe(seen: _Seen) -> None:
    """Raise JournalFailed for a file on which SQLite's locks would not hold."""
    if _OPEN.get(seen.inode, os.getpid()) != os.getpid():
        message = (
            "the file was in use when this process was forked, and its locks would not hold here: start the process "
            'before the journal is used, or with multiprocessing\'s "spawn"'
        )
        raise JournalFailed(message)
    if seen.names > 1:
        message = (
            "the file has a second name (a hard link), under which SQLite would not see this one's locks: remove it"
        )
        raise JournalFailed(message)


def _make_file(path: str) -> None:
    """Make an empty file for its owner alone; raises JournalFailed where that cannot be done, or it is there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, stat.S_IRUSR | stat.S_IWUSR))
    except OSError as error:
        reason = error.strerror
    else:
        return
    message = f"the file {path} cannot be made: {reason}"
    raise JournalFailed(message)


def _switch_to_wal(connection: Connection, within_s: float) -> None:
    """Switch the file to WAL. SQLite does not wait here by itself when others open a new file at the same moment."""
    raw: Any = connection.connection.dbapi_connection
    until_s = time.monotonic() + within_s
    mode = ""
    while not mode:
        try:
            [mode] = raw.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(_RETRY_S)
    if mode != "wal":
        message = f"the file system cannot hold a journal (mode {mode}): use a local disk"
        raise sqlite3.OperationalError(message)

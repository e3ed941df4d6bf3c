"""
Journals in a file of SQLite, for workers on one machine.

One rule: what a transaction has written is on disk, in the file that the path names, before anybody relies on it.

How the file is kept from being taken away, and how it is noticed if it was: `sqlite_file`.
"""

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import QueuePool

from binance_transfer.errors import JournalFailed
from binance_transfer.journal.database import LOGGED_AS, Connections, reason_of, within
from binance_transfer.journal.file_state import Seen
from binance_transfer.journal.migrations import NEWEST, check_current, check_version, recorded_version, set_up
from binance_transfer.journal.sqlite_file import GONE, LOCK, SqliteFile

T = TypeVar("T")

_RETRY_S: Final = 0.02
_READING: Final[dict[str, Any]] = {"reading": True}


class SqliteDatabase:
    """A file of SQLite."""

    def __init__(self, path: str) -> None:
        self.path: Final = os.path.abspath(path)  # noqa: PTH100  # of now: a process may change its folder
        self._engine: Final = create_engine(
            "sqlite://",
            creator=self._connect,
            hide_parameters=True,
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=-1,
            pool_logging_name=LOGGED_AS,
        )
        self._connections: Final = Connections(self._engine)
        self._opened: SqliteFile | None = None
        event.listen(self._engine, "begin", self._begun)
        event.listen(self._engine, "close", _roll_back)
        event.listen(self._engine, "checkout", self._taken)
        event.listen(self._engine, "checkin", self._given_back)
        self._closings = 0

    def shown(self) -> str:
        """Return where it is."""
        return f"sqlite:///{self.path}"

    # --- transactions ------------------------------------------------------------------------------------------------

    def transact(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something alone, commit it, and make sure that it is where the path leads; raises JournalFailed."""
        file = self._file()

        def alone(left_s: float) -> T:
            changes = False

            def watched(connection: Connection) -> T:
                nonlocal changes
                raw: Any = connection.connection.dbapi_connection
                file.check(wrote=False)
                before = raw.total_changes
                result = run(connection)
                changes = raw.total_changes != before
                return result

            result = self._connections.run(watched, left_s)
            if changes:
                file.check(wrote=True)
            return result

        return file.run(self, alone, within_s, writes=True)

    def read(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something that only looks, in one snapshot; raises JournalFailed."""
        return self._file().run(
            self, lambda left_s: self._connections.run(run, left_s, **_READING), within_s, writes=False
        )

    def _file(self) -> SqliteFile:
        """Return the file that the path leads to now, without connections to another one."""
        file = SqliteFile.of(self.path)
        if self._opened is not None and self._opened is not file:
            self._opened.close(self)
        file.forget_if_replaced()
        return file

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
        SqliteFile.of(self.path).close(self)

    def dispose(self) -> None:
        """Close those that are idle, and the others when they are given back; the file says when."""
        self._closings += 1
        self._engine.dispose()

    def _taken(self, _connection: Any, record: Any, _proxy: object) -> None:
        record.info["closings"] = self._closings

    def _given_back(self, connection: Any, record: Any) -> None:
        if connection is not None and record.info.get("closings", self._closings) != self._closings:
            record.invalidate()  # closed with the others; the pool that it returns to would only forget it

    def backup(self, target: str, mark: Callable[[Connection], None]) -> None:
        """Copy one committed state into a new file, and change the copy; raises JournalFailed."""
        copied = os.path.abspath(target)  # noqa: PTH100
        self._file().run(self, lambda _left_s: self._copy(copied, mark), within.get(), writes=False)

    def _copy(self, target: str, mark: Callable[[Connection], None]) -> None:
        _make_file(target)
        try:
            with contextlib.closing(self._connect()) as source, contextlib.closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, that can be moved
            engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(target), hide_parameters=True)
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
        if self._opened is not None and not os.path.lexists(self.path):
            raise JournalFailed(GONE)
        with LOCK:  # which no child can find held
            if not os.path.lexists(self.path):
                _make_file(self.path)

    def _connect(self) -> sqlite3.Connection:
        seen = Seen.of(self.path)
        if seen is None:
            raise JournalFailed(GONE if self._opened else f"there is no file {self.path}")
        file = SqliteFile.of(self.path)
        file.note_opening(seen)
        uri = f"file:{quote(os.fsencode(self.path))}?mode=rw"  # it never makes a file
        connection = sqlite3.connect(uri, uri=True, timeout=within.get(), check_same_thread=False)
        try:
            connection.isolation_level = None  # transactions are begun below, by their own word
            connection.execute("PRAGMA synchronous = FULL")  # a commit is on disk before the first byte leaves
            connection.execute("PRAGMA fullfsync = ON")  # on macOS, where less would leave it in the drive
            connection.execute("PRAGMA foreign_keys = ON")
            after = Seen.of(self.path)
            if after is None or after.inode != seen.inode:
                message = "the file was replaced while it was opened: try again"
                raise JournalFailed(message)  # noqa: TRY301  # like all that makes the connection useless
        except BaseException:
            connection.close()
            raise
        self._opened = file
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
        info["wal"] = True


def _roll_back(connection: Any, _record: object) -> None:
    """Give up a lock before closing: SQLite keeps it as long as a result of the connection is left somewhere."""
    with contextlib.suppress(sqlite3.Error):
        connection.rollback()


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
                raise JournalFailed(reason_of(error)) from None
            time.sleep(_RETRY_S)
    if mode != "wal":
        message = f"the file system cannot hold a journal (mode {mode}): use a local disk"
        raise JournalFailed(message)

"""
The journal: idempotency keys that survive crashes, in SQLite for one machine or PostgreSQL for many.

One rule: what it says is committed. A change runs alone in one transaction, and none is open while the network is used.
"""

import contextlib
import os
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import attrs
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from binance_transfer import bookkeeping
from binance_transfer.entries import Entry, State
from binance_transfer.errors import JournalFailed, ResolutionRefused
from binance_transfer.sealed import Sealed
from binance_transfer.tables import SqlBooks, set_up
from binance_transfer.visible import plain, quoted

T = TypeVar("T")

_BUSY_MS: Final = 30_000  # how long a transaction waits for those of other workers
_IDLE_MS: Final = 10_000  # after which a worker that was stopped inside a transaction loses it, so that others go on
_RETRY_S: Final = 0.02
_NAME_LENGTH: Final = 255
_SETUP_LOCK: Final = 0x62_74_6A_6C  # PostgreSQL's advisory locks are numbers; this one is ours
_CREATING: Final = threading.Lock()
_SHOWN: Final = frozenset({"host", "port"})  # options of a PostgreSQL URL that a repr may show

# SQLite's names of results (sqlite.org/rescode.html) and PostgreSQL's error codes (manual, appendix A), by how they
# begin. The first that fits counts.
_ADVICE: Final = {
    "another program has held it for too long: end that one, or try again": (
        "SQLITE_BUSY",
        "SQLITE_LOCKED",
        "55P03",
        "57014",
        "25P03",
        "40",
    ),
    "its disk is full or its quota used up: make room": ("SQLITE_FULL", "53"),
    "this user may not write it: check the permissions of the file and its folder, or the role's": (
        "SQLITE_READONLY",
        "SQLITE_PERM",
        "SQLITE_AUTH",
        "25006",
        "42501",
    ),
    "it is damaged, or no journal: keep it as it is, and do not begin an empty one, for which every key is new": (
        "SQLITE_CORRUPT",
        "SQLITE_NOTADB",
        "SQLITE_SCHEMA",
        "SQLITE_ERROR",
        "42",
        "XX",
    ),
    "check that its folder is there and its disk sound": ("SQLITE_CANTOPEN", "SQLITE_IOERR"),
    "check that the server runs, and the URL": ("",),
}


class Journal:
    """
    The books of one account.

    url: "sqlite:///transfers.db" (one machine, several processes) or "postgresql+psycopg://…" (many machines).
    account: a name for the account. Its first use binds it to the exchange's uid; keys of the API may change.

    Holds no secret, key or signature. Threads may share it; a forked process needs one of its own. Raises ValueError
    for a URL that cannot be one, and JournalFailed where the database cannot be used.
    """

    def __init__(self, url: str, *, account: str) -> None:
        given = Sealed(url)
        del url  # it may hold a password, and a traceback may show what a variable holds
        self.account: Final = _name(account)
        self._process: Final = os.getpid()
        self._now_ms: Callable[[], int] = _wall_ms
        made = _engine(given.open())
        if isinstance(made, str):
            raise ValueError(made)  # noqa: TRY004  # a text is what is wrong
        self._engine: Final = made
        try:
            self._guarded(self._engine, _prepare)
        except BaseException:
            self.close()
            raise

    def transact(self, change: Callable[[SqlBooks], T]) -> T:
        """Run a change of this account's books alone, commit it and return its result; raises JournalFailed."""

        def run(connection: Connection) -> T:
            books = SqlBooks(connection, self.account)
            if not books.lock():
                _alone(connection)
                books.open()
            return change(books)

        return self._guarded(self._engine, run)

    def _read(self, look: Callable[[SqlBooks], T]) -> T:
        """Look at one committed state of the books without keeping anybody from changing them."""
        reader = self._engine.execution_options(**_READING[self._engine.dialect.name])
        return self._guarded(reader, lambda connection: look(SqlBooks(connection, self.account)))

    def follow(self, now_ms: Callable[[], int]) -> None:
        """Take the time from a client's idea of the exchange's clock instead of from the machine."""
        self._now_ms = now_ms

    def get(self, key: str) -> Entry | None:
        """Return what is known about a key, None for one that was never used."""
        return self._read(lambda books: books.entry(key))

    def entries(self, *, state: State | None = None) -> list[Entry]:
        """Return all keys, or those in one state, oldest first. Workers may go on meanwhile."""
        return [entry for entry in self._read(lambda books: books.entries()) if state in {None, entry.state}]

    def resolve(self, key: str, *, tran_id: int | None = None, not_executed: bool = False, note: str = "") -> Entry:
        """
        Write a person's verdict on the open attempt of a key, and return the key.

        tran_id: the exchange's id of the transfer, where it moved.
        not_executed: True where it did not.
        note: why, for those who read it later.

        What time it is at the exchange is known from a client of this journal that has asked; without one, this
        machine's clock counts.

        Raises ResolutionRefused: the window is still open, the id is another attempt's, there is nothing to resolve.
        """
        if (tran_id is None) == (not not_executed):
            message = "say either tran_id=… (it moved) or not_executed=True"
            raise ResolutionRefused(message)
        if tran_id is not None and not _is_id(tran_id):
            message = f"tran_id must be a positive int, not {tran_id!r}"
            raise ResolutionRefused(message)
        now_ms = self._now_ms()
        return self.transact(lambda books: bookkeeping.resolve(books, key, tran_id, note, now_ms))

    def halt(self, reason: str) -> None:
        """Let every worker's next send be refused with PolicyDenied, until ``resume``."""
        if _is_blank(reason):
            message = "say why sending is halted: the workers' errors will show it"
            raise ValueError(message)
        self.transact(lambda books: books.put_account(attrs.evolve(books.account(), halted=reason)))

    def resume(self) -> None:
        """End a halt."""
        self.transact(lambda books: books.put_account(attrs.evolve(books.account(), halted="")))

    def close(self) -> None:
        """Close all connections to the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if not hasattr(self, "_engine"):
            return "<Journal (not made)>"
        return f"<Journal {self.account!r} in {self._engine.url.render_as_string(hide_password=True)}>"

    def _guarded(self, engine: Engine, run: Callable[[Connection], T]) -> T:
        """Run something in a transaction; whatever goes wrong with the database is told without its statements."""
        if os.getpid() != self._process:
            message = "this journal was opened before a fork: open one in each process"
            raise JournalFailed(message)
        try:
            with engine.begin() as connection:
                return run(connection)
        except (SQLAlchemyError, OverflowError, UnicodeError) as error:
            reason = _reason(error)
        message = f"{self!r}: {reason}"
        raise JournalFailed(message)


def _prepare(connection: Connection) -> None:
    _alone(connection)
    set_up(connection)


def _alone(connection: Connection) -> None:
    """Let nobody else make tables or begin books until this transaction ends. SQLite has locked the file already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_SETUP_LOCK)))


def _reason(error: Exception) -> str:
    """Say what is wrong with a database and what to do, without statements and values."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    said = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause).strip().partition("\n")[0]
    advice = next(advice for advice, codes in _ADVICE.items() if code.startswith(codes))
    return f"{said} ({advice})" if code or cause is not error else said


def _name(account: object) -> str:
    """Return the name of an account as it is stored; raises ValueError."""
    name = unicodedata.normalize("NFC", plain(account).strip()) if isinstance(account, str) else ""
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        message = (
            f"account must be a name of up to {_NAME_LENGTH} visible characters, e.g. 'treasury', not {quoted(account)}"
        )
        raise ValueError(message)
    return name


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_blank(value: object) -> bool:
    return not isinstance(value, str) or not value.strip()


def _wall_ms() -> int:
    return int(time.time() * 1000)


def _engine(url: object) -> Engine | str:
    """Return an engine, or what is wrong with the URL, which is never shown: it may hold a password."""
    try:
        parsed = make_url(plain(url)) if isinstance(url, (str, URL)) else URL.create("")
    except (ArgumentError, ValueError):
        parsed = URL.create("")
    try:
        match parsed.drivername:
            case "sqlite" | "sqlite+pysqlite":
                return _sqlite(parsed)
            case "postgresql" | "postgresql+psycopg" if "@" in (parsed.host or ""):
                return "url has a password with a character that has to be percent-encoded: @ is %40"
            case "postgresql" | "postgresql+psycopg":
                return _postgresql(parsed.set(drivername="postgresql+psycopg"))
            case _:
                return "url must be like 'sqlite:///transfers.db' or 'postgresql+psycopg://user@host/database'"
    except ArgumentError:
        return "url names a host for SQLite, which is a file: sqlite:///transfers.db"
    except ImportError:
        return "PostgreSQL needs psycopg: pip install 'binance-universal-transfer[postgresql]'"


def _postgresql(url: URL) -> Engine:
    # The engine's URL is shown, by its repr too: the password and the options, any of which may hold one, go beside it.
    beside: dict[str, Any] = {name: value for name, value in url.query.items() if name not in _SHOWN}
    if url.password is not None:
        beside.setdefault("password", str(url.password))
    url = url.set(query={name: value for name, value in url.query.items() if name in _SHOWN})._replace(password=None)
    # A stricter level of isolation would show a transaction the books as they were before it got the account's row.
    engine = create_engine(
        url, connect_args=beside, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED"
    )

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {_BUSY_MS}; SET LOCAL statement_timeout = {2 * _BUSY_MS}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_MS}; SET LOCAL synchronous_commit = 'on'"
        )

    event.listen(engine, "begin", begun)
    return engine


def _sqlite(url: URL) -> Engine | str:
    database = url.database
    if not database or database == ":memory:" or database.startswith("file:"):
        return "a journal needs a file: memory does not survive a crash"
    if url.query:
        return f"a journal in a file takes no options: leave out ?{'&'.join(url.query)}=…"
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_MS / 1000})
    _create(database)

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, by their own word
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")  # a commit is on disk before the first byte leaves
        connection.execute("PRAGMA fullfsync = ON")  # on macOS, where less would leave it in the drive
        connection.execute("PRAGMA foreign_keys = ON")

    def begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading")
        # IMMEDIATE, so that what was read is still so when it is changed.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


_READING: Final[dict[str, dict[str, Any]]] = {
    "sqlite": {"reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def _create(database: str) -> None:
    """
    Make the file, for its owner alone from the first moment; SQLite gives its companion files the same rights.

    One that is there is not opened: closing it would take away the locks that another journal of this process has on
    it (sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        with _CREATING, contextlib.suppress(FileExistsError):
            os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        message = f"the journal {database} cannot be made: {error.strerror}"
    else:
        return
    raise JournalFailed(message)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. SQLite does not wait here by itself when others open a new file at the same moment."""
    until_s = time.monotonic() + _BUSY_MS / 1000
    mode = ""
    while not mode:
        try:
            [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(_RETRY_S)
    if mode != "wal":
        message = f"the file system cannot hold a journal (mode {mode}): use a local disk"
        raise sqlite3.OperationalError(message)

"""
The database under a journal: connections, locks, and what can go wrong with them.

One rule: a transaction is committed, known to be undone, or a JournalFailed; and whatever interrupts one, its
connection is closed, so that no lock stays behind.
"""

import contextlib
import logging
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from binance_transfer.errors import JournalFailed
from binance_transfer.interruptions import interruption_of
from binance_transfer.visible import one_line

T = TypeVar("T")

WITHIN_S: Final = 30.0
"""How long a transaction waits for those of other workers, where its caller does not say."""

within: Final[ContextVar[float]] = ContextVar("within", default=WITHIN_S)
"""The same, for what SQLAlchemy calls while a transaction begins."""

LOGGED_AS: Final = "binance_transfer"
"""How the pools of our connections call themselves in SQLAlchemy's log."""

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
    "SQLite creates files beside it, and this user may not: let it write the folder, or read a copy in another one": (
        "SQLITE_READONLY_DIRECTORY",
    ),
    "this user may not write it: check the permissions of the file and its folder, or the role's": (
        "SQLITE_READONLY",
        "SQLITE_PERM",
        "SQLITE_AUTH",
        "25006",
        "42501",
    ),
    "it is damaged, or no journal, or a newer program uses it: keep it as it is, and do not begin an empty one, for "
    "which every key is new": ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_SCHEMA", "SQLITE_ERROR", "42", "XX"),
    "check that file and folder are there, that this user may use both, and that the disk is sound": (
        "SQLITE_CANTOPEN",
        "SQLITE_IOERR",
    ),
    "check that the server runs, and the URL": ("",),
}


class Database(Protocol):
    """What holds journals: a file of SQLite or a database of PostgreSQL."""

    def shown(self) -> str:
        """Return where it is, without a password."""
        ...

    def transact(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something alone and commit it; raises JournalFailed."""
        ...

    def read(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something that only looks, without keeping anybody from changing; raises JournalFailed."""
        ...

    def prepare(self, *, create: bool) -> bool:
        """Make or update the tables. True where they were made; raises JournalFailed."""
        ...

    def check_current(self) -> None:
        """Raise JournalFailed unless there is a journal of this version."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Connections:
    """
    An engine's connections, one for each transaction at a time.

    An interruption can come anywhere, also while SQLAlchemy hands out a connection or takes it back. Which ones a
    thread holds is therefore noted by the pool's own events, and those are closed without asking SQLAlchemy, whose
    state may be half changed.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine: Final = engine
        pool: Any = engine.pool
        pool.logger.addFilter(_is_no_interruption)
        self._held: Final[dict[int, list[Any]]] = {}
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "checkin", self._given_back)

    def _taken(self, connection: Any, record: Any, _proxy: object) -> None:
        self._held.setdefault(threading.get_ident(), []).append((connection, record))

    def _given_back(self, connection: Any, _record: object) -> None:
        held = self._held.get(threading.get_ident(), [])
        held[:] = [pair for pair in held if pair[0] is not connection]
        if not held:
            self._held.pop(threading.get_ident(), None)

    def run(self, run: Callable[[Connection], T], within_s: float, **options: Any) -> T:
        """Run something in one transaction and commit it; raises JournalFailed, which shows no statement."""
        waits = within.set(max(0.0, within_s))
        handled = sys.exception()
        before = len(self._held.get(threading.get_ident(), []))  # a transaction may read in another one
        try:
            return self._run(run, options)
        except BaseException as error:
            # SQLAlchemy may stumble over what an interruption left, and raise that in its place.
            if interruption := interruption_of(error, handled):
                self._abandon(before)
                raise interruption from None
            if not isinstance(error, (SQLAlchemyError, OverflowError, UnicodeError)):
                raise
            reason = reason_of(error)
        finally:
            within.reset(waits)
        raise JournalFailed(reason)

    def _run(self, run: Callable[[Connection], T], options: dict[str, Any]) -> T:
        connection = self.engine.connect()
        try:
            connection = connection.execution_options(**options)
            transaction = connection.begin()
            result = run(connection)
            transaction.commit()
        except Exception:
            connection.close()  # which undoes what was not committed
            raise
        connection.close()
        return result

    def _abandon(self, before: int) -> None:
        """Close what an interrupted transaction held, whatever state it is in."""
        held = self._held.get(threading.get_ident(), [])
        while len(held) > before:
            connection, record = held.pop()
            for end in (record.invalidate, connection.close):
                with contextlib.suppress(Exception):  # it may be closed already, or in the middle of something
                    end()


def _is_no_interruption(record: logging.LogRecord) -> bool:
    """Keep out of the log what came while SQLAlchemy took a connection back, and passes on to the caller as it is."""
    return not record.exc_info or record.exc_info[1] is None or isinstance(record.exc_info[1], Exception)


def reason_of(error: Exception) -> str:
    """Say what is wrong with a database and what to do, without statements and values."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    said = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause).strip().partition("\n")[0]
    advice = next(advice for advice, codes in _ADVICE.items() if code.startswith(codes))
    said = one_line(said)
    return f"{said} ({advice})" if code or cause is not error else said

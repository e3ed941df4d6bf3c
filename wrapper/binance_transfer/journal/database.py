"""
The database under a journal: connections, locks, and what can go wrong with them.

One rule: a transaction is committed, known to be undone, or a JournalFailed; and whatever interrupts one, its
connection is closed, so that no lock stays behind.
"""

import contextlib
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from binance_transfer.errors import JournalFailed
from binance_transfer.visible import one_line

T = TypeVar("T")

WITHIN_S: Final = 30.0
"""How long a transaction waits for those of other workers, where its caller does not say."""

within: Final[ContextVar[float]] = ContextVar("within", default=WITHIN_S)
"""The same, for what SQLAlchemy calls while a transaction begins."""

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
    "it is damaged, or no journal, or a newer program uses it: keep it as it is, and do not begin an empty one, for "
    "which every key is new": ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_SCHEMA", "SQLITE_ERROR", "42", "XX"),
    "check that its folder is there and its disk sound": ("SQLITE_CANTOPEN", "SQLITE_IOERR"),
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

    An interruption can come anywhere, also while SQLAlchemy hands out a connection. Which one a thread holds is
    therefore noted by the pool's own events, and that one is closed.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine: Final = engine
        self._held: Final[dict[int, Any]] = {}
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "checkin", self._given_back)

    def _taken(self, connection: Any, _record: object, _proxy: object) -> None:
        self._held[threading.get_ident()] = connection

    def _given_back(self, _connection: Any, _record: object) -> None:
        self._held.pop(threading.get_ident(), None)

    def run(self, run: Callable[[Connection], T], within_s: float, **options: Any) -> T:
        """Run something in one transaction and commit it; raises JournalFailed, which shows no statement."""
        waits = within.set(max(0.0, within_s))
        connection: Connection | None = None
        try:
            connection = self.engine.connect().execution_options(**options)
            with connection.begin():
                return run(connection)
        except (SQLAlchemyError, OverflowError, UnicodeError) as error:
            reason = reason_of(error)
        except Exception:
            raise
        except BaseException:
            self._abandon(connection)
            connection = None
            raise
        finally:
            within.reset(waits)
            if connection is not None:
                connection.close()
        raise JournalFailed(reason)

    def _abandon(self, connection: Connection | None) -> None:
        """Close the connection of an interrupted transaction, whatever state it is in."""
        held = self._held.pop(threading.get_ident(), None)
        for close in (getattr(connection, "invalidate", None), getattr(held, "close", None)):
            if close is not None:
                with contextlib.suppress(Exception):  # it may be closed already, or in the middle of something
                    close()


def reason_of(error: Exception) -> str:
    """Say what is wrong with a database and what to do, without statements and values."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    said = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause).strip().partition("\n")[0]
    advice = next(advice for advice, codes in _ADVICE.items() if code.startswith(codes))
    said = one_line(said)
    return f"{said} ({advice})" if code or cause is not error else said

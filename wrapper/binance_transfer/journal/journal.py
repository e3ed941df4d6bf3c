"""
The journal: idempotency keys that survive crashes, in SQLite for one machine or PostgreSQL for many.

One rule: what it says is committed. A change runs alone in one transaction, and none is open while the network is used.
"""

import logging
import os
import time
import unicodedata
import weakref
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar

from sqlalchemy import Connection, update

from binance_transfer.clock import ServerClock
from binance_transfer.errors import InvalidTransfer, JournalFailed, ResolutionRefused
from binance_transfer.journal import manual
from binance_transfer.journal.database import WITHIN_S, Database
from binance_transfer.journal.locations import database_at
from binance_transfer.journal.migrations import new_id
from binance_transfer.journal.postgresql import take_setup_lock
from binance_transfer.journal.records import Entry, State
from binance_transfer.journal.resolution import checked_note, checked_verdict
from binance_transfer.journal.sql_transaction import SqlTransaction
from binance_transfer.journal.sqlite import SqliteDatabase
from binance_transfer.journal.tables import accounts, identity
from binance_transfer.journal.transaction import PageCursor
from binance_transfer.moments import Moment, to_ms
from binance_transfer.sealed import Sealed
from binance_transfer.visible import exact_str, quoted

T = TypeVar("T")

_NAME_LENGTH: Final = 255
_LOGGER: Final = logging.getLogger("binance_transfer")


class Journal:
    """
    The records of one account.

    url: "sqlite:///transfers.db" (one machine, several processes) or "postgresql+psycopg://…" (many machines). A
        relative path is taken from where the process is now.
    account: a name for the account. Its first use binds it to the exchange's uid; keys of the API may change.
    create: False refuses to begin a journal where there is none, or another account beside those that it holds. Each
        beginning is logged as a warning, since every key looks unused then.

    Holds no secret, key or signature. Threads may share it; a forked process needs one of its own. Raises ValueError
    for a URL that cannot be one, and JournalFailed where the database cannot be used.
    """

    _reads_only = False

    def __init__(self, url: str, *, account: str, create: bool = True) -> None:
        given = Sealed(url)
        del url  # it may hold a password, and a traceback may show what a variable holds
        self._begin(given, account)
        try:
            self._is_new = self._own_process(lambda: self._database.prepare(create=create))
            if not create and self.account not in (names := self.read(lambda journal: journal.names())) and names:
                self._refuse_unknown_account(names)
        except BaseException:
            self.close()
            raise
        if self._is_new:
            # Its text, not itself: a record may be kept, and would keep the journal open.
            _LOGGER.warning("created a new, empty journal, in which every key looks unused: %s", repr(self))

    def _begin(self, url: Sealed[Any], account: object) -> None:
        self.account = _name(account)
        self._process = os.getpid()
        self._clocks: weakref.WeakSet[ServerClock] = weakref.WeakSet()
        self._is_new = False
        self._identity: str | None = None
        self._revision = 0
        self._last_recorded: str | None = None
        made = database_at(url.open())
        if isinstance(made, str):
            raise ValueError(made)  # noqa: TRY004  # a text is what is wrong
        self._database: Database = made

    @classmethod
    def for_reading(cls, url: str, *, account: str) -> Self:
        """
        Open a journal that is there, to look at it. Nothing is written, not even tables.

        Raises JournalFailed where there is no journal, or none of this account.
        """
        given = Sealed(url)
        del url
        journal = cls.__new__(cls)
        journal._begin(given, account)  # noqa: SLF001  # its own
        journal._begin_reading()  # noqa: SLF001
        return journal

    def _begin_reading(self) -> None:
        self._reads_only = True
        try:
            self._own_process(self._check_that_it_is_there)
        except BaseException:
            self.close()
            raise

    def _check_that_it_is_there(self) -> None:
        self._database.check_current()
        names = self.read(lambda journal: journal.names())
        if self.account not in names:
            self._refuse_unknown_account(names)

    def _refuse_unknown_account(self, names: Sequence[str]) -> NoReturn:
        there = ", ".join(map(quoted, names)) or "no account"
        message = f"{self!r} is not in this journal, which holds {there}"
        raise JournalFailed(message)

    # --- what clients do ---------------------------------------------------------------------------------------------

    def transact(self, change: Callable[[SqlTransaction], T], within_s: float = WITHIN_S) -> T:
        """
        Run a change of this account's records alone, commit it and return its result; raises JournalFailed.

        within_s: how long to wait for other workers.
        """
        if self._reads_only:
            message = f"{self!r} was opened for reading"
            raise JournalFailed(message)
        added: list[str] = []
        until_s = time.monotonic() + within_s
        revision, committed = self._revision, 0  # as it was before: another thread may commit meanwhile
        begun = False

        def run(connection: Connection) -> T:
            nonlocal begun, committed
            journal = SqlTransaction(connection, self.account)
            self._check_identity(connection, journal)
            if not journal.lock():
                if connection.dialect.name == "postgresql":
                    take_setup_lock(connection)
                journal.open()
            if "continuous" not in connection.info:  # a new connection, perhaps to something else
                self._check_continuity(journal)
                connection.info["continuous"] = True
            if journal.revision < revision:
                self._refuse_older_copy()
            result = change(journal)
            journal.finish()
            added[:] = [journal.added] if journal.added else []
            begun, committed = journal.begun, journal.revision
            return result

        result = self._own_process(lambda: self._database.transact(run, within_s))
        self._revision = max(self._revision, committed)
        if begun and not self._is_new:
            _LOGGER.warning("began a new account, in which every key looks unused: %s", repr(self))
        for attempt_id in added:
            self._read_back(attempt_id, max(0.0, until_s - time.monotonic()))
        return result

    def read(self, look: Callable[[SqlTransaction], T], within_s: float = WITHIN_S) -> T:
        """Look at one committed state of the records without keeping anybody from changing them."""

        def run(connection: Connection) -> T:
            journal = SqlTransaction(connection, self.account)
            self._check_identity(connection, journal)
            result = look(journal)
            self._revision = max(self._revision, journal.revision)
            return result

        return self._own_process(lambda: self._database.read(run, within_s))

    def _check_identity(self, connection: Connection, journal: SqlTransaction) -> None:
        """Refuse another journal than the one that this was opened on, or a copy that `backup` made of it."""
        if "journal" not in connection.info:
            connection.info["journal"] = journal.identity()
        if self._identity is None:
            self._identity = connection.info["journal"]
        if self._identity != connection.info["journal"]:
            message = f"{self!r} is another journal than before, or a copy of it: open it anew if that is what you want"
            raise JournalFailed(message)

    def _check_continuity(self, journal: SqlTransaction) -> None:
        """Refuse a database that lacks what this process has recorded: an older copy was put in its place."""
        if self._last_recorded is not None and not journal.holds(self._last_recorded):
            self._refuse_older_copy()

    def _refuse_older_copy(self) -> NoReturn:
        message = (
            f"{self!r} lacks what was recorded in it before: it was replaced by an older copy, for which keys that "
            "were used are new; restore the right one, or run an audit and open it anew"
        )
        raise JournalFailed(message)

    def _read_back(self, attempt_id: str, within_s: float) -> None:
        """Make sure that an attempt can be read before it is sent: a lost lock lets another process write over it."""
        if not self.read(lambda journal: journal.holds(attempt_id), within_s):
            message = f"{self!r}: what was committed is not there: another program wrote over it; nothing was sent"
            raise JournalFailed(message)
        self._last_recorded = attempt_id

    def follow(self, clock: ServerClock) -> None:
        """Take the time at the exchange from a client's clock, once that has asked the exchange."""
        self._clocks.add(clock)

    # --- what people look at -----------------------------------------------------------------------------------------

    def get(self, key: str) -> Entry | None:
        """Return what is known about a key, None for one that was never used."""
        text = _key(key)
        return self.read(lambda journal: journal.entry(text))

    def entries(self, *, state: State | None = None, since: Moment | None = None) -> Iterator[Entry]:
        """
        Iterate over all keys, or those in one state, oldest first, a page at a time. Workers may go on meanwhile.

        since: only keys that were first used then or later; ms since 1970 or an aware datetime.

        Each page is one committed state; what changes while others are read may be missed or seen.
        """
        return self._entries(state, 0 if since is None else to_ms("since", since))

    def _entries(self, state: State | None, since_ms: int) -> Iterator[Entry]:
        place: PageCursor | None = None
        while True:
            found, place = self.read(partial(_page, since_ms=since_ms, place=place))
            yield from (entry for entry in found if state in {None, entry.state})
            if place is None:
                return

    # --- what people do ----------------------------------------------------------------------------------------------

    def resolve(self, key: str, *, tran_id: int | None = None, not_executed: bool = False, note: str = "") -> Entry:
        """
        Write a person's verdict on the open attempt of a key, and return the key.

        ``client.resolve`` does the same after a look at history.

        tran_id: the exchange's id of the transfer, where it moved.
        not_executed: True where it did not. Not for an attempt that the exchange has accepted late: ``correct`` says
            that it was undone.
        note: why, for those who read it later.

        Raises ResolutionRefused: the window is still open, no client of this journal has read the exchange's clock, the
        id is another attempt's, there is nothing to resolve.
        """
        checked_verdict(tran_id, not_executed=not_executed)
        now_ms = self._now_ms()
        return self.transact(lambda journal: manual.resolve(journal, key, tran_id, note, now_ms))

    def correct(
        self,
        key: str,
        *,
        tran_id: int | None = None,
        not_executed: bool = False,
        note: str,
        attempt: str | None = None,
    ) -> Entry:
        """
        Give a key that has a verdict another one, and return the key. The earlier one stays on record.

        tran_id, not_executed: what is right.
        note: why; it is needed.
        attempt: the id of the attempt that is meant, where the key has several.

        Raises ResolutionRefused: as ``resolve`` does, and while any attempt of the key is open.
        """
        checked_verdict(tran_id, not_executed=not_executed)
        checked_note(note)
        now_ms = self._now_ms()
        return self.transact(lambda journal: manual.correct(journal, key, tran_id, note, attempt, now_ms))

    def _now_ms(self) -> int:
        """Return what time it is at the exchange at least; raises ResolutionRefused where nobody has asked."""
        known = [clock.now_ms() for clock in self._clocks if clock.was_read]
        if not known:
            message = (
                "no client of this journal has read the exchange's clock, and this machine's may be wrong: use "
                "client.resolve, or a client that has made a call"
            )
            raise ResolutionRefused(message)
        return min(known)

    def halt(self, reason: str) -> None:
        """Let every worker's next send be refused with PolicyDenied, until ``resume``."""
        if _is_blank(reason):
            message = "say why sending is halted: the workers' errors will show it"
            raise ValueError(message)
        self.transact(lambda journal: manual.halt(journal, reason))

    def resume(self) -> None:
        """End a halt, and a silence that the exchange asked for."""
        self.transact(manual.resume)

    def backup(self, path: "str | os.PathLike[str]") -> None:
        """
        Copy the file of a journal in SQLite, as it is at one moment, while workers go on.

        path: a file that is not there yet.

        The copy is marked: nothing is sent from it before ``adopt``, since it does not know the keys that are used from
        now on. Raises JournalFailed; PostgreSQL has pg_dump.
        """
        if not isinstance(self._database, SqliteDatabase):
            message = f"{self!r} is a database of PostgreSQL: back it up with pg_dump"
            raise JournalFailed(message)
        made = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        database, target = self._database, os.fspath(path)
        self._own_process(lambda: database.backup(target, lambda copy: _mark(copy, made)))

    def adopt(self, note: str) -> None:
        """
        Let a copy that was restored be sent from. Run ``client.audit`` before: what it lacks may have moved.

        note: who looked, and what at; it is kept.
        """
        if _is_blank(note):
            message = "say in the note what was looked at: keys that were used after the copy was made are new to it"
            raise ValueError(message)
        self.transact(lambda journal: manual.adopt(journal, note))
        _LOGGER.warning("%s was adopted: %s", repr(self), note)

    def close(self) -> None:
        """Close all connections to the database."""
        if os.getpid() == self._process:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if not hasattr(self, "_database"):
            return "<Journal (not made)>"
        return f"<Journal {self.account!r} in {self._database.shown()}>"

    def _own_process(self, run: Callable[[], T]) -> T:
        """Run something with the database, in the process that opened it, and name it where it fails."""
        if os.getpid() != self._process:
            message = "this journal was opened before a fork: open one in each process"
            raise JournalFailed(message)
        try:
            return run()
        except JournalFailed as failed:
            if repr(self) in str(failed):
                raise
            message = f"{self!r}: {failed}"
        raise JournalFailed(message)


def _page(journal: SqlTransaction, since_ms: int, place: PageCursor | None) -> tuple[list[Entry], PageCursor | None]:
    return journal.entries(since_ms, place)


def _mark(copy: Connection, made: str) -> None:
    copy.execute(update(accounts).values(backup=made))
    copy.execute(update(identity).values(id=new_id(), backup=made))


def _name(account: object) -> str:
    """Return the name of an account as it is stored; raises ValueError."""
    name = unicodedata.normalize("NFC", exact_str(account).strip()) if isinstance(account, str) else ""
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        message = (
            f"account must be a name of up to {_NAME_LENGTH} visible characters, e.g. 'treasury', not {quoted(account)}"
        )
        raise ValueError(message)
    return name


def _key(value: object) -> str:
    """Return a key as it may be recorded, also one that is refused today; raises InvalidTransfer."""
    if not isinstance(value, str):
        message = f"a key is a str, not {quoted(value)}"
        raise InvalidTransfer(message)
    return value


def _is_blank(value: object) -> bool:
    return not isinstance(value, str) or not value.strip()

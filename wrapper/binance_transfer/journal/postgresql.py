"""
Journals in PostgreSQL, for workers on many machines.

One rule: a COMMIT counts where the server confirmed it whole, standby included, and every wait for the server ends.
"""

import contextlib
import math
import os
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.engine import URL

from binance_transfer.errors import JournalFailed
from binance_transfer.journal.database import Connections, within
from binance_transfer.journal.migrations import NEWEST, check_current, check_version, recorded_version, set_up

T = TypeVar("T")

_IDLE_MS: Final = 10_000  # after which a worker that was stopped inside a transaction loses it, so that others go on
_SETUP_LOCK: Final = 0x62_74_6A_6C  # PostgreSQL's advisory locks are numbers; this one is ours
_SHORTEST_CONNECT_S: Final = 2  # libpq takes no less
_GRACE_S: Final = 1.0  # what the server may take longer than it was told to
_SHOWN: Final = frozenset({"host", "port"})  # options of a URL that a repr may show
# The server ends a wait for its standby with a warning: what was committed may not outlive it (manual, 26.2.8).
_UNCONFIRMED: Final = frozenset({"57014", "57P01"})
_READING: Final[dict[str, Any]] = {"reading": True}
_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "


class PostgresqlDatabase:
    """A database of PostgreSQL. Raises ImportError where psycopg is not installed."""

    def __init__(self, url: URL) -> None:
        # The engine's URL is shown, by its repr too: the password and the options, any of which may hold one, go
        # beside it.
        beside: dict[str, Any] = {name: value for name, value in url.query.items() if name not in _SHOWN}
        if url.password is not None:
            beside.setdefault("password", str(url.password))
        shown = {name: value for name, value in url.query.items() if name in _SHOWN}
        url = url.set(drivername="postgresql+psycopg", query=shown)._replace(password=None)
        # A stricter level of isolation would show a transaction the journal as it was before it got the account's row.
        self._engine: Final = create_engine(
            url, connect_args=beside, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED"
        )
        self._connections: Final = Connections(self._engine)
        self._schema = ""
        self._unconfirmed = False
        self._warnings: Final = threading.local()
        event.listen(self._engine, "do_connect", _connect_in_time)
        event.listen(self._engine, "connect", self._connected)
        event.listen(self._engine, "begin", _begun)

    def shown(self) -> str:
        """Return where it is, without a password."""
        where = self._engine.url.render_as_string(hide_password=True)
        return f"{where}, schema {self._schema}" if self._schema else where

    def transact(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something alone and commit it; raises JournalFailed."""
        self._warnings.unconfirmed = ""
        unconfirmed, self._unconfirmed = self._unconfirmed, True
        result = self._bounded(partial(_after_a_mark, run) if unconfirmed else run, within_s)
        said = self._warnings.unconfirmed
        self._unconfirmed = bool(said)
        if said:
            message = f"the standby did not confirm the COMMIT, so it may be lost ({said}): check the standby"
            raise JournalFailed(message)
        return result

    def read(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something that only looks, in one snapshot; raises JournalFailed."""
        return self._bounded(run, within_s, **_READING)

    def prepare(self, *, create: bool) -> bool:
        """Make or update the tables. True where they were made; raises JournalFailed."""
        version = self.read(self._look, within.get())
        if version is None and not create:
            message = "there is no journal here: check the URL, the role and its search_path"
            raise JournalFailed(message)
        if version is not None:
            check_version(version)
        return version != NEWEST and self.transact(_set_up_alone, within.get())

    def check_current(self) -> None:
        """Raise JournalFailed unless there is a journal of this version."""
        check_current(self.read(self._look, within.get()))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _look(self, connection: Connection) -> int | None:
        self._schema = str(connection.execute(select(func.current_schema())).scalar())
        return recorded_version(connection)

    def _connected(self, connection: Any, _record: object) -> None:
        connection.add_notice_handler(self._noticed)

    def _noticed(self, notice: Any) -> None:
        if notice.severity_nonlocalized == "WARNING" and notice.sqlstate in _UNCONFIRMED:
            self._warnings.unconfirmed = str(notice.message_primary)

    def _bounded(self, run: Callable[[Connection], T], within_s: float, **options: Any) -> T:
        """End a transaction by cutting its connection where the server does not answer at all."""
        held: list[Any] = []

        def watched(connection: Connection) -> T:
            held.append(connection.connection.dbapi_connection)
            return run(connection)

        def cut() -> None:
            for connection in held:
                _shut(connection)

        watch = threading.Timer(within_s + 2 * _GRACE_S, cut)
        watch.daemon = True
        watch.start()
        try:
            return self._connections.run(watched, within_s, **options)
        finally:
            watch.cancel()


def _connect_in_time(_dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
    parameters.setdefault("connect_timeout", max(_SHORTEST_CONNECT_S, math.ceil(within.get())))


def _begun(connection: Connection) -> None:
    # Said in the transaction: options of a connection would outlast it, and lift the read-only default of a role.
    snapshot = _SNAPSHOT if connection.get_execution_options().get("reading") else ""
    wait_ms = max(1, int(within.get() * 1000))
    connection.exec_driver_sql(
        f"{snapshot}"
        f"SET LOCAL lock_timeout = {wait_ms}; SET LOCAL statement_timeout = {wait_ms + int(_GRACE_S * 1000)}; "
        f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_MS}; SET LOCAL synchronous_commit = 'on'"
    )


def _after_a_mark(run: Callable[[Connection], T], connection: Connection) -> T:
    """
    Run something in a transaction that writes at least a mark.

    What was committed before and not confirmed is confirmed with it: a standby confirms up to a place in the log. A
    transaction that wrote nothing would not be waited for, and would seem to confirm what it only read.
    """
    connection.execute(select(func.pg_logical_emit_message(True, "binance_transfer", "")))  # noqa: FBT003
    return run(connection)


def take_setup_lock(connection: Connection) -> None:
    """Let nobody else make tables or begin an account until this transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_SETUP_LOCK)))


def _set_up_alone(connection: Connection) -> bool:
    take_setup_lock(connection)
    return set_up(connection)


def _shut(connection: Any) -> None:
    """End the traffic of a connection that another thread waits for; it then finds it broken."""
    with contextlib.suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as sock:
        sock.shutdown(socket.SHUT_RDWR)

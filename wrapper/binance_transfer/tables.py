"""
The journal's tables, and the books of one account in them.

One rule: nothing is deleted. Attempts, answers and verdicts stay; an amount is text, so that it stays exact.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    and_,
    insert,
    inspect,
    select,
    text,
    update,
)

from binance_transfer.attempt import Attempt
from binance_transfer.entries import AccountRecord, AnswerRecord, AttemptRecord, Entry
from binance_transfer.errors import InvalidTransfer, JournalFailed
from binance_transfer.reconcile import EARLY_MS
from binance_transfer.transfer import Transfer

Migrations = Sequence[Sequence[str]]
"""The statements that lead from version 1 to 2, those from 2 to 3, and so on."""

MIGRATIONS: Final[Migrations] = ()

metadata: Final = MetaData()

schema_version: Final = Table("binance_transfer_schema", metadata, Column("version", Integer, primary_key=True))

accounts: Final = Table(
    "binance_transfer_accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("environment", Text),
    Column("uid", BigInteger),
    Column("halted", Text, nullable=False),
    Column("silent_until_ms", BigInteger, nullable=False),
    Column("minute", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("weight", BigInteger, nullable=False),
    # One set of books for one uid: under a second name its keys, ids and open windows would not be seen.
    Index("binance_transfer_uids", "environment", "uid", unique=True),
)

entries: Final = Table(
    "binance_transfer_entries",
    metadata,
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("amount", Text, nullable=False),
    Column("from_symbol", Text),
    Column("to_symbol", Text),
    Column("checked", Boolean, nullable=False),
)

attempts: Final = Table(
    "binance_transfer_attempts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("recv_window_ms", BigInteger, nullable=False),
    Column("window_end_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("tran_id", BigInteger),
    Column("verdict", Text),
    Column("verdict_ms", BigInteger),
    Column("note", Text, nullable=False),
    ForeignKeyConstraint(["account", "key"], [entries.c.account, entries.c.key]),
    # The database itself refuses one id on two attempts, and a second attempt with the same number under a key.
    Index("binance_transfer_ids", "account", "tran_id", unique=True),
    Index("binance_transfer_numbers", "account", "key", "number", unique=True),
    Index("binance_transfer_states", "account", "state"),
    Index("binance_transfer_opened", "account", "opened_ms"),
)

answers: Final = Table(
    "binance_transfer_answers",
    metadata,
    Column("account", Text, primary_key=True),
    Column("attempt", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("http_status", Integer),
    Column("code", BigInteger),
    Column("msg", Text, nullable=False),
    Column("tran_id", BigInteger),
    ForeignKeyConstraint(["account", "attempt"], [attempts.c.account, attempts.c.id]),
)

_ATTEMPT: Final = select(
    attempts,
    entries.c.type,
    entries.c.asset,
    entries.c.amount,
    entries.c.from_symbol,
    entries.c.to_symbol,
    entries.c.checked,
).join(entries, and_(entries.c.account == attempts.c.account, entries.c.key == attempts.c.key))


def set_up(connection: Connection, account: str, migrations: Migrations = MIGRATIONS) -> None:
    """Make the tables or bring them up to date, and open an account's books; raises JournalFailed for newer tables."""
    newest = 1 + len(migrations)
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        connection.execute(insert(schema_version).values(version=newest))
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    if version > newest:
        message = f"the journal is of version {version} and this program knows {newest}: use the newer program for it"
        raise JournalFailed(message)
    for statement in (statement for step in migrations[version - 1 :] for statement in step):
        connection.execute(text(statement))
    connection.execute(update(schema_version).values(version=newest))
    if connection.execute(select(accounts).where(accounts.c.name == account)).first() is None:
        connection.execute(insert(accounts).values(_account_values(AccountRecord(account))))


class SqlBooks:
    """The books of one account inside one transaction of a connection."""

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection: Final = connection
        self._account: Final = account

    def account(self) -> AccountRecord:
        """Return what the workers share."""
        rows = self._connection.execute(select(accounts).where(accounts.c.name == self._account)).mappings()
        return AccountRecord(**rows.one())

    def put_account(self, account: AccountRecord, /) -> None:
        """Replace it; raises JournalFailed where another name has books for the same uid."""
        others = select(accounts.c.name).where(
            accounts.c.environment == account.environment,
            accounts.c.uid == account.uid,
            accounts.c.name != account.name,
        )
        if account.uid is not None and (other := self._connection.execute(others).scalar()) is not None:
            message = f"uid {account.uid} has its books under the name {other!r}: use that instead of {account.name!r}"
            raise JournalFailed(message)
        values = _account_values(account)
        self._connection.execute(update(accounts).where(accounts.c.name == self._account).values(values))

    def entry(self, key: str, /) -> Entry | None:
        """Return all about a key."""
        found = self._attempts(_ATTEMPT.where(attempts.c.key == key).order_by(attempts.c.number))
        return Entry(key, found[0].attempt.transfer, tuple(found)) if found else None

    def entries(self) -> list[Entry]:
        """Return all about all keys, in the order of their first attempts."""
        by_key: dict[str, list[AttemptRecord]] = {}
        for record in self._attempts(_ATTEMPT.order_by(attempts.c.number, attempts.c.opened_ms)):
            by_key.setdefault(record.key, []).append(record)
        return [Entry(key, records[0].attempt.transfer, tuple(records)) for key, records in by_key.items()]

    def attempt(self, attempt_id: str, /) -> AttemptRecord | None:
        """Return all about an attempt."""
        found = self._attempts(_ATTEMPT.where(attempts.c.id == attempt_id))
        return found[0] if found else None

    def open_attempts(self) -> list[AttemptRecord]:
        """Return the attempts without a verdict, oldest first."""
        return self._attempts(_ATTEMPT.where(attempts.c.state == "open").order_by(attempts.c.opened_ms))

    def moved_since(self, asset: str, since_ms: int, /) -> list[Decimal]:
        """Return the amounts of the attempts opened since then that moved or may have moved."""
        rows = self._connection.execute(
            select(entries.c.amount)
            .join(attempts, and_(entries.c.account == attempts.c.account, entries.c.key == attempts.c.key))
            .where(attempts.c.account == self._account, attempts.c.opened_ms >= since_ms)
            .where(attempts.c.state != "not_moved", entries.c.asset == asset)
        )
        return [Decimal(amount) for (amount,) in rows]

    def owner(self, tran_id: int, /) -> str | None:
        """Return the attempt that an id of the exchange belongs to."""
        row = select(attempts.c.id).where(attempts.c.account == self._account, attempts.c.tran_id == tran_id)
        return self._connection.execute(row).scalar_one_or_none()

    def ids_of_others(self, attempt_id: str, /) -> frozenset[int]:
        """Return the ids of the exchange that belong to other attempts whose windows touch this one's."""
        mine = self.attempt(attempt_id)
        if mine is None:
            return frozenset()
        ids = select(attempts.c.tran_id).where(
            attempts.c.account == self._account,
            attempts.c.id != attempt_id,
            attempts.c.tran_id.is_not(None),
            attempts.c.window_end_ms >= mine.timestamp_ms - EARLY_MS,
            attempts.c.timestamp_ms - EARLY_MS <= mine.window_end_ms,
        )
        return frozenset(self._connection.execute(ids).scalars())

    def add(self, record: AttemptRecord, /) -> None:
        """Record a new attempt, and its key if that is new."""
        known = self.entry(record.key)
        values = record.attempt.to_dict()
        where = {"account": self._account, "key": record.key}
        if known is None:
            names = ("type", "asset", "amount", "from_symbol", "to_symbol", "checked")
            self._connection.execute(entries.insert().values(where | {name: values[name] for name in names}))
        self._connection.execute(
            attempts.insert().values(
                where
                | {name: values[name] for name in ("id", "timestamp_ms", "recv_window_ms")}
                | {"number": len(known.attempts) + 1 if known else 1, "opened_ms": record.opened_ms}
                | {"window_end_ms": record.window_end_ms, "state": record.state, "note": record.note}
            )
        )

    def put(self, record: AttemptRecord, /) -> None:
        """Replace what is recorded of an attempt's verdict."""
        names = ("state", "tran_id", "verdict", "verdict_ms")
        self._connection.execute(
            update(attempts)
            .where(attempts.c.account == self._account, attempts.c.id == record.attempt.id)
            .values({name: getattr(record, name) for name in names} | {"note": _storable(record.note)})
        )

    def add_answer(self, attempt_id: str, answer: AnswerRecord, /) -> None:
        """Add an answer to an attempt."""
        values = {name: getattr(answer, name) for name in _ANSWER_FIELDS} | {"msg": _storable(answer.msg)}
        number = len(self._answers([attempt_id]).get(attempt_id, ())) + 1
        where = {"account": self._account, "attempt": attempt_id, "number": number}
        self._connection.execute(answers.insert().values(where | values))

    def _attempts(self, rows: Any) -> list[AttemptRecord]:
        found = self._connection.execute(rows.where(attempts.c.account == self._account)).mappings().all()
        told = self._answers([row["id"] for row in found])
        return [_attempt_record(row, told.get(row["id"], ())) for row in found]

    def _answers(self, ids: Sequence[str]) -> dict[str, tuple[AnswerRecord, ...]]:
        told: dict[str, tuple[AnswerRecord, ...]] = {}
        if not ids:
            return told
        rows = select(answers).where(answers.c.account == self._account).order_by(answers.c.number)
        # A long list would be more than a statement can hold; all of them are then fewer words.
        rows = rows.where(answers.c.attempt.in_(ids)) if len(ids) <= _NAMED else rows
        for row in self._connection.execute(rows).mappings():
            answer = AnswerRecord(**{name: row[name] for name in _ANSWER_FIELDS})
            told[row["attempt"]] = (*told.get(row["attempt"], ()), answer)
        return told


_NAMED: Final = 500
_ANSWER_FIELDS: Final = ("at_ms", "outcome", "http_status", "code", "msg", "tran_id")
_RECORD_FIELDS: Final = ("key", "opened_ms", "window_end_ms", "state", "tran_id", "verdict", "verdict_ms", "note")


def _account_values(account: AccountRecord) -> dict[str, Any]:
    return {column.name: getattr(account, column.name) for column in accounts.columns}


def _storable(message: str) -> str:
    """Replace what no database takes as text. Messages come from outside; an odd one must not cost its verdict."""
    return message.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _attempt_record(row: RowMapping, told: tuple[AnswerRecord, ...]) -> AttemptRecord:
    attempt = Attempt(_transfer(row), row["timestamp_ms"], row["recv_window_ms"], row["id"])
    return AttemptRecord(attempt, **{name: row[name] for name in _RECORD_FIELDS}, answers=told)


def _transfer(row: RowMapping) -> Transfer:
    """Read a transfer back, unchecked where a newer version has written a type that this one does not know."""
    order: tuple[Any, str, str] = (row["type"], row["asset"], row["amount"])
    symbols = {"from_symbol": row["from_symbol"], "to_symbol": row["to_symbol"]}
    if row["checked"]:
        try:
            return Transfer(*order, **symbols)
        except InvalidTransfer:
            pass
    return Transfer.unchecked(*order, **symbols)

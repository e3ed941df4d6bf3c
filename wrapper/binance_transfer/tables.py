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
    CursorResult,
    Executable,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    and_,
    bindparam,
    func,
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
    # One set of books for one uid, whoever is quicker: bookkeeping.bind.
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

# A statement takes longer to build than to run: they are built once. Each is about one account.
_MINE: Final = bindparam("my_account", type_=Text)
_ID: Final = bindparam("attempt_id", type_=Text)
_KEY: Final = bindparam("its_key", type_=Text)
_OF_KEY: Final = and_(entries.c.account == attempts.c.account, entries.c.key == attempts.c.key)

_LOCK: Final = select(accounts).where(accounts.c.name == _MINE).with_for_update()
_NAME_OF: Final = select(accounts.c.name).where(
    accounts.c.environment == bindparam("environment"), accounts.c.uid == bindparam("uid")
)
_PUT_ACCOUNT: Final = update(accounts).where(accounts.c.name == _MINE)

_ATTEMPTS: Final = (
    select(
        attempts,
        entries.c.type,
        entries.c.asset,
        entries.c.amount,
        entries.c.from_symbol,
        entries.c.to_symbol,
        entries.c.checked,
    )
    .join(entries, _OF_KEY)
    .where(attempts.c.account == _MINE)
)
_ATTEMPT: Final = _ATTEMPTS.where(attempts.c.id == _ID)
_ATTEMPTS_OF_KEY: Final = _ATTEMPTS.where(attempts.c.key == _KEY).order_by(attempts.c.number)
_ALL_ATTEMPTS: Final = _ATTEMPTS.order_by(attempts.c.number, attempts.c.opened_ms)
_OPEN_ATTEMPTS: Final = _ATTEMPTS.where(attempts.c.state == "open").order_by(attempts.c.opened_ms)
_HOW_MANY: Final = select(func.count()).where(attempts.c.account == _MINE, attempts.c.key == _KEY)
_MOVED_SINCE: Final = (
    select(entries.c.amount)
    .join(attempts, _OF_KEY)
    .where(attempts.c.account == _MINE, attempts.c.opened_ms >= bindparam("since_ms"))
    .where(attempts.c.state != "not_moved", entries.c.asset == bindparam("asset"))
)
_OWNER: Final = select(attempts.c.id).where(attempts.c.account == _MINE, attempts.c.tran_id == bindparam("its_tran_id"))
_IDS_OF_OTHERS: Final = select(attempts.c.tran_id).where(
    attempts.c.account == _MINE,
    attempts.c.id != _ID,
    attempts.c.tran_id.is_not(None),
    attempts.c.window_end_ms >= bindparam("start_ms"),
    attempts.c.timestamp_ms - EARLY_MS <= bindparam("end_ms"),
)
_PUT_ATTEMPT: Final = update(attempts).where(attempts.c.account == _MINE, attempts.c.id == _ID)
_ANSWERS: Final = select(answers).where(answers.c.account == _MINE).order_by(answers.c.number)
_ANSWERS_OF: Final = _ANSWERS.where(answers.c.attempt.in_(bindparam("ids", expanding=True)))
_HOW_MANY_ANSWERS: Final = select(func.count()).where(answers.c.account == _MINE, answers.c.attempt == _ID)


def set_up(connection: Connection, migrations: Migrations = MIGRATIONS) -> None:
    """Make the tables or bring them up to date; raises JournalFailed for newer ones."""
    newest = 1 + len(migrations)
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        connection.execute(insert(schema_version).values(version=newest))
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    if version > newest:
        message = f"the journal is of version {version} and this program knows {newest}: use the newer program for it"
        raise JournalFailed(message)
    for step in migrations[version - 1 :]:
        for statement in step:
            connection.execute(text(statement))
    if version < newest:
        connection.execute(update(schema_version).values(version=newest))


class SqlBooks:
    """The books of one account inside one transaction of a connection."""

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection: Final = connection
        self._account: Final = account
        self._shared: AccountRecord | None = None

    def lock(self) -> bool:
        """Take the account's row, which is what workers on PostgreSQL queue for; False where it has none yet."""
        row = self._run(_LOCK).mappings().first()
        self._shared = AccountRecord(**row) if row else None
        return row is not None

    def open(self) -> None:
        """Begin the account's books. The caller has the database alone."""
        if not self.lock():
            self._connection.execute(insert(accounts), _account_values(AccountRecord(self._account)))
            self.lock()

    def account(self) -> AccountRecord:
        """Return what the workers share."""
        assert self._shared is not None  # noqa: S101  # a change begins with the lock
        return self._shared

    def put_account(self, account: AccountRecord, /) -> None:
        """Replace it."""
        self._run(_PUT_ACCOUNT, **_account_values(account))
        self._shared = account

    def name_of(self, environment: str, uid: int, /) -> str | None:
        """Return the name of the account under which a uid has its books."""
        return self._connection.execute(_NAME_OF, {"environment": environment, "uid": uid}).scalar()

    def entry(self, key: str, /) -> Entry | None:
        """Return all about a key."""
        found = self._attempts(_ATTEMPTS_OF_KEY, its_key=key)
        return Entry(key, found[0].attempt.transfer, tuple(found)) if found else None

    def entries(self) -> list[Entry]:
        """Return all about all keys, in the order of their first attempts."""
        by_key: dict[str, list[AttemptRecord]] = {}
        for record in self._attempts(_ALL_ATTEMPTS):
            by_key.setdefault(record.key, []).append(record)
        return [Entry(key, records[0].attempt.transfer, tuple(records)) for key, records in by_key.items()]

    def attempt(self, attempt_id: str, /) -> AttemptRecord | None:
        """Return all about an attempt."""
        found = self._attempts(_ATTEMPT, attempt_id=attempt_id)
        return found[0] if found else None

    def open_attempts(self) -> list[AttemptRecord]:
        """Return the attempts without a verdict, oldest first."""
        return self._attempts(_OPEN_ATTEMPTS)

    def moved_since(self, asset: str, since_ms: int, /) -> list[Decimal]:
        """Return the amounts of the attempts opened since then that moved or may have moved."""
        return [Decimal(amount) for amount in self._run(_MOVED_SINCE, asset=asset, since_ms=since_ms).scalars()]

    def owner(self, tran_id: int, /) -> str | None:
        """Return the attempt that an id of the exchange belongs to."""
        return self._run(_OWNER, its_tran_id=tran_id).scalar_one_or_none()

    def ids_of_others(self, attempt_id: str, /) -> frozenset[int]:
        """Return the ids of the exchange that belong to other attempts whose windows touch this one's."""
        mine = self.attempt(attempt_id)
        if mine is None:
            return frozenset()
        window = {"start_ms": mine.timestamp_ms - EARLY_MS, "end_ms": mine.window_end_ms}
        return frozenset(self._run(_IDS_OF_OTHERS, attempt_id=attempt_id, **window).scalars())

    def add(self, record: AttemptRecord, /) -> None:
        """Record a new attempt, and its key if that is new."""
        values = record.attempt.to_dict()
        where = {"account": self._account, "key": record.key}
        earlier = self._run(_HOW_MANY, its_key=record.key).scalar_one()
        if not earlier:
            names = ("type", "asset", "amount", "from_symbol", "to_symbol", "checked")
            self._connection.execute(insert(entries), where | {name: values[name] for name in names})
        self._connection.execute(
            insert(attempts),
            where
            | {name: values[name] for name in ("id", "timestamp_ms", "recv_window_ms")}
            | {"number": earlier + 1, "opened_ms": record.opened_ms, "window_end_ms": record.window_end_ms}
            | {"state": record.state, "note": record.note},
        )

    def put(self, record: AttemptRecord, /) -> None:
        """Replace what is recorded of an attempt's verdict."""
        verdict = {name: getattr(record, name) for name in ("state", "tran_id", "verdict", "verdict_ms")}
        self._run(_PUT_ATTEMPT, attempt_id=record.attempt.id, note=_storable(record.note), **verdict)

    def add_answer(self, attempt_id: str, answer: AnswerRecord, /) -> None:
        """Add an answer to an attempt."""
        values = {name: getattr(answer, name) for name in _ANSWER_FIELDS} | {"msg": _storable(answer.msg)}
        number = self._run(_HOW_MANY_ANSWERS, attempt_id=attempt_id).scalar_one() + 1
        where = {"account": self._account, "attempt": attempt_id, "number": number}
        self._connection.execute(insert(answers), where | values)

    def _run(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        return self._connection.execute(statement, {"my_account": self._account} | values)

    def _attempts(self, statement: Executable, **values: Any) -> list[AttemptRecord]:
        found = self._run(statement, **values).mappings().all()
        told = self._answers([row["id"] for row in found])
        return [_attempt_record(row, told.get(row["id"], ())) for row in found]

    def _answers(self, ids: Sequence[str]) -> dict[str, tuple[AnswerRecord, ...]]:
        told: dict[str, tuple[AnswerRecord, ...]] = {}
        if not ids:
            return told
        # A long list would be more than a statement can hold; all of them are then fewer words.
        rows = self._run(_ANSWERS_OF, ids=ids) if len(ids) <= _NAMED else self._run(_ANSWERS)
        for row in rows.mappings():
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

"""
One account's journal in its tables, inside one transaction.

One rule: what is asked and written is here; whether it may be is for the rules.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final, TypeVar

from attrs import evolve
from sqlalchemy import (
    Connection,
    CursorResult,
    Executable,
    RowMapping,
    insert,
    select,
)

from binance_transfer.attempt import Attempt
from binance_transfer.candidates import alike_mark
from binance_transfer.errors import JournalFailed
from binance_transfer.journal import statements
from binance_transfer.journal.records import AccountRecord, AnswerRecord, AttemptRecord, Entry, VerdictRecord
from binance_transfer.journal.tables import (
    accounts,
    answers,
    api_keys,
    attempts,
    identity,
    keys,
    query_mark,
    verdicts,
)
from binance_transfer.journal.transaction import PageCursor
from binance_transfer.transfer import Transfer, spelt

T = TypeVar("T")

_BATCH: Final = 500  # parameters of a statement: SQLite takes some 30 000, older ones 999
PAGE: Final = 500
"""Attempts that a reader takes at a time."""


class SqlTransaction:
    """
    One account's journal inside one transaction of a connection.

    What it has read of a key it does not read again: nobody else writes meanwhile, and what it writes it notes.
    """

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection: Final = connection
        self._name: Final = account
        self._account: AccountRecord | None = None
        self._records: Final[dict[str, AttemptRecord]] = {}
        self._keys: Final[dict[str, list[str]]] = {}
        self._changed = False
        self.begun = False
        """Whether the account is new with this transaction."""
        self.added: str | None = None
        """The attempt that was recorded in this transaction."""

    def lock(self) -> bool:
        """Take the account's row, which is what workers on PostgreSQL queue for; False where it has none yet."""
        return self._take(statements.LOCK)

    def open(self) -> None:
        """Begin the account's journal. The caller has the database alone."""
        if not self.lock():
            # Of a copy each account is to be adopted, also one that was not there when the copy was made (rule 13).
            backup = self._connection.execute(select(identity.c.backup)).scalar_one()
            self._connection.execute(insert(accounts), _account_values(AccountRecord(self._name, backup=backup)))
            self.lock()
            self.begun = True

    def finish(self) -> None:
        """Write what is left to write, before the transaction is committed."""
        if self._changed:
            account = self.account()
            self._account = evolve(account, revision=account.revision + 1)
            self._run(statements.PUT_ACCOUNT, **_account_values(self._account))

    def identity(self) -> str:
        """Return the id of the journal that this is."""
        return str(self._connection.execute(statements.IDENTITY).scalar_one())

    def exists(self) -> bool:
        """Tell whether anything was ever recorded for the account."""
        return self._take(statements.READ_ACCOUNT)

    def _take(self, statement: Executable) -> bool:
        row = self._run(statement).mappings().first()
        self._account = AccountRecord(**row) if row else None
        return row is not None

    def account(self) -> AccountRecord:
        """Return what the workers share."""
        if self._account is None and not self.exists():
            self._account = AccountRecord(self._name)  # a reader, before the first send
        assert self._account is not None  # noqa: S101  # as above
        return self._account

    @property
    def revision(self) -> int:
        """How often the account was changed, 0 where it was not looked at."""
        return self._account.revision if self._account else 0

    def put_account(self, account: AccountRecord, /) -> None:
        """Replace it; it is written when the transaction ends."""
        if account != self._account:
            self._account = account
            self._changed = True

    def name_of(self, environment: str, uid: int, /) -> str | None:
        """Return the name of the account under which a uid is recorded."""
        return self._connection.execute(statements.NAME_OF, {"environment": environment, "uid": uid}).scalar()

    def knows_api_key(self, environment: str, fingerprint: str, /) -> bool:
        """Tell whether an API key is known to be this account's."""
        return self._run(statements.KNOWS_API_KEY, environment=environment, fingerprint=fingerprint).first() is not None

    def add_api_key(self, environment: str, fingerprint: str, /) -> None:
        """Note that an API key is this account's."""
        if not self.knows_api_key(environment, fingerprint):
            row = {"account": self._name, "environment": environment, "fingerprint": fingerprint}
            self._connection.execute(insert(api_keys), row)
            self._changed = True

    def entry(self, key: str, /) -> Entry | None:
        """Return all about a key."""
        if key not in self._keys:
            self._keys[key] = []
            self._note(*self._attempts(statements.ATTEMPTS_OF_KEY, its_key=key))
        records = tuple(self._records[attempt_id] for attempt_id in self._keys[key])
        return Entry(key, records[0].attempt.transfer, records) if records else None

    def entries(self, since_ms: int = 0, after: PageCursor | None = None, /) -> tuple[list[Entry], PageCursor | None]:
        """Return a page of keys, in the order of their first attempts since then, and where the next page begins."""
        from_ms, from_id = after or (since_ms, "")  # no id is empty
        rows = self._run(statements.IN_ORDER, after_ms=from_ms, after_id=from_id, how_many=PAGE).all()
        first = [row.key for row in rows if row.number == 1]
        by_key = (
            {entry.key: entry for entry in _entries(self._attempts(statements.ATTEMPTS_OF_KEYS, ids=first))}
            if first
            else {}
        )
        return [by_key[key] for key in first], (rows[-1].opened_ms, rows[-1].id) if len(rows) == PAGE else None

    def attempts_since(
        self, since_ms: int, after: PageCursor | None = None, /
    ) -> tuple[list[AttemptRecord], PageCursor | None]:
        """Return a page of the attempts that were recorded since then, and where the next page begins."""
        from_ms, from_id = after or (since_ms, "")
        rows = self._run(statements.IN_ORDER, after_ms=from_ms, after_id=from_id, how_many=PAGE).all()
        found = self._attempts(statements.ATTEMPTS_BY_ID, ids=[row.id for row in rows]) if rows else []
        found.sort(key=lambda record: (record.opened_ms, record.attempt.id))
        return found, (rows[-1].opened_ms, rows[-1].id) if len(rows) == PAGE else None

    def names(self) -> list[str]:
        """Return the names of all accounts of this database."""
        return list(self._connection.execute(statements.NAMES).scalars())

    def attempt(self, attempt_id: str, /) -> AttemptRecord | None:
        """Return all about an attempt."""
        if attempt_id not in self._records:
            self._note(*self._attempts(statements.ATTEMPTS_OF_ITS_KEY, attempt_id=attempt_id))
        return self._records.get(attempt_id)

    def holds(self, attempt_id: str, /) -> bool:
        """Tell whether an attempt is recorded."""
        return self._run(statements.HOLDS, attempt_id=attempt_id).first() is not None

    def open_attempts(self) -> list[AttemptRecord]:
        """Return the attempts without a verdict, oldest first."""
        return self._attempts(statements.OPEN_ATTEMPTS)

    def open_alike(self, transfer: Transfer, /) -> list[AttemptRecord]:
        """Return the attempts without a verdict that history could not tell from a transfer."""
        return self._attempts(statements.OPEN_ALIKE, mark=alike_mark(transfer))

    def moved_between(self, asset: str, start_ms: int, end_ms: int, /) -> list[Decimal]:
        """Return the amounts of all that moved or may have moved in windows that touch a time, in any spelling."""
        rows = self._run(statements.MOVED_BETWEEN, its_asset=asset, start_ms=start_ms, end_ms=end_ms)
        return [Decimal(amount) for amount in rows.scalars()]

    def owners(self, ids: Collection[int], /) -> dict[int, str]:
        """Return id → attempt for those ids of the exchange that belong to one."""
        return {row.tran_id: row.id for some in batched(ids, _BATCH) for row in self._run(statements.OWNERS, ids=some)}

    def once_named(self, ids: Collection[int], attempt_id: str, /) -> frozenset[int]:
        """Return those ids that a verdict on another attempt, or an answer to one, has ever named."""
        return frozenset(
            tran_id
            for some in batched(ids, _BATCH)
            for tran_id in self._run(statements.ONCE_NAMED, ids=some, attempt_id=attempt_id).scalars()
        )

    def repeated(self, since_ms: int, /) -> list[AttemptRecord]:
        """Return the attempts that moved of each key of which several did, one of them recorded since then."""
        found = self._run(statements.REPEATED, since_ms=since_ms).scalars().all()
        records = [
            record
            for some in batched(found, _BATCH)
            for record in self._attempts(statements.ATTEMPTS_OF_KEYS, ids=some)
        ]
        return [record for record in records if record.state == "moved"]

    def canary(self, transfer: Transfer, attempt_id: str, since_ms: int, /) -> AttemptRecord | None:
        """Return the newest other attempt of a transfer's query that was answered with an id and is no older."""
        values = {"its_query": query_mark(transfer), "attempt_id": attempt_id, "since_ms": since_ms}
        return next(iter(self._attempts(statements.CANARY, **values)), None)

    def add(self, record: AttemptRecord, /) -> None:
        """Record a new attempt, and its key if that is new."""
        self._changed = True
        values = record.attempt.to_dict()
        where = {"account": self._name, "key": record.key}
        entry = self.entry(record.key)
        if entry is None:
            names = ("type", "asset", "amount", "from_symbol", "to_symbol", "checked")
            self._connection.execute(insert(keys), where | {name: values[name] for name in names})
        transfer = record.attempt.transfer
        self._connection.execute(
            insert(attempts),
            where
            | {name: values[name] for name in ("id", "timestamp_ms", "recv_window_ms")}
            | {name: getattr(record, name) for name in _RECORD_FIELDS if name != "key"}
            | {"number": len(entry.attempts) + 1 if entry else 1, "asset": spelt(transfer.asset), "answered": False}
            | {"alike": alike_mark(transfer), "query": query_mark(transfer)},
        )
        self._note(record)
        self.added = record.attempt.id

    def add_verdict(self, attempt_id: str, verdict: VerdictRecord, /) -> None:
        """Record a verdict on an attempt; what it says is from now on the attempt's state and id."""
        self._changed = True
        before = self._known(attempt_id)
        verdict = evolve(verdict, note=_storable(verdict.note))
        where = {"account": self._name, "attempt": attempt_id, "number": len(before.verdicts) + 1}
        self._connection.execute(insert(verdicts), where | {name: getattr(verdict, name) for name in _VERDICT_FIELDS})
        after = before.judged(verdict)
        changed = {name: getattr(after, name) for name in ("state", "tran_id", "opening")}
        self._run(statements.PUT_ATTEMPT, attempt_id=attempt_id, **changed)
        self._records[attempt_id] = after

    def add_answer(self, attempt_id: str, answer: AnswerRecord, /) -> None:
        """Record an answer to an attempt."""
        self._changed = True
        before = self._known(attempt_id)
        answer = evolve(answer, msg=_storable(answer.msg))
        where = {"account": self._name, "attempt": attempt_id, "number": len(before.answers) + 1}
        self._connection.execute(insert(answers), where | {name: getattr(answer, name) for name in _ANSWER_FIELDS})
        if answer.tran_id is not None:
            self._run(statements.PUT_ATTEMPT, attempt_id=attempt_id, answered=True)
        self._records[attempt_id] = evolve(before, answers=(*before.answers, answer))

    def _known(self, attempt_id: str) -> AttemptRecord:
        record = self.attempt(attempt_id)
        if record is None:
            message = f"attempt {attempt_id} is not in the journal"
            raise JournalFailed(message)
        return record

    def _note(self, *records: AttemptRecord) -> None:
        for record in records:
            self._records[record.attempt.id] = record
            self._keys.setdefault(record.key, []).append(record.attempt.id)

    def _run(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        return self._connection.execute(statement, {"my_account": self._name} | values)

    def _attempts(self, statement: Executable, **values: Any) -> list[AttemptRecord]:
        rows = self._run(statement, **values).mappings().all()
        ids = [row["id"] for row in rows]
        answered = self._by_attempt(statements.ANSWERS_OF, ids, AnswerRecord, _ANSWER_FIELDS)
        judged = self._by_attempt(statements.VERDICTS_OF, ids, VerdictRecord, _VERDICT_FIELDS)
        return [_attempt_record(row, answered.get(row["id"], ()), judged.get(row["id"], ())) for row in rows]

    def _by_attempt(
        self, statement: Executable, ids: Sequence[str], kind: Any, fields: Sequence[str]
    ) -> dict[str, tuple[Any, ...]]:
        found: dict[str, tuple[Any, ...]] = {}
        for some in batched(ids, _BATCH):
            for row in self._run(statement, ids=some).mappings():
                record = kind(**{name: row[name] for name in fields})
                found[row["attempt"]] = (*found.get(row["attempt"], ()), record)
        return found


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Return some items at a time (itertools.batched, from Python 3.12 on)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


_ANSWER_FIELDS: Final = ("at_ms", "outcome", "http_status", "code", "msg", "tran_id")
_VERDICT_FIELDS: Final = ("at_ms", "verdict", "state", "tran_id", "note")
_RECORD_FIELDS: Final = ("key", "opened_ms", "window_start_ms", "window_end_ms", "opening", "state", "tran_id")


def _entries(records: Iterable[AttemptRecord]) -> list[Entry]:
    by_key: dict[str, list[AttemptRecord]] = {}
    for record in records:
        by_key.setdefault(record.key, []).append(record)
    return [Entry(key, found[0].attempt.transfer, tuple(found)) for key, found in by_key.items()]


def _account_values(account: AccountRecord) -> dict[str, Any]:
    return {column.name: getattr(account, column.name) for column in accounts.columns}


def _storable(message: str) -> str:
    """Replace what no database takes as text. Messages come from outside; an odd one must not cost its verdict."""
    return message.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _attempt_record(
    row: RowMapping, answered: tuple[AnswerRecord, ...], judged: tuple[VerdictRecord, ...]
) -> AttemptRecord:
    transfer = Transfer.recorded(
        row["type"],
        row[keys.c.asset],
        row["amount"],
        from_symbol=row["from_symbol"],
        to_symbol=row["to_symbol"],
        checked=row["checked"],
    )
    attempt = Attempt(transfer, row["timestamp_ms"], row["recv_window_ms"], row["id"])
    return AttemptRecord(attempt, **{name: row[name] for name in _RECORD_FIELDS}, answers=answered, verdicts=judged)

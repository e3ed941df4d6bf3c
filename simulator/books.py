"""
A database in memory that forgets nothing, and a journal over it.

One rule: a change is made wholly or not at all, alone, and a name or an id that the tables keep unique is unique here.
"""

from bisect import bisect_left, insort
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar

from attrs import evolve

from binance_transfer.entries import AccountRecord, AnswerRecord, AttemptRecord, Entry
from binance_transfer.errors import JournalFailed
from binance_transfer.flows.reconcile import EARLY_MS

T = TypeVar("T")
_Undo = Callable[[], Any]


class Database:
    """What all workers share, by the names of the accounts. It outlives every process."""

    def __init__(self) -> None:
        self._accounts: Final[dict[str, AccountBooks]] = {}

    def books(self, account: str) -> "AccountBooks":
        """Return the books of an account, new ones where the name is new."""
        if account not in self._accounts:
            self._accounts[account] = AccountBooks(account, self)
        return self._accounts[account]

    def name_of(self, environment: str | None, uid: int | None) -> str | None:
        """Return the name under which a uid has its books."""
        known = (books.account() for books in self._accounts.values())
        return next(
            (account.name for account in known if uid and (account.environment, account.uid) == (environment, uid)),
            None,
        )

    def accounts(self) -> tuple[str, ...]:
        """Return the names that were ever used."""
        return tuple(self._accounts)


class AccountBooks:
    """The books of one account, and how to take back what an unfinished change did to them."""

    def __init__(self, account: str, database: Database) -> None:
        self._account = AccountRecord(account)
        self._database: Final = database
        self._records: Final[dict[str, AttemptRecord]] = {}
        self._keys: Final[dict[str, list[str]]] = {}
        self._open: Final[dict[str, int]] = {}
        self._by_id: Final[dict[int, str]] = {}
        self._ends: Final[list[tuple[int, int]]] = []
        """End of the window and id of what moved, in order."""
        self._opened: Final[dict[str, list[tuple[int, str]]]] = {}
        self._undo: list[_Undo] = []

    def transact(self, change: "Callable[[AccountBooks], T]") -> T:
        """Run a change and keep what it did, or nothing of it where it raises."""
        self._undo = []
        try:
            return change(self)
        except BaseException:
            for take_back in reversed(self._undo):
                take_back()
            raise

    def account(self) -> AccountRecord:
        """Return what the workers share."""
        return self._account

    def put_account(self, account: AccountRecord, /) -> None:
        """Replace it; raises JournalFailed where another name has the same uid, as the tables' index does."""
        before = self._account
        if before.uid != account.uid and account.environment is not None and account.uid is not None:
            other = self.name_of(account.environment, account.uid)
            if other not in {None, account.name}:
                raise JournalFailed(f"uid {account.uid} is that of {other!r}")

        def take_back() -> None:
            self._account = before

        self._undo.append(take_back)
        self._account = account

    def name_of(self, environment: str, uid: int, /) -> str | None:
        """Return the name of the account under which a uid has its books."""
        return self._database.name_of(environment, uid)

    def entry(self, key: str, /) -> Entry | None:
        """Return all about a key."""
        if (ids := self._keys.get(key)) is None:
            return None
        records = tuple(self._records[attempt_id] for attempt_id in ids)
        return Entry(key, records[0].attempt.transfer, records)

    def entries(self) -> list[Entry]:
        """Return all about all keys, in the order of their first attempts."""
        known = [entry for key in self._keys if (entry := self.entry(key))]
        return sorted(known, key=lambda entry: entry.attempts[0].opened_ms)

    def attempt(self, attempt_id: str, /) -> AttemptRecord | None:
        """Return all about an attempt."""
        return self._records.get(attempt_id)

    def open_attempts(self) -> list[AttemptRecord]:
        """Return the attempts without a verdict, oldest first."""
        return [self._records[attempt_id] for attempt_id in sorted(self._open, key=self._open.__getitem__)]

    def moved_since(self, asset: str, since_ms: int, /) -> list[Decimal]:
        """Return the amounts of the attempts that moved or may have moved since then."""
        opened = self._opened.get(asset, [])
        records = [self._records[attempt_id] for _, attempt_id in opened]
        return [
            record.attempt.transfer.amount
            for record in records
            if record.opened_ms >= since_ms and record.state != "not_moved"
        ]

    def owner(self, tran_id: int, /) -> str | None:
        """Return the attempt that an id of the exchange belongs to."""
        return self._by_id.get(tran_id)

    def taken(self, tran_id: int, attempt_id: str) -> bool:
        """Tell whether an id is on another attempt: the unique index of the tables."""
        return self._by_id.get(tran_id, attempt_id) != attempt_id

    def ids_of_others(self, attempt_id: str, /) -> frozenset[int]:
        """Return the ids of the exchange that belong to other attempts whose windows touch this one's."""
        if (mine := self._records.get(attempt_id)) is None:
            return frozenset()
        records, by_id, start_ms = self._records, self._by_id, mine.timestamp_ms - EARLY_MS
        touching = self._ends[bisect_left(self._ends, (start_ms, 0)) :]
        owners = [(tran_id, by_id[tran_id]) for _, tran_id in touching]
        return frozenset(
            tran_id
            for tran_id, owner in owners
            if owner != attempt_id and records[owner].timestamp_ms - EARLY_MS <= mine.window_end_ms
        )

    def add(self, record: AttemptRecord, /) -> None:
        """Record a new attempt, and its key if that is new."""
        attempt_id, transfer = record.attempt.id, record.attempt.transfer
        if attempt_id in self._records:
            raise JournalFailed(f"the attempt {attempt_id} is there already")
        ids = self._keys.setdefault(record.key, [])
        opened = self._opened.setdefault(transfer.asset, [])
        row = (record.opened_ms, attempt_id)

        def take_back() -> None:
            ids.remove(attempt_id)
            if not ids:
                del self._keys[record.key]
            opened.remove(row)
            del self._records[attempt_id]
            del self._open[attempt_id]

        self._undo.append(take_back)
        # A key keeps the transfer of its first attempt, as the table of keys does.
        first = self._records[ids[0]].attempt.transfer if ids else transfer
        stored = AttemptRecord(
            evolve(record.attempt, transfer=first),
            record.key,
            record.opened_ms,
            record.window_end_ms,
            record.state,
            note=record.note,
        )
        ids.append(attempt_id)
        insort(opened, row)
        self._records[attempt_id] = stored
        self._open[attempt_id] = record.opened_ms

    def put(self, record: AttemptRecord, /) -> None:
        """Replace what is recorded of an attempt's verdict."""
        attempt_id, tran_id = record.attempt.id, record.tran_id
        if (before := self._records.get(attempt_id)) is None:
            return
        if tran_id is not None and self.taken(tran_id, attempt_id):
            raise JournalFailed(f"the id {tran_id} belongs to another attempt")
        self._undo.append(lambda: self._replace(before))
        self._replace(_changed(before, record, before.answers))

    def add_answer(self, attempt_id: str, answer: AnswerRecord, /) -> None:
        """Add an answer to an attempt."""
        if (before := self._records.get(attempt_id)) is None:
            raise JournalFailed(f"there is no attempt {attempt_id} to add an answer to")
        self._undo.append(lambda: self._replace(before))
        self._replace(_changed(before, before, (*before.answers, answer)))

    def _replace(self, record: AttemptRecord) -> None:
        attempt_id = record.attempt.id
        before = self._records[attempt_id]
        if before.tran_id != record.tran_id:
            if before.tran_id is not None:
                self._by_id.pop(before.tran_id, None)
                self._ends.remove((before.window_end_ms, before.tran_id))
            if record.tran_id is not None:
                self._by_id[record.tran_id] = attempt_id
                insort(self._ends, (record.window_end_ms, record.tran_id))
        if before.state != record.state:
            if record.state == "open":
                self._open[attempt_id] = record.opened_ms
            else:
                self._open.pop(attempt_id, None)
        self._records[attempt_id] = record


def _changed(before: AttemptRecord, verdict: AttemptRecord, answers: tuple[AnswerRecord, ...]) -> AttemptRecord:
    return AttemptRecord(
        before.attempt,
        before.key,
        before.opened_ms,
        before.window_end_ms,
        verdict.state,
        verdict.tran_id,
        verdict.verdict,
        verdict.verdict_ms,
        verdict.note,
        answers,
    )


class MemoryJournal:
    """What a session needs of a journal: one account's books, changed in transactions."""

    def __init__(self, database: Database, account: str) -> None:
        self.account: Final = account
        self._books: Final = database.books(account)

    def transact(self, change: Callable[[AccountBooks], T]) -> T:
        """Run a change of this account's books alone."""
        return self._books.transact(change)

    def follow(self, now_ms: Callable[[], int]) -> None:
        """Nobody asks this journal for the time."""

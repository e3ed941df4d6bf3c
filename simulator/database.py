"""
A database in memory that forgets nothing, and a journal over it.

One rule: a change is made wholly or not at all, alone, and a name or an id that the tables keep unique is unique here.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any, Final, TypeVar

from attrs import evolve

from binance_transfer.clock import ServerClock
from binance_transfer.errors import JournalFailed
from binance_transfer.journal.records import AccountRecord, AnswerRecord, AttemptRecord, Entry, VerdictRecord
from binance_transfer.journal.transaction import PageCursor
from binance_transfer.transfer import Transfer
from simulator.story import NullStory, TranId

T = TypeVar("T")
_Undo = Callable[[], Any]

_PAGE: Final = 500
_TOLD: Final = frozenset({"found", "absent", "failed", "person", "reopened"})
"""Verdicts that a story tells. What an answer says of itself is told where it is received."""


class Database:
    """What all workers share, by the names of the accounts. It outlives every process."""

    def __init__(self, story: NullStory | None = None) -> None:
        self.story: Final = story or NullStory()
        self._accounts: Final[dict[str, MemoryTransaction]] = {}

    def records(self, account: str) -> "MemoryTransaction":
        """Return what an account has recorded: nothing where the name is new."""
        if account not in self._accounts:
            self._accounts[account] = MemoryTransaction(account, self)
        return self._accounts[account]

    def name_of(self, environment: str | None, uid: int | None) -> str | None:
        """Return the name under which a uid is recorded."""
        known = (records.account() for records in self._accounts.values())
        return next(
            (account.name for account in known if uid and (account.environment, account.uid) == (environment, uid)),
            None,
        )

    def accounts(self) -> tuple[str, ...]:
        """Return the names that were ever used."""
        return tuple(self._accounts)


class MemoryTransaction:
    """The records of one account, and how to take back what an unfinished change did to them."""

    def __init__(self, account: str, database: Database) -> None:
        self._account = AccountRecord(account)
        self._database: Final = database
        self._api_keys: Final = set[tuple[str, str]]()
        self._records: Final[dict[str, AttemptRecord]] = {}
        self._keys: Final[dict[str, list[str]]] = {}
        self._open: Final[dict[str, int]] = {}
        self._alike: Final[dict[object, list[str]]] = {}
        """The open attempts that history cannot tell apart."""
        self._owners: Final[dict[int, str]] = {}
        self._named: Final[dict[int, list[str]]] = {}
        """Id of the exchange → the attempts that a verdict or an answer has ever given it to."""
        self._answered: Final[dict[object, list[tuple[int, str]]]] = {}
        """Query → the attempts that were answered with an id, by time."""
        self._in_order: Final[list[PageCursor]] = []
        self._ends: Final[dict[str, list[tuple[int, str]]]] = {}
        """Asset → the attempts, by the end of their windows."""
        self._undo: list[_Undo] = []

    def transact(self, change: "Callable[[MemoryTransaction], T]") -> T:
        """Run a change and keep what it did, or nothing of it where it raises."""
        self._undo = []
        try:
            result = change(self)
        except BaseException:
            for take_back in reversed(self._undo):
                take_back()
            raise
        if self._undo:
            self._account = evolve(self._account, revision=self._account.revision + 1)
        return result

    # --- the account -------------------------------------------------------------------------------------------------

    def account(self) -> AccountRecord:
        """Return what the workers share."""
        return self._account

    def put_account(self, account: AccountRecord, /) -> None:
        """Replace it; raises JournalFailed where another name has the same uid, as the tables' index does."""
        before = self._account
        if account == before:
            return
        if before.uid != account.uid and account.environment is not None and account.uid is not None:
            other = self.name_of(account.environment, account.uid)
            if other not in {None, account.name}:
                raise JournalFailed(f"uid {account.uid} is that of {other!r}")

        def take_back() -> None:
            self._account = before

        self._undo.append(take_back)
        self._account = account

    def name_of(self, environment: str, uid: int, /) -> str | None:
        """Return the name of the account under which a uid is recorded."""
        return self._database.name_of(environment, uid)

    def knows_api_key(self, environment: str, fingerprint: str, /) -> bool:
        """Tell whether an API key is known to be this account's."""
        return (environment, fingerprint) in self._api_keys

    def add_api_key(self, environment: str, fingerprint: str, /) -> None:
        """Note that an API key is this account's."""
        if (row := (environment, fingerprint)) not in self._api_keys:
            self._undo.append(lambda: self._api_keys.remove(row))
            self._api_keys.add(row)

    # --- what there is -----------------------------------------------------------------------------------------------

    def entry(self, key: str, /) -> Entry | None:
        """Return all about a key."""
        if (ids := self._keys.get(key)) is None:
            return None
        records = tuple(self._records[attempt_id] for attempt_id in ids)
        return Entry(key, records[0].attempt.transfer, records)

    def entries(self) -> list[Entry]:
        """Return all about all keys."""
        return [entry for key in self._keys if (entry := self.entry(key))]

    def attempts_since(
        self, since_ms: int, after: PageCursor | None = None, /
    ) -> tuple[list[AttemptRecord], PageCursor | None]:
        """Return a page of the attempts that were recorded since then, and where the next page begins."""
        start = bisect_right(self._in_order, after) if after else bisect_left(self._in_order, (since_ms, ""))
        places = self._in_order[start : start + _PAGE]
        found = [self._records[attempt_id] for _, attempt_id in places]
        return found, places[-1] if len(places) == _PAGE else None

    def attempt(self, attempt_id: str, /) -> AttemptRecord | None:
        """Return all about an attempt."""
        return self._records.get(attempt_id)

    def open_attempts(self) -> list[AttemptRecord]:
        """Return the attempts without a verdict, oldest first."""
        return [self._records[attempt_id] for attempt_id in sorted(self._open, key=self._open.__getitem__)]

    def open_alike(self, transfer: Transfer, /) -> list[AttemptRecord]:
        """Return the attempts without a verdict that history could not tell from a transfer."""
        return [self._records[attempt_id] for attempt_id in self._alike.get(_alike_mark(transfer), ())]

    def moved_between(self, asset: str, start_ms: int, end_ms: int, /) -> list[Decimal]:
        """Return the amounts of all that moved or may have moved in windows that touch a time."""
        ends = self._ends.get(asset, [])
        touching = (self._records[attempt_id] for _, attempt_id in ends[bisect_left(ends, (start_ms, "")) :])
        return [
            record.attempt.transfer.amount
            for record in touching
            if record.window_start_ms <= end_ms and record.state != "not_moved"
        ]

    def owners(self, ids: Collection[int], /) -> dict[int, str]:
        """Return id → attempt for those ids of the exchange that belong to one."""
        owners = self._owners
        return {tran_id: owners[tran_id] for tran_id in ids if tran_id in owners}

    def once_named(self, ids: Collection[int], attempt_id: str, /) -> frozenset[int]:
        """Return those ids that a verdict on another attempt, or an answer to one, has ever named."""
        named = self._named
        return frozenset(tran_id for tran_id in ids if any(holder != attempt_id for holder in named.get(tran_id, ())))

    def repeated(self, since_ms: int, /) -> list[AttemptRecord]:
        """Return the attempts that moved of each key of which several did, one of them recorded since then."""
        by_key = [[self._records[each] for each in ids] for ids in self._keys.values() if len(ids) > 1]
        moved = [[record for record in records if record.state == "moved"] for records in by_key]
        return [
            record
            for records in moved
            if len(records) > 1 and any(each.opened_ms >= since_ms for each in records)
            for record in records
        ]

    def canary(self, transfer: Transfer, attempt_id: str, since_ms: int, /) -> AttemptRecord | None:
        """Return the newest other attempt of a transfer's query that was answered with an id and is no older."""
        for timestamp_ms, other in reversed(self._answered.get(_query_mark(transfer), ())):
            if other != attempt_id:
                return self._records[other] if timestamp_ms >= since_ms else None
        return None

    # --- what is recorded --------------------------------------------------------------------------------------------

    def add(self, record: AttemptRecord, /) -> None:
        """Record a new attempt, and its key if that is new."""
        attempt_id = record.attempt.id
        if attempt_id in self._records:
            raise JournalFailed(f"the attempt {attempt_id} is there already")
        ids = self._keys.setdefault(record.key, [])
        # A key keeps the transfer of its first attempt, as the table of keys does.
        if ids and (first := self._records[ids[0]].attempt.transfer) is not record.attempt.transfer:
            record = evolve(record, attempt=evolve(record.attempt, transfer=first))
        place, end = (record.opened_ms, attempt_id), (record.window_end_ms, attempt_id)
        ends = self._ends.setdefault(record.attempt.transfer.asset, [])

        def take_back() -> None:
            self._unlist(record)
            ids.remove(attempt_id)
            if not ids:
                del self._keys[record.key]
            self._in_order.remove(place)
            ends.remove(end)
            del self._records[attempt_id]

        self._undo.append(take_back)
        ids.append(attempt_id)
        insort(self._in_order, place)
        insort(ends, end)
        self._records[attempt_id] = record
        self._list(record)

    def add_verdict(self, attempt_id: str, verdict: VerdictRecord, /) -> None:
        """Record a verdict on an attempt; what it says is from now on the attempt's state and id."""
        before, tran_id = self._known(attempt_id), verdict.tran_id
        if tran_id is not None and self.is_taken(tran_id, attempt_id):
            raise JournalFailed(f"the id {tran_id} belongs to another attempt")
        self._replace(before, before.judged(verdict))
        self._name(tran_id, attempt_id)
        if self._database.story.listens and verdict.verdict in _TOLD:
            id_ = [] if tran_id is None else [TranId(tran_id)]
            template = f"{{}} of {{}} is now {verdict.state} ({verdict.verdict})" + ", {}" * len(id_)
            self._database.story.tell("the journal", template, before.attempt, before.key, *id_)

    def add_answer(self, attempt_id: str, answer: AnswerRecord, /) -> None:
        """Record an answer to an attempt."""
        before, tran_id = self._known(attempt_id), answer.tran_id
        self._replace(before, evolve(before, answers=(*before.answers, answer)))
        self._name(tran_id, attempt_id)
        if tran_id is not None and not before.answered_ids:
            answered = self._answered.setdefault(_query_mark(before.attempt.transfer), [])
            row = (before.timestamp_ms, attempt_id)
            self._undo.append(lambda: answered.remove(row))
            insort(answered, row)

    def is_taken(self, tran_id: int, attempt_id: str) -> bool:
        """Tell whether an id is on another attempt: the unique index of the tables."""
        return self._owners.get(tran_id, attempt_id) != attempt_id

    def _known(self, attempt_id: str) -> AttemptRecord:
        if (record := self._records.get(attempt_id)) is None:
            raise JournalFailed(f"there is no attempt {attempt_id}")
        return record

    def _name(self, tran_id: int | None, attempt_id: str) -> None:
        if tran_id is not None:
            holders = self._named.setdefault(tran_id, [])
            self._undo.append(holders.pop)
            holders.append(attempt_id)

    def _replace(self, before: AttemptRecord, after: AttemptRecord) -> None:
        def take_back() -> None:
            self._put(after, before)

        self._undo.append(take_back)
        self._put(before, after)

    def _put(self, before: AttemptRecord, after: AttemptRecord) -> None:
        self._unlist(before)
        self._records[after.attempt.id] = after
        self._list(after)

    def _list(self, record: AttemptRecord) -> None:
        """Let an attempt be found by its state and by its id of the exchange."""
        attempt_id = record.attempt.id
        if record.tran_id is not None:
            self._owners[record.tran_id] = attempt_id
        if record.state == "open":
            self._open[attempt_id] = record.opened_ms
            self._alike.setdefault(_alike_mark(record.attempt.transfer), []).append(attempt_id)

    def _unlist(self, record: AttemptRecord) -> None:
        attempt_id = record.attempt.id
        if record.tran_id is not None:
            self._owners.pop(record.tran_id, None)
        if record.state == "open":
            del self._open[attempt_id]
            self._alike[_alike_mark(record.attempt.transfer)].remove(attempt_id)


def _alike_mark(transfer: Transfer) -> object:
    return transfer.type, transfer.asset, transfer.amount


def _query_mark(transfer: Transfer) -> object:
    return transfer.type, transfer.from_symbol, transfer.to_symbol, transfer.checked


class MemoryJournal:
    """What a session needs of a journal: one account's records, changed in transactions."""

    def __init__(self, database: Database, account: str) -> None:
        self.account: Final = account
        self._records: Final = database.records(account)

    def transact(self, change: Callable[[MemoryTransaction], T], within_s: float = 0.0) -> T:
        """Run a change of this account's records alone."""
        del within_s  # transactions take no time here
        return self._records.transact(change)

    def read(self, look: Callable[[MemoryTransaction], T], within_s: float = 0.0) -> T:
        """Look at one committed state."""
        del within_s
        return look(self._records)

    def follow(self, clock: ServerClock) -> None:
        """Nobody asks this journal for the time."""

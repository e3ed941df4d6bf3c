"""The database in memory against SQLite: the same operations, the same results."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_transfer import bookkeeping
from binance_transfer.attempt import Attempt
from binance_transfer.bookkeeping import Recorded, Weight
from binance_transfer.books import Books
from binance_transfer.entries import AnswerRecord, AttemptRecord
from binance_transfer.errors import TransferError
from binance_transfer.journal import Journal
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from simulator.books import Database, MemoryJournal

Operation = Callable[[Books, int], Any]

_START_MS = 1_700_006_390_000  # ten seconds before midnight
_TRANSFERS = [
    Transfer("MAIN_UMFUTURE", "USDT", "1"),
    Transfer("MAIN_UMFUTURE", "USDT", "1.0"),
    Transfer("MAIN_FUNDING", "USDT", "2.50"),
    Transfer("MARGIN_ISOLATEDMARGIN", "BNB", "1", to_symbol="BTCUSDT"),
]
_POLICY = Policy(max_per_day={"USDT": "4"})
_ATTEMPTS = st.integers(0, 5)
_KEYS = st.sampled_from(["a", "b", "c"])
_IDS = st.one_of(st.none(), st.integers(1, 4))


def _attempt(number: int) -> Attempt:
    return Attempt(_TRANSFERS[number % len(_TRANSFERS)], _START_MS + number * 4_000, 5_000, f"attempt-{number}")


def _begin(key: str, number: int) -> Operation:
    return lambda books, now_ms: bookkeeping.begin(books, key, _attempt(number), 3_000, _POLICY, now_ms)


def _answer(number: int, tran_id: int | None, verdict: Any) -> Operation:
    def answered(books: Books, now_ms: int) -> Recorded:
        answer = AnswerRecord(now_ms, "Receipt", 200, None, "", tran_id)
        return bookkeeping.record_answer(books, _attempt(number), answer, verdict, Weight(900))

    return answered


def _close(number: int, tran_id: int | None) -> Operation:
    return lambda books, now_ms: bookkeeping.close(books, _attempt(number), "found", now_ms, tran_id, "seen")


def _resolve(key: str, tran_id: int | None) -> Operation:
    return lambda books, now_ms: bookkeeping.resolve(books, key, tran_id, "looked", now_ms)


def _bind(uid: int) -> Operation:
    return lambda books, _: bookkeeping.bind(books, "https://exchange.invalid", uid)


def _halt(reason: str) -> Operation:
    return lambda books, _: books.put_account(evolve(books.account(), halted=reason))


def _add(key: str, number: int) -> Operation:
    def add(books: Books, now_ms: int) -> None:
        known = books.entry(key)
        attempt = evolve(_attempt(number), transfer=known.transfer) if known else _attempt(number)
        books.add(AttemptRecord(attempt, key, now_ms, now_ms + 8_000))

    return add


def _put(number: int, tran_id: int | None) -> Operation:
    def put(books: Books, now_ms: int) -> None:
        state = "moved" if tran_id else "open"
        books.put(AttemptRecord(_attempt(number), "", 0, 0, state, tran_id, "found", now_ms, "put"))  # type: ignore[arg-type]

    return put


def _abandoned(operation: Operation) -> Operation:
    """An operation that is done and then taken back."""

    def abandoned(books: Books, now_ms: int) -> None:
        operation(books, now_ms)
        raise ZeroDivisionError

    return abandoned


_CHANGES: st.SearchStrategy[Operation] = st.one_of(
    st.builds(_begin, _KEYS, _ATTEMPTS),
    st.builds(_begin, _KEYS, _ATTEMPTS),
    st.builds(_answer, _ATTEMPTS, _IDS, st.sampled_from([None, "accepted", "refused"])),
    st.builds(_close, _ATTEMPTS, _IDS),
    st.builds(_resolve, _KEYS, _IDS),
    st.builds(_bind, st.integers(1, 2)),
    st.builds(_halt, st.sampled_from(["", "", "maintenance"])),
    st.builds(_add, _KEYS, _ATTEMPTS),
    st.builds(_put, _ATTEMPTS, _IDS),
)
_OPERATIONS = st.one_of(_CHANGES, _CHANGES, st.builds(_abandoned, _CHANGES))


def _all(books: Books) -> dict[str, object]:
    """Everything that can be asked; what has no order of its own is sorted."""
    return {
        "account": books.account(),
        "keys": [books.entry(key) for key in "abc"],
        "entries": sorted(books.entries(), key=lambda entry: entry.key),
        "attempts": [books.attempt(_attempt(number).id) for number in range(6)],
        "open": sorted(books.open_attempts(), key=lambda record: record.attempt.id),
        "moved": [sorted(books.moved_since("USDT", _START_MS + since_ms)) for since_ms in (0, 9_000, 30_000)],
        "owners": [books.owner(tran_id) for tran_id in range(1, 5)],
        "others": [books.ids_of_others(_attempt(number).id) for number in range(7)],
    }


def _result(journal: Any, operation: Operation, now_ms: int) -> object:
    try:
        result = journal.transact(lambda books: operation(books, now_ms))
    except (TransferError, ZeroDivisionError) as error:
        return type(error).__name__
    return result


@given(st.lists(st.tuples(st.booleans(), _OPERATIONS), max_size=25))
@settings(max_examples=20, deadline=None)
def test_both_databases_say_the_same(operations: list[tuple[bool, Operation]]) -> None:
    """Whatever is done, with rollbacks in between and on two accounts, leaves both with the same books."""
    with tempfile.TemporaryDirectory() as folder:
        url, database = f"sqlite:///{Path(folder) / 'journal.db'}", Database()
        names = ("treasury", "savings")
        real = [Journal(url, account=name) for name in names]
        simulated = [MemoryJournal(database, name) for name in names]
        try:
            for moment, (which, operation) in enumerate(operations):
                now_ms = _START_MS + moment * 3_000
                expected = _result(real[which], operation, now_ms)
                assert _result(simulated[which], operation, now_ms) == expected
            for journal, memory in zip(real, simulated, strict=True):
                assert memory.transact(_all) == journal.transact(_all)
        finally:
            for journal in real:
                journal.close()


def test_a_failed_change_leaves_nothing() -> None:
    """A new key, its attempt and its amount are gone when the transaction fails."""
    journal = MemoryJournal(Database(), "treasury")
    with pytest.raises(ZeroDivisionError):
        journal.transact(lambda books: _abandoned(_begin("a", 0))(books, _START_MS))
    assert journal.transact(lambda books: (books.entry("a"), books.moved_since("USDT", 0))) == (None, [])

"""The database in memory against SQLite: the same operations, the same results."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_transfer.attempt import Attempt
from binance_transfer.errors import TransferError
from binance_transfer.journal import Journal, manual, rules
from binance_transfer.journal.pacing import Weight
from binance_transfer.journal.records import AnswerRecord, AttemptRecord, VerdictRecord
from binance_transfer.journal.rules import Recorded
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from simulator.database import Database, MemoryJournal

Operation = Callable[[JournalTransaction, int], Any]

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
    attempt = _attempt(number)
    return lambda journal, now_ms: rules.begin(
        journal, key, attempt, lambda: attempt, 3_000, _POLICY, lambda: max(now_ms, attempt.timestamp_ms)
    )


def _answer(number: int, tran_id: int | None, verdict: Any) -> Operation:
    def answered(journal: JournalTransaction, now_ms: int) -> Recorded:
        answer = AnswerRecord(now_ms, "Receipt", 200, None, "", tran_id)
        return rules.record_answer(journal, _attempt(number), answer, verdict, Weight(900))

    return answered


def _close(number: int, opening: int, tran_id: int | None) -> Operation:
    return lambda journal, now_ms: rules.close(
        journal, _attempt(number), opening, "found" if tran_id else "absent", now_ms, tran_id, "seen"
    )


def _resolve(key: str, tran_id: int | None) -> Operation:
    return lambda journal, now_ms: manual.resolve(journal, key, tran_id, "looked", now_ms + 30_000)


def _correct(key: str, number: int, tran_id: int | None) -> Operation:
    attempt_id = _attempt(number).id
    return lambda journal, now_ms: manual.correct(journal, key, tran_id, "again", attempt_id, now_ms + 30_000)


def _bind(uid: int, fingerprint: str) -> Operation:
    return lambda journal, _: rules.bind(journal, "https://exchange.invalid", uid, fingerprint)


def _halt(reason: str) -> Operation:
    return lambda journal, _: manual.halt(journal, reason)


def _add(key: str, number: int) -> Operation:
    def add(journal: JournalTransaction, now_ms: int) -> None:
        known = journal.entry(key)
        attempt = evolve(_attempt(number), transfer=known.transfer) if known else _attempt(number)
        journal.add(AttemptRecord(attempt, key, now_ms, now_ms - 5_000, now_ms + 8_000))

    return add


def _judge(number: int, tran_id: int | None) -> Operation:
    def judge(journal: JournalTransaction, now_ms: int) -> None:
        verdict = VerdictRecord(now_ms, "found" if tran_id else "reopened", "moved" if tran_id else "open", tran_id, "")
        journal.add_verdict(_attempt(number).id, verdict)

    return judge


def _abandoned(operation: Operation) -> Operation:
    """An operation that is done and then taken back."""

    def abandoned(journal: JournalTransaction, now_ms: int) -> None:
        operation(journal, now_ms)
        raise ZeroDivisionError

    return abandoned


_CHANGES: st.SearchStrategy[Operation] = st.one_of(
    st.builds(_begin, _KEYS, _ATTEMPTS),
    st.builds(_begin, _KEYS, _ATTEMPTS),
    st.builds(_answer, _ATTEMPTS, _IDS, st.sampled_from([None, "refused"])),
    st.builds(_close, _ATTEMPTS, st.integers(1, 2), _IDS),
    st.builds(_resolve, _KEYS, _IDS),
    st.builds(_correct, _KEYS, _ATTEMPTS, _IDS),
    st.builds(_bind, st.integers(1, 2), st.sampled_from(["one", "other"])),
    st.builds(_halt, st.sampled_from(["", "", "maintenance"])),
    st.builds(_add, _KEYS, _ATTEMPTS),
    st.builds(_judge, _ATTEMPTS, _IDS),
)
_OPERATIONS = st.one_of(_CHANGES, _CHANGES, st.builds(_abandoned, _CHANGES))


def _all(journal: JournalTransaction) -> dict[str, object]:
    """Everything that can be asked; what has no order of its own is sorted."""
    numbers, ids = range(7), range(1, 5)
    return {
        "account": journal.account(),
        "api keys": [journal.knows_api_key("https://exchange.invalid", name) for name in ("one", "other")],
        "names": [journal.name_of("https://exchange.invalid", uid) for uid in (1, 2, 3)],
        "keys": [journal.entry(key) for key in "abc"],
        "in order": journal.attempts_since(_START_MS + 9_000),
        "attempts": [journal.attempt(_attempt(number).id) for number in numbers],
        "open": sorted(journal.open_attempts(), key=lambda record: record.attempt.id),
        "alike": [
            sorted(journal.open_alike(transfer), key=lambda record: record.attempt.id) for transfer in _TRANSFERS
        ],
        "moved": [
            sorted(journal.moved_between("USDT", _START_MS + at_ms, _START_MS + at_ms + 5_000))
            for at_ms in (0, 9_000, 30_000)
        ],
        "owners": journal.owners(ids),
        "once named": [journal.once_named(ids, _attempt(number).id) for number in numbers],
        "repeated": sorted(journal.repeated(_START_MS + 9_000), key=lambda record: record.attempt.id),
        "canaries": [
            journal.canary(transfer, _attempt(number).id, _START_MS + 4_000)
            for transfer in _TRANSFERS
            for number in numbers
        ],
    }


def _result(journal: Any, operation: Operation, now_ms: int) -> object:
    try:
        result = journal.transact(lambda transaction: operation(transaction, now_ms))
    except (TransferError, ZeroDivisionError, rules.Superseded) as error:
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
        journal.transact(lambda transaction: _abandoned(_begin("a", 0))(transaction, _START_MS))
    assert journal.read(_all) == MemoryJournal(Database(), "treasury").read(_all)

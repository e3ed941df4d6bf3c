"""What is recorded when, inside one transaction: rules without a network."""

from decimal import Decimal
from typing import Any, TypeVar, cast

import pytest
from attrs import evolve

import binance_transfer as bt
from binance_transfer import flows, keyed
from binance_transfer.clock import Instant
from binance_transfer.journal import rules
from binance_transfer.journal.audit import fits
from binance_transfer.journal.records import AccountRecord, AnswerRecord, AttemptRecord
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer_api.api.asset.universal_transfer import WEIGHT, WEIGHT_LIMIT
from tests.journal.conftest import Database, OpenJournal

T = TypeVar("T")
MINUTE_MS = 1_700_000_040_000


def begin(journal: bt.Journal, amount: int, now_ms: int) -> Any:
    attempt = bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", amount), now_ms, 5000)
    key = f"k{amount}"
    return journal.transact(lambda books: rules.begin(books, key, attempt, 30_000, bt.Policy(), now_ms))


def answered(journal: bt.Journal, begun: Any, used: int, silent_until_ms: int = 0) -> AccountRecord:
    """Let an attempt be answered with a figure in the header, and return what the workers know then."""
    accepted = not silent_until_ms
    answer = AnswerRecord(MINUTE_MS, "", None, None, "", used if accepted else None)
    weight = rules.Weight(used, silent_until_ms)
    verdict: Any = "accepted" if accepted else "refused"
    journal.transact(lambda books: rules.record_answer(books, begun.attempt, answer, verdict, weight))
    return journal.transact(lambda books: books.account())


@pytest.mark.parametrize(
    ("figures", "cost"),
    [
        ([100, 200, 300], 100),  # less than the spec says
        ([5_000], WEIGHT),  # a stranger has used the account: one figure says nothing
        ([100, 1_001], 500),  # no more than all there is, by those that were answered
        ([1_000, 2_000, 4_000], 1_333),  # what came on top, by all that began but one, and at most a share of all
        ([100, 100_100], 18_000),  # strangers do not stop everybody: ten a minute are tried
        ([5_000, 5_000], WEIGHT),
    ],
)
def test_the_cost_of_a_call_is_learned_from_the_headers(figures: list[int], cost: int, journal: bt.Journal) -> None:
    begun = [begin(journal, number + 1, MINUTE_MS) for number in range(len(figures))]
    known = [answered(journal, attempt, used) for attempt, used in zip(begun, figures, strict=True)]
    assert known[-1].weight == cost


def test_what_was_learned_outlasts_the_minute(journal: bt.Journal) -> None:
    """600 calls of 300 fit into a minute. Where one costs 100, the next minute's 1799th is not kept waiting."""
    answered(journal, begin(journal, 1, MINUTE_MS), 100)
    account = answered(journal, begin(journal, 2, MINUTE_MS + 60_000), WEIGHT_LIMIT - 200)
    assert (account.weight, account.started, account.answered) == (100, 1, 1)
    assert isinstance(begin(journal, 3, MINUTE_MS + 60_001), AttemptRecord)


def test_an_answer_of_the_minute_before_is_not_counted_in_this_one(journal: bt.Journal) -> None:
    late = begin(journal, 1, MINUTE_MS - 1)
    answered(journal, begin(journal, 2, MINUTE_MS), 900)
    assert answered(journal, late, WEIGHT_LIMIT).used == 900


def test_an_account_sees_nothing_of_another_one(open_journal: OpenJournal) -> None:
    """They share a database, and use the same key for the same transfer."""
    treasury, other = open_journal(), open_journal("other")
    moved = begin(treasury, 1, MINUTE_MS)
    answered(treasury, moved, 900)
    begin(treasury, 2, MINUTE_MS)
    mine = begin(other, 1, MINUTE_MS)

    def seen(books: JournalTransaction) -> dict[str, object]:
        key = books.entry("k1")
        return {
            "entry": key and key.attempts,
            "entries": [entry.key for entry in books.entries()],
            "attempt": books.attempt(moved.attempt.id),
            "open": books.open_attempts(),
            "moved": books.moved_since("USDT", 0),
            "owner": books.owner(900),
            "ids": books.ids_of_others(mine.attempt.id),
        }

    assert other.transact(seen) == {
        "entry": (mine,),
        "entries": ["k1"],
        "attempt": None,
        "open": [mine],
        "moved": [1],
        "owner": None,
        "ids": frozenset(),
    }


def test_transfers_under_way_are_counted(journal: bt.Journal) -> None:
    """Two calls cost 600. Where 700 are left, a third one waits until an answer says what there is."""
    answered(journal, begin(journal, 1, MINUTE_MS), WEIGHT_LIMIT - 700)
    begun = [begin(journal, amount, MINUTE_MS + 1) for amount in (2, 3, 4)]
    assert [isinstance(found, rules.Wait) for found in begun] == [False, False, True]
    assert "under way" in begun[2].reason


def test_what_was_refused_for_its_weight_cost_nothing(journal: bt.Journal) -> None:
    """The figure that comes with a 429 may be that of the minute before: it is not taken for this one's."""
    account = answered(journal, begin(journal, 1, MINUTE_MS), WEIGHT_LIMIT, silent_until_ms=MINUTE_MS + 1_000)
    assert (account.started, account.answered, account.used) == (0, 0, 0)
    found = begin(journal, 1, MINUTE_MS + 500)
    assert (found.seconds, found.reason) == (0.5, "the exchange asked for silence")
    assert isinstance(begin(journal, 1, MINUTE_MS + 1_000), AttemptRecord)


def test_a_worker_whose_clock_lags_does_not_turn_the_minute_back(journal: bt.Journal, database: Database) -> None:
    """It may have waited for the database while others began a new minute."""
    journal.resume()  # the books of an account begin with the first change
    database(f"UPDATE binance_transfer_accounts SET minute = {MINUTE_MS // 60_000}, used = 180000")
    found = begin(journal, 1, MINUTE_MS - 10)
    assert isinstance(found, rules.Wait)
    assert found.seconds == pytest.approx(61.01)


def test_an_answer_that_comes_later_does_not_end_a_silence(journal: bt.Journal) -> None:
    first, second = begin(journal, 1, MINUTE_MS), begin(journal, 2, MINUTE_MS)
    answered(journal, first, 900, silent_until_ms=MINUTE_MS + 9_000)
    answered(journal, second, 1_800)
    assert begin(journal, 3, MINUTE_MS + 1).reason == "the exchange asked for silence"


def test_a_twin_waits_until_the_last_moment_of_the_window_is_over(journal: bt.Journal) -> None:
    """Its own window begins two seconds before its timestamp, and both ends are inclusive."""
    first = begin(journal, 1, MINUTE_MS)

    def twin(timestamp_ms: int) -> object:
        attempt = bt.Attempt(first.attempt.transfer, timestamp_ms, 5_000)
        return journal.transact(lambda books: rules.begin(books, "twin", attempt, 30_000, bt.Policy(), timestamp_ms))

    assert isinstance(twin(first.window_end_ms + 2_000), rules.Wait)
    assert isinstance(twin(first.window_end_ms + 2_001), AttemptRecord)


def performed(journal: bt.Journal, flow: flows.Flow[T], alarms: list[str]) -> T:
    """Drive a flow that uses the books and the clock."""
    result: object = None
    while True:
        try:
            effect = flow.send(result)
        except StopIteration as stop:
            return cast("T", stop.value)
        match effect:
            case flows.Transaction(change):
                result = journal.transact(change)
            case flows.Alarm(text):
                alarms.append(text)
                result = None
            case _:
                result = Instant(0.0, MINUTE_MS, MINUTE_MS, due=False)


def test_a_row_that_another_worker_was_quicker_to_claim_is_not_claimed_twice(journal: bt.Journal) -> None:
    """Between reading whose the ids are and claiming one, somebody else has claimed it: an alarm, and no verdict."""
    first, second = begin(journal, 1, MINUTE_MS), begin(journal, 2, MINUTE_MS)
    answered(journal, first, 7)
    alarms: list[str] = []
    assert performed(journal, keyed.JournalClaims().claim(second.attempt, 7), alarms) is False
    assert len(alarms) == 1
    found = journal.get("k2")
    assert found is not None
    assert found.state == "open"


def test_ids_of_windows_that_only_just_touch_are_anothers(journal: bt.Journal) -> None:
    first = begin(journal, 1, MINUTE_MS)
    answered(journal, begin(journal, 2, first.window_end_ms + 1_000), 7)
    assert journal.transact(lambda books: books.ids_of_others(first.attempt.id)) == {7}


def test_a_row_outside_the_window_contradicts_nothing(journal: bt.Journal) -> None:
    record = begin(journal, 1, MINUTE_MS)
    row = bt.TransferRecord(1, "MAIN_UMFUTURE", "USDT", Decimal(1), "CONFIRMED", 0)
    moments = (MINUTE_MS - 2_001, MINUTE_MS - 2_000, record.window_end_ms, record.window_end_ms + 1)
    assert [fits(record, evolve(row, timestamp_ms=moment)) for moment in moments] == [False, True, True, False]

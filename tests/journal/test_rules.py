"""What is recorded when, inside one transaction: rules without a network."""

import contextlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import pytest

import binance_transfer as bt
from binance_transfer.journal import manual, rules
from binance_transfer.journal.pacing import Wait, Weight
from binance_transfer.journal.records import AccountRecord, AnswerRecord, AttemptRecord, VerdictRecord
from binance_transfer.journal.sql_transaction import SqlTransaction
from binance_transfer_api.api.asset.universal_transfer import WEIGHT, WEIGHT_LIMIT
from tests.journal.conftest import Database, OpenJournal

T = TypeVar("T")
MINUTE_MS = 1_700_000_040_000
DAY_MS = 24 * 3_600_000
FREE = bt.Policy()


def begin(
    journal: bt.Journal,
    amount: int | str,
    now_ms: int,
    *,
    key: str = "",
    policy: bt.Policy = FREE,
    recv_window_ms: int = 5_000,
    transfer: bt.Transfer | None = None,
) -> Any:
    transfer = transfer or bt.Transfer("MAIN_UMFUTURE", "USDT", amount)
    make = lambda: bt.Attempt(transfer, now_ms, recv_window_ms)  # noqa: E731
    return journal.transact(
        lambda inside: rules.begin(inside, key or f"k{amount}", transfer, make, 30_000, policy, lambda: now_ms)
    )


def answer(
    journal: bt.Journal,
    begun: AttemptRecord,
    tran_id: int | None,
    *,
    at_ms: int = MINUTE_MS,
    verdict: Any = None,
    weight: Weight = Weight(),  # noqa: B008  # a frozen value
) -> rules.Recorded:
    verdict = "accepted" if tran_id is not None else verdict
    told = AnswerRecord(at_ms, "", None, None, "", tran_id)
    return journal.transact(lambda inside: rules.record_answer(inside, begun.attempt, told, verdict, weight))


def weighed(journal: bt.Journal, begun: AttemptRecord, used: int, silent_until_ms: int = 0) -> AccountRecord:
    """Let an attempt be answered with a figure in the header, and return what the workers know then."""
    tran_id, verdict = (None, "refused") if silent_until_ms else (used, None)
    answer(journal, begun, tran_id, verdict=verdict, weight=Weight(used, silent_until_ms))
    return journal.read(lambda inside: inside.account())


def close(
    journal: bt.Journal, record: AttemptRecord, verdict: Any, tran_id: int | None = None, *, at_ms: int = MINUTE_MS
) -> rules.Recorded:
    return journal.transact(
        lambda inside: rules.close(inside, record.attempt, record.opening, verdict, at_ms, tran_id, "")
    )


def now_of(journal: bt.Journal, record: AttemptRecord) -> AttemptRecord:
    """The attempt as it is recorded by now."""
    found = journal.read(lambda inside: inside.attempt(record.attempt.id))
    assert found is not None
    return found


def verdicts(journal: bt.Journal, record: AttemptRecord) -> list[tuple[str, str, int | None]]:
    return [(each.verdict, each.state, each.tran_id) for each in now_of(journal, record).verdicts]


# --- pacing ----------------------------------------------------------------------------------------------------------


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
    known = [weighed(journal, attempt, used) for attempt, used in zip(begun, figures, strict=True)]
    assert known[-1].weight == cost


def test_what_was_learned_outlasts_the_minute(journal: bt.Journal) -> None:
    """600 calls of 300 fit into a minute. Where one costs 100, the next minute's 1799th is not kept waiting."""
    weighed(journal, begin(journal, 1, MINUTE_MS), 100)
    account = weighed(journal, begin(journal, 2, MINUTE_MS + 60_000), WEIGHT_LIMIT - 200)
    assert (account.weight, account.started, account.answered) == (100, 1, 1)
    assert isinstance(begin(journal, 3, MINUTE_MS + 60_001), AttemptRecord)


def test_an_answer_of_the_minute_before_is_not_counted_in_this_one(journal: bt.Journal) -> None:
    late = begin(journal, 1, MINUTE_MS - 1)
    weighed(journal, begin(journal, 2, MINUTE_MS), 900)
    assert weighed(journal, late, WEIGHT_LIMIT).used == 900


def test_transfers_under_way_are_counted(journal: bt.Journal) -> None:
    """Two calls cost 600. Where 700 are left, a third one waits until an answer says what there is."""
    weighed(journal, begin(journal, 1, MINUTE_MS), WEIGHT_LIMIT - 700)
    begun = [begin(journal, amount, MINUTE_MS + 1) for amount in (2, 3, 4)]
    assert [isinstance(found, Wait) for found in begun] == [False, False, True]
    assert "under way" in begun[2].reason


def test_what_was_refused_for_its_weight_cost_nothing(journal: bt.Journal) -> None:
    """The figure that comes with a 429 may be that of the minute before: it is not taken for this one's."""
    account = weighed(journal, begin(journal, 1, MINUTE_MS), WEIGHT_LIMIT, silent_until_ms=MINUTE_MS + 1_000)
    assert (account.started, account.answered, account.used) == (0, 0, 0)
    found = begin(journal, 1, MINUTE_MS + 500)
    assert (found.seconds, found.reason, found.asked) == (0.5, "the exchange asked for silence", True)
    assert isinstance(begin(journal, 1, MINUTE_MS + 1_000), AttemptRecord)


@pytest.mark.parametrize("lag_ms", [10, 61_000, 3_600_000])
def test_a_worker_whose_clock_lags_does_not_turn_the_minute_back(
    lag_ms: int, journal: bt.Journal, database: Database
) -> None:
    """It waits as the others do, and the minute that they count stays."""
    journal.resume()  # the records of an account begin with the first change
    database(f"UPDATE binance_transfer_v2_accounts SET minute = {MINUTE_MS // 60_000}, used = {WEIGHT_LIMIT}")
    found = begin(journal, 1, MINUTE_MS - lag_ms)
    assert isinstance(found, Wait)
    assert found.seconds == pytest.approx(61 + lag_ms / 1000)
    assert journal.read(lambda inside: inside.account()).minute == MINUTE_MS // 60_000


def test_an_answer_that_comes_later_does_not_end_a_silence(journal: bt.Journal) -> None:
    first, second = begin(journal, 1, MINUTE_MS), begin(journal, 2, MINUTE_MS)
    weighed(journal, first, 900, silent_until_ms=MINUTE_MS + 9_000)
    weighed(journal, second, 1_800)
    assert begin(journal, 3, MINUTE_MS + 1).reason == "the exchange asked for silence"


def test_resume_ends_a_silence(journal: bt.Journal) -> None:
    weighed(journal, begin(journal, 1, MINUTE_MS), 900, silent_until_ms=MINUTE_MS + 9_000)
    journal.resume()
    assert isinstance(begin(journal, 2, MINUTE_MS + 1), AttemptRecord)


# --- windows ---------------------------------------------------------------------------------------------------------


def test_both_ends_of_the_window_are_recorded(journal: bt.Journal) -> None:
    """Five seconds before the timestamp; the receive window and 30 s to settle after it."""
    record = now_of(journal, begin(journal, 1, MINUTE_MS))
    assert (record.window_start_ms, record.window_end_ms) == (MINUTE_MS - 5_000, MINUTE_MS + 35_000)


@pytest.mark.parametrize(("after_end_ms", "kind"), [(0, Wait), (4_999, Wait), (5_000, Wait), (5_001, AttemptRecord)])
def test_windows_of_identical_transfers_never_touch(after_end_ms: int, kind: type, journal: bt.Journal) -> None:
    """The later window begins five seconds before its timestamp, and both ends are inclusive."""
    first = begin(journal, 1, MINUTE_MS)
    assert isinstance(begin(journal, 1, first.window_end_ms + after_end_ms, key="later"), kind)


def test_an_identical_transfer_waits_just_long_enough(journal: bt.Journal) -> None:
    first = begin(journal, 1, MINUTE_MS)
    wait = begin(journal, 1, MINUTE_MS + 1, key="later")
    assert isinstance(begin(journal, 1, MINUTE_MS + 1 + int(wait.seconds * 1000), key="later"), AttemptRecord)
    assert wait.seconds * 1000 < first.window_end_ms - MINUTE_MS + 5_100


@pytest.mark.parametrize(
    ("text", "waits"), [("1", True), ("1.0", True), ("1.00000000", True), ("1.00000001", False), ("10", False)]
)
def test_amounts_are_identical_as_numbers(text: str, waits: bool, journal: bt.Journal) -> None:
    begin(journal, 1, MINUTE_MS)
    assert isinstance(begin(journal, text, MINUTE_MS, key="later"), Wait) == waits


# --- the day ---------------------------------------------------------------------------------------------------------


def spent(journal: bt.Journal, now_ms: int, amount: str, recv_window_ms: int = 5_000, **more: Any) -> bool:
    """Whether so much may be sent then, where 100 USDT a day are allowed. What may be sent is accepted."""
    policy = bt.Policy(max_per_day={"USDT": "100"})
    key = f"{now_ms}-{amount}"
    try:
        begun = begin(journal, amount, now_ms, key=key, policy=policy, recv_window_ms=recv_window_ms, **more)
    except bt.PolicyDenied:
        return False
    assert isinstance(begun, AttemptRecord)
    return True


MIDNIGHT_MS = (MINUTE_MS // DAY_MS + 1) * DAY_MS


@pytest.mark.parametrize(
    ("first_ms", "first_window_ms", "second_ms", "second_window_ms", "allowed"),
    [
        (-3_600_000, 5_000, 3_600_000, 5_000, True),  # one on each day
        (-3_600_000, 5_000, -1_800_000, 5_000, False),
        (-50_000, 60_000, 10_000, 1_000, False),  # the first may execute after midnight
        (-50_000, 1_000, 10_000, 1_000, True),  # it may not: its window ends before
        (-50_000, 60_000, 10_000, 60_000, False),
        (4_000, 1_000, 20_000, 60_000, False),
        (6_000, 1_000, -100_000, 60_000, True),  # a worker that lags: its window is over at midnight
        (6_000, 1_000, -60_000, 60_000, False),
    ],
)
def test_a_day_is_counted_by_the_windows_that_are_recorded(
    first_ms: int, first_window_ms: int, second_ms: int, second_window_ms: int, allowed: bool, journal: bt.Journal
) -> None:
    """Two workers with unlike receive windows do not pass a limit around midnight together."""
    assert spent(journal, MIDNIGHT_MS + first_ms, "99", first_window_ms)
    assert spent(journal, MIDNIGHT_MS + second_ms, "98", second_window_ms) == allowed


def test_an_asset_that_is_spelt_otherwise_is_counted(journal: bt.Journal) -> None:
    """Unchecked transfers may spell an asset as they like; it is the same money."""
    small = bt.Transfer.unchecked("MAIN_UMFUTURE", "usdt", "99")
    assert spent(journal, MINUTE_MS, "99", transfer=small)
    assert not spent(journal, MINUTE_MS, "98")


def test_an_asset_that_is_spelt_otherwise_is_limited(journal: bt.Journal) -> None:
    assert spent(journal, MINUTE_MS, "99")
    assert not spent(journal, MINUTE_MS, "98", transfer=bt.Transfer.unchecked("MAIN_UMFUTURE", "us-dt", "98"))


def test_what_moved_nothing_is_not_counted(journal: bt.Journal) -> None:
    begun = begin(journal, 99, MINUTE_MS)
    answer(journal, begun, None, verdict="refused")
    assert spent(journal, MINUTE_MS, "98")


# --- late acceptance -------------------------------------------------------------------------------------------------


def absent(journal: bt.Journal, key: str = "k", amount: int = 1, now_ms: int = MINUTE_MS) -> AttemptRecord:
    """An attempt that is recorded as not moved, as it was when that was written."""
    record: AttemptRecord = begin(journal, amount, now_ms, key=key)
    close(journal, record, "absent")
    return record


def test_a_late_acceptance_claims_the_id_and_reopens(journal: bt.Journal) -> None:
    record = absent(journal)
    recorded = answer(journal, record, 7)
    assert (recorded.entry.state, now_of(journal, record).tran_id, now_of(journal, record).opening) == ("open", 7, 2)
    assert "accepted as 7" in recorded.alert


def test_a_slow_worker_does_not_write_over_a_reopened_attempt(journal: bt.Journal) -> None:
    """It began to look before the answer came, and saw nothing."""
    record = absent(journal)
    answer(journal, record, 7)
    with pytest.raises(rules.Superseded):
        close(journal, record, "absent")
    assert now_of(journal, record).state == "open"


@pytest.mark.parametrize("verdict", ["absent", "refused", "not-sent"])
def test_an_accepted_attempt_is_never_absent(verdict: str, journal: bt.Journal) -> None:
    record = absent(journal)
    answer(journal, record, 7)
    close(journal, now_of(journal, record), verdict)
    assert now_of(journal, record).state == "open"


@pytest.mark.parametrize(("verdict", "tran_id", "state"), [("found", 7, "moved"), ("failed", None, "not_moved")])
def test_the_row_of_an_accepted_attempt_closes_it(
    verdict: str, tran_id: int | None, state: str, journal: bt.Journal
) -> None:
    record = absent(journal)
    answer(journal, record, 7)
    close(journal, now_of(journal, record), verdict, tran_id)
    assert now_of(journal, record).state == state


def test_an_id_that_was_found_for_another_attempt_goes_to_the_answered_one(journal: bt.Journal) -> None:
    """The answer knows better than a look at history: the other one is open again, with an alert."""
    other = begin(journal, 2, MINUTE_MS)
    close(journal, other, "found", 7)
    record = absent(journal)
    recorded = answer(journal, record, 7)
    assert (now_of(journal, other).state, now_of(journal, other).tran_id) == ("open", None)
    assert (now_of(journal, record).state, now_of(journal, record).tran_id) == ("open", 7)
    assert f"id 7, found for attempt {other.attempt.id}" in recorded.alert


def test_the_answered_attempt_can_then_be_closed(journal: bt.Journal) -> None:
    """That a verdict once gave its id to another attempt does not count against it."""
    other = begin(journal, 2, MINUTE_MS)
    close(journal, other, "found", 7)
    record = absent(journal)
    answer(journal, record, 7)
    close(journal, now_of(journal, record), "found", 7)
    assert now_of(journal, record).state == "moved"


@pytest.mark.parametrize("first", ["absent", "open"])
@pytest.mark.parametrize("owner", ["accepted", "person"])
def test_an_id_that_is_surely_another_ones_is_left_to_a_person(owner: str, first: str, journal: bt.Journal) -> None:
    """Nobody may say any more that it moved nothing, nor that it moved."""
    other = begin(journal, 2, MINUTE_MS)
    if owner == "accepted":
        answer(journal, other, 7)
    else:
        close(journal, other, "person", 7)
    record = absent(journal) if first == "absent" else begin(journal, 1, MINUTE_MS, key="k")
    recorded = answer(journal, record, 7)
    assert (now_of(journal, other).state, now_of(journal, other).tran_id) == ("moved", 7)
    assert (recorded.entry.state, now_of(journal, record).tran_id) == ("open", None)
    assert "a person has to decide" in recorded.alert


def test_two_attempts_of_a_key_that_moved_are_told_and_the_first_verdict_counts(journal: bt.Journal) -> None:
    first = absent(journal)
    second = begin(journal, 1, MINUTE_MS + 60_000, key="k")
    answer(journal, second, 8, at_ms=MINUTE_MS + 60_000)
    answer(journal, first, 7, at_ms=MINUTE_MS + 60_001)
    recorded = close(journal, now_of(journal, first), "found", 7, at_ms=MINUTE_MS + 60_002)
    assert (recorded.entry.tran_id, recorded.alert) == (8, "key 'k' moved more than once")


def test_the_first_verdict_counts_also_where_a_later_one_is_dated_before_it(journal: bt.Journal) -> None:
    """The clocks of two workers are never the same; a key must not change its answer for that."""
    first = absent(journal)
    second = begin(journal, 1, MINUTE_MS + 60_000, key="k")
    answer(journal, second, 8, at_ms=MINUTE_MS + 60_000)
    answer(journal, first, 7, at_ms=MINUTE_MS + 59_000)
    recorded = close(journal, now_of(journal, first), "found", 7, at_ms=MINUTE_MS + 59_500)
    assert recorded.entry.tran_id == 8


def test_a_later_refusal_changes_no_verdict(journal: bt.Journal) -> None:
    record = begin(journal, 1, MINUTE_MS)
    close(journal, record, "found", 7)
    recorded = answer(journal, record, None, verdict="refused")
    assert (recorded.entry.state, "now it was refused" in recorded.alert) == ("moved", True)


def test_an_answer_that_is_recorded_twice_is_there_once(journal: bt.Journal) -> None:
    """Whoever does not know whether it was committed may try again."""
    record = begin(journal, 1, MINUTE_MS)
    answer(journal, record, 7)
    answer(journal, record, 7)
    assert (len(now_of(journal, record).answers), verdicts(journal, record)) == (1, [("accepted", "moved", 7)])


def test_verdicts_are_a_history(journal: bt.Journal) -> None:
    record = absent(journal)
    answer(journal, record, 7)
    close(journal, now_of(journal, record), "found", 7)
    assert verdicts(journal, record) == [("absent", "not_moved", None), ("reopened", "open", 7), ("found", "moved", 7)]


def test_an_id_that_a_verdict_once_named_is_not_found_for_another_attempt(journal: bt.Journal) -> None:
    first = begin(journal, 1, MINUTE_MS, key="k")
    close(journal, first, "found", 7)
    journal.transact(lambda inside: manual.correct(inside, "k", None, "it was not", None, first.window_end_ms + 1))
    second = begin(journal, 2, MINUTE_MS)
    assert close(journal, second, "found", 7).entry.state == "open"


def test_an_acceptance_that_an_older_program_overlooked_is_looked_for_first(journal: bt.Journal) -> None:
    """Versions up to 0.1 recorded such an answer and let the verdict stand, so the key would have been sent again."""
    record = begin(journal, 1, MINUTE_MS, key="k")

    def as_before(inside: SqlTransaction) -> None:
        inside.add_verdict(record.attempt.id, VerdictRecord(MINUTE_MS, "absent", "not_moved", None, ""))
        inside.add_answer(record.attempt.id, AnswerRecord(MINUTE_MS + 1, "Receipt", 200, None, "", 7))

    journal.transact(as_before)
    found = begin(journal, 1, MINUTE_MS + 60_000, key="k")
    assert isinstance(found, bt.Entry)
    assert (found.state, now_of(journal, record).tran_id) == ("open", 7)


@pytest.mark.parametrize("decided", ["failed", "person"])
def test_one_that_was_looked_for_is_not_looked_for_again(decided: str, journal: bt.Journal) -> None:
    record = absent(journal)
    answer(journal, record, 7)
    if decided == "failed":
        close(journal, now_of(journal, record), "failed")
    else:
        journal.transact(lambda inside: manual.resolve(inside, "k", 7, "", record.window_end_ms + 1))
        journal.transact(corrected())
    assert isinstance(begin(journal, 1, MINUTE_MS + 60_000, key="k"), AttemptRecord)


# --- accounts --------------------------------------------------------------------------------------------------------


def test_an_account_sees_nothing_of_another_one(open_journal: OpenJournal) -> None:
    """They share a database, and use the same key for the same transfer."""
    treasury, other = open_journal(), open_journal("other")
    moved = begin(treasury, 1, MINUTE_MS)
    weighed(treasury, moved, 900)
    begin(treasury, 2, MINUTE_MS)
    mine = begin(other, 1, MINUTE_MS)

    def seen(inside: SqlTransaction) -> dict[str, object]:
        key = inside.entry("k1")
        return {
            "entry": key and key.attempts,
            "entries": [entry.key for entry in inside.entries()[0]],
            "attempts": inside.attempts_since(0)[0],
            "attempt": inside.attempt(moved.attempt.id),
            "open": inside.open_attempts(),
            "alike": inside.open_alike(bt.Transfer("MAIN_UMFUTURE", "USDT", 2)),
            "moved": inside.moved_between("USDT", 0, 2 * MINUTE_MS),
            "owner": inside.owners([900]),
            "named": inside.once_named([900], mine.attempt.id),
            "canary": inside.canary(mine.attempt.transfer, mine.attempt.id, 0),
        }

    assert other.transact(seen) == {
        "entry": (mine,),
        "entries": ["k1"],
        "attempts": [mine],
        "attempt": None,
        "open": [mine],
        "alike": [],
        "moved": [Decimal(1)],
        "owner": {},
        "named": frozenset(),
        "canary": None,
    }


# --- what a person says ----------------------------------------------------------------------------------------------

LATER_MS = MINUTE_MS + 60_000


def corrected(tran_id: int | None = None, attempt: str | None = None) -> Callable[[SqlTransaction], bt.Entry]:
    return lambda inside: manual.correct(inside, "k", tran_id, "a look at the books", attempt, LATER_MS)


def test_a_settled_key_can_be_corrected(journal: bt.Journal) -> None:
    record = begin(journal, 1, MINUTE_MS, key="k")
    answer(journal, record, 7)
    assert journal.transact(corrected()).state == "not_moved"
    assert verdicts(journal, record) == [("accepted", "moved", 7), ("person", "not_moved", None)]


def test_an_open_key_cannot_be_corrected(journal: bt.Journal) -> None:
    begin(journal, 1, MINUTE_MS, key="k")
    with pytest.raises(bt.ResolutionRefused, match="resolve that first"):
        journal.transact(corrected())


def test_of_several_attempts_one_has_to_be_named(journal: bt.Journal) -> None:
    first = absent(journal)
    second = begin(journal, 1, MINUTE_MS + 1, key="k")
    answer(journal, second, 7)
    with pytest.raises(bt.ResolutionRefused, match=f"{first.attempt.id}, {second.attempt.id}"):
        journal.transact(corrected())
    assert journal.transact(corrected(attempt=second.attempt.id)).state == "not_moved"


def test_nothing_is_corrected_while_its_window_is_open(journal: bt.Journal) -> None:
    record = begin(journal, 1, LATER_MS, key="k")
    answer(journal, record, 7)
    with pytest.raises(bt.ResolutionRefused, match="may still execute"):
        journal.transact(corrected())


def test_a_correction_cannot_give_an_id_that_another_attempt_has(journal: bt.Journal) -> None:
    other = begin(journal, 2, MINUTE_MS)
    answer(journal, other, 7)
    absent(journal)
    with pytest.raises(bt.ResolutionRefused, match=f"id 7 belongs to attempt {other.attempt.id}"):
        journal.transact(corrected(7))


def test_a_person_may_give_an_id_that_a_verdict_once_named(journal: bt.Journal) -> None:
    other = begin(journal, 2, MINUTE_MS, key="other")
    close(journal, other, "found", 7)
    journal.transact(lambda inside: manual.correct(inside, "other", None, "not it", None, LATER_MS))
    absent(journal)
    assert journal.transact(corrected(7)).tran_id == 7


@pytest.mark.parametrize(("tran_id", "taken"), [(7, True), (8, False), (None, False)])
def test_a_reopened_attempt_is_the_one_that_was_answered(tran_id: int | None, taken: bool, journal: bt.Journal) -> None:
    record = absent(journal)
    answer(journal, record, 7)
    with contextlib.suppress(bt.ResolutionRefused):
        journal.transact(lambda inside: manual.resolve(inside, "k", tran_id, "", LATER_MS))
    assert (now_of(journal, record).state == "moved") == taken

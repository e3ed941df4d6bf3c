"""Ways in which careless readings of the rules moved money twice or lied: each is scripted, each needs its rule."""

import contextlib
from collections.abc import Callable
from itertools import chain

import pytest

from binance_transfer.attempt import Attempt
from binance_transfer.errors import (
    InvalidTransfer,
    NotExecuted,
    OutcomeUnknown,
    PolicyDenied,
    ProvenAbsent,
    ResolutionRefused,
)
from binance_transfer.journal import manual
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from binance_transfer.wire.outcome import Receipt
from binance_transfer_sandbox import HistoryBehaviour, faults
from simulator.ablation import ABLATIONS
from simulator.ablation_verdicts import SCRIPTED
from simulator.mistake import Ablation
from tests.simulator.stage import SETTLE_MS, WINDOW_S, Stage, amount, recording, sending, writing_verdict

ONE = amount("1")
NOT_MADE = faults.Drop(executes=False)


def an_absence_is_written_over_a_later_movement() -> None:
    """1. Two workers prove an attempt absent; one sends again and it moves; the other writes "absent" over it."""
    stage = Stage()
    stage.worker().transfer("key", ONE, meets=NOT_MADE, within_s=0).finish()
    stage.clock.sleep(WINDOW_S + 1)
    slow = stage.worker().transfer("key", ONE).until(writing_verdict)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    receipt = stage.worker().transfer("key", ONE).finish()
    told = slow.finish()
    assert isinstance(told, Receipt)
    assert (told.tran_id, told.replayed) == (receipt.tran_id, True)
    assert (stage.entry("key").state, stage.moved) == ("moved", 1)


def a_late_refusal_is_told_for_a_key_that_moved() -> None:
    """2. A worker sleeps between record and send; another moves the key; the first one wakes and gets -1021."""
    stage = Stage()
    sleeper = stage.worker().transfer("key", ONE).stopped_after(recording)
    stage.clock.sleep(60)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    receipt = stage.worker().transfer("key", ONE).finish()
    told = sleeper.finish()
    assert isinstance(told, Receipt)
    assert (told.tran_id, told.replayed, stage.moved) == (receipt.tran_id, True, 1)


def a_rotated_api_key_hides_what_was_sent() -> None:
    """3. After a crash the API key is another one; the entry has to be seen all the same."""
    stage = Stage()
    stage.worker("key-1").transfer("key", ONE, answered=False, within_s=0).finish()
    told = stage.worker("key-2").transfer("key", ONE).finish()
    assert isinstance(told, Receipt)
    assert stage.moved == 1


def an_identical_transfer_waits_for_ever() -> None:
    """4. A crash leaves a key open; an identical transfer under another key waits for its verdict."""
    stage = Stage()
    worker = stage.worker()
    worker.transfer("crashed", ONE, meets=NOT_MADE).until(sending)
    began_s = stage.clock.now_s
    assert isinstance(worker.transfer("other", ONE).finish(), Receipt)
    assert stage.clock.now_s - began_s < WINDOW_S + 10


def a_failed_row_settles_the_next_attempt() -> None:
    """5. The FAILED row of attempt 1 settles attempt 2, which is still in flight."""
    stage = Stage()
    failing = faults.Settle(status="FAILED", after_ms=500)
    stage.worker().transfer("key", ONE, meets=failing, answered=False, within_s=0).finish()
    stage.clock.sleep(2)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    second = stage.worker().transfer("key", ONE).until(sending)
    told = stage.worker(timeout_s=1.0).transfer("key", ONE, within_s=0.4).finish()
    if isinstance(told, NotExecuted):
        stage.worker().transfer("key", ONE).finish()
    assert isinstance(second.finish(), Receipt)
    assert isinstance(told, OutcomeUnknown)
    assert stage.moved == 1


def digits_that_the_exchange_does_not_see() -> None:
    """6. Amounts that are one number to the exchange, however they are written, are one to us."""
    with pytest.raises(InvalidTransfer):
        Transfer("MAIN_UMFUTURE", "USDT", "1.000000001")
    stage = Stage()
    for key, text in (("one", "1"), ("other", "1.0")):
        stage.worker().transfer(key, amount(text), answered=False, within_s=0).finish()
    told = [stage.worker().transfer(key, amount("1")).finish() for key in ("one", "other")]
    assert all(isinstance(receipt, Receipt) for receipt in told), told
    assert len({receipt.tran_id for receipt in told}) == 2


def the_clock_is_read_after_history() -> None:
    """7. History was read before the window ended, the clock after it: what came in between is missed."""
    stage = Stage()
    late = faults.Hide(for_ms=5_000 + SETTLE_MS - 1_000)
    stage.worker().transfer("key", ONE, meets=late, answered=False, within_s=0).finish()
    reader = stage.worker().transfer("key", ONE, within_s=200)
    reader.after_history = lambda: stage.clock.sleep(30)
    assert isinstance(reader.finish(), Receipt)


def the_clock_is_extrapolated_across_a_step() -> None:
    """7. The exchange's clock was set back; what is left of an old reading says that the window is over."""
    stage = Stage()
    late = faults.Hide(for_ms=5_000 + SETTLE_MS - 100)
    stage.worker().transfer("key", ONE, meets=late, answered=False, within_s=0).finish()
    reader = stage.worker()
    reader.transfer("another", amount("2")).finish()
    stage.clock.sleep(WINDOW_S - 0.8)
    reader.session.clock.anchor(stage.clock.now_s, stage.clock.now_s, (stage.clock.now_s + 0.9) * 1000)
    assert isinstance(reader.transfer("key", ONE).finish(), Receipt)


def a_send_without_a_key_is_claimed() -> None:
    """8. A transfer that was sent without a key is taken for the one that was sent with a key."""
    stage = Stage()
    stage.worker().transfer(None, ONE, answered=False, within_s=0).finish()
    told = stage.worker().transfer("key", ONE, meets=NOT_MADE).finish()
    assert isinstance(told, ProvenAbsent)
    assert stage.moved == 1


def a_row_of_another_pair_is_claimed() -> None:
    """9. History ignores the symbol filter, and one isolated pair's row settles another pair's key."""
    stage = Stage(history=HistoryBehaviour(ignores_symbols=True))
    stage.worker().transfer("btc", amount("1", pair="BTCUSDT"), answered=False, within_s=0).finish()
    told = stage.worker().transfer("eth", amount("1", pair="ETHUSDT"), meets=NOT_MADE).finish()
    assert isinstance(told, ProvenAbsent)
    assert isinstance(stage.worker().transfer("btc", amount("1", pair="BTCUSDT")).finish(), Receipt)


def a_person_resolves_too_early() -> None:
    """10. A person says "not executed" while the window is still open."""
    stage = Stage()
    flying = stage.worker().transfer("key", ONE).until(sending)
    person = stage.worker()
    person.transfer("another", amount("2")).finish()
    try:
        person.person("key", None)
    except ResolutionRefused:
        pass
    else:
        stage.worker().transfer("key", ONE).finish()
    assert isinstance(flying.finish(), Receipt)
    assert stage.moved == 2  # this one and "another"


def a_slow_absence_is_written_over_a_reopened_attempt() -> None:
    """11. Two workers prove an attempt absent; its late answer opens it again; the slower one writes "absent" then."""
    stage = Stage()
    hidden = faults.Hide(for_ms=40_000)
    sender = stage.worker().transfer("key", ONE, meets=hidden, within_s=0).stopped_after(sending)
    stage.clock.sleep(WINDOW_S + 1)
    slow = stage.worker().transfer("key", ONE).until(writing_verdict)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    assert isinstance(sender.finish(), OutcomeUnknown)
    assert isinstance(slow.finish(), Receipt)
    assert (stage.entry("key").state, stage.moved) == ("moved", 1)


def an_answer_names_an_id_that_was_found_for_another_attempt() -> None:
    """12. Reconciliation takes a row for one key; then the answer comes that names it for another one."""
    stage = Stage()
    # Its row is of the last moment of the window, and hidden for longer than is assumed.
    late = faults.Together(faults=(faults.Stamp(offset_ms=16_900), faults.Hide(for_ms=10_000)))
    sender = stage.worker().transfer("first", ONE, meets=late).stopped_after(sending)
    stage.clock.sleep(WINDOW_S + 1)
    assert isinstance(stage.worker().transfer("first", ONE).finish(), ProvenAbsent)
    mistaken = stage.worker().transfer("second", ONE, meets=NOT_MADE).finish()
    receipt = sender.finish()
    assert isinstance(receipt, Receipt)
    assert mistaken.tran_id == receipt.tran_id
    assert isinstance(stage.worker().transfer("second", ONE).finish(), ProvenAbsent)
    assert (stage.entry("first").tran_id, stage.moved) == (receipt.tran_id, 1)


def two_attempts_of_a_key_moved() -> None:
    """13. A key was sent again before the late answer came: it answers with what it has answered before."""
    stage = Stage()
    hidden = faults.Hide(for_ms=30_000)
    sender = stage.worker().transfer("key", ONE, meets=hidden, within_s=0).stopped_after(sending)
    stage.clock.sleep(WINDOW_S + 1)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    second = stage.worker().transfer("key", ONE).finish()
    stage.clock.sleep(60)
    assert sender.finish().tran_id == second.tran_id
    person = stage.worker()
    person.run(person.session.reconcile_all(30.0))
    assert stage.worker().transfer("key", ONE).finish().tran_id == second.tran_id
    assert "moved more than once" in stage.alerts[-1]
    stage.clock.sleep(60)
    audit = person.run(person.session.audit(0))
    assert (len(audit.repeated), stage.moved) == (2, 2)


def a_row_lies_beyond_the_window() -> None:
    """14. The exchange accepts, and the ledger stamps the row after the window: it is found by its id."""
    stage = Stage()
    stamped = faults.Stamp(offset_ms=25_000)
    sender = stage.worker().transfer("key", ONE, meets=stamped).stopped_after(sending)
    stage.clock.sleep(WINDOW_S + 1)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    assert isinstance(sender.finish(), Receipt)
    assert (stage.entry("key").state, stage.moved) == ("moved", 1)


def a_late_acceptance_is_ignored() -> None:
    """15. The exchange's own 200 for an attempt recorded as not moved: without it the key would be sent again."""
    stage = Stage()
    hidden = faults.Hide(for_ms=40_000)
    sender = stage.worker().transfer("key", ONE, meets=hidden, within_s=0).stopped_after(sending)
    stage.clock.sleep(WINDOW_S + 1)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    assert isinstance(sender.finish(), OutcomeUnknown)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), Receipt)
    assert stage.moved == 1


def a_corrected_id_goes_to_another_key() -> None:
    """16. A person takes an id from a key, wrongly: it is a near miss for an identical transfer, no receipt."""
    stage = Stage()
    stage.worker().transfer("first", ONE).finish()
    stage.worker().transfer("second", ONE, meets=NOT_MADE, within_s=0).finish()
    stage.clock.sleep(WINDOW_S + 1)
    person = stage.worker()
    now_ms = int(stage.clock.now_s * 1000)
    person.change(lambda journal: manual.correct(journal, "first", None, "the wrong key", None, now_ms))
    assert isinstance(stage.worker().transfer("second", ONE).finish(), OutcomeUnknown)


def a_person_has_not_seen_the_answer() -> None:
    """17. Found by the simulator: told that nothing moved, a person means the second attempt, and frees the first."""
    stage = Stage()
    hidden = faults.Hide(for_ms=60_000)
    sender = stage.worker().transfer("key", ONE, meets=hidden, within_s=0).stopped_after(sending)
    stage.clock.sleep(WINDOW_S + 1)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    stage.worker().transfer("key", ONE, meets=NOT_MADE, answered=False, within_s=0).finish()
    assert isinstance(sender.finish(), OutcomeUnknown)
    stage.clock.sleep(WINDOW_S + 1)
    with contextlib.suppress(ResolutionRefused):
        stage.worker().person("key", None)
    stage.clock.sleep(60)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), Receipt)


WAYS: list[tuple[Callable[[], None], str]] = [
    (an_absence_is_written_over_a_later_movement, "a verdict is the key's and overwrites"),
    (a_late_refusal_is_told_for_a_key_that_moved, "a call answers what its own attempt saw"),
    (a_late_refusal_is_told_for_a_key_that_moved, "a fresh timestamp is signed when it is sent"),
    (a_rotated_api_key_hides_what_was_sent, "its name is made from the API key"),
    (an_identical_transfer_waits_for_ever, "they wait for a verdict"),
    (a_failed_row_settles_the_next_attempt, "a failed row settles an attempt"),
    (digits_that_the_exchange_does_not_see, "digits tell them apart"),
    (the_clock_is_read_after_history, "the clock is read after history"),
    (the_clock_is_extrapolated_across_a_step, "server time is extrapolated"),
    (a_send_without_a_key_is_claimed, "a send without a key is not recorded"),
    (a_row_of_another_pair_is_claimed, "symbols tell them apart"),
    (a_person_resolves_too_early, "is believed while the window is open"),
    (a_slow_absence_is_written_over_a_reopened_attempt, "a verdict is written on what is open, not on its opening"),
    (an_answer_names_an_id_that_was_found_for_another_attempt, "an id that was found for another one stays there"),
    (two_attempts_of_a_key_moved, "of several that moved, the last one counts"),
    (a_row_lies_beyond_the_window, "it is looked for in its window only"),
    (a_late_acceptance_is_ignored, "is only logged"),
    (a_corrected_id_goes_to_another_key, "an id once named goes to another one"),
    (a_person_has_not_seen_the_answer, "may call not moved what was accepted"),
]
_BY_NAME: dict[str, Ablation] = {
    ablation.instead: ablation for ablation in (*chain.from_iterable(ABLATIONS.values()), *SCRIPTED)
}


def test_what_moves_after_midnight_counts_for_that_day() -> None:
    """Found by the simulator: sent before midnight, moved after it, and the new day's limit was passed."""
    stage = Stage(policy=Policy(max_per_day={"USDT": "10"}))
    stage.clock.now_s += 86_400 - stage.clock.now_s % 86_400 - 1  # a second before midnight
    flying = stage.worker().transfer("yesterday", amount("6")).until(sending)
    stage.clock.sleep(2)
    assert isinstance(flying.finish(), Receipt)
    assert isinstance(stage.worker().transfer("today", amount("5")).finish(), PolicyDenied)


def test_an_attempt_for_another_hour_blocks_nobody() -> None:
    """Found by the simulator: prepared by a wrong clock, unanswered, and its twin waited for an hour."""
    stage = Stage()
    worker = stage.worker()
    early = Attempt(ONE, int((stage.clock.now_s + 3_600) * 1000), 5_000)
    told = worker.transfer("early", early, meets=NOT_MADE, answered=False, within_s=0).finish()
    assert isinstance(told, InvalidTransfer)
    began_s = stage.clock.now_s
    assert isinstance(worker.transfer("other", ONE).finish(), Receipt)
    assert stage.clock.now_s - began_s < WINDOW_S + 5


def test_an_audit_lists_rows_with_a_time_in_seconds() -> None:
    """Found by the simulator: such a row seemed to be older than what the audit had asked for, and was left out."""
    stage = Stage()
    values = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "3", "timestamp": str(int(stage.clock.now_s * 1000))}
    stage.exchange.perform("transfer", values, fault=faults.Respell(time="seconds"))
    stage.clock.sleep(60)
    auditor = stage.worker()
    [row] = auditor.run(auditor.session.audit(int(stage.clock.now_s * 1000) - 120_000)).unclaimed
    assert row.amount == 3


def test_a_worker_that_slept_is_told_what_became_of_its_key() -> None:
    """Found by the simulator: it could not close its own attempt, which others had settled, and was told nothing."""
    stage = Stage()
    sleeper = stage.worker().transfer("key", ONE).stopped_after(recording)
    stage.clock.sleep(60)
    assert isinstance(stage.worker().transfer("key", ONE).finish(), ProvenAbsent)
    assert isinstance(sleeper.finish(), NotExecuted)


def test_a_journal_that_fails_after_sending_leaves_the_outcome_unknown() -> None:
    """A call that has sent something never ends with JournalFailed, which would say that nothing was."""
    for place in range(1, 12):
        stage = Stage()
        call = stage.worker().transfer("key", ONE, meets=NOT_MADE).until(sending)
        call.transactions_left = place
        told = call.finish()
        assert isinstance(told, OutcomeUnknown | ProvenAbsent), told


@pytest.mark.parametrize("way", dict.fromkeys(way for way, _ in WAYS), ids=lambda way: way.__name__)
def test_it_does_not_happen(way: Callable[[], None]) -> None:
    """With every rule in place the money moves once, and nobody is told otherwise."""
    way()


@pytest.mark.parametrize(("way", "instead"), WAYS, ids=[f"{way.__name__}: {instead}" for way, instead in WAYS])
def test_it_happens_without_the_rule(way: Callable[[], None], instead: str) -> None:
    """The script would notice."""
    with _BY_NAME[instead].applied(), pytest.raises(AssertionError):
        way()

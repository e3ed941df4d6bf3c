"""An acceptance that comes after the verdict: the id is looked for, and nothing is sent over it (rule 7)."""

from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer.wire.answer import Answer
from binance_transfer_sandbox import HistoryBehaviour, Sandbox, faults
from tests.journal.conftest import Connect, Wire
from tests.journal.test_journal_keys import SWEEP, entry, moves
from tests.support.clock import ManualClock


def judged_before_its_answer(
    connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock, key: str = "k", **verdict: Any
) -> Any:
    """Make a transfer that a person judges while its answer is on the way, and return what its caller gets."""

    def judge() -> None:
        clock.sleep(60)
        journal.resolve(key, note="so a person thought", **(verdict or {"not_executed": True}))
        wire.after = lambda: None

    wire.after = judge
    try:
        return connect(journal, transport=wire).transfer(*SWEEP, idempotency_key=key)
    except bt.TransferError as error:
        return error


def kinds(journal: bt.Journal, key: str = "k") -> list[list[str]]:
    return [[verdict.verdict for verdict in attempt.verdicts] for attempt in entry(journal, key).attempts]


def critical(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]


def test_an_acceptance_after_the_verdict_is_looked_for_and_believed(
    connect: Connect,
    journal: bt.Journal,
    sandbox: Sandbox,
    wire: Wire,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receipt = judged_before_its_answer(connect, journal, wire, clock)
    assert (receipt.tran_id, receipt.replayed) == (sandbox.ledger.executions()[0].tran_id, False)
    assert kinds(journal) == [["person", "reopened", "found"]]
    assert [str(receipt.tran_id) in told for told in critical(caplog)] == [True]


def test_a_key_that_was_accepted_late_is_not_sent_again(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    judged_before_its_answer(connect, journal, wire, clock)
    assert connect(journal).transfer(*SWEEP, idempotency_key="k").replayed
    assert moves(sandbox) == 1


def test_one_that_history_does_not_show_yet_is_unknown_and_never_absent(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    sandbox.exchange.history = HistoryBehaviour(visible_after_ms=10**9)
    error = judged_before_its_answer(connect, journal, wire, clock)
    assert (type(error), entry(journal, "k").state) == (bt.OutcomeUnknown, "open")
    with pytest.raises(bt.OutcomeUnknown):
        connect(journal).transfer(*SWEEP, idempotency_key="k", resolve_within_s=600)
    assert sandbox.exchange.received("transfer") == 1


def test_one_whose_row_lies_beyond_the_window_is_found(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    """It is looked for up to now, since it cannot have been where it was looked for before."""
    sandbox.fail_next(faults.Stamp(offset_ms=50_000))
    receipt = judged_before_its_answer(connect, journal, wire, clock)
    assert isinstance(receipt, bt.Receipt), receipt


def test_one_whose_row_says_failed_moved_nothing_and_this_call_does_not_say_so(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    """The exchange accepted it, and failed it later: this call is unknown, and the key may be used again."""
    sandbox.fail_next(faults.Settle(status="FAILED", after_ms=1_000))
    error = judged_before_its_answer(connect, journal, wire, clock)
    assert (type(error), error.retryable, entry(journal, "k").state) == (bt.OutcomeUnknown, True, "not_moved")
    assert kinds(journal) == [["person", "reopened", "failed"]]
    assert not connect(journal).transfer(*SWEEP, idempotency_key="k").replayed


def test_one_whose_row_is_pending_is_waited_for(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    sandbox.fail_next(faults.Settle(status="CONFIRMED", after_ms=70_000))
    assert isinstance(judged_before_its_answer(connect, journal, wire, clock), bt.Receipt)


def test_a_call_that_does_not_resolve_leaves_it_open(
    connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    def judge() -> None:
        clock.sleep(60)
        journal.resolve("k", not_executed=True)

    wire.after = judge
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    assert (unknown.value.retryable, entry(journal, "k").state) == (True, "open")


def test_an_id_that_reconciliation_gave_to_another_attempt_goes_back(
    connect: Connect,
    journal: bt.Journal,
    sandbox: Sandbox,
    wire: Wire,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The answer names the row that was found for another key: that one is open again, and ends as what it is."""
    worker = connect(journal)

    def find_it_for_another() -> None:
        clock.sleep(41)
        journal.resolve("k", not_executed=True)
        sandbox.fail_next(faults.Drop(executes=False))
        with pytest.raises(bt.OutcomeUnknown):
            worker.transfer(*SWEEP, idempotency_key="other", resolve_within_s=0)
        clock.sleep(41)
        journal.resolve("other", tran_id=sandbox.ledger.executions()[0].tran_id, note="a person was wrong")

    wire.after = find_it_for_another
    with pytest.raises(bt.OutcomeUnknown):
        connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k")
    assert (entry(journal, "k").state, entry(journal, "other").state) == ("open", "moved")
    assert any("a person has to decide both" in told for told in critical(caplog))


def test_an_id_that_history_seemed_to_show_for_another_attempt_goes_back(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    """As before, but nobody said so: reconciliation took the row for the other key's."""
    worker = connect(journal)
    worker.transfer("MAIN_UMFUTURE", "USDT", "1")
    sandbox.fail_next(faults.Stamp(offset_ms=45_000))

    def find_it_for_another() -> None:
        clock.sleep(41)
        journal.resolve("k", not_executed=True)
        sandbox.fail_next(faults.Drop(executes=False))
        assert worker.transfer(*SWEEP, idempotency_key="other").tran_id == moved()

    def moved() -> int:
        return sandbox.ledger.executions()[-1].tran_id

    wire.after = find_it_for_another
    receipt = connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k")
    assert (receipt.tran_id, entry(journal, "other").state) == (moved(), "open")
    with pytest.raises(bt.ProvenAbsent):
        worker.transfer(*SWEEP, idempotency_key="other")
    assert (entry(journal, "k").tran_id, moves(sandbox)) == (moved(), 2)


def test_two_attempts_of_a_key_that_moved_answer_with_the_first_verdict(
    connect: Connect,
    journal: bt.Journal,
    sandbox: Sandbox,
    wire: Wire,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A person was wrong and the key was sent again before the answer came: it moved twice, and that is said."""
    worker = connect(journal)
    second: list[bt.Receipt] = []

    def send_again() -> None:
        clock.sleep(60)
        journal.resolve("k", not_executed=True)
        second.append(worker.transfer(*SWEEP, idempotency_key="k"))

    wire.after = send_again
    receipt = connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k")
    assert (receipt.tran_id, moves(sandbox)) == (second[0].tran_id, 2)
    worker.reconcile_all()
    assert {worker.transfer(*SWEEP, idempotency_key="k").tran_id for _ in range(3)} == {second[0].tran_id}
    assert any("key 'k' moved more than once" in told for told in critical(caplog))
    clock.sleep(120)
    assert [record.key for record in worker.audit(0).repeated] == ["k", "k"]


def test_a_late_refusal_of_what_moved_changes_nothing(
    connect: Connect,
    journal: bt.Journal,
    sandbox: Sandbox,
    wire: Wire,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire.answer = Answer(400, {}, b'{"code":-5013,"msg":"insufficient balance"}')
    receipt = judged_before_its_answer(connect, journal, wire, clock, tran_id=99)
    assert (receipt.tran_id, entry(journal, "k").state) == (99, "moved")
    assert any("now it was refused" in told for told in critical(caplog))


def test_an_interruption_between_answer_and_verdict_loses_nothing(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire
) -> None:
    """Whoever calls with the key finds out; the attempt is in the journal, answered or not."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    wire.after = interrupt
    with pytest.raises(KeyboardInterrupt) as interrupted:
        connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k")
    attempt = bt.interrupted_attempt(interrupted.value)
    assert attempt == entry(journal, "k").attempts[0].attempt
    assert connect(journal).transfer(*SWEEP, idempotency_key="k").tran_id == sandbox.ledger.executions()[0].tran_id
    assert moves(sandbox) == 1

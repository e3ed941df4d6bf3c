"""Idempotency keys over a real database and a real exchange: rules 5 to 8 and 10."""

import pickle
from typing import Any, Literal

import pytest

import binance_transfer as bt
from binance_transfer.wire.answer import Answer
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, Database, OpenJournal, Wire
from tests.support.clock import ManualClock

TIMEOUT_S = 2.0  # of the clients here
SWEEP: tuple[Literal["MAIN_UMFUTURE"], str, str] = ("MAIN_UMFUTURE", "USDT", "25.5")
PAIR = bt.Transfer("ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "1", from_symbol="BTCUSDT", to_symbol="ETHUSDT")
RENAMED = "ALTER TABLE binance_transfer_v2_attempts RENAME TO elsewhere"
BACK = "ALTER TABLE elsewhere RENAME TO binance_transfer_v2_attempts"


def moves(sandbox: Sandbox) -> int:
    return len(sandbox.ledger.executions())


def entry(journal: bt.Journal, key: str) -> bt.Entry:
    found = journal.get(key)
    assert found is not None
    return found


# --- the same key again ----------------------------------------------------------------------------------------------


def test_a_key_moves_once(client: bt.TransferClient, sandbox: Sandbox) -> None:
    first = client.transfer(*SWEEP, idempotency_key="k")
    second = client.transfer(*SWEEP, idempotency_key="k")
    assert (first.replayed, second.replayed, second.tran_id, moves(sandbox)) == (False, True, first.tran_id, 1)


def test_a_replay_needs_no_memory(connect: Connect, open_journal: OpenJournal, sandbox: Sandbox) -> None:
    """Another process, another client, another connection: the database is what they have in common."""
    first = connect(open_journal()).transfer(*SWEEP, idempotency_key="k")
    second = connect(open_journal()).transfer(*SWEEP, idempotency_key="k")
    assert (second.replayed, second.tran_id, moves(sandbox)) == (True, first.tran_id, 1)


def test_sync_and_async_share_keys(connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> None:
    first = connect(journal).transfer(*SWEEP, idempotency_key="k")
    second = connect(journal, kind=bt.AsyncTransferClient).transfer(*SWEEP, idempotency_key="k")
    assert (second.replayed, second.tran_id, moves(sandbox)) == (True, first.tran_id, 1)


@pytest.mark.parametrize("again", ["1", "1.0", "1.00000000", "01", "1e0", 1])
def test_equal_amounts_are_the_same_transfer(again: str | int, worker: bt.TransferClient) -> None:
    worker.transfer("MAIN_UMFUTURE", "USDT", "1", idempotency_key="k")
    assert worker.transfer("MAIN_UMFUTURE", "USDT", again, idempotency_key="k").replayed


def test_a_checked_and_an_unchecked_transfer_are_the_same(worker: bt.TransferClient) -> None:
    worker.execute(bt.Transfer(*SWEEP), idempotency_key="k")
    assert worker.execute(bt.Transfer.unchecked(*SWEEP), idempotency_key="k").replayed


@pytest.mark.parametrize(
    "other",
    [
        bt.Transfer("MAIN_CMFUTURE", "USDT", "1"),
        bt.Transfer.unchecked("ISOLATEDMARGIN_ISOLATEDMARGIN", "BTC", "1", from_symbol="BTCUSDT", to_symbol="ETHUSDT"),
        bt.Transfer.unchecked(
            "ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "1.00000001", from_symbol="BTCUSDT", to_symbol="ETHUSDT"
        ),
        bt.Transfer("ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "1", from_symbol="BNBUSDT", to_symbol="ETHUSDT"),
        bt.Transfer("ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "1", from_symbol="BTCUSDT", to_symbol="BNBUSDT"),
    ],
    ids=["type", "asset", "amount", "from_symbol", "to_symbol"],
)
def test_another_transfer_under_the_key_conflicts(
    other: bt.Transfer, worker: bt.TransferClient, sandbox: Sandbox
) -> None:
    sandbox.deposit("isolated_margin:BTCUSDT", "USDT", "10")
    worker.execute(PAIR, idempotency_key="k")
    with pytest.raises(bt.IdempotencyConflict, match="'k' was used for ISOLATEDMARGIN_ISOLATEDMARGIN 1 USDT from BTC"):
        worker.execute(other, idempotency_key="k")
    assert moves(sandbox) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\0b", "\ud800", " k", "k ", "a\u200bb", 7])
def test_a_key_that_nobody_can_read_is_refused(key: Any, worker: bt.TransferClient, sandbox: Sandbox) -> None:
    with pytest.raises(bt.InvalidTransfer, match=r"^idempotency_key "):
        worker.transfer(*SWEEP, idempotency_key=key)
    assert moves(sandbox) == 0


@pytest.mark.parametrize("key", ["x" * 255, "sweep of 2026-11-22", "'; DROP TABLE x; --", "ключ/鍵/🔑", "%s :name {}"])
def test_any_visible_key_will_do(key: str, worker: bt.TransferClient, journal: bt.Journal) -> None:
    worker.transfer(*SWEEP, idempotency_key=key)
    assert (entry(journal, key).state, worker.transfer(*SWEEP, idempotency_key=key).replayed) == ("moved", True)


def test_keys_that_differ_in_case_are_different(
    worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    for key in ("k", "K"):
        worker.transfer(*SWEEP, idempotency_key=key)
    assert moves(sandbox) == 2


def test_a_key_needs_a_journal(connect: Connect, sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="needs a journal"):
        connect(None).transfer(*SWEEP, idempotency_key="k")
    assert moves(sandbox) == 0


def test_without_a_key_one_is_made_and_returned(client: bt.TransferClient, journal: bt.Journal) -> None:
    receipt = client.transfer(*SWEEP)
    assert receipt.idempotency_key is not None
    assert entry(journal, receipt.idempotency_key).tran_id == receipt.tran_id


def test_made_keys_differ(worker: bt.TransferClient, sandbox: Sandbox) -> None:
    assert worker.transfer(*SWEEP).idempotency_key != worker.transfer(*SWEEP).idempotency_key
    assert moves(sandbox) == 2


# --- what became of it -----------------------------------------------------------------------------------------------


def test_a_transfer_whose_answer_was_lost_is_found(client: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    receipt = client.transfer(*SWEEP, idempotency_key="k")
    [moved] = sandbox.ledger.executions()
    assert (receipt.tran_id, receipt.idempotency_key, receipt.recorded) == (moved.tran_id, "k", True)
    assert not receipt.replayed  # this call has sent it


def test_a_transfer_that_never_was_is_proven_absent(
    client: bt.TransferClient, sandbox: Sandbox, journal: bt.Journal
) -> None:
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.ProvenAbsent):
        client.transfer(*SWEEP, idempotency_key="k")
    assert "history shows no MAIN_UMFUTURE 25.5 USDT" in entry(journal, "k").attempts[0].note
    assert (entry(journal, "k").state, moves(sandbox)) == ("not_moved", 0)


def test_after_proven_absence_the_key_may_be_used_again(
    client: bt.TransferClient, sandbox: Sandbox, journal: bt.Journal
) -> None:
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.ProvenAbsent):
        client.transfer(*SWEEP, idempotency_key="k")
    receipt = client.transfer(*SWEEP, idempotency_key="k")
    states = [attempt.state for attempt in entry(journal, "k").attempts]
    assert (receipt.replayed, states, moves(sandbox)) == (False, ["not_moved", "moved"], 1)


def test_a_refusal_is_raised_as_it_came_and_settles_the_attempt(
    client: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox
) -> None:
    with pytest.raises(bt.InsufficientBalance) as refused:
        client.transfer("MAIN_UMFUTURE", "USDT", "99999999", idempotency_key="k")
    [attempt] = entry(journal, "k").attempts
    assert (attempt.state, attempt.verdict, attempt.answers[0].code) == ("not_moved", "refused", refused.value.code)


def test_a_receipt_carries_what_came_with_the_answer(client: bt.TransferClient) -> None:
    receipt = client.transfer(*SWEEP, idempotency_key="k")
    assert (receipt.http_status, receipt.used_uid_weight_1m) == (200, 300)


def test_an_unknown_outcome_is_raised_as_it_came(client: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.BackendTimeout(executes=True))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    assert (unknown.value.http_status, unknown.value.code) == (504, -1007)


def test_after_a_clock_error_the_next_call_works(client: bt.TransferClient, sandbox: Sandbox) -> None:
    client.transfer(*SWEEP)
    sandbox.exchange.clock_offset_ms = 60_000
    with pytest.raises(bt.ClockOutOfSync):
        client.transfer(*SWEEP, idempotency_key="k")
    assert client.transfer(*SWEEP, idempotency_key="k").http_status == 200


def test_a_refused_key_may_be_used_again(worker: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Rejection(code=-5013, msg="Asset transfer failed: insufficient balance"))
    with pytest.raises(bt.InsufficientBalance):
        worker.transfer(*SWEEP, idempotency_key="k")
    assert not worker.transfer(*SWEEP, idempotency_key="k").replayed


def test_a_refused_connection_settles_the_attempt(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox
) -> None:
    worker.transfer(*SWEEP)
    worker.preflight()
    sandbox.fail_next(faults.Refuse(duration_ms=60_000))
    with pytest.raises(bt.NotSent):
        worker.transfer(*SWEEP, idempotency_key="k")
    assert [attempt.verdict for attempt in entry(journal, "k").attempts] == ["not-sent"]


def test_resolving_can_be_left_out(client: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    [attempt] = entry(journal, "k").attempts
    assert (attempt.state, attempt.attempt) == ("open", unknown.value.attempt)


def test_an_open_key_is_never_sent_again(connect: Connect, open_journal: OpenJournal, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Drop(executes=False))
    for _ in range(2):
        with pytest.raises(bt.OutcomeUnknown):
            connect(open_journal()).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    assert (moves(sandbox), sandbox.exchange.received("transfer")) == (0, 1)


def test_an_open_key_of_another_worker_can_be_left_open(
    connect: Connect, open_journal: OpenJournal, sandbox: Sandbox
) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        connect(open_journal()).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        connect(open_journal()).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    assert unknown.value.attempt == entry(open_journal(), "k").attempts[0].attempt
    assert sandbox.exchange.received("history") == 0


def test_an_open_key_is_reconciled_by_the_next_call(
    connect: Connect, open_journal: OpenJournal, sandbox: Sandbox
) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        connect(open_journal()).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    receipt = connect(open_journal()).transfer(*SWEEP, idempotency_key="k")
    assert (receipt.tran_id, moves(sandbox)) == (sandbox.ledger.executions()[0].tran_id, 1)
    assert receipt.replayed


def test_resolving_ends_in_time(client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    sandbox.fail_next(faults.Drop(executes=False))
    began_s = clock.elapsed_s
    with pytest.raises(bt.OutcomeUnknown, match="without proof"):
        client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=5)
    assert clock.elapsed_s - began_s <= TIMEOUT_S + 5


@pytest.mark.parametrize("seconds", [-1, True, float("nan"), float("inf"), "90"])
def test_a_time_to_resolve_that_is_none_is_refused(seconds: Any, worker: bt.TransferClient, sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="resolve_within_s"):
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=seconds)
    assert moves(sandbox) == 0


def test_the_window_is_the_one_that_was_recorded(connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> None:
    """A worker that believes in quicker settlement must not conclude absence while the attempt may still show up."""
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.OutcomeUnknown):
        connect(journal, settle_ms=60_000).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    with pytest.raises(bt.OutcomeUnknown):
        connect(journal, settle_ms=1_000).transfer(*SWEEP, idempotency_key="k", resolve_within_s=30)
    assert entry(journal, "k").state == "open"


def test_reconcile_all_after_a_crash(
    connect: Connect, open_journal: OpenJournal, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost = connect(open_journal())
    for number, executes in enumerate((True, False, True)):
        sandbox.fail_next(faults.Drop(executes=executes))
        with pytest.raises(bt.OutcomeUnknown):
            lost.transfer("MAIN_UMFUTURE", "USDT", number + 1, idempotency_key=f"k{number}", resolve_within_s=0)
        clock.sleep(1)
    resolved = connect(open_journal()).reconcile_all()
    assert [(entry.key, entry.state) for entry in resolved] == [("k0", "moved"), ("k1", "not_moved"), ("k2", "moved")]
    assert {entry.tran_id for entry in resolved} == {None} | {move.tran_id for move in sandbox.ledger.executions()}


def test_reconcile_writes_its_verdict(worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    receipt = worker.reconcile(unknown.value.attempt)
    assert (entry(journal, "k").tran_id, receipt.idempotency_key) == (receipt.tran_id, "k")


def test_an_attempt_from_elsewhere_is_not_given_what_a_key_owns(
    connect: Connect, open_journal: OpenJournal, worker: bt.TransferClient, clock: ManualClock
) -> None:
    """It was kept in another database; the row that looks like it is that of a key."""
    attempt = bt.Attempt(bt.Transfer(*SWEEP), clock.now_ms(), 5_000)
    worker.transfer(*SWEEP, idempotency_key="k")
    with pytest.raises(bt.ProvenAbsent):
        connect(open_journal()).reconcile(attempt)


def test_the_committed_id_is_told_and_not_a_later_one(
    connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    def answer_late() -> None:
        clock.sleep(60)
        journal.resolve("k", tran_id=99)

    wire.after = answer_late
    assert connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k").tran_id == 99


def test_an_id_that_is_another_keys_is_not_believed(
    connect: Connect, journal: bt.Journal, wire: Wire, caplog: Any
) -> None:
    """The exchange answers two transfers with one id: the second key stays open, and the alarm sounds."""
    wire.answer = Answer(200, {}, b'{"tranId":4711}')
    worker = connect(journal, transport=wire)
    worker.transfer(*SWEEP, idempotency_key="one")
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer("MAIN_FUNDING", "USDT", 3, idempotency_key="other", resolve_within_s=0)
    assert (entry(journal, "one").tran_id, entry(journal, "other").state) == (4711, "open")
    assert [record.levelname for record in caplog.records if "4711" in record.getMessage()] == ["CRITICAL"]


def test_two_rows_for_one_key_are_left_to_a_person(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, worker: bt.TransferClient, clock: ManualClock
) -> None:
    """The journal says once that a person has to decide, however often it was tried."""
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    connect(None).transfer(*SWEEP)
    with pytest.raises(bt.Ambiguous):
        worker.transfer(*SWEEP, idempotency_key="k")
    with pytest.raises(bt.Ambiguous) as ambiguous:
        worker.transfer(*SWEEP, idempotency_key="k")
    assert [answer.outcome for answer in entry(journal, "k").attempts[0].answers] == ["OutcomeUnknown", "Ambiguous"]
    clock.sleep(60)
    tran_id = ambiguous.value.candidates[0].tran_id
    assert journal.resolve("k", tran_id=tran_id).state == "moved"
    assert worker.transfer(*SWEEP, idempotency_key="k").tran_id == tran_id


# --- attempts made beforehand ----------------------------------------------------------------------------------------


def test_a_prepared_attempt_is_what_is_recorded(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox
) -> None:
    attempt = worker.prepare(bt.Transfer(*SWEEP))
    worker.execute(attempt, idempotency_key="k")
    assert [record.attempt for record in entry(journal, "k").attempts] == [attempt]


def test_a_prepared_attempt_may_wait_within_its_window(worker: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.RateLimited(retry_after_s=2))
    with pytest.raises(bt.RateLimited):
        worker.transfer(*SWEEP)
    attempt = worker.prepare(bt.Transfer(*SWEEP))
    assert worker.execute(attempt, idempotency_key="k").attempt == attempt


def test_an_attempt_that_moved_under_one_key_is_not_told_under_another(
    worker: bt.TransferClient, sandbox: Sandbox
) -> None:
    """Also where the other key has moved nothing and could be used again."""
    sandbox.fail_next(faults.Rejection(code=-5013, msg="Asset transfer failed: insufficient balance"))
    with pytest.raises(bt.InsufficientBalance):
        worker.transfer(*SWEEP, idempotency_key="other")
    attempt = worker.prepare(bt.Transfer(*SWEEP))
    worker.execute(attempt, idempotency_key="k")
    with pytest.raises(bt.IdempotencyConflict):
        worker.execute(attempt, idempotency_key="other")


def test_an_attempt_without_a_key_is_known_by_itself(worker: bt.TransferClient) -> None:
    attempt = worker.prepare(bt.Transfer(*SWEEP))
    worker.execute(attempt)
    assert worker.execute(attempt).replayed


def test_an_attempt_belongs_to_one_key(worker: bt.TransferClient, sandbox: Sandbox) -> None:
    attempt = worker.prepare(bt.Transfer(*SWEEP))
    worker.execute(attempt, idempotency_key="k")
    with pytest.raises(bt.IdempotencyConflict, match="under the key 'k'"):
        worker.execute(attempt, idempotency_key="other")
    assert moves(sandbox) == 1


def test_an_attempt_that_was_refused_is_not_sent_again(worker: bt.TransferClient, sandbox: Sandbox) -> None:
    attempt = worker.prepare(bt.Transfer(*SWEEP))
    sandbox.fail_next(faults.Rejection(code=-5013, msg="insufficient balance"))
    with pytest.raises(bt.InsufficientBalance):
        worker.execute(attempt, idempotency_key="k")
    with pytest.raises(bt.ProvenAbsent):
        worker.execute(attempt, idempotency_key="k")
    assert moves(sandbox) == 0


def test_a_prepared_attempt_does_not_wait_beyond_its_window(
    worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    attempt = worker.prepare(bt.Transfer(*SWEEP))
    with pytest.raises(bt.InvalidTransfer, match=r"an identical transfer is open\): prepare a new one later"):
        worker.execute(attempt, idempotency_key="other")
    assert (moves(sandbox), clock.slept_s) == (0, [])


# --- transfers that history cannot tell apart ------------------------------------------------------------------------


def test_an_identical_transfer_waits_for_the_window_and_not_for_a_verdict(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, idempotency_key="crashed", resolve_within_s=0)
    worker.transfer(*SWEEP, idempotency_key="next")
    [first], [second] = entry(journal, "crashed").attempts, entry(journal, "next").attempts
    assert second.window_start_ms > first.window_end_ms
    assert (entry(journal, "crashed").state, moves(sandbox)) == ("open", 2)


def test_each_of_two_identical_transfers_gets_its_own_row(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    for key in ("a", "b"):
        sandbox.fail_next(faults.Drop(executes=True))
        with pytest.raises(bt.OutcomeUnknown):
            worker.transfer(*SWEEP, idempotency_key=key, resolve_within_s=0)
        clock.sleep(41)
    worker.reconcile_all()
    recorded = [entry(journal, key).tran_id for key in ("a", "b")]
    assert recorded == [move.tran_id for move in sandbox.ledger.executions()]


def test_symbols_do_not_tell_transfers_apart(worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        sandbox.deposit(f"isolated_margin:{symbol}", "USDT", "10")
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer("ISOLATEDMARGIN_MARGIN", "USDT", "1", from_symbol="BTCUSDT", resolve_within_s=0)
    before_s = clock.elapsed_s
    worker.transfer("ISOLATEDMARGIN_MARGIN", "USDT", "1", from_symbol="ETHUSDT")
    assert clock.elapsed_s - before_s > 30


@pytest.mark.parametrize(
    "other", [("MAIN_CMFUTURE", "USDT", "25.5"), ("MAIN_UMFUTURE", "BTC", "25.5"), ("MAIN_UMFUTURE", "USDT", "25.51")]
)
def test_a_transfer_that_can_be_told_apart_does_not_wait(
    other: tuple[Any, str, str], worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.deposit("spot", "BTC", "30")
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, resolve_within_s=0)
    before_s = clock.elapsed_s
    worker.transfer(*other)
    assert clock.elapsed_s == before_s


def test_transfers_with_their_verdicts_do_not_keep_others_waiting(
    worker: bt.TransferClient, clock: ManualClock
) -> None:
    worker.transfer(*SWEEP)
    before_s = clock.elapsed_s
    worker.transfer(*SWEEP)
    assert clock.elapsed_s == before_s


# --- a journal that fails --------------------------------------------------------------------------------------------


def test_nothing_is_sent_that_cannot_be_recorded(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, database: Database
) -> None:
    worker = connect(journal, transport=wire)
    worker.transfer(*SWEEP)
    database(RENAMED)
    with pytest.raises(bt.JournalFailed):
        worker.transfer(*SWEEP, idempotency_key="k")
    assert (wire.posts, moves(sandbox)) == (1, 1)


def test_a_receipt_that_cannot_be_recorded_is_returned_and_says_so(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, database: Database, caplog: Any
) -> None:
    wire.after = lambda: database(RENAMED)
    receipt = connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k")
    assert (receipt.recorded, receipt.idempotency_key) == (False, "k")
    assert receipt.tran_id == sandbox.ledger.executions()[0].tran_id
    assert [record.levelname for record in caplog.records if str(receipt.tran_id) in record.getMessage()] == [
        "CRITICAL"
    ]


def test_what_could_not_be_recorded_stays_open_and_is_found_later(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, database: Database
) -> None:
    wire.after = lambda: database(RENAMED)
    worker = connect(journal, transport=wire)
    receipt = worker.transfer(*SWEEP, idempotency_key="k")
    database(BACK)
    assert entry(journal, "k").state == "open"
    again = worker.transfer(*SWEEP, idempotency_key="k")
    assert (again.tran_id, again.recorded, moves(sandbox)) == (receipt.tran_id, True, 1)


@pytest.mark.parametrize(
    "fault", [faults.Drop(executes=True), faults.Rejection(code=-5013, msg="insufficient balance")], ids=["lost", "no"]
)
def test_without_a_receipt_an_unrecorded_answer_is_unknown(
    fault: faults.Fault, connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, database: Database
) -> None:
    sandbox.fail_next(fault)
    wire.after = lambda: database(RENAMED)
    with pytest.raises(bt.OutcomeUnknown, match="the journal could not record it"):
        connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k")


def test_a_journal_that_fails_while_reconciling_leaves_it_unknown(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, database: Database
) -> None:
    worker = connect(journal, transport=wire)
    worker.transfer("MAIN_UMFUTURE", "USDT", "1")
    sandbox.fail_next(faults.Drop(executes=True))
    wire.before_reading = lambda: database(RENAMED) if any(journal.entries(state="open")) else None
    with pytest.raises(bt.OutcomeUnknown, match="the journal failed while the attempt was reconciled"):
        worker.transfer(*SWEEP, idempotency_key="k")


@pytest.mark.parametrize(
    "body",
    [
        '{"code":-5013,"msg":"null\\u0000byte"}',
        '{"code":-5013,"msg":"half \\ud800 of it"}',
        '{"code":-5013,"msg":"' + "x" * 100_000 + '"}',
        '{"code":-1' + "0" * 30 + ',"msg":"no"}',
        '{"tranId":' + "9" * 19 + "}",
    ],
    ids=["null", "surrogate", "long", "code", "id"],
)
def test_odd_words_of_the_exchange_can_be_recorded(
    body: str, connect: Connect, journal: bt.Journal, wire: Wire
) -> None:
    wire.answer = Answer(200 if "tranId" in body else 400, {}, body.encode())
    with pytest.raises(bt.TransferError) as told:
        connect(journal, transport=wire).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    assert [answer.outcome for answer in entry(journal, "k").attempts[0].answers] == [type(told.value).__name__]


# --- what the journal shows ------------------------------------------------------------------------------------------


def test_an_entry_tells_all(worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.BackendTimeout(executes=True))
    receipt = worker.transfer(*SWEEP, idempotency_key="k")
    found = entry(journal, "k")
    assert (found.key, found.state, found.tran_id) == ("k", "moved", receipt.tran_id)
    assert found.transfer == bt.Transfer(*SWEEP)
    [record] = found.attempts
    assert record.attempt.timestamp_ms == record.timestamp_ms == receipt.attempt.timestamp_ms
    assert (record.attempt.recv_window_ms, record.verdict, record.tran_id) == (5000, "found", receipt.tran_id)
    assert record.window_end_ms == record.timestamp_ms + 5_000 + 30_000
    [answer] = record.answers
    assert (answer.outcome, answer.http_status, answer.code, answer.tran_id) == ("OutcomeUnknown", 504, -1007, None)


def test_an_entry_of_a_symbol_type_shows_its_symbols(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox
) -> None:
    sandbox.deposit("isolated_margin:BTCUSDT", "USDT", "10")
    worker.execute(PAIR, idempotency_key="k")
    assert entry(journal, "k").transfer == PAIR


def test_an_unknown_key_is_none(journal: bt.Journal) -> None:
    assert journal.get("never") is None


def test_entries_come_in_order_and_by_state(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    for number, fault in enumerate((None, faults.Drop(executes=True), faults.Rejection(code=-5013, msg="no"))):
        clock.sleep(1)
        if fault:
            sandbox.fail_next(fault)
        try:
            worker.transfer("MAIN_UMFUTURE", "USDT", number + 1, idempotency_key=f"k{number}", resolve_within_s=0)
        except bt.TransferError:
            continue
    assert [(entry.key, entry.state) for entry in journal.entries()] == [
        ("k0", "moved"), ("k1", "open"), ("k2", "not_moved")
    ]  # fmt: skip
    assert [entry.key for entry in journal.entries(state="open")] == ["k1"]


def test_an_entry_can_be_pickled(worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    worker.transfer(*SWEEP, idempotency_key="k")
    found = entry(journal, "k")
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_type_that_this_version_does_not_know_can_be_read(
    worker: bt.TransferClient, journal: bt.Journal, database: Database
) -> None:
    worker.transfer(*SWEEP, idempotency_key="k")
    database("UPDATE binance_transfer_v2_keys SET type = 'MAIN_MOON', from_symbol = 'X'")
    [found] = journal.entries()
    assert (found.transfer.type, found.transfer.from_symbol, found.transfer.checked) == ("MAIN_MOON", "X", False)


def test_a_client_with_a_journal_knows_ids_of_calls_without_a_key(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox
) -> None:
    """A send without a key must not be claimed by a keyed one."""
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    other = worker.transfer(*SWEEP)
    with pytest.raises(bt.ProvenAbsent):
        worker.reconcile(unknown.value.attempt)
    assert (entry(journal, "k").state, journal.get(other.idempotency_key or "") is None) == ("not_moved", False)

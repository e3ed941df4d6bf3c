"""A person's verdict held against history, corrections, and what the audit says of both (rules 3, 10 and 11)."""

from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer.journal import manual
from binance_transfer.wire.answer import Answer
from binance_transfer_sandbox import HistoryBehaviour, Sandbox, faults
from tests.journal.conftest import Connect, OpenJournal, Wire
from tests.journal.test_journal_keys import SWEEP, entry, moves
from tests.support.clock import ManualClock


def lost(
    worker: bt.TransferClient, sandbox: Sandbox, *with_it: faults.Fault, executes: bool = True, key: str = "k"
) -> str:
    """Make a transfer whose answer is lost, and leave its key open."""
    fault: faults.Fault = faults.Drop(executes=executes)
    sandbox.fail_next(faults.Together(faults=(fault, *with_it)) if with_it else fault)
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, idempotency_key=key, resolve_within_s=0)
    return key


def moved(sandbox: Sandbox) -> int:
    return sandbox.ledger.executions()[-1].tran_id


# --- client.resolve --------------------------------------------------------------------------------------------------


def test_what_history_shows_is_taken(client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    lost(client, sandbox)
    clock.sleep(60)
    found = client.resolve("k", tran_id=moved(sandbox), note="seen on the website")
    assert (found.state, found.attempts[0].verdict, found.attempts[0].note) == (
        "moved",
        "person",
        "seen on the website",
    )


def test_what_did_not_happen_is_taken(client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    lost(client, sandbox, executes=False)
    clock.sleep(60)
    assert client.resolve("k", not_executed=True).state == "not_moved"


REFUSED: dict[str, tuple[list[faults.Fault], bool, dict[str, Any], str]] = {
    "an id that is not there": ([], True, {"tran_id": 424242}, "history does not show 424242"),
    "moved, though it is not said so": ([], True, {"not_executed": True}, "history shows what key 'k' would be"),
    "pending, though it is said not to be": (
        [faults.Settle(status="CONFIRMED", after_ms=10**9)], True, {"not_executed": True}, "PENDING",
    ),
    "no verdict": ([], False, {}, "say either"),
    "both verdicts": ([], False, {"tran_id": 1, "not_executed": True}, "say either"),
    "no id": ([], False, {"tran_id": True}, "positive int"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_history_contradicts_is_refused(
    name: str, client: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    with_it, executes, verdict, told = REFUSED[name]
    lost(client, sandbox, *with_it, executes=executes)
    clock.sleep(60)
    with pytest.raises(bt.ResolutionRefused, match=told):
        client.resolve("k", **verdict)
    assert entry(journal, "k").state == "open"


def test_the_id_of_another_transfer_is_refused(
    client: bt.TransferClient, connect: Connect, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(client, sandbox, executes=False)
    other = connect(None).transfer("MAIN_UMFUTURE", "USDT", "3")
    clock.sleep(60)
    with pytest.raises(bt.ResolutionRefused, match="is no such transfer: history says"):
        client.resolve("k", tran_id=other.tran_id)


def test_the_id_of_a_failed_row_is_refused(worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    lost(worker, sandbox, faults.Settle(status="FAILED", after_ms=1_000))
    clock.sleep(60)
    [row] = worker.history("MAIN_UMFUTURE")
    with pytest.raises(bt.ResolutionRefused, match="FAILED"):
        worker.resolve("k", tran_id=row.tran_id)
    assert worker.resolve("k", not_executed=True).state == "not_moved"


@pytest.mark.parametrize(
    "spelling",
    [
        faults.Respell(asset="lower"),
        faults.Respell(amount="fee"),
        faults.Respell(type="OTHER"),
        faults.Respell(time="seconds"),
    ],
    ids=str,
)
@pytest.mark.parametrize("verdict", ["moved", "not_moved"])
def test_a_near_miss_is_named_and_either_verdict_is_taken(
    verdict: str, spelling: faults.Fault, worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(worker, sandbox, spelling)
    clock.sleep(60)
    if verdict == "moved":
        assert worker.resolve("k", tran_id=moved(sandbox)).tran_id == moved(sandbox)
    else:
        found = worker.resolve("k", not_executed=True, note="it is a stranger's")
        [record] = found.attempts
        assert (found.state, "it is a stranger's; near misses in history" in record.note) == ("not_moved", True)
        assert str(moved(sandbox)) in record.note


def test_it_is_refused_while_the_window_is_open(
    client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(client, sandbox)
    clock.sleep(34)
    with pytest.raises(bt.ResolutionRefused, match="its window ends in 1 s"):
        client.resolve("k", tran_id=moved(sandbox))


def test_history_that_cannot_be_read_is_said(client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    lost(client, sandbox)
    clock.sleep(60)
    sandbox.exchange.plan(faults.WrongTotal(by=1), times=None)
    with pytest.raises(bt.ReadFailed, match="history cannot be read now"):
        client.resolve("k", not_executed=True)


def test_a_reopened_attempt_takes_the_answered_id_only(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    def judge() -> None:
        clock.sleep(60)
        journal.resolve("k", not_executed=True)

    wire.after = judge
    worker = connect(journal, transport=wire)
    with pytest.raises(bt.OutcomeUnknown):
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    wire.after = lambda: None
    with pytest.raises(bt.ResolutionRefused, match=f"accepted the attempt of key 'k' as {moved(sandbox)}"):
        journal.resolve("k", tran_id=1)
    with pytest.raises(bt.ResolutionRefused, match="history shows what key 'k' would be"):
        worker.resolve("k", not_executed=True)
    assert worker.resolve("k", tran_id=moved(sandbox)).tran_id == moved(sandbox)


# --- whose clock is believed -----------------------------------------------------------------------------------------


class Ahead(ManualClock):
    """A machine whose clock is two hours ahead of another one's."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def time(self) -> float:
        return self._clock.time() + 7_200

    def monotonic(self) -> float:
        return self._clock.monotonic()


def test_a_client_that_was_only_made_does_not_close_an_open_window(
    worker: bt.TransferClient, connect: Connect, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(worker, sandbox)
    connect(journal, clock=Ahead(clock))
    with pytest.raises(bt.ResolutionRefused, match="may still execute"):
        journal.resolve("k", not_executed=True)


def test_without_a_client_that_has_asked_nobody_knows_the_time(
    connect: Connect, open_journal: Any, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(connect(open_journal()), sandbox)
    clock.sleep(60)
    journal = open_journal()
    connect(journal)
    with pytest.raises(bt.ResolutionRefused, match="no client of this journal has read the exchange's clock"):
        journal.resolve("k", not_executed=True)
    with pytest.raises(bt.ResolutionRefused, match="no client of this journal has read the exchange's clock"):
        journal.correct("k", not_executed=True, note="x")


@pytest.mark.parametrize("note", ["", "  ", None])
def test_a_correction_says_why(note: Any, worker: bt.TransferClient, journal: bt.Journal, clock: ManualClock) -> None:
    worker.transfer(*SWEEP, idempotency_key="k")
    clock.sleep(60)
    with pytest.raises(bt.ResolutionRefused, match="say in the note why"):
        journal.correct("k", not_executed=True, note=note)


def test_a_corrected_key_answers_as_it_was_corrected(
    worker: bt.TransferClient, journal: bt.Journal, clock: ManualClock
) -> None:
    worker.transfer(*SWEEP, idempotency_key="k")
    clock.sleep(60)
    journal.correct("k", tran_id=99, note="the support gave another id")
    assert worker.transfer(*SWEEP, idempotency_key="k").tran_id == 99


def test_a_correction_of_what_was_found_and_answered_stays(
    journal: bt.Journal, connect: Connect, open_journal: OpenJournal, clock: ManualClock
) -> None:
    """Another worker found it before its own answer came, so no verdict is of that answer. The person knew of both."""
    first, second = connect(journal), connect(open_journal())
    found: list[bt.Receipt] = []
    wire = Wire()
    wire.after = lambda: found.append(second.transfer(*SWEEP, idempotency_key="k"))
    late = connect(open_journal(), transport=wire)
    assert late.transfer(*SWEEP, idempotency_key="k").tran_id == found[0].tran_id
    clock.sleep(60)
    first.server_time()
    corrected = journal.correct("k", not_executed=True, note="the exchange has undone it")
    assert corrected.state == "not_moved"
    again = second.transfer(*SWEEP, idempotency_key="k")
    assert (again.replayed, again.tran_id != found[0].tran_id) == (False, True)


@pytest.mark.parametrize("lags_s", [0, 3_600])
def test_a_key_keeps_the_answer_that_it_gave_first_whatever_a_person_adds(
    lags_s: int, worker: bt.TransferClient, connect: Connect, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Two attempts moved: one of them is found to have by a person, whose clock may lag."""
    lost(worker, sandbox, executes=False)
    with pytest.raises(bt.ProvenAbsent):
        worker.transfer(*SWEEP, idempotency_key="k")
    answer = worker.transfer(*SWEEP, idempotency_key="k").tran_id
    first, _ = entry(journal, "k").attempts
    clock.sleep(4_000)
    journal.transact(
        lambda inside: manual.correct(inside, "k", 4242, "told so", first.attempt.id, clock.now_ms() - 1_000 * lags_s)
    )
    assert entry(journal, "k").tran_id == answer
    clock.sleep(60)
    assert {record.tran_id for record in worker.audit(clock.now_ms() - 3_600_000).repeated} == set()
    assert {record.tran_id for record in worker.audit(clock.now_ms() - 4_500_000).repeated} == {answer, 4242}


def test_an_audit_finds_a_key_that_moved_before_it_and_in_it(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(worker, sandbox, executes=False)
    with pytest.raises(bt.ProvenAbsent):
        worker.transfer(*SWEEP, idempotency_key="k")
    clock.sleep(86_400)
    since_ms = clock.now_ms()
    worker.server_time()
    worker.transfer(*SWEEP, idempotency_key="k")
    first, _ = entry(journal, "k").attempts
    clock.sleep(60)
    worker.server_time()
    journal.correct("k", tran_id=4242, note="told so", attempt=first.attempt.id)
    assert len(worker.audit(since_ms).repeated) == 2


# --- what was recorded counts ----------------------------------------------------------------------------------------


def test_reconcile_goes_by_what_was_recorded(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The caller hands in an attempt with the same id, of another amount and an older time."""
    lost(worker, sandbox)
    attempt = entry(journal, "k").attempts[0].attempt
    altered = bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", "1"), attempt.timestamp_ms - 10**6, 1, attempt.id)
    assert worker.reconcile(altered).attempt == attempt


# --- the canary ------------------------------------------------------------------------------------------------------


def test_a_history_that_stands_still_proves_nothing(
    client: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    """It shows neither the lost transfer nor one that the exchange has accepted before."""
    stands_at_ms = clock.now_ms()
    clock.sleep(1)
    accepted = client.transfer("MAIN_UMFUTURE", "USDT", "3", idempotency_key="canary")
    sandbox.exchange.plan(faults.Stale(at_ms=stands_at_ms), times=None)
    lost(client, sandbox)
    with pytest.raises(bt.OutcomeUnknown, match=f"history lacks {accepted.tran_id} of key 'canary'"):
        client.transfer(*SWEEP, idempotency_key="k")
    assert entry(journal, "k").state == "open"


def test_when_history_goes_on_absence_is_proven(
    client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    stands_at_ms = clock.now_ms()
    clock.sleep(1)
    client.transfer("MAIN_UMFUTURE", "USDT", "3")
    sandbox.exchange.plan(faults.Stale(at_ms=stands_at_ms), times=4)
    lost(client, sandbox, executes=False)
    clock.sleep(60)
    with pytest.raises(bt.ProvenAbsent):
        client.transfer(*SWEEP, idempotency_key="k")


NO_CANARIES: dict[str, dict[str, Any]] = {
    "another type": {"transfer": bt.Transfer("MAIN_CMFUTURE", "USDT", "3")},
    "unchecked": {"transfer": bt.Transfer.unchecked("MAIN_UMFUTURE", "USDT", "3")},
}


@pytest.mark.parametrize("name", NO_CANARIES)
def test_only_what_the_same_query_shows_is_a_canary(
    name: str, worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    stands_at_ms = clock.now_ms()
    clock.sleep(1)
    worker.execute(NO_CANARIES[name]["transfer"])
    lost(worker, sandbox, executes=False)
    sandbox.exchange.plan(faults.Stale(at_ms=stands_at_ms), times=None)
    with pytest.raises(bt.ProvenAbsent):
        worker.transfer(*SWEEP, idempotency_key="k")


def test_a_canary_counts_in_any_status(worker: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Settle(status="FAILED", after_ms=1))
    worker.transfer("MAIN_UMFUTURE", "USDT", "3")
    lost(worker, sandbox, executes=False)
    with pytest.raises(bt.ProvenAbsent):
        worker.transfer(*SWEEP, idempotency_key="k")


def test_a_canary_that_history_reaches_no_more_is_not_asked(
    worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    worker.transfer("MAIN_UMFUTURE", "USDT", "3")
    clock.sleep(200 * 24 * 3600)
    lost(worker, sandbox, executes=False)
    with pytest.raises(bt.ProvenAbsent):
        worker.transfer(*SWEEP, idempotency_key="k")


# --- the audit -------------------------------------------------------------------------------------------------------


def test_an_audit_finds_what_is_still_pending(worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    sandbox.exchange.history = HistoryBehaviour(pending_after_ms=10**9)
    receipt = worker.transfer(*SWEEP)
    clock.sleep(120)
    audit = worker.audit(0)
    assert ([record.tran_id for record in audit.pending], audit.missing, audit.clean) == ([receipt.tran_id], (), False)


OTHERWISE: dict[str, faults.Fault] = {
    "asset": faults.Respell(asset="lower"),
    "amount": faults.Respell(amount="fee"),
    "type": faults.Respell(type="OTHER"),
    "time": faults.Respell(offset_ms=90_000_000),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_an_audit_finds_a_receipt_whose_row_is_otherwise(
    name: str, worker: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.fail_next(OTHERWISE[name])
    receipt = worker.transfer(*SWEEP)
    clock.sleep(120)
    audit = worker.audit(0)
    assert [(record.tran_id, row.tran_id) for record, row in audit.mismatched] == [(receipt.tran_id, receipt.tran_id)]
    assert not audit.clean


def test_an_audit_finds_the_id_of_another_transfer(
    worker: bt.TransferClient, connect: Connect, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    """A person has given it without a look at history."""
    lost(worker, sandbox, executes=False)
    other = connect(None).transfer("MAIN_UMFUTURE", "USDT", "3")
    clock.sleep(120)
    journal.resolve("k", tran_id=other.tran_id)
    [(record, row)] = worker.audit(0).mismatched
    assert (record.key, row.tran_id) == ("k", other.tran_id)


@pytest.mark.parametrize("name", ["asset", "amount"])
def test_an_audit_finds_near_misses_of_an_absence(
    name: str, worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(worker, sandbox, OTHERWISE[name])
    clock.sleep(120)
    journal.resolve("k", not_executed=True, note="so I thought")
    audit = worker.audit(0)
    assert [(record.key, row.tran_id) for record, row in audit.near_misses] == [("k", moved(sandbox))]
    assert (audit.contradicted, audit.clean) == ((), False)


def test_an_audit_finds_a_near_miss_whose_time_is_in_seconds(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(worker, sandbox, faults.Respell(time="seconds"))
    clock.sleep(120)
    journal.resolve("k", not_executed=True, note="so I thought")
    assert [record.key for record, _ in worker.audit(0).near_misses] == ["k"]


def test_an_audit_calls_a_pending_row_no_contradiction_yet(
    worker: bt.TransferClient, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    lost(worker, sandbox, faults.Settle(status="CONFIRMED", after_ms=10**9))
    clock.sleep(120)
    journal.resolve("k", not_executed=True, note="so I thought")
    audit = worker.audit(0)
    assert (audit.contradicted, [record.key for record, _ in audit.near_misses]) == ((), ["k"])


def test_an_audit_keeps_no_writer_waiting(
    worker: bt.TransferClient, connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    worker.transfer(*SWEEP)
    clock.sleep(120)
    sent: list[bt.Receipt] = []

    def send() -> None:
        if not sent:
            sent.append(worker.transfer("MAIN_UMFUTURE", "USDT", "3"))

    wire.before_reading = send
    assert connect(journal, transport=wire).audit(0).clean
    assert len(sent) == 1


def test_a_key_without_a_receipt_is_not_believed_by_an_id_that_history_lacks(
    connect: Connect, journal: bt.Journal, wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """An id out of the blue, e.g. a proxy's, is found by the audit."""
    wire.answer = Answer(200, {}, b'{"tranId":4711}')
    worker = connect(journal, transport=wire)
    worker.transfer(*SWEEP, idempotency_key="k")
    clock.sleep(120)
    audit = worker.audit(0)
    assert ([record.key for record in audit.missing], moves(sandbox)) == (["k"], 0)


def test_a_verdict_is_not_written_on_what_changed_while_history_was_read(
    connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    """Another person has said that it did not happen, and a new attempt is open: that is another question."""
    worker = connect(journal)
    lost(worker, sandbox, executes=False)
    clock.sleep(60)

    def meanwhile() -> None:
        wire.before_reading = lambda: None
        journal.resolve("k", not_executed=True)
        sandbox.fail_next(faults.Drop(executes=True))
        with pytest.raises(bt.OutcomeUnknown):
            worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)

    person = connect(journal, transport=wire)
    person.transfer("MAIN_UMFUTURE", "USDT", "1")
    readings: list[int] = []

    def at_the_second_reading() -> None:
        readings.append(1)
        if len(readings) == 2:  # the clock is the first one, history the second
            meanwhile()

    wire.before_reading = at_the_second_reading
    with pytest.raises(bt.ResolutionRefused, match="has changed while history was read"):
        person.resolve("k", not_executed=True)
    assert entry(journal, "k").state == "open"


def test_an_attempt_that_is_not_in_the_journal_is_held_against_the_canary_too(
    client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    stands_at_ms = clock.now_ms()
    clock.sleep(1)
    client.transfer("MAIN_UMFUTURE", "USDT", "3", idempotency_key="canary")
    attempt = bt.Attempt(bt.Transfer(*SWEEP), clock.now_ms(), 5_000)
    sandbox.exchange.plan(faults.Stale(at_ms=stands_at_ms), times=None)
    with pytest.raises(bt.OutcomeUnknown, match="of key 'canary'"):
        client.reconcile(attempt)

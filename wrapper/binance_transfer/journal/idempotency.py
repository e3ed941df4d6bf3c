"""
Transfers under an idempotency key: recorded, sent once, and found out about.

One rule: a call answers with what is committed for its key, never with what its own attempt saw.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar
from uuid import uuid4

from attrs import evolve

from binance_transfer.attempt import Attempt
from binance_transfer.clock import Deadline, TryLock
from binance_transfer.errors import (
    ClockOutOfSync,
    InvalidTransfer,
    JournalFailed,
    NotExecuted,
    NotSent,
    OutcomeUnknown,
    ProvenAbsent,
    RateLimited,
    ReadFailed,
    TransferError,
)
from binance_transfer.flows import calls
from binance_transfer.flows.calls import SHARE_AFTER_A_WAIT, SHARE_TO_SEND, read_clock_if_stale, too_late
from binance_transfer.flows.effects import Context, Flow, Sleep, Transaction
from binance_transfer.journal import rules
from binance_transfer.journal.pacing import Wait
from binance_transfer.journal.records import AttemptRecord, Entry
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.journal.verdicts import (
    close_or_superseded,
    emit_recorded,
    entry_of_attempt,
    reconciled,
    record_answer,
    recording_s,
)
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from binance_transfer.wire import outcome
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.outcome import Receipt

T = TypeVar("T")

_WINDOW_SHARE: Final = 0.5  # of the receive window has to be left when a recorded attempt is sent


def key_for(intent: Transfer | Attempt) -> str:
    """Make a key for a call that brings none: an attempt that comes again is known by its own id."""
    return intent.id if isinstance(intent, Attempt) else uuid4().hex


def transfer(
    context: Context,
    bound: Callable[[Deadline], Flow[None]],
    intent: Transfer | Attempt,
    key: str,
    policy: Policy,
    deadline: Deadline,
    *,
    reconciles: bool,
) -> Flow[Receipt]:
    """
    Make a transfer once under a key, whoever has tried before.

    bound: makes sure that the journal's account is this client's.
    resolves: reconcile before giving up.

    Returns a Receipt, replayed where the key had moved. Raises as TransferClient.transfer says.
    """
    made: list[Attempt] = []
    try:
        return (yield from _transfer(context, bound, intent, key, policy, deadline, made, reconciles=reconciles))
    except BaseException as error:
        for attempt in made:
            calls.attach_open_attempt(error, attempt)
        raise


def _transfer(
    context: Context,
    bound: Callable[[Deadline], Flow[None]],
    intent: Transfer | Attempt,
    key: str,
    policy: Policy,
    deadline: Deadline,
    made: list[Attempt],
    *,
    reconciles: bool,
) -> Flow[Receipt]:
    waited = False
    while True:
        try:
            yield from bound(deadline)
            if (entry := (yield from _answered_before(context, intent, key, deadline))) is not None:
                return (yield from _answered(context, entry, None, None, deadline, reconciles=reconciles))
            yield from read_clock_if_stale(context, _leaving_time_to_send(context, deadline))
        except ReadFailed as failed:
            return (yield from _unprepared(context, intent, key, failed, deadline))
        found = yield from _begin(context, key, intent, policy, deadline, made)
        if not isinstance(found, Wait):
            break
        yield from _wait(context, key, intent, found, deadline)
        waited = True
    if isinstance(found, AttemptRecord):
        share = SHARE_AFTER_A_WAIT if waited else SHARE_TO_SEND
        return (yield from _send(context, found, deadline, share, reconciles=reconciles))
    return (yield from _answered(context, found, None, None, deadline, reconciles=reconciles))


def _begin(
    context: Context,
    key: str,
    intent: Transfer | Attempt,
    policy: Policy,
    deadline: Deadline,
    made: list[Attempt],
) -> Flow[AttemptRecord | Entry | Wait]:
    """
    Record an attempt, unless the key is settled or open, or has to wait.

    made: gets the attempt that is or may be recorded, before it is.

    Who interrupts this, or gives it up, may leave the transaction running in its thread. It records nothing from then
    on, unless its attempt is made by that moment.
    """
    turn = TryLock()  # for whoever is first: the transaction with its attempt, or what ends the call

    def make_attempt() -> Attempt:
        attempt = attempt_of(context, intent)
        made[:] = [attempt]
        if not turn.try_acquire():
            message = "the call was given up before its attempt was recorded"
            raise JournalFailed(message)
        return attempt

    def change(journal: JournalTransaction) -> AttemptRecord | Entry | Wait:
        settle_ms, now_ms = context.settings.settle_ms, context.clock.now_ms
        return rules.begin(journal, key, intent, make_attempt, settle_ms, policy, now_ms)

    try:
        found = yield from Transaction(change, deadline.left_s())
    except BaseException:
        if turn.try_acquire():
            made.clear()
        raise
    if not isinstance(found, AttemptRecord):
        made.clear()
    return found


def attempt_of(context: Context, intent: Transfer | Attempt) -> Attempt:
    """Return what is sent for an intent, stamped now unless it was prepared."""
    if isinstance(intent, Attempt):
        return intent
    return Attempt(intent, context.clock.now_ms(), context.settings.recv_window_ms)


def _answered_before(context: Context, intent: Transfer | Attempt, key: str, deadline: Deadline) -> Flow[Entry | None]:
    """Return a key that needs no timestamp, so that the exchange's clock is not read for it; None for any other."""
    if not context.clock.stale:
        return None
    entry = yield from Transaction(
        partial(rules.checked_entry, key=key, transfer=_transfer_of(intent)), deadline.left_s(), reads=True
    )
    return None if entry is None or entry.state == "not_moved" else entry


def _transfer_of(intent: Transfer | Attempt) -> Transfer:
    return intent.transfer if isinstance(intent, Attempt) else intent


def _leaving_time_to_send(context: Context, deadline: Deadline) -> Deadline:
    return deadline.earlier(deadline.left_s() - SHARE_TO_SEND * context.settings.timeout_s)


def _wait(context: Context, key: str, intent: Transfer | Attempt, wait: Wait, deadline: Deadline) -> Flow[None]:
    """Wait for a turn, if the transfer can still be sent and answered afterwards; else say for how long it would be."""
    if isinstance(intent, Attempt):
        last_ms = intent.timestamp_ms + intent.recv_window_ms
        if context.clock.now_ms() + 1000 * wait.seconds > last_ms:
            message = f"the attempt would expire before it can be sent ({wait.reason}): prepare a new one later"
            raise InvalidTransfer(message)
    if wait.seconds + SHARE_AFTER_A_WAIT * context.settings.timeout_s > deadline.left_s():
        message = f"not sent: {wait.reason}, for another {wait.seconds:.1f} s, longer than the time left for this call"
        retry_after_s = -int(-wait.seconds // 1)
        if wait.asked:
            raise RateLimited(message, code=None, msg="", retry_after_s=retry_after_s)
        raise NotSent(message, retry_after_s=retry_after_s)
    calls.emit_wait(context, wait.seconds, wait.reason, key=key)
    yield from Sleep(wait.seconds)


def _unprepared(
    context: Context, intent: Transfer | Attempt, key: str, failed: ReadFailed, deadline: Deadline
) -> Flow[Receipt]:
    """
    Answer a call that could not read what it has to read before it sends.

    A key that has moved is answered from the journal; one that may have is not called "not sent".
    """
    transfer = _transfer_of(intent)
    try:
        entry = yield from Transaction(
            partial(rules.checked_entry, key=key, transfer=transfer), recording_s(deadline), reads=True
        )
    except JournalFailed as journal_failed:
        message = f"nothing was sent ({failed}), and what became of the key earlier could not be read: {journal_failed}"
        attempt = attempt_of(context, intent)
        raise _of_key(OutcomeUnknown(message, attempt=attempt)) from None
    if entry is not None and entry.moved is not None:
        return _receipt(entry, None, None)
    if entry is not None and entry.open_attempt is not None:
        message = f"key {key!r} has an open attempt whose outcome could not be checked: {failed}"
        raise _of_key(OutcomeUnknown(message, attempt=entry.open_attempt.attempt)) from None
    raise outcome.not_begun(failed) from None


def _send(
    context: Context, record: AttemptRecord, deadline: Deadline, share: float, *, reconciles: bool
) -> Flow[Receipt]:
    """Send an attempt that is recorded, and record what came of it."""
    attempt = record.attempt
    calls.emit_attempt(context, attempt, record.key)
    left_ms = attempt.timestamp_ms + attempt.recv_window_ms - context.clock.now_ms()
    reason = too_late(context, deadline, share)
    if not reason and left_ms < _WINDOW_SHARE * attempt.recv_window_ms:
        reason = f"not sent: recording it took so long that only {left_ms / 1000:.1f} s of its window were left"
    if reason:
        entry = yield from _close_unsent(context, record, reason, deadline)
        return (yield from _answered(context, entry, attempt, NotSent(reason), deadline, reconciles=reconciles))
    reply = yield from calls.post(attempt, min(context.settings.timeout_s, deadline.left_s()))
    return (yield from _record_and_answer(context, record, reply, deadline, reconciles=reconciles))


def _close_unsent(context: Context, record: AttemptRecord, reason: str, deadline: Deadline) -> Flow[Entry]:
    try:
        return (yield from close_or_superseded(context, record, "not-sent", deadline, reason))
    except JournalFailed as failed:
        message = f"{reason}; and that could not be recorded ({failed}): call again with the same key"
        raise _of_key(OutcomeUnknown(message, attempt=record.attempt)) from None


def _record_and_answer(
    context: Context, record: AttemptRecord, reply: Reply, deadline: Deadline, *, reconciles: bool
) -> Flow[Receipt]:
    attempt, key = record.attempt, record.key
    result: Receipt | TransferError
    try:
        result = outcome.judge(attempt, reply, context.settings.extra_rejected_codes)
    except TransferError as error:
        result = error
    if isinstance(result, ClockOutOfSync):
        context.clock.mark_stale()
    try:
        recorded = yield from record_answer(context, attempt, reply, result, deadline)
    except JournalFailed as failed:
        calls.emit_answer(context, attempt, result, key)
        if isinstance(result, Receipt):
            context.alert(f"{key}: moved as {result.tran_id}, and the journal could not record it: {failed}")
            return evolve(result, idempotency_key=key, recorded=False)
        message = f"{result}; and the journal could not record it ({failed}): call again with the same key"
        raise _of_key(OutcomeUnknown(message, attempt=attempt)) from None
    calls.emit_answer(context, attempt, result, key)
    emit_recorded(context, attempt, recorded.entry)
    if recorded.alert:
        context.alert(recorded.alert)
    return (yield from _answered(context, recorded.entry, attempt, result, deadline, reconciles=reconciles))


def _answered(
    context: Context,
    entry: Entry,
    own_attempt: Attempt | None,
    result: Receipt | TransferError | None,
    deadline: Deadline,
    *,
    reconciles: bool,
) -> Flow[Receipt]:
    """Answer with the committed state of a key (rule 7)."""
    if entry.moved is not None:
        return _receipt(entry, own_attempt, result)
    record = entry.open_attempt
    if record is None:
        # Every attempt provably moved nothing. What this call's own one was told says it best.
        raise result if isinstance(result, NotExecuted) else _absent(entry, own_attempt)
    if reconciles and deadline.left_s() > 0:
        return (yield from reconcile_recorded(context, record, deadline, own_attempt))
    if isinstance(result, OutcomeUnknown):
        raise _of_key(result)
    message = f"key {entry.key!r} has an attempt without a verdict: reconcile it, do not send again"
    raise _of_key(OutcomeUnknown(message, attempt=record.attempt))


def reconcile_recorded(
    context: Context, record: AttemptRecord, deadline: Deadline, own_attempt: Attempt | None = None
) -> Flow[Receipt]:
    """
    Reconcile an attempt that is recorded, write the verdict, and answer with the state of its key.

    own_attempt: what the caller itself has sent; another call's is replayed.
    """
    try:
        entry = yield from calls.naming_open_attempt(record.attempt, reconciled(context, record, deadline))
    except JournalFailed as failed:
        message = f"the journal failed while the attempt was reconciled ({failed}): call again with the same key"
        raise _of_key(OutcomeUnknown(message, attempt=record.attempt)) from None
    except OutcomeUnknown as unknown:
        raise _of_key(unknown) from None
    return (yield from _answered(context, entry, own_attempt, None, deadline, reconciles=True))


def reconcile_open(context: Context, deadline_s: float) -> Flow[list[Entry]]:
    """Reconcile every open attempt, each for so long, and return what became of their keys."""
    clock = context.clock.local
    resolved: list[Entry] = []
    first = Deadline.within(deadline_s, clock)
    for record in (yield from Transaction(lambda journal: journal.open_attempts(), first.left_s(), reads=True)):
        deadline = Deadline.within(deadline_s, clock)
        try:
            yield from reconcile_recorded(context, record, deadline)
        except (OutcomeUnknown, ProvenAbsent) as error:
            context.log(f"{record.key}: {error}")
        resolved.append((yield from entry_of_attempt(record.attempt, deadline)))
    return resolved


def _receipt(entry: Entry, own_attempt: Attempt | None, result: Receipt | TransferError | None) -> Receipt:
    """Return the receipt of a key that moved: this call's own one, or a replay."""
    if isinstance(result, Receipt) and result.tran_id == entry.tran_id:
        return evolve(result, idempotency_key=entry.key)
    record = entry.moved
    assert record is not None and record.tran_id is not None  # noqa: S101, PT018  # what moved has an id
    replayed = own_attempt is None or record.attempt.id != own_attempt.id
    return Receipt(record.tran_id, record.attempt, idempotency_key=entry.key, replayed=replayed)


def _absent(entry: Entry, own_attempt: Attempt | None) -> ProvenAbsent:
    own = (record for record in entry.attempts if own_attempt and record.attempt.id == own_attempt.id)
    record = next(own, entry.attempts[-1])
    note = record.note or "it was not made and never will be"
    return ProvenAbsent(f"key {entry.key!r} moved nothing: {note}", attempt=record.attempt)


def _of_key(unknown: OutcomeUnknown) -> OutcomeUnknown:
    """Mark an unknown outcome as one of a key: calling again with the key is safe, and finds out."""
    unknown.retryable = True
    return unknown


def bind(context: Context, environment: str, fingerprint: str, deadline: Deadline) -> Flow[None]:
    """
    Make sure that the journal's account is this client's; raises ReadFailed and JournalFailed (rules 9 and 14).

    fingerprint: of the client's API key. Where it is known the exchange is asked nothing.
    """
    known = yield from Transaction(
        lambda journal: rules.is_bound(journal, environment, fingerprint), deadline.left_s(), reads=True
    )
    if known:
        return
    uid = yield from calls.uid(context, _leaving_time_to_send(context, deadline))
    yield from Transaction(lambda journal: rules.bind(journal, environment, uid, fingerprint), deadline.left_s())

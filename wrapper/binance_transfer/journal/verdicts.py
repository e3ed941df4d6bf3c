"""
What became of a recorded attempt, written down: its answer, and the verdict that reconciling comes to.

One rule: a verdict is written only on the opening of the attempt that it was reached for (docs/rules.md, rule 7).
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import Final

from attrs import frozen

from binance_transfer.attempt import Attempt
from binance_transfer.clock import Deadline
from binance_transfer.errors import (
    Ambiguous,
    JournalFailed,
    NotExecuted,
    NotSent,
    OutcomeUnknown,
    ProvenAbsent,
    RateLimited,
    TransferError,
)
from binance_transfer.flows import calls
from binance_transfer.flows.effects import Context, Flow, Sleep, Transaction
from binance_transfer.flows.reconcile import FailedLater, Owners, reconcile, recorded_canary
from binance_transfer.journal import rules
from binance_transfer.journal.pacing import Weight
from binance_transfer.journal.records import AnswerRecord, AttemptRecord, Entry, Verdict
from binance_transfer.journal.rules import Recorded, Superseded
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.visible import sound_repr
from binance_transfer.wire.answer import Answer, Reply
from binance_transfer.wire.outcome import LIMITED, Receipt

_TO_RECORD_S: Final = 1.0  # what a call may last longer, to record what became of it
_SILENCE_S: Final = 60  # after a 429 that does not say for how long
_SILENCE_LIMIT_S: Final = 3_600  # a longer figure must not silence an account for ever
_RECORD_PAUSE_S: Final = 0.2


@frozen
class JournalClaims:
    """Who an id of the exchange belongs to, told by the journal, for one opening of an attempt."""

    opening: int
    __repr__ = sound_repr

    def owners(self, attempt: Attempt, ids: Collection[int], deadline: Deadline) -> Flow[Owners]:
        """Return who ids belong to; raises Superseded where the attempt has its verdict by now."""

        def ask(journal: JournalTransaction) -> Owners:
            rules.open_attempt(journal, attempt, self.opening)
            owners = journal.owners(ids)
            others = frozenset(tran_id for tran_id, owner in owners.items() if owner != attempt.id)
            return Owners(others, journal.once_named(ids, attempt.id) - owners.keys())

        return (yield from Transaction(ask, recording_s(deadline), reads=True))

    def claim(self, attempt: Attempt, tran_id: int, deadline: Deadline) -> Flow[bool]:
        """Accept every id: ``reconciled`` looks whose it is when it writes the verdict."""
        del attempt, tran_id, deadline
        yield from ()
        return True

    def canary(self, attempt: Attempt, since_ms: int, deadline: Deadline) -> Flow[AttemptRecord | None]:
        """Return what the journal knows to be in history."""
        return (yield from recorded_canary(attempt, since_ms, recording_s(deadline)))


def record_answer(
    context: Context, attempt: Attempt, reply: Reply, result: Receipt | TransferError, deadline: Deadline
) -> Flow[Recorded]:
    """Record an answer. An acceptance is tried again until the time of the call is over: losing it would cost most."""
    change = _recording(context, attempt, reply, result)
    while True:
        try:
            return (yield from Transaction(change, recording_s(deadline)))
        except JournalFailed:
            if not isinstance(result, Receipt) or deadline.left_s() <= _RECORD_PAUSE_S:
                raise
        yield from Sleep(_RECORD_PAUSE_S)


def _recording(
    context: Context, attempt: Attempt, reply: Reply, result: Receipt | TransferError
) -> Callable[[JournalTransaction], Recorded]:
    match result:
        case Receipt():
            verdict: Verdict | None = "accepted"
        case NotSent():
            verdict = "not-sent"
        case NotExecuted():
            verdict = "refused"
        case _:
            verdict = None
    now_ms = context.clock.now_ms()
    silent_until_ms = 0
    if isinstance(result, RateLimited) or result.http_status in LIMITED:
        # Only a 429 and a 418 may say for how long: docs/rules.md, rule 12.
        asked_s = result.retry_after_s if result.http_status in LIMITED else None
        silent_until_ms = now_ms + 1000 * min(_SILENCE_S if asked_s is None else asked_s, _SILENCE_LIMIT_S)
    answer = AnswerRecord(
        now_ms,
        type(result).__name__,
        result.http_status,
        getattr(result, "code", None),
        getattr(result, "msg", "") or (reply.unreadable if isinstance(reply, Answer) else reply.reason),
        result.tran_id if isinstance(result, Receipt) else None,
    )
    weight = Weight(result.used_uid_weight_1m, silent_until_ms)
    return lambda journal: rules.record_answer(journal, attempt, answer, verdict, weight)


def reconciled(context: Context, record: AttemptRecord, deadline: Deadline) -> Flow[Entry]:
    """Write the verdict that reconciliation comes to, unless another worker does, and return the state of the key."""
    attempt = record.attempt
    claims = JournalClaims(record.opening)
    try:
        receipt = yield from reconcile(context, attempt, record.window, deadline, claims, record.answered_ids)
        return (yield from _close_as_found(context, record, receipt.tran_id, deadline))
    except ProvenAbsent as absent:
        return (yield from close_or_superseded(context, record, "absent", deadline, str(absent)))
    except FailedLater as failed:
        yield from close_or_superseded(context, record, "failed", deadline, str(failed))
        message = f"{failed}; the key may be used again"
        raise OutcomeUnknown(message, attempt=attempt) from None
    except Ambiguous as ambiguous:
        yield from Transaction(_note(attempt, ambiguous, context.clock.now_ms()), recording_s(deadline))
        raise
    except Superseded:
        return (yield from entry_of_attempt(attempt, deadline))


def _close_as_found(context: Context, record: AttemptRecord, tran_id: int, deadline: Deadline) -> Flow[Entry]:
    recorded = yield from _close(context, record, "found", deadline, tran_id)
    if recorded.entry.open_attempt is not None and recorded.entry.moved is None:
        message = "the only matching row of history belongs to another attempt: reconcile again"
        raise OutcomeUnknown(message, attempt=record.attempt)
    return recorded.entry


def close_or_superseded(
    context: Context, record: AttemptRecord, verdict: Verdict, deadline: Deadline, note: str
) -> Flow[Entry]:
    """Write a verdict, unless the attempt has one by now, and return the state of the key."""
    try:
        return (yield from _close(context, record, verdict, deadline, note=note)).entry
    except Superseded:
        return (yield from entry_of_attempt(record.attempt, deadline))


def entry_of_attempt(attempt: Attempt, deadline: Deadline) -> Flow[Entry]:
    """Return the state of the key that an attempt belongs to."""
    return (yield from Transaction(partial(rules.entry_of, attempt=attempt), recording_s(deadline), reads=True))


def _close(
    context: Context,
    record: AttemptRecord,
    verdict: Verdict,
    deadline: Deadline,
    tran_id: int | None = None,
    *,
    note: str = "",
) -> Flow[Recorded]:
    at_ms = context.clock.now_ms()

    def change(journal: JournalTransaction) -> Recorded:
        return rules.close(journal, record.attempt, record.opening, verdict, at_ms, tran_id, note)

    recorded = yield from Transaction(change, recording_s(deadline))
    emit_recorded(context, record.attempt, recorded.entry)
    if recorded.alert:
        context.alert(recorded.alert)
    return recorded


def emit_recorded(context: Context, attempt: Attempt, entry: Entry) -> None:
    """Tell of the verdict on an attempt that was just recorded, if there is one."""
    record = next(each for each in entry.attempts if each.attempt.id == attempt.id)
    if record.verdicts:
        last = record.verdicts[-1]
        calls.emit_verdict(context, attempt, last.state, last.verdict, last.tran_id, key=entry.key, reason=last.note)


def recording_s(deadline: Deadline) -> float:
    """Return how long a call may wait for the journal, once something is known that others need to know."""
    return deadline.later(_TO_RECORD_S).left_s()


def _note(attempt: Attempt, ambiguous: Ambiguous, now_ms: int) -> Callable[[JournalTransaction], None]:
    """Let those who read the journal see, once, that a person has to decide."""

    def note(journal: JournalTransaction) -> None:
        record = journal.attempt(attempt.id)
        if record and not any(answer.outcome == Ambiguous.__name__ for answer in record.answers):
            answer = AnswerRecord(now_ms, Ambiguous.__name__, None, None, str(ambiguous), None)
            journal.add_answer(attempt.id, answer)

    return note

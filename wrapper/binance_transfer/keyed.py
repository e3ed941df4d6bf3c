"""
Transfers under an idempotency key: recorded, sent once, and found out about.

One rule: a call answers with what is committed for its key, never with what its own attempt saw.
"""

from collections.abc import Collection
from functools import partial
from typing import Final
from uuid import uuid4

from attrs import evolve, frozen

from binance_transfer import bookkeeping, flows, outcome, reconcile
from binance_transfer.answer import Answer, Reply
from binance_transfer.attempt import Attempt
from binance_transfer.bookkeeping import Recorded, Wait, Weight
from binance_transfer.books import Books
from binance_transfer.entries import AnswerRecord, AttemptRecord, Entry, Verdict
from binance_transfer.errors import (
    Ambiguous,
    ClockOutOfSync,
    InvalidTransfer,
    JournalFailed,
    NotExecuted,
    NotSent,
    OutcomeUnknown,
    ProvenAbsent,
    RateLimited,
    TransferError,
)
from binance_transfer.flows import Alarm, Flow, Now, Post, Settings, Sleep, Tell, Transaction
from binance_transfer.outcome import Receipt
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from binance_transfer_api.api.account import account

_KEY_LENGTH: Final = 255
_SILENCE_S: Final = 60  # after a 429 that does not say for how long
_SILENCE_LIMIT_S: Final = 7 * 24 * 3600  # no ban is longer; an absurd figure must not silence an account for ever


class _Closed(Exception):
    """Another worker has written the verdict meanwhile."""


@frozen
class JournalClaims:
    """Who an id of the exchange belongs to, told by the journal: what reconciliation asks where there is one."""

    def others(self, attempt: Attempt) -> Flow[Collection[int]]:
        """Return the ids of other attempts; raises _Closed where the attempt has its verdict."""

        def ids(books: Books) -> frozenset[int]:
            record = books.attempt(attempt.id)
            if record is None or record.state != "open":
                raise _Closed
            return books.ids_of_others(attempt.id)

        return (yield from Transaction(ids))

    def claim(self, attempt: Attempt, tran_id: int) -> Flow[bool]:
        """Write the verdict that the attempt is this transfer; False where the id is another attempt's."""
        recorded = yield from _closed(attempt, "found", (yield from Now()).server_ms, tran_id)
        return recorded.entry.tran_id == tran_id


def key_for(order: Transfer | Attempt) -> str:
    """Make a key for a call that brings none: an attempt that comes again is known by its own id."""
    return order.id if isinstance(order, Attempt) else uuid4().hex


def check(key: object) -> None:
    """Raise InvalidTransfer for a key that people and databases could not tell from another one."""
    if not isinstance(key, str) or not 0 < len(key) <= _KEY_LENGTH or not key.isprintable() or key != key.strip():
        message = f"idempotency_key must be a text of 1 to {_KEY_LENGTH} visible characters, not {key!r:.300}"
        raise InvalidTransfer(message)


def transfer(
    order: Transfer | Attempt, key: str, settings: Settings, policy: Policy, resolve_within_s: float
) -> Flow[Receipt]:
    """
    Make a transfer once under a key, whoever has tried before.

    Returns a Receipt, replayed where the key had moved. Raises as TransferClient.transfer says.
    """
    while True:
        attempt = order if isinstance(order, Attempt) else (yield from flows.prepare(order, settings))
        now_ms = (yield from Now()).server_ms
        found = yield from Transaction(_begin(key, attempt, settings, policy, now_ms))
        if not isinstance(found, Wait):
            break
        if attempt is order and now_ms + 1000 * found.seconds > attempt.timestamp_ms + attempt.recv_window_ms:
            message = f"the attempt cannot be sent in its time, {found.reason}: prepare another one later"
            raise InvalidTransfer(message)
        yield from Tell(f"{key}: waiting {found.seconds:.1f} s, {found.reason}")
        yield from Sleep(found.seconds)
    if isinstance(found, AttemptRecord):
        return (yield from _send(found.attempt, key, settings, resolve_within_s))
    return (yield from _answered(found, None, None, settings, resolve_within_s))


def _begin(key: str, attempt: Attempt, settings: Settings, policy: Policy, now_ms: int) -> "flows.Change[Begin]":
    return lambda books: bookkeeping.begin(books, key, attempt, settings.settle_ms, policy, now_ms)


Begin = AttemptRecord | Entry | Wait


def _send(attempt: Attempt, key: str, settings: Settings, resolve_within_s: float) -> Flow[Receipt]:
    """Send an attempt that is recorded, and record what came of it."""
    reply = yield from Post(attempt, settings.timeout_s)
    result: Receipt | TransferError
    try:
        result = outcome.judge(attempt, reply, settings.extra_rejected_codes)
    except TransferError as error:
        result = error
    if isinstance(result, ClockOutOfSync):
        yield from flows.Settle(due=True)
    now_ms = (yield from Now()).server_ms
    try:
        recorded = yield from Transaction(_record(attempt, reply, result, now_ms))
    except JournalFailed as failed:
        if isinstance(result, Receipt):
            yield from Alarm(f"{key}: moved as {result.tran_id}, and the journal could not record it: {failed}")
            return evolve(result, idempotency_key=key, recorded=False)
        message = f"{result}; and the journal could not record it ({failed}): call again with the same key"
        raise OutcomeUnknown(message, attempt=attempt) from None
    if recorded.contradiction:
        yield from Alarm(recorded.contradiction)
    return (yield from _answered(recorded.entry, attempt, result, settings, resolve_within_s))


def _record(attempt: Attempt, reply: Reply, result: Receipt | TransferError, now_ms: int) -> "flows.Change[Recorded]":
    match result:
        case Receipt():
            verdict: Verdict | None = "accepted"
        case NotSent():
            verdict = "not-sent"
        case NotExecuted():
            verdict = "refused"
        case _:
            verdict = None
    silent_until_ms = 0
    if isinstance(result, RateLimited) or result.http_status in outcome.LIMITED or result.retry_after_s is not None:
        silent_until_ms = now_ms + 1000 * min(result.retry_after_s or _SILENCE_S, _SILENCE_LIMIT_S)
    answer = AnswerRecord(
        now_ms,
        type(result).__name__,
        result.http_status,
        getattr(result, "code", None),
        getattr(result, "msg", "") or ("" if isinstance(reply, Answer) else reply.reason),
        result.tran_id if isinstance(result, Receipt) else None,
    )
    weight = Weight(result.used_uid_weight_1m, silent_until_ms)
    return lambda books: bookkeeping.record_answer(books, attempt, answer, verdict, weight)


def _answered(
    entry: Entry,
    mine: Attempt | None,
    result: Receipt | TransferError | None,
    settings: Settings,
    resolve_within_s: float,
) -> Flow[Receipt]:
    """Answer with the committed state of a key: rule 7."""
    if entry.tran_id is not None:
        return _receipt(entry, mine, result)
    open_attempt = entry.open_attempt
    if open_attempt is None:
        # Every attempt provably moved nothing. What this call's own one was told says it best.
        raise result if isinstance(result, NotExecuted) else _absent(entry, mine)
    if not resolve_within_s:
        if isinstance(result, OutcomeUnknown):
            raise result
        message = f"key {entry.key!r} has an attempt without a verdict: reconcile it, do not send again"
        raise OutcomeUnknown(message, attempt=open_attempt.attempt)
    sent = mine is not None and mine.id == open_attempt.attempt.id
    return (yield from resolve(open_attempt.attempt, settings, resolve_within_s, sent=sent))


def resolve(attempt: Attempt, settings: Settings, deadline_s: float, *, sent: bool = True) -> Flow[Receipt]:
    """
    Reconcile an attempt that is recorded, write the verdict, and answer with the state of its key.

    sent: the attempt is the caller's own; another call's is replayed.
    """
    until_s = (yield from Now()).monotonic_s + deadline_s
    try:
        entry = yield from _resolved(attempt, settings, deadline_s)
    except JournalFailed as failed:
        message = f"the journal failed while the attempt was reconciled ({failed}): call again with the same key"
        raise OutcomeUnknown(message, attempt=attempt) from None
    left_s = until_s - (yield from Now()).monotonic_s
    return (yield from _answered(entry, attempt if sent else None, None, settings, max(left_s, 0)))


def _resolved(attempt: Attempt, settings: Settings, deadline_s: float) -> Flow[Entry]:
    """Write the verdict that reconciliation comes to, unless another worker does, and return the state of the key."""
    record = yield from Transaction(lambda books: books.attempt(attempt.id))
    if record is not None:
        # The window is what was recorded: others have relied on its end.
        settings = evolve(settings, settle_ms=record.window_end_ms - attempt.timestamp_ms - attempt.recv_window_ms)
    try:
        yield from reconcile.reconcile(attempt, settings, deadline_s, claims=JournalClaims())
    except ProvenAbsent as absent:
        now_ms = (yield from Now()).server_ms
        return (yield from _closed(attempt, "absent", now_ms, note=str(absent))).entry
    except Ambiguous as ambiguous:
        now_ms = (yield from Now()).server_ms
        yield from Transaction(_note(attempt, ambiguous, now_ms))
        raise
    except _Closed:
        pass
    return (yield from Transaction(lambda books: bookkeeping.entry_of(books, attempt)))


def _note(attempt: Attempt, ambiguous: Ambiguous, now_ms: int) -> "flows.Change[None]":
    """Let those who read the journal see, once, that a person has to decide."""

    def note(books: Books) -> None:
        record = books.attempt(attempt.id)
        if record and not any(answer.outcome == Ambiguous.__name__ for answer in record.answers):
            told = AnswerRecord(now_ms, Ambiguous.__name__, None, None, str(ambiguous), None)
            books.add_answer(attempt.id, told)

    return note


def resolve_all(settings: Settings, deadline_s: float) -> Flow[list[Entry]]:
    """Reconcile every open attempt, each for so long, and return what became of their keys."""
    resolved: list[Entry] = []
    for record in (yield from Transaction(lambda books: books.open_attempts())):
        try:
            yield from resolve(record.attempt, settings, deadline_s)
        except (OutcomeUnknown, ProvenAbsent) as told:
            yield from Tell(f"{record.key}: {told}")
        resolved.append((yield from Transaction(partial(bookkeeping.entry_of, attempt=record.attempt))))
    return resolved


def _closed(
    attempt: Attempt, verdict: Verdict, at_ms: int, tran_id: int | None = None, note: str = ""
) -> Flow[Recorded]:
    recorded = yield from Transaction(lambda books: bookkeeping.close(books, attempt, verdict, at_ms, tran_id, note))
    if recorded.contradiction:
        yield from Alarm(recorded.contradiction)
    return recorded


def _receipt(entry: Entry, mine: Attempt | None, result: Receipt | TransferError | None) -> Receipt:
    """Return the receipt of a key that moved: this call's own one, or a replay."""
    if isinstance(result, Receipt) and result.tran_id == entry.tran_id:
        return evolve(result, idempotency_key=entry.key)
    record = next(record for record in entry.attempts if record.state == "moved")
    replayed = mine is None or record.attempt.id != mine.id
    assert record.tran_id is not None  # noqa: S101  # what moved has an id
    return Receipt(record.tran_id, record.attempt, idempotency_key=entry.key, replayed=replayed)


def _absent(entry: Entry, mine: Attempt | None) -> ProvenAbsent:
    record = next((record for record in entry.attempts if mine and record.attempt.id == mine.id), entry.attempts[-1])
    note = record.note or "it was not made and never will be"
    return ProvenAbsent(f"key {entry.key!r} moved nothing: {note}", attempt=record.attempt)


def bind(settings: Settings, environment: str) -> Flow[None]:
    """Bind the journal's account to this client's environment and uid; raises ReadFailed and JournalFailed."""
    answer = yield from flows.signed_read(
        lambda timestamp_ms: account.build_request(
            omit_zero_balances=True, recv_window=settings.recv_window_ms, timestamp=timestamp_ms
        ),
        account.parse_response,
        settings,
    )
    yield from Transaction(lambda books: bookkeeping.bind(books, environment, answer.uid))

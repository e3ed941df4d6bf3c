"""
One call to the exchange, step by step: the clock, a transfer, a reading.

One rule: a transfer is sent only where its timestamp is sound and there is time left for its answer; what stops it
before says that nothing was sent.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from attrs import frozen

from binance_transfer.attempt import Attempt
from binance_transfer.balances import Balances, balances_of
from binance_transfer.clock import Deadline, TryLock
from binance_transfer.errors import (
    ClockOutOfSync,
    NotExecuted,
    NotSent,
    OutcomeUnknown,
    PermissionDenied,
    ReadFailed,
    TransferError,
)
from binance_transfer.events import AnswerEvent, AttemptEvent, VerdictEvent, WaitEvent
from binance_transfer.flows.effects import Context, Flow, Post, Read, Sleep
from binance_transfer.history import HistoryQuery, Page, page
from binance_transfer.moments import is_plausible
from binance_transfer.transfer import Transfer
from binance_transfer.visible import sound_repr
from binance_transfer.wire import outcome
from binance_transfer.wire.answer import Answer, Reply
from binance_transfer.wire.outcome import Receipt
from binance_transfer_api.api.account import account, api_restrictions
from binance_transfer_api.api.asset import universal_transfer_history, wallet_balance
from binance_transfer_api.api.system import server_time, system_status
from binance_transfer_api.models import ApiError
from binance_transfer_api.types import Request, Unexpected

T = TypeVar("T")
Model = TypeVar("Model")

_INVALID_TIMESTAMP: Final = -1021
_POLL_S: Final = 0.01  # while another call reads what is needed
SHARE_TO_SEND: Final = 0.25
"""The share of ``timeout_s`` that has to be left when a transfer is sent: without it no answer could be waited for."""
SHARE_AFTER_A_WAIT: Final = 0.5
"""The same where the call has waited for its turn."""


@frozen
class Preflight:
    """
    Whether transfers can be expected to work. A field is None where it could not be read; ``problems`` says why.

    clock_offset_ms: the exchange's clock minus this machine's; the client makes up for it.
    reading_enabled: the key may read history, which reconciliation needs.
    permits_universal_transfer: the key may transfer.
    ip_restricted: only listed addresses may use the key.
    system_normal: the exchange is not under maintenance.
    problems: what could not be read, each with what the exchange said.
    """

    clock_offset_ms: int | None
    reading_enabled: bool | None
    permits_universal_transfer: bool | None
    ip_restricted: bool | None
    system_normal: bool | None
    problems: tuple[str, ...] = ()
    __repr__ = sound_repr


def measure_clock(context: Context, deadline: Deadline) -> Flow[int]:
    """Read the exchange's clock and return what it showed, in ms since 1970; raises ReadFailed."""
    asked_s = deadline.clock.monotonic()
    reply = yield from _read(context, server_time.build_request(), deadline)
    server_ms = outcome.read(reply, server_time.parse_response).server_time
    if not is_plausible(server_ms):
        message = f"the exchange's clock shows {server_ms}, which is no time of ours in ms since 1970"
        raise ReadFailed(message)
    context.clock.anchor(asked_s, deadline.clock.monotonic(), server_ms)
    return server_ms


def read_clock_if_stale(context: Context, deadline: Deadline) -> Flow[None]:
    """Make sure that the exchange's clock is known; raises ReadFailed."""
    clock = context.clock
    yield from once(clock.turn, lambda: clock.stale, partial(measure_clock, context, deadline), deadline)


def once(turn: TryLock, needed: Callable[[], bool], read: Callable[[], Flow[object]], deadline: Deadline) -> Flow[None]:
    """Do what several calls may need at once in one of them, while the others wait; raises ReadFailed."""
    while needed():
        if turn.try_acquire():
            try:
                if needed():  # another call may have been quicker
                    yield from read()
            finally:
                turn.release()
        elif deadline.left_s() <= _POLL_S:
            message = "another call was already reading this and did not finish in time"
            raise ReadFailed(message)
        else:
            yield from Sleep(_POLL_S)


def prepare(context: Context, transfer: Transfer, deadline: Deadline) -> Flow[Attempt]:
    """Make an attempt for now. Raises a NotExecuted where the exchange's clock has to be read first and cannot be."""
    timeout_s = context.settings.timeout_s
    try:
        yield from read_clock_if_stale(context, deadline.earlier(deadline.left_s() - SHARE_TO_SEND * timeout_s))
    except ReadFailed as failed:
        raise outcome.not_begun(failed) from None
    return Attempt(transfer, context.clock.now_ms(), context.settings.recv_window_ms)


def execute(context: Context, intent: Transfer | Attempt, deadline: Deadline) -> Flow[Receipt]:
    """Send a transfer or a prepared attempt once, before the deadline."""
    attempt = intent if isinstance(intent, Attempt) else (yield from prepare(context, intent, deadline))
    emit_attempt(context, attempt)
    if reason := too_late(context, deadline):
        emit_verdict(context, attempt, "not_moved", "not-sent", reason=reason)
        raise NotSent(reason)
    return (yield from naming_open_attempt(attempt, _sent(context, attempt, deadline)))


def _sent(context: Context, attempt: Attempt, deadline: Deadline) -> Flow[Receipt]:
    reply = yield from Post(attempt, deadline.left_s())
    try:
        receipt = outcome.judge(attempt, reply, context.settings.extra_rejected_codes)
    except TransferError as error:
        if isinstance(error, ClockOutOfSync):
            context.clock.mark_stale()
        emit_answer(context, attempt, error)
        if isinstance(error, NotExecuted):
            verdict = "not-sent" if isinstance(error, NotSent) else "refused"
            emit_verdict(context, attempt, "not_moved", verdict, reason=str(error))
        raise
    context.claim(attempt, receipt.tran_id)
    emit_answer(context, attempt, receipt)
    emit_verdict(context, attempt, "moved", "accepted", receipt.tran_id)
    return receipt


def emit_attempt(context: Context, attempt: Attempt, key: str | None = None) -> None:
    """Tell of an attempt, before it is seen whether there is time left to send it."""
    transfer = attempt.transfer
    context.emit(
        AttemptEvent(
            at_ms=context.clock.now_ms(),
            key=key,
            attempt_id=attempt.id,
            type=transfer.type,
            asset=transfer.asset,
            amount=transfer.amount_text,
            from_symbol=transfer.from_symbol,
            to_symbol=transfer.to_symbol,
            timestamp_ms=attempt.timestamp_ms,
            recv_window_ms=attempt.recv_window_ms,
        )
    )


def emit_answer(context: Context, attempt: Attempt, result: Receipt | TransferError, key: str | None = None) -> None:
    """Tell of an answer, once what it amounts to is recorded."""
    context.emit(
        AnswerEvent(
            at_ms=context.clock.now_ms(),
            key=key,
            attempt_id=attempt.id,
            outcome=type(result).__name__,
            tran_id=result.tran_id if isinstance(result, Receipt) else None,
            http_status=result.http_status,
            code=getattr(result, "code", None),
            retry_after_s=result.retry_after_s,
            used_uid_weight_1m=result.used_uid_weight_1m,
            reason="" if isinstance(result, Receipt) else str(result),
        )
    )


def emit_verdict(
    context: Context,
    attempt: Attempt,
    state: str,
    verdict: str,
    tran_id: int | None = None,
    *,
    key: str | None = None,
    reason: str = "",
) -> None:
    """Tell what became of an attempt, once it is recorded if there is a journal."""
    context.emit(
        VerdictEvent(
            at_ms=context.clock.now_ms(),
            key=key,
            attempt_id=attempt.id,
            state=state,
            verdict=verdict,
            tran_id=tran_id,
            reason=reason,
        )
    )


def emit_wait(
    context: Context, seconds: float, reason: str, *, key: str | None = None, attempt_id: str | None = None
) -> None:
    """Tell of a wait that begins."""
    context.emit(
        WaitEvent(at_ms=context.clock.now_ms(), key=key, attempt_id=attempt_id, seconds=seconds, reason=reason)
    )


def too_late(context: Context, deadline: Deadline, share: float = SHARE_TO_SEND) -> str:
    """Say why a transfer must not be sent any more, "" where there is time for its answer."""
    timeout_s = context.settings.timeout_s
    left_s = deadline.left_s()
    if left_s >= share * timeout_s * (1 - _ROUNDING):
        return ""
    return f"not sent: of the {timeout_s:g} s for a transfer only {left_s:.1f} s were left"


_ROUNDING: Final = 1e-6


def post(attempt: Attempt, timeout_s: float) -> Flow[Reply]:
    """Send an attempt. An interruption leaves it open."""
    return (yield from naming_open_attempt(attempt, iter(Post(attempt, timeout_s))))


def naming_open_attempt(attempt: Attempt, flow: Flow[T]) -> Flow[T]:
    """Run a flow. An interruption of it passes through as it is, and knows the attempt (``interrupted_attempt``)."""
    try:
        return (yield from flow)
    except BaseException as error:
        attach_open_attempt(error, attempt)
        raise


def attach_open_attempt(error: BaseException, attempt: Attempt) -> None:
    """Let an interruption know the attempt that it leaves open; any other error says itself what became of it."""
    if not isinstance(error, Exception | GeneratorExit):
        error._binance_transfer_attempt = attempt  # type: ignore[attr-defined]  # noqa: SLF001  # ours on theirs


def interrupted_attempt(error: BaseException | None) -> Attempt | None:
    """
    Return the attempt that an error or an interruption leaves open, None where there is none.

    error: an OutcomeUnknown, or what ended a call from outside: KeyboardInterrupt, CancelledError, and the TimeoutError
        that asyncio.wait_for and asyncio.timeout make of it.

    Hand the attempt to ``client.reconcile``. With an idempotency key, calling again with the key does the same.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OutcomeUnknown):
            return error.attempt
        attempt = getattr(error, "_binance_transfer_attempt", None)
        if isinstance(attempt, Attempt):
            return attempt
        error = error.__cause__ or error.__context__
    return None


def signed_read(
    context: Context,
    build: Callable[[int], Request],
    parse: Callable[[int, bytes], Model | ApiError | Unexpected],
    deadline: Deadline,
) -> Flow[tuple[Model, Callable[[str], str]]]:
    """
    Make a reading call that carries a timestamp; raises ReadFailed.

    Returns what it says, and what masks secrets in texts of it before they are shown.
    """
    yield from read_clock_if_stale(context, deadline)
    reply = yield from _read(context, build(context.clock.now_ms()), deadline)
    try:
        return outcome.read(reply, parse), reply.redact if isinstance(reply, Answer) else str
    except ReadFailed as failed:
        if failed.code == _INVALID_TIMESTAMP:
            context.clock.mark_stale()
        raise


def _read(context: Context, request: Request, deadline: Deadline) -> Flow[Reply]:
    left_s = min(context.settings.timeout_s, deadline.left_s())
    if left_s <= 0:
        message = "there was no time left to read"
        raise ReadFailed(message)
    return (yield from Read(request, left_s))


def read_page(context: Context, query: HistoryQuery, number: int, deadline: Deadline) -> Flow[Page]:
    """Read one page of history, counted from 1; raises ReadFailed."""
    recv_window_ms = context.settings.recv_window_ms
    answer, redact = yield from signed_read(
        context,
        lambda timestamp_ms: query.request(number, timestamp_ms, recv_window_ms),
        universal_transfer_history.parse_response,
        deadline,
    )
    return page(answer, redact)


def balances(context: Context, deadline: Deadline) -> Flow[Balances]:
    """Read what each wallet holds; raises ReadFailed."""
    answer, redact = yield from signed_read(
        context,
        lambda timestamp_ms: wallet_balance.build_request(
            need_balance_detail=True, recv_window=context.settings.recv_window_ms, timestamp=timestamp_ms
        ),
        wallet_balance.parse_response,
        deadline,
    )
    return balances_of(answer, redact)


def uid(context: Context, deadline: Deadline) -> Flow[int]:
    """Ask which account the key belongs to; raises ReadFailed."""
    recv_window_ms = context.settings.recv_window_ms
    answer, _ = yield from signed_read(
        context,
        lambda timestamp_ms: account.build_request(
            omit_zero_balances=True, recv_window=recv_window_ms, timestamp=timestamp_ms
        ),
        account.parse_response,
        deadline,
    )
    return answer.uid


def preflight(context: Context, deadline: Deadline) -> Flow[Preflight]:
    """
    Ask for the clock, the key's permissions and the state of the exchange.

    What the exchange refuses to this key is reported; raises ReadFailed where there is no usable answer.
    """
    clock = deadline.clock
    before_ms = clock.time() * 1000
    server_ms = yield from measure_clock(context, deadline)
    offset_ms = server_ms - round((before_ms + clock.time() * 1000) / 2)
    problems: list[str] = []
    restrictions = yield from _reported(
        problems,
        "the key's permissions",
        signed_read(
            context,
            lambda timestamp_ms: api_restrictions.build_request(
                recv_window=context.settings.recv_window_ms, timestamp=timestamp_ms
            ),
            api_restrictions.parse_response,
            deadline,
        ),
    )
    key = restrictions[0] if restrictions else None
    status = yield from _reported(problems, "the state of the exchange", _system_status(context, deadline))
    return Preflight(
        clock_offset_ms=offset_ms,
        reading_enabled=key.enable_reading if key else None,
        permits_universal_transfer=key.permits_universal_transfer if key else None,
        ip_restricted=key.ip_restrict if key else None,
        system_normal=None if status is None else status == system_status.STATUS_NORMAL,
        problems=tuple(problems),
    )


def _system_status(context: Context, deadline: Deadline) -> Flow[int]:
    reply = yield from _read(context, system_status.build_request(), deadline)
    return outcome.read(reply, system_status.parse_response).status


def _reported(problems: list[str], what: str, flow: Flow[Model]) -> Flow[Model | None]:
    """Return what a reading says, or note that the exchange refuses it to this key; raises any other ReadFailed."""
    try:
        return (yield from flow)
    except ReadFailed as failed:
        if not isinstance(outcome.not_begun(failed), PermissionDenied):
            raise
        advice = "the key may be wrong, may lack the permission to read, or may not be used from this address"
        problems.append(f"{what} could not be read ({failed}): {advice}")
        return None

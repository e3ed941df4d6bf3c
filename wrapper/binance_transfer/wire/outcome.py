"""
What an answer means for the money.

One rule: what is not positively known is unknown. Binance's own words (general-info, "HTTP Return Codes"): a 5xx
is not to be treated as a failure; the status is unknown and could have been a success.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final, TypeVar, cast

from attrs import fields_dict, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.errors import (
    ClockOutOfSync,
    InsufficientBalance,
    NotExecuted,
    NotSent,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ReadFailed,
    Rejected,
)
from binance_transfer.moments import from_ms
from binance_transfer.transfer import Transfer
from binance_transfer.visible import quoted, sound_repr
from binance_transfer.wire.answer import Answer, NoAnswer, Reply
from binance_transfer.wire.body import ParsedBody, contradictory, is_page, parse_body
from binance_transfer_api.api.asset import universal_transfer
from binance_transfer_api.errors import ERROR_CODES
from binance_transfer_api.models import ApiError, TransferAccepted
from binance_transfer_api.types import Unexpected

Model = TypeVar("Model")

LIMITED: Final = frozenset({418, 429})  # over the limit, banned: refused before processing
_FIREWALL: Final = 403  # stands before the exchange
_GEO_BLOCK: Final = 451  # so does this
_DOCUMENTED: Final = 200  # the one status whose body the spec describes
_CONFLICT: Final = 409  # the vendor uses it for "done in part"
_BY_KIND: Final[dict[str | None, type[Rejected]]] = {
    "permission": PermissionDenied,
    "rate-limit": RateLimited,
    "clock": ClockOutOfSync,
    "balance": InsufficientBalance,
}


@frozen
class Receipt:
    """
    Binance accepted the transfer and named its id.

    tran_id: the vendor's id; the row in history carries it too.
    used_uid_weight_1m, retry_after_s, http_status: what came with the answer; None for what did not, and for a
    receipt that reconciliation found in history.
    idempotency_key: the journal's key; None without a journal.
    replayed: an earlier call with the key moved it, and this one sent nothing.
    recorded: False where the journal failed after the answer: the money moved, and the journal says "open".
    """

    tran_id: int
    attempt: Attempt
    http_status: int | None = None
    retry_after_s: int | None = None
    used_uid_weight_1m: int | None = None
    idempotency_key: str | None = None
    replayed: bool = False
    recorded: bool = True
    __repr__ = sound_repr

    @property
    def transfer(self) -> Transfer:
        """What moved."""
        return self.attempt.transfer

    @property
    def time(self) -> datetime:
        """The signed timestamp in UTC: ``attempt.timestamp_ms`` as an aware datetime."""
        return from_ms(self.attempt.timestamp_ms)

    def to_dict(self) -> dict[str, str | int | bool | None]:
        """
        Return plain values for JSON: the fields of the receipt and of its attempt, side by side.

        The amount is text, times are milliseconds since 1970, and the attempt's id is ``attempt_id``.
        """
        attempt = self.attempt.to_dict()
        attempt["attempt_id"] = attempt.pop("id")
        own = (name for name in fields_dict(type(self)) if name != "attempt")
        return {name: getattr(self, name) for name in own} | attempt


def judge(attempt: Attempt, reply: Reply, extra_rejected_codes: Collection[int] = frozenset()) -> Receipt:
    """Return the receipt that an answer to a transfer amounts to, or raise NotExecuted or OutcomeUnknown."""
    if isinstance(reply, NoAnswer):
        if not reply.sent:
            message = f"not sent: {reply.reason}"
            raise NotSent(message)
        message = (
            f"no answer ({reply.reason}): the transfer may have been made; reconcile the attempt, do not send again"
        )
        raise OutcomeUnknown(message, attempt=attempt)
    if reply.unreadable:
        raise _unknown(f"HTTP {reply.status}, but {reply.unreadable}", attempt, reply)
    tran_id, reason = _accepted(reply, extra_rejected_codes)
    if tran_id is not None:
        return Receipt(tran_id, attempt, **reply.facts())
    body = parse_body(reply.body, reply.redact)
    if not body.may_have_moved and (no := _rejection(reply, body, extra_rejected_codes)):
        raise no
    raise _unknown(_described(reply, body, reason), attempt, reply, body)


def _accepted(answer: Answer, rejected: Collection[int]) -> tuple[int | None, str]:
    """Return the id by which an answer accepts a transfer, or None and why it does not."""
    parsed = universal_transfer.parse_response(answer.status, answer.body)
    if isinstance(parsed, TransferAccepted):
        return (None, "an error and a tranId at once") if contradictory(answer.body, rejected) else (parsed.tran_id, "")
    return None, _reason(answer, parsed)


def _unknown(what: str, attempt: Attempt, answer: Answer, body: ParsedBody | None = None) -> OutcomeUnknown:
    message = f"{what}: that does not tell whether the transfer was made; reconcile the attempt, do not send again"
    code, msg = (body.code, body.msg) if body else (None, "")
    return OutcomeUnknown(message, attempt=attempt, code=code, msg=msg, **answer.facts())


def _rejection(answer: Answer, body: ParsedBody, extra_rejected_codes: Collection[int]) -> Rejected | None:
    """Return the error for an answer that proves that the exchange refused; None where it does not."""
    code = body.code
    listed = code is not None and (code in extra_rejected_codes or _rejects(code, body.msg))
    by_code = _kind(code) if listed else Rejected
    if answer.status in LIMITED:
        kind: type[Rejected] = RateLimited
    elif answer.status == _GEO_BLOCK:
        kind = PermissionDenied
    elif answer.status == _FIREWALL or (listed and 400 <= answer.status < 500 and answer.status != _CONFLICT):  # noqa: PLR2004  # the class of a status
        kind = by_code
    else:
        return None
    message = f"refused, nothing moved: {_described(answer, body)}"
    error = kind(message, code=code, msg=body.msg, **answer.facts())
    if answer.status == _FIREWALL and kind is Rejected and not listed:
        error.retryable = True
    return error


def _kind(code: int | None) -> type[Rejected]:
    row = ERROR_CODES.get(code) if code is not None else None
    return _BY_KIND.get(row.kind if row else None, Rejected)


def read(reply: Reply, parse: Callable[[int, bytes], Model | ApiError | Unexpected]) -> Model:
    """Return what an answer to a reading call says, or raise ReadFailed: reading says nothing about a transfer."""
    if isinstance(reply, NoAnswer):
        raise ReadFailed(reply.reason)
    if reply.unreadable:
        message = f"HTTP {reply.status}, but {reply.unreadable}"
        raise ReadFailed(message, **reply.facts())
    parsed = parse(reply.status, reply.body)
    if not isinstance(parsed, ApiError | Unexpected):
        return parsed
    reason = _reason(reply, parsed)
    del parsed  # it holds what is not masked yet
    body = parse_body(reply.body, reply.redact)
    raise ReadFailed(_described(reply, body, reason), code=body.code, msg=body.msg, **reply.facts())


def not_begun(failed: ReadFailed) -> NotExecuted:
    """Return the error for a transfer that was not sent, since something had to be read first and could not be."""
    message = f"not sent: {failed}"
    kind: type[Rejected] | None = None
    if failed.http_status in LIMITED:
        kind = RateLimited
    elif failed.http_status == _GEO_BLOCK:
        kind = PermissionDenied
    elif failed.code is not None:
        kind = _kind(failed.code)
    if kind in {RateLimited, PermissionDenied, ClockOutOfSync}:
        assert kind is not None  # noqa: S101  # it is one of the three
        return kind(message, code=failed.code, msg=failed.msg, **failed.facts())
    return NotSent(message, **failed.facts())


def checked_rejected_codes(codes: object) -> frozenset[int]:
    """Return codes that a caller may add to those that mean "nothing moved"; raises ValueError."""
    checked = checked_ints("extra_rejected_codes", codes)
    if never := sorted(code for code in checked if (row := ERROR_CODES.get(code)) and row.outcome == "unknown"):
        meaning = ERROR_CODES[never[0]].meaning
        message = f"extra_rejected_codes holds {never[0]}, which is known to leave the outcome open: {meaning}"
        raise ValueError(message)
    return checked


def checked_ints(name: str, values: object) -> frozenset[int]:
    """Return codes or ids as a set; raises ValueError where anything else is among them."""
    if not isinstance(values, Iterable) or isinstance(values, str | bytes):
        message = f"{name} must be a set or list of ints, not {quoted(values)}"
        raise ValueError(message)  # noqa: TRY004  # every refusal of an argument is a ValueError
    given = tuple(cast("Iterable[object]", values))
    if odd := [value for value in given if not isinstance(value, int) or isinstance(value, bool)]:
        message = f"{name} must hold ints alone, not {quoted(odd[0])}"
        raise ValueError(message)
    return frozenset(cast("tuple[int, ...]", given))


def _rejects(code: int, msg: str) -> bool:
    row = ERROR_CODES.get(code)
    if row is None or row.outcome != "rejected":
        return False
    texts = {text.casefold() for text in row.only_messages}
    return not texts or msg.strip().rstrip(".").casefold() in texts


def _reason(answer: Answer, parsed: object) -> str:
    """Say why an answer is not what the spec promises. Only a 200 is promised anything but an error."""
    return parsed.reason if isinstance(parsed, Unexpected) and answer.status == _DOCUMENTED else "no error code in it"


def _described(answer: Answer, body: ParsedBody, reason: str = "") -> str:
    """Say what came, without what is secret."""
    status = f"HTTP {answer.status}"
    if body.code is not None:
        return f"{status}, {body.code} {body.msg or '(without a text)'}"
    if is_page(answer.body, answer.headers.get("content-type", "")):
        return f"{status}, a web page"
    return f"{status}, {reason}" if reason else status

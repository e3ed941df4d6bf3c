"""
What an answer means for the money.

One rule: what is not positively known is unknown. Binance's own words (general-info, "HTTP Return Codes"): a 5xx
is not to be treated as a failure; the status is unknown and could have been a success.
"""

import json
import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, TypeVar

from attrs import fields_dict, frozen

from binance_transfer.answer import Answer, NoAnswer, Reply
from binance_transfer.attempt import Attempt
from binance_transfer.errors import (
    ClockOutOfSync,
    InsufficientBalance,
    NotSent,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ReadFailed,
    Rejected,
)
from binance_transfer.moments import from_ms
from binance_transfer.transfer import Transfer
from binance_transfer_api.api.asset import universal_transfer
from binance_transfer_api.errors import ERROR_CODES
from binance_transfer_api.models import ApiError, TransferAccepted
from binance_transfer_api.types import Unexpected

Model = TypeVar("Model")

LIMITED: Final = frozenset({418, 429})  # over the limit, banned: refused before processing, whatever the body
_FIREWALL: Final = 403
_CONFLICT: Final = 409  # the vendor uses it for "done in part"
_PAGE: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
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
    parsed = universal_transfer.parse_response(reply.status, reply.body)
    if isinstance(parsed, TransferAccepted) and not _contradictory(reply):
        return Receipt(parsed.tran_id, attempt, **reply.facts())
    if not isinstance(parsed, TransferAccepted) and (no := rejection(reply, parsed, extra_rejected_codes)):
        raise no
    code, msg = (parsed.code, parsed.msg) if isinstance(parsed, ApiError) else (None, "")
    what = _described(reply, parsed)
    message = f"{what}: that does not tell whether the transfer was made; reconcile the attempt, do not send again"
    raise OutcomeUnknown(message, attempt=attempt, code=code, msg=msg, **reply.facts())


def rejection(
    answer: Answer, parsed: ApiError | Unexpected, extra_rejected_codes: Collection[int] = frozenset()
) -> Rejected | None:
    """Return the error for an answer that proves that the exchange refused; None where it does not."""
    code, msg = (parsed.code, parsed.msg) if isinstance(parsed, ApiError) else (None, "")
    known = ERROR_CODES.get(code) if code is not None else None
    if known and known.always:
        return None
    message = f"refused, nothing moved: {_described(answer, parsed)}"
    if answer.status in LIMITED:
        return RateLimited(message, code=code, msg=msg, **answer.facts())
    if code is None:
        page = answer.status == _FIREWALL and _is_page(answer)
        return Rejected(message, code=None, msg="", **answer.facts()) if page else None
    refusing = 400 <= answer.status < 500 and answer.status != _CONFLICT  # noqa: PLR2004  # the class of a status
    if not refusing or _contradictory(answer):
        return None
    if code not in extra_rejected_codes and not _rejects(code, msg):
        return None
    kind = _BY_KIND.get(known.kind if known else None, Rejected)
    return kind(message, code=code, msg=msg, **answer.facts())


def read(reply: Reply, parse: Callable[[int, bytes], Model | ApiError | Unexpected]) -> Model:
    """Return what an answer to a reading call says, or raise ReadFailed: reading says nothing about a transfer."""
    if isinstance(reply, NoAnswer):
        raise ReadFailed(reply.reason)
    parsed = parse(reply.status, reply.body)
    if isinstance(parsed, ApiError):
        raise ReadFailed(_described(reply, parsed), code=parsed.code, msg=parsed.msg, **reply.facts())
    if isinstance(parsed, Unexpected):
        raise ReadFailed(_described(reply, parsed), **reply.facts())
    return parsed


def checked_rejected_codes(codes: Collection[object]) -> frozenset[int]:
    """Return codes that a caller may add to those that mean "nothing moved"; raises ValueError."""
    given = tuple(codes)
    checked = frozenset(code for code in given if isinstance(code, int) and not isinstance(code, bool) and code < 0)
    if odd := [code for code in given if not isinstance(code, int) or isinstance(code, bool) or code >= 0]:
        message = f"extra_rejected_codes holds {odd[0]!r}: the vendor's codes are negative integers"
        raise ValueError(message)
    if never := sorted(code for code in checked if (row := ERROR_CODES.get(code)) and row.outcome == "unknown"):
        meaning = ERROR_CODES[never[0]].meaning
        message = f"extra_rejected_codes holds {never[0]}, which is known to leave the outcome open: {meaning}"
        raise ValueError(message)
    return checked


def _rejects(code: int, msg: str) -> bool:
    row = ERROR_CODES.get(code)
    if row is None or row.outcome != "rejected":
        return False
    texts = {text.casefold() for text in row.only_messages}
    return not texts or msg.strip().rstrip(".").casefold() in texts


def _contradictory(answer: Answer) -> bool:
    """Tell whether a body that fits a model names a tranId and an error at once: then neither is believed."""
    fields: dict[str, object] = json.loads(answer.body)
    code = fields.get("code")
    error = not (code is None or (isinstance(code, int) and code >= 0))
    return error and fields.get("tranId") is not None


def _is_page(answer: Answer) -> bool:
    """Tell whether a body is a web page: it begins like one, or the header says so and it does not begin like JSON."""
    said = "html" in answer.headers.get("content-type", "").lower()
    return bool(_PAGE.match(answer.body)) or (said and answer.body.lstrip()[:1] not in {b"", b"{", b"["})


def _described(answer: Answer, parsed: object) -> str:
    match parsed:
        case ApiError(code, msg) if not _contradictory(answer):
            return f"HTTP {answer.status}, {code} {msg}"
        case Unexpected(reason=reason):
            return f"HTTP {answer.status}, {'a web page' if _is_page(answer) else reason}"
        case _:
            return f"HTTP {answer.status}, an error and a tranId at once"

"""
A transfer together with the moment that is signed for it.

One rule: an attempt is the unit of certainty. The exchange refuses it once its clock has passed
``timestamp_ms + recv_window_ms``, so there is a time from which it either has executed or never will.
"""

from collections.abc import Mapping
from typing import Any, Final, Self
from uuid import uuid4

from attrs import field, frozen

from binance_transfer.moments import END_MS
from binance_transfer.transfer import Transfer, check_former_rules
from binance_transfer.visible import exact_str, quoted, sound_repr
from binance_transfer_api.api.asset import universal_transfer
from binance_transfer_api.types import Request

_OF_TRANSFER: Final = ("type", "asset", "amount", "from_symbol", "to_symbol", "checked")
_FIELDS: Final = ("id", *_OF_TRANSFER, "timestamp_ms", "recv_window_ms")


def _is_transfer(_attempt: object, _field: object, value: Any) -> None:
    if not isinstance(value, Transfer):
        message = f"transfer must be a Transfer, not {quoted(value)}"
        raise ValueError(message)  # noqa: TRY004  # every refusal at construction is a ValueError


def _is_timestamp(_attempt: object, _field: object, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < END_MS:
        message = f"timestamp_ms must be milliseconds since 1970, not {quoted(value)}"
        raise ValueError(message)


def _is_recv_window(_attempt: object, _field: object, value: Any) -> None:
    checked_recv_window_ms(value)


def _plain_id(value: str) -> str:
    return exact_str(value)


def _is_id(_attempt: object, _field: object, value: Any) -> None:
    if not isinstance(value, str) or not value:
        message = f"id must be a text, not {quoted(value)}"
        raise ValueError(message)


@frozen
class Attempt:
    """
    One try to make a transfer. It can be sent once.

    timestamp_ms: server time for which it is signed, in milliseconds since 1970.
    recv_window_ms: for how long after that the exchange may begin it.
    id: tells this attempt from another one of the same transfer; never sent.

    Raises ValueError for values that cannot be these.
    """

    transfer: Transfer = field(validator=_is_transfer)
    timestamp_ms: int = field(validator=_is_timestamp)
    recv_window_ms: int = field(validator=_is_recv_window)
    id: str = field(factory=lambda: uuid4().hex, converter=_plain_id, validator=_is_id)
    __repr__ = sound_repr

    def to_dict(self) -> dict[str, str | int | bool | None]:
        """Return plain values that JSON and databases hold exactly: the amount is text."""
        transfer = self.transfer
        return {
            "id": self.id,
            "type": transfer.type,
            "asset": transfer.asset,
            "amount": transfer.amount_text,
            "from_symbol": transfer.from_symbol,
            "to_symbol": transfer.to_symbol,
            "checked": transfer.checked,
            "timestamp_ms": self.timestamp_ms,
            "recv_window_ms": self.recv_window_ms,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """
        Make the attempt again that ``to_dict`` wrote, of this version or an older one.

        Raises ValueError where the values are not such.
        """
        given = _complete(values)
        transfer = Transfer.recorded(**{name: given[name] for name in _OF_TRANSFER})
        if given["checked"]:
            check_former_rules(transfer)
        return cls(transfer, given["timestamp_ms"], given["recv_window_ms"], given["id"])

    def request(self) -> Request:
        """Describe the call that makes this attempt."""
        transfer = self.transfer
        return universal_transfer.build_request(
            type_=transfer.type,  # type: ignore[arg-type]  # the wrapper's two types are not in the generated literal
            asset=transfer.asset,
            amount=transfer.amount_text,
            from_symbol=transfer.from_symbol,
            to_symbol=transfer.to_symbol,
            recv_window=self.recv_window_ms,
            timestamp=self.timestamp_ms,
        )


def _complete(values: Any) -> Mapping[str, Any]:
    if not issubclass(type(values), Mapping):
        message = f"not an attempt: a mapping is needed, not {quoted(values)}"
        raise ValueError(message)  # noqa: TRY004  # it was read from somewhere: the data is wrong, not the program
    if missing := [name for name in _FIELDS if name not in values]:
        message = f"not an attempt: {', '.join(missing)} missing"
        raise ValueError(message)
    if not isinstance(values["checked"], bool):
        message = f"not an attempt: checked must be True or False, not {quoted(values['checked'])}"
        raise ValueError(message)  # noqa: TRY004
    given: Mapping[str, Any] = values
    return given


def checked_recv_window_ms(value: object) -> int:
    """Return a receive window that the exchange accepts; raises ValueError."""
    low, high = universal_transfer.RECV_WINDOW_MINIMUM, universal_transfer.RECV_WINDOW_MAXIMUM
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        message = f"recv_window_ms must be an int from {low} to {high}, not {quoted(value)}"
        raise ValueError(message)
    return value

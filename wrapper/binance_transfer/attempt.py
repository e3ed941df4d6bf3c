"""
A transfer together with the moment that is signed for it.

One rule: an attempt is the unit of certainty. The exchange refuses it once its clock has passed
``timestamp_ms + recv_window_ms``, so there is a time from which it either has executed or never will.
"""

from collections.abc import Mapping
from typing import Self
from uuid import uuid4

from attrs import field, frozen

from binance_transfer.transfer import Transfer
from binance_transfer_api.api.asset import universal_transfer
from binance_transfer_api.types import Request

_FIELDS = ("id", "type", "asset", "amount", "from_symbol", "to_symbol", "checked", "timestamp_ms", "recv_window_ms")


@frozen
class Attempt:
    """
    One try to make a transfer. It can be sent once.

    timestamp_ms: server time for which it is signed, in milliseconds since 1970.
    recv_window_ms: for how long after that the exchange may begin it.
    id: tells this attempt from another one of the same transfer; never sent.
    """

    transfer: Transfer
    timestamp_ms: int
    recv_window_ms: int
    id: str = field(factory=lambda: uuid4().hex)

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
        """Make the attempt again that ``to_dict`` wrote; raises ValueError where the values are not such."""
        if missing := [name for name in _FIELDS if name not in values]:
            message = f"not an attempt: {', '.join(missing)} missing"
            raise ValueError(message)
        make = Transfer if values["checked"] else Transfer.unchecked
        transfer = make(
            values["type"],  # type: ignore[arg-type]  # checked by the constructor
            values["asset"],  # type: ignore[arg-type]
            values["amount"],  # type: ignore[arg-type]
            from_symbol=values["from_symbol"],  # type: ignore[arg-type]
            to_symbol=values["to_symbol"],  # type: ignore[arg-type]
        )
        timestamp_ms, recv_window_ms, identity = values["timestamp_ms"], values["recv_window_ms"], values["id"]
        if not isinstance(timestamp_ms, int) or isinstance(timestamp_ms, bool) or timestamp_ms < 0:
            message = f"timestamp_ms must be milliseconds since 1970, not {timestamp_ms!r}"
            raise ValueError(message)
        if not isinstance(identity, str) or not identity:
            message = f"id must be a text, not {identity!r}"
            raise ValueError(message)
        return cls(transfer, timestamp_ms, checked_recv_window_ms(recv_window_ms), identity)

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


def checked_recv_window_ms(value: object) -> int:
    """Return a receive window that the exchange accepts; raises ValueError."""
    low, high = universal_transfer.RECV_WINDOW_MINIMUM, universal_transfer.RECV_WINDOW_MAXIMUM
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        message = f"recv_window_ms must be an int from {low} to {high}, not {value!r}"
        raise ValueError(message)
    return value

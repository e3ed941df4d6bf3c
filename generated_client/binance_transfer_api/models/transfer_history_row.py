# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""TransferHistoryRow as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import integer, members, required, string

_ASSET: Final = string(min_length=1)
_AMOUNT: Final = string(pattern="^[0-9]{1,40}(\\.[0-9]{1,40})?\\Z")
_TYPE: Final = string(min_length=1)
_STATUS: Final = string()
_TRAN_ID: Final = integer(minimum=1)
_TIMESTAMP: Final = integer(minimum=0)


@frozen
class TransferHistoryRow:
    """One transfer as history tells it. Type and status stay plain strings, so that a new one loses no page."""

    asset: str
    amount: str
    type_: str
    status: str
    """CONFIRMED, FAILED or PENDING."""
    tran_id: int
    timestamp: int
    """Milliseconds since 1970; live rows were seen to carry whole seconds."""

    @classmethod
    def from_json(cls, value: object) -> TransferHistoryRow:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            asset=required(fields, "asset", _ASSET),
            amount=required(fields, "amount", _AMOUNT),
            type_=required(fields, "type", _TYPE),
            status=required(fields, "status", _STATUS),
            tran_id=required(fields, "tranId", _TRAN_ID),
            timestamp=required(fields, "timestamp", _TIMESTAMP),
        )

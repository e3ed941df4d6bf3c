# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""TransferAccepted as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import integer, members, required

_TRAN_ID: Final = integer(minimum=1)


@frozen
class TransferAccepted:
    """The transfer was accepted."""

    tran_id: int
    """The vendor's id of the transfer; history rows carry it too."""

    @classmethod
    def from_json(cls, value: object) -> TransferAccepted:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            tran_id=required(fields, "tranId", _TRAN_ID),
        )

# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""TransferHistory as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import array, integer, members, optional, required
from .transfer_history_row import TransferHistoryRow

_TOTAL: Final = integer(minimum=0)
_ROWS: Final = array(TransferHistoryRow.from_json)


@frozen
class TransferHistory:
    """One page of transfers."""

    total: int
    """How many transfers match, over all pages."""
    rows: tuple[TransferHistoryRow, ...] | None
    """The transfers of this page. Left optional since an answer without any may lack it."""

    @classmethod
    def from_json(cls, value: object) -> TransferHistory:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            total=required(fields, "total", _TOTAL),
            rows=optional(fields, "rows", _ROWS),
        )

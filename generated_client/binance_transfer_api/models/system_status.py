# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""SystemStatus as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import integer, members, required, string

_STATUS: Final = integer()
_MSG: Final = string()


@frozen
class SystemStatus:
    """Whether the exchange runs normally."""

    status: int
    """0 is normal, 1 is maintenance."""
    msg: str

    @classmethod
    def from_json(cls, value: object) -> SystemStatus:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            status=required(fields, "status", _STATUS),
            msg=required(fields, "msg", _MSG),
        )

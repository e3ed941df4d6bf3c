# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""ApiError as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import integer, members, required, string

_CODE: Final = integer()
_MSG: Final = string()


@frozen
class ApiError:
    """An error as the vendor words it. spec/error_codes.yaml tells what a code means."""

    code: int
    msg: str

    @classmethod
    def from_json(cls, value: object) -> ApiError:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            code=required(fields, "code", _CODE),
            msg=required(fields, "msg", _MSG),
        )

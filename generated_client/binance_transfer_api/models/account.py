# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""Account as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import integer, members, required

_UID: Final = integer(minimum=1)


@frozen
class Account:
    """The account. The vendor sends far more; only the id is of use here."""

    uid: int
    """The account's number."""

    @classmethod
    def from_json(cls, value: object) -> Account:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            uid=required(fields, "uid", _UID),
        )

# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""ServerTime as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import integer, members, required

_SERVER_TIME: Final = integer(minimum=0)


@frozen
class ServerTime:
    """The server's clock."""

    server_time: int
    """Milliseconds since 1970."""

    @classmethod
    def from_json(cls, value: object) -> ServerTime:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            server_time=required(fields, "serverTime", _SERVER_TIME),
        )

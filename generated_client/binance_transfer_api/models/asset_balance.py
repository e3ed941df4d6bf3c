# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""AssetBalance as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import members, optional, required, string

_ASSET: Final = string(min_length=1)
_ASSET_NAME: Final = string()
_FREE: Final = string(pattern="^-?[0-9]{1,40}(\\.[0-9]{1,40})?(E[+-]?[0-9]{1,2})?\\Z")
_LOCKED: Final = string(pattern="^-?[0-9]{1,40}(\\.[0-9]{1,40})?(E[+-]?[0-9]{1,2})?\\Z")
_FREEZE: Final = string()
_WITHDRAWING: Final = string()
_BTC_VALUATION: Final = string()


@frozen
class AssetBalance:
    """How much of one asset a wallet holds, in units of that asset."""

    asset: str
    asset_name: str | None
    """The asset's full name."""
    free: str
    """At the user's disposal."""
    locked: str
    """Held for open orders."""
    freeze: str | None
    """Frozen by the vendor."""
    withdrawing: str | None
    """On its way out."""
    btc_valuation: str | None
    """Value in BTC."""

    @classmethod
    def from_json(cls, value: object) -> AssetBalance:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            asset=required(fields, "asset", _ASSET),
            asset_name=optional(fields, "assetName", _ASSET_NAME),
            free=required(fields, "free", _FREE),
            locked=required(fields, "locked", _LOCKED),
            freeze=optional(fields, "freeze", _FREEZE),
            withdrawing=optional(fields, "withdrawing", _WITHDRAWING),
            btc_valuation=optional(fields, "btcValuation", _BTC_VALUATION),
        )

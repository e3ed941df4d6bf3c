# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""WalletBalance as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import array, boolean, members, optional, required, string
from .asset_balance import AssetBalance

_ACTIVATE: Final = boolean
_BALANCE: Final = string(pattern="^-?[0-9]{1,40}(\\.[0-9]{1,40})?(E[+-]?[0-9]{1,2})?\\Z")
_WALLET_NAME: Final = string(min_length=1)
_ASSET_BALANCES: Final = array(AssetBalance.from_json)


@frozen
class WalletBalance:
    """One wallet and the value of what it holds."""

    activate: bool
    """Whether the wallet has been opened."""
    balance: str
    """Its value in the quote asset, as decimal text."""
    wallet_name: str
    """The vendor's title of the wallet, e.g. Spot, Funding or USDⓈ-M Futures."""
    asset_balances: tuple[AssetBalance, ...] | None
    """What it holds, one row an asset. Only where the details were asked for."""

    @classmethod
    def from_json(cls, value: object) -> WalletBalance:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            activate=required(fields, "activate", _ACTIVATE),
            balance=required(fields, "balance", _BALANCE),
            wallet_name=required(fields, "walletName", _WALLET_NAME),
            asset_balances=optional(fields, "assetBalances", _ASSET_BALANCES),
        )

# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""ApiRestrictions as a value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..types import boolean, integer, members, optional, required

_IP_RESTRICT: Final = boolean
_CREATE_TIME: Final = integer()
_ENABLE_READING: Final = boolean
_ENABLE_WITHDRAWALS: Final = boolean
_ENABLE_INTERNAL_TRANSFER: Final = boolean
_ENABLE_MARGIN: Final = boolean
_ENABLE_FUTURES: Final = boolean
_PERMITS_UNIVERSAL_TRANSFER: Final = boolean
_ENABLE_VANILLA_OPTIONS: Final = boolean
_ENABLE_FIX_API_TRADE: Final = boolean
_ENABLE_FIX_READ_ONLY: Final = boolean
_ENABLE_SPOT_AND_MARGIN_TRADING: Final = boolean
_ENABLE_PORTFOLIO_MARGIN_TRADING: Final = boolean


@frozen
class ApiRestrictions:
    """What an API key may do. Only the fields that this project reads are required."""

    ip_restrict: bool
    """Only listed addresses may use the key."""
    create_time: int | None
    """When the key was made, in milliseconds since 1970."""
    enable_reading: bool
    enable_withdrawals: bool | None
    enable_internal_transfer: bool | None
    """Master account to sub-account and back."""
    enable_margin: bool | None
    enable_futures: bool | None
    permits_universal_transfer: bool
    """Needed for POST /sapi/v1/asset/transfer."""
    enable_vanilla_options: bool | None
    enable_fix_api_trade: bool | None
    enable_fix_read_only: bool | None
    enable_spot_and_margin_trading: bool | None
    enable_portfolio_margin_trading: bool | None

    @classmethod
    def from_json(cls, value: object) -> ApiRestrictions:
        """Check a JSON value against the spec, raising types.Mismatch; unknown fields are ignored."""
        fields = members(value)
        return cls(
            ip_restrict=required(fields, "ipRestrict", _IP_RESTRICT),
            create_time=optional(fields, "createTime", _CREATE_TIME),
            enable_reading=required(fields, "enableReading", _ENABLE_READING),
            enable_withdrawals=optional(fields, "enableWithdrawals", _ENABLE_WITHDRAWALS),
            enable_internal_transfer=optional(fields, "enableInternalTransfer", _ENABLE_INTERNAL_TRANSFER),
            enable_margin=optional(fields, "enableMargin", _ENABLE_MARGIN),
            enable_futures=optional(fields, "enableFutures", _ENABLE_FUTURES),
            permits_universal_transfer=required(fields, "permitsUniversalTransfer", _PERMITS_UNIVERSAL_TRANSFER),
            enable_vanilla_options=optional(fields, "enableVanillaOptions", _ENABLE_VANILLA_OPTIONS),
            enable_fix_api_trade=optional(fields, "enableFixApiTrade", _ENABLE_FIX_API_TRADE),
            enable_fix_read_only=optional(fields, "enableFixReadOnly", _ENABLE_FIX_READ_ONLY),
            enable_spot_and_margin_trading=optional(
                fields, "enableSpotAndMarginTrading", _ENABLE_SPOT_AND_MARGIN_TRADING
            ),
            enable_portfolio_margin_trading=optional(
                fields, "enablePortfolioMarginTrading", _ENABLE_PORTFOLIO_MARGIN_TRADING
            ),
        )

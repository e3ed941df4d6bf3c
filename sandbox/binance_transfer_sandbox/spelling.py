"""
A transfer's row in history, spelt otherwise than the transfer was asked for.

One rule: only what is shown changes; what moved, and when, stays in the ledger as it was.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal, get_args

from attrs import field, frozen, validators

from binance_transfer_sandbox import accounts, validation

AssetForm = Literal["lower", "full_width"]
AmountForm = Literal["cut", "rounded", "fee", "zeros"]
TimeForm = Literal["whole_seconds", "seconds"]

_MAX_DECIMALS: Final = 8
_SECOND_MS: Final = 1000
# The full-width forms U+FF01 to U+FF5E stand in the order of the visible ASCII characters.
_FULL_WIDTH: Final = {code: code - ord("!") + 0xFF01 for code in range(ord("!"), ord("~") + 1)}


@frozen(kw_only=True)
class Spelling:
    """
    How a row is written; with nothing set, as it is.

    `asset`: `lower` (case) or `full_width` letters. `amount`: `cut` or `rounded` (half up) to `digits` decimals, less
    a `fee` of `fee_bp` hundredths of a percent (1 to 99, cut to eight decimals), or with `zeros` up to ten decimals.
    `type`: another name, e.g. `MAIN_C2C`. `time`: cut to `whole_seconds`, or in `seconds`, a number of ten digits.
    `offset_ms`: how far the timestamp shown is from the row's own, by which it is still found: a row may so be shown
    with a time outside of the window asked for.
    """

    asset: AssetForm | None = field(default=None, validator=validation.one_of((None, *get_args(AssetForm))))
    amount: AmountForm | None = field(default=None, validator=validation.one_of((None, *get_args(AmountForm))))
    digits: int = field(default=2, validator=validation.whole(0, _MAX_DECIMALS))
    fee_bp: int = field(default=10, validator=validation.whole(1, 99))
    type: str | None = field(default=None, validator=validators.optional(validation.text))
    time: TimeForm | None = field(default=None, validator=validation.one_of((None, *get_args(TimeForm))))
    offset_ms: int = field(default=0, validator=validation.signed)

    def write_asset(self, asset: str) -> str:
        """Write the asset's name."""
        match self.asset:
            case "lower":
                return asset.lower()
            case "full_width":
                return asset.translate(_FULL_WIDTH)
        return asset

    def write_amount(self, amount: Decimal) -> str:
        """Write the amount."""
        match self.amount:
            case "cut":
                return accounts.text(accounts.quantize(amount, self.digits, ROUND_DOWN))
            case "rounded":
                return accounts.text(accounts.quantize(amount, self.digits, ROUND_HALF_UP))
            case "fee":
                net = accounts.multiply(amount, 1 - Decimal(self.fee_bp).scaleb(-4))
                return accounts.text(accounts.quantize(net, _MAX_DECIMALS, ROUND_DOWN))
            case "zeros":
                return f"{accounts.quantize(amount, _MAX_DECIMALS + 2, ROUND_DOWN):f}"
        return accounts.text(amount)

    def write_time(self, time_ms: int) -> int:
        """Write the timestamp."""
        shown_ms = time_ms + self.offset_ms
        match self.time:
            case "whole_seconds":
                return shown_ms - shown_ms % _SECOND_MS
            case "seconds":
                return shown_ms // _SECOND_MS
        return shown_ms


AS_IT_IS: Final = Spelling()


def from_dict(values: Any) -> Spelling:
    """Read a spelling from JSON values. ValueError says what is wrong with them."""
    return validation.construct(Spelling, values)

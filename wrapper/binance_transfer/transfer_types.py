"""
The wallets of an account and the transfers between them.

One rule: the types and their wallets come from the spec. What the spec cannot say stands in the two tables here,
and nowhere else: the types that only the Chinese page lists, and which types need which symbol.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, Literal, get_args

from attrs import frozen

from binance_transfer.errors import InvalidTransfer
from binance_transfer.visible import quoted, sound_repr
from binance_transfer_api.models import (
    TRANSFER_TYPE_ROWS,
    TransferTypeBetweenSharedWallets,
)
from binance_transfer_api.models import (
    TransferType as DocumentedTransferType,
)

# Listed on the Chinese page only (/docs/zh-CN/wallet/asset/user-universal-transfer, read 2026-01-15).
ChinesePageType = Literal["MAIN_ISOLATED_MARGIN", "ISOLATED_MARGIN_MAIN"]

# Which types need which symbol. The page's sentences say it for the three types with ISOLATEDMARGIN in their name;
# the two types of the Chinese page follow by analogy, as other clients send them.
FromIsolated = Literal["ISOLATEDMARGIN_MARGIN", "ISOLATED_MARGIN_MAIN"]
ToIsolated = Literal["MARGIN_ISOLATEDMARGIN", "MAIN_ISOLATED_MARGIN"]
BetweenIsolated = Literal["ISOLATEDMARGIN_ISOLATEDMARGIN"]

BetweenSharedWallets = TransferTypeBetweenSharedWallets
"""The types that take no symbol: both wallets hold all pairs together."""

TransferType = DocumentedTransferType | ChinesePageType
"""Every type that either language of the page lists."""

NEEDS_FROM_SYMBOL: Final[frozenset[str]] = frozenset(get_args(FromIsolated) + get_args(BetweenIsolated))
NEEDS_TO_SYMBOL: Final[frozenset[str]] = frozenset(get_args(ToIsolated) + get_args(BetweenIsolated))
CHINESE_PAGE_TYPES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "MAIN_ISOLATED_MARGIN": ("spot", "isolated_margin"),
        "ISOLATED_MARGIN_MAIN": ("isolated_margin", "spot"),
    }
)
"""Name of a type that only the Chinese page lists → source and target wallet."""


class Wallet(Enum):
    """The wallets of an account. Isolated margin is one wallet for each trading pair."""

    SPOT = "spot"
    USDM_FUTURES = "usdm_futures"
    COINM_FUTURES = "coinm_futures"
    CROSS_MARGIN = "cross_margin"
    ISOLATED_MARGIN = "isolated_margin"
    FUNDING = "funding"
    OPTIONS = "options"
    PORTFOLIO_MARGIN = "portfolio_margin"


@frozen
class TransferTypeInfo:
    """
    One transfer type.

    documented_in: the languages whose page lists it, "en" and "zh".
    """

    name: TransferType
    source: Wallet
    target: Wallet
    needs_from_symbol: bool
    needs_to_symbol: bool
    documented_in: frozenset[str]
    __repr__ = sound_repr


def _info(name: TransferType, source: str, target: str, *languages: str) -> TransferTypeInfo:
    return TransferTypeInfo(
        name,
        Wallet(source),
        Wallet(target),
        needs_from_symbol=name in NEEDS_FROM_SYMBOL,
        needs_to_symbol=name in NEEDS_TO_SYMBOL,
        documented_in=frozenset(languages),
    )


TRANSFER_TYPES: Final[Mapping[str, TransferTypeInfo]] = MappingProxyType(
    {row.value: _info(row.value, row.source, row.target, "en", "zh") for row in TRANSFER_TYPE_ROWS}
    | {name: _info(name, *CHINESE_PAGE_TYPES[name], "zh") for name in get_args(ChinesePageType)}
)
"""Name → what is known about it, for every type, in the order of the vendor's page."""


def transfer_type(source: Wallet, target: Wallet) -> TransferType:
    """
    Find the type that moves from one wallet to another.

    Raises InvalidTransfer where there is none; the message names a way in two hops.
    """
    source, target = wallet_of("source", source), wallet_of("target", target)
    if direct := _direct(source, target):
        return direct.name
    if source is target:
        message = f"the money is in {source.name} already: transfers lead from one wallet to another"
        raise InvalidTransfer(message)
    hops = (
        (first, second)
        for middle in Wallet
        if (first := _direct(source, middle)) and (second := _direct(middle, target)) and middle not in {source, target}
    )
    # Types that both languages list come first: the other two are less well known.
    ranked = sorted(hops, key=lambda pair: -len(pair[0].documented_in) - len(pair[1].documented_in))
    ways = [f"{first.name} (to {first.target.name}), then {second.name}" for first, second in ranked]
    message = f"no transfer type leads from {source.name} to {target.name}"
    raise InvalidTransfer(f"{message}; in two hops: {ways[0]}" if ways else f"{message}, nor do two")


def wallet_of(name: str, wallet: object) -> Wallet:
    """Take a wallet, or the value of one."""
    for each in Wallet:
        if wallet is each or (isinstance(wallet, str) and str.__str__(wallet) == each.value):
            return each
    message = f"{name} is {quoted(wallet)}, and wallets are {', '.join(each.value for each in Wallet)}"
    raise InvalidTransfer(message)


def _direct(source: Wallet, target: Wallet) -> TransferTypeInfo | None:
    return next((info for info in TRANSFER_TYPES.values() if (info.source, info.target) == (source, target)), None)

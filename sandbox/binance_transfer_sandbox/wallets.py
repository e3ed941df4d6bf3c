"""
The wallets of an account and the transfer types between them.

One rule: this table is the sandbox's own, so that it can disagree with the client it tests.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Wallet(StrEnum):
    """A kind of wallet. Only isolated margin has one wallet for each trading pair."""

    SPOT = "spot"
    USDM_FUTURES = "usdm_futures"
    COINM_FUTURES = "coinm_futures"
    CROSS_MARGIN = "cross_margin"
    ISOLATED_MARGIN = "isolated_margin"
    FUNDING = "funding"
    OPTIONS = "options"
    PORTFOLIO_MARGIN = "portfolio_margin"


class Route(NamedTuple):
    """Which kind of wallet pays and which receives."""

    source: Wallet
    target: Wallet

    @property
    def needs_from_symbol(self) -> bool:
        """Without a symbol nobody could tell which isolated wallet pays."""
        return self.source is Wallet.ISOLATED_MARGIN

    @property
    def needs_to_symbol(self) -> bool:
        """Without a symbol nobody could tell which isolated wallet receives."""
        return self.target is Wallet.ISOLATED_MARGIN


# https://developers.binance.com/docs/wallet/asset/user-universal-transfer, English and Chinese, read 2026-01-15.
ROUTES: Final[Mapping[str, Route]] = MappingProxyType(
    {
        "MAIN_UMFUTURE": Route(Wallet.SPOT, Wallet.USDM_FUTURES),
        "MAIN_CMFUTURE": Route(Wallet.SPOT, Wallet.COINM_FUTURES),
        "MAIN_MARGIN": Route(Wallet.SPOT, Wallet.CROSS_MARGIN),
        "UMFUTURE_MAIN": Route(Wallet.USDM_FUTURES, Wallet.SPOT),
        "UMFUTURE_MARGIN": Route(Wallet.USDM_FUTURES, Wallet.CROSS_MARGIN),
        "CMFUTURE_MAIN": Route(Wallet.COINM_FUTURES, Wallet.SPOT),
        "CMFUTURE_MARGIN": Route(Wallet.COINM_FUTURES, Wallet.CROSS_MARGIN),
        "MARGIN_MAIN": Route(Wallet.CROSS_MARGIN, Wallet.SPOT),
        "MARGIN_UMFUTURE": Route(Wallet.CROSS_MARGIN, Wallet.USDM_FUTURES),
        "MARGIN_CMFUTURE": Route(Wallet.CROSS_MARGIN, Wallet.COINM_FUTURES),
        "ISOLATEDMARGIN_MARGIN": Route(Wallet.ISOLATED_MARGIN, Wallet.CROSS_MARGIN),
        "MARGIN_ISOLATEDMARGIN": Route(Wallet.CROSS_MARGIN, Wallet.ISOLATED_MARGIN),
        "ISOLATEDMARGIN_ISOLATEDMARGIN": Route(Wallet.ISOLATED_MARGIN, Wallet.ISOLATED_MARGIN),
        "MAIN_FUNDING": Route(Wallet.SPOT, Wallet.FUNDING),
        "FUNDING_MAIN": Route(Wallet.FUNDING, Wallet.SPOT),
        "FUNDING_UMFUTURE": Route(Wallet.FUNDING, Wallet.USDM_FUTURES),
        "UMFUTURE_FUNDING": Route(Wallet.USDM_FUTURES, Wallet.FUNDING),
        "MARGIN_FUNDING": Route(Wallet.CROSS_MARGIN, Wallet.FUNDING),
        "FUNDING_MARGIN": Route(Wallet.FUNDING, Wallet.CROSS_MARGIN),
        "FUNDING_CMFUTURE": Route(Wallet.FUNDING, Wallet.COINM_FUTURES),
        "CMFUTURE_FUNDING": Route(Wallet.COINM_FUTURES, Wallet.FUNDING),
        "MAIN_OPTION": Route(Wallet.SPOT, Wallet.OPTIONS),
        "OPTION_MAIN": Route(Wallet.OPTIONS, Wallet.SPOT),
        "UMFUTURE_OPTION": Route(Wallet.USDM_FUTURES, Wallet.OPTIONS),
        "OPTION_UMFUTURE": Route(Wallet.OPTIONS, Wallet.USDM_FUTURES),
        "MARGIN_OPTION": Route(Wallet.CROSS_MARGIN, Wallet.OPTIONS),
        "OPTION_MARGIN": Route(Wallet.OPTIONS, Wallet.CROSS_MARGIN),
        "FUNDING_OPTION": Route(Wallet.FUNDING, Wallet.OPTIONS),
        "OPTION_FUNDING": Route(Wallet.OPTIONS, Wallet.FUNDING),
        "MAIN_PORTFOLIO_MARGIN": Route(Wallet.SPOT, Wallet.PORTFOLIO_MARGIN),
        "PORTFOLIO_MARGIN_MAIN": Route(Wallet.PORTFOLIO_MARGIN, Wallet.SPOT),
        # On the Chinese page only. No page says which symbol they need; other clients send these.
        "MAIN_ISOLATED_MARGIN": Route(Wallet.SPOT, Wallet.ISOLATED_MARGIN),
        "ISOLATED_MARGIN_MAIN": Route(Wallet.ISOLATED_MARGIN, Wallet.SPOT),
    }
)

SYMBOLS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "BTCUSDT": ("BTC", "USDT"),
        "ETHUSDT": ("ETH", "USDT"),
        "BNBUSDT": ("BNB", "USDT"),
        "ETHBTC": ("ETH", "BTC"),
        "币安人生USDT": ("币安人生", "USDT"),
    }
)
"""The trading pairs that isolated margin knows, with the two assets that such a wallet may hold."""


def purse(wallet: Wallet, symbol: str = "") -> str:
    """Name one wallet that holds money: `spot`, or `isolated_margin:BTCUSDT`."""
    return f"{wallet}:{symbol}" if wallet is Wallet.ISOLATED_MARGIN else wallet.value

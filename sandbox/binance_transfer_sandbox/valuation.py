"""
What the wallets of an account hold, and what that is worth.

One rule: amounts and values are exact; the prices never change, and each divides the others without a remainder.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Final

from attrs import define

from binance_transfer_sandbox import accounts, errors, parameters
from binance_transfer_sandbox.accounts import CHINESE_COIN, Account
from binance_transfer_sandbox.wallets import Wallet

_IN_BTC: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "BTC": Decimal(1),
        "ETH": Decimal("0.04"),
        "BNB": Decimal("0.01"),
        "USDT": Decimal("0.00001"),
        CHINESE_COIN: Decimal("0.000001"),
    }
)
"""What an asset is worth here. Others have no price and count as nothing."""

# https://developers.binance.com/docs/wallet/asset/query-user-wallet-balance: the names, in its order. It lists no
# wallet of portfolio margin, and one of isolated margin for all pairs. Earn and bots are not part of the sandbox.
_NAMES: Final[Mapping[str, Wallet | None]] = MappingProxyType(
    {
        "Spot": Wallet.SPOT,
        "Funding": Wallet.FUNDING,
        "Cross Margin": Wallet.CROSS_MARGIN,
        "Isolated Margin": Wallet.ISOLATED_MARGIN,
        "USDⓈ-M Futures": Wallet.USDM_FUTURES,
        "COIN-M Futures": Wallet.COINM_FUTURES,
        "Earn": None,
        "Options": Wallet.OPTIONS,
        "Trading Bots": None,
    }
)


@define
class _Holding:
    """What a wallet holds of an asset."""

    free: Decimal = Decimal(0)
    locked: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return accounts.add(self.free, self.locked)


def wallet_balances(owner: Account, values: Mapping[str, str]) -> list[dict[str, object]]:
    """
    Tell each wallet's worth in `quoteAsset` (BTC by default) and, with `needBalanceDetail=true`, what is in it.

    Nothing here is ever frozen or being withdrawn. -1130: a quote asset without a price, or no boolean.
    """
    quote = values.get("quoteAsset", "BTC")
    if quote not in _IN_BTC:
        raise errors.invalid("quoteAsset")
    detailed = parameters.boolean(values, "needBalanceDetail")
    return [_wallet(name, _held(owner, wallet), quote, detailed=detailed) for name, wallet in _NAMES.items()]


def _held(owner: Account, wallet: Wallet | None) -> dict[str, _Holding]:
    held: dict[str, _Holding] = {}
    for name, assets in owner.wallets.items():
        if name.partition(":")[0] == wallet:
            for asset in assets:
                holding = held.setdefault(asset, _Holding())
                holding.free = accounts.add(holding.free, owner.free(name, asset))
                holding.locked = accounts.add(holding.locked, owner.locked(name, asset))
    return {asset: holding for asset, holding in held.items() if holding.total}


def _wallet(name: str, held: Mapping[str, _Holding], quote: str, *, detailed: bool) -> dict[str, object]:
    in_btc = {asset: accounts.multiply(holding.total, _price(asset)) for asset, holding in held.items()}
    worth = reduce(accounts.add, in_btc.values(), Decimal(0))
    shown: dict[str, object] = {
        "activate": True,
        "balance": accounts.text(accounts.divide(worth, _IN_BTC[quote])),
        "walletName": name,
    }
    if detailed:
        shown["assetBalances"] = [
            {
                "asset": asset,
                "assetName": asset,
                "free": accounts.text(holding.free),
                "locked": accounts.text(holding.locked),
                "freeze": "0",
                "withdrawing": "0",
                "btcValuation": accounts.text(in_btc[asset]),
            }
            for asset, holding in held.items()
        ]
    return shown


def _price(asset: str) -> Decimal:
    return _IN_BTC.get(asset, Decimal(0))

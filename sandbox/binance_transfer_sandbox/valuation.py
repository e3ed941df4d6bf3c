"""
What the wallets of an account hold, and what that is worth.

One rule: amounts and values are exact; the prices never change, and each divides the others without a remainder.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

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


def wallet_balances(owner: Account, values: Mapping[str, str]) -> list[dict[str, object]]:
    """
    Tell each wallet's worth in `quoteAsset` (BTC by default) and, with `needBalanceDetail=true`, what is in it.

    Nothing here is ever locked, frozen or being withdrawn. -1130: a quote asset without a price, or no boolean.
    """
    quote = values.get("quoteAsset", "BTC")
    if quote not in _IN_BTC:
        raise errors.invalid("quoteAsset")
    detailed = parameters.boolean(values, "needBalanceDetail")
    return [_wallet(name, _held(owner, wallet), quote, detailed=detailed) for name, wallet in _NAMES.items()]


def _held(owner: Account, wallet: Wallet | None) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, assets in owner.wallets.items():
        if name.partition(":")[0] == wallet:
            for asset, amount in assets.items():
                sums[asset] = accounts.add(sums.get(asset, Decimal(0)), amount)
    return {asset: amount for asset, amount in sums.items() if amount}


def _wallet(name: str, held: Mapping[str, Decimal], quote: str, *, detailed: bool) -> dict[str, object]:
    worth = {asset: accounts.multiply(amount, _IN_BTC.get(asset, Decimal(0))) for asset, amount in held.items()}
    total = Decimal(0)
    for in_btc in worth.values():
        total = accounts.add(total, in_btc)
    shown: dict[str, object] = {
        "activate": True,
        "balance": accounts.text(accounts.divide(total, _IN_BTC[quote])),
        "walletName": name,
    }
    if detailed:
        shown["assetBalances"] = [
            {
                "asset": asset,
                "assetName": asset,
                "free": accounts.text(amount),
                "locked": "0",
                "freeze": "0",
                "withdrawing": "0",
                "btcValuation": accounts.text(worth[asset]),
            }
            for asset, amount in held.items()
        ]
    return shown

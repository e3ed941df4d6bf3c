"""
Accounts and what is in their wallets.

One rule: money moves between wallets exactly or not at all; only a deposit makes any.
"""

from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from types import MappingProxyType
from typing import Final

from binance_transfer_sandbox import errors
from binance_transfer_sandbox.wallets import Route, Wallet, purse

# Python's default of 28 digits would round large balances; here rounding is an error.
_EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])

_ROUNDING: Final = Context(prec=100, traps=[InvalidOperation, Overflow])

Balances = dict[str, dict[str, Decimal]]
"""Wallet (`spot`, `isolated_margin:BTCUSDT`) → asset → amount."""

CHINESE_COIN: Final = "币安人生"

STARTING_BALANCES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "spot": {"USDT": "100000", "BTC": "10", "ETH": "100", "BNB": "500", CHINESE_COIN: "250000"},
        "usdm_futures": {"USDT": "50000", "BTC": "2", "BNB": "50"},
        "coinm_futures": {"USDT": "50000", "BTC": "5", "ETH": "50"},
        "cross_margin": {"USDT": "50000", "BTC": "2", "ETH": "20"},
        "isolated_margin:BTCUSDT": {"USDT": "20000", "BTC": "1"},
        "isolated_margin:ETHUSDT": {"USDT": "20000", "ETH": "10"},
        "funding": {"USDT": "50000", "BTC": "2", CHINESE_COIN: "50000"},
        "options": {"USDT": "20000"},
        "portfolio_margin": {"USDT": "20000", "BTC": "1"},
    }
)


class Account:
    """One user's wallets. A wallet that is not opened (an isolated pair) has no entry; what is locked stays in it."""

    def __init__(self, uid: int) -> None:
        self.uid = uid
        self.wallets: Balances = {purse(wallet): {} for wallet in Wallet if wallet is not Wallet.ISOLATED_MARGIN}
        self._locked: dict[tuple[str, str], Decimal] = {}

    def deposit(self, wallet: str, asset: str, amount: Decimal) -> None:
        """Add money, opening an isolated wallet where there is none yet."""
        purses = self.wallets.setdefault(wallet, {})
        purses[asset] = _EXACT.add(purses.get(asset, Decimal(0)), amount)

    def balance(self, wallet: str, asset: str) -> Decimal:
        """Return what a wallet holds of an asset."""
        return self.wallets.get(wallet, {}).get(asset, Decimal(0))

    def lock(self, wallet: str, asset: str, amount: Decimal) -> None:
        """Let so much of an asset be bound by open orders, no more and no less. ValueError: there is less of it."""
        if amount > self.balance(wallet, asset):
            raise ValueError(f"cannot lock {amount} {asset}: {wallet} holds {self.balance(wallet, asset)}")
        self._locked[wallet, asset] = amount

    def locked(self, wallet: str, asset: str) -> Decimal:
        """Return what is bound by open orders."""
        return self._locked.get((wallet, asset), Decimal(0))

    def free(self, wallet: str, asset: str) -> Decimal:
        """Return what can be transferred."""
        return _EXACT.subtract(self.balance(wallet, asset), self.locked(wallet, asset))

    def check(self, route: Route, source: str, target: str, asset: str, amount: Decimal) -> None:
        """Refuse a move that could not be made now."""
        if source not in self.wallets or target not in self.wallets:
            raise errors.no_isolated_wallet()
        if self.free(source, asset) < amount:
            raise errors.insufficient(route.source)

    def move(self, source: str, target: str, asset: str, amount: Decimal) -> None:
        """Move what `check` allowed."""
        self.wallets[source][asset] = _EXACT.subtract(self.wallets[source][asset], amount)
        self.deposit(target, asset, amount)

    def snapshot(self) -> Balances:
        """Return a copy of all balances."""
        return {wallet: dict(assets) for wallet, assets in self.wallets.items()}


def add(one: Decimal, other: Decimal) -> Decimal:
    """Add exactly."""
    return _EXACT.add(one, other)


def divide(amount: Decimal, divisor: Decimal) -> Decimal:
    """Divide exactly, or raise Inexact."""
    return _EXACT.divide(amount, divisor)


def multiply(amount: Decimal, factor: Decimal) -> Decimal:
    """Multiply exactly."""
    return _EXACT.multiply(amount, factor)


def quantize(amount: Decimal, decimals: int, rounding: str) -> Decimal:
    """Write with so many decimals, rounding as named in `decimal`."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=rounding, context=_ROUNDING)


def text(amount: Decimal) -> str:
    """Write an amount as the exchange does: fixed point, without trailing zeros."""
    return f"{_EXACT.normalize(amount):f}"


def parse(amount_text: str) -> Decimal:
    """Read a plain finite number. ValueError if it is none."""
    try:
        amount = Decimal(amount_text)
    except InvalidOperation as unreadable:
        raise ValueError(f"not an amount: {amount_text!r}") from unreadable
    if not amount.is_finite():
        raise ValueError(f"not an amount: {amount_text!r}")
    return amount

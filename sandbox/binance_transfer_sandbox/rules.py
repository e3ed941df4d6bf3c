"""
What a transfer must look like.

One rule: checks read parameters and the tables, never a balance; whether there is money is the account's business.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal

from attrs import frozen

from binance_transfer_sandbox import errors, parameters
from binance_transfer_sandbox.wallets import ROUTES, Route, purse


@frozen
class Intent:
    """A transfer that satisfies the rules: who pays what to whom."""

    type: str
    route: Route
    asset: str
    amount: Decimal
    from_symbol: str | None
    to_symbol: str | None

    @property
    def source(self) -> str:
        """The wallet that pays."""
        return purse(self.route.source, self.from_symbol or "")

    @property
    def target(self) -> str:
        """The wallet that receives."""
        return purse(self.route.target, self.to_symbol or "")


def read_intent(values: Mapping[str, str], assets: Collection[str], symbols: Mapping[str, tuple[str, str]]) -> Intent:
    """Read a transfer from its parameters, or refuse it."""
    type_name, route = read_type(values)
    asset = parameters.required(values, "asset")
    amount = parameters.amount(values, "amount")
    from_symbol, to_symbol = read_symbols(values, route)
    if asset not in assets:
        raise errors.unknown_asset()
    for symbol in (from_symbol, to_symbol):
        if symbol is None:
            continue
        if symbol not in symbols:
            raise errors.unknown_symbol()
        if asset not in symbols[symbol]:
            raise errors.not_of_this_pair()
    if from_symbol is not None and from_symbol == to_symbol:
        raise errors.same_wallet()
    return Intent(type_name, route, asset, amount, from_symbol, to_symbol)


def read_type(values: Mapping[str, str]) -> tuple[str, Route]:
    """
    Read the transfer type (-1102 when missing or unknown).

    The live exchange was seen to answer history for an unknown type so in 2026-10; that a transfer is answered alike is
    assumed.
    """
    name = parameters.required(values, "type")
    route = ROUTES.get(name)
    if route is None:
        raise errors.missing("type")
    return name, route


def is_type(name: str) -> bool:
    """Tell whether the exchange has such a type."""
    return name in ROUTES


def read_symbols(values: Mapping[str, str], route: Route) -> tuple[str | None, str | None]:
    """
    Read the symbols that this route needs (-1102).

    One that it does not need is silently ignored. That is the live exchange's dangerous habit: MAIN_MARGIN with a
    `toSymbol` was seen to move the money to cross margin (github.com/JKorf/Binance.Net, issue 1088).
    """
    return (
        parameters.required(values, "fromSymbol") if route.needs_from_symbol else None,
        parameters.required(values, "toSymbol") if route.needs_to_symbol else None,
    )

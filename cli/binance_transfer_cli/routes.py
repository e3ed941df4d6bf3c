"""
From where to where, as people write it: a transfer type, or two wallets.

One rule: an isolated margin wallet is written with its pair, `isolated_margin:BTCUSDT`, and what is written twice has
to say the same.
"""

from typing import Final

from attrs import frozen

import binance_transfer as bt

_PAIRED: Final = bt.Wallet.ISOLATED_MARGIN.value


@frozen
class Route:
    """A type, and the symbols of the isolated margin wallets at its ends."""

    type: bt.TransferType
    from_symbol: str | None
    to_symbol: str | None


def route(
    type_name: str | None, source: str | None, target: str | None, from_symbol: str | None, to_symbol: str | None
) -> Route:
    """
    Return the route that a type or two wallets name; raises InvalidTransfer.

    The type is not looked at: the transfer made of it is. ``None`` and "" are what is not given.
    """
    from_symbol, to_symbol = from_symbol or None, to_symbol or None
    if type_name and not source and not target:
        return Route(type_name, from_symbol, to_symbol)  # type: ignore[arg-type]  # Transfer refuses what is none
    if type_name or not source or not target:
        message = "give either a transfer type, or both wallets: from and to"
        raise bt.InvalidTransfer(message)
    paying, from_symbol = _wallet("from", source, from_symbol)
    receiving, to_symbol = _wallet("to", target, to_symbol)
    name = bt.transfer_type(paying, receiving)  # type: ignore[arg-type]  # it takes names, and refuses what is none
    return Route(name, from_symbol, to_symbol)


def _wallet(way: str, text: str, symbol: str | None) -> tuple[str, str | None]:
    """Return the wallet and the pair that a text such as isolated_margin:BTCUSDT names."""
    name, colon, pair = text.partition(":")
    if not colon:
        return name, symbol
    if name != _PAIRED or not pair:
        message = f"{way} is {text!r}: only isolated margin has a pair, written as {_PAIRED}:BTCUSDT"
        raise bt.InvalidTransfer(message)
    if symbol not in {None, pair}:
        message = f"{way} names the pair {pair!r}, and {way}_symbol {symbol!r}: give it once"
        raise bt.InvalidTransfer(message)
    return name, pair


def shown(transfer: bt.Transfer) -> tuple[str, str]:
    """Return both ends of a transfer as they are written: spot, isolated_margin:BTCUSDT."""
    return ends(transfer.type, transfer.from_symbol, transfer.to_symbol)


def ends(type_name: str, from_symbol: str | None, to_symbol: str | None) -> tuple[str, str]:
    """Return both ends of a route as they are written; "?" for a type that nobody knows."""
    info = bt.TRANSFER_TYPES.get(type_name)
    if info is None:
        return "?", "?"
    return _end(info.source, from_symbol), _end(info.target, to_symbol)


def _end(wallet: bt.Wallet, symbol: str | None) -> str:
    return f"{wallet.value}:{symbol}" if symbol else wallet.value

"""
The trading pairs and assets that the exchange lists.

One rule: what is listed is never taken off again.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from binance_transfer_sandbox.wallets import SYMBOLS

# In which assets most pairs of the exchange are quoted; longer names before those that they end with.
_QUOTES: Final = ("FDUSD", "USDT", "USDC", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY")

Pairs = Mapping[str, tuple[str, str]] | Iterable[str]
"""Symbol → the two assets of its isolated wallet, or names as `SOLUSDT` or, where the quote is unusual, `SOL/XYZ`."""


class Market:
    """Assets that can be transferred, and pairs that can have an isolated margin wallet."""

    def __init__(self) -> None:
        self.symbols: dict[str, tuple[str, str]] = dict(SYMBOLS)
        self.assets: set[str] = {asset for pair in SYMBOLS.values() for asset in pair}

    def add_asset(self, asset: str) -> None:
        """List an asset. ValueError: it is no name."""
        self.assets.add(_name(asset))

    def add_symbol(self, symbol: str, base: str, quote: str) -> None:
        """List a pair and its two assets. ValueError: they are no names, or it is another pair's."""
        pair = (_name(base), _name(quote))
        if base == quote or self.symbols.get(_name(symbol), pair) != pair:
            raise ValueError(f"cannot list {symbol} as a pair of {base} and {quote}")
        self.symbols[symbol] = pair
        self.assets.update(pair)


def read_pairs(pairs: Pairs) -> dict[str, tuple[str, str]]:
    """Return symbols with their base and quote asset. ValueError: a name that cannot be split."""
    if isinstance(pairs, str):
        pairs = (pairs,)
    if isinstance(pairs, Mapping):
        return {symbol: (base, quote) for symbol, (base, quote) in pairs.items()}
    return dict(_split(name) for name in pairs)


def _split(name: str) -> tuple[str, tuple[str, str]]:
    base, slash, quote = name.partition("/")
    if slash:
        return base + quote, (base, quote)
    for quote in _QUOTES:
        if base := name.removesuffix(quote) if name.endswith(quote) else "":
            return name, (base, quote)
    raise ValueError(f"which two assets are {name!r}? Write it as BASE/QUOTE")


def _name(name: str) -> str:
    if not name.isprintable() or not name or set(name) & set(" :/&=%"):
        raise ValueError(f"not a name of an asset or a pair: {name!r}")
    return name

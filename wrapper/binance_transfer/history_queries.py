"""
All of history: which questions have to be asked so that nothing is left out.

One rule: the exchange answers for one type, one pair of symbols and a limited time at once, so a walk is a list of such
questions, and what cannot be asked is named.
"""

from collections.abc import Collection, Iterator
from typing import Final

from attrs import frozen

from binance_transfer.transfer_types import TRANSFER_TYPES, TransferTypeInfo
from binance_transfer.visible import sound_repr
from binance_transfer_api.api.asset.universal_transfer_history import LONGEST_SPAN_DAYS

SPAN_MS: Final = LONGEST_SPAN_DAYS * 24 * 3_600_000


@frozen
class TypeQuery:
    """One type, with the symbols that it needs."""

    type: str
    from_symbol: str | None = None
    to_symbol: str | None = None
    __repr__ = sound_repr


def spans(start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """Cut a time, both ends inclusive, into spans that the exchange answers for, oldest first."""
    while start_ms <= end_ms:
        last_ms = min(start_ms + SPAN_MS - 1, end_ms)
        yield start_ms, last_ms
        start_ms = last_ms + 1


def type_queries(symbols: Collection[str], types: Collection[str] | None = None) -> list[TypeQuery]:
    """
    Return what to ask for, for some types or for all of them.

    symbols: trading pairs of isolated margin wallets. A type that needs symbols is asked for each of them, and for each
        two of them where it needs two.
    """
    names = TRANSFER_TYPES if types is None else types
    return [query for name in names for query in _of_type(name, sorted(set(symbols)))]


def types_without_symbols(symbols: Collection[str]) -> list[str]:
    """Return the types that no question can be made for, since they need symbols that are not there."""
    return [name for name, info in TRANSFER_TYPES.items() if len(set(symbols)) < _needed(info)]


def _needed(info: TransferTypeInfo) -> int:
    return info.needs_from_symbol + info.needs_to_symbol


def _of_type(name: str, symbols: list[str]) -> Iterator[TypeQuery]:
    info = TRANSFER_TYPES.get(name)
    if info is None or not _needed(info):
        yield TypeQuery(name)
    elif info.needs_from_symbol and info.needs_to_symbol:
        yield from (TypeQuery(name, one, other) for one in symbols for other in symbols if one != other)
    else:
        for symbol in symbols:
            yield TypeQuery(name, symbol, None) if info.needs_from_symbol else TypeQuery(name, None, symbol)

"""
An operator's limits.

One rule: a limit holds for every send. What can be judged by itself is judged here; the daily sums are judged where the
attempt is recorded, so that they hold across all workers.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Context, Decimal, Inexact
from functools import partial, reduce
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from binance_transfer.transfer import Transfer, check_name, check_type, positive_amount, spelt
from binance_transfer.visible import described, one_line, quoted

# Even unchecked amounts have at most 100 digits, and as many places before or behind the point: no sum needs more.
_EXACT: Final = Context(prec=400, traps=[Inexact])


def _amounts(limits: Mapping[str, Decimal | str | int] | None) -> Mapping[str, Decimal]:
    if limits is None:
        return MappingProxyType({})
    _check_kind(limits, Mapping, "limits as a mapping like {'USDT': '1000'}")
    return MappingProxyType({_asset(asset): positive_amount(limit) for asset, limit in limits.items()})


def _assets(names: Collection[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(map(_asset, _listed(names)))


def _types(names: Collection[str] | None) -> frozenset[str] | None:
    if names is None:
        return None
    types = _listed(names)
    for name in types:
        check_type(name)  # a misspelt one would forbid what it should allow
    return frozenset(map(str.__str__, types))


def _listed(names: Collection[str]) -> tuple[str, ...]:
    _check_kind(names, Collection, "a list of names")
    return tuple(names)


def _check_kind(value: object, kind: type[Any], wanted: str) -> None:
    if not isinstance(value, kind) or isinstance(value, (str, bytes, bytearray)):
        message = f"give {wanted}, not {quoted(value)}"
        raise TypeError(message)


def _asset(name: object) -> str:
    return check_name("asset", name)  # one that is spelt otherwise would limit nothing


@frozen(kw_only=True, repr=False)
class Policy:
    """
    What may be sent. Whatever is left out is not limited.

    types: the transfer types that are allowed.
    assets: the assets that are allowed.
    max_amount: asset → the most that one transfer may move.
    max_per_day: asset → the most that all transfers of the account may move in one day (UTC, the exchange's clock);
        what may have moved counts as moved. Needs a journal.

    Raises InvalidTransfer for a type, an asset or an amount that cannot be, so that no limit limits nothing, and
    TypeError for what is no list or mapping.
    """

    types: frozenset[str] | None = field(default=None, converter=_types)
    assets: frozenset[str] | None = field(default=None, converter=_assets)
    max_amount: Mapping[str, Decimal] = field(default=None, converter=_amounts)
    max_per_day: Mapping[str, Decimal] = field(default=None, converter=_amounts)

    def __repr__(self) -> str:
        return described(self, "types", "assets", "max_amount", "max_per_day")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what it was made of: a view of a mapping cannot be."""
        limits = {"max_amount": dict(self.max_amount), "max_per_day": dict(self.max_per_day)}
        return partial(Policy, types=self.types, assets=self.assets, **limits), ()

    def objection(self, transfer: Transfer) -> str:
        """Say why one transfer is outside the limits, "" if it is not."""
        if self.types is not None and transfer.type not in self.types:
            return f"{one_line(transfer.type)} is not among the allowed types"
        if self.assets is not None and transfer.asset not in self.assets:
            return f"{one_line(transfer.asset)} is not among the allowed assets"
        limit = self.max_amount.get(spelt(transfer.asset))
        if limit is not None and transfer.amount > limit:
            return f"{_described(transfer)} is more than the {limit:f} that one transfer may move"
        return ""

    def daily_objection(self, transfer: Transfer, today: Decimal) -> str:
        """Say why a transfer is too much on top of what the day has moved, "" if it is not."""
        limit = self.max_per_day.get(spelt(transfer.asset))
        if limit is not None and exact_sum([today, transfer.amount]) > limit:
            return f"{_described(transfer)} on top of {today:f} is more than the {limit:f} that a day may move"
        return ""


def _described(transfer: Transfer) -> str:
    return f"{transfer.amount_text} {transfer.asset}"


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts exactly, whatever decimal context the caller has set."""
    return reduce(_EXACT.add, amounts, Decimal(0))

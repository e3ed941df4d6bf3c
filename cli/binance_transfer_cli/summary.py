"""
What a plan would move, beside what there is and what is allowed.

One rule: it warns and stops nothing: balances change, and what had moved before is not sent again.
"""

from collections.abc import Collection, Iterator
from decimal import Decimal

from attrs import frozen

import binance_transfer as bt
from binance_transfer.balances import Balances
from binance_transfer.policy import exact_sum
from binance_transfer_cli.plan import Total
from binance_transfer_cli.routes import ends


@frozen
class Line:
    """One asset along one route. ``free`` is what the paying wallet has of it; None where that is not known."""

    asset: str
    source: str
    target: str
    rows: int
    amount: Decimal
    free: Decimal | None

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            "asset": self.asset,
            "from": self.source,
            "to": self.target,
            "rows": self.rows,
            "amount": f"{self.amount:f}",
            "free": None if self.free is None else f"{self.free:f}",
        }


def lines(totals: Collection[Total], balances: Balances | None) -> list[Line]:
    """Return the sums by asset and wallets."""
    made = []
    for total in totals:
        source, target = ends(total.route.type, total.route.from_symbol, total.route.to_symbol)
        free = _free(balances, total)
        made.append(Line(total.asset, source, target, total.rows, total.amount, free))
    return sorted(made, key=lambda line: (line.asset, line.source, line.target))


def _free(balances: Balances | None, total: Total) -> Decimal | None:
    wallet = bt.TRANSFER_TYPES[total.route.type].source
    if balances is None or wallet not in balances or wallet is bt.Wallet.ISOLATED_MARGIN:
        return None  # isolated margin is not split by pair
    balance = balances[wallet].get(total.asset)
    return balance.free if balance else Decimal(0)


def beyond_limits(totals: Collection[Total], policy: bt.Policy) -> Iterator[str]:
    """Iterate over what the operator's limits would refuse."""
    for total in totals:
        at = total.route
        greatest = bt.Transfer(at.type, total.asset, total.largest, from_symbol=at.from_symbol, to_symbol=at.to_symbol)
        if objection := policy.objection(greatest):
            yield f"outside the limits: {objection}"
    for asset, limit in policy.max_per_day.items():
        sum_ = exact_sum(total.amount for total in totals if total.asset == asset)
        if sum_ > limit:
            yield f"{sum_:f} {asset} is more than the {limit:f} that a day may move"


def beyond_balances(totals: Collection[Total], balances: Balances | None) -> Iterator[str]:
    """Iterate over the wallets that hold too little."""
    paying: dict[tuple[bt.Wallet, str], list[Total]] = {}
    for total in totals:
        paying.setdefault((bt.TRANSFER_TYPES[total.route.type].source, total.asset), []).append(total)
    for (wallet, asset), payments in paying.items():
        free, sum_ = _free(balances, payments[0]), exact_sum(total.amount for total in payments)
        if free is not None and sum_ > free:
            yield f"{wallet.value} has {free:f} {asset} free, and {sum_:f} would leave it"

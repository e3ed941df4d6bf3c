"""Whatever is asked and whatever goes wrong: money is neither made nor lost, and the ledger tells every move."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_transfer_sandbox import Exchange, HistoryBehaviour, faults
from binance_transfer_sandbox.accounts import Balances
from binance_transfer_sandbox.wallets import ROUTES, SYMBOLS, purse

START_MS = 1_700_000_000_000

symbols = st.sampled_from([*SYMBOLS, "NOPE"])
parameters = st.fixed_dictionaries(
    {
        "type": st.sampled_from(list(ROUTES)),
        "asset": st.sampled_from(["USDT", "BTC", "ETH", "币安人生", "NOPE"]),
        "amount": st.one_of(
            st.decimals("0.00000001", "150000", places=8).map(str),
            st.sampled_from(["0", "-1", "1e3", "100000", "0.000000001"]),
        ),
        "age_ms": st.integers(-1500, 6000),
    },
    optional={"fromSymbol": symbols, "toSymbol": symbols},
)
executing = st.tuples(st.booleans(), st.sampled_from([0, 1, 3000, 5000]))
hidden = st.one_of(
    st.sampled_from([faults.Drop, faults.Hang, faults.GatewayError, faults.BackendTimeout, faults.Redirect]).flatmap(
        lambda kind: executing.map(lambda how: kind(executes=how[0], late_ms=how[1] if how[0] else 0))
    ),
    executing.map(lambda how: faults.BrokenAnswer(executes=how[0], late_ms=how[1] if how[0] else 0, form="no_tran_id")),
)
other = st.sampled_from(
    [
        None,
        faults.Firewall(),
        faults.RateLimited(),
        faults.Refuse(),
        faults.Slow(delay_ms=5),
        faults.ClockSkew(offset_ms=3000),
        faults.Settle(status="FAILED", after_ms=1000),
        faults.Settle(status="CONFIRMED", after_ms=1000),
        faults.Hide(for_ms=1000),
        faults.Stamp(offset_ms=-3000),
        faults.Respell(asset="lower", amount="fee"),
        faults.Encoded(),
        faults.Trailing(),
        faults.Together(faults=(faults.Drop(executes=True, late_ms=9000, queued=True), faults.Respell(time="seconds"))),
        faults.Together(faults=(faults.ClockSkew(offset_ms=-900), faults.Settle(status="FAILED"), faults.Firewall())),
    ]
)
steps = st.lists(st.tuples(parameters, st.one_of(other, hidden), st.integers(0, 4000)), max_size=25)


def totals(balances: Balances) -> Counter[str]:
    sums: Counter[str] = Counter()
    for assets in balances.values():
        for asset, amount in assets.items():
            sums[asset] += amount  # type: ignore[assignment]  # a Counter adds whatever can be added
    return sums


@settings(deadline=None)
@given(steps=steps)
def test_money_is_conserved_and_the_ledger_tells_every_move(steps: list[tuple[dict[str, Any], Any, int]]) -> None:
    now_ms = START_MS
    exchange = Exchange(lambda: now_ms, seed=1, history=HistoryBehaviour(pending_after_ms=500))
    exchange.open_account()
    expected = exchange.balances()
    before = totals(expected)

    for values, fault, pause_ms in steps:
        sent = {name: str(value) for name, value in values.items() if name != "age_ms"}
        exchange.perform("transfer", sent | {"timestamp": str(now_ms - values["age_ms"])}, fault=fault)
        now_ms += pause_ms
        after = exchange.balances()
        assert totals(after) == before
        assert all(amount >= 0 for assets in after.values() for amount in assets.values())
    now_ms += 10_000

    for entry in exchange.ledger.executions():
        route = ROUTES[entry.type]
        expected[purse(route.source, entry.from_symbol or "")][entry.asset] -= entry.amount
        target = expected[purse(route.target, entry.to_symbol or "")]
        target[entry.asset] = target.get(entry.asset, Decimal(0)) + entry.amount
    assert exchange.balances() == expected
    assert len({entry.tran_id for entry in exchange.ledger}) == len(exchange.ledger)


@pytest.mark.parametrize("fault", [None, faults.Slow(delay_ms=1)])
def test_moving_there_and_back_changes_nothing(fault: faults.Fault | None) -> None:
    exchange = Exchange(lambda: START_MS, seed=1)
    exchange.open_account()
    before = exchange.balances()
    for type_name in ("MAIN_UMFUTURE", "UMFUTURE_MAIN"):
        values = {"type": type_name, "asset": "USDT", "amount": "0.1", "timestamp": str(START_MS)}
        exchange.perform("transfer", values, fault=fault)
    assert exchange.balances() == before

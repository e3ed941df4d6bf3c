"""The 33 types: what each moves, and what it needs."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from binance_transfer_sandbox import Exchange
from binance_transfer_sandbox.wire import Answer

Ask = Callable[..., tuple[int, Any]]

# Type, paying wallet, receiving wallet: written down once more from the vendor's page, in its order.
TYPES = [
    ("MAIN_UMFUTURE", "spot", "usdm_futures"),
    ("MAIN_CMFUTURE", "spot", "coinm_futures"),
    ("MAIN_MARGIN", "spot", "cross_margin"),
    ("UMFUTURE_MAIN", "usdm_futures", "spot"),
    ("UMFUTURE_MARGIN", "usdm_futures", "cross_margin"),
    ("CMFUTURE_MAIN", "coinm_futures", "spot"),
    ("CMFUTURE_MARGIN", "coinm_futures", "cross_margin"),
    ("MARGIN_MAIN", "cross_margin", "spot"),
    ("MARGIN_UMFUTURE", "cross_margin", "usdm_futures"),
    ("MARGIN_CMFUTURE", "cross_margin", "coinm_futures"),
    ("ISOLATEDMARGIN_MARGIN", "isolated_margin:BTCUSDT", "cross_margin"),
    ("MARGIN_ISOLATEDMARGIN", "cross_margin", "isolated_margin:ETHUSDT"),
    ("ISOLATEDMARGIN_ISOLATEDMARGIN", "isolated_margin:BTCUSDT", "isolated_margin:ETHUSDT"),
    ("MAIN_FUNDING", "spot", "funding"),
    ("FUNDING_MAIN", "funding", "spot"),
    ("FUNDING_UMFUTURE", "funding", "usdm_futures"),
    ("UMFUTURE_FUNDING", "usdm_futures", "funding"),
    ("MARGIN_FUNDING", "cross_margin", "funding"),
    ("FUNDING_MARGIN", "funding", "cross_margin"),
    ("FUNDING_CMFUTURE", "funding", "coinm_futures"),
    ("CMFUTURE_FUNDING", "coinm_futures", "funding"),
    ("MAIN_OPTION", "spot", "options"),
    ("OPTION_MAIN", "options", "spot"),
    ("UMFUTURE_OPTION", "usdm_futures", "options"),
    ("OPTION_UMFUTURE", "options", "usdm_futures"),
    ("MARGIN_OPTION", "cross_margin", "options"),
    ("OPTION_MARGIN", "options", "cross_margin"),
    ("FUNDING_OPTION", "funding", "options"),
    ("OPTION_FUNDING", "options", "funding"),
    ("MAIN_PORTFOLIO_MARGIN", "spot", "portfolio_margin"),
    ("PORTFOLIO_MARGIN_MAIN", "portfolio_margin", "spot"),
    ("MAIN_ISOLATED_MARGIN", "spot", "isolated_margin:ETHUSDT"),
    ("ISOLATED_MARGIN_MAIN", "isolated_margin:BTCUSDT", "spot"),
]
NEEDS = {
    "ISOLATEDMARGIN_MARGIN": {"fromSymbol": "BTCUSDT"},
    "MARGIN_ISOLATEDMARGIN": {"toSymbol": "ETHUSDT"},
    "ISOLATEDMARGIN_ISOLATEDMARGIN": {"fromSymbol": "BTCUSDT", "toSymbol": "ETHUSDT"},
    "MAIN_ISOLATED_MARGIN": {"toSymbol": "ETHUSDT"},
    "ISOLATED_MARGIN_MAIN": {"fromSymbol": "BTCUSDT"},
}


def test_there_are_33_types() -> None:
    from binance_transfer_sandbox.wallets import ROUTES

    assert list(ROUTES) == [name for name, _, _ in TYPES]


@pytest.mark.parametrize(("type_name", "source", "target"), TYPES)
def test_each_type_moves_money_from_its_source_to_its_target_and_nowhere_else(
    exchange: Exchange, ask: Ask, type_name: str, source: str, target: str
) -> None:
    before = exchange.balances()
    status, body = ask("transfer", type=type_name, asset="USDT", amount="12.34567890", **NEEDS.get(type_name, {}))
    after = exchange.balances()

    before[source]["USDT"] -= Decimal("12.3456789")
    before[target].setdefault("USDT", Decimal(0))
    before[target]["USDT"] += Decimal("12.3456789")
    (entry,) = exchange.ledger.executions()
    assert (status, body, after) == (200, {"tranId": entry.tran_id}, before)
    assert (entry.type, entry.asset, entry.amount) == (type_name, "USDT", Decimal("12.3456789"))
    assert {"fromSymbol": entry.from_symbol, "toSymbol": entry.to_symbol} == {
        "fromSymbol": None,
        "toSymbol": None,
    } | NEEDS.get(type_name, {})


@pytest.mark.parametrize(
    ("type_name", "name"), [(type_name, name) for type_name, needs in NEEDS.items() for name in needs]
)
@pytest.mark.parametrize("operation", ["transfer", "history"])
def test_a_needed_symbol_that_is_missing_is_named(ask: Ask, operation: str, type_name: str, name: str) -> None:
    rest = {other: symbol for other, symbol in NEEDS[type_name].items() if other != name}
    values = {"asset": "USDT", "amount": "1"} if operation == "transfer" else {}
    status, body = ask(operation, type=type_name, **values, **rest)
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    assert (status, body) == (400, {"code": -1102, "msg": text})


def test_a_superfluous_symbol_is_ignored_and_the_money_goes_to_cross_margin(exchange: Exchange, ask: Ask) -> None:
    """The habit of the live exchange that has cost people money."""
    ask("transfer", type="MAIN_MARGIN", asset="USDT", amount="5", toSymbol="BTCUSDT")
    assert exchange.balance("cross_margin", "USDT") == 50005
    assert exchange.balance("isolated_margin:BTCUSDT", "USDT") == 20000
    assert exchange.ledger.executions()[0].to_symbol is None


GOOD: dict[str, object] = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1"}
ISOLATED: dict[str, object] = {"type": "MAIN_ISOLATED_MARGIN", "asset": "USDT", "amount": "1"}
REFUSED: list[tuple[dict[str, object], int, str]] = [
    (GOOD | {"type": None}, -1102, "'type'"),
    (GOOD | {"type": ""}, -1102, "'type'"),
    (GOOD | {"type": "MAIN_C2C"}, -1102, "'type'"),
    (GOOD | {"type": "main_umfuture"}, -1102, "'type'"),
    (GOOD | {"asset": None}, -1102, "'asset'"),
    (GOOD | {"asset": "usdt"}, -4018, "this asset"),
    (GOOD | {"amount": None}, -1102, "'amount'"),
    (GOOD | {"amount": "0"}, -5007, "greater than zero"),
    (GOOD | {"amount": "0.00000000"}, -5007, "greater than zero"),
    (GOOD | {"amount": "-1"}, -5007, "greater than zero"),
    (GOOD | {"amount": "1E-7"}, -1100, "'amount'"),
    (GOOD | {"amount": "1e2"}, -1100, "'amount'"),
    (GOOD | {"amount": "+1"}, -1100, "'amount'"),
    (GOOD | {"amount": ".5"}, -1100, "'amount'"),
    (GOOD | {"amount": "1,5"}, -1100, "'amount'"),
    (GOOD | {"amount": "NaN"}, -1100, "'amount'"),
    (GOOD | {"amount": "\uff11"}, -1100, "'amount'"),
    (GOOD | {"amount": "1\n"}, -1100, "'amount'"),
    (GOOD | {"amount": "0.000000001"}, -1111, "Precision"),
    (GOOD | {"amount": "100000.00000001"}, -5013, "insufficient balance"),
    (GOOD | {"type": "UMFUTURE_MAIN", "amount": "50001"}, -5013, "insufficient balance"),
    (GOOD | {"type": "MARGIN_MAIN", "amount": "50001"}, -3020, "exceeds max amount"),
    (GOOD | {"type": "ISOLATED_MARGIN_MAIN", "amount": "20001", "fromSymbol": "BTCUSDT"}, -3020, "exceeds"),
    (GOOD | {"type": "PORTFOLIO_MARGIN_MAIN", "amount": "20001"}, -9000, "margin balance is insufficient"),
    (GOOD | {"type": "OPTION_MAIN", "asset": "BTC"}, -5013, "insufficient balance"),
    (ISOLATED | {"toSymbol": "NOPEUSDT"}, -1121, "Invalid symbol"),
    (ISOLATED | {"toSymbol": "BNBUSDT"}, -3003, "does not exist"),
    (ISOLATED | {"toSymbol": "BTCUSDT", "asset": "ETH"}, -3027, "margin asset"),
    (
        GOOD | {"type": "ISOLATEDMARGIN_ISOLATEDMARGIN", "fromSymbol": "BTCUSDT", "toSymbol": "BTCUSDT"},
        -3026,
        "input param",
    ),
    (GOOD | {"fromsymbol": "BTCUSDT"}, -1104, "read '4' parameter(s) but was sent '5'"),
    (GOOD | {"timestamp": None}, -1102, "'timestamp'"),
    (GOOD | {"timestamp": "now"}, -1100, "'timestamp'"),
    (GOOD | {"timestamp": "1.5e12"}, -1100, "'timestamp'"),
    (GOOD | {"recvWindow": "5s"}, -1100, "'recvWindow'"),
    (GOOD | {"recvWindow": "60001"}, -1131, "less than 60000"),
]


@pytest.mark.parametrize(("values", "code", "text"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_refusal_names_its_reason_and_moves_nothing(
    exchange: Exchange, ask: Ask, values: dict[str, object], code: int, text: str
) -> None:
    before = exchange.balances()
    status, body = ask("transfer", **values)
    assert (status, body["code"], len(exchange.ledger), exchange.balances()) == (400, code, 0, before)
    assert text in body["msg"]


def test_a_parameter_twice_in_one_place_is_refused(exchange: Exchange) -> None:
    reply = exchange.perform("transfer", [("asset", "USDT"), ("asset", "USDT")])
    assert isinstance(reply, Answer)
    assert b"-1101" in reply.body


@pytest.mark.parametrize(
    ("age_ms", "window", "code"),
    [
        (0, None, None),
        (5000, None, None),
        (5001, None, -1021),
        (-999, None, None),
        (-1000, None, -1021),
        (100, 100, None),
        (101, 100, -1021),
        (60000, 60000, None),
        (60001, 60000, -1021),
    ],
)
def test_a_request_counts_inside_its_window_only(
    ask: Ask, clock: Any, age_ms: int, window: int | None, code: int | None
) -> None:
    _, body = ask("transfer", **GOOD, timestamp=clock.now_ms - age_ms, recvWindow=window)
    assert body.get("code") == code


def test_microseconds_are_taken(ask: Ask, clock: Any) -> None:
    assert ask("transfer", **GOOD, timestamp=clock.now_ms * 1000)[0] == 200


def test_the_server_may_have_another_clock(exchange: Exchange, ask: Ask, clock: Any) -> None:
    exchange.clock_offset_ms = -2000
    assert ask("time") == (200, {"serverTime": clock.now_ms - 2000})
    assert ask("transfer", **GOOD)[1]["code"] == -1021


def test_large_balances_stay_exact(exchange: Exchange, ask: Ask) -> None:
    exchange.deposit("spot", "USDT", "99999999999999999999")
    ask("transfer", type="MAIN_UMFUTURE", asset="USDT", amount="0.00000001")
    assert exchange.balance("spot", "USDT") == Decimal("100000000000000099998.99999999")


def test_a_coin_with_a_chinese_name_moves(exchange: Exchange, ask: Ask) -> None:
    ask("transfer", type="MAIN_FUNDING", asset="币安人生", amount="1")
    assert exchange.balance("funding", "币安人生") == 50001


def test_an_opened_isolated_wallet_takes_part(exchange: Exchange, ask: Ask) -> None:
    exchange.deposit("isolated_margin:币安人生USDT", "USDT", 1)
    assert ask("transfer", **ISOLATED, toSymbol="币安人生USDT")[0] == 200
    assert exchange.balance("isolated_margin:币安人生USDT", "USDT") == 2


def test_accounts_are_apart(exchange: Exchange, ask: Ask) -> None:
    other = exchange.open_account({"spot": {"USDT": "3"}})
    ask("transfer", **GOOD)
    assert exchange.balances(other)["spot"] == {"USDT": 3}
    assert exchange.ledger.executions(uid=other) == ()


@pytest.mark.parametrize("wallet", ["cash", "isolated_margin", "spot:BTCUSDT", "isolated_margin:NOPE"])
def test_a_deposit_needs_a_wallet_that_exists(exchange: Exchange, wallet: str) -> None:
    with pytest.raises(ValueError, match="no such"):
        exchange.deposit(wallet, "USDT", 1)


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity"])
def test_a_deposit_needs_an_amount(exchange: Exchange, amount: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        exchange.deposit("spot", "USDT", amount)


def test_the_ledger_narrows_by_each_field(exchange: Exchange, ask: Ask) -> None:
    ids = [ask("transfer", **GOOD | {"amount": amount})[1]["tranId"] for amount in ("1", "2.50", "1")]
    ledger = exchange.ledger
    assert [entry.tran_id for entry in ledger.executions()] == ids
    assert len(ledger.executions(asset="USDT", amount="1.000", type="MAIN_UMFUTURE")) == 2
    assert [entry.tran_id for entry in ledger.executions(amount=Decimal("2.5"))] == [ids[1]]
    assert len(ledger.executions(tran_id=ids[2])) == 1
    assert ledger.executions(asset="BTC") == ()

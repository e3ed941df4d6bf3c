"""Trading pairs that a user adds: five are not enough for anybody's tests."""

from collections.abc import Callable
from typing import Any

import pytest

from binance_transfer_sandbox import Exchange, Sandbox
from binance_transfer_sandbox.market import Pairs

Ask = Callable[..., tuple[int, Any]]


@pytest.mark.parametrize(
    "symbols",
    [
        ["SOLUSDT"],
        ("SOL/USDT",),
        "SOLUSDT",
        {"SOLUSDT": ("SOL", "USDT")},
    ],
    ids=str,
)
def test_a_pair_can_be_named_in_several_ways(symbols: Pairs) -> None:
    sandbox = Sandbox(symbols=symbols)
    assert sandbox.exchange.symbols["SOLUSDT"] == ("SOL", "USDT")
    assert sandbox.balances()["isolated_margin:SOLUSDT"] == {"SOL": 1000, "USDT": 1000}


@pytest.mark.parametrize(
    ("name", "symbol", "pair"),
    [
        ("SOLFDUSD", "SOLFDUSD", ("SOL", "FDUSD")),
        ("WBTCBTC", "WBTCBTC", ("WBTC", "BTC")),
        ("1000SATSUSDC", "1000SATSUSDC", ("1000SATS", "USDC")),
        ("X/币安人生", "X币安人生", ("X", "币安人生")),
    ],
)
def test_the_quote_is_told_from_the_end(name: str, symbol: str, pair: tuple[str, str]) -> None:
    sandbox = Sandbox()
    sandbox.add_symbol(name)
    assert sandbox.exchange.symbols[symbol] == pair


@pytest.mark.parametrize(
    "name",
    ["", "SOL", "USDT", "/USDT", "SOL/", "SOL/SOL", "SOL USDT/USDT", "SOL&/USDT", "BTCU/SDT", "\ud800/USDT"],
    ids=ascii,
)
def test_what_is_no_pair_is_refused(name: str) -> None:
    sandbox = Sandbox()
    before = sandbox.exchange.symbols
    with pytest.raises(ValueError, match=r"two assets|not a name|cannot list"):
        sandbox.add_symbol(name)
    assert sandbox.exchange.symbols == before


def test_a_pair_whose_name_does_not_tell_its_assets_has_them_told() -> None:
    sandbox = Sandbox()
    sandbox.add_symbol("ODDPAIR", "ODD", "PAIR")
    assert sandbox.exchange.symbols["ODDPAIR"] == ("ODD", "PAIR")


def test_money_moves_to_an_added_pair_and_back(exchange: Exchange, ask: Ask) -> None:
    exchange.add_symbol("SOLUSDT", "SOL", "USDT")
    there = ask("transfer", type="MAIN_ISOLATED_MARGIN", asset="SOL", amount=5, toSymbol="SOLUSDT")
    back = ask("transfer", type="ISOLATEDMARGIN_MARGIN", asset="SOL", amount=1005, fromSymbol="SOLUSDT")
    assert (there[0], back[0]) == (200, 200)
    assert exchange.balance("cross_margin", "SOL") == 2005


def test_an_asset_of_another_pair_has_no_place_in_it(exchange: Exchange, ask: Ask) -> None:
    exchange.add_symbol("SOLUSDT", "SOL", "USDT")
    answer = ask("transfer", type="MAIN_ISOLATED_MARGIN", asset="BTC", amount=1, toSymbol="SOLUSDT")
    assert answer[1]["code"] == -3027


def test_a_pair_may_be_added_twice_and_pays_once(exchange: Exchange) -> None:
    for _ in range(2):
        exchange.add_symbol("SOLUSDT", "SOL", "USDT")
    assert exchange.balance("isolated_margin:SOLUSDT", "SOL") == 1000
    assert exchange.balance("spot", "SOL") == 1000


def test_a_listed_pair_that_nobody_opened_is_opened(exchange: Exchange) -> None:
    before = exchange.balance("spot", "BNB")
    exchange.add_symbol("BNBUSDT", "BNB", "USDT")
    assert exchange.balance("isolated_margin:BNBUSDT", "BNB") == 1000
    assert exchange.balance("spot", "BNB") == before


def test_one_exchange_does_not_list_for_another() -> None:
    Sandbox(symbols=["SOLUSDT"])
    assert "SOLUSDT" not in Sandbox().exchange.symbols


def test_an_account_opened_later_may_deposit_into_it(exchange: Exchange) -> None:
    exchange.add_symbol("SOLUSDT", "SOL", "USDT")
    uid = exchange.open_account({"isolated_margin:SOLUSDT": {"SOL": "2"}})
    assert exchange.balances(uid)["isolated_margin:SOLUSDT"] == {"SOL": 2}

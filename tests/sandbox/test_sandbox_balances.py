"""`GET /sapi/v1/asset/wallet/balance`: what each wallet holds."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from binance_transfer_sandbox import Exchange, Sandbox
from binance_transfer_sandbox.wire import Answer, Request

Ask = Callable[..., tuple[int, Any]]

NAMES = [
    "Spot",
    "Funding",
    "Cross Margin",
    "Isolated Margin",
    "USDⓈ-M Futures",
    "COIN-M Futures",
    "Earn",
    "Options",
    "Trading Bots",
]
BTC = {"BTC": "1", "ETH": "0.04", "BNB": "0.01", "USDT": "0.00001", "币安人生": "0.000001"}


def wallets(answer: tuple[int, Any]) -> dict[str, dict[str, Any]]:
    status, body = answer
    assert status == 200
    return {wallet["walletName"]: wallet for wallet in body}


def test_the_wallets_are_those_that_the_vendor_lists(ask: Ask) -> None:
    _, body = ask("wallet_balance")
    assert [wallet["walletName"] for wallet in body] == NAMES
    assert {tuple(wallet) for wallet in body} == {("activate", "balance", "walletName")}


def test_a_wallet_tells_its_worth_in_bitcoin(exchange: Exchange, ask: Ask) -> None:
    expected = sum(amount * Decimal(BTC[asset]) for asset, amount in exchange.balances()["spot"].items())
    assert Decimal(wallets(ask("wallet_balance"))["Spot"]["balance"]) == expected


@pytest.mark.parametrize(("quote", "balance"), [("BTC", "4.5"), ("USDT", "450000"), ("ETH", "112.5"), ("BNB", "450")])
def test_or_in_another_asset(ask: Ask, quote: str, balance: str) -> None:
    """Cross margin: 50000 USDT, 2 BTC and 20 ETH; half a bitcoin, two, and 0.8 of one; less what is moved here."""
    assert ask("transfer", type="MARGIN_MAIN", asset="ETH", amount=20)[0] == 200
    assert ask("transfer", type="MAIN_MARGIN", asset="BTC", amount=2)[0] == 200
    assert wallets(ask("wallet_balance", quoteAsset=quote))["Cross Margin"]["balance"] == balance


def test_details_are_texts_of_exact_amounts(exchange: Exchange, ask: Ask) -> None:
    exchange.deposit("options", "USDT", "0.00000001")
    options = wallets(ask("wallet_balance", needBalanceDetail="true"))["Options"]
    assert options["assetBalances"] == [
        {
            "asset": "USDT",
            "assetName": "USDT",
            "free": "20000.00000001",
            "locked": "0",
            "freeze": "0",
            "withdrawing": "0",
            "btcValuation": "0.2000000000001",
        }
    ]


def test_what_open_orders_bind_is_told_apart_and_counts(exchange: Exchange, ask: Ask) -> None:
    before = wallets(ask("wallet_balance"))["Isolated Margin"]["balance"]
    exchange.lock("isolated_margin:BTCUSDT", "USDT", "0.5")
    exchange.lock("isolated_margin:ETHUSDT", "USDT", 2)
    isolated = wallets(ask("wallet_balance", needBalanceDetail="true"))["Isolated Margin"]
    (usdt,) = (row for row in isolated["assetBalances"] if row["asset"] == "USDT")
    assert (usdt["free"], usdt["locked"], isolated["balance"]) == ("39997.5", "2.5", before)


def test_what_is_locked_cannot_be_transferred(exchange: Exchange, ask: Ask) -> None:
    exchange.lock("options", "USDT", 15_000)
    answers = [ask("transfer", type="OPTION_MAIN", asset="USDT", amount=amount)[0] for amount in ("5000.01", "5000")]
    exchange.lock("options", "USDT", 0)
    assert [*answers, ask("transfer", type="OPTION_MAIN", asset="USDT", amount=15_000)[0]] == [400, 200, 200]


def test_the_spot_account_tells_what_is_locked(exchange: Exchange, ask: Ask) -> None:
    exchange.lock("spot", "BTC", "0.1")
    (btc,) = (row for row in ask("account")[1]["balances"] if row["asset"] == "BTC")
    assert (btc["free"], btc["locked"]) == ("9.9", "0.1")


@pytest.mark.parametrize("amount", ["20000.1", "-1", "much", "NaN"])
def test_only_what_is_there_can_be_locked(exchange: Exchange, amount: str) -> None:
    with pytest.raises(ValueError, match=r"cannot lock|not an amount"):
        exchange.lock("options", "USDT", amount)


def test_isolated_margin_is_one_wallet_over_all_pairs(ask: Ask) -> None:
    isolated = wallets(ask("wallet_balance", needBalanceDetail="true"))["Isolated Margin"]["assetBalances"]
    assert {row["asset"]: row["free"] for row in isolated} == {"USDT": "40000", "BTC": "1", "ETH": "10"}


def test_what_is_empty_is_not_listed(ask: Ask) -> None:
    ask("transfer", type="OPTION_MAIN", asset="USDT", amount=20_000)
    options = wallets(ask("wallet_balance", needBalanceDetail="true"))["Options"]
    assert (options["balance"], options["assetBalances"]) == ("0", [])


def test_details_are_there_for_every_wallet_or_for_none(ask: Ask) -> None:
    with_details, without = (ask("wallet_balance", needBalanceDetail=value)[1] for value in ("true", "false"))
    assert all("assetBalances" in wallet for wallet in with_details)
    assert not any("assetBalances" in wallet for wallet in without)


def test_an_asset_without_a_price_counts_as_nothing(exchange: Exchange, ask: Ask) -> None:
    before = wallets(ask("wallet_balance"))["Options"]["balance"]
    exchange.deposit("options", "SOL", 5)
    after = wallets(ask("wallet_balance", needBalanceDetail="true"))["Options"]
    assert after["balance"] == before
    assert [(row["asset"], row["free"], row["btcValuation"]) for row in after["assetBalances"]][1:] == [
        ("SOL", "5", "0")
    ]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"quoteAsset": "NOPE"}, -1130),
        ({"quoteAsset": ""}, -1130),
        ({"needBalanceDetail": "True"}, -1130),
        ({"needBalanceDetail": "1"}, -1130),
        ({"needBalanceDetail": ""}, -1130),
        ({"wallet": "Spot"}, -1104),
        ({"timestamp": None}, -1102),
        ({"recvWindow": 60_001}, -1131),
    ],
)
def test_a_bad_question_is_refused(ask: Ask, values: dict[str, object], code: int) -> None:
    assert ask("wallet_balance", **values)[1]["code"] == code


@pytest.mark.parametrize(("reading", "status"), [(True, 200), (False, 401)])
def test_it_needs_the_permission_to_read(
    exchange: Exchange, signature_of: Callable[..., str], reading: bool, status: int
) -> None:
    credentials = exchange.issue_key(reading_enabled=reading)
    payload = b"timestamp=1700000000000"
    query = payload + b"&signature=" + signature_of(credentials, payload).encode()
    headers = {"x-mbx-apikey": credentials.api_key}
    reply = exchange.handle(Request(method="GET", path="/sapi/v1/asset/wallet/balance", query=query, headers=headers))
    assert isinstance(reply, Answer)
    assert reply.status == status


def test_it_is_read_over_the_wire(sandbox: Sandbox, signature_of: Callable[..., str]) -> None:
    payload = f"needBalanceDetail=true&timestamp={time.time_ns() // 1_000_000}"
    url = f"{sandbox.base_url}/sapi/v1/asset/wallet/balance?{payload}"
    url += f"&signature={signature_of(sandbox.credentials, payload.encode())}"
    answer = httpx.get(url, headers={"X-MBX-APIKEY": sandbox.credentials.api_key}, trust_env=False, verify=False)
    assert answer.headers["x-sapi-used-ip-weight-1m"] == "60"
    assert json.loads(answer.content)[4]["walletName"] == "USDⓈ-M Futures"

"""Weights, refusals and bans."""

from collections.abc import Callable
from typing import Any

import pytest

from binance_transfer_sandbox import Exchange, Limits
from binance_transfer_sandbox.operations import OperationName
from binance_transfer_sandbox.wire import Answer

Advance = Callable[[int], None]


@pytest.fixture
def send(exchange: Exchange, clock: Any) -> Callable[..., Answer]:
    def send(operation: OperationName = "transfer", **keywords: Any) -> Answer:
        values = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1"} if operation == "transfer" else {}
        if operation == "history":
            values = {"type": "MAIN_UMFUTURE"}
        reply = exchange.perform(operation, values | {"timestamp": str(clock.now_ms)}, **keywords)
        assert isinstance(reply, Answer)
        return reply

    return send


@pytest.mark.parametrize(
    ("operation", "header", "weight"),
    [
        ("transfer", "X-SAPI-USED-UID-WEIGHT-1M", "300"),
        ("history", "X-SAPI-USED-IP-WEIGHT-1M", "1"),
        ("wallet_balance", "X-SAPI-USED-IP-WEIGHT-1M", "60"),
        ("restrictions", "X-SAPI-USED-IP-WEIGHT-1M", "1"),
        ("status", "X-SAPI-USED-IP-WEIGHT-1M", "1"),
        ("account", "X-MBX-USED-WEIGHT-1M", "20"),
        ("time", "X-MBX-USED-WEIGHT-1M", "1"),
    ],
)
def test_each_operation_tells_its_weight(
    send: Callable[..., Answer], operation: OperationName, header: str, weight: str
) -> None:
    assert dict(send(operation).headers)[header] == weight


@pytest.mark.parametrize(("weight", "count"), [(300, 600), (900, 200)])
def test_the_weight_decides_how_many_transfers_a_minute_holds(
    send: Callable[..., Answer], exchange: Exchange, advance: Advance, weight: int, count: int
) -> None:
    exchange.limits = Limits(transfer_weight=weight)
    statuses = [send().status for _ in range(count + 1)]
    assert (statuses.count(200), statuses[-1], len(exchange.ledger.executions())) == (count, 429, count)
    advance(60_000)
    assert dict(send().headers)["X-SAPI-USED-UID-WEIGHT-1M"] == str(weight)


def test_a_refusal_says_how_long_to_wait(exchange: Exchange, send: Callable[..., Answer], advance: Advance) -> None:
    """1 700 000 000 s is 20 s into its minute, so that 40 s are left."""
    exchange.limits = Limits(uid_weight_1m=300)
    send()
    advance(1)
    refused = send()
    headers = dict(refused.headers)
    assert (refused.status, headers["Retry-After"], headers["X-SAPI-USED-UID-WEIGHT-1M"]) == (429, "40", "300")
    assert b'"code":-1003' in refused.body
    advance(39_999)
    assert send().status == 200


def test_the_weight_of_a_transfer_may_change(exchange: Exchange, send: Callable[..., Answer]) -> None:
    exchange.limits = Limits(transfer_weight=900)
    assert dict(send().headers)["X-SAPI-USED-UID-WEIGHT-1M"] == "900"


def test_budgets_are_apart(exchange: Exchange, send: Callable[..., Answer]) -> None:
    """Each /sapi operation has its own; those under /api share one."""
    exchange.limits = Limits(ip_weight_1m=1, spot_ip_weight_1m=20)
    first = [send(operation).status for operation in ("history", "restrictions", "status", "account")]
    second = [send(operation).status for operation in ("history", "time")]
    assert (first, second) == ([200] * 4, [429, 429])


def test_accounts_and_addresses_are_apart(exchange: Exchange, send: Callable[..., Answer]) -> None:
    exchange.limits = Limits(uid_weight_1m=300, ip_weight_1m=1)
    other = exchange.open_account()
    assert [send(uid=uid).status for uid in exchange.uids] == [200, 200]
    assert send(uid=other).status == 429
    assert [send("history", address=address).status for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1")] == [
        200,
        200,
        429,
    ]


def test_who_does_not_stop_is_banned(exchange: Exchange, send: Callable[..., Answer], advance: Advance) -> None:
    exchange.limits = Limits(uid_weight_1m=300, refusals_before_ban=3, ban_s=120)
    statuses = [send().status for _ in range(5)]
    assert statuses == [200, 429, 429, 429, 418]
    advance(500)
    banned = send("time")
    assert (banned.status, dict(banned.headers)["Retry-After"]) == (418, "120")
    assert b"IP banned until 1700000120000" in banned.body
    advance(119_499)
    assert send().status == 418
    advance(1)
    assert send().status == 200


def test_a_request_without_a_key_costs_no_account_anything(exchange: Exchange, send: Callable[..., Answer]) -> None:
    from binance_transfer_sandbox.wire import Request

    reply = exchange.handle(Request(method="POST", path="/sapi/v1/asset/transfer"))
    assert isinstance(reply, Answer)
    assert "X-SAPI-USED-UID-WEIGHT-1M" not in dict(reply.headers)
    assert dict(send().headers)["X-SAPI-USED-UID-WEIGHT-1M"] == "300"

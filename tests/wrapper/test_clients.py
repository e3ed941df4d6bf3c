"""The clients: how they are made, what they remember, and that each call sends one request."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import binance_transfer as bt
from binance_transfer.flows.effects import Post
from binance_transfer_sandbox import Sandbox, faults
from tests.support.clock import ManualClock
from tests.support.loopback import Loopback, answer, hang, raw, reset
from tests.wrapper import calls, keys
from tests.wrapper.calls import Way

CLIENTS: list[Callable[..., Any]] = [bt.TransferClient, bt.AsyncTransferClient]
# A transport that opens nothing: these tests make clients without using or closing them.
OFFLINE: dict[Any, Any] = {bt.TransferClient: bt.HttpxTransport, bt.AsyncTransferClient: bt.AsyncHttpxTransport}


def made(client: Callable[..., Any], **options: Any) -> Any:
    return client(keys.credentials(), **{"transport": OFFLINE[client](verify=False), **options})


# --- settings --------------------------------------------------------------------------------------------------------

BASE_URLS_TAKEN = [
    "https://api.binance.com", "https://api.binance.com/", "HTTPS://api.binance.com", "https://api1.binance.com:443",
    "https://10.0.0.1/binance", "http://127.0.0.1", "http://127.0.0.1:8080/", "http://localhost:8080", "http://[::1]:8080",
    "http://127.8.9.1", "HTTP://LOCALHOST:1", "https://[2001:db8::1]:8443",
]  # fmt: skip
BASE_URLS_REFUSED: list[Any] = [
    "", " ", "api.binance.com", "//api.binance.com", "https://", "https:///path", "https:api.binance.com", "ftp://127.0.0.1",
    "file:///etc/passwd", "http://api.binance.com", "http://10.0.0.1", "http://0.0.0.0", "http://[::]", "http://127.0.0.1.example",
    "http://localhost.example", "http://localhost@example.com", "http://example.com#@localhost", "http://example.com\\@localhost",
    "http://2130706433", "http://0x7f.1", "http://127.1", "http://[fe80::1]", "https://user:password@api.binance.com",
    "https://user@api.binance.com", "https://api.binance.com?x=1", "https://api.binance.com#x", "https://[::1", "https://a:b:c",
    "https://api.binance.com:99999", "https://api.binance.com:port", "https://api.binance.com\n", " https://api.binance.com",
    "https://api.binance.com/a b", "https://api.binance.com\r\nX-Evil: 1", "https://api\t.binance.com", "http://127.0.0.1\t.example",
    "https://api.binance.com:80\\.example", None, 5, b"https://api.binance.com",
]  # fmt: skip
HUGE = 10**5000  # more digits than Python writes


def named(value: Any) -> str:
    return "huge" if value is HUGE else repr(value)


NUMBERS_REFUSED: list[Any] = [0, -1, True, False, None, "5", float("nan"), float("inf"), -0.5, [], 1j]
SETTINGS_REFUSED: list[tuple[str, Any]] = [
    *[("recv_window_ms", value) for value in (0, 60_001, -1, True, 5.0, 5000.5, "5", None, float("nan"), 10**30)],
    *[("timeout_s", value) for value in (*NUMBERS_REFUSED, 86_401, 1e10, 1e300, 10**400, HUGE)],
    *[("settle_ms", value) for value in (*NUMBERS_REFUSED[1:], 86_400_001, 10**400, HUGE)],
    *[("extra_rejected_codes", value) for value in ({-1007}, None, 5, "12", b"12", [True], ["5"], [1.0], {None})],
]
SETTINGS_TAKEN: list[tuple[str, Any]] = [
    ("recv_window_ms", 1),
    ("recv_window_ms", 60_000),
    ("timeout_s", 0.1),
    ("timeout_s", 30),
    ("timeout_s", 86_400),
    ("settle_ms", 86_400_000),
    ("settle_ms", 1),
    ("settle_ms", 600_000),
    ("extra_rejected_codes", {-9999}),
    ("extra_rejected_codes", {0, 5}),
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("base_url", BASE_URLS_TAKEN)
def test_a_base_url_is_https_or_this_machine(client: Callable[..., Any], base_url: str) -> None:
    assert base_url.rstrip("/") in repr(made(client, base_url=base_url))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("base_url", BASE_URLS_REFUSED, ids=repr)
def test_any_other_base_url_is_refused(client: Callable[..., Any], base_url: Any) -> None:
    with pytest.raises(ValueError, match="base_url"):
        made(client, base_url=base_url)


def test_a_password_in_a_base_url_is_not_shown() -> None:
    with pytest.raises(ValueError, match="base_url") as refused:
        made(bt.TransferClient, base_url="https://user:hunter2@api.binance.com")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("name", "value"), SETTINGS_REFUSED, ids=named)
def test_a_setting_that_cannot_be_right_is_refused(client: Callable[..., Any], name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        made(client, **{name: value})


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("name", "value"), SETTINGS_TAKEN)
def test_a_setting_at_its_limit_is_taken(client: Callable[..., Any], name: str, value: Any) -> None:
    assert isinstance(made(client, **{name: value}), client)  # type: ignore[arg-type]


TIMES_REFUSED: list[Any] = [-1, True, "5", float("nan"), float("inf"), 86_401, 1e300, 10**400, HUGE]
TIMED: dict[str, Callable[[Any, Any], Any]] = {
    "resolve_within_s": lambda client, value: client.execute(calls.ORDER, resolve_within_s=value),
    "deadline_s": lambda client, value: client.reconcile(bt.Attempt(calls.ORDER, 1, 1), deadline_s=value),
}


@pytest.mark.parametrize("value", TIMES_REFUSED, ids=named)
@pytest.mark.parametrize("name", TIMED)
def test_a_time_that_no_call_can_wait_for_is_refused(way: Way, name: str, value: Any) -> None:
    def call(client: Any) -> Any:
        return TIMED[name](client, value)

    with Loopback() as server, pytest.raises(ValueError, match=name):
        calls.with_client(way, call, call, base_url=server.url)
    assert server.seen == []


@pytest.mark.parametrize("client", CLIENTS)
def test_the_vendor_s_first_server_is_the_default(client: Callable[..., Any]) -> None:
    assert "https://api.binance.com" in repr(made(client))


@pytest.mark.parametrize("client", CLIENTS)
def test_credentials_may_be_a_mapping(client: Callable[..., Any], sandbox: Sandbox) -> None:
    assert repr(client(sandbox.credentials, transport=OFFLINE[client](verify=False)))


# --- from the environment --------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("BINANCE_API_SECRET", "BINANCE_PRIVATE_KEY", "BINANCE_PRIVATE_KEY_PASSPHRASE", "BINANCE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BINANCE_API_KEY", keys.API_KEY)
    monkeypatch.setenv("BINANCE_API_SECRET", keys.SECRET)
    return monkeypatch


BASE_URL_FROM: list[tuple[str | None, dict[str, str], str]] = [
    (None, {}, "https://api.binance.com"),
    ("", {"base_url": "http://127.0.0.1:2"}, "http://127.0.0.1:2"),
    ("http://127.0.0.1:1", {}, "http://127.0.0.1:1"),
    ("http://127.0.0.1:1", {"base_url": "http://127.0.0.1:2"}, "http://127.0.0.1:2"),
]


@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
@pytest.mark.parametrize(("variable", "options", "expected"), BASE_URL_FROM)
def test_the_base_url_comes_from_the_environment_unless_given(
    client: Any, variable: str | None, options: dict[str, str], expected: str, environment: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        environment.setenv("BINANCE_BASE_URL", variable)
    assert expected in repr(client.from_env(transport=OFFLINE[client](verify=False), **options))


@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
def test_a_base_url_of_the_environment_is_checked_too(client: Any, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BINANCE_BASE_URL", "http://api.binance.com")
    with pytest.raises(ValueError, match="base_url"):
        client.from_env()


def test_a_client_of_the_environment_transfers(sandbox: Sandbox, environment: pytest.MonkeyPatch) -> None:
    """Nothing but the environment, and the transport that is there by default."""
    environment.setenv("BINANCE_API_KEY", sandbox.credentials["api_key"])
    environment.setenv("BINANCE_API_SECRET", sandbox.credentials["secret"])
    environment.setenv("BINANCE_BASE_URL", sandbox.base_url)
    with bt.TransferClient.from_env() as client:
        receipt = client.transfer("MAIN_UMFUTURE", "USDT", "25.5")
    assert [entry.tran_id for entry in sandbox.ledger.executions()] == [receipt.tran_id]


async def test_a_client_of_the_environment_transfers_asyncio(sandbox: Sandbox, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BINANCE_API_KEY", sandbox.credentials["api_key"])
    environment.setenv("BINANCE_API_SECRET", sandbox.credentials["secret"])
    environment.setenv("BINANCE_BASE_URL", sandbox.base_url)
    async with bt.AsyncTransferClient.from_env() as client:
        receipt = await client.transfer("MAIN_UMFUTURE", "USDT", "25.5")
    assert [entry.tran_id for entry in sandbox.ledger.executions()] == [receipt.tran_id]


# --- transfers -------------------------------------------------------------------------------------------------------


def in_sandbox(way: Way, sandbox: Sandbox, order: bt.Transfer | bt.Attempt = calls.ORDER, **options: Any) -> bt.Receipt:
    options.setdefault("credentials", bt.Credentials(**sandbox.credentials))
    return calls.execute(way, order, base_url=sandbox.base_url, **options)


@pytest.mark.parametrize("kind", keys.KINDS)
def test_the_sandbox_accepts_the_signature(way: Way, sandbox: Sandbox, kind: keys.Kind) -> None:
    """It verifies with code of its own."""
    credentials = bt.Credentials(**sandbox.credentials_for(kind))
    receipt = in_sandbox(way, sandbox, credentials=credentials)
    assert sandbox.ledger.executions()[0].tran_id == receipt.tran_id


SYMBOLS = {"from_symbol": "BTCUSDT", "to_symbol": "ETHUSDT"}


@pytest.mark.parametrize("name", bt.TRANSFER_TYPES)
def test_each_type_moves_what_it_says(name: str, sandbox: Sandbox) -> None:
    """All 33, from the wallet that pays to the wallet that receives."""
    info = bt.TRANSFER_TYPES[name]
    needed = {"from_symbol": info.needs_from_symbol, "to_symbol": info.needs_to_symbol}
    symbols = {parameter: SYMBOLS[parameter] for parameter, needs in needed.items() if needs}
    source = info.source.value + (":BTCUSDT" if info.needs_from_symbol else "")
    target = info.target.value + (":ETHUSDT" if info.needs_to_symbol else "")
    sandbox.deposit(source, "USDT", 1000)
    before = (sandbox.balance(source, "USDT"), sandbox.balance(target, "USDT"))
    transfer = bt.Transfer(info.name, "USDT", "12.34567891", **symbols)
    in_sandbox("sync", sandbox, transfer)
    after = (sandbox.balance(source, "USDT"), sandbox.balance(target, "USDT"))
    assert (before[0] - after[0], after[1] - before[1]) == (transfer.amount, transfer.amount)


def test_a_receipt_brings_the_weight(way: Way, sandbox: Sandbox) -> None:
    receipt = in_sandbox(way, sandbox)
    assert (receipt.http_status, receipt.used_uid_weight_1m, receipt.retry_after_s) == (200, 300, None)


def test_transfer_is_execute(sandbox: Sandbox) -> None:
    with bt.TransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url) as client:
        receipt = client.transfer("MAIN_MARGIN", "USDT", "1.10")
    assert receipt.transfer == bt.Transfer("MAIN_MARGIN", "USDT", "1.1")


def test_an_invalid_transfer_sends_nothing(way: Way) -> None:
    """Not even a question for the time."""
    with Loopback() as server:

        def use(client: bt.TransferClient) -> None:
            with pytest.raises(bt.InvalidTransfer):
                client.transfer("MAIN_MARGIN", "USDT", "0")

        async def use_asyncio(client: bt.AsyncTransferClient) -> None:
            with pytest.raises(bt.InvalidTransfer):
                await client.transfer("MAIN_MARGIN", "USDT", "0")

        calls.with_client(way, use, use_asyncio, base_url=server.url)
    assert server.seen == []


REJECTED: list[tuple[faults.Fault, type[bt.TransferError]]] = [
    (faults.Firewall(), bt.Rejected),
    (faults.RateLimited(retry_after_s=7), bt.RateLimited),
    (faults.RateLimited(status=418, retry_after_s=120), bt.RateLimited),
    (faults.Rejection(code=-1102, msg="no"), bt.Rejected),
    (faults.Rejection(code=-3999, msg="no", status=404), bt.Rejected),
]
UNKNOWN: list[faults.Fault] = [
    faults.Drop(executes=True), faults.Drop(executes=False), faults.Drop(executes=True, reset=True),
    faults.GatewayError(executes=True), faults.GatewayError(executes=False, status=520),
    faults.BackendTimeout(executes=True), faults.BackendTimeout(executes=False, status=408),
    faults.Redirect(executes=True), faults.Redirect(executes=False, status=308), faults.Hang(executes=True),
    faults.Rejection(code=-1102, msg="no", status=500), faults.Rejection(code=-1102, msg="no", status=409),
    *[faults.BrokenAnswer(executes=True, form=form) for form in (
        "truncated", "empty", "not_json", "html", "list", "null", "no_tran_id", "null_tran_id", "text_tran_id",
        "float_tran_id", "bool_tran_id", "negative_tran_id", "huge_tran_id", "error_code")],
]  # fmt: skip


@pytest.mark.parametrize(("fault", "kind"), REJECTED)
def test_what_the_sandbox_refuses_did_not_move(
    way: Way, sandbox: Sandbox, fault: faults.Fault, kind: type[bt.TransferError]
) -> None:
    sandbox.fail_next(fault)
    with pytest.raises(bt.TransferError) as refused:
        in_sandbox(way, sandbox)
    assert (type(refused.value), len(sandbox.ledger.executions())) == (kind, 0)


@pytest.mark.parametrize("fault", UNKNOWN, ids=str)
def test_what_the_sandbox_does_not_answer_is_unknown(way: Way, sandbox: Sandbox, fault: faults.Fault) -> None:
    """Whether it executed or not: the client cannot know. It sends one request and no second."""
    sandbox.fail_next(fault)
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        in_sandbox(way, sandbox, timeout_s=0.4 if isinstance(fault, faults.Hang) else 10.0)
    assert unknown.value.attempt.transfer == calls.ORDER
    assert sandbox.exchange.received("transfer") == 1


def test_a_refused_connection_moves_nothing(way: Way, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Refuse(duration_ms=10_000))
    with pytest.raises(bt.NotSent):
        in_sandbox(way, sandbox)


def test_a_wrong_secret_is_a_refusal(way: Way, sandbox: Sandbox) -> None:
    wrong = bt.Credentials(api_key=sandbox.credentials["api_key"], secret=keys.SECRET)
    with pytest.raises(bt.Rejected) as refused:
        in_sandbox(way, sandbox, credentials=wrong)
    assert refused.value.code == -1022


def test_a_key_without_permission_is_denied(way: Way, sandbox: Sandbox) -> None:
    key = sandbox.exchange.issue_key(permits_universal_transfer=False)
    with pytest.raises(bt.PermissionDenied):
        in_sandbox(way, sandbox, credentials=bt.Credentials(**key))


@pytest.mark.parametrize("name", ["MAIN_UMFUTURE", "MARGIN_MAIN", "PORTFOLIO_MARGIN_MAIN", "FUNDING_MAIN"])
def test_an_empty_wallet_is_insufficient_balance(name: bt.TransferType, sandbox: Sandbox) -> None:
    with pytest.raises(bt.InsufficientBalance):
        in_sandbox("sync", sandbox, bt.Transfer(name, "USDT", "99999999999"))


def test_an_unchecked_transfer_is_sent_as_it_is(way: Way, sandbox: Sandbox) -> None:
    with pytest.raises(bt.Rejected):
        in_sandbox(way, sandbox, bt.Transfer.unchecked("TYPE_OF_TOMORROW", "USDT", "1.123456789"))


# --- attempts --------------------------------------------------------------------------------------------------------


def test_preparing_sends_no_transfer(way: Way) -> None:
    with Loopback() as server:
        calls.with_client(
            way,
            lambda client: client.prepare(calls.ORDER),
            lambda client: client.prepare(calls.ORDER),
            base_url=server.url,
        )
    assert server.posts == []


def test_an_attempt_has_the_moment_of_the_exchange(way: Way, sandbox: Sandbox) -> None:
    """A clock five minutes ahead is made up for."""
    sandbox.exchange.clock_offset_ms = 300_000
    before_ms = time.time_ns() // 1_000_000
    attempt = calls.with_client(
        way,
        lambda client: client.prepare(calls.ORDER),
        lambda client: client.prepare(calls.ORDER),
        base_url=sandbox.base_url,
    )
    assert 299_000 <= attempt.timestamp_ms - before_ms <= 310_000


def test_a_prepared_attempt_is_sent_as_it_was_prepared(way: Way) -> None:
    with Loopback() as server:

        def use(client: bt.TransferClient) -> bt.Attempt:
            attempt = client.prepare(calls.ORDER)
            client.execute(attempt)
            return attempt

        async def use_asyncio(client: bt.AsyncTransferClient) -> bt.Attempt:
            attempt = await client.prepare(calls.ORDER)
            await client.execute(attempt)
            return attempt

        attempt = calls.with_client(way, use, use_asyncio, base_url=server.url, recv_window_ms=1234)
    assert f"&recvWindow=1234&timestamp={attempt.timestamp_ms}&".encode() in server.posts[0].body


def stored(attempt: bt.Attempt) -> bt.Attempt:
    return bt.Attempt.from_dict(attempt.to_dict())


@pytest.mark.parametrize("again", [lambda attempt: attempt, stored])
def test_an_attempt_is_sent_once(way: Way, sandbox: Sandbox, again: Callable[[bt.Attempt], bt.Attempt]) -> None:
    """The second time nothing is sent, and what the first time did is for reconciliation to say."""

    def use(client: bt.TransferClient) -> None:
        attempt = client.prepare(calls.ORDER)
        client.execute(attempt)
        with pytest.raises(bt.OutcomeUnknown):
            client.execute(again(attempt))

    async def use_asyncio(client: bt.AsyncTransferClient) -> None:
        attempt = await client.prepare(calls.ORDER)
        await client.execute(attempt)
        with pytest.raises(bt.OutcomeUnknown):
            await client.execute(again(attempt))

    credentials = bt.Credentials(**sandbox.credentials)
    calls.with_client(way, use, use_asyncio, base_url=sandbox.base_url, credentials=credentials)
    assert sandbox.exchange.received("transfer") == 1


def test_of_many_threads_with_one_attempt_one_sends(sandbox: Sandbox) -> None:
    with bt.TransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url) as client:
        attempt = client.prepare(calls.ORDER)
        ready = threading.Barrier(8)

        def run(_: int) -> object:
            ready.wait()
            try:
                return client.execute(attempt)
            except bt.OutcomeUnknown as unknown:
                return unknown

        with ThreadPoolExecutor(8) as pool:
            kinds = sorted(type(result).__name__ for result in pool.map(run, range(8)))
    assert kinds == ["OutcomeUnknown"] * 7 + ["Receipt"]
    assert sandbox.exchange.received("transfer") == 1


def test_the_same_transfer_may_be_made_twice(way: Way, sandbox: Sandbox) -> None:
    """Two calls are two transfers: only an attempt is bound to one."""
    first, second = in_sandbox(way, sandbox), in_sandbox(way, sandbox)
    assert first.tran_id != second.tran_id


# --- the clock -------------------------------------------------------------------------------------------------------


def repeatedly(way: Way, sandbox: Sandbox, meanwhile: list[Callable[[], None]], **options: Any) -> list[str]:
    """Make one transfer after each step and return what came of them."""

    def use(client: bt.TransferClient) -> list[str]:
        results = []
        for step in meanwhile:
            step()
            try:
                results.append(type(client.execute(calls.ORDER)).__name__)
            except bt.TransferError as error:
                results.append(type(error).__name__)
        return results

    async def use_asyncio(client: bt.AsyncTransferClient) -> list[str]:
        results = []
        for step in meanwhile:
            step()
            try:
                results.append(type(await client.execute(calls.ORDER)).__name__)
            except bt.TransferError as error:
                results.append(type(error).__name__)
        return results

    credentials = bt.Credentials(**sandbox.credentials)
    return calls.with_client(way, use, use_asyncio, base_url=sandbox.base_url, credentials=credentials, **options)


def nothing() -> None:
    pass


@pytest.mark.parametrize("offset_ms", [-86_400_000, -5000, 0, 5000, 86_400_000])
def test_a_clock_that_is_wrong_from_the_start_does_not_matter(way: Way, sandbox: Sandbox, offset_ms: int) -> None:
    sandbox.exchange.clock_offset_ms = offset_ms
    assert repeatedly(way, sandbox, [nothing]) == ["Receipt"]


def test_a_clock_that_cannot_be_read_is_asked_again_by_the_next_call(way: Way, sandbox: Sandbox) -> None:
    sandbox.exchange.plan(faults.GatewayError(executes=False), on="time", times=2)
    assert repeatedly(way, sandbox, [nothing] * 3) == ["NotSent", "NotSent", "Receipt"]
    assert (sandbox.exchange.received("time"), sandbox.exchange.received("transfer")) == (3, 1)


@pytest.mark.parametrize("offset_ms", [-60_000, 60_000])
def test_a_clock_that_goes_wrong_costs_one_refusal(way: Way, sandbox: Sandbox, offset_ms: int) -> None:
    """After -1021 the next call reads the exchange's clock first."""

    def drift() -> None:
        sandbox.exchange.clock_offset_ms += offset_ms

    assert repeatedly(way, sandbox, [nothing, drift, nothing, nothing]) == [
        "Receipt",
        "ClockOutOfSync",
        "Receipt",
        "Receipt",
    ]


def test_the_clock_is_read_once_for_many_calls(way: Way, sandbox: Sandbox) -> None:
    repeatedly(way, sandbox, [nothing] * 5)
    assert (sandbox.exchange.received("time"), sandbox.exchange.received("transfer")) == (1, 5)


def test_after_a_clock_error_the_clock_is_read_once_more(way: Way, sandbox: Sandbox) -> None:
    def drift() -> None:
        sandbox.exchange.clock_offset_ms += 60_000

    repeatedly(way, sandbox, [nothing, drift, nothing, nothing])
    assert sandbox.exchange.received("time") == 2


UNREAD_CLOCKS: list[tuple[faults.Fault, type[bt.NotExecuted]]] = [
    (faults.GatewayError(executes=False), bt.NotSent),
    (faults.Drop(executes=False), bt.NotSent),
    (faults.Drop(executes=False, reset=True), bt.NotSent),
    (faults.Refuse(duration_ms=10_000), bt.NotSent),
    (faults.Firewall(), bt.NotSent),
    (faults.BrokenAnswer(executes=False, form="list"), bt.NotSent),
    (faults.Rejection(code=-1000, msg="?"), bt.NotSent),
    (faults.RateLimited(status=429, retry_after_s=7), bt.RateLimited),
    (faults.RateLimited(status=418, retry_after_s=120), bt.RateLimited),
    (faults.Rejection(code=-1003, msg="Too many requests."), bt.RateLimited),
    (faults.Rejection(code=-2015, msg="Invalid API-key."), bt.PermissionDenied),
    (faults.Rejection(code=-1021, msg="Timestamp."), bt.ClockOutOfSync),
]


@pytest.mark.parametrize(("fault", "kind"), UNREAD_CLOCKS, ids=str)
def test_a_clock_that_cannot_be_read_stops_a_transfer(
    way: Way, sandbox: Sandbox, fault: faults.Fault, kind: type[bt.NotExecuted]
) -> None:
    """Nothing is sent, and the error says why the clock was not read."""
    sandbox.fail_next(fault, on="time")
    assert repeatedly(way, sandbox, [nothing]) == [kind.__name__]
    assert sandbox.exchange.received("transfer") == 0


def test_a_ban_that_the_clock_is_answered_with_is_told_with_its_length(way: Way, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.RateLimited(status=418, retry_after_s=120), on="time")
    error = calls.failure(way, base_url=sandbox.base_url)
    assert (type(error), error.retry_after_s, error.http_status) == (bt.RateLimited, 120, 418)


CLOCKS_OF_NO_USE = [
    answer(200, {"serverTime": "1499827319559"}), answer(200, {"serverTime": -1}), answer(200, {"serverTime": 1.5}),
    answer(200, {}), answer(200, "<html>"), answer(500), answer(403, "<html>"), raw(b"nonsense"), reset, hang,
    *(answer(200, {"serverTime": ms}) for ms in (0, 5, 1_499_827_319, 10**14, 253_402_300_800_000, 2**62, 2**63 - 1)),
]  # fmt: skip


@pytest.mark.parametrize("clock", CLOCKS_OF_NO_USE)
def test_nonsense_for_a_clock_is_not_believed(way: Way, clock: Any) -> None:
    with Loopback(clock=clock) as server:
        error = calls.failure(way, base_url=server.url, timeout_s=1.0 if clock is hang else 10.0)
    assert (type(error), server.posts) == (bt.NotSent, [])


@pytest.mark.parametrize("ms", [0, 5, 10**14, 253_402_300_800_000, 2**63 - 1])
@pytest.mark.parametrize("name", ["server_time", "preflight"])
def test_a_time_that_cannot_be_is_no_usable_answer(way: Way, name: str, ms: int) -> None:
    def call(client: Any) -> Any:
        return getattr(client, name)()

    with Loopback(clock=answer(200, {"serverTime": ms})) as server, pytest.raises(bt.ReadFailed, match="no time"):
        calls.with_client(way, call, call, base_url=server.url)


class SteppingClock:
    """A local clock that somebody sets, and monotonic time that goes on."""

    def __init__(self) -> None:
        self.wall_s = time.time()
        self.monotonic_s = 1000.0

    def time(self) -> float:
        return self.wall_s

    def monotonic(self) -> float:
        self.monotonic_s += 0.001
        return self.monotonic_s

    def sleep(self, seconds: float, /) -> None:
        self.monotonic_s += seconds

    async def sleep_asyncio(self, seconds: float, /) -> None:
        self.monotonic_s += seconds


def test_a_local_clock_that_is_set_does_nothing(way: Way, sandbox: Sandbox) -> None:
    """An hour back, a day ahead: timestamps go on from the anchor."""
    clock = SteppingClock()

    def back() -> None:
        clock.wall_s -= 3600

    def ahead() -> None:
        clock.wall_s += 86_400

    assert repeatedly(way, sandbox, [nothing, back, ahead], clock=clock) == ["Receipt"] * 3


# --- the end ---------------------------------------------------------------------------------------------------------


def test_a_closed_client_sends_nothing(way: Way) -> None:
    with Loopback() as server:

        def use(client: bt.TransferClient) -> None:
            client.close()
            with pytest.raises(bt.NotSent):
                client.execute(calls.ORDER)

        async def use_asyncio(client: bt.AsyncTransferClient) -> None:
            await client.aclose()
            with pytest.raises(bt.NotSent):
                await client.execute(calls.ORDER)

        calls.with_client(way, use, use_asyncio, base_url=server.url)
    assert server.seen == []


def test_a_block_closes_the_client(sandbox: Sandbox) -> None:
    with bt.TransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url) as client:
        pass
    with pytest.raises(bt.NotSent):
        client.execute(calls.ORDER)


async def test_a_block_closes_the_client_asyncio(sandbox: Sandbox) -> None:
    async with bt.AsyncTransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url) as client:
        pass
    with pytest.raises(bt.NotSent):
        await client.execute(calls.ORDER)


def test_closing_twice_is_no_error(way: Way) -> None:
    def use(client: bt.TransferClient) -> None:
        client.close()

    async def use_asyncio(client: bt.AsyncTransferClient) -> None:
        await client.aclose()

    calls.with_client(way, use, use_asyncio)


def test_an_error_in_a_block_is_not_hidden(way: Way) -> None:
    def use(client: bt.TransferClient) -> None:
        raise LookupError(repr(client))

    async def use_asyncio(client: bt.AsyncTransferClient) -> None:
        raise LookupError(repr(client))

    with pytest.raises(LookupError):
        calls.with_client(way, use, use_asyncio)


def test_a_client_made_outside_a_loop_works_inside(sandbox: Sandbox) -> None:
    """At import time, say."""
    client = bt.AsyncTransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url)

    async def run() -> bt.Receipt:
        async with client:
            return await client.execute(calls.ORDER)

    assert asyncio.run(run()).tran_id


HEAVY = ["httpx", "httpcore", "anyio", "cryptography", "sqlalchemy", "binance_transfer_sandbox", "uvicorn"]
IMPORTING = "import sys, binance_transfer; print(*sys.modules)"
HMAC_ONLY = IMPORTING.replace("; print", "; binance_transfer.Credentials(api_key='a', secret='b'); print")


@pytest.mark.parametrize("program", [IMPORTING, HMAC_ONLY])
def test_importing_the_package_imports_nothing_heavy(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [name for name in HEAVY if name in done.stdout.split()] == []


# --- what is remembered, and for how long ----------------------------------------------------------------------------


def test_attempts_whose_time_is_long_over_are_forgotten() -> None:
    """A worker that runs for months must not grow. What could still be sent is not forgotten."""
    session = made(bt.TransferClient)._session
    now_ms = session.clock.now_ms()

    def refused(attempt: bt.Attempt) -> bool:
        return session.refusal(Post(attempt, 1.0)) is not None

    recent = bt.Attempt(calls.ORDER, now_ms, 5_000)
    assert not refused(recent)
    assert not any(refused(bt.Attempt(calls.ORDER, now_ms - 700_000, 5_000)) for _ in range(10_001))
    assert (len(session._sent) < 10, refused(recent)) == (True, True)


def test_looking_for_what_can_be_forgotten_is_rare_where_nothing_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many sends in a few minutes, all are recent: then each further send must not look at all of them."""
    monkeypatch.setattr("binance_transfer.session._REMEMBERED", 8)
    session = made(bt.TransferClient)._session
    looks = 0

    class Counting(dict[str, int]):
        def items(self) -> Any:
            nonlocal looks
            looks += 1
            return super().items()

    monkeypatch.setattr(session, "_sent", Counting())
    for _ in range(1_000):
        assert session.refusal(Post(bt.Attempt(calls.ORDER, session.clock.now_ms(), 5_000), 1.0)) is None
    assert (len(session._sent), looks) == (1_000, 7)


def test_ids_that_were_answered_long_ago_are_forgotten() -> None:
    session = made(bt.TransferClient)._session
    attempt = bt.Attempt(calls.ORDER, 0, 5_000)
    for tran_id in range(1, 100_002):
        session.claim(attempt, tran_id)
    assert len(session.claimed_by_others(bt.Attempt(calls.ORDER, 0, 5_000))) == 100_000


@pytest.mark.parametrize("way", calls.WAYS)
def test_a_clock_that_takes_all_the_time_leaves_nothing_to_send_in(way: Way) -> None:
    """The deadline is for the whole call, with the reading of the exchange's clock in it."""
    asked: list[str] = []
    clock = ManualClock()

    def slow(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        clock.sleep(3)
        return httpx.Response(200, json={"serverTime": clock.now_ms()})

    error = calls.failure(way, transport=httpx.MockTransport(slow), clock=clock, timeout_s=2.0)
    assert (type(error), asked) == (bt.NotSent, ["GET"])


# --- forks -----------------------------------------------------------------------------------------------------------

CLOSED_IN_BOTH = """
import asyncio, os, sys
import binance_transfer as bt
from tests.wrapper import keys

class Wire:
    def send(self, request, timeout_s): ...

    def close(self):
        print("closed by", "the parent" if os.getpid() == parent else "the child", flush=True)

class AsyncWire:
    async def send(self, request, timeout_s): ...

    async def aclose(self):
        Wire().close()

parent = os.getpid()
clients = [
    bt.TransferClient(keys.credentials(), transport=Wire()),
    bt.AsyncTransferClient(keys.credentials(), transport=AsyncWire()),
]
child = os.fork()
clients[0].close()
asyncio.run(clients[1].aclose())
if not child:
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_forked_child_leaves_the_connections_of_its_parent_alone() -> None:
    """Their locks may be held by threads that the child does not have: it would wait for ever."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", CLOSED_IN_BOTH], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["closed by the parent"] * 2, done.stderr

"""The sandbox's life: starting, stopping, sharing."""

import asyncio
import gc
import logging
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from attrs import evolve

from binance_transfer_sandbox import Limits, Sandbox, faults


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_it_starts_in_a_fraction_of_a_second() -> None:
    with Sandbox():
        pass
    start = time.perf_counter()
    with Sandbox() as sandbox:
        elapsed_s = time.perf_counter() - start
        assert httpx.get(f"{sandbox.base_url}/api/v3/time", trust_env=False, verify=False).status_code == 200
    assert elapsed_s < 0.3


def test_it_leaves_no_thread_no_socket_no_handler_and_no_logging() -> None:
    loggers = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio", "starlette")

    def world() -> object:
        logs = [(logger.level, logger.propagate, list(logger.handlers)) for logger in map(logging.getLogger, loggers)]
        return threading.enumerate(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), logs

    before = world()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Sandbox() as sandbox, httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as client:
            client.get("/api/v3/time")
            port = int(sandbox.base_url.rsplit(":", 1)[1])
        gc.collect()
    assert world() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize("fault", [faults.Hang(executes=False), faults.Slow(delay_ms=60_000)])
def test_it_stops_at_once_with_clients_still_waiting(fault: faults.Fault, caplog: pytest.LogCaptureFixture) -> None:
    waiting: list[socket.socket] = []
    with Sandbox() as sandbox:
        port = int(sandbox.base_url.rsplit(":", 1)[1])
        for _ in range(3):
            sandbox.fail_next(fault, on="time")
            connection = socket.create_connection(("127.0.0.1", port), timeout=2)
            connection.sendall(b"GET /api/v3/time HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            waiting.append(connection)
        waiting.append(socket.create_connection(("127.0.0.1", port), timeout=2))
        waiting[-1].sendall(b"POST /sapi/v1/asset/transfer HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        while sandbox.exchange.planned_faults():
            time.sleep(0.01)
        start = time.perf_counter()
    assert time.perf_counter() - start < 1
    for connection in waiting:
        with connection:
            assert ended(connection)
    assert caplog.records == []


def test_no_client_waits_for_a_sandbox_that_has_just_accepted_it() -> None:
    """Stopping and accepting meet in many ways; tried often enough to find the one in which a socket was forgotten."""
    for _ in range(40):
        with Sandbox() as sandbox:
            port = int(sandbox.base_url.rsplit(":", 1)[1])
            clients = [socket.create_connection(("127.0.0.1", port), timeout=2) for _ in range(3)]
        for client in clients:
            with client:
                assert ended(client)
    gc.collect()


def test_it_stops_while_its_port_is_closed() -> None:
    with Sandbox() as sandbox:
        sandbox.fail_next(faults.Refuse(duration_ms=60_000))
    gc.collect()


async def test_it_works_inside_a_loop() -> None:
    async with (
        Sandbox() as sandbox,
        httpx.AsyncClient(base_url=sandbox.base_url, trust_env=False, verify=False) as client,
    ):
        answers = await asyncio.gather(*(client.get("/api/v3/time") for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5


def test_two_sandboxes_are_two_exchanges() -> None:
    with Sandbox() as first, Sandbox() as second:
        assert first.base_url != second.base_url
        assert first.credentials.api_key != second.credentials.api_key
        first.deposit("spot", "USDT", 1)
        assert first.balance("spot", "USDT") - second.balance("spot", "USDT") == 1


def test_a_taken_port_is_an_os_error() -> None:
    with Sandbox() as sandbox:
        port = int(sandbox.base_url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use"), Sandbox(port=port):
            pass
    with Sandbox(port=port) as again:
        assert again.base_url == f"http://127.0.0.1:{port}"


def test_it_has_no_address_before_and_is_entered_once() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="before it is entered"):
        sandbox.base_url  # noqa: B018  the error is what is asked for
    with sandbox, pytest.raises(RuntimeError, match="entered once"):
        sandbox.__enter__()


def test_only_a_running_sandbox_refuses_connections() -> None:
    sandbox = Sandbox()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="only a running sandbox"):
            sandbox.fail_next(faults.Refuse())
        sandbox.clear_faults()
        if _ == 0:
            with sandbox:
                pass


@pytest.mark.parametrize(
    ("arguments", "weight"),
    [
        ({}, 300),
        ({"transfer_weight": 900}, 900),
        ({"limits": Limits(transfer_weight=1)}, 1),
        ({"limits": Limits(uid_weight_1m=10), "transfer_weight": 2}, 2),
    ],
    ids=str,
)
def test_the_weight_of_a_transfer_can_be_told(arguments: dict[str, Any], weight: int) -> None:
    limits = Sandbox(**arguments).exchange.limits
    assert limits == evolve(arguments.get("limits", Limits()), transfer_weight=weight)


@pytest.mark.parametrize("weight", [-1, "900", True, 1.5])
def test_a_weight_is_a_whole_number(weight: Any) -> None:
    with pytest.raises(ValueError, match="transfer_weight must be a whole number"):
        Sandbox(transfer_weight=weight)


def test_an_error_of_its_own_is_told_to_those_who_listen(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a 500, the handlers of the program get the error, and the next request is served."""
    sandbox.exchange.clock_offset_ms = "soon"  # type: ignore[assignment]  # a mistake, as a test may make one
    url = f"{sandbox.base_url}/api/v3/time"
    assert httpx.get(url, trust_env=False, verify=False).status_code == 500
    sandbox.exchange.clock_offset_ms = 0
    assert httpx.get(url, trust_env=False, verify=False).status_code == 200
    (record,) = (record for record in caplog.records if record.name == "binance_transfer_sandbox")
    assert record.exc_info is not None


def test_credentials_are_made_once() -> None:
    sandbox = Sandbox(seed=1)
    assert sandbox.credentials is sandbox.credentials_for("hmac")
    assert sandbox.credentials_for("rsa") is sandbox.credentials_for("rsa")
    assert "PRIVATE KEY" in sandbox.credentials_for("ed25519").private_key


def test_every_wallet_starts_with_money() -> None:
    balances = Sandbox().balances()
    assert all(assets for assets in balances.values())
    assert {"isolated_margin:BTCUSDT", "isolated_margin:ETHUSDT", "portfolio_margin"} < balances.keys()
    assert len(balances) == 9


def test_it_shows_nothing_secret() -> None:
    with Sandbox() as sandbox:
        assert repr(sandbox) == f"Sandbox(port={sandbox.base_url.rsplit(':', 1)[1]})"


def test_threads_may_share_it(sandbox: Sandbox, transfer_form: Callable[..., bytes]) -> None:
    """Requests over the wire, deposits and faults in-process, and readers, all at once."""
    headers = {"X-MBX-APIKEY": sandbox.credentials.api_key, "Content-Type": "application/x-www-form-urlencoded"}
    context = httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False, headers=headers)

    def transfer(_number: int) -> int:
        sandbox.deposit("spot", "USDT", 1)
        sandbox.ledger.executions(asset="USDT")
        return context.post("/sapi/v1/asset/transfer", content=transfer_form()).status_code

    sandbox.exchange.plan(faults.GatewayError(executes=True), every=4, times=None)
    with context, ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(transfer, range(40)))
    assert (statuses.count(200), statuses.count(502)) == (30, 10)
    assert len(sandbox.ledger.executions()) == 40
    assert sandbox.balance("spot", "USDT") == 100_000
    assert sandbox.balance("usdm_futures", "USDT") == 50_040


def test_an_answer_does_not_wait_for_nagle(sandbox: Sandbox) -> None:
    """Head and body are two writes; with Nagle's delay each answer would take 40 ms."""
    with httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as client:
        durations_s = []
        for _ in range(10):
            start = time.perf_counter()
            client.get("/api/v3/time")
            durations_s.append(time.perf_counter() - start)
    assert min(durations_s) < 0.03

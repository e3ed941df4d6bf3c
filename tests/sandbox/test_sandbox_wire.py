"""Faults over real sockets: the bytes and the ends of connections that a client sees."""

import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from binance_transfer_sandbox import Sandbox, faults

Bytes = Callable[..., bytes]
Send = Callable[..., bytes]


def executed(sandbox: Sandbox) -> int:
    return len(sandbox.ledger.executions())


def test_an_answer_is_plain_json_with_its_length(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send) -> None:
    with pytest.raises(TimeoutError):  # the connection is kept
        send_raw(transfer_request(), timeout_s=0.2)
    head, _, body = send_raw(transfer_request().replace(b"Host:", b"Connection: close\r\nHost:")).partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"http/1.1 200 ok"
    assert b"content-length: %d" % len(body) in lines
    assert b"content-type: application/json;charset=utf-8" in lines
    assert b"x-sapi-used-uid-weight-1m: 600" in lines
    assert body == b'{"tranId":%d}' % sandbox.ledger.executions()[1].tran_id


def test_many_requests_share_a_connection(sandbox: Sandbox, transfer_request: Bytes) -> None:
    port = int(sandbox.base_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        for _ in range(3):
            connection.sendall(transfer_request())
            received = b""
            while not received.endswith(b"}"):
                received += connection.recv(65536)
            assert received.startswith(b"HTTP/1.1 200")
    assert executed(sandbox) == 3


@pytest.mark.parametrize("executes", [False, True])
def test_a_drop_is_a_fin_without_a_byte(
    sandbox: Sandbox, transfer_request: Bytes, send_raw: Send, executes: bool
) -> None:
    sandbox.fail_next(faults.Drop(executes=executes))
    assert send_raw(transfer_request()) == b""
    assert executed(sandbox) == executes


@pytest.mark.parametrize("executes", [False, True])
def test_a_reset_is_a_rst(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send, executes: bool) -> None:
    sandbox.fail_next(faults.Drop(executes=executes, reset=True))
    with pytest.raises(ConnectionResetError):
        send_raw(transfer_request())
    assert executed(sandbox) == executes


@pytest.mark.parametrize("executes", [False, True])
def test_a_hang_says_nothing(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send, executes: bool) -> None:
    sandbox.fail_next(faults.Hang(executes=executes))
    with pytest.raises(TimeoutError):
        send_raw(transfer_request(), timeout_s=0.2)
    assert executed(sandbox) == executes


def test_late_execution_comes_after_the_client_gave_up(
    sandbox: Sandbox, transfer_request: Bytes, send_raw: Send
) -> None:
    sandbox.fail_next(faults.Hang(executes=True, late_ms=1000))
    with pytest.raises(TimeoutError):
        send_raw(transfer_request(), timeout_s=0.2)
    assert executed(sandbox) == 0
    patience = time.monotonic() + 5
    while not executed(sandbox) and time.monotonic() < patience:
        time.sleep(0.02)
    assert executed(sandbox) == 1


def test_late_execution_never_comes_once_the_window_is_over(
    sandbox: Sandbox, transfer_request: Bytes, send_raw: Send
) -> None:
    sandbox.fail_next(faults.Drop(executes=True, late_ms=200))
    assert send_raw(transfer_request(recvWindow=150)) == b""
    time.sleep(0.25)
    assert executed(sandbox) == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_gateway_errors_are_html(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send, status: int) -> None:
    sandbox.fail_next(faults.GatewayError(executes=True, status=status))
    answer = _whole(send_raw, transfer_request())
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert b"content-type: text/html" in answer
    assert executed(sandbox) == 1


@pytest.mark.parametrize("status", [400, 408, 504])
def test_a_backend_timeout_is_1007(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send, status: int) -> None:
    sandbox.fail_next(faults.BackendTimeout(executes=False, status=status))
    answer = _whole(send_raw, transfer_request())
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert b'{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown;' in answer


@pytest.mark.parametrize(
    ("fault", "status", "parts"),
    [
        (faults.Firewall(), 403, [b"text/html", b"<html>"]),
        (faults.RateLimited(retry_after_s=3), 429, [b"retry-after: 3", b'"code":-1003']),
        (faults.RateLimited(retry_after_s=120, status=418), 418, [b"retry-after: 120", b'"code":-1003']),
        (faults.Rejection(code=-3044, msg="System busy.", status=500), 500, [b'{"code":-3044,"msg":"System busy."}']),
        (faults.Redirect(executes=False, location="/other"), 307, [b"location: /other", b"content-length: 0"]),
        (faults.BrokenAnswer(executes=True, form="empty"), 200, [b"content-length: 0", b"\r\n\r\n"]),
        (faults.BrokenAnswer(executes=True, form="html"), 200, [b"content-type: text/html", b"<html>"]),
        (faults.BrokenAnswer(executes=True, form="list"), 200, [b"application/json", b"\r\n\r\n["]),
        (faults.BrokenAnswer(executes=True, form="text_tran_id"), 200, [b'{"tranId":"135']),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_on_the_wire(
    sandbox: Sandbox, transfer_request: Bytes, send_raw: Send, fault: faults.Fault, status: int, parts: list[bytes]
) -> None:
    sandbox.fail_next(fault)
    answer = _whole(send_raw, transfer_request())
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert all(part in answer for part in parts)


def test_a_truncated_answer_promises_more_than_it_sends(
    sandbox: Sandbox, transfer_request: Bytes, send_raw: Send
) -> None:
    sandbox.fail_next(faults.BrokenAnswer(executes=True, form="truncated"))
    head, _, body = send_raw(transfer_request()).partition(b"\r\n\r\n")
    assert b"content-length: 22" in head
    assert body == b'{"tranId":1'
    assert executed(sandbox) == 1


def test_httpx_calls_a_truncated_answer_a_protocol_error(sandbox: Sandbox, transfer_form: Bytes) -> None:
    sandbox.fail_next(faults.BrokenAnswer(executes=True, form="truncated"))
    headers = {"X-MBX-APIKEY": sandbox.credentials.api_key, "Content-Type": "application/x-www-form-urlencoded"}
    with httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/sapi/v1/asset/transfer", content=transfer_form(), headers=headers)
        assert client.get("/api/v3/time").status_code == 200


def test_a_slow_answer_comes_late_and_whole(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send) -> None:
    sandbox.fail_next(faults.Slow(delay_ms=200))
    start = time.monotonic()
    assert _whole(send_raw, transfer_request()).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - start >= 0.2


@pytest.mark.parametrize(
    "fault",
    [
        faults.Slow(delay_ms=60_000),
        faults.Drop(executes=True, delay_ms=60_000),
        faults.BrokenAnswer(executes=True, form="truncated", delay_ms=60_000),
    ],
)
def test_a_client_that_leaves_while_it_waits_leaves_nothing_behind(
    sandbox: Sandbox, transfer_request: Bytes, send_raw: Send, fault: faults.Fault
) -> None:
    sandbox.fail_next(fault)
    with pytest.raises(TimeoutError):
        send_raw(transfer_request(), timeout_s=0.2)
    assert executed(sandbox) == 1


def test_refused_means_that_nothing_listens(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send) -> None:
    sandbox.fail_next(faults.Refuse(duration_ms=60_000))
    with pytest.raises(ConnectionRefusedError):
        send_raw(transfer_request())
    sandbox.clear_faults()
    assert _whole(send_raw, transfer_request()).startswith(b"HTTP/1.1 200")


def test_a_port_opens_again_by_itself(sandbox: Sandbox, transfer_request: Bytes, send_raw: Send) -> None:
    sandbox.fail_next(faults.Refuse(duration_ms=60_000))
    sandbox.fail_next(faults.Refuse(duration_ms=150))
    with pytest.raises(ConnectionRefusedError):
        send_raw(transfer_request())
    time.sleep(0.25)
    assert _whole(send_raw, transfer_request()).startswith(b"HTTP/1.1 200")


def test_a_kept_connection_does_not_outlive_a_closed_port(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as client:
        client.get("/api/v3/time")
        sandbox.fail_next(faults.Refuse(duration_ms=60_000))
        with pytest.raises(httpx.ConnectError):
            client.get("/api/v3/time")


def test_a_refusal_that_a_request_runs_into_resets_it_first(
    sandbox: Sandbox, transfer_request: Bytes, send_raw: Send
) -> None:
    sandbox.exchange.plan(faults.Refuse(duration_ms=60_000))
    with pytest.raises(ConnectionResetError):
        send_raw(transfer_request())
    with pytest.raises(ConnectionRefusedError):
        send_raw(transfer_request())
    assert executed(sandbox) == 0


def test_a_skewed_clock_shows_in_the_time(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as client:

        def offset_ms() -> float:
            server_ms: int = client.get("/api/v3/time").json()["serverTime"]
            return server_ms - time.time() * 1000

        sandbox.fail_next(faults.ClockSkew(offset_ms=30_000), on="time")
        assert 29_000 < offset_ms() < 31_000
        assert -1_000 < offset_ms() < 1_000


def test_unknown_paths_are_html_404s(send_raw: Send) -> None:
    answer = _whole(send_raw, b"GET /sandbox/ledger HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"<html>" in answer


def _whole(send_raw: Send, request: bytes) -> bytes:
    return send_raw(request.replace(b"Host:", b"Connection: close\r\nHost:", 1))


def test_history_is_read_over_the_wire(
    sandbox: Sandbox, transfer_request: Bytes, signature_of: Any, send_raw: Send
) -> None:
    _whole(send_raw, transfer_request(type="MAIN_FUNDING", asset="币安人生"))
    query = b"type=MAIN_FUNDING&timestamp=%d" % (time.time_ns() // 1_000_000)
    query += b"&signature=" + signature_of(sandbox.credentials, query).encode()
    head = f"Host: 127.0.0.1\r\nX-MBX-APIKEY: {sandbox.credentials.api_key}\r\n\r\n".encode()
    answer = _whole(send_raw, b"GET /sapi/v1/asset/transfer?" + query + b" HTTP/1.1\r\n" + head)
    assert answer.startswith(b"HTTP/1.1 200")
    assert '"asset":"币安人生"'.encode() in answer

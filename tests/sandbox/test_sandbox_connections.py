"""Faults of a connection: bytes that nobody asked for, and answers that are encoded."""

import gzip
import json
import re
import socket
import time
import zlib
from collections.abc import Callable

import httpx
import pytest

from binance_transfer_sandbox import Exchange, Sandbox, faults
from binance_transfer_sandbox.wire import Answer, Trailed

TIME = b"GET /api/v3/time HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Send = Callable[..., bytes]


def connected(sandbox: Sandbox) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(sandbox.base_url.rsplit(":", 1)[1])), timeout=2)


def test_an_unasked_answer_comes_in_the_same_segment(sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Trailing(body='{"tranId":31337}'), on="time")
    with connected(sandbox) as connection:
        connection.sendall(TIME)
        first = connection.recv(65_536)
    assert re.fullmatch(
        rb"HTTP/1\.1 200 (?s:.*)\{\"serverTime\":\d+\}"
        rb"HTTP/1\.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: 16\r\n\r\n"
        rb"\{\"tranId\":31337\}",
        first,
    )


def test_the_next_request_of_a_careless_client_reads_it(sandbox: Sandbox) -> None:
    """The connection is kept, and the answers on it are one behind from there on."""
    sandbox.fail_next(faults.Trailing(body='{"code":-5002,"msg":"Insufficient balance"}', status=400))
    with connected(sandbox) as connection:
        connection.sendall(TIME)
        first = connection.recv(65_536)
        connection.sendall(TIME)
        second = connection.recv(65_536)
    assert first.count(b"HTTP/1.1") == 2
    assert b"HTTP/1.1 400 Bad Request" in first
    assert re.search(rb'\{"serverTime":\d+\}$', second)


def test_half_an_unasked_answer_lacks_its_end(sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Trailing(body='{"tranId":31337}', half=True))
    with connected(sandbox) as connection:
        connection.sendall(TIME)
        first = connection.recv(65_536)
    assert first.endswith(b'Content-Length: 16\r\n\r\n{"tranI')


def test_it_may_come_later_on_a_connection_that_lies_idle(sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Trailing(body="{}", after_ms=150))
    with connected(sandbox) as connection:
        connection.sendall(TIME)
        first = connection.recv(65_536)
        start = time.monotonic()
        second = connection.recv(65_536)
    assert first.endswith(b"}")
    assert second.endswith(b"Content-Length: 2\r\n\r\n{}")
    assert time.monotonic() - start > 0.1


def test_it_does_not_come_to_a_client_that_has_left(sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Trailing(after_ms=50))
    with connected(sandbox) as connection:
        connection.sendall(TIME)
        connection.recv(65_536)
    time.sleep(0.1)
    assert httpx.get(f"{sandbox.base_url}/api/v3/time", trust_env=False, verify=False).status_code == 200


def test_it_comes_too_where_the_connection_ends(sandbox: Sandbox, send_raw: Send) -> None:
    sandbox.fail_next(faults.Trailing(status=520))
    answer = send_raw(TIME.replace(b"Host", b"Connection: close\r\nHost"))
    assert b"HTTP/1.1 520 \r\n" in answer
    assert answer.endswith(b'{"tranId":31337}')


def test_the_answer_before_it_is_the_real_one(exchange: Exchange) -> None:
    values = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1", "timestamp": "1700000000000"}
    reply = exchange.perform("transfer", values, fault=faults.Trailing(body="{}"))
    (entry,) = exchange.ledger.executions()
    assert isinstance(reply, Trailed)
    assert (json.loads(reply.answer.body), reply.unasked.body) == ({"tranId": entry.tran_id}, b"{}")


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(("encoding", "decode"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
def test_an_encoded_answer_is_the_real_one_inside(
    exchange: Exchange, encoding: str, decode: Callable[[bytes], bytes], layers: int
) -> None:
    fault = faults.from_dict({"fault": "encoded", "encoding": encoding, "layers": layers})
    reply = exchange.perform("time", {}, fault=fault)
    assert isinstance(reply, Answer)
    assert dict(reply.headers)["Content-Encoding"] == ", ".join([encoding] * layers)
    body = reply.body
    for _ in range(layers):
        body = decode(body)
    assert json.loads(body) == {"serverTime": 1_700_000_000_000}


def test_a_client_that_decodes_gets_it(sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Encoded(), on="time")
    answer = httpx.get(f"{sandbox.base_url}/api/v3/time", trust_env=False, verify=False)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["serverTime"] > 0

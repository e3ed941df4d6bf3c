"""Requests that are too large, or none at all: answered, not kept, and the next one is served."""

import contextlib
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator

import httpx
import pytest

from binance_transfer_sandbox import Sandbox
from binance_transfer_sandbox.bounds import MAX_BODY_BYTES, MAX_HEAD_BYTES

pytestmark = pytest.mark.thorough

Connect = Callable[[], socket.socket]

POST = b"POST /sapi/v1/asset/transfer HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BLOCK = b"10000\r\n" + b"x" * 65_536 + b"\r\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=1, admin=True) as sandbox:
        yield sandbox


@pytest.fixture
def connect(sandbox: Sandbox) -> Connect:
    port = int(sandbox.base_url.rsplit(":", 1)[1])
    return lambda: socket.create_connection(("127.0.0.1", port), timeout=5)


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side ends the connection; TimeoutError if it does not."""
    answer = b""
    while chunk := connection.recv(65_536):
        answer += chunk
    return answer


def flood(connection: socket.socket, block: bytes) -> None:
    """Send until the other side has had enough; it must have within ten seconds."""
    patience = time.monotonic() + 10
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while time.monotonic() < patience:
            connection.sendall(block)
        pytest.fail("it takes whatever comes")


def serves(sandbox: Sandbox) -> bool:
    return httpx.get(f"{sandbox.base_url}/api/v3/time", trust_env=False, verify=False).status_code == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (POST + b"Content-Length: 1048577\r\n\r\n", 413),
        (POST + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (POST + b"Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413),
        (POST + b"Content-Length: 1048577\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 1), 413),
        (CHUNKED + BLOCK * 17, 413),
        (CHUNKED + BLOCK * 17 + b"0\r\n\r\n", 413),
        (POST.replace(b"/sapi/v1/asset/transfer", b"/sandbox/faults") + b"Content-Length: 2000000\r\n\r\n", 413),
        (b"GET /api/v3/time HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (b"GET /api/v3/time?" + b"x" * 500_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 431),
        (b"GET /api/v3/time HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 100_000, 431),
        (b"GET /api/v3/time HTTP/1.1\r\nX: " + b"x" * 3_000_000, 431),
        (CHUNKED + b"1" * 100_000, 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (CHUNKED + b"zz\r\n", 400),
    ],
    ids=lambda value: value if isinstance(value, int) else str(value[:60]),
)
def test_what_is_no_fair_request_is_told_why_and_ends_its_connection(
    sandbox: Sandbox, connect: Connect, request_bytes: bytes, status: int
) -> None:
    with connect() as connection:
        connection.sendall(request_bytes)
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert b"connection: close" in answer.lower()
    assert serves(sandbox)


def test_the_largest_request_is_still_one(sandbox: Sandbox, connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % MAX_BODY_BYTES + b"x" * MAX_BODY_BYTES)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401")


def test_an_endless_body_costs_no_memory(sandbox: Sandbox, connect: Connect) -> None:
    tracemalloc.start()
    try:
        with connect() as connection:
            connection.sendall(CHUNKED)
            flood(connection, BLOCK)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MAX_BODY_BYTES
    assert serves(sandbox)


def test_a_refused_client_is_not_listened_to_for_ever(sandbox: Sandbox, connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"\r\nno request\r\n\r\n")
        start = time.monotonic()
        flood(connection, b"x" * 65_536)
        assert time.monotonic() - start < 8


def test_a_client_that_reads_while_it_sends_gets_its_answer(sandbox: Sandbox) -> None:
    """httpx sends all it has before it reads."""
    with httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as client:
        assert client.post("/sapi/v1/asset/transfer", content=b"x" * 20_000_000).status_code == 413
        assert client.get("/api/v3/time").status_code == 200


def test_rubbish_behind_a_request_does_not_spoil_its_answer(connect: Connect) -> None:
    with connect() as connection:
        connection.sendall(b"GET /api/v3/time HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nrubbish\r\n\r\n")
        first, _, second = received(connection).partition(b"}")
    assert (first[:12], second[:12]) == (b"HTTP/1.1 200", b"HTTP/1.1 400")

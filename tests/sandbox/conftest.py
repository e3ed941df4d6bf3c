"""Fixtures: an exchange without sockets under a clock that stands still, and one behind a port."""

import base64
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from binance_transfer_sandbox import Exchange, Sandbox, SandboxCredentials
from binance_transfer_sandbox.wire import Answer

START_MS = 1_700_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        self.now_ms += ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def advance(clock: Clock) -> Callable[[int], None]:
    """Let milliseconds pass for the exchange."""
    return clock.advance


@pytest.fixture
def exchange(clock: Clock) -> Exchange:
    """One account with the starting balances, at START_MS."""
    exchange = Exchange(clock, seed=1)
    exchange.open_account()
    return exchange


@pytest.fixture
def ask(exchange: Exchange, clock: Clock) -> Callable[..., tuple[int, Any]]:
    """Perform an operation now and return its status and JSON; a value of None leaves the parameter out."""

    def ask(operation: Any, /, **values: object) -> tuple[int, Any]:
        merged = {"timestamp": clock.now_ms} | values
        reply = exchange.perform(operation, {name: str(value) for name, value in merged.items() if value is not None})
        assert isinstance(reply, Answer)
        return reply.status, json.loads(reply.body)

    return ask


def sign(credentials: SandboxCredentials, payload: bytes) -> str:
    """Sign bytes as a client would, percent-encoded."""
    if credentials.kind == "hmac":
        return hmac.new(credentials.secret.encode(), payload, hashlib.sha256).hexdigest()
    key = serialization.load_pem_private_key(credentials.private_key.encode(), None)
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, ed25519.Ed25519PrivateKey)
        signature = key.sign(payload)
    return quote(base64.b64encode(signature), safe="")


@pytest.fixture
def signature_of() -> Callable[[SandboxCredentials, bytes], str]:
    return sign


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An exchange behind a port."""
    with Sandbox(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def transfer_form(sandbox: Sandbox) -> Callable[..., bytes]:
    """Make the signed body of a transfer of 1 USDT from spot to USDⓈ-M futures, or of what is given."""

    def form(**values: object) -> bytes:
        merged = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1", "timestamp": time.time_ns() // 1_000_000}
        payload = urlencode(merged | values).encode()
        return payload + b"&signature=" + sign(sandbox.credentials, payload).encode()

    return form


@pytest.fixture
def transfer_request(sandbox: Sandbox, transfer_form: Callable[..., bytes]) -> Callable[..., bytes]:
    """Make the bytes of a whole signed POST."""

    def request(**values: object) -> bytes:
        body = transfer_form(**values)
        head = (
            "POST /sapi/v1/asset/transfer HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"X-MBX-APIKEY: {sandbox.credentials.api_key}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return request


@pytest.fixture
def send_raw(sandbox: Sandbox) -> Callable[..., bytes]:
    """Send bytes and return all that comes until the other side ends the connection; TimeoutError if it does not."""

    def send(request: bytes, timeout_s: float = 5) -> bytes:
        port = int(sandbox.base_url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
            connection.sendall(request)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    return send

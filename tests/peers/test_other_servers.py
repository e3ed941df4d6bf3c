"""Our clients against Python's own http.server, with a record of the bytes that came."""

import asyncio
import hashlib
import hmac
import io
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import binance_transfer as bt

KEY, SECRET = "k" * 64, "s" * 64
TRANSFER = bt.Transfer("ISOLATEDMARGIN_MARGIN", "币安人生", Decimal("1E-8"), from_symbol="币安人生USDT")
PARAMETERS = (
    b"type=ISOLATEDMARGIN_MARGIN&asset=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F&amount=0.00000001"
    b"&fromSymbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&recvWindow=5000&timestamp=1499827319559"
)


class Recorder(io.RawIOBase):
    """Passes on what a stream gives, and keeps it."""

    def __init__(self, stream: Any, record: bytearray) -> None:
        self.stream, self.record = stream, record

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.stream.read1(len(buffer))
        buffer[: len(data)] = data
        self.record += data
        return len(data)


class Handler(BaseHTTPRequestHandler):
    """Takes every transfer and tells a time at which the timestamp of the test is right."""

    protocol_version = "HTTP/1.1"
    record: bytearray

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(Recorder(self.rfile, self.record))

    def answer(self, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(b'{"serverTime":1499827319559}')

    def do_POST(self) -> None:
        self.answer(b'{"tranId":13526853623}')

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  its base class calls it so
        """Say nothing."""


@pytest.fixture
def record() -> bytearray:
    return bytearray()


@pytest.fixture
def address(record: bytearray) -> Iterator[str]:
    handler = type("RecordingHandler", (Handler,), {"record": record})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def send(address: str) -> bt.Receipt:
    with bt.TransferClient(bt.Credentials(api_key=KEY, secret=SECRET), base_url=address) as client:
        return client.execute(bt.Attempt(TRANSFER, 1499827319559, 5000))


def send_asyncio(address: str) -> bt.Receipt:
    async def run() -> bt.Receipt:
        async with bt.AsyncTransferClient(bt.Credentials(api_key=KEY, secret=SECRET), base_url=address) as client:
            return await client.execute(bt.Attempt(TRANSFER, 1499827319559, 5000))

    return asyncio.run(run())


@pytest.mark.parametrize("way", [send, send_asyncio])
def test_one_request_leaves_and_its_bytes_are_those_that_were_signed(way: Any, address: str, record: bytearray) -> None:
    assert way(address).tran_id == 13526853623
    head, _, body = bytes(record).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    signature = hmac.new(SECRET.encode(), PARAMETERS, hashlib.sha256).hexdigest().encode()
    assert lines[0] == b"POST /sapi/v1/asset/transfer HTTP/1.1"
    assert b"x-mbx-apikey: " + KEY.encode() in [line[:14].lower() + line[14:] for line in lines]
    assert body == PARAMETERS + b"&signature=" + signature

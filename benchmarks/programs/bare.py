"""
What a signed POST costs with a library alone: `python -m benchmarks.programs.bare LIBRARY WAY URL [COUNT]`.

One rule: each signs the same parameters, sends them the quickest way that the library offers, and parses the answer.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks.programs.turns import AT_ONCE, serve, serve_asyncio

_KEY, _SECRET = "k" * 64, "s" * 64
_PATH = "/sapi/v1/asset/transfer"
_HEADERS = {"X-MBX-APIKEY": _KEY, "Content-Type": "application/x-www-form-urlencoded"}


def _body() -> bytes:
    parameters = {
        "type": "MAIN_UMFUTURE",
        "asset": "USDT",
        "amount": "25.5",
        "recvWindow": 5000,
        "timestamp": time.time_ns() // 1_000_000,
    }
    text = urlencode(parameters)
    return f"{text}&signature={hmac.new(_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}".encode()


def _tran_id(answer: bytes) -> int:
    return int(json.loads(answer)["tranId"])


def _httpx(url: str) -> Callable[[], object]:
    import httpx

    client = httpx.Client(base_url=url)
    return lambda: _tran_id(client.post(_PATH, content=_body(), headers=_HEADERS).content)


def _httpx_asyncio(url: str) -> Callable[[], Awaitable[object]]:
    import httpx

    client = httpx.AsyncClient(base_url=url)

    async def call() -> int:
        return _tran_id((await client.post(_PATH, content=_body(), headers=_HEADERS)).content)

    return call


def _urllib3(url: str) -> Callable[[], object]:
    import urllib3

    pool = urllib3.connection_from_url(url)
    return lambda: _tran_id(pool.request("POST", _PATH, body=_body(), headers=_HEADERS).data)


def _http_client(url: str) -> Callable[[], object]:
    from http.client import HTTPConnection

    connection = HTTPConnection(urlsplit(url).netloc)

    def call() -> int:
        connection.request("POST", _PATH, _body(), _HEADERS)
        return _tran_id(connection.getresponse().read())

    return call


def _aiohttp(url: str) -> Callable[[], Awaitable[object]]:
    aiohttp = import_module("aiohttp")
    session: Any = None

    async def call() -> int:
        nonlocal session
        session = session or aiohttp.ClientSession(url)
        async with session.post(_PATH, data=_body(), headers=_HEADERS) as answer:
            return _tran_id(await answer.read())

    return call


def _pyreqwest(url: str) -> Callable[[], object]:
    client = import_module("pyreqwest.client").SyncClientBuilder().build()

    def call() -> int:
        answer = client.post(url + _PATH).headers(_HEADERS).body_bytes(_body()).build().send()
        return _tran_id(answer.bytes().to_bytes())

    return call


def _pyreqwest_asyncio(url: str) -> Callable[[], Awaitable[object]]:
    client = import_module("pyreqwest.client").ClientBuilder().build()

    async def call() -> int:
        answer = await client.post(url + _PATH).headers(_HEADERS).body_bytes(_body()).build().send()
        return _tran_id((await answer.bytes()).to_bytes())

    return call


class _Answer:
    """What httptools calls while it parses, and the least that has to be kept."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name] = value

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.complete = True


def _request(host: str) -> bytes:
    body = _body()
    lines = "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items())
    return f"POST {_PATH} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _httptools(url: str) -> Callable[[], object]:
    import httptools

    parts = urlsplit(url)
    connection = socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=10)

    def call() -> int:
        connection.settimeout(10)
        connection.sendall(_request(parts.netloc))
        parser = httptools.HttpResponseParser(answer := _Answer())
        while not answer.complete:
            parser.feed_data(connection.recv(65536))
        return _tran_id(answer.body)

    return call


class _Arrivals(asyncio.Protocol):
    parser: Any
    answer: _Answer
    done: asyncio.Future[None]

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)
        if self.answer.complete:
            self.done.set_result(None)


def _httptools_asyncio(url: str) -> Callable[[], Awaitable[object]]:
    import httptools

    parts = urlsplit(url)
    made: Any = None

    async def call() -> int:
        nonlocal made
        loop = asyncio.get_running_loop()
        transport, arrivals = made = made or await loop.create_connection(
            _Arrivals, str(parts.hostname), int(parts.port or 80)
        )
        answer = arrivals.answer = _Answer()
        arrivals.parser, arrivals.done = httptools.HttpResponseParser(answer), loop.create_future()
        async with asyncio.timeout(10):
            transport.write(_request(parts.netloc))
            await arrivals.done
        return _tran_id(answer.body)

    return call


SYNC = {
    "httpx": _httpx,
    "urllib3": _urllib3,
    "http.client": _http_client,
    "pyreqwest": _pyreqwest,
    "httptools": _httptools,
}
ASYNCIO = {
    "httpx": _httpx_asyncio,
    "aiohttp": _aiohttp,
    "pyreqwest": _pyreqwest_asyncio,
    "httptools": _httptools_asyncio,
}


async def _each(call: Callable[[], Any], count: int) -> list[object]:
    """Return what each of some calls gives, or how it fails."""
    results: list[object] = []
    for _ in range(count):
        try:
            result = call()
            results.append(await result if asyncio.iscoroutine(result) else result)
        except Exception as error:  # noqa: BLE001  # this is what is asked for
            results.append(type(error).__name__)
        await asyncio.sleep(0.05)
    return results


def main(library: str, way: str, address: str, count: str = "") -> None:
    """Serve turns, or make some calls and print what they give."""
    if count:
        made: Any = SYNC[library](address) if way == "sync" else ASYNCIO[library](address)
        sys.stdout.write(json.dumps(asyncio.run(_each(made, int(count)))))
    elif way == "sync":
        serve(SYNC[library](address))
    else:
        asyncio.run(serve_asyncio(ASYNCIO[library](address), AT_ONCE if way == "together" else 1))


if __name__ == "__main__":
    main(*sys.argv[1:])

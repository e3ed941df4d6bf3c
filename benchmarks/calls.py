"""
A whole call over loopback: this client and plain httpx, with and without asyncio, measured in turns.

One rule: both sign the same parameters and parse the answer. No client that uses httpx can be faster than httpx alone.
"""

import asyncio
import hashlib
import hmac
import json
import time
from statistics import median
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import httpx

import binance_transfer as bt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_ROUNDS: Final = 15
_CALLS: Final = 60
_KEY, _SECRET = "k" * 64, "s" * 64
_PATH: Final = "/sapi/v1/asset/transfer"

Times = dict[str, float]
"""Client → microseconds per call, the median of all rounds."""


def measure(base_url: str) -> Times:
    """Measure all four."""
    return _sync(base_url) | asyncio.run(_asyncio(base_url))


def _sync(base_url: str) -> Times:
    with (
        bt.TransferClient(bt.Credentials(api_key=_KEY, secret=_SECRET), base_url=base_url) as ours,
        httpx.Client(base_url=base_url) as bare,
    ):

        def call_ours() -> None:
            ours.transfer("MAIN_UMFUTURE", "USDT", "25.5")

        def call_bare() -> None:
            _ = json.loads(bare.send(_request(bare)).content)["tranId"]

        ways = {"bare httpx": call_bare, "binance_transfer": call_ours}
        rounds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(_ROUNDS + 1):
            for way, call in ways.items():
                started = time.perf_counter()
                for _ in range(_CALLS):
                    call()
                rounds[way].append((time.perf_counter() - started) / _CALLS * 1e6)
    return {way: median(values[1:]) for way, values in rounds.items()}


async def _asyncio(base_url: str) -> Times:
    async with (
        bt.AsyncTransferClient(bt.Credentials(api_key=_KEY, secret=_SECRET), base_url=base_url) as ours,
        httpx.AsyncClient(base_url=base_url) as bare,
    ):

        async def call_ours() -> None:
            await ours.transfer("MAIN_UMFUTURE", "USDT", "25.5")

        async def call_bare() -> None:
            _ = json.loads((await bare.send(_request(bare))).content)["tranId"]

        ways: dict[str, Callable[[], Awaitable[None]]] = {
            "bare httpx, asyncio": call_bare,
            "binance_transfer, asyncio": call_ours,
        }
        rounds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(_ROUNDS + 1):
            for way, call in ways.items():
                started = time.perf_counter()
                for _ in range(_CALLS):
                    await call()
                rounds[way].append((time.perf_counter() - started) / _CALLS * 1e6)
    return {way: median(values[1:]) for way, values in rounds.items()}


def _request(client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
    parameters = {
        "type": "MAIN_UMFUTURE",
        "asset": "USDT",
        "amount": "25.5",
        "recvWindow": 5000,
        "timestamp": time.time_ns() // 1_000_000,
    }
    text = urlencode(parameters)
    signature = hmac.new(_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    headers = {"X-MBX-APIKEY": _KEY, "Content-Type": "application/x-www-form-urlencoded"}
    return client.build_request("POST", _PATH, content=f"{text}&signature={signature}", headers=headers)

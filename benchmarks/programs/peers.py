"""
A transfer with another client: `python -m benchmarks.programs.peers CLIENT WAY URL`, in that client's environment.

One rule: clients are made as `comparison` makes them; here are only those for asyncio, which it does not try.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from benchmarks.programs.turns import AT_ONCE, serve, serve_asyncio

_KEY, _SECRET = "k" * 64, "s" * 64
_ORDER = ("MAIN_UMFUTURE", "USDT", "25.5", "")
SYNC = {
    "binance-connector": "binance_connector",
    "binance-sdk-wallet": "binance_sdk_wallet",
    "ccxt": "ccxt_binance",
    "python-binance": "python_binance",
}


def _sync(client: str, url: str) -> Callable[[], object]:
    program = import_module(f"comparison.programs.{SYNC[client]}")
    call = program.connect({"api_key": _KEY, "secret": _SECRET, "base_url": url, "timeout_s": 10, "loop": ""})
    return lambda: call(*_ORDER)


def _ccxt(url: str) -> Callable[[], Awaitable[object]]:
    client: Any = None

    async def call() -> object:
        nonlocal client
        if client is None:
            client = import_module("ccxt.async_support").binance(
                {"apiKey": _KEY, "secret": _SECRET, "enableRateLimit": False}
            )
            client.urls["api"]["sapi"] = url + "/sapi/v1"
            client.set_markets([], {"USDT": {"id": "USDT", "code": "USDT", "precision": 1e-8}})
        return await client.transfer("USDT", 25.5, "spot", "future", {"type": "MAIN_UMFUTURE"})

    return call


def _python_binance(url: str) -> Callable[[], Awaitable[object]]:
    kind = import_module("binance").AsyncClient
    made = type("Client", (kind,), {"API_URL": url + "/api", "MARGIN_API_URL": url + "/sapi"})
    client: Any = None

    async def call() -> object:
        nonlocal client
        client = client or made(_KEY, _SECRET)
        return await client.make_universal_transfer(type="MAIN_UMFUTURE", asset="USDT", amount="25.5")

    return call


ASYNCIO = {"ccxt": _ccxt, "python-binance": _python_binance}

if __name__ == "__main__":
    name, way, address = sys.argv[1:]
    if way == "sync":
        serve(_sync(name, address))
    else:
        asyncio.run(serve_asyncio(ASYNCIO[name](address), AT_ONCE if way == "together" else 1))

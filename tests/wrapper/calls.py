"""
One way to make a call, whichever client makes it, so that one table drives both.

One rule: a caller makes a client, makes one call and closes the client; what comes out is the caller's, unchanged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar

import binance_transfer as bt
from tests.wrapper import keys

T = TypeVar("T")
Way = Literal["sync", "asyncio"]
WAYS: tuple[Way, ...] = ("sync", "asyncio")

# Certificates play no part in plain http, and loading them takes longer than a whole call.
NO_CERTIFICATES: Mapping[str, Any] = {"verify": False}

ORDER = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")


def with_client(
    way: Way,
    use: Callable[[bt.TransferClient], T],
    use_asyncio: Callable[[bt.AsyncTransferClient], Awaitable[T]],
    *,
    credentials: bt.Credentials | None = None,
    httpx_options: Mapping[str, Any] = NO_CERTIFICATES,
    **options: Any,
) -> T:
    """Do something with a client of either kind."""
    own = credentials or keys.credentials()
    if way == "sync":
        options.setdefault("transport", bt.HttpxTransport(**httpx_options))
        with bt.TransferClient(own, **options) as client:
            return use(client)

    async def run() -> T:
        options.setdefault("transport", bt.AsyncHttpxTransport(**httpx_options))
        async with bt.AsyncTransferClient(own, **options) as client:
            return await use_asyncio(client)

    return asyncio.run(run())


def execute(way: Way, order: bt.Transfer | bt.Attempt = ORDER, **options: Any) -> bt.Receipt:
    """Make one transfer."""
    return with_client(way, lambda client: client.execute(order), lambda client: client.execute(order), **options)


def failure(way: Way, order: bt.Transfer | bt.Attempt = ORDER, **options: Any) -> bt.TransferError:
    """Make one transfer that fails, and return how."""
    try:
        receipt = execute(way, order, **options)
    except bt.TransferError as error:
        return error
    raise AssertionError(f"a receipt, where an error was expected: {receipt}")


def history(
    way: Way, *arguments: Any, window: Mapping[str, Any] | None = None, **options: Any
) -> list[bt.TransferRecord]:
    """Read all of a history."""
    query = dict(window or {})

    async def collect(client: bt.AsyncTransferClient) -> list[bt.TransferRecord]:
        return [record async for record in client.history(*arguments, **query)]

    return with_client(way, lambda client: list(client.history(*arguments, **query)), collect, **options)


def preflight(way: Way, **options: Any) -> bt.Preflight:
    """Ask whether transfers can be expected to work."""
    return with_client(way, lambda client: client.preflight(), lambda client: client.preflight(), **options)

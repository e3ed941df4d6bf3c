"""
One way to make a call, whichever client makes it, so that one table drives both.

One rule: a caller makes a client, makes one call and closes the client; what comes out is the caller's, unchanged.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar

import binance_transfer as bt
from tests.wrapper import keys

T = TypeVar("T")
Way = Literal["sync", "asyncio", "sync, fast", "asyncio, fast"]
WAYS: tuple[Way, ...] = ("sync", "asyncio")
SYNC: tuple[Way, ...] = ("sync", "sync, fast")
ASYNCIO: tuple[Way, ...] = ("asyncio", "asyncio, fast")

# Certificates play no part in plain http, and loading them takes longer than a whole call.
NO_CERTIFICATES: Mapping[str, Any] = {"verify": False}
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

ORDER = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")


def transport(way: Way, options: Mapping[str, Any] = NO_CERTIFICATES) -> Any:
    """What a way sends with: its options are httpx's, of which the fast one knows ``verify`` alone."""
    if not way.endswith("fast"):
        return bt.HttpxTransport(**options) if way == "sync" else bt.AsyncHttpxTransport(**options)
    known: dict[str, Any] = {
        name: value or TRUSTS_NOBODY if name == "verify" else value for name, value in options.items()
    }
    return bt.FastTransport(**known) if way == "sync, fast" else bt.AsyncFastTransport(**known)


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
    if way in SYNC:
        options.setdefault("transport", transport(way, httpx_options))
        with bt.TransferClient(own, **options) as client:
            return use(client)

    async def run() -> T:
        options.setdefault("transport", transport(way, httpx_options))
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

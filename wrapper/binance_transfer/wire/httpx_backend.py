"""
The connections under httpx, so that it proves what the other transport proves.

One rule: the rules are those of `exchange`; here they are only told to httpcore, which takes a network backend
(httpcore, "Network Backends"). The one for threads wraps httpcore's own, the one for asyncio `connection_asyncio`.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import httpcore

from binance_transfer.wire import connection, connection_asyncio
from binance_transfer.wire.connection_asyncio import AsyncConnection, said
from binance_transfer.wire.round_trip import LATE, TOO_LONG, UNEXPECTED_BYTES, RoundTrip, TrackedConnection, current

if TYPE_CHECKING:
    import socket


class _Stream(TrackedConnection, httpcore.NetworkStream):
    """
    A connection whose every step is bounded by the deadline of its call.

    httpx bounds each read by itself: a server that sends a byte now and then would keep a caller for ever.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream: Final = stream
        self._socket: Final[socket.socket | None] = stream.get_extra_info("socket")
        # TLS inside of a proxy's TLS keeps bytes in a buffer of its own: such a connection carries one request.
        self._nested: Final = isinstance(stream.get_extra_info("ssl_object"), ssl.SSLObject)
        self._used = False

    def leftover(self) -> bool:
        """Tell whether anything can be read now."""
        if self._socket is None:
            return True
        return self._used if self._nested else connection.holds_bytes(self._socket)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        round_trip = current.get()
        if round_trip is not None:
            if round_trip.over:
                raise httpcore.ReadTimeout(LATE)
            timeout = round_trip.left_s(timeout)
        data = self._stream.read(max_bytes, timeout)
        if round_trip is not None and round_trip.connection is self and not self.may_keep(data, round_trip):
            raise httpcore.ReadError(TOO_LONG)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        round_trip = current.get()
        if round_trip is None or not round_trip.requesting:
            self._stream.write(buffer, round_trip.left_s(timeout) if round_trip else timeout)
            return
        if not self.may_write(round_trip):
            raise httpcore.ConnectError(UNEXPECTED_BYTES)
        self._stream.write(buffer, round_trip.left_s(timeout))
        round_trip.request_complete = self._used = True

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        round_trip = current.get()
        left_s = round_trip.left_s(timeout) if round_trip else timeout
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left_s))

    def get_extra_info(self, info: str) -> Any:
        return self.readable() if info == "is_readable" else self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections within the deadline of the call that needs them."""

    def __init__(self) -> None:
        self._backend: Final = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the addresses of a name one by one: of a name that has several, each one would get all of the time."""
        round_trip = current.get() or RoundTrip()
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port, round_trip.left_s(timeout)):
            try:
                stream = _Stream(
                    self._backend.connect_tcp(address, port, round_trip.left_s(timeout), local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                round_trip.opened = stream
                return stream
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Connect to a socket in the file system."""
        round_trip = current.get() or RoundTrip()
        stream = _Stream(self._backend.connect_unix_socket(path, round_trip.left_s(timeout), socket_options))
        round_trip.opened = stream
        return stream

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._backend.sleep(seconds)


def _addresses(host: str, port: int, timeout_s: float | None) -> list[str]:
    try:
        return connection.addresses(host, port, timeout_s)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from None
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from None


class _AsyncStream(httpcore.AsyncNetworkStream):
    """A connection of asyncio as httpcore takes it. Its time is bounded by whoever awaits it."""

    def __init__(self, made: AsyncConnection) -> None:
        self._connection: Final = made

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        round_trip = current.get()
        if round_trip is not None and round_trip.connection is not self._connection:
            round_trip = None
        try:
            return await self._connection.read(round_trip, max_bytes)
        except OSError as error:
            raise httpcore.ReadError(said(error)) from None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        if not buffer:
            return
        round_trip = current.get()
        if round_trip is not None and not round_trip.requesting:
            round_trip = None
        try:
            await self._connection.write(buffer, round_trip)
        except OSError as error:
            kind = httpcore.ConnectError if round_trip is not None and not round_trip.sent else httpcore.WriteError
            raise kind(said(error)) from None

    async def aclose(self) -> None:
        self._connection.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _AsyncStream(await self._connection.start_tls(ssl_context, server_hostname))
        except OSError as error:
            raise httpcore.ConnectError(said(error)) from None

    def get_extra_info(self, info: str) -> Any:
        names = {"client_addr": "sockname", "server_addr": "peername"}
        if info == "is_readable":
            return self._connection.readable()
        return self._connection.transport.get_extra_info(names.get(info, info))


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Opens connections over asyncio's own transports."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a name that answers."""
        try:
            made = await connection_asyncio.connect(host, port, local_address)
        except OSError as error:
            raise httpcore.ConnectError(said(error)) from None
        return self._opened(made, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a socket in the file system."""
        try:
            made = await connection_asyncio.connect_to_path(path)
        except OSError as error:
            raise httpcore.ConnectError(said(error)) from None
        return self._opened(made, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    @staticmethod
    def _opened(made: AsyncConnection, socket_options: Iterable[Any] | None) -> _AsyncStream:
        sock = made.transport.get_extra_info("socket")
        for option in socket_options or ():
            sock.setsockopt(*option)
        stream = _AsyncStream(made)
        if (round_trip := current.get()) is not None:
            round_trip.opened = stream
        return stream

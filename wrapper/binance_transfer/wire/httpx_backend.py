"""
The connections under httpx, so that it proves what the other transport proves.

One rule: the rules are those of `round_trip`; here they are only told to httpcore, which takes a network backend
(httpcore, "Network Backends"). The one for threads wraps httpcore's own, the one for asyncio `connection_asyncio`.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpcore

from binance_transfer.wire import connection, connection_asyncio
from binance_transfer.wire.connection_asyncio import AsyncConnection, said
from binance_transfer.wire.round_trip import LATE, TOO_LATE, TOO_LONG, RoundTrip, TrackedConnection, current

if TYPE_CHECKING:
    import socket

T = TypeVar("T")

_RECORD: Final = 16 * 1024  # what one record of TLS may hold
_MOST_RECORDS: Final = 16  # that are looked through for an answer to nothing; a proxy that sends more is not trusted


class _Stream(TrackedConnection, httpcore.NetworkStream):
    """
    A connection whose every step is bounded by the deadline of its call.

    httpx bounds each read by itself: a server that sends a byte now and then would keep a caller for ever.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream: Final = stream
        self._socket: Final[socket.socket | None] = stream.get_extra_info("socket")

    def leftover(self) -> bool:
        """Tell whether anything can be read now."""
        if isinstance(self._stream, _TLSInTLS):
            return self._stream.holds_bytes()
        return self._socket is None or connection.holds_bytes(self._socket)

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
        if reason := self.refusal(round_trip):
            raise httpcore.ConnectError(reason)
        self._stream.write(buffer, round_trip.left_s(timeout))
        round_trip.request_complete = True

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        round_trip = current.get()
        left_s = round_trip.left_s(timeout) if round_trip else timeout
        if isinstance(self._socket, ssl.SSLSocket):
            return _Stream(_TLSInTLS(self._socket, ssl_context, server_hostname, left_s))
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left_s))

    def get_extra_info(self, info: str) -> Any:
        return self.readable() if info == "is_readable" else self._stream.get_extra_info(info)


class _TLSInTLS(httpcore.NetworkStream):
    """
    TLS with the exchange inside of TLS with a proxy.

    A timeout is for a whole step. httpcore's own stream of this kind gives all of it to each read of the socket, and
    shows nothing of what waits in its buffers.
    """

    def __init__(self, sock: ssl.SSLSocket, context: ssl.SSLContext, host: str | None, timeout_s: float | None) -> None:
        self._socket: Final = sock
        self._incoming: Final = ssl.MemoryBIO()
        self._outgoing: Final = ssl.MemoryBIO()
        self._tls: Final = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        try:
            self._step(self._tls.do_handshake, timeout_s, httpcore.ConnectTimeout, httpcore.ConnectError)
        except BaseException:
            self.close()
            raise

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._step(lambda: self._tls.read(max_bytes), timeout, httpcore.ReadTimeout, httpcore.ReadError)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # A memory BIO takes all that is written at once; what leaves is in the step.
        self._step(lambda: self._tls.write(buffer), timeout, httpcore.WriteTimeout, httpcore.WriteError)

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        return {"ssl_object": self._tls, "socket": self._socket}.get(info)

    def holds_bytes(self) -> bool:
        """Tell whether anything can be read now, its end included. Records of TLS itself are taken in."""
        try:
            for _ in range(_MOST_RECORDS):
                if not (self._socket.pending() or connection.is_readable(self._socket)):
                    break
                self._take_in(0)
            else:
                return True
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        except OSError:
            return True
        try:
            self._tls.read(1)  # where there is one, the connection is of no further use
        except ssl.SSLWantReadError:
            return False
        except OSError:
            pass
        return True

    def _step(
        self, step: Callable[[], T], timeout_s: float | None, late: type[Exception], failed: type[Exception]
    ) -> T:
        end_s = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            while True:
                try:
                    result = step()
                except ssl.SSLWantReadError:
                    self._give_out(end_s)
                    self._take_in(_left_s(end_s))
                else:
                    self._give_out(end_s)
                    return result
        except TimeoutError as error:
            raise late(said(error)) from None
        except OSError as error:
            raise failed(said(error)) from None

    def _give_out(self, end_s: float | None) -> None:
        rest = memoryview(self._outgoing.read())
        while rest:
            self._socket.settimeout(_left_s(end_s))
            rest = rest[self._socket.send(rest) :]

    def _take_in(self, timeout_s: float | None) -> None:
        self._socket.settimeout(timeout_s)
        if data := self._socket.recv(_RECORD):
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def _left_s(end_s: float | None) -> float | None:
    """Return what is left of a step; raises TimeoutError where nothing is."""
    if end_s is None:
        return None
    left_s = end_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError(LATE)
    return left_s


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
        if round_trip.over:
            raise httpcore.ConnectTimeout(TOO_LATE)
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
        """Wait before another try to connect (``retries`` of httpx's transports), where there is time for one."""
        round_trip = current.get() or RoundTrip()
        left_s = round_trip.left_s()
        if round_trip.over or (left_s is not None and seconds >= left_s):
            raise httpcore.ConnectTimeout(TOO_LATE)
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


# --- httpcore's pools ------------------------------------------------------------------------------------------------


def adopt(pool: Any, backend: Any) -> None:
    """Let a pool of httpcore connect through a backend of ours: httpx has no option for that."""
    if not isinstance(pool._network_backend, backend):  # noqa: SLF001
        pool._network_backend = backend()  # noqa: SLF001
    if isinstance(pool, httpcore.ConnectionPool):
        # httpcore's own can be interrupted between being taken and being given back, and is then held for ever.
        pool._optional_thread_lock = threading.Lock()  # type: ignore[assignment]  # noqa: SLF001


def renewed(pool: Any) -> Any:
    """
    Return a pool like another one, without its connections.

    An interruption may have left one of them busy for ever, or its lock held: whoever got it next would wait for ever.
    """
    new = copy(pool)
    new._connections, new._requests, new._optional_thread_lock = [], [], threading.Lock()  # noqa: SLF001
    return new


def retire(pool: Any) -> None:
    """Close what is idle in a pool that is used no more. Calls of other threads end with the connections they have."""
    pool._max_keepalive_connections = 0  # noqa: SLF001
    with suppress(Exception):
        with pool._optional_thread_lock:  # noqa: SLF001
            idle = pool._assign_requests_to_connections()  # noqa: SLF001
        pool._close_connections(idle)  # noqa: SLF001

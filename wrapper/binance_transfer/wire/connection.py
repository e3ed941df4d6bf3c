"""
The connections under httpx: what the deadline of a call and the rules for its answer need to know of them.

One rule: an answer counts only if it began after its request had left whole. So a connection tells, before a request is
written to it, whether bytes are there that nobody has asked for, and remembers what came afterwards.

httpcore takes a network backend (httpcore, "Network Backends"). The one for threads wraps httpcore's own. The one for
asyncio is ours, over asyncio's transports: httpcore's keeps what has arrived in buffers that nobody can look into.
"""

import asyncio
import contextlib
import importlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final

import httpcore
from attrs import define, field

from binance_transfer.wire.framing import is_one_answer

# What a first call would load is loaded with this module: a child that is forked while another thread loads a module
# waits for it for ever. asyncio, socket and httpcore load these late.
for _name in ("concurrent.futures.thread", "encodings.idna", "anyio._backends._asyncio", "anyio.streams.tls"):
    importlib.import_module(_name)

RECEIVED_LIMIT: Final = 2 * 1024 * 1024
"""Bytes of one answer on the wire, head and framing included: twice what a body may have."""

_LATE: Final = "the time for this call is over"
_TOO_LONG: Final = "the answer is too long to be one"
_PAUSE_AT: Final = 256 * 1024  # bytes that may wait to be read before the peer has to wait


@define(eq=False)
class Exchange:
    """
    One request and its answer, as the connection saw them.

    deadline_s: by the monotonic clock, when everything has to be over; None where somebody else sees to that.
    """

    deadline_s: float | None = None
    requesting: bool = False
    """What is written now is the request itself, and not a proxy's CONNECT."""
    sent: bool = False
    """A byte of the request was handed to a connection."""
    whole: bool = False
    """All of it was, before anything of an answer was there."""
    early: bool = False
    """Something could be read before all of the request was written."""
    received: bytearray = field(factory=bytearray, repr=False)
    opened: Any = None
    """The connection made for this call, if one was. httpcore forgets it where TLS is interrupted."""
    carrier: "_Watched | None" = None
    """The connection that carried the request."""

    def end(self) -> None:
        """Let the connection be used again only if nothing is left over on it."""
        if self.carrier is not None and not (self.believable and is_one_answer(self.received)):
            self.carrier.spent = True

    @property
    def believable(self) -> bool:
        """Whether what came is an answer to this request."""
        return self.whole and not self.early and bool(self.received)

    def left_s(self, timeout_s: float | None = None) -> float | None:
        """Shorten the time for one step to what is left for the whole call."""
        if self.deadline_s is None:
            return timeout_s
        left_s = max(self.deadline_s - time.monotonic(), 0.001)  # 0 would mean "do not block", not "time is up"
        return left_s if timeout_s is None else min(timeout_s, left_s)

    @property
    def over(self) -> bool:
        """Whether its time is over."""
        return self.deadline_s is not None and time.monotonic() > self.deadline_s


current: Final[ContextVar[Exchange | None]] = ContextVar("current", default=None)
"""The exchange that this thread or task is in the middle of."""


class _Watched:
    """What a connection notes, with threads and with asyncio."""

    spent = False
    """It must not carry another request."""

    def leftover(self) -> bool:
        """Tell whether anything can be read now, from the socket or from a buffer."""
        raise NotImplementedError

    def before_writing(self) -> None:
        """Look for bytes that nobody has asked for. Raises where nothing was sent yet, so that nothing will be."""
        exchange = current.get()
        if exchange is None or not exchange.requesting:
            return
        if self.spent or self.leftover():
            self.spent = True
            if not exchange.sent:
                message = "the connection held bytes that nobody had asked for"
                raise httpcore.ConnectError(message)
            exchange.early = True
        exchange.sent, exchange.whole, exchange.carrier = True, False, self

    def after_writing(self) -> None:
        """Note that what was written has left."""
        exchange = current.get()
        if exchange is not None and exchange.requesting:
            exchange.whole = True

    def after_reading(self, data: bytes) -> None:
        """Keep what came, to tell where the answer ends."""
        exchange = current.get()
        if exchange is not None and exchange.carrier is self:
            exchange.received += data
            if len(exchange.received) > RECEIVED_LIMIT:
                self.spent = True
                raise httpcore.ReadError(_TOO_LONG)

    def readable(self) -> bool:
        """Answer the pool, which asks before it uses an idle connection again: what can be read must not be."""
        return self.spent or self.leftover()


# --- threads ---------------------------------------------------------------------------------------------------------


class _Stream(_Watched, httpcore.NetworkStream):
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
        if self._nested:
            return self._used
        if isinstance(self._socket, ssl.SSLSocket):
            # A record of TLS itself (a session ticket) is readable too, and is nothing that an answer could be.
            return self._socket.pending() > 0 or (_is_readable(self._socket) and _gives_bytes(self._socket))
        return _is_readable(self._socket)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = current.get()
        if exchange is not None:
            if exchange.over:
                raise httpcore.ReadTimeout(_LATE)
            timeout = exchange.left_s(timeout)
        data = self._stream.read(max_bytes, timeout)
        self.after_reading(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        self.before_writing()
        exchange = current.get()
        self._stream.write(buffer, exchange.left_s(timeout) if exchange else timeout)
        self.after_writing()
        self._used = self._used or (exchange is not None and exchange.requesting)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        exchange = current.get()
        left_s = exchange.left_s(timeout) if exchange else timeout
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
        exchange = current.get() or Exchange()
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port, exchange.left_s(timeout)):
            try:
                stream = _Stream(
                    self._backend.connect_tcp(address, port, exchange.left_s(timeout), local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                exchange.opened = stream
                return stream
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Connect to a socket in the file system."""
        exchange = current.get() or Exchange()
        stream = _Stream(self._backend.connect_unix_socket(path, exchange.left_s(timeout), socket_options))
        exchange.opened = stream
        return stream

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._backend.sleep(seconds)


def _addresses(host: str, port: int, timeout_s: float | None) -> list[str]:
    """Look up a name, in a thread of its own since the system's resolver knows no deadline."""
    found: list[str] | OSError = []

    def look_up() -> None:
        nonlocal found
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found = OSError(str(error))
        else:
            found = [str(address[0]) for *_, address in rows]

    if _is_address(host):
        return [host]
    thread = threading.Thread(target=look_up, name="look up a host", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        message = f"{host} was not found in time"
        raise httpcore.ConnectTimeout(message)
    if isinstance(found, OSError):
        raise httpcore.ConnectError(str(found)) from None
    return found


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return True
    return False


def _is_readable(sock: socket.socket) -> bool:
    """Tell whether a read would return at once. A socket that is closed counts as one."""
    if (number := sock.fileno()) < 0:
        return True
    if hasattr(select, "poll"):
        waiting = select.poll()
        waiting.register(number, select.POLLIN)
        return bool(waiting.poll(0))
    return bool(select.select([number], [], [], 0)[0])  # pragma: no cover  # Windows


def _gives_bytes(sock: ssl.SSLSocket) -> bool:
    """Try to read one byte; True where there is one, or the end. The connection is then of no further use."""
    try:
        timeout_s = sock.gettimeout()
        sock.settimeout(0)
        try:
            sock.recv(1)
        finally:
            sock.settimeout(timeout_s)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
        return False
    except OSError:
        pass
    return True


# --- asyncio ---------------------------------------------------------------------------------------------------------


class _Inbox(asyncio.Protocol):
    """What has arrived on a connection of asyncio and was not read yet."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.data = bytearray()
        self.ended = False
        self.failure: Exception | None = None
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._full = False
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        if len(self.data) > _PAUSE_AT and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        _wake(self._arrival)

    def eof_received(self) -> None:
        self.ended = True
        _wake(self._arrival)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self.failure = True, exc
        _wake(self._arrival)
        _wake(self._room)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        _wake(self._room)

    async def take(self, most: int) -> bytes:
        """Wait for bytes and return them; none where the peer has ended the connection."""
        while not self.data and not self.ended:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        if self.failure is not None and not self.data:
            raise httpcore.ReadError(_said(self.failure))
        taken = bytes(self.data[:most])
        del self.data[:most]
        if self._paused and not self.ended:
            self._paused = False
            self.transport.resume_reading()
        return taken

    async def room(self) -> None:
        """Wait until all that was written has left this process."""
        while self._full and not self.ended:
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        if self.failure is not None or self.transport.is_closing():
            raise httpcore.WriteError(_said(self.failure or ConnectionResetError("the connection is closed")))


def _wake(waiting: "asyncio.Future[None] | None") -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


class _AsyncStream(_Watched, httpcore.AsyncNetworkStream):
    """A connection of asyncio. Its time is bounded by whoever awaits it."""

    def __init__(self, inbox: _Inbox) -> None:
        self._inbox: Final = inbox
        self._tls: Final = inbox.transport.get_extra_info("ssl_object") is not None
        # Nothing may wait in this process once a write has returned: then the request has left whole. (asyncio's TLS
        # pauses its writer at the limit, not beyond it: with 0 it would pause for ever.)
        inbox.transport.set_write_buffer_limits(high=1 if self._tls else 0)

    def leftover(self) -> bool:
        """Tell whether anything can be read now."""
        inbox = self._inbox
        if inbox.data or inbox.ended or inbox.transport.is_closing():
            return True
        return not self._tls and self._socket_is_readable()

    def readable(self) -> bool:
        """Answer the pool. With TLS, what waits in the socket may be an answer or not: it is not waited for here."""
        return super().readable() or self._socket_is_readable()

    def _socket_is_readable(self) -> bool:
        sock = self._inbox.transport.get_extra_info("socket")
        return sock is None or _is_readable(sock)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        data = await self._inbox.take(max_bytes)
        self.after_reading(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        if not buffer:
            return
        if self._tls and self._socket_is_readable():
            # Records of TLS itself (session tickets), or an answer to nothing: let asyncio take them in and see.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        self.before_writing()
        if self._inbox.ended:
            raise httpcore.WriteError(_said(self._inbox.failure or ConnectionResetError("the connection is closed")))
        self._inbox.transport.write(buffer)
        await self._inbox.room()
        self.after_writing()

    async def aclose(self) -> None:
        # At once: what TLS would still say to the peer is not worth waiting for.
        self._inbox.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        inbox = _Inbox()
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._inbox.transport, inbox, ssl_context, server_hostname=server_hostname
            )
        except BaseException as error:
            self._inbox.transport.abort()
            if isinstance(error, OSError):
                raise httpcore.ConnectError(_said(error)) from None
            raise
        if transport is None:
            message = "the connection ended before TLS was agreed on"
            raise httpcore.ConnectError(message)
        inbox.transport = transport
        return _AsyncStream(inbox)

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "is_readable":
                return self.readable()
            case "client_addr":
                return self._inbox.transport.get_extra_info("sockname")
            case "server_addr":
                return self._inbox.transport.get_extra_info("peername")
            case _:
                return self._inbox.transport.get_extra_info(info)


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
        source = None if local_address is None else (local_address, 0)
        try:
            _, inbox = await asyncio.get_running_loop().create_connection(
                _Inbox, host, port, local_addr=source, happy_eyeballs_delay=0.25
            )
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(_said(error)) from None
        return self._opened(inbox, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a socket in the file system."""
        try:
            _, inbox = await asyncio.get_running_loop().create_unix_connection(_Inbox, path)
        except OSError as error:
            raise httpcore.ConnectError(_said(error)) from None
        return self._opened(inbox, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    @staticmethod
    def _opened(inbox: _Inbox, socket_options: Iterable[Any] | None) -> _AsyncStream:
        sock = inbox.transport.get_extra_info("socket")
        for option in socket_options or ():
            sock.setsockopt(*option)
        stream = _AsyncStream(inbox)
        if (exchange := current.get()) is not None:
            exchange.opened = stream
        return stream

"""
Connections for asyncio, over its transports.

One rule: whatever has arrived waits in one place, where it can be looked at before the next request is written.
asyncio's own streams, and what httpcore has over them, keep it in buffers that nobody can look into.
"""

import asyncio
import importlib
import ssl
from typing import Any, Final

from binance_transfer.wire.connection import is_readable
from binance_transfer.wire.round_trip import CLOSED, TOO_LONG, RoundTrip, TrackedConnection

importlib.import_module("concurrent.futures.thread")  # as in connection: asyncio loads it to look up a name

_PAUSE_AT: Final = 256 * 1024  # bytes that may wait to be read before the peer has to wait
_AT_ONCE: Final = 64 * 1024
_SECOND_ADDRESS_AFTER_S: Final = 0.25  # RFC 8305, section 5


class _Inbox(asyncio.Protocol):
    """What has arrived on a connection and was not read yet."""

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
            raise ConnectionError(said(self.failure))
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
            raise ConnectionError(said(self.failure) if self.failure else CLOSED)


def _wake(waiting: "asyncio.Future[None] | None") -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def said(error: BaseException) -> str:
    """Return what an error says, its name where that is nothing."""
    return str(error) or type(error).__name__


class AsyncConnection(TrackedConnection):
    """A connection of asyncio. Its time is bounded by whoever awaits it. What goes wrong is an OSError."""

    def __init__(self, inbox: _Inbox) -> None:
        self.transport: Final = inbox.transport
        self._inbox: Final = inbox
        self._tls: Final = inbox.transport.get_extra_info("ssl_object") is not None
        # Nothing may wait in this process once a write has returned: then the request has left whole. (asyncio's TLS
        # pauses its writer at the limit, not beyond it: with 0 it would pause for ever.)
        inbox.transport.set_write_buffer_limits(high=1 if self._tls else 0)

    def leftover(self) -> bool:
        """Tell whether anything can be read now."""
        return self._arrived() or (not self._tls and self._socket_is_readable())

    def readable(self) -> bool:
        """Answer the pool. With TLS, what waits in the socket may be an answer or not: it is not waited for here."""
        return self.unfit or self._arrived() or self._socket_is_readable()

    def _arrived(self) -> bool:
        return bool(self._inbox.data) or self._inbox.ended or self.transport.is_closing()

    def _socket_is_readable(self) -> bool:
        sock = self.transport.get_extra_info("socket")
        return sock is None or is_readable(sock)

    async def write(self, data: bytes, round_trip: RoundTrip | None) -> None:
        """
        Send all of some bytes.

        round_trip: where they are a request. If something is there already, it then says that nothing was sent.
        """
        if self._tls and self._socket_is_readable():
            # Records of TLS itself (session tickets), or an answer to nothing: let asyncio take them in and see.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        if round_trip is not None and (reason := self.refusal(round_trip)):
            raise ConnectionError(reason)
        if self._inbox.ended:
            raise ConnectionError(said(self._inbox.failure) if self._inbox.failure else CLOSED)
        self.transport.write(data)
        await self._inbox.room()
        if round_trip is not None:
            round_trip.answered_early = round_trip.answered_early or self._arrived()
            round_trip.request_complete = True

    async def read(self, round_trip: RoundTrip | None, most: int = _AT_ONCE) -> bytes:
        """Wait for bytes and return them; none where the peer has ended the connection."""
        data = await self._inbox.take(most)
        if round_trip is not None and not self.may_keep(data, round_trip):
            raise ConnectionError(TOO_LONG)
        return data

    def close(self) -> None:
        """Close it at once: what TLS would still say to the peer is not worth waiting for."""
        self.transport.abort()

    async def start_tls(self, context: ssl.SSLContext, host: str | None) -> "AsyncConnection":
        """Agree on TLS, and return the connection inside of it."""
        inbox = _Inbox()
        try:
            transport = await asyncio.get_running_loop().start_tls(self.transport, inbox, context, server_hostname=host)
        except BaseException:
            self.close()
            raise
        if transport is None:
            message = "the connection ended before TLS was agreed on"
            raise ConnectionError(message)
        inbox.transport = transport
        return AsyncConnection(inbox)


async def connect(host: str, port: int, local_address: str | None = None) -> AsyncConnection:
    """Connect to the first address of a name that answers; raises OSError."""
    source = None if local_address is None else (local_address, 0)
    try:
        _, inbox = await asyncio.get_running_loop().create_connection(
            _Inbox, host, port, local_addr=source, happy_eyeballs_delay=_SECOND_ADDRESS_AFTER_S
        )
    except UnicodeError as error:
        raise OSError(said(error)) from None
    return AsyncConnection(inbox)


async def connect_to_path(path: str) -> AsyncConnection:
    """Connect to a socket in the file system; raises OSError."""
    _, inbox = await asyncio.get_running_loop().create_unix_connection(_Inbox, path)
    return AsyncConnection(inbox)

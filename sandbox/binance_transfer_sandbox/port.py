"""
A port of this machine that can be closed for a while.

One rule: while it is closed it stays ours, so that no other program gets the connections meant for the exchange.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

HOST: Final = "127.0.0.1"

_BACKLOG: Final = 100


def bind(number: int) -> socket.socket:
    """Bind a loopback port without listening; 0 takes a free one. OSError says what is wrong with it."""
    # asyncio switches Nagle's delay off only for sockets that say that they are TCP; with it, answers take 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, number))
        bound.settimeout(0)
    except BaseException:
        bound.close()
        raise
    return bound


class Port:
    """
    A bound socket on which connections are accepted or refused, for use inside one event loop that watches sockets.

    `protocol` makes the protocol of a new connection; `hang_up` ends the connections on which nothing goes on.

    Connections are accepted here and not by asyncio's server: one that this has just accepted when it is closed is
    forgotten with its socket open, and its client waits for ever.
    """

    def __init__(
        self, bound: socket.socket, protocol: Callable[[], asyncio.Protocol], hang_up: Callable[[], None]
    ) -> None:
        self._bound = bound
        self._number: int = bound.getsockname()[1]
        self._protocol = protocol
        self._hang_up = hang_up
        self._loop = asyncio.get_running_loop()
        self._listening = False
        self._connecting: set[asyncio.Task[Any]] = set()
        self._reopening: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Accept connections. Does nothing if they are accepted already."""
        async with self._changing:
            if not self._listening:
                self._bound.listen(_BACKLOG)
                self._loop.add_reader(self._bound, self._accept)
                self._listening = True

    async def close(self, duration_ms: int) -> None:
        """Refuse connections until `duration_ms` are over or `open` is called."""
        async with self._changing:
            self._forget_reopening()
            if self._listening:
                self._stop_listening()
                # Only now can it be bound again: for an instant it is nobody's.
                self._bound = bind(self._number)
            # A client that kept a connection from before would not notice that the port is closed.
            self._hang_up()
            await asyncio.sleep(0)  # in which they end
            self._reopening = asyncio.create_task(self._open_after(duration_ms))

    def release(self) -> None:
        """Give the port back."""
        self._forget_reopening()
        self._stop_listening()

    def _accept(self) -> None:
        try:
            connection, _ = self._bound.accept()
        except OSError:  # the client has gone again, or this process has too many files open: it comes again
            return
        connection.settimeout(0)
        connecting = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

    def _stop_listening(self) -> None:
        if self._listening:
            self._loop.remove_reader(self._bound)
            self._listening = False
        self._bound.close()

    def _forget_reopening(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None

    async def _open_after(self, duration_ms: int) -> None:
        await asyncio.sleep(duration_ms / 1000)
        await self.open()

"""
A port of this machine that can be closed for a while.

One rule: while it is closed it stays ours, so that no other program gets the connections meant for the exchange.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

HOST: Final = "127.0.0.1"


def bind(number: int) -> socket.socket:
    """Bind a loopback port without listening; 0 takes a free one. OSError says what is wrong with it."""
    # asyncio switches Nagle's delay off only for sockets that say that they are TCP; with it, answers take 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, number))
    except BaseException:
        bound.close()
        raise
    return bound


class Port:
    """
    A bound socket that is turned into a listening one and back, for use inside one event loop.

    `protocol` makes the protocol of a new connection; `hang_up` ends the connections on which nothing goes on.
    """

    def __init__(
        self, bound: socket.socket, protocol: Callable[[], asyncio.Protocol], hang_up: Callable[[], None]
    ) -> None:
        self._bound: socket.socket | None = bound
        self._number: int = bound.getsockname()[1]
        self._protocol = protocol
        self._hang_up = hang_up
        self._listener: asyncio.Server | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Accept connections. Does nothing if they are accepted already."""
        async with self._changing:
            bound, self._bound = self._bound, None
            if bound is not None:
                loop = asyncio.get_running_loop()
                self._listener = await loop.create_server(self._protocol, sock=bound, start_serving=False)
                await self._listener.start_serving()

    async def close(self, duration_ms: int) -> None:
        """Refuse connections until `duration_ms` are over or `open` is called."""
        async with self._changing:
            self._cancel()
            if self._listener is not None:
                self._listener.close()
                self._listener = None
                # Only now can it be bound again: for an instant it is nobody's.
                self._bound = bind(self._number)
            # A client that kept a connection from before would not notice that the port is closed.
            self._hang_up()
            await asyncio.sleep(0)  # in which they end
            self._reopening = asyncio.create_task(self._open_after(duration_ms))

    def release(self) -> None:
        """Give the port back."""
        self._cancel()
        if self._listener is not None:
            self._listener.close()
        if self._bound is not None:
            self._bound.close()

    def _cancel(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None

    async def _open_after(self, duration_ms: int) -> None:
        await asyncio.sleep(duration_ms / 1000)
        await self.open()

"""
The extra `fast` for asyncio.

One rule: it differs from `fast` in its connections and in `await` alone.
"""

import asyncio
import ssl
from typing import Final

from binance_transfer.wire import connection_asyncio
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.connection_asyncio import AsyncConnection
from binance_transfer.wire.fast import Arriving, Idle, address_of, checked_places, context_of, encoded, origin_of
from binance_transfer.wire.round_trip import RoundTrip
from binance_transfer.wire.signing import SignedRequest
from binance_transfer.wire.transport import Call


class AsyncFastTransport:
    """Connections of one event loop of asyncio with httptools as the parser. Takes what FastTransport takes."""

    def __init__(self, *, verify: ssl.SSLContext | None = None, max_connections: int = 100) -> None:
        self._tls: Final = context_of(verify)
        self._places: Final = asyncio.Semaphore(checked_places(max_connections))
        self._idle: Final = Idle[AsyncConnection]()

    async def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds all of it."""
        round_trip = RoundTrip.within(timeout_s, request.answer_s, requesting=True)
        call, answer = Call(request, round_trip), Arriving(round_trip)
        made: AsyncConnection | None = None
        try:
            origin = origin_of(request)
            async with asyncio.timeout(timeout_s), self._places:
                made = self._idle.take(origin) or await self._connected(origin)
                await made.write(encoded(request, origin), round_trip)
                while (head := answer.feed(await made.read(round_trip))) is None:
                    pass
                return call.answer(head, bytes(answer.body), answer.unusable)
        except Exception as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            return call.failed(answer.head, error)
        except BaseException as interruption:  # noqa: BLE001
            raise call.interrupted(interruption) from None
        finally:
            keeps = answer.end()
            if made is not None:
                self._idle.give_back(made, keeps)

    async def aclose(self) -> None:
        """Close all connections."""
        self._idle.close()

    def __repr__(self) -> str:
        return "<AsyncFastTransport>"

    async def _connected(self, origin: str) -> AsyncConnection:
        host, port, over_tls = address_of(origin)
        made = await connection_asyncio.connect(host, port)
        if over_tls:
            made = await made.start_tls(self._tls, host)
        made.origin = origin
        return made

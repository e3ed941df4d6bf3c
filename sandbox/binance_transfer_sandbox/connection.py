"""
One connection of a client: HTTP/1.1 as uvicorn speaks it, and what the sandbox needs beyond that.

One rule: whatever arrives costs a bounded amount of memory, and nothing is written but to the client.
"""

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

LINGER_S: Final = 1.0
"""For how long a refused client is still listened to, so that it can read why."""

# Uvicorn would tell the handlers of the user's own program, or stderr, of every request and every bad byte.
_NOBODY: Final = logging.Logger("binance_transfer_sandbox.connection", logging.CRITICAL + 1)  # noqa: LOG001  not registered


class Cork:
    """A transport whose writes can be held back, to leave in one piece."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write now, or with the rest."""
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def hold(self) -> None:
        """Hold back what is written from now on."""
        self._held = []

    def release(self) -> None:
        """Write what was held back, at once."""
        held, self._held = self._held, None
        if held:
            self._transport.write(b"".join(held))

    def close(self) -> None:
        """End the connection once all is written."""
        self.release()
        self._transport.close()


class Connection(H11Protocol):
    """Uvicorn's connection, with its `Cork` where the application finds it: `scope["state"]["transport"]`."""

    def __init__(self, config: "Config", server_state: "ServerState") -> None:
        super().__init__(config, server_state, {})
        self.access_log = False
        self.logger = _NOBODY
        self._deaf = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, with a cork on the transport."""
        cork = cast("asyncio.Transport", Cork(transport))
        super().connection_made(cork)
        self.app_state = {**self.app_state, "transport": cork}

    def data_received(self, data: bytes) -> None:
        """Take what arrives; after a refusal nothing of it is kept."""
        if not self._deaf:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request (400) or has too long a head (431), and end the connection."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.abort()  # in the middle of an answer
            return
        # Uvicorn calls this while it handles the parser's error, which knows the status.
        status: int = getattr(sys.exc_info()[1], "error_status_hint", 400)
        body = msg.encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Connection", "close")]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        # Closing with bytes unread would send a RST, which can take the answer from the client.
        self._deaf = True
        self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.abort)

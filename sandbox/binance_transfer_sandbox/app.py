"""
The exchange as an ASGI application.

One rule: it decides nothing; it hands requests to the exchange and does on the connection what the reply says.
"""

import asyncio
import socket
import struct
import sys
from http.client import responses
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from binance_transfer_sandbox import admin
from binance_transfer_sandbox.bounds import Bounded
from binance_transfer_sandbox.exchange import Exchange
from binance_transfer_sandbox.guard import Guarded
from binance_transfer_sandbox.port import Port
from binance_transfer_sandbox.wire import Answer, Dropped, Refused, Request, Silence, Trailed, Truncated

if TYPE_CHECKING:
    from binance_transfer_sandbox.connection import Cork

# With a linger time of zero, closing sends a RST instead of a FIN.
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def build(exchange: Exchange, port: Port, *, with_admin: bool) -> ASGIApp:
    """Make the application, for a server whose connections are `Connection`s."""

    async def face(scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        try:
            body = await http.body()
        except ClientDisconnect:
            return
        request = Request(
            method=http.method,
            path=scope["path"],
            query=scope["query_string"],
            headers=dict(http.headers),
            body=body,
            address=http.client.host if http.client else "",
        )
        reply = exchange.handle(request)
        match reply:
            case Refused(duration_ms=duration_ms):
                await port.close(duration_ms)
                await _drop(scope, receive, reset=True)
            case Silence():
                await _client_left(receive)
            case Dropped(reset=reset, delay_ms=delay_ms):
                if not await _client_leaves_within(delay_ms, receive):
                    await _drop(scope, receive, reset=reset)
            case Truncated(answer=answer, sent_bytes=sent_bytes):
                if not await _client_leaves_within(answer.delay_ms, receive):
                    await _send(answer, answer.body[:sent_bytes], scope, send, more_body=True)
                    await _drop(scope, receive, reset=False)
            case Trailed(answer=answer):
                trailing, after_s = _unasked(reply), reply.unasked.delay_ms / 1000
                await _send(answer, answer.body, scope, send, trailing=b"" if after_s else trailing)
                if after_s:
                    asyncio.get_running_loop().call_later(after_s, _write_unless_closed, scope, trailing)
            case Answer():
                if not await _client_leaves_within(reply.delay_ms, receive):
                    await _send(reply, reply.body, scope, send)

    routes: list[BaseRoute] = [Mount("/", app=face)]
    if with_admin:
        routes.insert(0, Mount("/sandbox", app=Guarded(Router(admin.routes(exchange, port)))))
    return Bounded(Starlette(routes=routes))


async def _send(
    answer: Answer, body: bytes, scope: Scope, send: Send, *, more_body: bool = False, trailing: bytes = b""
) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    cork: Cork = scope["state"]["transport"]
    cork.hold()
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    cork.write(trailing)
    cork.release()
    if not more_body:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _unasked(reply: Trailed) -> bytes:
    answer = reply.unasked
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}"]
    lines += [f"{name}: {value}" for name, value in (*answer.headers, ("Content-Length", str(len(answer.body))))]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body
    return whole[: -(len(answer.body) // 2 + 1)] if reply.half else whole


def _write_unless_closed(scope: Scope, data: bytes) -> None:
    transport: asyncio.Transport = scope["state"]["transport"]
    if not transport.is_closing():
        transport.write(data)


async def _drop(scope: Scope, receive: Receive, *, reset: bool) -> None:
    transport: asyncio.Transport = scope["state"]["transport"]
    if reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
    else:
        transport.close()
    # Returning before the connection is gone would make the server answer with a 500 of its own.
    await _client_left(receive)


async def _client_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _client_leaves_within(delay_ms: int, receive: Receive) -> bool:
    if not delay_ms:
        return False
    try:
        await asyncio.wait_for(_client_left(receive), delay_ms / 1000)
    except TimeoutError:
        return False
    return True

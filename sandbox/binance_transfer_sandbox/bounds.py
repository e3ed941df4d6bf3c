"""
Requests that are too large.

One rule: a request is handed on whole or not at all, and what is over the limits is never kept.
"""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from binance_transfer_sandbox import failures
from binance_transfer_sandbox.connection import LINGER_S
from binance_transfer_sandbox.wire import Answer

MAX_HEAD_BYTES: Final = 16_384
"""For the request line and all headers together."""
MAX_BODY_BYTES: Final = 1_048_576


class Bounded:
    """Answers 431 or 413 in place of an application, which gets the bodies of all other requests in one piece."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if _head_bytes(scope) > MAX_HEAD_BYTES:
            await _refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, receive, send)
            return
        if _promised_bytes(scope) > MAX_BODY_BYTES:
            await _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, receive, send)
            return
        body = bytearray()
        more_body = True
        while more_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more_body = message.get("more_body", False)
            if len(body) > MAX_BODY_BYTES:
                await _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, receive, send, more_body=more_body)
                return
        try:
            await self._application(scope, _after(bytes(body), receive), send)
        except Exception as error:  # noqa: BLE001  whatever it is, the next request is served
            failures.report("the sandbox failed to answer a request", error)


def _after(body: bytes, receive: Receive) -> Receive:
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_next() -> Message:
        return whole.pop() if whole else await receive()

    return receive_next


def _head_bytes(scope: Scope) -> int:
    target = len(scope["raw_path"]) + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in scope["headers"])


def _promised_bytes(scope: Scope) -> int:
    # The parser has made sure that it is a number, and that there is one only.
    return int(dict(scope["headers"]).get(b"content-length", 0))


async def _refuse(status: HTTPStatus, receive: Receive, send: Send, *, more_body: bool = True) -> None:
    answer = Answer.of_page(status, status.phrase)
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    headers += [(b"content-length", str(len(answer.body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    # Most clients send all before they read; a connection that is closed before would take the answer from them.
    try:
        async with asyncio.timeout(LINGER_S):
            while more_body:
                message = await receive()
                more_body = message["type"] == "http.request" and message.get("more_body", False)
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})

"""
The wire: one request out, one answer or none back.

One rule: whatever happens becomes an Answer or a NoAnswer, and a NoAnswer says "not sent" only where no byte of the
request can have left. Nothing is sent again and no redirect is followed.

What proves that nothing was sent:

    no byte of the request was handed to the connection   name not resolved, refused, TLS, no free connection, deadline
    the proxy refused to connect                          it never saw the request, only the wish to connect
    the URL or the settings were refused                  no connection was opened

Anything else may have reached the exchange. An answer counts only if it began after its request had left whole
(`binance_transfer.wire.round_trip`), is not encoded, and is no longer than 1 MiB.
tests/wrapper/test_transport.py and test_connection.py hold a case for each, and run them over each transport.

`httpx_transport` (with `httpx_backend`) is the default; `fast` and `fast_asyncio` are used where the extra is installed
and no proxy applies.
"""

import inspect
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from attrs import field, frozen

from binance_transfer.interruptions import interruption_of
from binance_transfer.visible import one_line, quoted, sound_repr
from binance_transfer.wire.answer import Answer, NoAnswer, Reply
from binance_transfer.wire.round_trip import TOO_LONG, RoundTrip
from binance_transfer.wire.signing import SignedRequest

UNKNOWN_NOTE: Final = (
    "interrupted while a transfer was being sent: whether it was made is unknown, reconcile the attempt"
)

BODY_LIMIT: Final = 1024 * 1024
"""A full page of history has some 20 kB."""


class Transport(Protocol):
    """
    What a TransferClient sends with.

    Where less than ``request.answer_s`` of its time would be left when the first byte leaves, it sends nothing.
    """

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once and follow nothing. Raises no Exception; an interruption passes through."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class AsyncTransport(Protocol):
    """What an AsyncTransferClient sends with; as in Transport, and both are functions of asyncio (``async def``)."""

    async def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once and follow nothing. Raises no Exception; cancellation passes through."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


# --- which transport -------------------------------------------------------------------------------------------------


def chosen(transport: object, base_url: str) -> Transport:
    """Return a transport as it is, one that sends through a transport of httpx, or the one that fits."""
    if transport is None and _is_fast(base_url):
        from binance_transfer.wire.fast import FastTransport

        return FastTransport(**_trust(base_url))
    if transport is None or _is_httpx("BaseTransport", transport):
        from binance_transfer.wire.httpx_transport import HttpxTransport

        return HttpxTransport(transport=transport, **_trust(base_url))
    _check(transport, ("send", "close"), asyncio=False)
    return cast("Transport", transport)


def chosen_asyncio(transport: object, base_url: str) -> AsyncTransport:
    """Return a transport as `chosen` does."""
    if transport is None and _is_fast(base_url):
        from binance_transfer.wire.fast_asyncio import AsyncFastTransport

        return AsyncFastTransport(**_trust(base_url))
    if transport is None or _is_httpx("AsyncBaseTransport", transport):
        from binance_transfer.wire.httpx_transport import AsyncHttpxTransport

        return AsyncHttpxTransport(transport=transport, **_trust(base_url))
    _check(transport, ("send", "aclose"), asyncio=True)
    return cast("AsyncTransport", transport)


def _is_httpx(kind: str, transport: object) -> bool:
    httpx = sys.modules.get("httpx")  # whoever has a transport of httpx has loaded it
    return httpx is not None and isinstance(transport, getattr(httpx, kind))


def _check(transport: object, methods: tuple[str, str], *, asyncio: bool) -> None:
    """
    Raise ValueError for what cannot send.

    One that sends and does not return what the client takes would lose the answer, and with it the money's whereabouts.
    """
    found = [getattr(transport, name, None) for name in methods]
    if isinstance(transport, type) or not all(map(callable, found)):
        message = f"transport must have {' and '.join(methods)}, unlike {quoted(transport)}"
        raise ValueError(message)
    if any(inspect.iscoroutinefunction(method) != asyncio for method in found):
        kinds = ("a TransferClient", "an AsyncTransferClient")
        message = f"{quoted(transport)} is no transport for {kinds[asyncio]}, but for {kinds[not asyncio]}"
        raise ValueError(message)


def _is_fast(base_url: str) -> bool:
    """Tell whether the extra `fast` is installed and does what is asked for: it knows no proxies."""
    if _needs_tls(base_url) and _proxy_in_environment():
        return False
    try:
        import_module("binance_transfer.wire.fast")  # raises if its parser is missing or too old
    except ImportError:
        return False
    return True


def _proxy_in_environment() -> bool:
    """Tell whether httpx would find a proxy for https; which hosts are excepted is for httpx to say."""
    if sys.platform in {"darwin", "win32"}:  # where settings outside of the environment count too
        from urllib.request import getproxies

        return not getproxies().keys().isdisjoint({"https", "all"})
    return any(value and name.lower() in {"https_proxy", "all_proxy"} for name, value in os.environ.items())


def _trust(base_url: str) -> dict[str, Any]:
    """Return options: plain http, to this machine, needs no certificates, which take long to load."""
    import ssl

    return {} if _needs_tls(base_url) else {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}


def _needs_tls(base_url: str) -> bool:
    return urlsplit(base_url).scheme != "http"


# --- what happened ---------------------------------------------------------------------------------------------------


@frozen
class Head:
    """
    What an answer says before its body.

    headers: names in lower case; those that came several times are joined with commas (RFC 9110, section 5.3).
    """

    status: int
    headers: Mapping[str, str]
    __repr__ = sound_repr

    @property
    def unusable(self) -> str:
        """Say why the body is not looked at, "" where it is. None is unpacked: 300 bytes can hold gigabytes."""
        coding = self.headers.get("content-encoding", "").strip().lower()
        return "" if coding in {"", "identity"} else "its body is encoded, which was not asked for"


@frozen
class Call:
    """
    One request on its way, and what is known of it.

    reports: whether its connections tell `exchange` what they do.
    """

    request: SignedRequest
    round_trip: RoundTrip
    reports: bool = True
    _handled: BaseException | None = field(factory=sys.exception, repr=False)
    __repr__ = sound_repr

    def answer(self, head: Head, body: bytes, unreadable: str = "") -> Reply:
        """Return what came, if it is an answer to this request."""
        if self.reports and not self.round_trip.is_valid_answer:
            return NoAnswer(self.round_trip.sent, "the answer began before its request had left whole")
        return Answer(head.status, head.headers, body, unreadable, self.request.redact)

    def failed(self, head: Head | None, error: BaseException, *, could_not_connect: bool = False) -> Reply:
        """
        Return what an exception leaves: the head of an answer, or none.

        could_not_connect: what the exception says for itself, where nothing else is known.
        """
        reason = one_line(self.request.redact(" ".join(filter(None, (type(error).__name__, str(error).strip())))))
        if head is not None:
            return self.answer(head, b"", f"its body did not arrive ({reason})")
        return NoAnswer(self.round_trip.sent or not (self.reports or could_not_connect), reason)

    def interruption_of(self, error: BaseException) -> BaseException | None:
        """Return what is to pass in place of an error of a program with threads, None where the error is one."""
        # asyncio needs no such look: it raises no interruption in the middle of a lock, and ends a wait by one.
        interruption = interruption_of(error, self._handled)
        return None if interruption is None else self.interrupted(interruption)

    def interrupted(self, interruption: BaseException) -> BaseException:
        """Let an interruption pass, without the frames whose variables hold the signed request."""
        if self.request.method == "POST" and (self.round_trip.sent or not self.reports):
            interruption.add_note(UNKNOWN_NOTE)
        interruption.__context__ = None
        return interruption.with_traceback(None)


def add(body: bytearray, chunk: bytes) -> None:
    """Keep a part of a body; raises ValueError where it becomes too long."""
    body += chunk
    if len(body) > BODY_LIMIT:
        raise ValueError(TOO_LONG)

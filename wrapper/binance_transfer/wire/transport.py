"""
The wire: one request out, one answer or none back, over httpx.

One rule: whatever happens becomes an Answer or a NoAnswer, and a NoAnswer says "not sent" only where no byte of the
request can have left. httpx's transports are used as they are, below httpx.Client: no redirect is followed, no cookie
kept, nothing sent again, and what hooks into a client sees no signed request.

What proves that nothing was sent:

    no byte of the request was handed to the connection   name not resolved, refused, TLS, no free connection, deadline
    the proxy refused to connect                          it never saw the request, only the wish to connect
    httpx itself refused the URL or the settings          no connection was opened

httpx's own transports report each of these steps. A transport of the user's own may not: there only the exceptions by
which httpx says that it could not connect prove anything.

Anything else may have reached the exchange. An answer counts only if it began after its request had left whole
(`binance_transfer.wire.connection`), is not encoded, and is no longer than 1 MiB.
tests/wrapper/test_transport.py and test_connection.py hold a case for each.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterable, Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import frozen

from binance_transfer.visible import one_line
from binance_transfer.wire.answer import Answer, NoAnswer, Reply
from binance_transfer.wire.signing import SignedRequest

if TYPE_CHECKING:
    import httpx

    from binance_transfer.wire.connection import Exchange

UNKNOWN_NOTE: Final = (
    "interrupted while a transfer was being sent: whether it was made is unknown, reconcile the attempt"
)

BODY_LIMIT: Final = 1024 * 1024
"""A full page of history has some 20 kB."""

# Loggers that write whole URLs or headers, and with them signatures.
_REVEALING: Final = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "hpack.hpack",
    "hpack.table",
)
_sending: Final[ContextVar[bool]] = ContextVar("_sending", default=False)

# What httpx.Client takes that would not reach the exchange as it was signed, or not at all.
_REFUSED: Final = {
    "auth": "requests are signed by Credentials",
    "base_url": "give base_url to the client",
    "cookies": "no cookie is sent or kept",
    "default_encoding": "answers are read as bytes",
    "event_hooks": "a hook would see signed requests",
    "headers": "the headers are those of the exchange",
    "http1": "answers are matched to requests over HTTP/1.1",
    "params": "a parameter that is not signed is refused by the exchange",
    "timeout": "give timeout_s to the client",
}
_HTTP2: Final = "one connection carries one request at a time, so that no answer is taken for another's"


class Transport(Protocol):
    """What a TransferClient sends with."""

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once and follow nothing. Raises no Exception; an interruption passes through."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class AsyncTransport(Protocol):
    """What an AsyncTransferClient sends with."""

    async def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once and follow nothing. Raises no Exception; cancellation passes through."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class HttpxTransport:
    """
    httpx's connections as a transport, with one pool. Threads may share it.

    options: those of httpx.Client that are about connections: ``verify``, ``cert``, ``trust_env``, ``proxy``,
        ``mounts``, ``limits``, ``transport``. Proxies and certificates are also taken from the environment as httpx
        does. A plain-http address (this machine) never goes through a proxy.

    Raises ValueError for options that would not do what they seem to.
    """

    def __init__(self, **options: Any) -> None:
        import httpx

        from binance_transfer.wire.connection import DeadlineBackend

        _hide_requests_from_logs()
        self._client: Final = _configured(httpx.Client, options)
        self._reports: Final = _reports(self._client, httpx.HTTPTransport)
        _use_backend(self._client, DeadlineBackend)

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds all of it."""
        from binance_transfer.wire import connection

        exchange = connection.Exchange(time.monotonic() + timeout_s)
        call = _Call(request, exchange, self._reports)

        def trace(event: str, info: Mapping[str, Any]) -> None:
            _note(exchange, event, info)

        quiet, here = _sending.set(True), connection.current.set(exchange)
        response: httpx.Response | None = None
        try:
            message = _httpx_request(request, timeout_s, trace)
            if (transport := _route(self._client, message)) is None:
                return NoAnswer(sent=False, reason=_THROUGH_A_PROXY)
            response = transport.handle_request(message)
            if reason := _unusable(response):
                return call.answer(response, b"", reason)
            return call.answer(response, _collected(response, exchange))
        except Exception as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            return call.failed(response, error)
        except BaseException as interruption:  # noqa: BLE001
            raise call.interrupted(interruption) from None
        finally:
            exchange.end()
            if response is not None:
                response.close()
            elif exchange.opened is not None:
                exchange.opened.close()
            _sending.reset(quiet)
            connection.current.reset(here)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __repr__(self) -> str:
        return "<HttpxTransport>"


class AsyncHttpxTransport:
    """
    httpx's connections as a transport for one event loop of asyncio, with one pool.

    options: those of HttpxTransport, as httpx.AsyncClient takes them.
    """

    def __init__(self, **options: Any) -> None:
        import httpx

        from binance_transfer.wire.connection import AsyncioBackend

        _hide_requests_from_logs()
        self._client: Final = _configured(httpx.AsyncClient, options)
        self._reports: Final = _reports(self._client, httpx.AsyncHTTPTransport)
        _use_backend(self._client, AsyncioBackend)

    async def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds all of it."""
        from binance_transfer.wire import connection

        exchange = connection.Exchange()
        call = _Call(request, exchange, self._reports)

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            _note(exchange, event, info)

        quiet, here = _sending.set(True), connection.current.set(exchange)
        response: httpx.Response | None = None
        try:
            message = _httpx_request(request, timeout_s, trace)
            if (transport := _route(self._client, message)) is None:
                return NoAnswer(sent=False, reason=_THROUGH_A_PROXY)
            async with asyncio.timeout(timeout_s):
                response = await transport.handle_async_request(message)
                if reason := _unusable(response):
                    return call.answer(response, b"", reason)
                return call.answer(response, await _collected_asyncio(response))
        except Exception as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            return call.failed(response, error)
        except BaseException as interruption:  # noqa: BLE001
            raise call.interrupted(interruption) from None
        finally:
            exchange.end()
            if response is not None:
                await response.aclose()
            elif exchange.opened is not None:
                await exchange.opened.aclose()
            _sending.reset(quiet)
            connection.current.reset(here)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def __repr__(self) -> str:
        return "<AsyncHttpxTransport>"


def over_httpx(transport: "Transport | httpx.BaseTransport | None") -> Transport:
    """Return a transport as it is, or one that sends through a transport of httpx."""
    import httpx

    if transport is None or isinstance(transport, httpx.BaseTransport):
        return HttpxTransport(transport=transport)
    return transport


def over_httpx_asyncio(transport: "AsyncTransport | httpx.AsyncBaseTransport | None") -> AsyncTransport:
    """Return a transport as it is, or one that sends through a transport of httpx."""
    import httpx

    if transport is None or isinstance(transport, httpx.AsyncBaseTransport):
        return AsyncHttpxTransport(transport=transport)
    return transport


# --- which connection ------------------------------------------------------------------------------------------------

_THROUGH_A_PROXY: Final = "http in clear does not go through a proxy: it would see the key, and could answer itself"


def _configured(kind: type[Any], options: Mapping[str, Any]) -> Any:
    """Make a client of httpx, which knows how its options become connections; raises ValueError."""
    for name, reason in _REFUSED.items():
        if options.get(name) is not None:
            message = f"a transport takes no {name}: {reason}"
            raise ValueError(message)
    if options.get("http2"):
        message = f"a transport takes no http2: {_HTTP2}"
        raise ValueError(message)
    try:
        return kind(**options)
    except ImportError:
        message = "a SOCKS proxy needs one more package: pip install 'httpx[socks]'"
    except TypeError as error:
        message = f"a transport takes the options of httpx.Client that are about connections: {error}"
    raise ValueError(message)


def _transports(client: Any) -> list[Any]:
    return [client._transport, *client._mounts.values()]  # noqa: SLF001


def _route(client: Any, message: "httpx.Request") -> Any:
    """Choose a connection as httpx would, except that plain http goes straight; None where it cannot."""
    choices = [client._transport_for_url(message.url), client._transport]  # noqa: SLF001
    if message.url.scheme != "http":
        return choices[0]
    return next((choice for choice in choices if not hasattr(getattr(choice, "_pool", None), "_proxy_url")), None)


def _use_backend(client: Any, backend: Any) -> None:
    # httpx has no option for the network backend that its pools take (httpcore, "Network Backends").
    for transport in _transports(client):
        pool = getattr(transport, "_pool", None)
        if pool is not None and not isinstance(pool._network_backend, backend):  # noqa: SLF001
            pool._network_backend = backend()  # noqa: SLF001


def _reports(client: Any, own: type) -> bool:
    """Tell whether all that a client sends with are httpx's own transports, whose steps can be followed."""
    return all(transport is None or type(transport) is own for transport in _transports(client))


# --- what happened ---------------------------------------------------------------------------------------------------


def _httpx_request(request: SignedRequest, timeout_s: float, trace: object) -> "httpx.Request":
    import httpx

    extensions = {"timeout": httpx.Timeout(timeout_s).as_dict(), "trace": trace}
    return httpx.Request(
        request.method, request.url, headers=request.headers, content=request.body or None, extensions=extensions
    )


def _note(exchange: "Exchange", event: str, info: Mapping[str, Any]) -> None:
    if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
        exchange.requesting = True


def _unusable(response: "httpx.Response") -> str:
    """Say why a body is not looked at, "" where it is. None is unpacked: 300 bytes can hold gigabytes."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    return "" if coding in {"", "identity"} else "its body is encoded, which was not asked for"


@frozen
class _Call:
    """One request on its way, and what is known of it."""

    request: SignedRequest
    exchange: "Exchange"
    reports: bool

    def answer(self, response: "httpx.Response", body: bytes, unreadable: str = "") -> Reply:
        """Return what came, if it is an answer to this request."""
        if self.reports and not self.exchange.believable:
            return NoAnswer(self.exchange.sent, "the answer began before its request had left whole")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, body, unreadable, self.request.redact)

    def failed(self, response: "httpx.Response | None", error: Exception) -> Reply:
        """Return what an exception leaves: the head of an answer, or none."""
        reason = one_line(self.request.redact(" ".join(filter(None, (type(error).__name__, str(error).strip())))))
        if response is not None:
            return self.answer(response, b"", f"its body did not arrive ({reason})")
        return NoAnswer(self.exchange.sent or not (self.reports or _before_sending(error)), reason)

    def interrupted(self, interruption: BaseException) -> BaseException:
        """Let an interruption pass, without the frames whose variables hold the signed request."""
        if self.request.method == "POST" and (self.exchange.sent or not self.reports):
            interruption.add_note(UNKNOWN_NOTE)
        interruption.__context__ = None
        return interruption.with_traceback(None)


def _before_sending(error: Exception) -> bool:
    """Tell whether an exception is one by which httpx says that there was no connection."""
    import httpx

    return isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol))


def _collected(response: "httpx.Response", exchange: "Exchange") -> bytes:
    """Read the bytes of a body as they came."""
    body = bytearray()
    chunks: Iterable[bytes] = response.stream  # type: ignore[assignment]  # of a synchronous transport
    for chunk in chunks:
        _add(body, chunk)
        if exchange.over:
            message = "the answer did not end in time"
            raise TimeoutError(message)
    return bytes(body)


async def _collected_asyncio(response: "httpx.Response") -> bytes:
    body = bytearray()
    chunks: AsyncIterable[bytes] = response.stream  # type: ignore[assignment]  # of an asynchronous transport
    async for chunk in chunks:
        _add(body, chunk)
    return bytes(body)


def _add(body: bytearray, chunk: bytes) -> None:
    body += chunk
    if len(body) > BODY_LIMIT:
        message = "the answer is too long to be one"
        raise ValueError(message)


class _Quiet(logging.Filter):
    """Drops what a library logs while it sends for us; what others send with it is not touched."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not _sending.get()


_QUIET: Final = _Quiet()


def _hide_requests_from_logs() -> None:
    for name in _REVEALING:
        logging.getLogger(name).addFilter(_QUIET)  # adding the same one again does nothing

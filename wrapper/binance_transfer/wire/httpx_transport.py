"""
httpx as a transport: the default.

One rule: httpx's transports are used as they are, below httpx.Client: no redirect is followed, no cookie kept, nothing
sent again, and what hooks into a client sees no signed request.

httpx's own transports report each step. A transport of the user's own may not: there only the exceptions by which
httpx says that it could not connect prove that nothing was sent.
"""

import asyncio
import logging
from collections.abc import AsyncIterable, Iterable, Mapping
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Final

import httpx

from binance_transfer.sealed import Sealed, without_traceback
from binance_transfer.visible import one_line
from binance_transfer.wire.answer import NoAnswer, Reply
from binance_transfer.wire.httpx_backend import AsyncioBackend, DeadlineBackend, adopt, renewed, retire
from binance_transfer.wire.round_trip import RoundTrip, current
from binance_transfer.wire.signing import SignedRequest
from binance_transfer.wire.transport import Call, Head, add

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

_COULD_NOT_CONNECT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# What httpx.Client takes that would not reach the exchange as it was signed, or not at all.
_REFUSED: Final = {
    "auth": "requests are signed by Credentials",
    "base_url": "give base_url to the client",
    "cookies": "no cookie is sent or kept",
    "default_encoding": "answers are read as bytes",
    "event_hooks": "a hook would see signed requests",
    "follow_redirects": "no redirect is followed",
    "headers": "the headers are those of the exchange",
    "http1": "answers are matched to requests over HTTP/1.1",
    "http2": "one connection carries one request at a time, so that no answer is taken for another's",
    "max_redirects": "no redirect is followed",
    "params": "a parameter that is not signed is refused by the exchange",
    "timeout": "give timeout_s to the client",
}
_OFF: Final = frozenset({"follow_redirects", "http2"})  # False says of them what is so
_TAKEN: Final = frozenset({"verify", "cert", "trust_env", "proxy", "mounts", "limits", "transport"})


class HttpxTransport:
    """
    httpx's connections as a transport, with one pool. Threads may share it.

    options: those of httpx.Client that are about connections: ``verify``, ``cert``, ``trust_env``, ``proxy``,
        ``mounts``, ``limits``, ``transport``. Proxies and certificates are also taken from the environment as httpx
        does. A plain-http address (this machine) never goes through a proxy.

    Raises ValueError for options that would not do what they seem to.
    """

    def __init__(self, **options: Any) -> None:
        given = Sealed(options)
        del options  # a traceback may show the password of a proxy
        _hide_requests_from_logs()
        self._client: Final = _configured(httpx.Client, httpx.BaseTransport, given)
        self._reports: Final = _reports(self._client, httpx.HTTPTransport)
        _use_backend(self._client, DeadlineBackend)

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds all of it."""
        round_trip = RoundTrip.within(timeout_s, request.answer_s)
        call = Call(request, round_trip, self._reports)

        def trace(event: str, info: Mapping[str, Any]) -> None:
            _note(round_trip, event, info)

        quiet, here = _sending.set(True), current.set(round_trip)
        response: httpx.Response | None = None
        head: Head | None = None
        try:
            try:
                if (transport := _route(self._client, request)) is None:
                    return NoAnswer(sent=False, reason=_THROUGH_A_PROXY)
                # The request has no name here: this frame can be seen, and a request of httpx shows its URL.
                response = came = transport.handle_request(_httpx_request(request, timeout_s, trace))
                head = _head(came)
                return call.answer(head, b"" if head.unusable else _collected(came, round_trip), head.unusable)
            finally:
                round_trip.end()
                if response is not None:
                    response.close()
                elif round_trip.opened is not None:
                    round_trip.opened.close()
        except BaseException as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            if interruption := call.interruption_of(error):
                _renew_pools(self._client)
                raise interruption from None
            return call.failed(head, error, could_not_connect=isinstance(error, _COULD_NOT_CONNECT))
        finally:
            _sending.reset(quiet)
            current.reset(here)

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
        given = Sealed(options)
        del options
        for late in ("anyio._backends._asyncio", "anyio.streams.tls"):  # what httpcore loads with a first call
            import_module(late)
        _hide_requests_from_logs()
        self._client: Final = _configured(httpx.AsyncClient, httpx.AsyncBaseTransport, given)
        self._reports: Final = _reports(self._client, httpx.AsyncHTTPTransport)
        _use_backend(self._client, AsyncioBackend)

    async def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds all of it."""
        round_trip = RoundTrip.within(timeout_s, request.answer_s)
        call = Call(request, round_trip, self._reports)

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            _note(round_trip, event, info)

        quiet, here = _sending.set(True), current.set(round_trip)
        response: httpx.Response | None = None
        head: Head | None = None
        try:
            try:
                if (transport := _route(self._client, request)) is None:
                    return NoAnswer(sent=False, reason=_THROUGH_A_PROXY)
                async with asyncio.timeout(timeout_s):
                    response = came = await transport.handle_async_request(_httpx_request(request, timeout_s, trace))
                    head = _head(came)
                    return call.answer(head, b"" if head.unusable else await _collected_asyncio(came), head.unusable)
            finally:
                round_trip.end()
                if response is not None:
                    await response.aclose()
                elif round_trip.opened is not None:
                    await round_trip.opened.aclose()
        except Exception as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            return call.failed(head, error, could_not_connect=isinstance(error, _COULD_NOT_CONNECT))
        except BaseException as interruption:  # noqa: BLE001
            raise call.interrupted(interruption) from None
        finally:
            _sending.reset(quiet)
            current.reset(here)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def __repr__(self) -> str:
        return "<AsyncHttpxTransport>"


# --- which connection ------------------------------------------------------------------------------------------------

_THROUGH_A_PROXY: Final = "http in clear does not go through a proxy: it would see the key, and could answer itself"


def _configured(kind: type[Any], sends: type[Any], given: Sealed[dict[str, Any]]) -> Any:
    """
    Make a client of httpx, which knows how its options become connections; raises ValueError.

    sends: what its transports have to be.
    """
    for name in given.open():
        if name in _REFUSED and not (given.open()[name] is None or (name in _OFF and given.open()[name] is False)):
            message = f"a transport takes no {name}: {_REFUSED[name]}"
            raise ValueError(message)
        if name not in _TAKEN and name not in _REFUSED:
            message = f"a transport takes {', '.join(sorted(_TAKEN))}, and no {one_line(name)}"
            raise ValueError(message)
    # Raised out here: the frames of httpx hold the password of a proxy.
    client, refused = _made(kind, given)
    if refused:
        raise ValueError(refused)
    if any(transport is not None and not isinstance(transport, sends) for transport in _transports(client)):
        message = f"what it sends with must be a httpx.{sends.__name__}, made and not the class"
        raise ValueError(message)
    return client


def _made(kind: type[Any], given: Sealed[dict[str, Any]]) -> tuple[Any, str]:
    """Return a client of httpx, or None and why there is none."""
    try:
        return kind(**{name: value for name, value in given.open().items() if name in _TAKEN}), ""
    except ImportError:
        return None, "a SOCKS proxy needs one more package: pip install 'httpx[socks]'"
    except OSError as error:
        return None, f"the certificates cannot be read ({one_line(str(error))}): see verify, cert and SSL_CERT_FILE"
    except Exception as error:  # noqa: BLE001  # whatever httpx makes of what it is given or finds
        return None, (
            f"httpx cannot connect as it is told to ({type(error).__name__}): see proxy, mounts, limits, verify, and "
            "HTTPS_PROXY, ALL_PROXY and NO_PROXY in the environment"
        )
    except BaseException as interruption:  # noqa: BLE001
        raise without_traceback(interruption) from None


def _transports(client: Any) -> list[Any]:
    return [client._transport, *client._mounts.values()]  # noqa: SLF001


def _route(client: Any, request: SignedRequest) -> Any:
    """Choose a connection as httpx would, except that plain http goes straight; None where it cannot."""
    url = httpx.URL(request.url)
    choices = [client._transport_for_url(url), client._transport]  # noqa: SLF001
    if url.scheme != "http":
        return choices[0]
    return next((choice for choice in choices if not hasattr(getattr(choice, "_pool", None), "_proxy_url")), None)


def _use_backend(client: Any, backend: Any) -> None:
    for transport in _transports(client):
        if (pool := getattr(transport, "_pool", None)) is not None:
            adopt(pool, backend)


def _renew_pools(client: Any) -> None:
    own: list[Any] = [transport for transport in _transports(client) if isinstance(transport, httpx.HTTPTransport)]
    for transport in own:
        pool = transport._pool  # noqa: SLF001
        transport._pool = renewed(pool)  # noqa: SLF001
        retire(pool)


def _reports(client: Any, own: type) -> bool:
    """Tell whether all that a client sends with are httpx's own transports, whose steps can be followed."""
    return all(transport is None or type(transport) is own for transport in _transports(client))


# --- what happened ---------------------------------------------------------------------------------------------------


def _httpx_request(request: SignedRequest, timeout_s: float, trace: object) -> httpx.Request:
    begin_s = max(timeout_s - request.answer_s, 0.0)
    extensions = {"timeout": httpx.Timeout(timeout_s, connect=begin_s, pool=begin_s).as_dict(), "trace": trace}
    return httpx.Request(
        request.method, request.url, headers=request.headers, content=request.body or None, extensions=extensions
    )


def _note(round_trip: RoundTrip, event: str, info: Mapping[str, Any]) -> None:
    if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
        round_trip.requesting = True


def _head(response: httpx.Response) -> Head:
    return Head(response.status_code, {name.lower(): value for name, value in response.headers.items()})


def _collected(response: httpx.Response, round_trip: RoundTrip) -> bytes:
    """Read the bytes of a body as they came."""
    body = bytearray()
    chunks: Iterable[bytes] = response.stream  # type: ignore[assignment]  # of a synchronous transport
    for chunk in chunks:
        add(body, chunk)
        if round_trip.over:
            message = "the answer did not end in time"
            raise TimeoutError(message)
    return bytes(body)


async def _collected_asyncio(response: httpx.Response) -> bytes:
    body = bytearray()
    chunks: AsyncIterable[bytes] = response.stream  # type: ignore[assignment]  # of an asynchronous transport
    async for chunk in chunks:
        add(body, chunk)
    return bytes(body)


class _Quiet(logging.Filter):
    """Drops what a library logs while it sends for us; what others send with it is not touched."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not _sending.get()


_QUIET: Final = _Quiet()


def _hide_requests_from_logs() -> None:
    for name in _REVEALING:
        logging.getLogger(name).addFilter(_QUIET)  # adding the same one again does nothing

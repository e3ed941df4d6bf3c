"""
The wire: one request out, one answer or none back, over httpx.

One rule: whatever happens becomes an Answer or a NoAnswer, and a NoAnswer says "not sent" only where no byte of the
request can have left. httpx is used as it is, except that redirects are never followed, that the whole exchange has
one deadline, and that nothing it logs or raises shows a signed request.

What proves that nothing was sent:

    no byte of the request was handed to the connection   name not resolved, refused, TLS, no free connection, deadline
    the proxy refused to connect                          it never saw the request, only the wish to connect
    httpx itself refused the URL or the settings          no connection was opened

httpx's own transports report each of these steps. A transport of the user's own may not: there only the exceptions by
which httpx says that it could not connect prove anything.

Anything else may have reached the exchange. tests/wrapper/test_transport.py holds a case for each.
"""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterable, Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import define

from binance_transfer.answer import Answer, NoAnswer, Reply
from binance_transfer.signing import SignedRequest

if TYPE_CHECKING:
    import httpcore
    import httpx

UNKNOWN_NOTE: Final = (
    "interrupted while a transfer was being sent: whether it was made is unknown, reconcile the attempt"
)

_BODY_LIMIT: Final = 16 * 1024 * 1024  # a full page of history has some 20 kB
_TOO_LONG: Final = "the answer is too long to be one"

# Loggers that write whole URLs or headers, and with them signatures.
_TALKATIVE: Final = (
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
_deadline_s: Final[ContextVar[float | None]] = ContextVar("_deadline_s", default=None)


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
    httpx.Client as a transport, with one pool of connections. Threads may share it.

    options: those of httpx.Client, e.g. ``proxy="http://…"``, ``verify=ssl_context``, ``limits=…``. Proxies and
    certificates are also taken from the environment as httpx does.
    """

    def __init__(self, **options: Any) -> None:
        import httpx

        _quieten()
        self._client: Final = httpx.Client(**options)
        self._reports: Final = _reports(self._client, httpx.HTTPTransport)
        _bound_by_deadline(self._client)

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds everything but the look-up of the name."""
        progress = _Progress(self._reports)

        def trace(event: str, info: Mapping[str, Any]) -> None:
            progress.note(event, info)

        deadline_s = time.monotonic() + timeout_s
        quiet, bounded = _sending.set(True), _deadline_s.set(deadline_s)
        response: httpx.Response | None = None
        try:
            response = self._client.send(
                _httpx_request(request, timeout_s, trace), auth=None, follow_redirects=False, stream=True
            )
            return _answer(request, response, _collected(response.iter_bytes(), deadline_s))
        except Exception as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            reply = progress.no_answer(request, error)
        except BaseException as interruption:  # noqa: BLE001
            raise _interrupted(interruption, progress, request) from None
        finally:
            if response is not None:
                response.close()
            elif progress.opened is not None:
                progress.opened.close()
            _sending.reset(quiet)
            _deadline_s.reset(bounded)
        return reply

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


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


class AsyncHttpxTransport:
    """
    httpx.AsyncClient as a transport, with one pool of connections, for one event loop.

    options: those of httpx.AsyncClient.
    """

    def __init__(self, **options: Any) -> None:
        import httpx

        _quieten()
        self._client: Final = httpx.AsyncClient(**options)
        self._reports: Final = _reports(self._client, httpx.AsyncHTTPTransport)

    async def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds everything."""
        progress = _Progress(self._reports)

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            progress.note(event, info)

        quiet = _sending.set(True)
        response: httpx.Response | None = None
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._client.send(
                    _httpx_request(request, timeout_s, trace), auth=None, follow_redirects=False, stream=True
                )
                return _answer(request, response, await _collected_asyncio(response.aiter_bytes()))
        except Exception as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            reply = progress.no_answer(request, error)
        except BaseException as interruption:  # noqa: BLE001
            raise _interrupted(interruption, progress, request) from None
        finally:
            if response is not None:
                await response.aclose()
            elif progress.opened is not None:
                await progress.opened.aclose()
            _sending.reset(quiet)
        return reply

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


@define
class _Progress:
    """
    Whether bytes of the request itself, not of a proxy's CONNECT, have been handed to a connection.

    reports: the transport tells of each step, so that silence means that nothing was sent.
    opened: the connection made for this call, if one was. httpcore forgets it where TLS is interrupted.
    """

    reports: bool
    sent: bool = False
    opened: Any = None

    def note(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.complete"):
            self.opened = info["return_value"]
        if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self.sent = True

    def no_answer(self, request: SignedRequest, error: Exception) -> NoAnswer:
        text = " ".join(filter(None, (type(error).__name__, str(error).strip())))
        return NoAnswer(self.sent or not (self.reports or _before_sending(error)), request.concealed(text))


def _reports(client: "httpx.Client | httpx.AsyncClient", own: type) -> bool:
    """Tell whether all that a client sends with are httpx's own transports, whose steps can be followed."""
    transports: list[object] = [vars(client)["_transport"], *vars(client)["_mounts"].values()]
    return all(transport is None or type(transport) is own for transport in transports)


def _before_sending(error: Exception) -> bool:
    """Tell whether an exception is one by which httpx says that there was no connection."""
    import httpx

    return isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol))


def _interrupted(interruption: BaseException, progress: _Progress, request: SignedRequest) -> BaseException:
    """Let an interruption pass, without the frames whose variables hold the signed request."""
    if request.method == "POST" and (progress.sent or not progress.reports):
        interruption.add_note(UNKNOWN_NOTE)
    interruption.__context__ = None
    return interruption.with_traceback(None)


def _httpx_request(request: SignedRequest, timeout_s: float, trace: object) -> "httpx.Request":
    import httpx

    extensions = {"timeout": httpx.Timeout(timeout_s).as_dict(), "trace": trace}
    return httpx.Request(
        request.method, request.url, headers=request.headers, content=request.body or None, extensions=extensions
    )


def _answer(request: SignedRequest, response: "httpx.Response", body: bytes) -> Answer:
    # Header fields become numbers and nothing else, so only the body can bring a signature back.
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, request.concealed_body(body))


def _collected(chunks: Iterable[bytes], deadline_s: float) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise ValueError(_TOO_LONG)
        if time.monotonic() > deadline_s:
            message = "the answer did not end in time"
            raise TimeoutError(message)
    return bytes(body)


async def _collected_asyncio(chunks: AsyncIterable[bytes]) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise ValueError(_TOO_LONG)
    return bytes(body)


class _Quiet(logging.Filter):
    """Drops what a library logs while it sends for us; what others send with it is not touched."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not _sending.get()


_QUIET: Final = _Quiet()


def _quieten() -> None:
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_QUIET)  # adding the same one again does nothing


def _left_s(timeout_s: float | None) -> float | None:
    """Shorten the time for one step to what is left for the whole exchange."""
    deadline_s = _deadline_s.get()
    if deadline_s is None:
        return timeout_s
    left_s = max(deadline_s - time.monotonic(), 0.001)  # 0 would mean "do not block", not "time is up"
    return left_s if timeout_s is None else min(timeout_s, left_s)


def _bound_by_deadline(client: Any) -> None:
    # httpx offers no way to hand over a network backend, though its pools take one (httpcore, "Network Backends").
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if pool := getattr(transport, "_pool", None):
            pool._network_backend = _deadline_backend(pool._network_backend)  # noqa: SLF001


def _addresses(host: str, port: int) -> list[str]:
    """Look up a name: its addresses in the order of the system's preference."""
    import httpcore

    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from None
    return [str(address[0]) for *_, address in found]


def _deadline_backend(backend: "httpcore.NetworkBackend") -> "httpcore.NetworkBackend":
    """
    Bound every step on the network by the deadline of the exchange.

    httpx bounds each read by itself: a server that sends a byte now and then would keep a caller for ever.
    """
    import httpcore

    class Stream(httpcore.NetworkStream):
        def __init__(self, stream: httpcore.NetworkStream) -> None:
            self._stream: Final = stream

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            if (deadline_s := _deadline_s.get()) is not None and time.monotonic() > deadline_s:
                message = "the answer did not end in time"
                raise httpcore.ReadTimeout(message)
            return self._stream.read(max_bytes, _left_s(timeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._stream.write(buffer, _left_s(timeout))

        def close(self) -> None:
            self._stream.close()

        def start_tls(
            self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.NetworkStream:
            return Stream(self._stream.start_tls(ssl_context, server_hostname, _left_s(timeout)))

        def get_extra_info(self, info: str) -> Any:
            return self._stream.get_extra_info(info)

    class Backend(httpcore.NetworkBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore.NetworkStream:
            # Address by address: of a name that has several, each one would get all of the time.
            failure: Exception = httpcore.ConnectError(f"{host} has no address")
            for address in _addresses(host, port):
                try:
                    return Stream(backend.connect_tcp(address, port, _left_s(timeout), local_address, socket_options))
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failure = error
            raise failure

        def connect_unix_socket(
            self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
        ) -> httpcore.NetworkStream:
            return Stream(backend.connect_unix_socket(path, _left_s(timeout), socket_options))

        def sleep(self, seconds: float) -> None:
            backend.sleep(seconds)

    return Backend()

"""
httptools as a transport: the extra `fast`.

One rule: the connections are those of `connection` and `connection_asyncio`, whose every byte can be looked at, and
httptools, a binding of the parser of Node.js, only says what the bytes of an answer mean. So all that is proven is
proven where it is proven for httpx. Connections are direct: where a proxy is needed, use HttpxTransport.
"""

import os
import ssl
import threading
import time
from collections import defaultdict, deque
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

try:
    import httptools
except ImportError:
    raise ImportError("this needs one more package: pip install 'binance-universal-transfer[fast]'") from None

from binance_transfer.visible import one_line, quoted
from binance_transfer.wire import connection
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.connection import Connection
from binance_transfer.wire.round_trip import TOO_LONG, RoundTrip, TrackedConnection
from binance_transfer.wire.signing import SignedRequest
from binance_transfer.wire.transport import Call, Head, add

AnyConnection = TypeVar("AnyConnection", bound=TrackedConnection)

_IDLE_S: Final = 5.0  # as httpx: servers close what is idle for long, and a request on its way then is lost
_HEAD_LIMIT: Final = 100 * 1024  # as httpcore
_OLDEST: Final = (0, 6, 4)  # before it, the parser let pass what RFC 9112 refuses
_MOST_PLACES: Final = 2**16  # an address has no more ports
_PORTS: Final = {"https": 443, "http": 80}
_FIRST_FINAL: Final = 200  # RFC 9110, section 15: statuses below it announce another one

if tuple(int(part) for part in httptools.__version__.split(".")[:3]) < _OLDEST:
    _message = "httptools is too old: pip install 'binance-universal-transfer[fast]'"
    raise ImportError(_message)


class FastTransport:
    """
    Sockets with httptools as the parser. Threads may share it.

    verify: which certificates are trusted; without it those that httpx trusts: SSL_CERT_FILE or SSL_CERT_DIR if they
        are set, else certifi's.
    max_connections: how many calls may be under way; the next one waits, within its deadline.

    It uses no proxy, whatever the environment says. Raises ValueError for settings that cannot be.
    """

    def __init__(self, *, verify: ssl.SSLContext | None = None, max_connections: int = 100) -> None:
        self._tls: Final = context_of(verify)
        # Unlike a semaphore, of which an interruption may leave the lock held, it takes and gives in one step.
        self._places: Final[SimpleQueue[None]] = SimpleQueue()
        for _ in range(min(checked_places(max_connections), _MOST_PLACES)):
            self._places.put(None)
        self._idle: Final = Idle[Connection]()

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        """Send once; ``timeout_s`` bounds all of it."""
        round_trip = RoundTrip.within(timeout_s, request.answer_s, requesting=True)
        call, answer = Call(request, round_trip), Arriving(round_trip)
        made: Connection | None = None
        has_place = False
        try:
            origin = origin_of(request)
            try:
                self._places.get(timeout=round_trip.left_s())
            except Empty:
                message = "no connection became free in time"
                raise TimeoutError(message) from None
            has_place = True
            made = self._idle.take(origin) or self._connected(origin, round_trip)
            made.write(encoded(request, origin), round_trip)
            while (head := answer.feed(made.read(round_trip))) is None:
                pass
            return call.answer(head, bytes(answer.body), answer.unusable)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the question is only whether something was sent
            if interruption := call.interruption_of(error):
                raise interruption from None
            return call.failed(answer.head, error)
        finally:
            try:
                keeps = answer.end()
                if made is not None:
                    self._idle.give_back(made, keeps)
            finally:
                if has_place:
                    self._places.put(None)

    def close(self) -> None:
        """Close all connections."""
        self._idle.close()

    def __repr__(self) -> str:
        return "<FastTransport>"

    def _connected(self, origin: str, round_trip: RoundTrip) -> Connection:
        host, port, over_tls = address_of(origin)
        made = connection.connect(host, port, self._tls if over_tls else None, round_trip)
        made.origin = origin
        return made


def context_of(verify: object) -> ssl.SSLContext:
    """Return what TLS is agreed on with; raises ValueError for what is no context: nothing turns verification off."""
    context = _usual_trust() if verify is None else verify
    if not isinstance(context, ssl.SSLContext):
        message = f"verify must be an ssl.SSLContext, not {quoted(verify)}"
        raise ValueError(message)  # noqa: TRY004  # every refusal at construction is a ValueError
    context.set_alpn_protocols(["http/1.1"])
    return context


def checked_places(max_connections: object) -> int:
    """Return how many calls may be under way; raises ValueError."""
    if not isinstance(max_connections, int) or isinstance(max_connections, bool) or max_connections < 1:
        message = f"max_connections must be an int of 1 or more, not {quoted(max_connections)}"
        raise ValueError(message)
    return max_connections


def _usual_trust() -> ssl.SSLContext:
    """Return what httpx trusts (httpx, "SSL"); raises ValueError where that cannot be read."""
    try:
        if file := os.environ.get("SSL_CERT_FILE"):
            return ssl.create_default_context(cafile=file)
        if folder := os.environ.get("SSL_CERT_DIR"):
            return ssl.create_default_context(capath=folder)
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    except OSError as error:
        message = f"the certificates cannot be read ({one_line(str(error))}): see verify and SSL_CERT_FILE"
    raise ValueError(message)


# --- the request -----------------------------------------------------------------------------------------------------


def origin_of(request: SignedRequest) -> str:
    """Return scheme, host and port of a URL as they stand there; raises ValueError if it is not one of http."""
    parts = urlsplit(request.url)
    if parts.scheme not in _PORTS or not parts.netloc or not request.url.isascii() or not request.url.isprintable():
        message = "the URL is not one of http or https, or not encoded"
        raise ValueError(message)
    return f"{parts.scheme}://{parts.netloc}"


def address_of(origin: str) -> tuple[str, int, bool]:
    """Return host, port, and whether TLS is spoken there."""
    parts = urlsplit(origin)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "https"


def encoded(request: SignedRequest, origin: str) -> bytes:
    """Return the bytes of a request; raises ValueError if one of its parts could be taken for another."""
    target = request.url[len(origin) :]
    headers = {"Host": origin.partition("://")[2], **request.headers}
    if request.body:
        headers["Content-Length"] = str(len(request.body))
    lines = [f"{request.method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()]]
    text = "".join(lines)
    if not (text.isascii() and text.isprintable() and target.startswith("/")) or " " in target:
        message = "the URL or a header holds a character that cannot stand there"
        raise ValueError(message)
    return "\r\n".join([*lines, "\r\n"]).encode("ascii") + request.body


# --- the answer ------------------------------------------------------------------------------------------------------


class Arriving:
    """
    An answer as it arrives. Methods called ``on_…`` are those that httptools calls.

    unusable: why the body is not looked at, "" where it is.
    keeps_connection: what the answer says of that; what is left over on it is another question.
    """

    def __init__(self, round_trip: RoundTrip) -> None:
        self.head: Head | None = None
        self.body: Final = bytearray()
        self.unusable = ""
        self.keeps_connection = False
        self._round_trip: Final = round_trip
        self._headers: dict[str, str] = {}
        self._complete = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> Head | None:
        """Take what arrived, nothing where the connection has ended; return the head once the answer is complete."""
        try:
            if data:
                self._parser.feed_data(data)
            else:
                self._end()
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None  # too long a body, or an interruption
        except httptools.HttpParserError:
            if not self._complete:  # else it is about what came behind the answer
                raise
        if self.head is None and len(self._round_trip.received) > _HEAD_LIMIT:
            raise ValueError(TOO_LONG)
        return self.head if self._complete else None

    def end(self) -> bool:
        """Tell whether the connection may carry another request. The answer takes nothing more."""
        del self._parser  # it refers to this object, and would live until garbage is collected
        self._round_trip.end()
        return self.keeps_connection

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: D102
        if self.head is None:  # else it is a trailer, or of what came behind the answer
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:  # noqa: D102
        if self.head is not None:
            return
        status, headers = self._parser.get_status_code(), self._headers
        if status < _FIRST_FINAL:
            self._headers = {}
            return
        self.head = Head(status, headers)
        self.unusable = self.head.unusable
        if headers.get("transfer-encoding", "chunked").lower() != "chunked":
            self.unusable = "its body is encoded for the transfer, which was not asked for"
        if self._parser.get_http_version() not in {"1.0", "1.1"}:
            self.unusable = "it is not of HTTP/1"
        self._complete = bool(self.unusable)

    def on_body(self, data: bytes) -> None:  # noqa: D102
        if not self._complete:
            add(self.body, data)

    def on_message_complete(self) -> None:  # noqa: D102
        if self.head is not None and not self._complete:
            self._complete, self.keeps_connection = True, self._parser.should_keep_alive()

    def _end(self) -> None:
        # Without a length the end of the connection is the end of the body: RFC 9112, section 6.3.
        if self.head is None or not {"content-length", "transfer-encoding"}.isdisjoint(self.head.headers):
            message = "the connection ended before the answer did"
            raise ConnectionError(message)
        self._complete = True


# --- connections that wait -------------------------------------------------------------------------------------------


class Idle(Generic[AnyConnection]):
    """Connections that wait for their next request."""

    def __init__(self) -> None:
        self._waiting: Final[dict[str, deque[tuple[float, AnyConnection]]]] = defaultdict(deque)
        self._lock: Final = threading.Lock()
        self._closed = False

    def take(self, origin: str) -> AnyConnection | None:
        """Return the one that was used last, unless something has arrived on it; None where there is none."""
        with self._lock:
            waiting = self._waiting[origin]
            while waiting:
                since_s, made = waiting.pop()
                if time.monotonic() - since_s <= _IDLE_S and not made.readable():
                    return made
                made.close()
        return None

    def give_back(self, made: AnyConnection, keeps: bool) -> None:  # noqa: FBT001
        """Keep a connection if its answer leaves it in order, and close those that have waited for long."""
        with self._lock:
            if made.unfit or self._closed or not keeps:
                made.close()
                return
            now_s = time.monotonic()
            waiting = self._waiting[made.origin]
            waiting.append((now_s, made))
            while now_s - waiting[0][0] > _IDLE_S:
                waiting.popleft()[1].close()

    def close(self) -> None:
        """Close all that wait, and from now on all that come back."""
        with self._lock:
            self._closed = True
            for waiting in self._waiting.values():
                while waiting:
                    waiting.pop()[1].close()

"""
A server on this machine that records raw bytes and does to a connection exactly what it is told.

One rule: it knows nothing of the exchange. What it answers is bytes; what it saw are bytes.
"""

import contextlib
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from attrs import field, frozen

Headers = Iterable[tuple[str, str]]

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
TIME_TARGET = "/api/v3/time"


@frozen
class Seen:
    """One request, byte for byte. ``connection`` counts from 1."""

    head: bytes
    body: bytes
    connection: int

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines) if name]

    @property
    def asks_for_the_time(self) -> bool:
        return self.target.endswith(TIME_TARGET)

    def header(self, name: str) -> str:
        """The one value of a header; fails where there are none or several."""
        (value,) = [value for found, value in self.headers if found == name.lower()]
        return value

    @property
    def names(self) -> list[str]:
        """The names of the parameters, in the order of the wire."""
        text = self.body.decode("latin-1") or self.target.partition("?")[2]
        return [part.partition("=")[0] for part in text.split("&") if part]

    def signed_part(self) -> tuple[bytes, bytes]:
        """The bytes that were signed, and the signature as it stood behind them."""
        text = self.body or self.target.encode("latin-1").partition(b"?")[2]
        payload, _, signature = text.rpartition(b"&signature=")
        return payload, signature


@frozen
class Connection:
    """What a step acts on."""

    sock: socket.socket
    request: Seen
    ended: threading.Event = field(factory=threading.Event)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def end(self) -> None:
        """Close with a FIN after the step."""
        self.ended.set()


Step = Callable[[Connection], None]


def response(
    status: int, body: bytes | str | object = b"", headers: Headers = (), *, reason: str = "Reason", length: int = -1
) -> bytes:
    """The bytes of an answer; a body that is neither bytes nor str becomes JSON."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if not any(name.lower() in {"transfer-encoding", "content-length"} for name, _ in headers):
        lines.append(f"Content-Length: {len(content) if length < 0 else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def answer(
    status: int, body: bytes | str | object = b"", headers: Headers = (), *, reason: str = "Reason", length: int = -1
) -> Step:
    """Answer and keep the connection."""
    return lambda connection: connection.send(response(status, body, headers, reason=reason, length=length))


def raw(data: bytes) -> Step:
    """Send bytes, then a FIN."""

    def step(connection: Connection) -> None:
        connection.send(data)
        connection.end()

    return step


def close(connection: Connection) -> None:
    """End the connection with a FIN, without a word."""
    connection.end()


def reset(connection: Connection) -> None:
    """End the connection with a RST."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.end()


def hang(connection: Connection) -> None:
    """Say nothing until the client leaves."""
    with contextlib.suppress(OSError):
        while connection.sock.recv(65536):
            pass
    connection.end()


def trickle(start: bytes, drop: bytes, every_s: float) -> Step:
    """Send a beginning, and then a few bytes again and again until the client leaves."""

    def step(connection: Connection) -> None:
        connection.end()
        connection.send(start)
        while True:
            time.sleep(every_s)
            connection.send(drop)

    return step


def tunnel(connection: Connection) -> None:
    """Do what a proxy does for CONNECT: open a connection, say so, and pass bytes both ways until one side leaves."""
    host, _, port = connection.request.target.rpartition(":")
    connection.end()
    with socket.create_connection((host, int(port))) as far:
        connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        other = {connection.sock: far, far: connection.sock}
        while True:
            held = [side for side in other if isinstance(side, ssl.SSLSocket) and side.pending()]
            for side in held or select.select(list(other), [], [])[0]:
                if not (data := side.recv(65536)):
                    return
                other[side].sendall(data)


def server_time(connection: Connection) -> None:
    """Answer as the exchange's clock does."""
    connection.send(response(200, {"serverTime": time.time_ns() // 1_000_000}))


@contextlib.contextmanager
def full_listener() -> Iterator[str]:
    """The URL of a port that accepts no further connection and refuses none: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        for _ in range(4):
            filler = waiting.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """The URL of a port that is taken and at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


RECEIPT = answer(200, {"tranId": 13526853623})


class Loopback:
    """
    A listener in a thread. Requests for the clock get the time; the others meet ``steps`` in turn, the last for ever.

    tls: a context to serve TLS with. on_connect: what to do with each new connection before anything is read.
    clock: what to answer to requests for the time.
    """

    def __init__(
        self,
        *steps: Step,
        tls: ssl.SSLContext | None = None,
        on_connect: Callable[[socket.socket], None] | None = None,
        clock: Step = server_time,
    ) -> None:
        self._steps = list(steps) or [RECEIPT]
        self._tls = tls
        self._on_connect = on_connect
        self._clock = clock
        self._lock = threading.Lock()
        self._live: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.seen: list[Seen] = []
        self.connections = 0
        self.over = threading.Event()
        """Set whenever a connection has been closed from this side."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        with self._lock:
            live = list(self._live)
        for sock in live:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[Seen]:
        return [request for request in self.seen if request.method == "POST"]

    @property
    def reads(self) -> list[Seen]:
        """Requests that read anything but the clock."""
        return [request for request in self.seen if request.method == "GET" and not request.asks_for_the_time]

    @property
    def clock_readings(self) -> int:
        return sum(request.asks_for_the_time for request in self.seen)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._live.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock, number), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, plain: socket.socket, number: int) -> None:
        sock = plain
        try:
            if self._on_connect is not None:
                self._on_connect(sock)
            if self._tls is not None:
                sock = self._tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._live.discard(plain)
                    self._live.add(sock)
            while (request := self._read(sock, number)) is not None:
                connection = Connection(sock, request)
                self._next(request)(connection)
                if connection.ended.is_set():
                    return
        except OSError:
            pass  # the client left, which is its right
        finally:
            with self._lock:
                self._live.discard(sock)
                self._live.discard(plain)
            sock.close()
            plain.close()
            self.over.set()

    def _next(self, request: Seen) -> Step:
        with self._lock:
            self.seen.append(request)
            if request.asks_for_the_time:
                return self._clock
            return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]

    @staticmethod
    def _read(sock: socket.socket, number: int) -> Seen | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = sock.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        request = Seen(head, b"", number)
        length = int(dict(request.headers).get("content-length", "0"))
        while len(body) < length:
            chunk = sock.recv(65536)
            if not chunk:
                return None
            body += chunk
        return Seen(head, body, number)

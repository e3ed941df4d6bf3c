"""An address belongs to somebody else: what it sends is bounded in size, time, redirects and encoding."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from generator.docs.blocks import Unreadable
from generator.docs.download import download

pytestmark = pytest.mark.thorough

Serve = Callable[[socket.socket], None]


@contextmanager
def server(serve: Serve) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request and then does with the connection what a test wants."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(5)
                    received.append(connection.recv(65_536))
                    with suppress(OSError):  # the client has left
                        serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
        finally:
            stop.set()
            thread.join()


def answer(*headers: str, body: bytes = b"", status: str = "200 OK") -> Serve:
    head = "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *headers]).encode()
    return lambda connection: connection.sendall(head + b"\r\n\r\n" + body)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def dripping(head: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    return serve


REFUSED: dict[str, tuple[Serve, str]] = {
    "endless": (endless, "more than 10000 bytes"),
    "slow-body": (dripping(b"HTTP/1.1 200 OK\r\n\r\n"), "not read within"),
    "slow-headers": (dripping(b"HTTP/1.1 200 OK\r\nX: "), "not read within"),
    "silent": (lambda _: time.sleep(1.5), "not read within"),
    "gzip": (answer("Content-Encoding: gzip", body=gzip.compress(b"x" * 100)), "content encoding 'gzip'"),
    "gzip-of-gzip": (answer("Content-Encoding: gzip, gzip"), "content encoding"),
    "redirect-to-http": (answer("Location: http://127.0.0.1:9/", status="302 Found"), "only https is followed"),
    "redirect-to-a-file": (answer("Location: file:///etc/passwd", status="302 Found"), "only https is followed"),
    "redirect-to-itself": (answer("Location: /again", status="307 Again"), "only https is followed"),
    "not-found": (answer(status="404 Not Found"), "404 Not Found"),
    "accepted": (answer(status="202 Accepted"), "202 Accepted"),
    "no-http": (lambda connection: connection.sendall(b"hello\r\n\r\n"), "cannot be fetched"),
    "hung-up": (lambda _: None, "cannot be fetched"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_server_may_not_do_is_said(name: str) -> None:
    serve, reason = REFUSED[name]
    begun = time.monotonic()
    with server(serve) as (address, _), pytest.raises(Unreadable, match=reason):
        download(address, largest_bytes=10_000, timeout_s=1.0)
    assert time.monotonic() - begun < 10


def test_nothing_compressed_is_asked_for() -> None:
    with server(answer("Content-Type: text/html", body=b"<p>")) as (address, received):
        assert download(address, largest_bytes=10_000) == (b"<p>", "text/html")
    assert b"accept-encoding: identity\r\n" in received[0].lower()


def test_a_body_may_be_as_large_as_is_allowed() -> None:
    with server(answer(body=b"x" * 10_000)) as (address, _):
        assert len(download(address, largest_bytes=10_000)[0]) == 10_000

"""
Connections for threads: sockets, and what is to be known of them before a request is written.

One rule: every step is bounded by the deadline of its call, and bytes that nobody has asked for are found before the
next request, wherever they wait.
"""

import contextlib
import importlib
import select
import socket
import ssl
import threading
from typing import Final

from binance_transfer.wire.round_trip import LATE, TOO_LONG, RoundTrip, TrackedConnection

importlib.import_module("encodings.idna")  # what looking up a name loads late: see "A first call loads no module"

_AT_ONCE: Final = 64 * 1024


class Connection(TrackedConnection):
    """A connection of a program with threads. What goes wrong is an OSError."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket: Final = sock

    def leftover(self) -> bool:
        """Tell whether anything can be read now."""
        return holds_bytes(self._socket)

    def write(self, data: bytes, round_trip: RoundTrip) -> None:
        """Send all of a request, unless something is there already; then ``round_trip`` says that nothing was sent."""
        rest = memoryview(data)
        while rest:
            if reason := self.refusal(round_trip):
                raise ConnectionError(reason)
            if round_trip.over:
                raise TimeoutError(LATE)
            self._socket.settimeout(round_trip.left_s())
            rest = rest[self._socket.send(rest) :]
        round_trip.request_complete = True

    def read(self, round_trip: RoundTrip) -> bytes:
        """Wait for bytes and return them; none where the peer has ended the connection."""
        if round_trip.over:
            raise TimeoutError(LATE)
        self._socket.settimeout(round_trip.left_s())
        data = self._socket.recv(_AT_ONCE)
        if not self.may_keep(data, round_trip):
            raise ConnectionError(TOO_LONG)
        return data

    def close(self) -> None:
        """Close it at once."""
        self._socket.close()


def connect(host: str, port: int, tls: ssl.SSLContext | None, round_trip: RoundTrip) -> Connection:
    """
    Connect, with TLS if it is given, to the first address of a name that answers; raises OSError.

    Addresses are tried one by one: of a name that has several, each one would get all of the time.
    """
    failure = OSError(f"{host} has no address")
    for address in addresses(host, port, round_trip.left_s()):
        try:
            sock = socket.create_connection((address, port), round_trip.left_s())
        except OSError as error:
            failure = error
        else:
            return Connection(_prepared(sock, host, tls, round_trip))
    raise failure


def _prepared(sock: socket.socket, host: str, tls: ssl.SSLContext | None, round_trip: RoundTrip) -> socket.socket:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is None:
            return sock
        sock.settimeout(round_trip.left_s())
        return tls.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def addresses(host: str, port: int, timeout_s: float | None) -> list[str]:
    """
    Look up a name, in a thread of its own since the system's resolver knows no deadline.

    Raises OSError, and TimeoutError where it takes too long.
    """
    found: list[str] | OSError = []

    def look_up() -> None:
        nonlocal found
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found = OSError(str(error))
        else:
            found = [str(address[0]) for *_, address in rows]

    if _is_address(host):
        return [host]
    thread = threading.Thread(target=look_up, name="look up a host", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        message = f"{host} was not found in time"
        raise TimeoutError(message)
    if isinstance(found, OSError):
        raise found from None
    return found


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return True
    return False


def holds_bytes(sock: socket.socket) -> bool:
    """Tell whether anything can be read from a socket now, its end included."""
    if isinstance(sock, ssl.SSLSocket):
        # A record of TLS itself (a session ticket) is readable too, and is nothing that an answer could be.
        return sock.pending() > 0 or (is_readable(sock) and _gives_bytes(sock))
    return is_readable(sock)


def is_readable(sock: socket.socket) -> bool:
    """Tell whether a read would return at once. A socket that is closed counts as one."""
    if (number := sock.fileno()) < 0:
        return True
    if hasattr(select, "poll"):
        waiting = select.poll()
        waiting.register(number, select.POLLIN)
        return bool(waiting.poll(0))
    return bool(select.select([number], [], [], 0)[0])  # pragma: no cover  # Windows


def _gives_bytes(sock: ssl.SSLSocket) -> bool:
    """Try to read one byte; True where there is one, or the end. The connection is then of no further use."""
    try:
        timeout_s = sock.gettimeout()
        sock.settimeout(0)
        try:
            sock.recv(1)
        finally:
            sock.settimeout(timeout_s)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
        return False
    except OSError:
        pass
    return True

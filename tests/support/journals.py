"""Journals, and a sandbox and clients that share a clock: a window is over as soon as somebody sleeps through it."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import create_engine, text

import binance_transfer as bt
from binance_transfer.wire.answer import Answer, Reply
from binance_transfer.wire.signing import SignedRequest
from binance_transfer_sandbox import Sandbox
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(clock: ManualClock) -> Iterator[Sandbox]:
    with Sandbox(now_ms=clock.now_ms, seed=5) as sandbox:
        yield sandbox


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the journal is. Nothing else in most tests depends on the kind of database."""
    return f"sqlite:///{tmp_path / 'transfers.db'}"


class OpenJournal(Protocol):
    def __call__(self, account: str = "treasury") -> bt.Journal: ...


@pytest.fixture
def open_journal(url: str) -> Iterator[OpenJournal]:
    """Open the database; a second call opens it again, as another process or a later one does."""
    opened: list[bt.Journal] = []

    def make(account: str = "treasury") -> bt.Journal:
        opened.append(bt.Journal(url, account=account))
        return opened[-1]

    yield make
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_journal: OpenJournal) -> bt.Journal:
    return open_journal()


class Database(Protocol):
    def __call__(self, *statements: str) -> None: ...


@pytest.fixture
def database(url: str) -> Database:
    """Do something to the database behind the journal's back."""

    def run(*statements: str) -> None:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    return run


class Wire:
    """A transport that counts transfers, and does something before or after one, or before a reading call."""

    def __init__(self) -> None:
        self.posts = 0
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None
        self.before_reading: Callable[[], object] = lambda: None
        self.answer: Answer | None = None
        self._httpx = bt.HttpxTransport(verify=False)

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        if request.method != "POST":
            self.before_reading()
            return self._httpx.send(request, timeout_s)
        self.posts += 1
        self.before()
        reply = self.answer or self._httpx.send(request, timeout_s)
        self.after()
        return reply

    def close(self) -> None:
        self._httpx.close()


@pytest.fixture
def wire() -> Wire:
    return Wire()


class Asyncio:
    """The async client, run to the end of each call on one loop."""

    def __init__(self, make: Callable[[], bt.AsyncTransferClient]) -> None:
        self._runner = asyncio.Runner()
        self._client = make()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **options: Any) -> Any:
            made = method(*args, **options)
            return self._runner.run(made) if inspect.iscoroutine(made) else made

        return call

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


Connect = Callable[..., bt.TransferClient]


@pytest.fixture
def connect(sandbox: Sandbox, clock: ManualClock) -> Iterator[Connect]:
    """Make a client over a journal; a second call makes another worker."""
    opened: list[bt.TransferClient] = []

    def make(journal: bt.Journal | None, **options: Any) -> bt.TransferClient:
        settings: dict[str, Any] = {"base_url": sandbox.base_url, "clock": clock, "timeout_s": 2.0} | options
        kind: Any = settings.pop("kind", bt.TransferClient)
        credentials = settings.pop("credentials", sandbox.credentials)
        # No certificates for plain http: loading them takes longer than all the rest of a test.
        if kind is bt.TransferClient:
            settings.setdefault("transport", bt.HttpxTransport(verify=False))
            opened.append(bt.TransferClient(credentials, journal=journal, **settings))
        else:
            settings.setdefault("transport", bt.AsyncHttpxTransport(verify=False))
            made: Any = Asyncio(lambda: bt.AsyncTransferClient(credentials, journal=journal, **settings))
            opened.append(made)
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture(params=[bt.TransferClient, bt.AsyncTransferClient], ids=["sync", "async"])
def client(request: pytest.FixtureRequest, connect: Connect, journal: bt.Journal) -> bt.TransferClient:
    """Each test that asks for it runs with the sync client and with the async one."""
    return connect(journal, kind=request.param)


@pytest.fixture
def worker(connect: Connect, journal: bt.Journal) -> bt.TransferClient:
    return connect(journal)

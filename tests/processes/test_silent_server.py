"""
A server of PostgreSQL that falls silent: it is suspended, or the network between loses everything and closes nothing.

Whatever a call waits for then, it ends in its time, says what it knows, and keeps no event loop waiting.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

import pytest
from sqlalchemy import event

import binance_transfer as bt
from binance_transfer.journal import database
from binance_transfer.wire.answer import Reply
from binance_transfer.wire.signing import SignedRequest
from binance_transfer_sandbox import Sandbox
from tests.processes.conftest import Line, PostgreSQL

T = TypeVar("T")

SWEEP = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")
TIMEOUT_S = 1.5
LONGEST_S = 12.0
"""A call takes TIMEOUT_S and a second at most; a loaded machine more; without a bound, for ever."""


class Server(Protocol):
    def pause(self) -> None: ...
    def wake(self) -> None: ...


class Silence:
    """A server that a journal uses, and how it falls silent."""

    def __init__(self, url: str, server: Server) -> None:
        self.url = url
        self.begin = server.pause
        self.end = server.wake


@pytest.fixture(params=["suspended", "black hole"])
def silence(request: pytest.FixtureRequest, postgresql: PostgreSQL) -> Iterator[Silence]:
    schema = postgresql.new_schema()
    if request.param == "suspended":
        silent = Silence(postgresql.url(schema), postgresql)
        yield silent
        silent.end()
        return
    line = Line(postgresql)
    yield Silence(postgresql.url(schema, port=line.port), line)
    line.close()


def in_time(run: Callable[[], T], longest_s: float = LONGEST_S) -> T:
    """Run something in a thread, so that a call without an end fails a test and does not stop it."""
    came: SimpleQueue[T | BaseException] = SimpleQueue()

    def work() -> None:
        try:
            came.put(run())
        except BaseException as error:  # noqa: BLE001  # raised below
            came.put(error)

    Thread(target=work, daemon=True).start()
    result = came.get(timeout=longest_s)
    if isinstance(result, BaseException):
        raise result
    return result


class Hooked:
    """Sends as usual, and does something once after a transfer was answered."""

    def __init__(self, answered: Callable[[], None]) -> None:
        self._httpx = bt.HttpxTransport()
        self._answered = answered

    def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        reply = self._httpx.send(request, timeout_s)
        if request.method == "POST":
            self._answered()
        return reply

    def close(self) -> None:
        self._httpx.close()


class AsyncHooked:
    """The same in an event loop."""

    def __init__(self, answered: Callable[[], None]) -> None:
        self._httpx = bt.AsyncHttpxTransport()
        self._answered = answered

    async def send(self, request: SignedRequest, timeout_s: float, /) -> Reply:
        reply = await self._httpx.send(request, timeout_s)
        if request.method == "POST":
            self._answered()
        return reply

    async def aclose(self) -> None:
        await self._httpx.aclose()


class Caller:
    """Makes keyed calls, in a thread or in an event loop that has other things to do."""

    def __init__(self, kind: str, sandbox: Sandbox, journal: bt.Journal) -> None:
        self._kind = kind
        self.journal = journal
        self._options: dict[str, Any] = {
            "credentials": sandbox.credentials,
            "base_url": sandbox.base_url,
            "journal": journal,
            "timeout_s": TIMEOUT_S,
            "recv_window_ms": 1_000,
            "settle_ms": 500,
        }
        self.call("before")  # so that account and clock are known

    def call(self, key: str, *, answered: Callable[[], None] = lambda: None, resolve_within_s: float = 0) -> bt.Receipt:
        options: dict[str, Any] = {"idempotency_key": key, "resolve_within_s": resolve_within_s}

        def run() -> bt.Receipt:
            with bt.TransferClient(**self._options, transport=Hooked(answered)) as client:
                client.server_time()
                return client.execute(SWEEP, **options)

        async def run_asyncio() -> bt.Receipt:
            async with bt.AsyncTransferClient(**self._options, transport=AsyncHooked(answered)) as client:
                await client.server_time()
                return await beside_others(client.execute(SWEEP, **options))

        return in_time(run if self._kind == "sync" else lambda: asyncio.run(run_asyncio()))


async def beside_others(call: Coroutine[Any, Any, T]) -> T:
    """Make a call while the loop does something every hundredth of a second, which has to go on all the time."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    turning = asyncio.create_task(turn())
    began_s = time.monotonic()
    try:
        return await call
    finally:
        turning.cancel()
        # Ten turns a second are a tenth of what there could be. A loop that is kept waiting makes one or two.
        assert turns > 10 * (time.monotonic() - began_s) - 1


@pytest.fixture(params=["sync", "asyncio"])
def caller(request: pytest.FixtureRequest, silence: Silence, sandbox: Sandbox) -> Iterator[Caller]:
    with bt.Journal(silence.url, account="treasury") as journal:
        yield Caller(request.param, sandbox, journal)


def moved(sandbox: Sandbox) -> int:
    return len(sandbox.ledger.executions()) - 1  # but for "before"


def test_before_the_request_nothing_is_sent(caller: Caller, silence: Silence, sandbox: Sandbox) -> None:
    """With a connection that is at hand, and where a new one has to be made."""
    silence.begin()
    for _ in range(2):
        with pytest.raises(bt.JournalFailed, match="did not answer"):
            caller.call("k")
    assert moved(sandbox) == 0
    silence.end()
    assert not caller.call("k").replayed
    assert moved(sandbox) == 1


def test_during_the_commit_nothing_is_sent(caller: Caller, silence: Silence, sandbox: Sandbox) -> None:
    """Nobody knows then whether the intent is recorded. If it is, the key is reconciled, and goes on."""
    once = [silence.begin]

    def fall_silent(connection: Any) -> None:
        if once and not connection.get_execution_options().get("reading"):
            once.pop()()

    event.listen(caller.journal._database._engine, "commit", fall_silent)  # type: ignore[attr-defined]
    with pytest.raises(bt.JournalFailed, match="did not answer"):
        caller.call("k")
    assert moved(sandbox) == 0
    silence.end()
    for _ in range(3):
        try:
            caller.call("k", resolve_within_s=8)
        except bt.ProvenAbsent:
            continue
        break
    assert moved(sandbox) == 1


def test_after_the_answer_its_receipt_is_returned(caller: Caller, silence: Silence, sandbox: Sandbox) -> None:
    receipt = caller.call("k", answered=silence.begin)
    assert not receipt.recorded
    silence.end()
    again = caller.call("k", resolve_within_s=8)
    assert (again.tran_id, again.replayed, again.recorded) == (receipt.tran_id, True, True)
    assert moved(sandbox) == 1


def test_opening_and_reading_end_too(silence: Silence) -> None:
    with bt.Journal(silence.url, account="treasury") as journal:
        silence.begin()
        waits = database.within.set(1.0)
        try:
            with pytest.raises(bt.JournalFailed, match="did not answer"):
                in_time(lambda: journal.read(lambda read: read.names(), 1.0))
            with pytest.raises(bt.JournalFailed, match="did not answer"):
                bt.Journal(silence.url, account="treasury")
        finally:
            database.within.reset(waits)
        silence.end()
        assert journal.get("k") is None

"""A sandbox and clients that share a clock of their own: half a minute passes as soon as somebody sleeps through it."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from typing import Any, Protocol

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from tests.support.clock import ManualClock

__all__ = ["Calls", "Connect", "ManualClock"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(clock: ManualClock) -> Iterator[Sandbox]:
    with Sandbox(now_ms=clock.now_ms) as sandbox:
        yield sandbox


class Calls(Protocol):
    """What both clients do, called alike."""

    def execute(self, order: bt.Transfer | bt.Attempt, /, *, resolve_within_s: float | None = None) -> bt.Receipt: ...
    def prepare(self, transfer: bt.Transfer, /) -> bt.Attempt: ...
    def reconcile(
        self, attempt: bt.Attempt, *, deadline_s: float = 120.0, claimed: Collection[int] = ()
    ) -> bt.Receipt: ...


class _Asyncio:
    """The async client, run to the end of each call on one loop."""

    def __init__(self, make: Callable[[], bt.AsyncTransferClient]) -> None:
        self._runner = asyncio.Runner()
        self._client = make()

    def execute(self, order: bt.Transfer | bt.Attempt, /, *, resolve_within_s: float | None = None) -> bt.Receipt:
        return self._runner.run(self._client.execute(order, resolve_within_s=resolve_within_s))

    def prepare(self, transfer: bt.Transfer) -> bt.Attempt:
        return self._runner.run(self._client.prepare(transfer))

    def reconcile(self, attempt: bt.Attempt, *, deadline_s: float = 120.0, claimed: Collection[int] = ()) -> bt.Receipt:
        return self._runner.run(self._client.reconcile(attempt, deadline_s=deadline_s, claimed=claimed))

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


Connect = Callable[..., Calls]


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest, sandbox: Sandbox, clock: ManualClock) -> Iterator[Connect]:
    """Make a client of either kind; a second call makes another, as after a restart."""
    opened: list[Callable[[], None]] = []

    def make(**options: Any) -> Calls:
        settings: dict[str, Any] = {"base_url": sandbox.base_url, "clock": clock, "timeout_s": 2.0} | options
        # No certificates for plain http: loading them takes longer than all the rest of a test.
        if request.param == "sync":
            client = bt.TransferClient(sandbox.credentials, transport=bt.HttpxTransport(verify=False), **settings)
            opened.append(client.close)
            return client
        asynchronous = _Asyncio(
            lambda: bt.AsyncTransferClient(
                sandbox.credentials, transport=bt.AsyncHttpxTransport(verify=False), **settings
            )
        )
        opened.append(asynchronous.close)
        return asynchronous

    yield make
    for close in opened:
        close()


@pytest.fixture
def client(connect: Connect) -> Calls:
    return connect()

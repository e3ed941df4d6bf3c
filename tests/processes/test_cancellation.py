"""
Calls of an event loop that are cancelled at any moment, on both databases.

The thread with the transaction goes on by itself: it gives up its lock, and what it may have recorded is known to
whoever cancelled the call.
"""

import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Limits, Sandbox
from tests.processes.conftest import PostgreSQL

CALLS = 40
LONGEST_S = 0.03  # of a call that is not cancelled, about
PATIENCE_S = 5.0


def transfer_of(key: str) -> bt.Transfer:
    """No two are near each other: a row that nobody owns yet would be a near miss of another transfer."""
    return bt.Transfer("MAIN_UMFUTURE", "USDT", 1 + int(key.rpartition("-")[2]))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limits=Limits(transfer_weight=1)) as sandbox:
        yield sandbox


@pytest.fixture
def journal(url: str) -> Iterator[bt.Journal]:
    with bt.Journal(url, account="treasury") as journal:
        yield journal


def client_of(sandbox: Sandbox, journal: bt.Journal, **options: Any) -> bt.AsyncTransferClient:
    given: dict[str, Any] = {"recv_window_ms": 1_000, "settle_ms": 500, "timeout_s": 5} | options
    transport = bt.AsyncHttpxTransport(verify=False)
    return bt.AsyncTransferClient(
        sandbox.credentials, base_url=sandbox.base_url, journal=journal, transport=transport, **given
    )


async def by_cancel(call: Any, after_s: float) -> None:
    task = asyncio.create_task(call)
    await asyncio.sleep(after_s)
    task.cancel()
    await task


async def by_wait_for(call: Any, after_s: float) -> None:
    await asyncio.wait_for(call, after_s)


# asyncio leaves a socket to the garbage collection that was connected in the moment of the cancellation.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", [by_cancel, by_wait_for])
def test_a_call_that_is_cancelled_at_any_moment_is_known_and_moves_once(
    how: Callable[[Any, float], Any], url: str, journal: bt.Journal, sandbox: Sandbox
) -> None:
    """What the journal has open afterwards, the interruption names; the others can write at once."""
    known: dict[str, bt.Attempt | None] = {}

    async def interrupt(other: bt.Journal) -> None:
        async with client_of(sandbox, journal) as client:
            await client.execute(transfer_of("key-0"), idempotency_key="key-0")
            for key in (f"key-{number}" for number in range(1, CALLS)):
                try:
                    await how(client.execute(transfer_of(key), idempotency_key=key), random.uniform(0, LONGEST_S))
                except (asyncio.CancelledError, TimeoutError) as ended:
                    known[key] = bt.interrupted_attempt(ended)
                else:
                    known[key] = None
                await asyncio.to_thread(other.transact, lambda transaction: transaction.account(), PATIENCE_S)

    with bt.Journal(url, account="treasury") as other:
        asyncio.run(interrupt(other))
    gc.collect()
    entries = {entry.key: entry for entry in journal.entries()}
    for key, attempt in known.items():
        recorded = entries[key].open_attempt if key in entries else None
        assert recorded is None or recorded.attempt == attempt, key

    async def go_on() -> None:
        async with client_of(sandbox, journal) as client:
            await asyncio.gather(*(outcome_of(client.reconcile(attempt)) for attempt in known.values() if attempt))
            await asyncio.gather(*(until_it_moves(client, key) for key in known))

    asyncio.run(asyncio.wait_for(go_on(), 60))
    amounts = [move.amount for move in sandbox.ledger.executions()]
    assert sorted(amounts) == sorted(transfer_of(key).amount for key in ["key-0", *known])
    assert any(known.values())


async def outcome_of(call: Any) -> bt.Receipt | None:
    try:
        receipt: bt.Receipt = await call
    except bt.ProvenAbsent:
        return None
    return receipt


async def until_it_moves(client: bt.AsyncTransferClient, key: str) -> None:
    while await outcome_of(client.execute(transfer_of(key), idempotency_key=key)) is None:
        pass


@pytest.mark.parametrize("made", [True, False], ids=["its attempt is made", "its attempt is not made"])
def test_a_call_that_is_cancelled_in_its_transaction(
    made: bool, journal: bt.Journal, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the attempt is made, none is recorded any more; afterwards it may be, and the interruption names it."""
    inside, go_on, done = Event(), Event(), Event()
    transact = journal.transact

    def held(change: Callable[[Any], Any], within_s: float) -> Any:
        def in_the_middle(transaction: Any) -> Any:
            result = change(transaction) if made else None
            inside.set()
            assert go_on.wait(20)
            return result if made else change(transaction)

        try:
            return transact(in_the_middle, within_s)
        finally:
            done.set()

    async def cancelled() -> BaseException:
        async with client_of(sandbox, journal) as client:
            await client.execute(transfer_of("key-0"), idempotency_key="key-0")
            monkeypatch.setattr(journal, "transact", held)
            task = asyncio.create_task(client.execute(transfer_of("key-1"), idempotency_key="key-1"))
            assert await asyncio.to_thread(inside.wait, 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            go_on.set()
            assert await asyncio.to_thread(done.wait, 20)
            return raised.value

    attempt = bt.interrupted_attempt(asyncio.run(cancelled()))
    entry = journal.get("key-1")
    assert (attempt is not None, entry is not None) == (made, made)
    if entry is not None:
        assert entry.open_attempt is not None
        assert entry.open_attempt.attempt == attempt
    assert len(sandbox.ledger.executions()) == 1
    monkeypatch.undo()
    with bt.TransferClient(
        sandbox.credentials, base_url=sandbox.base_url, journal=journal, recv_window_ms=1_000, settle_ms=500
    ) as client:
        if attempt is not None:
            with pytest.raises(bt.ProvenAbsent):
                client.reconcile(attempt)
        assert client.execute(transfer_of("key-1"), idempotency_key="key-1").recorded
    assert len(sandbox.ledger.executions()) == 2


def test_calls_of_a_loop_do_not_wait_for_each_others_threads(postgresql: PostgreSQL, sandbox: Sandbox) -> None:
    """More calls than threads, and a server that does not answer: each ends in its own time, and the loop goes on."""
    with bt.Journal(postgresql.new_url(), account="treasury") as journal:

        async def run() -> list[Any]:
            async with client_of(sandbox, journal, timeout_s=1.5) as client:
                await client.execute(transfer_of("key-0"), idempotency_key="key-0", resolve_within_s=0)
                postgresql.pause()
                try:
                    calls = [
                        client.execute(
                            transfer_of(f"key-{number}"), idempotency_key=f"key-{number}", resolve_within_s=0
                        )
                        for number in range(1, 101)
                    ]
                    ending = asyncio.gather(*calls, return_exceptions=True)
                    await asyncio.sleep(0.1)
                    await asyncio.wait_for(asyncio.to_thread(time.monotonic), 1.0)
                    assert not ending.done()
                    return await asyncio.wait_for(ending, 12)
                finally:
                    postgresql.wake()

        ends = asyncio.run(run())
    assert {type(end) for end in ends} == {bt.JournalFailed}
    assert len(sandbox.ledger.executions()) == 1

"""What time it is at the exchange: never ahead, read once for many, and by the quickest reading."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

import binance_transfer as bt
from binance_transfer.clock import Deadline, ServerClock
from binance_transfer_sandbox import Sandbox, faults
from tests.support.clock import ManualClock
from tests.support.loopback import Connection, Loopback, response, server_time
from tests.wrapper import calls, keys
from tests.wrapper.calls import Way

# --- the estimate ----------------------------------------------------------------------------------------------------

# Readings as (asked at, answered at, when in between the exchange looked at its clock), in seconds, one after another;
# the exchange's clock shows the same seconds. Then: how far behind the estimate is at the end, in ms.
READINGS: list[tuple[str, list[tuple[float, float, float]], int]] = [
    ("a quick one", [(0, 0.1, 0.05)], 50),
    ("looked at as soon as it was asked", [(0, 1.9, 0)], 1_900),
    ("looked at just before it was answered", [(0, 1.9, 1.9)], 0),
    ("a slow one, then a quick one", [(0, 1.9, 0), (2, 2.01, 2.005)], 5),
    ("a quick one, then a slow one", [(0, 0.01, 0.005), (2, 3.9, 2)], 5),
    ("a quick one, then one as good", [(0, 0.01, 0.005), (2, 2.01, 2.0)], 5),
    ("two slow ones, of which the second says more", [(0, 1.9, 0), (2, 3.9, 3)], 900),
]


@pytest.mark.parametrize(("name", "readings", "behind_ms"), READINGS)
def test_the_quickest_reading_counts_and_none_puts_it_ahead(
    name: str, readings: list[tuple[float, float, float]], behind_ms: int
) -> None:
    del name
    local = ManualClock()
    clock = ServerClock(local)
    for asked_s, answered_s, looked_s in readings:
        local.elapsed_s = answered_s
        clock.anchor(asked_s, answered_s, 1000 * looked_s)
        assert clock.now_ms() <= 1000 * local.elapsed_s
    assert 1000 * local.elapsed_s - clock.now_ms() == pytest.approx(behind_ms, abs=1)


@pytest.mark.parametrize("drift_ms", [-30_000, -700, 700, 30_000])
def test_a_reading_that_contradicts_the_estimate_replaces_it(drift_ms: int) -> None:
    """A machine slept, or its monotonic clock runs at another speed."""
    local = ManualClock()
    clock = ServerClock(local)
    clock.anchor(0.0, 0.01, 5)
    local.elapsed_s = 100.0
    clock.anchor(99.9, 100.0, 99_950 + drift_ms)
    assert clock.now_ms() == 99_950 + drift_ms


def test_after_the_exchange_called_a_timestamp_wrong_a_reading_counts_whatever_it_says() -> None:
    local = ManualClock()
    clock = ServerClock(local)
    clock.anchor(0.0, 0.01, 5)
    clock.mark_stale()
    local.elapsed_s = 3.0
    clock.anchor(1.0, 3.0, 1_500)
    assert (clock.now_ms(), clock.stale) == (1_500, False)


def test_until_it_is_read_the_machine_s_clock_serves_and_says_so() -> None:
    local = ManualClock()
    clock = ServerClock(local)
    assert (clock.now_ms(), clock.was_read, clock.stale) == (local.now_ms(), False, True)


def test_a_local_clock_that_is_set_does_nothing() -> None:
    class Stepping(ManualClock):
        offset_s = 0.0

        def time(self) -> float:
            return super().time() + self.offset_s

    local = Stepping()
    clock = ServerClock(local)
    clock.anchor(0.0, 0.0, 1_000)
    local.offset_s = 86_400
    assert clock.now_ms() == 1_000


def test_a_part_of_a_call_never_outlasts_the_call() -> None:
    local = ManualClock()
    call = Deadline.within(10, local)
    assert [call.earlier(seconds).left_s() for seconds in (3, 10, 99, -5)] == [3, 10, 10, 0]
    local.elapsed_s = 11
    assert call.left_s() == 0


# --- a slow first connection -----------------------------------------------------------------------------------------


def slow_to_accept(seconds: float) -> Callable[[Any], None]:
    once = threading.Event()

    def wait(_sock: object) -> None:
        if not once.is_set():
            once.set()
            time.sleep(seconds)

    return wait


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_slow_first_connection_puts_no_timestamp_ahead(way: Way, where: str) -> None:
    """Whether the exchange looks at its clock before the delay or after it."""

    def late(connection: Connection) -> None:
        if where == "before":
            time.sleep(0.6)
            server_time(connection)
            return
        seen_ms = time.time_ns() // 10**6
        time.sleep(0.6)
        connection.send(response(200, {"serverTime": seen_ms}))

    with Loopback(clock=late, on_connect=slow_to_accept(0.3)) as server:
        receipt = calls.execute(way, base_url=server.url)
    assert receipt.attempt.timestamp_ms <= time.time_ns() // 10**6
    assert receipt.attempt.timestamp_ms > time.time_ns() // 10**6 - 2_000


@pytest.mark.parametrize("delay_ms", [400, 900])
def test_an_exchange_that_is_slow_to_tell_the_time_accepts_what_follows(
    way: Way, sandbox: Sandbox, delay_ms: int
) -> None:
    sandbox.fail_next(faults.Slow(delay_ms=delay_ms), on="time")
    credentials = bt.Credentials(**sandbox.credentials)
    receipt = calls.execute(way, base_url=sandbox.base_url, credentials=credentials)
    assert receipt.attempt.timestamp_ms <= time.time_ns() // 10**6


# --- many calls at once ----------------------------------------------------------------------------------------------

CALLS = 200


class Counting:
    """An exchange in memory that is slow to tell the time."""

    def __init__(self) -> None:
        self.readings = 0
        self.posts = 0
        self._lock = threading.Lock()

    def count(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if request.method == "GET":
                self.readings += 1
            else:
                self.posts += 1
            return httpx.Response(200, json={"serverTime": time.time_ns() // 10**6, "tranId": self.posts + 1})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            time.sleep(0.2)
        return self.count(request)

    async def asyncio(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            await asyncio.sleep(0.2)
        return self.count(request)


def test_threads_that_call_at_once_share_one_reading() -> None:
    exchange = Counting()
    with (
        bt.TransferClient(keys.credentials(), transport=httpx.MockTransport(exchange)) as client,
        ThreadPoolExecutor(CALLS) as pool,
    ):
        receipts = list(pool.map(lambda _: client.execute(calls.ORDER), range(CALLS)))
    assert (len(receipts), exchange.posts, exchange.readings) == (CALLS, CALLS, 1)


async def test_tasks_that_call_at_once_share_one_reading() -> None:
    exchange = Counting()
    transport = httpx.MockTransport(exchange.asyncio)
    async with bt.AsyncTransferClient(keys.credentials(), transport=transport) as client:
        receipts = await asyncio.gather(*(client.execute(calls.ORDER) for _ in range(CALLS)))
    assert (len(receipts), exchange.posts, exchange.readings) == (CALLS, CALLS, 1)


async def test_a_reading_that_fails_is_taken_over_by_those_who_wait() -> None:
    """The first one is told so; the others ask once more, again together."""
    exchange = Counting()

    async def failing_once(request: httpx.Request) -> httpx.Response:
        answer = await exchange.asyncio(request)
        return httpx.Response(502) if request.method == "GET" and exchange.readings == 1 else answer

    async with bt.AsyncTransferClient(keys.credentials(), transport=httpx.MockTransport(failing_once)) as client:
        results = await asyncio.gather(*(client.execute(calls.ORDER) for _ in range(20)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NotSent"] + ["Receipt"] * 19
    assert exchange.readings == 2


async def test_a_reading_that_is_cancelled_is_taken_over_by_those_who_wait() -> None:
    exchange = Counting()
    async with bt.AsyncTransferClient(keys.credentials(), transport=httpx.MockTransport(exchange.asyncio)) as client:
        first = asyncio.ensure_future(client.execute(calls.ORDER))
        await asyncio.sleep(0.05)
        second = asyncio.ensure_future(client.execute(calls.ORDER))
        await asyncio.sleep(0.05)
        first.cancel()
        assert (await second).tran_id
    assert (exchange.readings, exchange.posts) == (1, 1)  # the cancelled one was not answered, so it was not counted


def test_who_waits_for_another_call_s_reading_waits_no_longer_than_its_own_call() -> None:
    """The reading hangs for two seconds; the second call may last one."""
    entered = threading.Event()

    def hanging(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        entered.set()
        time.sleep(1.2)
        return httpx.Response(502)

    with (
        bt.TransferClient(keys.credentials(), transport=httpx.MockTransport(hanging), timeout_s=0.8) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(failure_of, client)
        entered.wait()
        began_s = time.monotonic()
        assert type(failure_of(client)) is bt.NotSent
        assert time.monotonic() - began_s < 0.8
        assert type(first.result()) is bt.NotSent


def failure_of(client: bt.TransferClient) -> bt.TransferError:
    with pytest.raises(bt.TransferError) as failed:
        client.execute(calls.ORDER)
    return failed.value

"""
Every wait of a keyed call is inside ``timeout_s`` plus ``resolve_within_s``, and a second more to record an answer.

What does not fit is not begun, and the error says when to come back.
"""

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import binance_transfer as bt
from binance_transfer.clock import SystemClock
from binance_transfer.wire.answer import Answer
from binance_transfer_api.api.asset.universal_transfer import WEIGHT_LIMIT
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, Database, OpenJournal, Wire
from tests.journal.test_journal_keys import SWEEP, entry, moves
from tests.support.clock import ManualClock

pytestmark = pytest.mark.thorough

TIMEOUT_S = 2.0  # of the clients here
TO_RECORD_S = 1.0
SLACK_S = 0.8  # for a slow machine


# --- waiting for a turn ----------------------------------------------------------------------------------------------


def silent(database: Database, clock: ManualClock, seconds: float) -> None:
    database(f"UPDATE binance_transfer_v2_accounts SET silent_until_ms = {clock.now_ms() + int(seconds * 1000)}")


def used_up(database: Database, clock: ManualClock, seconds: float) -> None:
    """The weight of the minute is gone, and so much of it is left (a second of it for clocks that are ahead)."""
    clock.sleep(121 - clock.time() % 60 - seconds)
    minute = clock.now_ms() // 60_000
    database(f"UPDATE binance_transfer_v2_accounts SET minute = {minute}, used = {WEIGHT_LIMIT}")


def identical_open(database: Database, clock: ManualClock, seconds: float) -> None:
    """An identical transfer has no verdict, and its window ends so much before one that begins now."""
    end_ms = clock.now_ms() - 5_000 + int(seconds * 1000)
    database(
        "UPDATE binance_transfer_v2_attempts SET state = 'open', tran_id = NULL, window_end_ms = "
        f"{end_ms} WHERE key = 'identical'"
    )


Obstacle = Callable[[Database, ManualClock, float], None]
OBSTACLES: list[tuple[Obstacle, type[bt.TransferError]]] = [
    (silent, bt.RateLimited),
    (used_up, bt.NotSent),
    (identical_open, bt.NotSent),
]


@pytest.mark.parametrize(("obstacle", "kind"), OBSTACLES)
def test_a_wait_that_does_not_fit_is_not_begun(
    obstacle: Obstacle,
    kind: type,
    client: bt.TransferClient,
    journal: bt.Journal,
    sandbox: Sandbox,
    clock: ManualClock,
    database: Database,
) -> None:
    """Of ten seconds half of timeout_s is kept for the transfer, so 20 s are too long, and nothing is waited for."""
    client.transfer(*SWEEP, idempotency_key="identical")
    obstacle(database, clock, 20)
    before_s = clock.elapsed_s
    with pytest.raises(bt.NotExecuted) as refused:
        client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=8)
    assert (type(refused.value), clock.elapsed_s, refused.value.retryable) == (kind, before_s, True)
    assert refused.value.retry_after_s in {20, 21}
    assert (getattr(refused.value, "code", None), moves(sandbox), journal.get("k")) == (None, 1, None)


@pytest.mark.parametrize(("obstacle", "kind"), OBSTACLES)
def test_calling_again_after_that_time_works(
    obstacle: Obstacle, kind: type, client: bt.TransferClient, clock: ManualClock, database: Database
) -> None:
    client.transfer(*SWEEP, idempotency_key="identical")
    obstacle(database, clock, 20)
    with pytest.raises(bt.NotExecuted) as refused:
        client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=8)
    assert type(refused.value) is kind
    clock.sleep(refused.value.retry_after_s or 0)
    before_s = clock.elapsed_s
    client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=8)
    assert clock.elapsed_s == before_s


@pytest.mark.parametrize(("obstacle", "kind"), OBSTACLES)
def test_a_wait_that_fits_is_waited_for(
    obstacle: Obstacle, kind: type, client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock, database: Database
) -> None:
    del kind
    client.transfer(*SWEEP, idempotency_key="identical")
    obstacle(database, clock, 20)
    before_s = clock.elapsed_s
    client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=90)
    assert (19.9 <= clock.elapsed_s - before_s < 22, moves(sandbox)) == (True, 2)


@pytest.mark.parametrize(("obstacle", "kind"), OBSTACLES)
def test_an_attempt_is_stamped_after_its_wait(
    obstacle: Obstacle, kind: type, client: bt.TransferClient, clock: ManualClock, database: Database
) -> None:
    del kind
    client.transfer(*SWEEP, idempotency_key="identical")
    obstacle(database, clock, 20)
    receipt = client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=90)
    assert receipt.attempt.timestamp_ms == clock.now_ms()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {"retry-after": "30"}, b'{"tranId":4711}'),
        Answer(200, {"retry-after": "30"}, b"{}"),
        Answer(400, {"retry-after": "30"}, b'{"code":-5013,"msg":"no"}'),
        Answer(403, {"retry-after": "604800"}, b"<html>"),
        Answer(500, {"retry-after": "30"}, b""),
        Answer(503, {"retry-after": "604800"}, b""),
        Answer(307, {"retry-after": "30"}, b""),
    ],
    ids=lambda answer: str(answer.status),
)
def test_only_a_429_and_a_418_silence_an_account(
    answer: Answer, connect: Connect, journal: bt.Journal, wire: Wire
) -> None:
    wire.answer = answer
    with contextlib.suppress(bt.TransferError):
        connect(journal, transport=wire).transfer(*SWEEP, resolve_within_s=0)
    assert journal.read(lambda inside: inside.account()).silent_until_ms == 0


@pytest.mark.parametrize("status", [429, 418])
@pytest.mark.parametrize(("asked", "kept_s"), [("30", 30), ("3600", 3_600), ("3601", 3_600), ("604800", 3_600)])
def test_they_do_so_for_an_hour_at_most(
    status: int, asked: str, kept_s: int, connect: Connect, journal: bt.Journal, wire: Wire, clock: ManualClock
) -> None:
    wire.answer = Answer(status, {"retry-after": asked}, b"")
    with pytest.raises(bt.RateLimited):
        connect(journal, transport=wire).transfer(*SWEEP, resolve_within_s=0)
    assert journal.read(lambda inside: inside.account()).silent_until_ms == clock.now_ms() + 1000 * kept_s


# --- a database that somebody holds ----------------------------------------------------------------------------------

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@contextmanager
def held_by_another_process(file: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        try:
            yield
        finally:
            process.stdin.write("\n")
            process.stdin.close()


class Real:
    """A sandbox and clients on the machine's clocks."""

    def __init__(self, sandbox: Sandbox, connect: Connect, kind: Any) -> None:
        self.sandbox, self._connect, self._kind = sandbox, connect, kind

    def client(self, journal: bt.Journal, timeout_s: float, **more: Any) -> bt.TransferClient:
        where = {"base_url": self.sandbox.base_url, "credentials": self.sandbox.credentials}
        return self._connect(journal, clock=SystemClock(), timeout_s=timeout_s, kind=self._kind, **where, **more)


@pytest.fixture(params=[bt.TransferClient, bt.AsyncTransferClient], ids=["sync", "async"])
def real(request: pytest.FixtureRequest, connect: Connect) -> Iterator[Real]:
    with Sandbox(seed=5) as sandbox:
        yield Real(sandbox, connect, request.param)


def took_s(call: Callable[[], object]) -> tuple[Any, float]:
    began_s = time.monotonic()
    try:
        result = call()
    except bt.TransferError as error:
        result = error
    return result, time.monotonic() - began_s


@pytest.mark.parametrize("resolve_within_s", [0, 0.5])
def test_a_database_that_is_held_is_waited_for_as_long_as_the_call_may_last(
    resolve_within_s: float, real: Real, journal: bt.Journal, tmp_path: Path
) -> None:
    client = real.client(journal, 0.5)
    client.transfer("MAIN_UMFUTURE", "USDT", "1")
    with held_by_another_process(tmp_path / "transfers.db"):
        result, took = took_s(lambda: client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=resolve_within_s))
    assert (type(result), moves(real.sandbox)) == (bt.JournalFailed, 1)
    assert took < 0.5 + resolve_within_s + SLACK_S


def test_an_answer_that_cannot_be_recorded_costs_a_second_more_at_most(
    connect: Connect, journal: bt.Journal, tmp_path: Path
) -> None:
    """The database is held from the moment of the answer on."""
    wire = Wire()
    with Sandbox(seed=5) as sandbox:
        real = Real(sandbox, connect, bt.TransferClient)
        client = real.client(journal, 0.5, transport=wire)
        client.transfer("MAIN_UMFUTURE", "USDT", "1")
        holding = held_by_another_process(tmp_path / "transfers.db")
        wire.after = holding.__enter__
        try:
            result, took = took_s(lambda: client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0))
        finally:
            holding.__exit__(None, None, None)
    assert (result.tran_id, result.recorded) == (sandbox.ledger.executions()[-1].tran_id, False)
    assert took < 0.5 + TO_RECORD_S + SLACK_S


def test_what_waited_for_the_database_is_stamped_afterwards(real: Real, journal: bt.Journal, tmp_path: Path) -> None:
    """It waits for longer than its receive window, and is not refused for it."""
    client = real.client(journal, 6.0, recv_window_ms=2_000)
    client.transfer("MAIN_UMFUTURE", "USDT", "1")
    holder = sqlite3.connect(tmp_path / "transfers.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    releasing = threading.Timer(2.3, lambda: holder.execute("ROLLBACK"))
    releasing.start()
    try:
        receipt, took = took_s(lambda: client.transfer(*SWEEP, idempotency_key="k"))
    finally:
        releasing.join()
        holder.close()
    assert (type(receipt), took > 2.2) == (bt.Receipt, True)


# --- a history without end -------------------------------------------------------------------------------------------


class Endless:
    """An exchange that loses every transfer, and whose history has 5 000 pages, each of which takes a while."""

    def __init__(self, clock: ManualClock, page_s: float) -> None:
        self._clock, self._page_s = clock, page_s
        self.pages = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v3/time":
            return httpx.Response(200, json={"serverTime": self._clock.now_ms()})
        if request.url.path == "/api/v3/account":
            return httpx.Response(200, json={"uid": 7})
        if request.method == "POST":
            return httpx.Response(500)
        self.pages += 1
        self._clock.sleep(self._page_s)
        page = int(request.url.params["current"])
        row = {"asset": "BNB", "type": "MAIN_UMFUTURE", "amount": "1", "status": "CONFIRMED"}
        rows = [row | {"tranId": 100 * page + number, "timestamp": self._clock.now_ms()} for number in range(100)]
        return httpx.Response(200, json={"total": 500_000, "rows": rows})


@pytest.mark.parametrize("kind", [bt.TransferClient, bt.AsyncTransferClient], ids=["sync", "async"])
@pytest.mark.parametrize("page_s", [0.01, 0.3, 5.0])
@pytest.mark.parametrize("how", ["key", "reconcile", "resolve"])
def test_a_history_without_end_is_left_in_time(
    kind: Any, page_s: float, how: str, connect: Connect, journal: bt.Journal, clock: ManualClock
) -> None:
    exchange = Endless(clock, page_s)
    client = connect(journal, kind=kind, base_url="https://api.binance.com", transport=httpx.MockTransport(exchange))
    if how == "key":
        bound_s = TIMEOUT_S + 3
        with pytest.raises(bt.OutcomeUnknown):
            client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=3)
    else:
        with pytest.raises(bt.OutcomeUnknown) as unknown:
            client.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
        clock.sleep(60)
        bound_s = 60 + 1.0
        calls: dict[str, Callable[[], object]] = {
            "reconcile": lambda: client.reconcile(unknown.value.attempt, deadline_s=1),
            "resolve": lambda: client.resolve("k", not_executed=True, deadline_s=1),
        }
        with pytest.raises(bt.TransferError):
            calls[how]()
    # A page that is being read when the time is over takes what it takes: the transport here knows no deadline.
    assert clock.elapsed_s <= bound_s + page_s
    assert exchange.pages < 5_000


def test_an_open_key_and_a_database_that_fails_do_not_outlast_the_call(
    connect: Connect, open_journal: OpenJournal, sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.OutcomeUnknown):
        connect(open_journal()).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    before_s = clock.elapsed_s
    with pytest.raises(bt.OutcomeUnknown):
        connect(open_journal()).transfer(*SWEEP, idempotency_key="k", resolve_within_s=4)
    assert clock.elapsed_s - before_s <= TIMEOUT_S + 4


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_a_transfer_is_not_sent_with_too_little_time_for_its_answer(
    share: float, connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock
) -> None:
    """A quarter of timeout_s has to be left. The attempt is closed as not sent, and the key may be used again."""
    worker = connect(journal, transport=wire)
    worker.transfer("MAIN_UMFUTURE", "USDT", "1")
    transact = journal.transact

    def slow(change: Any, within_s: float = 30.0) -> Any:
        done = transact(change, within_s)
        clock.sleep(TIMEOUT_S * (1 - share))
        return done

    journal.transact = slow  # type: ignore[method-assign]
    try:
        worker.transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
        sent = True
    except bt.NotSent:
        sent = False
    journal.transact = transact  # type: ignore[method-assign]
    assert (sent, moves(sandbox)) == (share > 0.25, 1 + (share > 0.25))
    assert [record.verdict for record in entry(journal, "k").attempts] == ["accepted" if sent else "not-sent"]

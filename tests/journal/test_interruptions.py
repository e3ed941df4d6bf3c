"""Whatever ends a call from outside passes as it is, and tells which attempt it left open."""

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, Wire
from tests.journal.test_journal_keys import SWEEP, entry, moves
from tests.support.clock import ManualClock

pytestmark = pytest.mark.thorough

TRANSFER = bt.Transfer(*SWEEP)


# --- from asyncio ----------------------------------------------------------------------------------------------------


async def cancel(call: Awaitable[object]) -> None:
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0.3)
    task.cancel()
    await task


async def wait_for(call: Awaitable[object]) -> None:
    await asyncio.wait_for(call, 0.3)


async def timeout(call: Awaitable[object]) -> None:
    async with asyncio.timeout(0.3):
        await call


WAYS: list[tuple[Callable[[Awaitable[object]], Awaitable[None]], type[BaseException]]] = [
    (cancel, asyncio.CancelledError),
    (wait_for, TimeoutError),
    (timeout, TimeoutError),
]


def interrupted(
    way: Callable[[Awaitable[object]], Awaitable[None]],
    sandbox: Sandbox,
    fault: faults.Fault,
    on: Any = None,
    **options: Any,
) -> BaseException:
    """Interrupt a call of an asynchronous client, and return what comes out."""
    how: dict[str, Any] = {"idempotency_key": "k"} if "journal" in options else {}
    how |= {"resolve_within_s": options.pop("resolve_within_s")} if "resolve_within_s" in options else {}

    async def run() -> None:
        async with bt.AsyncTransferClient(
            sandbox.credentials,
            base_url=sandbox.base_url,
            transport=bt.AsyncHttpxTransport(verify=False),
            **options,
        ) as client:
            if on != "time":
                await client.prepare(TRANSFER)  # so that the clock is read
            sandbox.exchange.plan(fault, on=on, times=None)
            await way(client.execute(TRANSFER, **how))

    with pytest.raises(BaseException) as raised:  # noqa: PT011  # the class is what is returned
        asyncio.run(run())
    return raised.value


@pytest.fixture
def own_time() -> Any:
    """A sandbox on the machine's clock: what hangs has to hang for real."""
    with Sandbox(seed=5) as sandbox:
        yield sandbox


@pytest.mark.parametrize(("way", "kind"), WAYS)
@pytest.mark.parametrize("journaled", [True, False])
def test_a_call_that_is_interrupted_while_it_waits_for_its_answer_knows_the_attempt(
    way: Any, kind: type[BaseException], journaled: bool, own_time: Sandbox, journal: bt.Journal
) -> None:
    options: dict[str, Any] = {"journal": journal} if journaled else {}
    error = interrupted(way, own_time, faults.Hang(executes=True), "transfer", **options)
    attempt = bt.interrupted_attempt(error)
    assert (type(error), attempt and attempt.transfer) == (kind, TRANSFER)
    if journaled:
        assert entry(journal, "k").attempts[0].attempt == attempt


@pytest.mark.parametrize(("way", "kind"), WAYS)
def test_the_attempt_can_be_reconciled(way: Any, kind: type[BaseException], own_time: Sandbox) -> None:
    del kind
    attempt = bt.interrupted_attempt(interrupted(way, own_time, faults.Hang(executes=True), "transfer"))
    assert attempt is not None
    own_time.clear_faults()
    with bt.TransferClient(own_time.credentials, base_url=own_time.base_url) as client:
        assert client.reconcile(attempt).tran_id == own_time.ledger.executions()[0].tran_id


@pytest.mark.parametrize(("way", "kind"), WAYS)
@pytest.mark.parametrize("journaled", [True, False])
def test_one_that_is_interrupted_before_anything_was_sent_has_none(
    way: Any, kind: type[BaseException], journaled: bool, own_time: Sandbox, journal: bt.Journal
) -> None:
    options: dict[str, Any] = {"journal": journal} if journaled else {}
    error = interrupted(way, own_time, faults.Hang(executes=True), "time", **options)
    assert (type(error), bt.interrupted_attempt(error), moves(own_time)) == (kind, None, 0)


@pytest.mark.parametrize(("way", "kind"), WAYS)
@pytest.mark.parametrize("journaled", [True, False])
def test_one_that_is_interrupted_while_it_reconciles_knows_the_attempt(
    way: Any, kind: type[BaseException], journaled: bool, own_time: Sandbox, journal: bt.Journal
) -> None:
    own_time.fail_next(faults.Drop(executes=True), on="transfer")
    options: dict[str, Any] = {"journal": journal} if journaled else {}
    error = interrupted(way, own_time, faults.Hang(executes=True), "history", resolve_within_s=30, **options)
    attempt = bt.interrupted_attempt(error)
    assert (type(error), attempt and attempt.transfer) == (kind, TRANSFER)


@pytest.mark.parametrize(("way", "kind"), WAYS)
def test_one_that_reconciles_what_another_call_has_left_open_knows_that_attempt(
    way: Any, kind: type[BaseException], own_time: Sandbox, journal: bt.Journal
) -> None:
    own_time.fail_next(faults.Drop(executes=True), on="transfer")
    with (
        bt.TransferClient(own_time.credentials, base_url=own_time.base_url, journal=journal) as client,
        pytest.raises(bt.OutcomeUnknown),
    ):
        client.execute(TRANSFER, idempotency_key="k", resolve_within_s=0)
    error = interrupted(way, own_time, faults.Hang(executes=True), "history", journal=journal)
    assert (type(error), bt.interrupted_attempt(error)) == (kind, entry(journal, "k").attempts[0].attempt)


@pytest.mark.parametrize(("way", "kind"), WAYS)
def test_calling_again_with_the_key_finds_out(
    way: Any, kind: type[BaseException], own_time: Sandbox, journal: bt.Journal
) -> None:
    del kind
    interrupted(way, own_time, faults.Hang(executes=True), "transfer", journal=journal)
    own_time.clear_faults()
    with bt.TransferClient(own_time.credentials, base_url=own_time.base_url, journal=journal) as client:
        receipt = client.execute(TRANSFER, idempotency_key="k")
    assert (receipt.tran_id, moves(own_time)) == (own_time.ledger.executions()[0].tran_id, 1)


# --- from the keyboard -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("journaled", [True, False])
def test_ctrl_c_while_a_transfer_is_under_way_knows_the_attempt(
    kind: type[BaseException], moment: str, journaled: bool, connect: Connect, journal: bt.Journal, wire: Wire
) -> None:
    def interrupt() -> None:
        raise kind

    setattr(wire, moment, interrupt)
    client = connect(journal if journaled else None, transport=wire)
    with pytest.raises(kind) as raised:
        client.execute(TRANSFER)
    attempt = bt.interrupted_attempt(raised.value)
    assert attempt is not None
    assert (type(raised.value), attempt.transfer) == (kind, TRANSFER)


def test_ctrl_c_while_the_clock_is_read_has_no_attempt(connect: Connect, wire: Wire) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    wire.before_reading = interrupt
    with pytest.raises(KeyboardInterrupt) as raised:
        connect(None, transport=wire).execute(TRANSFER)
    assert bt.interrupted_attempt(raised.value) is None


@pytest.mark.parametrize("journaled", [True, False])
def test_ctrl_c_while_it_reconciles_knows_the_attempt(
    journaled: bool, connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire
) -> None:
    client = connect(journal if journaled else None, transport=wire)
    client.execute(bt.Transfer("MAIN_UMFUTURE", "USDT", "1"))
    sandbox.fail_next(faults.Drop(executes=True))

    def interrupt() -> None:
        raise KeyboardInterrupt

    wire.before_reading = interrupt
    with pytest.raises(KeyboardInterrupt) as raised:
        client.execute(TRANSFER, resolve_within_s=30)
    attempt = bt.interrupted_attempt(raised.value)
    assert attempt is not None
    assert attempt.transfer == TRANSFER


# --- errors ----------------------------------------------------------------------------------------------------------


ATTEMPT = bt.Attempt(TRANSFER, 1_700_000_000_000, 5_000)


def chained(error: BaseException, *, cause: bool) -> BaseException:
    """Another error, as one that was raised from or while handling this one."""
    other = RuntimeError()
    if cause:
        other.__cause__ = error
    else:
        other.__context__ = error
    return other


OPEN: list[tuple[BaseException | None, bool]] = [
    (bt.OutcomeUnknown("?", attempt=ATTEMPT), True),
    (bt.Ambiguous("?", attempt=ATTEMPT, candidates=()), True),
    (bt.ProvenAbsent("no", attempt=ATTEMPT), False),  # it is known that this one moved nothing
    (bt.NotSent("no"), False),
    (KeyboardInterrupt(), False),
    (None, False),
]


@pytest.mark.parametrize(("error", "there"), OPEN, ids=lambda value: type(value).__name__)
def test_an_error_tells_the_attempt_that_it_leaves_open(error: BaseException | None, there: bool) -> None:
    assert bt.interrupted_attempt(error) == (ATTEMPT if there else None)


@pytest.mark.parametrize("cause", [True, False])
def test_so_does_one_that_was_raised_over_it(cause: bool) -> None:
    assert bt.interrupted_attempt(chained(bt.OutcomeUnknown("?", attempt=ATTEMPT), cause=cause)) == ATTEMPT


def test_errors_in_a_circle_do_not_hang() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert bt.interrupted_attempt(one) is None


# --- worth calling again ---------------------------------------------------------------------------------------------

RETRYABLE: list[tuple[bt.TransferError, bool]] = [
    (bt.NotExecuted("x"), False),
    (bt.InvalidTransfer("x"), False),
    (bt.IdempotencyConflict("x"), False),
    (bt.NotSent("x"), True),
    (bt.Rejected("x", code=-1102, msg=""), False),
    (bt.RateLimited("x", code=-1003, msg=""), True),
    (bt.PermissionDenied("x", code=-2015, msg=""), False),
    (bt.InsufficientBalance("x", code=-5013, msg=""), False),
    (bt.ClockOutOfSync("x", code=-1021, msg=""), True),
    (bt.PolicyDenied("x"), False),
    (bt.ProvenAbsent("x", attempt=ATTEMPT), True),
    (bt.OutcomeUnknown("x", attempt=ATTEMPT), False),
    (bt.Ambiguous("x", attempt=ATTEMPT, candidates=()), False),
    (bt.ReadFailed("x"), True),
    (bt.JournalFailed("x"), True),
    (bt.ResolutionRefused("x"), False),
]


def errors(kind: type[bt.TransferError]) -> set[type[bt.TransferError]]:
    return {kind}.union(*map(errors, kind.__subclasses__()))


def test_the_table_names_every_public_error() -> None:
    public = {each for each in errors(bt.TransferError) if each.__name__ in bt.__all__}
    assert public - {bt.TransferError} == {type(error) for error, _ in RETRYABLE}


@pytest.mark.parametrize(("error", "retryable"), RETRYABLE, ids=lambda value: type(value).__name__)
def test_whether_calling_again_may_help(error: bt.TransferError, retryable: bool) -> None:
    assert (error.retryable, pickle.loads(pickle.dumps(error)).retryable) == (retryable, retryable)


@pytest.mark.parametrize("journaled", [True, False])
def test_an_unknown_outcome_is_worth_another_call_with_a_key_alone(
    journaled: bool, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    """With a key the next call reconciles first; without one it would send again."""
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        connect(journal if journaled else None).execute(TRANSFER, resolve_within_s=0)
    assert (unknown.value.retryable, pickle.loads(pickle.dumps(unknown.value)).retryable) == (journaled, journaled)


def test_a_loop_over_retryable_errors_moves_the_money_once(
    client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    """What the docs tell people to write."""
    for fault in (
        faults.Firewall(), faults.RateLimited(retry_after_s=3), faults.Drop(executes=False),
        faults.BackendTimeout(executes=True), faults.Drop(executes=True),
    ):  # fmt: skip
        sandbox.fail_next(fault)
    receipts: list[bt.Receipt] = []
    told: list[bt.TransferError] = []
    while not receipts:
        try:
            receipts.append(client.execute(TRANSFER, idempotency_key="k", resolve_within_s=1))
        except bt.TransferError as error:
            told.append(error)
            clock.sleep(error.retry_after_s or 5)
    assert all(error.retryable for error in told)
    assert ([receipt.tran_id for receipt in receipts], moves(sandbox)) == ([sandbox.ledger.executions()[0].tran_id], 1)

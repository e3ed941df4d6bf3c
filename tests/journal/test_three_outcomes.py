"""
A keyed call ends in a receipt, NotExecuted, OutcomeUnknown or JournalFailed, whatever fails before it is sent.

The table: what has to be read first, how that fails, and what the journal knows of the key. Sync and async.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, Database
from tests.journal.test_journal_keys import RENAMED, SWEEP, entry, moves
from tests.support.clock import ManualClock

pytestmark = pytest.mark.thorough

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = [bt.TransferClient, bt.AsyncTransferClient]

# How a reading fails → what a transfer that was not sent for it raises.
FAILURES: dict[str, tuple[faults.Fault, type[bt.NotExecuted]]] = {
    "fin": (faults.Drop(executes=False), bt.NotSent),
    "rst": (faults.Drop(executes=False, reset=True), bt.NotSent),
    "hang": (faults.Hang(executes=False), bt.NotSent),
    "502": (faults.GatewayError(executes=False), bt.NotSent),
    "firewall": (faults.Firewall(), bt.NotSent),
    "redirect": (faults.Redirect(executes=False), bt.NotSent),
    "encoded": (faults.Encoded(), bt.NotSent),
    "a list": (faults.BrokenAnswer(executes=False, form="list"), bt.NotSent),
    "-1007": (faults.BackendTimeout(executes=False), bt.NotSent),
    "429": (faults.RateLimited(status=429, retry_after_s=7), bt.RateLimited),
    "418": (faults.RateLimited(status=418, retry_after_s=7), bt.RateLimited),
    "-2015": (faults.Rejection(code=-2015, msg="Invalid API-key, IP, or permissions for action."), bt.PermissionDenied),
    "-1021": (faults.Rejection(code=-1021, msg="Timestamp is outside of the recvWindow."), bt.ClockOutOfSync),
}  # fmt: skip
READINGS = ["time", "account"]


class Trial:
    """A client that has to read something first, and cannot."""

    def __init__(self, connect: Connect, journal: bt.Journal, sandbox: Sandbox, reading: str, kind: Any) -> None:
        self._connect, self._journal, self._sandbox, self._reading, self._kind = (
            connect,
            journal,
            sandbox,
            reading,
            kind,
        )
        self.before_reading: Callable[[object], None] = lambda _effect: None

    def known(self, *faults_: faults.Fault) -> None:
        """Let the key be known to the journal by another client's call."""
        for fault in faults_:
            self._sandbox.fail_next(fault)
        try:
            self._connect(self._journal).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
        except bt.OutcomeUnknown:
            assert faults_

    def outcome(self, fault: faults.Fault, amount: str = SWEEP[2]) -> Any:
        # Another API key than that of the other client: the journal does not know yet whose it is.
        rotated = {"credentials": self._sandbox.exchange.issue_key()} if self._reading == "account" else {}
        options = {"kind": self._kind, "timeout_s": 0.4 if isinstance(fault, faults.Hang) else 2.0} | rotated
        client = self._connect(self._journal, **options)
        session: Any = getattr(client, "_client", client)._session
        refusal = session.refusal
        session.refusal = lambda effect: (self.before_reading(effect), refusal(effect))[1]
        self._sandbox.exchange.plan(fault, on=self._reading, times=None)  # type: ignore[arg-type]  # one of the targets
        try:
            return client.transfer("MAIN_UMFUTURE", "USDT", amount, idempotency_key="k", resolve_within_s=3)
        except bt.TransferError as error:
            return error


@pytest.fixture(params=KINDS, ids=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=READINGS)
def trial(request: pytest.FixtureRequest, kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> Trial:
    return Trial(connect, journal, sandbox, request.param, kind)


@pytest.mark.parametrize("name", FAILURES)
def test_a_new_key_is_not_sent_and_the_error_says_why(
    name: str, trial: Trial, journal: bt.Journal, sandbox: Sandbox
) -> None:
    fault, expected = FAILURES[name]
    error = trial.outcome(fault)
    assert (type(error), moves(sandbox), journal.get("k")) == (expected, 0, None)


@pytest.mark.parametrize("name", ["429", "418"])
def test_the_silence_that_is_asked_for_is_told(name: str, trial: Trial) -> None:
    assert trial.outcome(FAILURES[name][0]).retry_after_s == 7


@pytest.mark.parametrize("name", FAILURES)
def test_a_key_that_moved_is_answered_from_the_journal(name: str, trial: Trial, sandbox: Sandbox) -> None:
    trial.known()
    receipt = trial.outcome(FAILURES[name][0])
    assert isinstance(receipt, bt.Receipt), receipt
    assert (receipt.replayed, receipt.tran_id, moves(sandbox)) == (True, sandbox.ledger.executions()[0].tran_id, 1)


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("executes", [True, False])
def test_a_key_with_an_open_attempt_stays_unknown(
    name: str, executes: bool, trial: Trial, journal: bt.Journal, sandbox: Sandbox
) -> None:
    trial.known(faults.Drop(executes=executes))
    error = trial.outcome(FAILURES[name][0])
    assert (type(error), error.retryable, error.attempt) == (
        bt.OutcomeUnknown, True, entry(journal, "k").attempts[0].attempt
    )  # fmt: skip
    assert sandbox.exchange.received("transfer") == 1


@pytest.mark.parametrize("name", FAILURES)
def test_a_conflict_is_told_from_the_journal(name: str, trial: Trial, sandbox: Sandbox) -> None:
    trial.known()
    error = trial.outcome(FAILURES[name][0], amount="99")
    assert (type(error), moves(sandbox)) == (bt.IdempotencyConflict, 1)


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize(("reading", "known"), [("time", False), ("account", False), ("account", True)])
def test_a_key_that_cannot_be_looked_at_is_unknown(
    name: str, reading: str, known: bool, kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox,
    database: Database,
) -> None:  # fmt: skip
    """The journal breaks while the reading fails: nobody knows whether the key has moved."""
    trial = Trial(connect, journal, sandbox, reading, kind)
    if known:
        trial.known()
    else:
        connect(journal).transfer("MAIN_UMFUTURE", "USDT", "1")  # the account is known, and the key is not
    broken: list[bool] = []

    def break_once(_effect: object) -> None:
        if not broken:
            broken.append(True)
            database("ALTER TABLE binance_transfer_v2_keys RENAME TO away")

    trial.before_reading = break_once
    error = trial.outcome(FAILURES[name][0])
    assert (type(error), error.retryable) == (bt.OutcomeUnknown, True)


def test_a_journal_that_cannot_be_read_from_the_start_is_said_to_fail(
    kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox, database: Database
) -> None:
    client = connect(journal, kind=kind)
    database(RENAMED, "ALTER TABLE binance_transfer_v2_accounts RENAME TO others")
    with pytest.raises(bt.JournalFailed):
        client.transfer(*SWEEP, idempotency_key="k")
    assert moves(sandbox) == 0


# --- what is asked of the exchange, and what is not ------------------------------------------------------------------


def asked(sandbox: Sandbox) -> dict[str, int]:
    return {name: sandbox.exchange.received(name) for name in ("time", "account", "transfer", "history")}


def since(sandbox: Sandbox, before: dict[str, int]) -> dict[str, int]:
    return {name: count - before[name] for name, count in asked(sandbox).items() if count != before[name]}


def test_a_replay_of_a_process_that_comes_again_asks_nothing(
    kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    connect(journal).transfer(*SWEEP, idempotency_key="k")
    before = asked(sandbox)
    assert connect(journal, kind=kind).transfer(*SWEEP, idempotency_key="k").replayed
    assert since(sandbox, before) == {}


def test_a_process_that_comes_again_with_a_known_api_key_asks_only_the_time(
    kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    connect(journal).transfer(*SWEEP)
    before = asked(sandbox)
    connect(journal, kind=kind).transfer("MAIN_UMFUTURE", "USDT", "1")
    assert since(sandbox, before) == {"time": 1, "transfer": 1}


def test_another_api_key_is_asked_for_its_account_once(
    kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    rotated = sandbox.exchange.issue_key("ed25519")
    before = asked(sandbox)
    for amount in ("1", "2"):
        connect(journal, kind=kind, credentials=rotated).transfer("MAIN_UMFUTURE", "USDT", amount)
    assert since(sandbox, before) == {"time": 2, "account": 1, "transfer": 2}


@pytest.mark.parametrize("status", [429, 418])
def test_an_exchange_that_asks_for_silence_is_not_sent_a_transfer(
    status: Any, kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    client = connect(journal, kind=kind)
    sandbox.fail_next(faults.RateLimited(status=status, retry_after_s=60), on="time")
    with pytest.raises(bt.RateLimited):
        client.transfer(*SWEEP)
    assert asked(sandbox)["transfer"] == 0


@pytest.mark.parametrize("fault", [faults.GatewayError(executes=False), faults.Drop(executes=False)], ids=str)
def test_reconciliation_by_a_client_that_nobody_knows_yet_stays_unknown(
    fault: faults.Fault, kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox, clock: ManualClock
) -> None:
    attempt = bt.Attempt(bt.Transfer(*SWEEP), clock.now_ms(), 5_000)
    sandbox.exchange.plan(fault, on="account", times=None)
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        connect(journal, kind=kind).reconcile(attempt)
    assert unknown.value.attempt == attempt


def test_an_outcome_that_may_have_been_is_never_called_not_sent_by_a_halt(
    kind: Any, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        connect(journal).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)
    journal.halt("no more today")
    with pytest.raises(bt.OutcomeUnknown):
        connect(journal, kind=kind).transfer(*SWEEP, idempotency_key="k", resolve_within_s=0)


def test_calls_that_begin_at_once_ask_whose_key_it_is_once(kind: Any, journal: bt.Journal) -> None:
    """And what time it is. Both wait where one of them reads."""
    with Sandbox(seed=5) as sandbox:
        options: dict[str, Any] = {"base_url": sandbox.base_url, "journal": journal}
        if kind is bt.TransferClient:
            with bt.TransferClient(sandbox.credentials, **options) as client, ThreadPoolExecutor(20) as pool:
                list(pool.map(lambda amount: client.transfer("MAIN_UMFUTURE", "USDT", amount), range(1, 21)))
        else:

            async def run() -> None:
                async with bt.AsyncTransferClient(sandbox.credentials, **options) as client:
                    amounts = range(1, 21)
                    await asyncio.gather(*(client.transfer("MAIN_UMFUTURE", "USDT", amount) for amount in amounts))

            asyncio.run(run())
        found = {name: asked(sandbox)[name] for name in ("time", "account", "transfer")}
    assert found == {"time": 1, "account": 1, "transfer": 20}

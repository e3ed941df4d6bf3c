"""client.settle: a keyed transfer, pursued until it is decided."""

from contextlib import suppress

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.support.clock import ManualClock

TRANSFER = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")

PASSING = [
    faults.Drop(executes=True),
    faults.Drop(executes=False),
    faults.GatewayError(executes=True),
    faults.BackendTimeout(executes=False),
    faults.RateLimited(retry_after_s=2),
    faults.Firewall(),
    faults.Rejection(code=-1021, msg="Timestamp for this request is outside of the recvWindow."),
]


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_what_passes_ends_with_one_movement(fault: object, client: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(fault)  # type: ignore[arg-type]
    receipt = client.settle(TRANSFER, idempotency_key="k", deadline_s=200)
    assert [entry.tran_id for entry in sandbox.ledger.executions()] == [receipt.tran_id]


@pytest.mark.parametrize(
    ("code", "msg", "error"),
    [(-2015, "Invalid API-key.", bt.PermissionDenied), (-5013, "Asset transfer failed", bt.InsufficientBalance)],
)
def test_what_does_not_pass_is_raised_at_once(
    code: int, msg: str, error: type[bt.NotExecuted], client: bt.TransferClient, sandbox: Sandbox
) -> None:
    sandbox.exchange.plan(faults.Rejection(code=code, msg=msg), on="transfer", times=1)
    with pytest.raises(error):
        client.settle(TRANSFER, idempotency_key="k")
    assert sandbox.ledger.executions() == ()


def test_what_provably_does_not_move_is_given_up_with_the_reason(client: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.exchange.plan(faults.Firewall(), on="transfer", times=None)
    with pytest.raises(bt.Rejected, match="403"):
        client.settle(TRANSFER, idempotency_key="k", deadline_s=200)


def test_at_the_deadline_it_is_unknown(client: bt.TransferClient, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    sandbox.exchange.plan(faults.Firewall(), on="history", times=None)
    with pytest.raises(bt.OutcomeUnknown):
        client.settle(TRANSFER, idempotency_key="k", deadline_s=60)
    assert len(sandbox.ledger.executions()) == 1


def test_a_deadline_that_no_call_fits_into_is_refused(client: bt.TransferClient) -> None:
    with pytest.raises(ValueError, match="deadline_s must be at least timeout_s"):
        client.settle(TRANSFER, idempotency_key="k", deadline_s=0.5)


def lost(client: bt.TransferClient, sandbox: Sandbox, *, executes: bool) -> None:
    """Leave key "k" settled: moved, or provably not, and its window over."""
    sandbox.fail_next(faults.Drop(executes=executes))
    with suppress(bt.ProvenAbsent):
        client.execute(TRANSFER, idempotency_key="k", resolve_within_s=90)


def test_a_correction_is_held_against_history(client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock) -> None:
    lost(client, sandbox, executes=True)
    clock.sleep(60)
    [entry] = sandbox.ledger.executions()
    with pytest.raises(bt.ResolutionRefused, match=f"{entry.tran_id}"):
        client.correct("k", not_executed=True, note="n")
    with pytest.raises(bt.ResolutionRefused, match="history does not show 4711"):
        client.correct("k", tran_id=4711, note="n")
    assert client.correct("k", tran_id=entry.tran_id, note="looked at it").attempts[-1].verdict == "person"


def test_a_correction_needs_a_note(client: bt.TransferClient, sandbox: Sandbox) -> None:
    lost(client, sandbox, executes=False)
    with pytest.raises(bt.ResolutionRefused, match="note"):
        client.correct("k", tran_id=1, note=" ")


def test_a_client_knows_its_account_and_the_exchanges_clock(
    client: bt.TransferClient, sandbox: Sandbox, clock: ManualClock
) -> None:
    client.execute(TRANSFER, idempotency_key="k")
    assert client.uid() == sandbox.ledger.executions()[0].uid
    assert abs(client.server_time().timestamp() * 1000 - clock.now_ms()) < 1000

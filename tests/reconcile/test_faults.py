"""Every fault of the sandbox: what the call says, that it was sent once, and what reconciliation finds out."""

from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.reconcile.conftest import Calls, Connect
from tests.support.clock import ManualClock

_TRANSFER = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")

_BROKEN: dict[str, Callable[[bool], faults.Fault]] = {
    "fin": lambda executes: faults.Drop(executes=executes),
    "rst": lambda executes: faults.Drop(executes=executes, reset=True),
}
for _status in (500, 502, 503, 504, 520):
    _BROKEN[str(_status)] = partial(
        lambda status, executes: faults.GatewayError(executes=executes, status=status), _status
    )
for _status in (400, 408, 504):
    _BROKEN[f"-1007-{_status}"] = partial(
        lambda status, executes: faults.BackendTimeout(executes=executes, status=status), _status
    )
for _status in (301, 302, 303, 307, 308):
    _BROKEN[f"redirect-{_status}"] = partial(
        lambda status, executes: faults.Redirect(executes=executes, status=status), _status
    )
for _form in get_args(faults.Form):
    _BROKEN[f"200-{_form}"] = partial(lambda form, executes: faults.BrokenAnswer(executes=executes, form=form), _form)

# Each leaves the caller without an answer that proves anything.
_UNKNOWN: list[Any] = [
    pytest.param(make(executes), executes, id=f"{name}-{'executed' if executes else 'not-executed'}")
    for executes in (True, False)
    for name, make in _BROKEN.items()
]

# Each proves that nothing moved.
_NOT_EXECUTED = [
    pytest.param(faults.Firewall(), bt.Rejected, 403, id="firewall"),
    pytest.param(faults.RateLimited(status=429, retry_after_s=7), bt.RateLimited, 429, id="429"),
    pytest.param(faults.RateLimited(status=418, retry_after_s=7), bt.RateLimited, 418, id="418"),
    pytest.param(faults.ClockSkew(offset_ms=-9_000), bt.ClockOutOfSync, 400, id="clock-behind"),
    pytest.param(faults.ClockSkew(offset_ms=9_000), bt.ClockOutOfSync, 400, id="clock-ahead"),
    pytest.param(faults.Rejection(code=-2015, msg="no"), bt.PermissionDenied, 400, id="-2015"),
]


@pytest.mark.parametrize(("fault", "executed"), _UNKNOWN)
def test_the_outcome_is_unknown_until_it_is_reconciled(
    fault: faults.Fault, executed: bool, sandbox: Sandbox, client: Calls
) -> None:
    """The call does not guess, and the verdict is what the exchange did."""
    sandbox.fail_next(fault)
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.execute(_TRANSFER)
    assert sandbox.exchange.received("transfer") == 1
    if executed:
        receipt = client.reconcile(unknown.value.attempt)
        assert [entry.tran_id for entry in sandbox.ledger.executions()] == [receipt.tran_id]
    else:
        with pytest.raises(bt.ProvenAbsent):
            client.reconcile(unknown.value.attempt)
        assert sandbox.ledger.executions() == ()
    assert sandbox.exchange.received("transfer") == 1


@pytest.mark.parametrize(("fault", "kind", "status"), _NOT_EXECUTED)
def test_a_refusal_is_told_at_once(
    fault: faults.Fault, kind: type[bt.TransferError], status: int, sandbox: Sandbox, client: Calls
) -> None:
    """The error says why, and carries the status."""
    sandbox.fail_next(fault)
    with pytest.raises(bt.NotExecuted) as refused:
        client.execute(_TRANSFER)
    assert (type(refused.value), refused.value.http_status, sandbox.ledger.executions()) == (kind, status, ())
    assert sandbox.exchange.received("transfer") == 1


def test_no_connection_means_not_sent(sandbox: Sandbox, client: Calls) -> None:
    """A closed port is the one loss that proves something."""
    sandbox.fail_next(faults.Refuse(duration_ms=60_000))
    with pytest.raises(bt.NotSent):
        client.execute(_TRANSFER)
    assert sandbox.ledger.executions() == ()


@pytest.mark.parametrize("executed", [True, False])
def test_a_server_that_hangs_is_left_at_the_deadline(executed: bool, sandbox: Sandbox, connect: Connect) -> None:
    """The time is up, the outcome is open, and reconciliation closes it."""
    client = connect(timeout_s=0.4)
    sandbox.fail_next(faults.Hang(executes=executed))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.execute(_TRANSFER)
    verdict = bt.Receipt if executed else bt.ProvenAbsent
    try:
        result: object = client.reconcile(unknown.value.attempt)
    except bt.ProvenAbsent as absent:
        result = absent
    assert type(result) is verdict


def test_what_executes_late_is_waited_for(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    """The caller gave up, the exchange did not: the row comes seconds later."""
    sandbox.fail_next(faults.Drop(executes=True, late_ms=4_000))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.execute(_TRANSFER)
    receipt = client.reconcile(unknown.value.attempt)
    assert (receipt.tran_id, clock.elapsed_s >= 4) == (sandbox.ledger.executions()[0].tran_id, True)


def test_what_is_late_beyond_recv_window_never_executes(sandbox: Sandbox, client: Calls) -> None:
    """The exchange checks the window again, which is what proofs of absence stand on."""
    sandbox.fail_next(faults.Drop(executes=True, late_ms=6_000))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.execute(_TRANSFER)
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(unknown.value.attempt)
    assert sandbox.ledger.executions() == ()


def test_after_a_clock_error_the_next_call_works(sandbox: Sandbox, client: Calls) -> None:
    """-1021 makes the client read the exchange's clock before it signs again."""
    client.execute(_TRANSFER)
    sandbox.exchange.clock_offset_ms = 60_000
    with pytest.raises(bt.ClockOutOfSync):
        client.execute(_TRANSFER)
    assert client.execute(_TRANSFER).http_status == 200

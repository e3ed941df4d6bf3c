"""The rules of reconciliation, one by one, against the sandbox's history and clock."""

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import binance_transfer as bt
from binance_transfer_sandbox import HistoryBehaviour, Limits, Sandbox, faults
from tests.reconcile.conftest import Calls, Connect
from tests.support.clock import ManualClock

_TRANSFER = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")
_NOW_MS = ManualClock().now_ms()
_WINDOW_S = 5 + 30  # recv_window_ms and settle_ms, unless a test says otherwise


def _lose(sandbox: Sandbox, client: Calls, fault: faults.Fault, transfer: bt.Transfer = _TRANSFER) -> bt.Attempt:
    """Make a transfer whose answer is lost, and return the attempt."""
    sandbox.fail_next(fault)
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.execute(transfer)
    return unknown.value.attempt


# Rule 1: the window


def test_absence_is_proven_only_after_the_window(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    with pytest.raises(bt.ProvenAbsent) as absent:
        client.reconcile(attempt)
    assert (absent.value.attempt, _WINDOW_S < clock.elapsed_s < _WINDOW_S + 1) == (attempt, True)


def test_the_last_moment_belongs_to_the_window(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    clock.sleep(_WINDOW_S)
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(attempt)
    assert clock.elapsed_s > _WINDOW_S


def test_settle_ms_moves_the_end_of_the_window(sandbox: Sandbox, connect: Connect, clock: ManualClock) -> None:
    client = connect(settle_ms=7_000, recv_window_ms=2_000)
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(_lose(sandbox, client, faults.Drop(executes=False)))
    assert 9 < clock.elapsed_s < 10


def test_whole_second_rows_are_found(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    """A row may seem to be older than the attempt."""
    clock.elapsed_s = 0.999
    sandbox.exchange.history = HistoryBehaviour(whole_seconds=True)
    attempt = _lose(sandbox, client, faults.Drop(executes=True))
    assert client.reconcile(attempt).tran_id == sandbox.ledger.executions()[0].tran_id


def test_an_identical_transfer_long_before_is_not_taken_for_it(
    sandbox: Sandbox, connect: Connect, clock: ManualClock
) -> None:
    connect().execute(_TRANSFER)
    clock.sleep(10)
    client = connect()  # another one: it has not seen the first transfer
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(_lose(sandbox, client, faults.Drop(executes=False)))


def test_an_identical_transfer_after_the_window_is_not_taken_for_it(
    sandbox: Sandbox, connect: Connect, clock: ManualClock
) -> None:
    client = connect()
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    clock.sleep(_WINDOW_S + 1)
    connect().execute(_TRANSFER)
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(attempt)


# Rule 2: candidates


def test_an_id_that_this_client_has_answered_is_not_taken(sandbox: Sandbox, client: Calls) -> None:
    """An identical transfer a moment ago has its receipt already."""
    client.execute(_TRANSFER)
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(_lose(sandbox, client, faults.Drop(executes=False)))


def test_an_id_that_the_caller_knows_is_not_taken(sandbox: Sandbox, connect: Connect) -> None:
    """After a restart only the caller knows what was answered before."""
    receipt = connect().execute(_TRANSFER)
    client = connect()
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(_lose(sandbox, client, faults.Drop(executes=False)), claimed={receipt.tran_id})


@pytest.mark.parametrize("claimed", [None, 5, "123", b"123", {"123"}, [123.0], [True], [None], {"123": 1}], ids=repr)
def test_ids_that_are_none_are_refused_and_not_passed_over(client: Calls, claimed: Any) -> None:
    """Taken for ids, they would match nothing, and the claimed row would become a receipt."""
    with pytest.raises(ValueError, match="claimed must"):
        client.reconcile(bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", 1), 1_700_000_000_000, 5000), claimed=claimed)


def test_two_confirmed_rows_are_ambiguous(sandbox: Sandbox, connect: Connect) -> None:
    tran_id = connect().execute(_TRANSFER).tran_id
    client = connect()
    attempt = _lose(sandbox, client, faults.Drop(executes=True))
    with pytest.raises(bt.Ambiguous) as ambiguous:
        client.reconcile(attempt)
    candidates = {record.tran_id for record in ambiguous.value.candidates}
    assert candidates == {entry.tran_id for entry in sandbox.ledger.executions()} > {tran_id}


def test_a_pending_row_is_waited_for(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    sandbox.exchange.history = HistoryBehaviour(pending_after_ms=50_000)
    attempt = _lose(sandbox, client, faults.Drop(executes=True))
    receipt = client.reconcile(attempt)
    assert (receipt.tran_id, clock.elapsed_s >= 50) == (sandbox.ledger.executions()[0].tran_id, True)


def test_a_pending_row_beside_a_confirmed_one_is_waited_for(
    sandbox: Sandbox, connect: Connect, clock: ManualClock
) -> None:
    """Either could be it, until the other one has failed."""
    sandbox.fail_next(faults.Settle(status="FAILED", after_ms=10_000))
    connect().execute(_TRANSFER)
    client = connect()
    attempt = _lose(sandbox, client, faults.Drop(executes=True))
    receipt = client.reconcile(attempt)
    [moved] = [entry.tran_id for entry in sandbox.ledger.executions()]
    assert (receipt.tran_id, 10 <= clock.elapsed_s < _WINDOW_S) == (moved, True)


def test_a_failed_row_moved_nothing(sandbox: Sandbox, connect: Connect, clock: ManualClock) -> None:
    """PENDING that becomes FAILED is as good as absent, once the window is over."""
    client = connect()
    sandbox.fail_next(faults.Settle(status="FAILED", after_ms=3_000))
    attempt = client.execute(_TRANSFER).attempt
    with pytest.raises(bt.ProvenAbsent):
        connect().reconcile(attempt)
    assert clock.elapsed_s > _WINDOW_S


@pytest.mark.parametrize(
    ("asset", "amount"), [("USDT", "25.77"), ("ETH", "25.5"), ("USDT", "25.23")], ids=["more", "asset", "less"]
)
def test_rows_of_another_amount_or_asset_are_not_it(
    asset: str, amount: str, sandbox: Sandbox, connect: Connect
) -> None:
    client = connect()
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    connect().execute(bt.Transfer("MAIN_UMFUTURE", asset, amount))
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(attempt)


def test_amounts_are_compared_as_numbers(sandbox: Sandbox, client: Calls) -> None:
    """History writes 25.5 for 25.50000000."""
    transfer = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.50000000")
    attempt = _lose(sandbox, client, faults.Drop(executes=True), transfer)
    assert client.reconcile(attempt).transfer == transfer


# Rule 3: absence


def test_a_row_on_a_later_page_is_found(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.exchange.limits = Limits(uid_weight_1m=10**9)
    for newest_first in (True, False):
        sandbox.exchange.history = HistoryBehaviour(newest_first=newest_first)
        client = connect()
        attempt = _lose(sandbox, client, faults.Drop(executes=True))
        for number in range(120):
            row = {"type": "MAIN_UMFUTURE", "asset": "BNB", "amount": "1", "timestamp": str(attempt.timestamp_ms)}
            sandbox.exchange.perform("transfer", row | {"recvWindow": str(5_000 + number)}, fault=None)
        claimed = {entry.tran_id for entry in sandbox.ledger.executions(amount="25.5")[:-1]}
        assert client.reconcile(attempt, claimed=claimed).tran_id not in claimed


def test_pages_that_shift_are_read_again(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    """The row comes to stand on a page that was read already: what the other pages show is no proof of absence."""
    sandbox.exchange.limits = Limits(uid_weight_1m=10**9)
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    for _ in range(150):
        row = {"type": "MAIN_UMFUTURE", "asset": "BNB", "amount": "1", "timestamp": str(attempt.timestamp_ms)}
        sandbox.exchange.perform("transfer", row, fault=None)
    clock.sleep(_WINDOW_S + 1)
    sandbox.fail_next(faults.ShiftPages(amount="25.5"))
    assert client.reconcile(attempt).tran_id == sandbox.ledger.executions(amount="25.5")[0].tran_id


@pytest.mark.parametrize("target", ["history", "time"])
def test_without_history_or_clock_nothing_is_proven(target: str, sandbox: Sandbox, client: Calls) -> None:
    """Calls that fail until the deadline leave the outcome unknown."""
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    sandbox.exchange.plan(faults.GatewayError(executes=False, status=502), on=target, times=None)  # type: ignore[arg-type]
    with pytest.raises(bt.OutcomeUnknown, match="502"):
        client.reconcile(attempt)


def test_reading_goes_on_after_failures(sandbox: Sandbox, client: Calls) -> None:
    attempt = _lose(sandbox, client, faults.Drop(executes=True))
    for fault in (faults.Drop(executes=True), faults.BrokenAnswer(executes=True, form="list"), faults.RateLimited()):
        sandbox.fail_next(fault, on="history")
    assert client.reconcile(attempt).tran_id == sandbox.ledger.executions()[0].tran_id


def test_retry_after_is_heeded(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    attempt = _lose(sandbox, client, faults.Drop(executes=True))
    sandbox.fail_next(faults.RateLimited(retry_after_s=40), on="history")
    client.reconcile(attempt)
    assert 40.0 in clock.slept_s


def test_an_attempt_older_than_history_stays_unknown(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    sandbox.exchange.history = HistoryBehaviour(reach_days=1000)
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    clock.sleep(200 * 24 * 3600)
    with pytest.raises(bt.OutcomeUnknown, match="6 months"):
        client.reconcile(attempt)


def test_a_client_that_cannot_send_says_so_at_once(clock: ManualClock, sandbox: Sandbox) -> None:
    """It does not read for two minutes first, and it does not claim that nothing moved."""
    client = bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, clock=clock)
    attempt = client.prepare(_TRANSFER)
    client.close()
    with pytest.raises(bt.OutcomeUnknown, match="closed"):
        client.reconcile(attempt)
    assert clock.elapsed_s == 0


# Rule 4: names


@pytest.mark.parametrize(
    "make",
    [
        lambda: bt.Transfer("MAIN_ISOLATED_MARGIN", "USDT", "1", to_symbol="BTCUSDT"),
        lambda: bt.Transfer("ISOLATED_MARGIN_MAIN", "USDT", "1", from_symbol="BTCUSDT"),
        lambda: bt.Transfer.unchecked("MAIN_FUNDING", "USDT", "1"),
    ],
    ids=["MAIN_ISOLATED_MARGIN", "ISOLATED_MARGIN_MAIN", "unchecked"],
)
def test_absence_is_never_concluded_where_names_are_unknown(
    make: Callable[[], bt.Transfer], sandbox: Sandbox, client: Calls
) -> None:
    attempt = _lose(sandbox, client, faults.Drop(executes=False), make())
    with pytest.raises(bt.OutcomeUnknown, match="nobody knows what history calls"):
        client.reconcile(attempt)


def test_a_row_is_a_proof_for_every_type(sandbox: Sandbox, client: Calls) -> None:
    transfer = bt.Transfer("MAIN_ISOLATED_MARGIN", "USDT", "1", to_symbol="BTCUSDT")
    attempt = _lose(sandbox, client, faults.Drop(executes=True), transfer)
    assert client.reconcile(attempt).tran_id == sandbox.ledger.executions()[0].tran_id


def _showing(clock: ManualClock, page: Callable[[int], list[dict[str, object]]], total: int) -> bt.TransferClient:
    """A client of an exchange whose history heeds no filter: `page` returns the rows of a page, counted from 1."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v3/time":
            return httpx.Response(200, json={"serverTime": clock.now_ms()})
        return httpx.Response(200, json={"total": total, "rows": page(int(request.url.params["current"]))})

    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    return bt.TransferClient(credentials, transport=httpx.MockTransport(answer), clock=clock)


def _row(tran_id: int, name: str) -> dict[str, object]:
    """A row of 1 USDT, made in the second second."""
    row = {"asset": "USDT", "amount": "1", "status": "CONFIRMED", "timestamp": _NOW_MS}
    return row | {"tranId": tran_id, "type": name}


def test_pages_in_no_stable_order_prove_nothing(clock: ManualClock) -> None:
    """One row comes twice and another one not at all, and `total` stays as it was."""
    rows = [_row(number, "UMFUTURE_MAIN") for number in range(1, 101)]
    with (
        _showing(clock, lambda page: rows if page == 1 else rows[-1:], total=101) as client,
        pytest.raises(bt.OutcomeUnknown, match="pages changed"),
    ):
        client.reconcile(bt.Attempt(_TRANSFER, _NOW_MS, 5_000))


@pytest.mark.parametrize(
    "order",
    [
        bt.Transfer("MAIN_UMFUTURE", "USDT", 1),
        bt.Transfer("MAIN_ISOLATED_MARGIN", "USDT", 1, to_symbol="BTCUSDT"),
        bt.Transfer.unchecked("MAIN_MOON", "USDT", 1),
    ],
    ids=["checked", "of-the-chinese-page", "unchecked"],
)
def test_a_row_of_another_type_is_no_receipt_and_no_absence(order: bt.Transfer, clock: ManualClock) -> None:
    with (
        _showing(clock, lambda _: [_row(1, "MAIN_ISOLATEDMARGIN")], total=1) as client,
        pytest.raises(bt.OutcomeUnknown, match="similar but not identical"),
    ):
        client.reconcile(bt.Attempt(order, _NOW_MS, 5_000))


# A call that reconciles by itself


def test_a_call_may_reconcile_by_itself(sandbox: Sandbox, client: Calls) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    receipt = client.execute(_TRANSFER, resolve_within_s=90)
    assert [entry.tran_id for entry in sandbox.ledger.executions()] == [receipt.tran_id]


def test_a_call_that_reconciles_by_itself_does_not_send_again(sandbox: Sandbox, client: Calls) -> None:
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.ProvenAbsent):
        client.execute(_TRANSFER, resolve_within_s=90)
    assert (sandbox.exchange.received("transfer"), sandbox.ledger.executions()) == (1, ())


# Deadline, progress, restart


def test_the_deadline_ends_it_without_a_guess(sandbox: Sandbox, client: Calls, clock: ManualClock) -> None:
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.reconcile(attempt, deadline_s=10)
    assert (unknown.value.attempt, clock.elapsed_s <= 10) == (attempt, True)


@pytest.mark.parametrize("deadline_s", [0, -1, float("nan"), True])
def test_a_deadline_that_makes_no_sense_is_refused(deadline_s: float, client: Calls) -> None:
    attempt = client.prepare(_TRANSFER)
    with pytest.raises(ValueError, match="deadline_s"):
        client.reconcile(attempt, deadline_s=deadline_s)


def test_progress_is_logged(sandbox: Sandbox, client: Calls, caplog: pytest.LogCaptureFixture) -> None:
    attempt = _lose(sandbox, client, faults.Drop(executes=False))
    with caplog.at_level(logging.INFO, "binance_transfer"), pytest.raises(bt.ProvenAbsent):
        client.reconcile(attempt)
    lines = [record.getMessage() for record in caplog.records if record.name == "binance_transfer"]
    assert lines[0].startswith("waiting 0.5 s: reconciling MAIN_UMFUTURE 25.5 USDT: no row yet, ")


def test_an_attempt_survives_a_restart(sandbox: Sandbox, connect: Connect) -> None:
    """Stored before it is sent, read back by another process, reconciled there."""
    client = connect()
    stored = json.dumps(client.prepare(_TRANSFER).to_dict())
    sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        client.execute(bt.Attempt.from_dict(json.loads(stored)))
    receipt = connect().reconcile(bt.Attempt.from_dict(json.loads(stored)))
    assert receipt.tran_id == sandbox.ledger.executions()[0].tran_id


def test_an_attempt_that_was_never_sent_is_absent(client: Calls) -> None:
    attempt = client.prepare(_TRANSFER)
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(attempt)


def test_an_attempt_is_not_sent_twice(sandbox: Sandbox, client: Calls) -> None:
    attempt = client.prepare(_TRANSFER)
    client.execute(attempt)
    with pytest.raises(bt.OutcomeUnknown, match="sent before"):
        client.execute(attempt)
    assert len(sandbox.ledger.executions()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", "x"), ("amount", 1.5), ("type", "NONE"), ("timestamp_ms", "1"), ("timestamp_ms", True),
        ("timestamp_ms", -1), ("recv_window_ms", 0), ("recv_window_ms", 60_001), ("id", ""), ("id", None),
        ("asset", " "), ("to_symbol", "BTCUSDT"),
    ],
)  # fmt: skip
def test_a_damaged_attempt_is_refused(name: str, value: object, client: Calls) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the class is the contract, each text is its own
        bt.Attempt.from_dict(client.prepare(_TRANSFER).to_dict() | {name: value})


def test_a_missing_field_is_named(client: Calls) -> None:
    values = client.prepare(_TRANSFER).to_dict()
    del values["recv_window_ms"]
    with pytest.raises(ValueError, match="recv_window_ms missing"):
        bt.Attempt.from_dict(values)

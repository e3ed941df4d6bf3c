"""Rows that could be the attempt but are written otherwise: no receipt, and no absence (rule 2)."""

from collections.abc import Callable
from decimal import Decimal, localcontext

import httpx
import pytest

import binance_transfer as bt
from binance_transfer.candidates import amounts_are_near, folded, is_near
from binance_transfer_sandbox import HistoryBehaviour, Sandbox, faults
from tests.reconcile.conftest import Calls, Connect, ManualClock

TRANSFER = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.12345678")
_NOW_MS = ManualClock().now_ms()

# How the row of a transfer that was made is spelt → faults that let its answer be lost as well.
SPELLINGS: dict[str, faults.Fault] = {
    "lower case": faults.Respell(asset="lower"),
    "full width": faults.Respell(asset="full_width"),
    "digits cut": faults.Respell(amount="cut", digits=2),
    "digits rounded": faults.Respell(amount="rounded", digits=1),
    "no decimals": faults.Respell(amount="cut", digits=0),
    "less a fee of a tenth of a percent": faults.Respell(amount="fee", fee_bp=10),
    "less a fee of almost a percent": faults.Respell(amount="fee", fee_bp=99),
    "another type": faults.Respell(type="MAIN_FUTURE_NEW"),
    "seconds": faults.Respell(time="seconds"),
    "a time before the window": faults.Respell(offset_ms=-6_000),
    "a time long before the window": faults.Respell(offset_ms=-86_400_000),
    "a time after the window": faults.Respell(offset_ms=60_000),
    "everything at once": faults.Respell(
        asset="lower", amount="cut", digits=1, type="OTHER", time="seconds", offset_ms=-9_000
    ),
}
# What is written otherwise and is the same all the same.
EQUAL: dict[str, faults.Fault] = {
    "zeros": faults.Respell(amount="zeros"),
    "whole seconds": faults.Respell(time="whole_seconds"),
    "a ledger three seconds behind": faults.Stamp(offset_ms=-3_000),
    "a ledger three seconds ahead": faults.Stamp(offset_ms=3_000),
    "three seconds behind, and cut": faults.Together(
        faults=(faults.Stamp(offset_ms=-3_000), faults.Respell(time="whole_seconds"))
    ),
}


def lose(
    sandbox: Sandbox, client: Calls, *with_it: faults.Fault, executes: bool = True, transfer: bt.Transfer = TRANSFER
) -> bt.Attempt:
    """Make a transfer whose answer is lost, and return the attempt."""
    parts: list[faults.Fault] = [faults.Drop(executes=executes)]
    for fault in with_it:
        parts += fault.faults if isinstance(fault, faults.Together) else [fault]
    sandbox.fail_next(faults.Together(faults=tuple(parts)) if len(parts) > 1 else parts[0])
    with pytest.raises(bt.OutcomeUnknown) as unknown:
        client.execute(transfer)
    return unknown.value.attempt


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_row_that_is_spelt_otherwise_keeps_the_outcome_open(spelling: str, sandbox: Sandbox, client: Calls) -> None:
    attempt = lose(sandbox, client, SPELLINGS[spelling])
    with pytest.raises(bt.OutcomeUnknown, match="similar but not identical") as unknown:
        client.reconcile(attempt)
    assert type(unknown.value) is bt.OutcomeUnknown
    assert str(sandbox.ledger.executions()[0].tran_id) in str(unknown.value)


@pytest.mark.parametrize("spelling", EQUAL)
def test_a_row_that_is_equal_is_it(spelling: str, sandbox: Sandbox, client: Calls) -> None:
    attempt = lose(sandbox, client, EQUAL[spelling])
    assert client.reconcile(attempt).tran_id == sandbox.ledger.executions()[0].tran_id


def test_a_near_miss_beside_the_row_itself_does_not_keep_it_back(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.fail_next(SPELLINGS["lower case"])
    connect().execute(TRANSFER)
    client = connect()
    attempt = lose(sandbox, client)
    assert client.reconcile(attempt).tran_id == sandbox.ledger.executions()[-1].tran_id


def test_a_near_miss_that_failed_moved_nothing(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.fail_next(faults.Together(faults=(faults.Settle(status="FAILED", after_ms=1_000), SPELLINGS["lower case"])))
    client = connect()
    attempt = client.execute(TRANSFER).attempt
    with pytest.raises(bt.ProvenAbsent):
        connect().reconcile(attempt)


def test_a_near_miss_that_another_transfer_owns_is_not_it(sandbox: Sandbox, client: Calls) -> None:
    sandbox.fail_next(SPELLINGS["digits cut"])
    client.execute(TRANSFER)
    attempt = lose(sandbox, client, executes=False)
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(attempt)


@pytest.mark.parametrize("amount", ["25.38", "24.87", "0.25123456", "251.23456780"])
def test_a_row_that_is_far_enough_off_is_not_it(amount: str, sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    attempt = lose(sandbox, client, executes=False)
    connect().execute(bt.Transfer("MAIN_UMFUTURE", "USDT", amount))
    with pytest.raises(bt.ProvenAbsent):
        client.reconcile(attempt)


def test_history_that_ignores_the_type_gives_no_receipt_and_no_absence(sandbox: Sandbox, connect: Connect) -> None:
    """What is shown is a stranger's transfer of another type; nobody can know that."""
    client = connect()
    attempt = lose(sandbox, client, executes=False)
    connect().execute(bt.Transfer("UMFUTURE_MAIN", "USDT", TRANSFER.amount))
    sandbox.exchange.plan(faults.IgnoreType(), times=None)
    with pytest.raises(bt.OutcomeUnknown, match="similar but not identical"):
        client.reconcile(attempt)


@pytest.mark.parametrize(
    "transfer",
    [
        bt.Transfer("MAIN_ISOLATED_MARGIN", "USDT", "1", to_symbol="BTCUSDT"),
        bt.Transfer("ISOLATED_MARGIN_MAIN", "USDT", "1", from_symbol="BTCUSDT"),
        bt.Transfer.unchecked("MAIN_FUNDING", "USDT", "1"),
    ],
    ids=str,
)
def test_a_type_of_unknown_name_gets_no_strangers_row(
    transfer: bt.Transfer, sandbox: Sandbox, connect: Connect
) -> None:
    """History ignores a type that it does not know, and shows the rows of all."""
    sandbox.exchange.history = HistoryBehaviour(unlisted_types=frozenset({transfer.type}), ignores_unknown_types=True)
    client = connect()
    attempt = lose(sandbox, client, executes=False, transfer=transfer)
    connect().execute(bt.Transfer("MAIN_UMFUTURE", "USDT", transfer.amount))
    with pytest.raises(bt.OutcomeUnknown, match="similar but not identical"):
        client.reconcile(attempt)


# --- readings that do not add up -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [faults.WrongTotal(by=1), faults.WrongTotal(by=-1), faults.WrongTotal(by=7)], ids=str)
def test_a_row_that_every_unsound_reading_shows_is_believed(
    fault: faults.Fault, sandbox: Sandbox, client: Calls, clock: ManualClock
) -> None:
    """Three readings count as one."""
    attempt = lose(sandbox, client)
    sandbox.exchange.plan(fault, times=None)
    assert client.reconcile(attempt).tran_id == sandbox.ledger.executions()[0].tran_id
    assert sandbox.exchange.received("time") == 1 + 3  # once before it was sent, and for each reading


def test_unsound_readings_never_prove_absence(sandbox: Sandbox, client: Calls) -> None:
    attempt = lose(sandbox, client, executes=False)
    sandbox.exchange.plan(faults.WrongTotal(by=1), times=None)
    with pytest.raises(bt.OutcomeUnknown, match="pages changed"):
        client.reconcile(attempt)


def test_two_rows_that_unsound_readings_show_are_ambiguous(sandbox: Sandbox, connect: Connect) -> None:
    connect().execute(TRANSFER)
    client = connect()
    attempt = lose(sandbox, client)
    sandbox.exchange.plan(faults.WrongTotal(by=1), times=None)
    with pytest.raises(bt.Ambiguous):
        client.reconcile(attempt)


def _answering(
    clock: ManualClock, readings: Callable[[int], tuple[int, list[dict[str, object]]]]
) -> httpx.MockTransport:
    """An exchange whose history shows what ``readings`` says for each reading, counted from 1."""
    count = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal count
        if request.url.path == "/api/v3/time":
            return httpx.Response(200, json={"serverTime": clock.now_ms()})
        first = request.url.params["current"] == "1"
        count += first
        total, rows = readings(count)
        return httpx.Response(200, json={"total": total, "rows": rows if first else []})

    return httpx.MockTransport(answer)


def _row(tran_id: int, status: str = "CONFIRMED") -> dict[str, object]:
    row = {"asset": "USDT", "amount": "25.12345678", "timestamp": _NOW_MS, "type": "MAIN_UMFUTURE"}
    return row | {"tranId": tran_id, "status": status}


READINGS: list[tuple[list[tuple[int, list[int]]], type]] = [
    ([(2, [1]), (2, []), (2, [])], bt.Receipt),
    ([(3, [1]), (3, [2]), (3, [])], bt.Ambiguous),  # each shows another one: all that was seen counts
    ([(9, []), (9, []), (9, [])], bt.OutcomeUnknown),
    ([(2, [1]), (0, [])], bt.OutcomeUnknown),  # a sound one that lacks what was shown before proves nothing
    ([(2, []), (2, []), (0, [])], bt.ProvenAbsent),  # two are not three, and the third is sound
]


@pytest.mark.parametrize(("readings", "kind"), READINGS)
def test_three_unsound_readings_in_a_row_count_as_one(
    readings: list[tuple[int, list[int]]], kind: type, clock: ManualClock
) -> None:
    def reading(number: int) -> tuple[int, list[dict[str, object]]]:
        total, ids = readings[min(number, len(readings)) - 1]
        return total, [_row(tran_id) for tran_id in ids]

    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    with bt.TransferClient(credentials, transport=_answering(clock, reading), clock=clock) as client:
        clock.elapsed_s = 40  # the window is over
        try:
            result: object = client.reconcile(bt.Attempt(TRANSFER, _NOW_MS, 5_000), deadline_s=20)
        except bt.TransferError as error:
            result = error
    assert type(result) is kind


def test_a_status_that_nobody_knows_is_waited_for(clock: ManualClock) -> None:
    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    transport = _answering(clock, lambda _: (1, [_row(1, "ON_HOLD")]))
    with (
        bt.TransferClient(credentials, transport=transport, clock=clock) as client,
        pytest.raises(bt.OutcomeUnknown, match="pending"),
    ):
        client.reconcile(bt.Attempt(TRANSFER, _NOW_MS, 5_000))


# --- what is near ----------------------------------------------------------------------------------------------------

AMOUNTS: list[tuple[str, str, bool]] = [
    ("100", "100", True), ("100", "100.00", True), ("100", "99", True), ("100", "101", True),
    ("100", "98.99999999", False), ("100", "101.00000001", False),
    ("0.00000001", "0", True),  # cut to the digits of the row
    ("0.6", "1", True), ("0.6", "0", True), ("0.6", "2", False), ("1.25", "1.2", True), ("1.25", "1.3", True),
    ("1.25", "1.1", False), ("1E+30", "1000000000000000000000000000000", True), ("9.99", "10", True),
]  # fmt: skip


@pytest.mark.parametrize(("amount", "shown", "near"), AMOUNTS)
def test_amounts_that_may_stand_for_each_other(amount: str, shown: str, near: bool) -> None:
    assert amounts_are_near(Decimal(amount), Decimal(shown)) == near


def test_the_callers_decimal_context_does_not_matter() -> None:
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 2, 3, -3
        assert amounts_are_near(Decimal("25.12345678"), Decimal("25.12"))


@pytest.mark.parametrize(
    ("one", "other"),
    [("USDT", "usdt"), ("USDT", "\uff35\uff33\uff24\uff34"), ("CAF\u00c9", "Cafe\u0301"), ("STRASSE", "stra\u00dfe")],
)
def test_names_that_are_spelt_otherwise_are_near(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("asset", "near"), [("USDT", True), ("usdt", True), ("USDC", False), ("US DT", False)])
def test_another_asset_is_not_near(asset: str, near: bool) -> None:
    row = bt.TransferRecord(1, "ANY", asset, TRANSFER.amount, "CONFIRMED", 0)
    assert is_near(TRANSFER, row) == near

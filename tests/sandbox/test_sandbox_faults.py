"""Faults without sockets: what is executed, what is seen, and which request meets them."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from binance_transfer_sandbox import Exchange, faults
from binance_transfer_sandbox.faults import Fault, Form, Unanswered
from binance_transfer_sandbox.wire import Answer, Dropped, Refused, Reply, Silence, Truncated

Advance = Callable[[int], None]

START_MS = 1_700_000_000_000
TRANSFER = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1", "timestamp": str(START_MS)}


def seen(reply: Reply) -> tuple[object, ...]:
    """What a client could tell from the outside."""
    match reply:
        case Answer(status, headers, body, delay_ms):
            return status, dict(headers).get("Content-Type", "").split(";")[0], body[:14], delay_ms
    return (reply,)


HTML = "text/html"
JSON = "application/json"
HIDDEN: list[tuple[type[Unanswered], dict[str, Any], tuple[object, ...]]] = [
    (faults.Drop, {}, (Dropped(reset=False),)),
    (faults.Drop, {"reset": True, "delay_ms": 50}, (Dropped(reset=True, delay_ms=50),)),
    (faults.Hang, {}, (Silence(),)),
    *[
        (faults.GatewayError, {"status": status}, (status, HTML, b"<html><body><h", 0))
        for status in (500, 502, 503, 504, 520)
    ],
    *[(faults.BackendTimeout, {"status": status}, (status, JSON, b'{"code":-1007,', 0)) for status in (400, 408, 504)],
    *[(faults.Redirect, {"status": status}, (status, "", b"", 0)) for status in (301, 302, 303, 307, 308)],
    (faults.BackendTimeout, {"delay_ms": 10_000}, (504, JSON, b'{"code":-1007,', 10_000)),
]


@pytest.mark.parametrize("executes", [False, True])
@pytest.mark.parametrize(("kind", "fields", "shown"), HIDDEN, ids=lambda value: getattr(value, "__name__", str(value)))
def test_what_is_seen_does_not_tell_what_was_executed(
    exchange: Exchange, kind: type[Unanswered], fields: dict[str, Any], shown: tuple[object, ...], executes: bool
) -> None:
    reply = exchange.perform("transfer", TRANSFER, fault=kind(executes=executes, **fields))
    assert seen(reply) == shown
    assert len(exchange.ledger.executions()) == executes


@pytest.mark.parametrize("executes", [False, True])
@pytest.mark.parametrize("form", get_args(Form))
def test_a_broken_answer_is_a_200_without_a_usable_id(exchange: Exchange, form: Form, executes: bool) -> None:
    reply = exchange.perform("transfer", TRANSFER, fault=faults.BrokenAnswer(executes=executes, form=form))
    assert len(exchange.ledger.executions()) == executes
    if isinstance(reply, Truncated):
        assert 0 < reply.sent_bytes < len(reply.answer.body)
        return
    assert isinstance(reply, Answer)
    assert reply.status == 200
    try:
        tran_id = json.loads(reply.body)["tranId"]
    except (ValueError, TypeError, KeyError):
        return
    assert type(tran_id) is not int or not 0 < tran_id < 2**63


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (faults.Firewall(), (403, HTML, b"<html><body><h", 0)),
        (faults.RateLimited(retry_after_s=7), (429, JSON, b'{"code":-1003,', 0)),
        (faults.RateLimited(status=418), (418, JSON, b'{"code":-1003,', 0)),
        (faults.Rejection(code=-3044, msg="System busy."), (400, JSON, b'{"code":-3044,', 0)),
        (faults.Refuse(duration_ms=9), (Refused(9),)),
    ],
)
def test_some_faults_never_execute(exchange: Exchange, fault: Fault, shown: tuple[object, ...]) -> None:
    reply = exchange.perform("transfer", TRANSFER, fault=fault)
    assert (seen(reply), len(exchange.ledger)) == (shown, 0)


def test_a_limited_client_learns_how_long_to_wait(exchange: Exchange) -> None:
    reply = exchange.perform("transfer", TRANSFER, fault=faults.RateLimited(retry_after_s=7))
    assert isinstance(reply, Answer)
    assert dict(reply.headers)["Retry-After"] == "7"


def test_a_redirect_names_its_target(exchange: Exchange) -> None:
    fault = faults.Redirect(executes=False, location="https://elsewhere.example/")
    reply = exchange.perform("transfer", TRANSFER, fault=fault)
    assert isinstance(reply, Answer)
    assert reply.headers == (("Location", "https://elsewhere.example/"),)


def test_a_slow_answer_is_the_real_one(exchange: Exchange) -> None:
    reply = exchange.perform("transfer", TRANSFER, fault=faults.Slow(delay_ms=1500))
    assert isinstance(reply, Answer)
    (entry,) = exchange.ledger.executions()
    assert (reply.delay_ms, json.loads(reply.body)) == (1500, {"tranId": entry.tran_id})


def test_an_executing_fault_still_obeys_the_rules(exchange: Exchange) -> None:
    exchange.perform("transfer", TRANSFER | {"amount": "0"}, fault=faults.Drop(executes=True))
    assert len(exchange.ledger) == 0


@pytest.mark.parametrize(("late_ms", "window_ms", "executed"), [(3000, 5000, 1), (5000, 5000, 1), (5001, 5000, 0)])
def test_late_execution_needs_an_open_window(
    exchange: Exchange, advance: Advance, late_ms: int, window_ms: int, executed: int
) -> None:
    fault = faults.BackendTimeout(executes=True, late_ms=late_ms)
    exchange.perform("transfer", TRANSFER | {"recvWindow": str(window_ms)}, fault=fault)
    advance(late_ms - 1)
    assert len(exchange.ledger.executions()) == 0
    advance(1)
    times = [entry.time_ms for entry in exchange.ledger.executions()]
    assert times == [START_MS + late_ms] * executed


def test_late_execution_is_entered_with_its_own_time_whenever_somebody_looks(
    exchange: Exchange, advance: Advance
) -> None:
    exchange.perform("transfer", TRANSFER, fault=faults.Hang(executes=True, late_ms=2000))
    advance(3_600_000)
    assert exchange.balance("usdm_futures", "USDT") == 50001
    assert exchange.ledger.executions()[0].time_ms == START_MS + 2000


def test_late_execution_needs_the_money_then(exchange: Exchange, advance: Advance) -> None:
    everything = TRANSFER | {"amount": "100000"}
    exchange.perform("transfer", everything, fault=faults.Drop(executes=True, late_ms=1000))
    exchange.perform("transfer", TRANSFER)
    advance(1000)
    assert [entry.amount for entry in exchange.ledger.executions()] == [1]


def test_late_executions_keep_their_order(exchange: Exchange, advance: Advance) -> None:
    for amount, late_ms in (("1", 2000), ("2", 1000), ("3", 2000)):
        fault = faults.Hang(executes=True, late_ms=late_ms)
        exchange.perform("transfer", TRANSFER | {"amount": amount}, fault=fault)
    advance(2000)
    assert [int(entry.amount) for entry in exchange.ledger.executions()] == [2, 1, 3]


@pytest.mark.parametrize(("offset_ms", "code"), [(-1000, -1021), (-999, None), (5000, None), (5001, -1021)])
def test_one_request_may_meet_a_skewed_clock(exchange: Exchange, offset_ms: int, code: int | None) -> None:
    reply = exchange.perform("transfer", TRANSFER, fault=faults.ClockSkew(offset_ms=offset_ms))
    assert isinstance(reply, Answer)
    assert json.loads(reply.body).get("code") == code


def failing(status: int = 503) -> Fault:
    return faults.GatewayError(executes=False, status=status)


@pytest.fixture
def seen_statuses(exchange: Exchange) -> Callable[..., list[int]]:
    def statuses(count: int, operation: Any = "transfer") -> list[int]:
        values = TRANSFER if operation == "transfer" else {"timestamp": str(START_MS)}
        replies = [exchange.perform(operation, values) for _ in range(count)]
        return [reply.status if isinstance(reply, Answer) else 0 for reply in replies]

    return statuses


Statuses = Callable[..., list[int]]


def test_the_next_transfer_fails_and_nothing_else(exchange: Exchange, seen_statuses: Statuses) -> None:
    exchange.fail_next(failing())
    assert seen_statuses(1, "time") == [200]
    assert seen_statuses(2) == [503, 200]


def test_the_next_two_meet_one_fault_each_in_order(exchange: Exchange, seen_statuses: Statuses) -> None:
    exchange.fail_next(failing(503))
    exchange.fail_next(failing(504))
    assert seen_statuses(3) == [503, 504, 200]


def test_every_nth_fails_for_ever(exchange: Exchange, seen_statuses: Statuses) -> None:
    exchange.plan(failing(), every=3, times=None)
    assert seen_statuses(7) == [200, 200, 503, 200, 200, 503, 200]
    exchange.clear_faults()
    assert seen_statuses(3) == [200] * 3


@pytest.mark.parametrize("operation", ["history", "restrictions", "account", "time", "status"])
def test_any_operation_may_fail(exchange: Exchange, seen_statuses: Statuses, operation: str) -> None:
    exchange.plan(failing(), on=operation)  # type: ignore[arg-type]
    exchange.plan(failing(502), on="any")
    assert seen_statuses(1) == [502]
    assert seen_statuses(1, operation) == [503]
    assert exchange.planned_faults() == ()


def test_chance_repeats_with_the_seed(clock: Any) -> None:
    def run(seed: int) -> list[bool]:
        exchange = Exchange(clock, seed)
        exchange.open_account()
        exchange.plan(failing(), times=None, probability=0.3)
        replies = [exchange.perform("transfer", TRANSFER) for _ in range(100)]
        return [isinstance(reply, Answer) and reply.status == 503 for reply in replies]

    assert run(1) == run(1) != run(2)
    assert 15 < sum(run(1)) < 45


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"times": 0}, "times must be"),
        ({"times": True}, "times must be"),
        ({"every": 0}, "every must be"),
        ({"probability": 0}, "probability must be"),
        ({"probability": 1.1}, "probability must be"),
        ({"on": "withdrawal"}, "on must be one of transfer, history"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(exchange: Exchange, rule: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        exchange.plan(failing(), **rule)


EXAMPLES: list[Fault] = [
    faults.Drop(executes=True, reset=True, late_ms=5, delay_ms=6),
    faults.Hang(executes=False),
    faults.GatewayError(executes=True, status=520),
    faults.BackendTimeout(executes=False, status=408),
    faults.BrokenAnswer(executes=True, form="list"),
    faults.Redirect(executes=False, location="/x", status=308),
    faults.Refuse(duration_ms=1),
    faults.Firewall(),
    faults.RateLimited(status=418, retry_after_s=60),
    faults.Rejection(code=-3044, msg="System busy."),
    faults.Slow(delay_ms=1),
    faults.ClockSkew(offset_ms=-1),
    faults.Settle(status="FAILED", after_ms=1),
    faults.Hide(for_ms=1),
    faults.ShiftPages(asset="BTC", amount="1"),
    faults.Respell(asset="lower", amount="fee", fee_bp=99, type="MAIN_C2C", time="seconds", offset_ms=-1),
    faults.Stamp(offset_ms=-3000),
    faults.Stale(at_ms=START_MS),
    faults.IgnoreType(),
    faults.WrongTotal(by=-1),
    faults.Trailing(body="{}", status=400, half=True, after_ms=5),
    faults.Encoded(encoding="deflate", layers=2),
    faults.Together(faults=(faults.Drop(executes=True), faults.Respell(asset="full_width"))),
]


@pytest.mark.parametrize("fault", EXAMPLES, ids=lambda fault: type(fault).__name__)
def test_a_fault_survives_json(fault: Fault) -> None:
    assert faults.from_dict(json.loads(json.dumps(faults.to_dict(fault)))) == fault


def test_every_kind_has_an_example() -> None:
    assert {type(fault) for fault in EXAMPLES} == set(faults.KINDS.values())


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "fault must be one of drop, hang"),
        ({"fault": "explode"}, "not 'explode'"),
        ({"fault": "drop"}, "drop: .*'executes'"),
        ({"fault": "drop", "executes": 1}, "executes must be true or false"),
        ({"fault": "drop", "executes": True, "rest": True}, "drop has no rest; it has"),
        ({"fault": "drop", "executes": True, "late_ms": -1}, "late_ms must be a whole number"),
        ({"fault": "drop", "executes": True, "late_ms": True}, "late_ms must be a whole number"),
        ({"fault": "drop", "executes": False, "late_ms": 1}, "executes is false"),
        ({"fault": "gateway_error", "executes": True, "status": 200}, "status must be one of"),
        ({"fault": "rejection", "code": "-1", "msg": "no"}, "code must be"),
        ({"fault": "redirect", "executes": True, "location": 1}, "location must be a text"),
        ({"fault": "shift_pages", "amount": "much"}, "'amount' must match"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(values: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        faults.from_dict(values)

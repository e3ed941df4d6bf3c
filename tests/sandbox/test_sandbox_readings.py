"""Readings of history that prove nothing, and transfers whose rows come or change late."""

from collections.abc import Callable
from typing import Any

import pytest

from binance_transfer_sandbox import Exchange, HistoryBehaviour, faults
from binance_transfer_sandbox.faults import Fault

Ask = Callable[..., tuple[int, Any]]
Advance = Callable[[int], None]

START_MS = 1_700_000_000_000
USDT = {"type": "MAIN_UMFUTURE", "asset": "USDT"}
TRANSFER = {**USDT, "amount": "1", "timestamp": str(START_MS)}


def rows(answer: tuple[int, Any]) -> list[dict[str, Any]]:
    status, body = answer
    assert status == 200
    found: list[dict[str, Any]] = body["rows"]
    return found


# A history that stands still


def test_a_history_that_stands_still_shows_what_there_was(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    exchange.fail_next(faults.Settle(status="CONFIRMED", after_ms=1_500))
    old = ask("transfer", **USDT, amount=1)[1]["tranId"]
    exchange.history = HistoryBehaviour(stands_still_at_ms=START_MS + 1_000)
    advance(1_001)
    ask("transfer", **USDT, amount=1)
    advance(60_000)
    shown = [(row["tranId"], row["status"]) for row in rows(ask("history", type="MAIN_UMFUTURE"))]
    assert shown == [(old, "PENDING")]


def test_the_clock_goes_on_meanwhile(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    exchange.history = HistoryBehaviour(stands_still_at_ms=START_MS)
    advance(60_000)
    assert ask("time")[1]["serverTime"] == START_MS + 60_000


def test_one_reading_may_meet_a_stale_replica(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    advance(1_000)
    ask("transfer", **USDT, amount=1)
    exchange.fail_next(faults.Stale(at_ms=START_MS + 999))
    assert [len(rows(ask("history", type="MAIN_UMFUTURE"))) for _ in range(2)] == [0, 1]


def test_a_replica_from_the_future_is_an_up_to_date_one(exchange: Exchange, ask: Ask) -> None:
    exchange.history = HistoryBehaviour(visible_after_ms=1_000, stands_still_at_ms=START_MS + 10_000)
    ask("transfer", **USDT, amount=1)
    assert rows(ask("history", type="MAIN_UMFUTURE")) == []


# A history that ignores the type


def test_an_unknown_type_may_return_the_rows_of_all(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    exchange.history = HistoryBehaviour(ignores_unknown_types=True)
    ids = []
    for type_name in ("MAIN_UMFUTURE", "MAIN_FUNDING", "MAIN_MARGIN"):
        ids.append(ask("transfer", type=type_name, asset="USDT", amount=1)[1]["tranId"])
        advance(10)
    shown = [(row["tranId"], row["type"]) for row in rows(ask("history", type="NOT_YET_KNOWN"))]
    assert shown == list(zip(ids[::-1], ("MAIN_MARGIN", "MAIN_FUNDING", "MAIN_UMFUTURE"), strict=True))
    assert len(rows(ask("history", type="MAIN_FUNDING"))) == 1


def test_pages_of_all_types_add_up(exchange: Exchange, ask: Ask) -> None:
    exchange.history = HistoryBehaviour(ignores_unknown_types=True)
    for number in range(9):
        ask("transfer", type=("MAIN_UMFUTURE", "MAIN_FUNDING")[number % 2], asset="USDT", amount=1)
    pages = [ask("history", type="X", size=4, current=page)[1] for page in (1, 2, 3)]
    assert ({page["total"] for page in pages}, [len(page["rows"]) for page in pages]) == ({9}, [4, 4, 1])
    assert len({row["tranId"] for page in pages for row in page["rows"]}) == 9


def test_rows_of_other_accounts_are_not_among_them(exchange: Exchange, ask: Ask) -> None:
    other = exchange.open_account()
    exchange.perform("transfer", TRANSFER, uid=other)
    exchange.history = HistoryBehaviour(ignores_unknown_types=True)
    assert rows(ask("history", type="X")) == []


@pytest.mark.parametrize(("ignores", "expected"), [(False, (400, -1102)), (True, (200, None))])
def test_a_type_may_be_unknown_to_history_alone(
    exchange: Exchange, ask: Ask, ignores: bool, expected: tuple[int, int | None]
) -> None:
    exchange.history = HistoryBehaviour(unlisted_types=["MAIN_UMFUTURE"], ignores_unknown_types=ignores)
    assert ask("transfer", **USDT, amount=1)[0] == 200
    status, body = ask("history", type="MAIN_UMFUTURE")
    assert (status, body.get("code")) == expected


def test_one_reading_may_ignore_a_known_type(exchange: Exchange, ask: Ask) -> None:
    ask("transfer", **USDT, amount=1)
    exchange.fail_next(faults.IgnoreType())
    assert [len(rows(ask("history", type="MAIN_FUNDING"))) for _ in range(2)] == [1, 0]


def test_a_type_must_be_sent_even_where_it_is_ignored(exchange: Exchange, ask: Ask) -> None:
    exchange.history = HistoryBehaviour(ignores_unknown_types=True)
    exchange.plan(faults.IgnoreType(), times=None)
    assert ask("history", type=None)[1]["code"] == -1102


def test_no_row_appears_in_a_reading_of_all_types(exchange: Exchange, ask: Ask) -> None:
    """A row that shifts pages needs a type."""
    fault = faults.Together(faults=(faults.IgnoreType(), faults.ShiftPages()))
    exchange.fail_next(fault, on="history")
    assert rows(ask("history", type="MAIN_UMFUTURE")) == []
    assert len(exchange.ledger) == 0


# Pages that never add up


@pytest.mark.parametrize(("times", "totals"), [(2, [4, 4, 3, 3]), (None, [4, 4, 4, 4])])
def test_a_total_may_be_wrong_for_so_many_readings_or_for_ever(
    exchange: Exchange, ask: Ask, times: int | None, totals: list[int]
) -> None:
    for _ in range(3):
        ask("transfer", **USDT, amount=1)
    exchange.plan(faults.WrongTotal(by=1), times=times)
    readings = [ask("history", type="MAIN_UMFUTURE")[1] for _ in totals]
    assert [reading["total"] for reading in readings] == totals
    assert {len(reading["rows"]) for reading in readings} == {3}


def test_the_whole_exchange_may_count_wrongly(exchange: Exchange, ask: Ask) -> None:
    ask("transfer", **USDT, amount=1)
    exchange.history = HistoryBehaviour(total_off_by=-5)
    assert ask("history", type="MAIN_UMFUTURE")[1]["total"] == 0
    assert len(rows(ask("history", type="MAIN_UMFUTURE"))) == 1


# Rows that come or change late


@pytest.mark.parametrize("status", ["CONFIRMED", "FAILED"])
def test_a_pending_row_may_settle_after_the_end_of_every_window(
    exchange: Exchange, ask: Ask, advance: Advance, status: Any
) -> None:
    exchange.fail_next(faults.Settle(status=status, after_ms=600_000))
    ask("transfer", **USDT, amount=1)
    statuses = []
    for wait_ms in (599_999, 1):
        advance(wait_ms)
        statuses.append(rows(ask("history", type="MAIN_UMFUTURE"))[0]["status"])
    assert statuses == ["PENDING", status]


@pytest.mark.parametrize(("queued", "times"), [(False, []), (True, [START_MS + 35_000])])
def test_what_waits_inside_the_exchange_is_executed_and_stamped_after_its_window(
    exchange: Exchange, ask: Ask, advance: Advance, queued: bool, times: list[int]
) -> None:
    exchange.perform("transfer", TRANSFER, fault=faults.Drop(executes=True, late_ms=35_000, queued=queued))
    advance(34_999)
    assert rows(ask("history", type="MAIN_UMFUTURE")) == []
    advance(1)
    assert [row["timestamp"] for row in rows(ask("history", type="MAIN_UMFUTURE"))] == times
    assert [entry.time_ms for entry in exchange.ledger.executions()] == times


def test_what_waits_inside_the_exchange_must_have_come_in_time(exchange: Exchange, advance: Advance) -> None:
    advance(5_001)
    exchange.perform("transfer", TRANSFER, fault=faults.Drop(executes=True, late_ms=1, queued=True))
    advance(1)
    assert len(exchange.ledger) == 0


@pytest.mark.parametrize(
    ("offset_ms", "visible_after_ms"), [(-3_000, 0), (2_000, 2_000)], ids=["clock behind", "written late"]
)
def test_the_ledger_may_stamp_by_a_clock_of_its_own(
    exchange: Exchange, ask: Ask, advance: Advance, offset_ms: int, visible_after_ms: int
) -> None:
    exchange.fail_next(faults.Stamp(offset_ms=offset_ms))
    assert ask("transfer", **USDT, amount=1)[0] == 200
    if visible_after_ms:
        advance(visible_after_ms - 1)
        assert rows(ask("history", type="MAIN_UMFUTURE")) == []
        advance(1)
    (row,) = rows(ask("history", type="MAIN_UMFUTURE"))
    assert row["timestamp"] == START_MS + offset_ms


# Several at once


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((faults.Drop(executes=True), faults.Firewall()), "only one"),
        ((faults.Slow(delay_ms=1), faults.Encoded()), "only one"),
        ((faults.Stamp(offset_ms=1), faults.Stamp(offset_ms=2)), "Stamp stands here twice"),
        ((faults.Refuse(),), "refuse and together"),
        ((faults.Together(faults=()),), "refuse and together"),
        (("drop",), "list of faults"),
    ],
    ids=str,
)
def test_faults_that_contradict_each_other_are_refused(parts: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        faults.Together(faults=parts)


@pytest.mark.parametrize(
    ("parts", "target"),
    [
        ((faults.Drop(executes=True), faults.Respell(asset="lower")), "transfer"),
        ((faults.Drop(executes=True), faults.Stale(at_ms=0)), "history"),
        ((faults.WrongTotal(), faults.Stale(at_ms=0)), "history"),
        ((faults.ClockSkew(offset_ms=1), faults.Firewall()), "transfer"),
        ((faults.ClockSkew(offset_ms=1), faults.Slow(delay_ms=1)), "any"),
    ],
    ids=str,
)
def test_faults_together_are_about_what_their_rows_and_readings_are_about(
    exchange: Exchange, parts: tuple[Fault, ...], target: str
) -> None:
    assert exchange.plan(faults.Together(faults=parts)).on == target


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"fault": "together"}, "faults"),
        ({"fault": "together", "faults": 5}, "together: "),
        ({"fault": "together", "faults": [5]}, "must be a JSON object"),
        ({"fault": "together", "faults": [{"fault": "hang"}]}, "hang: .*'executes'"),
        ({"fault": "together", "faults": "drop"}, "list of faults"),
        ({"fault": "drop", "executes": True, "queued": True}, "late_ms does not say"),
        ({"fault": "trailing", "body": "\ud800"}, "body must be a text"),
        ({"fault": "rejection", "code": -1, "msg": "\udfff"}, "msg must be a text"),
        ({"fault": "rejection", "code": True, "msg": "no"}, "code must be"),
        ({"fault": "rejection", "code": -1, "msg": "no", "status": 600}, "status must be .* from 400 to 599"),
        ({"fault": "redirect", "executes": True, "location": "/\r\nX: y"}, "location must be .* ASCII"),
        ({"fault": "redirect", "executes": True, "location": "/万"}, "location must be .* ASCII"),
        ({"fault": "slow", "delay_ms": 10**400}, "delay_ms must be"),
        ({"fault": "clock_skew", "offset_ms": True}, "offset_ms must be"),
        ({"fault": "encoded", "layers": 11}, "layers must be .* from 1 to 10"),
        ({"fault": "stale"}, "'at_ms'"),
    ],
    ids=ascii,
)
def test_a_fault_that_could_not_be_sent_is_refused_when_it_is_made(values: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        faults.from_dict(values)


@pytest.mark.parametrize("fault", [faults.Stale(at_ms=0), faults.IgnoreType(), faults.WrongTotal(by=2)])
def test_a_reading_may_be_unsound_and_lost_as_well(exchange: Exchange, fault: Fault) -> None:
    both = faults.Together(faults=(fault, faults.Drop(executes=True)))
    values = {"type": "MAIN_UMFUTURE", "timestamp": str(START_MS)}
    assert type(exchange.perform("history", values, fault=both)).__name__ == "Dropped"

"""History: windows, pages, statuses, and the habits that a switch turns on."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from binance_transfer_sandbox import Exchange, HistoryBehaviour, faults
from binance_transfer_sandbox.wire import Answer

Ask = Callable[..., tuple[int, Any]]
Advance = Callable[[int], None]

START_MS = 1_700_000_000_000
DAY_MS = 86_400_000
USDT = {"type": "MAIN_UMFUTURE", "asset": "USDT"}


@pytest.fixture
def ten_rows(ask: Ask, advance: Advance) -> list[int]:
    """Ten transfers of 1 … 10 USDT, one second apart from START_MS; the ids, oldest first."""
    ids = []
    for amount in range(1, 11):
        ids.append(ask("transfer", **USDT, amount=amount)[1]["tranId"])
        advance(1000)
    return ids


def listed(answer: tuple[int, Any]) -> list[int]:
    status, body = answer
    assert status == 200
    return [row["tranId"] for row in body["rows"]]


def test_a_row_is_as_the_vendors_page_shows_it(ask: Ask) -> None:
    tran_id = ask("transfer", **USDT, amount="1.50")[1]["tranId"]
    row = {
        "asset": "USDT",
        "amount": "1.5",
        "type": "MAIN_UMFUTURE",
        "status": "CONFIRMED",
        "tranId": tran_id,
        "timestamp": START_MS,
    }
    assert ask("history", type="MAIN_UMFUTURE") == (200, {"total": 1, "rows": [row]})


def test_only_the_asked_type_is_listed(ask: Ask) -> None:
    ask("transfer", **USDT, amount=1)
    assert ask("history", type="MAIN_FUNDING") == (200, {"total": 0, "rows": []})


def test_pages_hold_ten_rows_and_up_to_a_hundred(ask: Ask, ten_rows: list[int]) -> None:
    newest_first = ten_rows[::-1]
    assert listed(ask("history", type="MAIN_UMFUTURE")) == newest_first
    assert listed(ask("history", type="MAIN_UMFUTURE", size=4)) == newest_first[:4]
    assert listed(ask("history", type="MAIN_UMFUTURE", size=4, current=3)) == newest_first[8:]
    assert listed(ask("history", type="MAIN_UMFUTURE", size=100, current=2)) == []
    assert ask("history", type="MAIN_UMFUTURE", size=4)[1]["total"] == 10


def test_the_window_includes_both_ends(ask: Ask, ten_rows: list[int]) -> None:
    answer = ask("history", type="MAIN_UMFUTURE", startTime=START_MS + 2000, endTime=START_MS + 4000)
    assert listed(answer) == ten_rows[4:1:-1]


def test_the_default_window_is_the_last_seven_days(ask: Ask, advance: Advance, ten_rows: list[int]) -> None:
    advance(7 * DAY_MS - 15_000)
    assert listed(ask("history", type="MAIN_UMFUTURE")) == ten_rows[:4:-1] + ten_rows[4::-1]
    advance(10_000)
    assert listed(ask("history", type="MAIN_UMFUTURE")) == ten_rows[:4:-1]


def test_history_reaches_six_months_back(ask: Ask, advance: Advance, ten_rows: list[int]) -> None:
    advance(183 * DAY_MS - 10_000)
    assert len(listed(ask("history", type="MAIN_UMFUTURE", startTime=START_MS))) == 10
    advance(1)
    status, body = ask("history", type="MAIN_UMFUTURE", startTime=START_MS)
    assert (status, body["code"]) == (400, -5026)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"type": None}, -1102),
        ({"type": "NOPE"}, -1102),
        ({"current": 0}, -1130),
        ({"size": 0}, -1130),
        ({"size": 101}, -1130),
        ({"size": "ten"}, -1100),
        ({"size": ""}, -1105),
        ({"recvWindow": ""}, -1105),
        ({"startTime": START_MS, "endTime": START_MS - 1}, -1128),
        ({"endTime": 1}, -5026),
        ({"tranId": 1}, -1104),
    ],
)
def test_a_bad_query_is_refused(ask: Ask, values: dict[str, object], code: int) -> None:
    assert ask("history", **{"type": "MAIN_UMFUTURE"} | values)[1]["code"] == code


@pytest.mark.parametrize(("ignores", "count"), [(False, 1), (True, 2)])
def test_symbols_filter_unless_they_are_ignored(exchange: Exchange, ask: Ask, ignores: bool, count: int) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        ask("transfer", type="MAIN_ISOLATED_MARGIN", asset="USDT", amount=1, toSymbol=symbol)
    exchange.history = HistoryBehaviour(ignores_symbols=ignores)
    assert len(listed(ask("history", type="MAIN_ISOLATED_MARGIN", toSymbol="BTCUSDT"))) == count


def test_oldest_first_is_a_switch(exchange: Exchange, ask: Ask, ten_rows: list[int]) -> None:
    exchange.history = HistoryBehaviour(newest_first=False)
    assert listed(ask("history", type="MAIN_UMFUTURE", size=3)) == ten_rows[:3]


def test_an_empty_answer_may_lack_its_rows(exchange: Exchange, ask: Ask) -> None:
    exchange.history = HistoryBehaviour(omits_empty_rows=True)
    assert ask("history", type="MAIN_UMFUTURE") == (200, {"total": 0})


def test_whole_seconds_cut_timestamps_and_windows(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    exchange.history = HistoryBehaviour(whole_seconds=True)
    advance(999)
    tran_id = ask("transfer", **USDT, amount=1)[1]["tranId"]
    assert ask("history", type="MAIN_UMFUTURE")[1]["rows"][0]["timestamp"] == START_MS
    window = {"startTime": START_MS + 500, "endTime": START_MS + 999}
    assert listed(ask("history", type="MAIN_UMFUTURE", **window)) == []
    window = {"startTime": START_MS, "endTime": START_MS}
    assert listed(ask("history", type="MAIN_UMFUTURE", **window)) == [tran_id]


def test_a_transfer_shows_up_after_the_lag(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    exchange.history = HistoryBehaviour(visible_after_ms=2000)
    ask("transfer", **USDT, amount=1)
    counts = []
    for _ in range(3):
        counts.append(ask("history", type="MAIN_UMFUTURE")[1]["total"])
        advance(1000)
    assert (counts, len(exchange.ledger.executions())) == ([0, 0, 1], 1)


def test_a_transfer_may_be_pending_first(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    exchange.history = HistoryBehaviour(pending_after_ms=1000)
    ask("transfer", **USDT, amount=1)
    statuses = []
    for _ in range(2):
        statuses.append(ask("history", type="MAIN_UMFUTURE")[1]["rows"][0]["status"])
        advance(1000)
    assert statuses == ["PENDING", "CONFIRMED"]


def test_a_failed_transfer_got_an_id_and_moved_nothing(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    before = exchange.balances()
    exchange.fail_next(faults.Settle(status="FAILED", after_ms=1000))
    tran_id = ask("transfer", **USDT, amount=1)[1]["tranId"]
    statuses = []
    for _ in range(2):
        (row,) = ask("history", type="MAIN_UMFUTURE")[1]["rows"]
        statuses.append((row["tranId"], row["status"]))
        advance(1000)
    assert statuses == [(tran_id, "PENDING"), (tran_id, "FAILED")]
    assert (exchange.balances(), exchange.ledger.executions(), len(exchange.ledger)) == (before, (), 1)


def test_an_unanswered_transfer_may_fail_too(exchange: Exchange, ask: Ask) -> None:
    exchange.history = HistoryBehaviour(final_status="FAILED")
    values = {**USDT, "amount": "1", "timestamp": str(START_MS)}
    exchange.perform("transfer", values, fault=faults.Drop(executes=True))
    assert [row["status"] for row in ask("history", type="MAIN_UMFUTURE")[1]["rows"]] == ["FAILED"]
    assert exchange.ledger.executions() == ()


def test_one_transfer_may_hide(exchange: Exchange, ask: Ask, advance: Advance) -> None:
    exchange.fail_next(faults.Hide(for_ms=5000))
    ids = [ask("transfer", **USDT, amount=1)[1]["tranId"] for _ in range(2)]
    assert listed(ask("history", type="MAIN_UMFUTURE")) == ids[1:]
    advance(5000)
    assert sorted(listed(ask("history", type="MAIN_UMFUTURE"))) == ids


def test_pages_shift_while_they_are_read(exchange: Exchange, ask: Ask, advance: Advance, ten_rows: list[int]) -> None:
    """A row that appears between two reads pushes one that was read already onto the next page."""
    window = {"type": "MAIN_UMFUTURE", "startTime": START_MS, "endTime": START_MS + 9000, "size": 5}
    advance(60_000)
    exchange.fail_next(faults.ShiftPages(amount="0.5"))
    first, second = (listed(ask("history", **window, current=page)) for page in (1, 2))
    assert (first, second) == (ten_rows[:4:-1], ten_rows[5:0:-1])
    (late,) = exchange.ledger.executions(amount="0.5")
    assert (late.time_ms, ask("history", **window)[1]["total"]) == (START_MS + 9000, 11)


def test_no_row_appears_without_the_money_for_it(exchange: Exchange, ask: Ask) -> None:
    exchange.fail_next(faults.ShiftPages(amount="100001"))
    ask("history", type="MAIN_UMFUTURE")
    assert len(exchange.ledger) == 0


@pytest.mark.parametrize(
    "fault",
    [
        faults.GatewayError(executes=False, status=503),
        faults.BrokenAnswer(executes=True, form="not_json"),
        faults.Rejection(code=-1001, msg="Internal error; unable to process your request. Please try again."),
    ],
)
def test_history_calls_may_fail(exchange: Exchange, ask: Ask, fault: faults.Fault) -> None:
    exchange.fail_next(fault, on="history")
    assert ask("transfer", **USDT, amount=1)[0] == 200
    reply = exchange.perform("history", {"type": "MAIN_UMFUTURE", "timestamp": str(START_MS)})
    assert isinstance(reply, Answer)
    assert b'"rows"' not in reply.body
    assert ask("history", type="MAIN_UMFUTURE")[1]["total"] == 1


def test_a_truncated_history_is_its_own_beginning(exchange: Exchange, ask: Ask, ten_rows: list[int]) -> None:
    exchange.fail_next(faults.BrokenAnswer(executes=True, form="truncated"), on="history")
    from binance_transfer_sandbox.wire import Truncated

    reply = exchange.perform("history", {"type": "MAIN_UMFUTURE", "timestamp": str(START_MS + 10_000)})
    assert isinstance(reply, Truncated)
    assert json.loads(reply.answer.body)["total"] == 10
    assert 0 < reply.sent_bytes < len(reply.answer.body)


def test_behaviour_changes_what_is_shown_and_not_what_happened(exchange: Exchange, ask: Ask) -> None:
    ask("transfer", **USDT, amount=1)
    before = list(exchange.ledger)
    exchange.history = evolve(exchange.history, newest_first=False, whole_seconds=True, reach_days=1)
    assert list(exchange.ledger) == before

"""Rows of history that are spelt otherwise than what was sent; what moved is as it was."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from binance_transfer_sandbox import Exchange, HistoryBehaviour, Spelling, faults

Ask = Callable[..., tuple[int, Any]]

START_MS = 1_700_000_000_000
CHINESE = "币安人生"
# What was sent (asset, amount), how its row is spelt, and what is shown.
SPELLINGS: list[tuple[tuple[str, str], dict[str, Any], dict[str, Any]]] = [
    (("USDT", "25.5"), {}, {"asset": "USDT", "amount": "25.5", "type": "MAIN_FUNDING", "timestamp": START_MS + 1_234}),
    (("USDT", "1"), {"asset": "lower"}, {"asset": "usdt"}),
    (("USDT", "1"), {"asset": "full_width"}, {"asset": "\uff35\uff33\uff24\uff34"}),
    ((CHINESE, "1"), {"asset": "lower"}, {"asset": CHINESE}),
    (("USDT", "1.239"), {"amount": "cut"}, {"amount": "1.23"}),
    (("USDT", "1.239"), {"amount": "rounded"}, {"amount": "1.24"}),
    (("USDT", "1.235"), {"amount": "rounded"}, {"amount": "1.24"}),
    (("USDT", "1.9"), {"amount": "cut", "digits": 0}, {"amount": "1"}),
    (("USDT", "0.00000001"), {"amount": "cut", "digits": 4}, {"amount": "0"}),
    (("USDT", "100"), {"amount": "fee"}, {"amount": "99.9"}),
    (("USDT", "100"), {"amount": "fee", "fee_bp": 99}, {"amount": "99.01"}),
    (("USDT", "0.00000333"), {"amount": "fee", "fee_bp": 50}, {"amount": "0.00000331"}),
    (("USDT", "25.5"), {"amount": "zeros"}, {"amount": "25.5000000000"}),
    (("USDT", "1"), {"type": "MAIN_C2C"}, {"type": "MAIN_C2C"}),
    (("USDT", "1"), {"type": "现货划转到资金账户"}, {"type": "现货划转到资金账户"}),
    (("USDT", "1"), {"time": "whole_seconds"}, {"timestamp": START_MS + 1_000}),
    (("USDT", "1"), {"time": "seconds"}, {"timestamp": START_MS // 1_000 + 1}),
    (("USDT", "1"), {"offset_ms": -3_600_000}, {"timestamp": START_MS + 1_234 - 3_600_000}),
    (("USDT", "1"), {"offset_ms": 60_000, "time": "seconds"}, {"timestamp": START_MS // 1_000 + 61}),
]
WINDOW = {"type": "MAIN_FUNDING", "startTime": START_MS, "endTime": START_MS + 2_000}


@pytest.mark.parametrize("whose", ["of one row", "of all rows"])
@pytest.mark.parametrize(("sent", "fields", "shown"), SPELLINGS, ids=str)
def test_a_row_is_shown_in_its_spelling(
    exchange: Exchange,
    ask: Ask,
    advance: Callable[[int], None],
    sent: tuple[str, str],
    fields: dict[str, Any],
    shown: dict[str, Any],
    whose: str,
) -> None:
    advance(1_234)
    if whose == "of one row":
        exchange.fail_next(faults.Respell(**fields))
    else:
        exchange.history = HistoryBehaviour(spelling=Spelling(**fields))
    asset, amount = sent
    tran_id = ask("transfer", type="MAIN_FUNDING", asset=asset, amount=amount)[1]["tranId"]
    (row,) = ask("history", **WINDOW)[1]["rows"]
    assert {name: row[name] for name in shown} == shown
    assert (row["tranId"], row["status"]) == (tran_id, "CONFIRMED")
    (entry,) = exchange.ledger.executions(type="MAIN_FUNDING", asset=asset, amount=amount)
    assert entry.time_ms == START_MS + 1_234


def test_a_row_of_its_own_spelling_keeps_it(exchange: Exchange, ask: Ask) -> None:
    exchange.history = HistoryBehaviour(spelling=Spelling(asset="lower"))
    exchange.fail_next(faults.Respell(amount="zeros"))
    for _ in range(2):
        ask("transfer", type="MAIN_FUNDING", asset="USDT", amount="1")
    shown = {(row["asset"], row["amount"]) for row in ask("history", **WINDOW)[1]["rows"]}
    assert shown == {("USDT", "1.0000000000"), ("usdt", "1")}


def test_a_lost_answer_can_have_a_row_that_is_spelt_otherwise(exchange: Exchange, ask: Ask) -> None:
    lost = faults.Together(
        faults=(
            faults.Drop(executes=True),
            faults.Respell(asset="lower"),
            faults.Settle(status="CONFIRMED", after_ms=1_000),
            faults.Stamp(offset_ms=-3_000),
        )
    )
    values = {"type": "MAIN_FUNDING", "asset": "USDT", "amount": "1", "timestamp": str(START_MS)}
    exchange.perform("transfer", values, fault=lost)
    (row,) = ask("history", type="MAIN_FUNDING")[1]["rows"]
    assert (row["asset"], row["status"], row["timestamp"]) == ("usdt", "PENDING", START_MS - 3_000)


def test_a_late_execution_keeps_its_spelling(exchange: Exchange, ask: Ask, advance: Callable[[int], None]) -> None:
    fault = faults.Together(faults=[faults.Hang(executes=True, late_ms=1_000), faults.Respell(type="X")])
    values = {"type": "MAIN_FUNDING", "asset": "USDT", "amount": "1", "timestamp": str(START_MS)}
    exchange.perform("transfer", values, fault=fault)
    advance(1_000)
    (row,) = ask("history", type="MAIN_FUNDING")[1]["rows"]
    assert row["type"] == "X"


def test_the_ledger_tells_what_happened_and_not_how_it_is_spelt(exchange: Exchange, ask: Ask) -> None:
    exchange.fail_next(faults.Respell(asset="lower", amount="fee"))
    ask("transfer", type="MAIN_FUNDING", asset="USDT", amount="100")
    (entry,) = exchange.ledger
    told = json.loads(json.dumps(entry.to_dict()))
    assert (told["asset"], told["amount"], "spelling" in told) == ("USDT", "100", False)


@pytest.mark.parametrize(
    "fields",
    [
        {"asset": "upper"},
        {"asset": ["lower"]},
        {"amount": "halved"},
        {"digits": 9},
        {"digits": -1},
        {"digits": True},
        {"fee_bp": 0},
        {"fee_bp": 100},
        {"type": ""},
        {"type": "\ud800"},
        {"type": 5},
        {"time": "minutes"},
        {"offset_ms": "1"},
        {"offset_ms": 10**400},
    ],
    ids=ascii,
)
def test_a_spelling_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        Spelling(**fields)

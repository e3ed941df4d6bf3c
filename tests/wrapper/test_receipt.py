"""A receipt as plain values."""

import json
from typing import Any

import pytest

import binance_transfer as bt

NOW_MS = 1_764_000_000_000
ATTEMPT = bt.Attempt(
    bt.Transfer("ISOLATEDMARGIN_MARGIN", "币", "25.50", from_symbol="BTCUSDT"), NOW_MS, 5000, "an-id-of-ours"
)
RECEIPT = bt.Receipt(118263615991, ATTEMPT, 200, None, 900, "sweep-1", replayed=True, recorded=False)

EXPECTED: dict[str, Any] = {
    "tran_id": 118263615991,
    "idempotency_key": "sweep-1",
    "replayed": True,
    "recorded": False,
    "http_status": 200,
    "retry_after_s": None,
    "used_uid_weight_1m": 900,
    "attempt_id": "an-id-of-ours",
    "type": "ISOLATEDMARGIN_MARGIN",
    "asset": "币",
    "amount": "25.50",
    "from_symbol": "BTCUSDT",
    "to_symbol": None,
    "checked": True,
    "timestamp_ms": NOW_MS,
    "recv_window_ms": 5000,
}


def test_a_receipt_becomes_plain_values() -> None:
    assert RECEIPT.to_dict() == EXPECTED


def test_plain_values_survive_json() -> None:
    assert json.loads(json.dumps(RECEIPT.to_dict())) == EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_each_value_is_of_a_type_of_json(name: str) -> None:
    """And not of a subclass, or a Decimal, which another library would write otherwise."""
    assert type(RECEIPT.to_dict()[name]) in {str, int, bool, type(None)}


def test_the_attempt_can_be_made_again_from_them() -> None:
    values = RECEIPT.to_dict()
    assert bt.Attempt.from_dict({**values, "id": values["attempt_id"]}) == ATTEMPT

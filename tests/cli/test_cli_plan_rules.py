"""What a plan takes without a second look is what the library takes; and history is asked for all of a time."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.history_queries import SPAN_MS, spans, type_queries, types_without_symbols
from binance_transfer.idempotency_keys import checked_key
from binance_transfer_cli.plan import _PLAIN_AMOUNT, _PLAIN_KEY, Checker


@given(st.text("0123456789.", max_size=24) | st.from_regex(_PLAIN_AMOUNT, fullmatch=True))
def test_a_plain_amount_is_one_that_a_transfer_takes_as_it_is(text: str) -> None:
    if _PLAIN_AMOUNT.fullmatch(text):
        assert bt.Transfer("MAIN_FUNDING", "USDT", text).amount == Decimal(text)


@given(st.from_regex(_PLAIN_KEY, fullmatch=True))
def test_a_plain_key_is_one_that_the_library_takes_as_it_is(text: str) -> None:
    assert checked_key(text) == text


@given(st.lists(st.decimals("0.00000001", "1000000", places=8), min_size=1, max_size=3000))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    checker = Checker("b")
    for line, amount in enumerate(amounts, 2):
        checker.check(line, ("", "MAIN_FUNDING", "USDT", f"{amount:f}", "", "", "", ""))
    [total] = checker.totals.values()
    assert (total.rows, total.amount, total.largest) == (len(amounts), sum(amounts), max(amounts))


@pytest.mark.parametrize("spelling", ["5", "05", "5.0", "5.00000000", "0005.0"])
def test_how_an_amount_is_written_does_not_change_the_key(spelling: str) -> None:
    rows = [Checker("b").check(2, ("", "MAIN_FUNDING", "USDT", text, "", "", "", "")) for text in ("5", spelling)]
    assert rows[0][1] == rows[1][1]


@given(st.integers(10**12, 10**12 + 400 * SPAN_MS // 30), st.integers(0, 400 * SPAN_MS // 30))
def test_spans_have_no_gap_and_are_short_enough(start_ms: int, length_ms: int) -> None:
    cut = list(spans(start_ms, start_ms + length_ms))
    assert (cut[0][0], cut[-1][1]) == (start_ms, start_ms + length_ms)
    assert all(last - first < SPAN_MS for first, last in cut)
    assert all(following[0] == before[1] + 1 for before, following in pairwise(cut))


def test_all_types_are_asked_for_where_two_pairs_are_known() -> None:
    assert {query.type for query in type_queries(["BTCUSDT", "ETHUSDT"])} == set(bt.TRANSFER_TYPES)
    assert types_without_symbols(["BTCUSDT", "ETHUSDT"]) == []


def test_what_cannot_be_asked_is_named() -> None:
    asked = {query.type for query in type_queries([])}
    assert asked | set(types_without_symbols([])) == set(bt.TRANSFER_TYPES)
    assert asked & set(types_without_symbols([])) == set()

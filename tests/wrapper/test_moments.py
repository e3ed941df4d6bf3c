"""Times: which are taken, which may have been meant otherwise, and that nothing is lost on the way."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.moments import from_ms, to_ms
from tests.support.loopback import Loopback, answer
from tests.wrapper import calls
from tests.wrapper.calls import Way

NOW_S = 1_764_000_000
NOW_MS = 1000 * NOW_S

TAKEN: list[tuple[Any, int]] = [
    (NOW_MS, NOW_MS),
    (0, 0),
    (100_000_000_000, 100_000_000_000),
    (datetime(2025, 11, 24, 16, 0, tzinfo=UTC), NOW_MS),
    (datetime(2025, 11, 25, 0, 0, tzinfo=timezone(timedelta(hours=8))), NOW_MS),
    (datetime(2025, 11, 24, 16, 0, 0, 1999, tzinfo=UTC), NOW_MS + 1),
    (datetime(1970, 1, 1, tzinfo=UTC), 0),
    (datetime(1971, 1, 1, tzinfo=UTC), 31_536_000_000),
    (datetime.max.replace(tzinfo=UTC), 253_402_300_799_999),
]

# What is refused → what the message has to say.
REFUSED: list[tuple[Any, str]] = [
    (NOW_S, f"if these are seconds, write {NOW_MS}"),
    (1, "if these are seconds, write 1000"),
    (99_999_999_999, "if these are seconds"),
    (NOW_MS * 1000, f"if these are microseconds, write {NOW_MS}"),
    (NOW_MS * 1_000_000, f"if these are nanoseconds, write {NOW_MS}"),
    (10**30, "not a plausible time"),
    (10**4000, "not a plausible time"),
    (-1, "before 1970"),
    (-NOW_MS, "before 1970"),
    (True, "not True"),
    (False, "not False"),
    (float(NOW_MS), "an int"),
    (1.5, "not 1.5"),
    (float("nan"), "not nan"),
    (Decimal(NOW_MS), "Decimal"),
    ("2026-01-01", "not '2026-01-01'"),
    (str(NOW_MS), "an int"),
    (b"1", "bytes"),
    ([NOW_MS], "list"),
    (date(2026, 1, 1), "an aware datetime"),
    (timedelta(days=1), "timedelta"),
    (datetime(2026, 1, 1), "without a time zone"),  # noqa: DTZ001  # that is the point
    (datetime(1969, 12, 31, tzinfo=UTC), "before 1970"),
    (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), "before 1970"),
]


@pytest.mark.parametrize(("value", "ms"), TAKEN)
def test_milliseconds_and_aware_datetimes_are_taken(value: Any, ms: int) -> None:
    assert to_ms("start", value) == ms


@pytest.mark.parametrize(("value", "said"), REFUSED, ids=lambda value: repr(value)[:30] if value else "0")
def test_what_may_have_been_meant_otherwise_is_refused(value: Any, said: str) -> None:
    with pytest.raises(bt.InvalidTransfer, match=r"^start ") as refused:
        to_ms("start", value)
    assert said in str(refused.value)


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.timezones()))  # noqa: DTZ001  # zones are added
def test_a_datetime_is_cut_to_whole_milliseconds(value: datetime) -> None:
    if value < datetime(1970, 1, 1, tzinfo=UTC):
        return
    assert timedelta(0) <= value - from_ms(to_ms("start", value)) < timedelta(milliseconds=1)


@given(st.integers(10**11, 10**14 - 1))
def test_milliseconds_come_back(ms: int) -> None:
    assert to_ms("start", from_ms(ms)) == ms


# --- where callers give and get them ---------------------------------------------------------------------------------

NO_ROWS = answer(200, {"total": 0, "rows": []})


def test_history_is_asked_for_datetimes_in_milliseconds(way: Way) -> None:
    window = {"start": from_ms(NOW_MS), "end": from_ms(NOW_MS + 1)}
    with Loopback(NO_ROWS) as server:
        calls.history(way, "MAIN_UMFUTURE", window=window, base_url=server.url)
    assert f"&startTime={NOW_MS}&endTime={NOW_MS + 1}&" in server.reads[0].target


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("value", [NOW_S, datetime(2026, 1, 1), 1.5, "now"])  # noqa: DTZ001
def test_history_refuses_a_time_before_anything_is_sent(way: Way, name: str, value: Any) -> None:
    with Loopback(NO_ROWS) as server, pytest.raises(bt.InvalidTransfer, match=name):
        calls.history(way, "MAIN_UMFUTURE", window={name: value}, base_url=server.url)
    assert server.reads == []


def test_history_refuses_a_window_that_is_upside_down(way: Way) -> None:
    with Loopback(NO_ROWS) as server, pytest.raises(bt.InvalidTransfer, match="after end"):
        calls.history(way, "MAIN_UMFUTURE", window={"start": NOW_MS, "end": NOW_MS - 1}, base_url=server.url)


@pytest.mark.parametrize("value", [NOW_S, datetime(2026, 1, 1), 1.5, None])  # noqa: DTZ001
def test_audit_refuses_the_same(way: Way, value: Any) -> None:
    with pytest.raises(bt.InvalidTransfer, match="since"):
        calls.with_client(way, lambda client: client.audit(value), lambda client: client.audit(value))


def test_a_row_of_history_knows_its_time_in_utc() -> None:
    record = bt.TransferRecord(1, "MAIN_UMFUTURE", "USDT", Decimal(1), "CONFIRMED", NOW_MS)
    assert record.time == datetime(2025, 11, 24, 16, 0, tzinfo=UTC)


def test_a_receipt_knows_the_time_that_was_signed() -> None:
    receipt = bt.Receipt(1, bt.Attempt(calls.ORDER, NOW_MS, 5000))
    assert (receipt.time, receipt.time.tzinfo) == (datetime(2025, 11, 24, 16, 0, tzinfo=UTC), UTC)

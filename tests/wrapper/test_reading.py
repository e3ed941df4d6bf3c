"""Calls that only read: history over all its pages, preflight, and what a failed reading says."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from attrs import evolve

import binance_transfer as bt
from binance_transfer_sandbox import HistoryBehaviour, Limits, Sandbox, faults
from tests.support.loopback import Loopback, Step, answer, close, hang, raw, reset
from tests.wrapper import calls
from tests.wrapper.calls import Way

CLOCK = {"serverTime": 1_700_000_000_000}
END = 253_402_300_800_000  # the year 10000
ROW: dict[str, Any] = {
    "asset": "USDT", "amount": "25.5", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "tranId": 11415955596,
    "timestamp": 1544433328000,
}  # fmt: skip
RECORD = bt.TransferRecord(11415955596, "MAIN_UMFUTURE", "USDT", Decimal("25.5"), "CONFIRMED", 1544433328000)


def filled(sandbox: Sandbox, count: int) -> list[int]:
    """Put transfers into the books and return their ids, newest first."""
    sandbox.exchange.limits = Limits(uid_weight_1m=10**9)
    for number in range(count):
        now_ms = str(_now_ms())
        values = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": f"0.{number + 1:04}", "timestamp": now_ms}
        sandbox.exchange.perform("transfer", values)
    return [entry.tran_id for entry in reversed(list(sandbox.ledger))]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def read(way: Way, sandbox: Sandbox, *arguments: Any, **options: Any) -> list[bt.TransferRecord]:
    options.setdefault("credentials", bt.Credentials(**sandbox.credentials))
    return calls.history(way, *(arguments or ("MAIN_UMFUTURE",)), base_url=sandbox.base_url, **options)


PAGES = [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2), (200, 2), (250, 3)]


@pytest.mark.parametrize(("rows", "pages"), PAGES)
def test_every_row_of_every_page_comes_once(way: Way, sandbox: Sandbox, rows: int, pages: int) -> None:
    ids = filled(sandbox, rows)
    assert sorted(record.tran_id for record in read(way, sandbox)) == sorted(ids)


@pytest.mark.parametrize(("rows", "pages"), PAGES)
def test_pages_are_read_until_the_last(way: Way, sandbox: Sandbox, rows: int, pages: int) -> None:
    """One more at most: a full page may be the last."""
    filled(sandbox, rows)
    read(way, sandbox)
    assert sandbox.exchange.received("history") in {pages, pages + 1}


@pytest.mark.parametrize("newest_first", [True, False])
def test_either_order_is_complete(way: Way, sandbox: Sandbox, newest_first: bool) -> None:
    """The vendor does not say in which order rows come."""
    sandbox.exchange.history = HistoryBehaviour(newest_first=newest_first)
    ids = filled(sandbox, 150)
    assert sorted(record.tran_id for record in read(way, sandbox)) == sorted(ids)


def test_a_row_that_appears_meanwhile_hides_none(way: Way, sandbox: Sandbox) -> None:
    """A new one in front pushes the last row of a page onto the next: it comes once all the same."""
    ids = filled(sandbox, 150)
    sandbox.fail_next(faults.ShiftPages())
    found = [record.tran_id for record in read(way, sandbox)]
    assert set(ids) <= set(found)
    assert len(found) == len(set(found))


def test_an_exchange_that_ignores_the_page_number_is_read_once(way: Way) -> None:
    """The same hundred rows again and again, and a total that promises more: reading ends all the same."""
    row = {"asset": "USDT", "amount": "1", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "timestamp": 1}
    rows = [row | {"tranId": number} for number in range(1, 101)]
    asked: list[str] = []

    def same(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("current", ""))
        is_time = request.url.path == "/api/v3/time"
        return httpx.Response(200, json=CLOCK if is_time else {"total": 1_000, "rows": rows})

    found = calls.history(way, "MAIN_UMFUTURE", transport=httpx.MockTransport(same))
    assert ([record.tran_id for record in found], asked[-2:]) == (list(range(1, 101)), ["1", "2"])


@pytest.mark.parametrize("total", [0, 5])
def test_an_empty_page_ends_the_reading(way: Way, total: int) -> None:
    """Whatever `total` says: asking on would last for ever."""

    def empty(request: httpx.Request) -> httpx.Response:
        is_time = request.url.path == "/api/v3/time"
        return httpx.Response(200, json=CLOCK if is_time else {"total": total, "rows": []})

    assert calls.history(way, "MAIN_UMFUTURE", transport=httpx.MockTransport(empty)) == []


def test_pages_that_are_shorter_than_asked_for_are_all_read(way: Way) -> None:
    """`total` says that there are more, though no page is full."""
    asked: list[str] = []

    def short(request: httpx.Request) -> httpx.Response:
        first = 10 * (int(request.url.params.get("current", "1")) - 1)
        row = {"asset": "USDT", "amount": "1", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "timestamp": 1}
        rows = [row | {"tranId": number} for number in range(1, 26)][first : first + 10]
        asked.append(request.url.path)
        is_time = request.url.path == "/api/v3/time"
        return httpx.Response(200, json=CLOCK if is_time else {"total": 25, "rows": rows})

    found = calls.history(way, "MAIN_UMFUTURE", transport=httpx.MockTransport(short))
    assert [record.tran_id for record in found] == list(range(1, 26))
    assert asked.count("/sapi/v1/asset/transfer") == 3


@pytest.mark.parametrize("omits", [True, False])
def test_no_rows_is_an_empty_history(way: Way, sandbox: Sandbox, omits: bool) -> None:
    sandbox.exchange.history = HistoryBehaviour(omits_empty_rows=omits)
    assert read(way, sandbox) == []


def test_a_record_is_what_was_executed(way: Way, sandbox: Sandbox) -> None:
    filled(sandbox, 1)
    (entry,) = sandbox.ledger.executions()
    expected = bt.TransferRecord(entry.tran_id, entry.type, entry.asset, entry.amount, "CONFIRMED", entry.time_ms)
    assert read(way, sandbox) == [expected]


def test_the_window_bounds_what_is_read(way: Way, sandbox: Sandbox) -> None:
    filled(sandbox, 3)
    first, second, third = sandbox.ledger.executions()
    window = {"start": second.time_ms, "end": second.time_ms}
    expected = {entry.tran_id for entry in (first, second, third) if entry.time_ms == second.time_ms}
    assert {record.tran_id for record in read(way, sandbox, window=window)} == expected


def test_only_transfers_of_the_type_are_read(way: Way, sandbox: Sandbox) -> None:
    filled(sandbox, 2)
    assert read(way, sandbox, "MAIN_CMFUTURE") == []


@pytest.mark.parametrize("name", ["MAIN_ISOLATED_MARGIN", "MARGIN_ISOLATEDMARGIN"])
def test_history_of_a_type_with_symbols_is_read_with_them(way: Way, sandbox: Sandbox, name: str) -> None:
    assert read(way, sandbox, name, window={"to_symbol": "BTCUSDT"}) == []


HISTORY_REFUSED: list[tuple[str, dict[str, str]]] = [
    ("MAIN_MARGIN", {"to_symbol": "BTCUSDT"}),
    ("MAIN_MARGIN", {"from_symbol": "BTCUSDT"}),
    ("ISOLATEDMARGIN_MARGIN", {}),
    ("MARGIN_ISOLATEDMARGIN", {"to_symbol": "BTC USDT"}),
    ("", {}),
]


@pytest.mark.parametrize(("name", "symbols"), HISTORY_REFUSED)
def test_a_query_that_cannot_be_right_is_refused_unsent(way: Way, name: str, symbols: dict[str, str]) -> None:
    with Loopback() as server, pytest.raises(bt.InvalidTransfer):
        calls.history(way, name, window=symbols, base_url=server.url)
    assert server.seen == []


def test_pages_are_read_as_they_are_needed(sandbox: Sandbox) -> None:
    filled(sandbox, 250)
    with bt.TransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url) as client:
        next(iter(client.history("MAIN_UMFUTURE")))
    assert sandbox.exchange.received("history") == 1


# --- rows that cannot be read ----------------------------------------------------------------------------------------

ROWS: list[tuple[dict[str, Any], bt.TransferRecord]] = [
    (ROW, RECORD),
    ({**ROW, "more": [1]}, RECORD),
    ({**ROW, "status": "REVERSED"}, evolve(RECORD, status="REVERSED")),
    ({**ROW, "type": "NEW"}, evolve(RECORD, type="NEW")),
    ({**ROW, "amount": "0.000000000000000001"}, evolve(RECORD, amount=Decimal("1E-18"))),
    ({**ROW, "asset": "币安人生"}, evolve(RECORD, asset="币安人生")),
]
BAD_AMOUNTS: list[Any] = [25.5, 25, None, "-1", "1e5", "", "NaN", "1,5", "+1", " 1", "\uff11", True, []]
BAD_ROWS: list[Any] = [
    *[{name: value for name, value in ROW.items() if name != left_out} for left_out in ROW],
    *[{**ROW, "amount": amount} for amount in BAD_AMOUNTS],
    *[{**ROW, "tranId": tran_id} for tran_id in ("5", 5.0, 0, -1, None, True, 2**63)],
    *[{**ROW, "timestamp": timestamp} for timestamp in ("1", 1.5, -1, None, True, 2**63, END, 2**63 - 1)],
    *[{**ROW, name: value} for name in ("asset", "type", "status") for value in (None, 5, ["x"])],
    {**ROW, "asset": ""}, {**ROW, "type": ""}, [], None, "row", 5,
]  # fmt: skip
BAD_PAGES: list[Any] = [
    {}, [], None, {"rows": [ROW]}, {"total": "1", "rows": [ROW]}, {"total": 1.0, "rows": [ROW]},
    {"total": -1, "rows": []},
    {"total": 1, "rows": {}}, {"total": 1, "rows": None}, {"total": True, "rows": [ROW]}, {"total": 1, "rows": "x"},
    "", "<html>", '{"total":1,"total":2,"rows":[]}',
]  # fmt: skip


@pytest.mark.parametrize(("row", "record"), ROWS)
def test_a_row_becomes_a_record(way: Way, row: dict[str, Any], record: bt.TransferRecord) -> None:
    """New statuses and types included: a row that is hidden could be the one that moved."""
    with Loopback(answer(200, {"total": 1, "rows": [row]})) as server:
        assert calls.history(way, "MAIN_UMFUTURE", base_url=server.url) == [record]


def read_failure(way: Way, step: Step, **options: Any) -> bt.ReadFailed:
    with Loopback(step) as server, pytest.raises(bt.ReadFailed) as failed:
        calls.history(way, "MAIN_UMFUTURE", base_url=server.url, **options)
    return failed.value


@pytest.mark.parametrize("row", BAD_ROWS, ids=lambda row: str(row)[-40:])
def test_a_row_that_cannot_be_read_fails_the_reading(row: Any) -> None:
    """Leaving it out would turn a transfer into one that never was."""
    read_failure("sync", answer(200, {"total": 2, "rows": [ROW, row]}))


@pytest.mark.parametrize("page", BAD_PAGES, ids=str)
def test_a_page_that_cannot_be_read_fails_the_reading(way: Way, page: Any) -> None:
    read_failure(way, answer(200, page))


# --- failed readings -------------------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Step, dict[str, Any]]] = {
    "refused": (answer(400, {"code": -1102, "msg": "no"}), {"code": -1102, "msg": "no", "http_status": 400}),
    "denied": (answer(401, {"code": -2015, "msg": "key"}), {"code": -2015, "http_status": 401}),
    "limited": (
        answer(429, {"code": -1003, "msg": "x"}, [("Retry-After", "7")]),
        {"retry_after_s": 7, "http_status": 429},
    ),
    "banned": (answer(418, "", [("Retry-After", "99")]), {"retry_after_s": 99, "code": None, "msg": ""}),
    "firewall": (answer(403, "<html>"), {"http_status": 403, "code": None}),
    "gateway": (answer(502, "<html>"), {"http_status": 502}),
    "redirect": (answer(307, "", [("Location", "/other")]), {"http_status": 307}),
    "fin": (close, {"http_status": None, "code": None}),
    "reset": (reset, {"http_status": None}),
    "no-http": (raw(b"nonsense\r\n\r\n"), {"http_status": None}),
    "no-answer": (hang, {"http_status": None}),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_reading_says_what_came(way: Way, case: str) -> None:
    step, expected = FAILURES[case]
    error = read_failure(way, step, timeout_s=0.3 if step is hang else 10.0)
    assert {name: getattr(error, name) for name in expected} == expected


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_reading_is_not_repeated(way: Way, case: str) -> None:
    with Loopback(FAILURES[case][0]) as server:
        with pytest.raises(bt.ReadFailed):
            calls.history(way, "MAIN_UMFUTURE", base_url=server.url, timeout_s=0.3 if case == "no-answer" else 10.0)
        assert len(server.reads) == 1


def test_a_page_that_fails_fails_the_whole(way: Way, sandbox: Sandbox) -> None:
    """Rows that came before are there, and then it raises: never a history that looks complete."""
    filled(sandbox, 150)
    sandbox.exchange.plan(faults.GatewayError(executes=False), on="history", every=2)
    with pytest.raises(bt.ReadFailed):
        read(way, sandbox)


# --- preflight -------------------------------------------------------------------------------------------------------

KEYS: list[dict[str, Any]] = [
    {},
    {"permits_universal_transfer": False},
    {"ip_restricted": True},
]


@pytest.mark.parametrize("options", KEYS)
def test_preflight_tells_what_the_key_may_do(way: Way, sandbox: Sandbox, options: dict[str, Any]) -> None:
    credentials = bt.Credentials(**sandbox.exchange.issue_key(**options))
    found = calls.preflight(way, base_url=sandbox.base_url, credentials=credentials)
    expected = {"permits_universal_transfer": True, "reading_enabled": True, "ip_restricted": False} | options
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("maintenance", [True, False])
def test_preflight_tells_of_maintenance(way: Way, sandbox: Sandbox, maintenance: bool) -> None:
    sandbox.exchange.maintenance = maintenance
    credentials = bt.Credentials(**sandbox.credentials)
    assert calls.preflight(way, base_url=sandbox.base_url, credentials=credentials).system_normal is not maintenance


@pytest.mark.parametrize("offset_ms", [-86_400_000, -5000, 0, 5000, 86_400_000])
def test_preflight_measures_the_clock(way: Way, sandbox: Sandbox, offset_ms: int) -> None:
    """Server minus local."""
    sandbox.exchange.clock_offset_ms = offset_ms
    credentials = bt.Credentials(**sandbox.credentials)
    found = calls.preflight(way, base_url=sandbox.base_url, credentials=credentials)
    assert found.clock_offset_ms == pytest.approx(offset_ms, abs=1000)


def test_preflight_moves_nothing(way: Way, sandbox: Sandbox) -> None:
    calls.preflight(way, base_url=sandbox.base_url, credentials=bt.Credentials(**sandbox.credentials))
    assert (sandbox.exchange.received("transfer"), sandbox.ledger.executions()) == (0, ())


@pytest.mark.parametrize("operation", ["time", "restrictions", "status"])
@pytest.mark.parametrize(
    "fault",
    [
        faults.GatewayError(executes=False),
        faults.Drop(executes=False),
        faults.BrokenAnswer(executes=False, form="html"),
    ],
    ids=str,
)
def test_preflight_fails_where_any_of_its_answers_is_missing(
    way: Way, sandbox: Sandbox, operation: Any, fault: faults.Fault
) -> None:
    """No permission is assumed, and none denied, that the exchange did not name."""
    sandbox.fail_next(fault, on=operation)
    with pytest.raises(bt.ReadFailed):
        calls.preflight(way, base_url=sandbox.base_url, credentials=bt.Credentials(**sandbox.credentials))


RESTRICTIONS = {"ipRestrict": False, "enableReading": True, "permitsUniversalTransfer": True}
BAD_RESTRICTIONS: list[Any] = [
    {}, [], {**RESTRICTIONS, "permitsUniversalTransfer": "true"}, {**RESTRICTIONS, "permitsUniversalTransfer": 1},
    {**RESTRICTIONS, "permitsUniversalTransfer": None}, {**RESTRICTIONS, "enableReading": 0}, {"ipRestrict": False},
]  # fmt: skip


@pytest.mark.parametrize("restrictions", BAD_RESTRICTIONS, ids=str)
def test_preflight_takes_permissions_at_their_word(way: Way, restrictions: Any) -> None:
    normal = answer(200, {"status": 0, "msg": "normal"})
    with Loopback(answer(200, restrictions), normal) as server, pytest.raises(bt.ReadFailed):
        calls.preflight(way, base_url=server.url)


@pytest.mark.parametrize("reading", [True, False])
def test_preflight_tells_whether_history_can_be_read(way: Way, reading: bool) -> None:
    restrictions = {**RESTRICTIONS, "enableReading": reading}
    with Loopback(answer(200, restrictions), answer(200, {"status": 0, "msg": "normal"})) as server:
        assert calls.preflight(way, base_url=server.url).reading_enabled is reading


@pytest.mark.parametrize(
    "use",
    [lambda client: list(client.history("MAIN_UMFUTURE")), lambda client: client.preflight()],
    ids=["history", "preflight"],
)
def test_a_closed_client_reads_nothing(use: Callable[[bt.TransferClient], object]) -> None:
    with Loopback() as server:
        client = bt.TransferClient({"api_key": "a", "secret": "b"}, base_url=server.url)
        client.close()
        with pytest.raises(bt.ReadFailed):
            use(client)
    assert server.seen == []


def test_a_closed_client_reads_nothing_asyncio() -> None:
    async def run(url: str) -> None:
        client = bt.AsyncTransferClient({"api_key": "a", "secret": "b"}, base_url=url)
        await client.aclose()
        with pytest.raises(bt.ReadFailed):
            await client.preflight()

    with Loopback() as server:
        asyncio.run(run(server.url))
    assert server.seen == []


def test_a_clock_error_while_reading_is_put_right_by_the_next_call(way: Way, sandbox: Sandbox) -> None:
    """-1021 to a reading call, too, makes the next one read the exchange's clock first."""

    def use(client: bt.TransferClient) -> int:
        list(client.history("MAIN_UMFUTURE"))
        sandbox.exchange.clock_offset_ms += 60_000
        with pytest.raises(bt.ReadFailed):
            list(client.history("MAIN_UMFUTURE"))
        return len(list(client.history("MAIN_UMFUTURE")))

    async def use_asyncio(client: bt.AsyncTransferClient) -> int:
        async for _ in client.history("MAIN_UMFUTURE"):
            pass
        sandbox.exchange.clock_offset_ms += 60_000
        with pytest.raises(bt.ReadFailed):
            [_ async for _ in client.history("MAIN_UMFUTURE")]
        return len([_ async for _ in client.history("MAIN_UMFUTURE")])

    credentials = bt.Credentials(**sandbox.credentials)
    assert calls.with_client(way, use, use_asyncio, base_url=sandbox.base_url, credentials=credentials) == 0

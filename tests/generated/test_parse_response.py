"""`parse_response` reads what the spec documents, strictly, and never raises on anything else."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_transfer_api.api.account import account, api_restrictions
from binance_transfer_api.api.asset import universal_transfer, universal_transfer_history, wallet_balance
from binance_transfer_api.api.system import server_time, system_status
from binance_transfer_api.models import (
    ApiError,
    AssetBalance,
    TransferAccepted,
    TransferHistory,
    TransferHistoryRow,
    WalletBalance,
)
from binance_transfer_api.types import INT64_MAXIMUM, Unexpected

EXAMPLES = settings(deadline=None)  # machines are slow at times

OPERATIONS: list[ModuleType] = [
    universal_transfer,
    universal_transfer_history,
    wallet_balance,
    api_restrictions,
    account,
    server_time,
    system_status,
]
parse: Callable[[int, bytes], object] = universal_transfer.parse_response

# Status, body, what it is read as.
READ = {
    "accepted": (200, b'{"tranId":13526853623}', TransferAccepted(13526853623)),
    "accepted, with fields that are not documented": (200, b'{"x":{"y":[1.5,null]},"tranId":1}', TransferAccepted(1)),
    "accepted, with white space": (200, b' {\n "tranId" : 1 } \r\n', TransferAccepted(1)),
    "greatest id": (200, b'{"tranId":9223372036854775807}', TransferAccepted(INT64_MAXIMUM)),
    "error": (400, b'{"code":-1021,"msg":"late"}', ApiError(-1021, "late")),
    "error with fields that are not documented": (400, b'{"code":-1,"msg":"","x":1}', ApiError(-1, "")),
    "error under 200": (200, b'{"code":-1021,"msg":"late"}', ApiError(-1021, "late")),
    "error under 500": (500, b'{"code":-1000,"msg":"x"}', ApiError(-1000, "x")),
    "error under a status that nobody knows": (799, b'{"code":-1,"msg":"x"}', ApiError(-1, "x")),
    "text that is not ASCII": (400, '{"code":-1,"msg":"币"}'.encode(), ApiError(-1, "币")),
    "character above the BMP as a pair": (400, b'{"code":-1,"msg":"\\ud83d\\ude00"}', ApiError(-1, "😀")),
}

# Status, body, why it is unexpected.
UNEXPECTED = {
    "empty": (200, b"", "not JSON: JSONDecodeError"),
    "HTML": (200, b"<html>hello</html>", "not JSON: JSONDecodeError"),
    "HTML of the firewall": (403, b"<html>403 Forbidden</html>", "not JSON: JSONDecodeError"),
    "HTML under 520": (520, b"<html>unknown</html>", "not JSON: JSONDecodeError"),
    "nothing under 204": (204, b"", "not JSON: JSONDecodeError"),
    "invalid UTF-8": (200, b'{"tranId":1,"x":"\xff"}', "not JSON: UnicodeDecodeError"),
    "UTF-16": (200, '{"tranId":1}'.encode("utf-16"), "not JSON: UnicodeDecodeError"),
    "byte order mark": (200, b'\xef\xbb\xbf{"tranId":1}', "not JSON: JSONDecodeError"),
    "cut off": (200, b'{"tranId":1', "not JSON: JSONDecodeError"),
    "two documents": (200, b'{"tranId":1}{"tranId":1}', "not JSON: JSONDecodeError"),
    "repeated key": (200, b'{"tranId":1,"tranId":1}', "not JSON: ValueError"),
    "repeated key further down": (200, b'{"tranId":1,"x":[{"a":1,"a":1}]}', "not JSON: ValueError"),
    "NaN": (200, b'{"tranId":1,"x":NaN}', "not JSON: ValueError"),
    "Infinity": (200, b'{"tranId":-Infinity}', "not JSON: ValueError"),
    "integer of 5000 digits": (200, b'{"tranId":' + b"9" * 5000 + b"}", "not JSON: ValueError"),
    "deep nesting": (200, b'{"tranId":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON: RecursionError"),
    "deep nesting without an end": (200, b'{"a":' * 100_000, "not JSON: RecursionError"),
    "null": (200, b"null", "expected object, found null"),
    "list": (200, b"[]", "expected object, found array"),
    "list of pairs": (200, b'[["tranId",3]]', "expected object, found array"),
    "text": (200, b'"tranId"', "expected object, found string"),
    "number": (200, b"1", "expected object, found integer"),
    "true": (200, b"true", "expected object, found boolean"),
    "no id": (200, b"{}", "tranId is missing"),
    "id in another case": (200, b'{"tranid":1}', "tranId is missing"),
    "id that is null": (200, b'{"tranId":null}', "tranId: expected integer, found null"),
    "id that is a text": (200, b'{"tranId":"1"}', "tranId: expected integer, found string"),
    "id that is true": (200, b'{"tranId":true}', "tranId: expected integer, found boolean"),
    "id that is an integral fraction": (200, b'{"tranId":135.0}', "tranId: expected integer, found fraction"),
    "id with an exponent": (200, b'{"tranId":1e2}', "tranId: expected integer, found fraction"),
    "id that is a list": (200, b'{"tranId":[1]}', "tranId: expected integer, found array"),
    "id that is an object": (200, b'{"tranId":{}}', "tranId: expected integer, found object"),
    "id of zero": (200, b'{"tranId":0}', f"tranId: outside 1…{INT64_MAXIMUM}"),
    "id below zero": (200, b'{"tranId":-1}', f"tranId: outside 1…{INT64_MAXIMUM}"),
    "id above int64": (200, b'{"tranId":9223372036854775808}', f"tranId: outside 1…{INT64_MAXIMUM}"),
    "code that is a text": (400, b'{"code":"-1021","msg":""}', "status 400 is not documented"),
    "code below int64": (400, b'{"code":-9223372036854775809,"msg":""}', "status 400 is not documented"),
    "error without a text": (400, b'{"code":-1021}', "status 400 is not documented"),
    "text with half of a surrogate pair": (400, b'{"code":-1,"msg":"\\ud800"}', "status 400 is not documented"),
    "accepted under 201": (201, b'{"tranId":1}', "status 201 is not documented"),
    "accepted under 302": (302, b'{"tranId":1}', "status 302 is not documented"),
    "accepted under 500": (500, b'{"tranId":1}', "status 500 is not documented"),
    "status of zero": (0, b"{}", "status 0 is not documented"),
    "status below zero": (-1, b"{}", "status -1 is not documented"),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_documented_is_read(name: str) -> None:
    status, body, expected = READ[name]
    assert parse(status, body) == expected


@pytest.mark.parametrize("name", UNEXPECTED)
def test_anything_else_is_unexpected_and_says_why(name: str) -> None:
    status, body, reason = UNEXPECTED[name]
    assert parse(status, body) == Unexpected(status, body, reason)


# A row of history, a field of it, a value that does not fit, why.
ROW: dict[str, object] = {
    "asset": "USDT",
    "amount": "1.50",
    "type": "MAIN_UMFUTURE",
    "status": "CONFIRMED",
    "tranId": 11415955596,
    "timestamp": 1544433328000,
}
BAD_FIELDS = [
    ("amount", 1.5, "rows: [1]: amount: expected string, found fraction"),
    ("amount", "1e3", "rows: [1]: amount: not of the documented form"),
    ("amount", "1\n", "rows: [1]: amount: not of the documented form"),
    ("amount", "\N{FULLWIDTH DIGIT ONE}", "rows: [1]: amount: not of the documented form"),
    ("amount", "-1", "rows: [1]: amount: not of the documented form"),
    ("asset", "", "rows: [1]: asset: not of the documented form"),
    ("asset", "\ud800", "rows: [1]: asset: half of a surrogate pair"),
    ("status", None, "rows: [1]: status: expected string, found null"),
    ("timestamp", 1.0, "rows: [1]: timestamp: expected integer, found fraction"),
    ("tranId", "1", "rows: [1]: tranId: expected integer, found string"),
]


def history(*rows: object) -> bytes:
    return json.dumps({"total": len(rows), "rows": rows}).encode()


def test_a_page_of_history_is_read_with_types_and_statuses_that_nobody_knows() -> None:
    read = universal_transfer_history.parse_response(200, history(ROW, ROW | {"type": "NEW", "status": "NEW"}))
    first = TransferHistoryRow("USDT", "1.50", "MAIN_UMFUTURE", "CONFIRMED", 11415955596, 1544433328000)
    second = TransferHistoryRow("USDT", "1.50", "NEW", "NEW", 11415955596, 1544433328000)
    assert read == TransferHistory(2, (first, second))


def test_a_page_of_history_may_lack_its_rows() -> None:
    assert universal_transfer_history.parse_response(200, b'{"total":0}') == TransferHistory(0, None)


@pytest.mark.parametrize(("field", "value", "reason"), BAD_FIELDS)
def test_one_bad_field_makes_the_page_unexpected(field: str, value: object, reason: str) -> None:
    read = universal_transfer_history.parse_response(200, history(ROW, ROW | {field: value}))
    assert isinstance(read, Unexpected)
    assert read.reason == reason


@pytest.mark.parametrize("field", ROW)
def test_a_row_without_a_field_makes_the_page_unexpected(field: str) -> None:
    rest = {name: value for name, value in ROW.items() if name != field}
    read = universal_transfer_history.parse_response(200, history(rest))
    assert isinstance(read, Unexpected)
    assert read.reason == f"rows: [0]: {field} is missing"


WALLETS = [
    {"activate": True, "balance": "0", "walletName": "Spot"},
    {
        "activate": False,
        "balance": "-1.5E-8",
        "walletName": "USDⓈ-M Futures",
        "assetBalances": [{"asset": "USDT", "free": "0E-8", "locked": "1.50", "btcValuation": "0.1"}],
    },
]


def test_a_list_of_wallets_is_read() -> None:
    """With details and without."""
    details = AssetBalance("USDT", None, "0E-8", "1.50", None, None, "0.1")
    assert wallet_balance.parse_response(200, json.dumps(WALLETS).encode()) == (
        WalletBalance(activate=True, balance="0", wallet_name="Spot", asset_balances=None),
        WalletBalance(activate=False, balance="-1.5E-8", wallet_name="USDⓈ-M Futures", asset_balances=(details,)),
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (WALLETS[0], "expected array, found object"),
        ([WALLETS[0], 1], "[1]: expected object, found integer"),
        ([{"activate": 1, "balance": "0", "walletName": "Spot"}], "[0]: activate: expected boolean, found integer"),
        ([{"activate": True, "balance": "many", "walletName": "x"}], "[0]: balance: not of the documented form"),
    ],
)
def test_what_is_no_list_of_wallets_is_unexpected(body: object, reason: str) -> None:
    read = wallet_balance.parse_response(200, json.dumps(body).encode())
    assert isinstance(read, Unexpected)
    assert read.reason == reason


def test_an_error_in_place_of_a_list_is_read() -> None:
    assert wallet_balance.parse_response(400, b'{"code":-1021,"msg":"late"}') == ApiError(-1021, "late")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (api_restrictions, {"ipRestrict": True, "enableReading": True, "permitsUniversalTransfer": False}),
        (account, {"uid": 354937868, "balances": []}),
        (server_time, {"serverTime": 1499827319559}),
        (system_status, {"status": 0, "msg": "normal"}),
    ],
    ids=lambda part: str(getattr(part, "__name__", "")).rpartition(".")[2],
)
def test_the_vendors_example_of_each_other_operation_is_read(operation: ModuleType, body: dict[str, Any]) -> None:
    read = operation.parse_response(200, json.dumps(body).encode())
    assert not isinstance(read, ApiError | Unexpected)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tranId", "code", "msg", "total", "rows", *ROW]) | st.text(), inner, max_size=5
        )
    ),
    max_leaves=12,
)
bodies = st.binary() | json_values.map(json.dumps).map(str.encode) | st.text().map(lambda text: text.encode("utf-16"))


@EXAMPLES
@given(st.sampled_from(OPERATIONS), st.integers() | st.sampled_from([200, 400, 520]), bodies)
def test_no_operation_raises_on_any_status_and_body(operation: ModuleType, status: int, body: bytes) -> None:
    read = operation.parse_response(status, body)
    if isinstance(read, Unexpected):
        assert (read.status, read.body) == (status, body)
    else:
        assert isinstance(read, ApiError) or status == 200


@EXAMPLES
@given(st.sampled_from(OPERATIONS), st.sampled_from([200, 400]), json_values)
def test_a_reason_never_depends_on_a_value_of_the_body(operation: ModuleType, status: int, value: object) -> None:
    """Texts of the body cannot get into a reason: with all of them replaced, the reason stays."""

    def marked(node: object) -> object:
        match node:
            case str():
                return "SECRET" if node else ""
            case list():
                return [marked(item) for item in node]
            case dict():
                return {name: marked(item) for name, item in node.items()}
        return node

    read = operation.parse_response(status, json.dumps(marked(value)).encode())
    assert "SECRET" not in getattr(read, "reason", "")


@EXAMPLES
@given(st.binary(min_size=1))
def test_the_body_of_an_unexpected_answer_is_not_in_its_repr(body: bytes) -> None:
    read = Unexpected(200, b"SECRET" + body, "why")
    assert repr(read) == "Unexpected(status=200, reason='why')"


@EXAMPLES
@given(st.integers(-(2**63), INT64_MAXIMUM), st.text(st.characters(exclude_categories=["Cs"])))
def test_every_error_of_the_vendor_is_read_exactly(code: int, text: str) -> None:
    for body in (json.dumps({"code": code, "msg": text}), json.dumps({"msg": text, "code": code}, ensure_ascii=False)):
        assert parse(400, body.encode()) == ApiError(code, text)

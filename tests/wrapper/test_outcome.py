"""What an answer means for the money: a table of statuses, codes and bodies, and one rule for all the rest."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.wire.answer import Answer, NoAnswer
from binance_transfer.wire.outcome import checked_rejected_codes, judge
from tests.support.loopback import Loopback, answer
from tests.support.marks import thorough
from tests.wrapper import calls
from tests.wrapper.calls import Way

ATTEMPT = bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5"), 1_499_827_319_559, 5000)

# Copied from the vendor's error pages by hand, apart from the spec: a slip in either is seen here.
REJECTED: dict[int, type[bt.Rejected]] = dict.fromkeys(
    (-1015, -1016, -1020, -1022, -1099, -1100, -1101, -1102, -1103, -1104, -1105, -1106, -1111, -1121, -1128, -1130,
     -1131, -3001, -3002, -3003, -3005, -3009, -3017, -3018, -3019, -3023, -3026, -3027, -3028, -3043, -3999,
     -4001, -4018, -4019, -5007, -5011, -21001, -21002),
    bt.Rejected,
) | dict.fromkeys((-1002, -2014, -2015), bt.PermissionDenied) | {
    -1003: bt.RateLimited,
    -1021: bt.ClockOutOfSync,
} | dict.fromkeys((-3020, -3041, -4026, -5002, -5003, -5013), bt.InsufficientBalance)  # fmt: skip

UNKNOWN = (-1004, -1008, -3000, -3007, -3029, -3037, -3044, -5010)
UNKNOWN_ALWAYS = (-1000, -1001, -1006, -1007, -5012)
UNLISTED = (-1, -999, -1005, -1010, -1013, -2010, -2011, -2013, -4000, -9999, -30000, 0, 1, 200, 1021, -(2**62))

REFUSING = (400, 401, 402, 404, 405, 406, 408, 410, 413, 422, 499)
IN_FRONT = (403, 451)  # the firewall and the geo block stand before the exchange
SILENT = (100, 101, 199, 200, 201, 202, 204, 206, 299, 300, 301, 302, 303, 304, 307, 308, 399, 409, 500, 501, 502, 503,
          504, 520, 522, 524, 530, 599, 600, 999)  # fmt: skip
LIMITING = (418, 429)
OPEN = "open"


def given_answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return Answer(status, headers or {}, content)


def outcome(answer: Answer | NoAnswer, **options: Any) -> Any:
    """A receipt, or the error."""
    try:
        return judge(ATTEMPT, answer, **options)
    except bt.TransferError as error:
        return error


def error_body(code: Any, msg: Any = "text") -> dict[str, Any]:
    return {"code": code, "msg": msg}


# --- codes by statuses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", REJECTED)
def test_a_listed_code_under_a_4xx_is_a_refusal(code: int) -> None:
    kinds = {type(outcome(given_answer(status, error_body(code)))) for status in REFUSING}
    assert kinds == {REJECTED[code]}


@pytest.mark.parametrize("code", REJECTED)
def test_a_listed_code_under_any_other_status_says_nothing(code: int) -> None:
    kinds = {type(outcome(given_answer(status, error_body(code)))) for status in SILENT}
    assert kinds == {bt.OutcomeUnknown}


@pytest.mark.parametrize("code", [*UNKNOWN, *UNKNOWN_ALWAYS, *UNLISTED])
def test_any_other_code_says_nothing(code: int) -> None:
    kinds = {type(outcome(given_answer(status, error_body(code)))) for status in (*REFUSING, *SILENT)}
    assert kinds == {bt.OutcomeUnknown}


@pytest.mark.parametrize("status", LIMITING)
@pytest.mark.parametrize("code", [*REJECTED, *UNKNOWN, *UNLISTED])
def test_418_and_429_refuse_with_any_code(status: int, code: int) -> None:
    assert type(outcome(given_answer(status, error_body(code)))) is bt.RateLimited


@pytest.mark.parametrize("status", LIMITING)
@pytest.mark.parametrize("code", UNKNOWN_ALWAYS)
def test_a_code_that_is_always_unknown_is_so_under_a_limit_too(status: int, code: int) -> None:
    assert type(outcome(given_answer(status, error_body(code)))) is bt.OutcomeUnknown


@pytest.mark.parametrize("status", LIMITING)
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", "{}", "[]", "slow down"])
def test_418_and_429_refuse_with_any_body(status: int, body: Any) -> None:
    assert type(outcome(given_answer(status, body))) is bt.RateLimited


@pytest.mark.parametrize(
    ("msg", "kind"),
    [
        ("user have no avaliable amount", bt.InsufficientBalance),
        ("Your margin balance is insufficient", bt.InsufficientBalance),
        ("Your margin balance is insufficient.", bt.InsufficientBalance),
        ("your margin balance is insufficient", bt.InsufficientBalance),
        ("Your margin balance is insufficient or the transfer is being processed", bt.OutcomeUnknown),
        ("not: user have no avaliable amount", bt.OutcomeUnknown),
        ("insufficient", bt.OutcomeUnknown),
        ("", bt.OutcomeUnknown),
        ("Transfer in progress", bt.OutcomeUnknown),
    ],
)
def test_9000_is_a_refusal_for_two_texts_only(msg: str, kind: type[bt.TransferError]) -> None:
    assert type(outcome(given_answer(400, error_body(-9000, msg)))) is kind


@pytest.mark.parametrize("status", [200, 409, 500, 503])
def test_9000_with_its_text_needs_a_4xx(status: int) -> None:
    assert type(outcome(given_answer(status, error_body(-9000, "user have no avaliable amount")))) is bt.OutcomeUnknown


# --- bodies under 200 ------------------------------------------------------------------------------------------------

ACCEPTED: list[tuple[str, int]] = [
    ('{"tranId":13526853623}', 13526853623),
    ('{"tranId":1}', 1),
    ('{"tranId":9223372036854775807}', 2**63 - 1),
    (' {"tranId" : 7 , "more": [1, {"tranId": 8}]} \n', 7),
    ('{"tr\\u0061nId":7}', 7),
    ('{"tranId":7,"code":0,"msg":""}', 7),
    ('{"tranId":7,"code":200,"msg":"success"}', 7),
    ('{"tranId":7,"msg":"fine"}', 7),
]

NO_PROOF = [
    "", " ", "null", "true", "5", "13526853623", '"tranId"', "[]", "{}", '[{"tranId":1}]', '[["tranId",3]]',
    '{"tranId":"1"}', '{"tranId":1.0}', '{"tranId":1e0}', '{"tranId":1E2}', '{"tranId":true}', '{"tranId":null}',
    '{"tranId":0}', '{"tranId":-0}', '{"tranId":-1}', '{"tranId":9223372036854775808}', '{"tranId":' + "9" * 400 + "}",
    '{"tranId":' + "9" * 5000 + "}", '{"tranId":[1]}', '{"tranId":{"v":1}}', '{"tranid":1}', '{"TranId":1}',
    '{"tran_id":1}', '{"data":{"tranId":1}}', '{"tranId":1,"tranId":2}', '{"tranId":1,"tranId":1}',
    '{"tranId":0,"tranId":1}', '{"tranId":NaN}', '{"tranId":Infinity}', '{"tranId":1}{"tranId":2}', '{"tranId":1}x',
    '{"tranId":1', '{"tranId":1,}', "{'tranId':1}", '{"tranId":01}', '{"tranId":+1}', '{"tranId":0x1}', '{"tranId": }',
    "<html>ok</html>", "OK", "tranId=1", "[" * 100_000, '{"a":' * 100_000, '{"tranId":1, "a":' + "[" * 100_000,
    '\ufeff{"tranId":1}', '{"tranId":1}\x00',
    '{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}',
    '{"code":-5013,"msg":"Asset transfer failed: insufficient balance"}',
    '{"code":-1002,"msg":"You are not authorized to execute this request."}',
    '{"code":0,"msg":"success"}', '{"code":200,"msg":"success"}', '{"success":true}',
]  # fmt: skip

CONTRADICTORY = [
    '{"tranId":1,"code":-1021,"msg":"x"}',
    '{"tranId":1,"code":-1007,"msg":"x"}',
    '{"code":-9999,"msg":"x","tranId":1}',
    '{"tranId":1,"code":-1007}',
    '{"tranId":1,"code":-5013,"msg":null}',
    '{"tranId":1,"code":"-1007","msg":"x"}',
    '{"tranId":1,"code":-1.5,"msg":"x"}',
    '{"tranId":1,"code":100001003,"msg":"x"}',
    '{"tranId":1,"code":1}',
    '{"tranId":1,"code":true}',
    '{"tranId":1,"code":201}',
    '{"tranId":1,"code":"0"}',
]

ENCODINGS = ["utf-16", "utf-32", "utf-16-be", "utf-8-sig"]


@pytest.mark.parametrize(("body", "tran_id"), ACCEPTED)
def test_a_200_with_an_integer_id_is_a_receipt(body: str, tran_id: int) -> None:
    receipt = outcome(given_answer(200, body))
    assert (type(receipt), receipt.tran_id) == (bt.Receipt, tran_id)


@pytest.mark.parametrize("body", [*NO_PROOF, *CONTRADICTORY], ids=lambda body: body[:40])
def test_a_200_with_anything_else_is_unknown(body: str) -> None:
    assert type(outcome(given_answer(200, body))) is bt.OutcomeUnknown


@pytest.mark.parametrize("code", [0, 200, 100001003, -9999])
def test_an_id_with_a_code_that_the_caller_calls_a_refusal_is_no_receipt(code: int) -> None:
    answer = given_answer(200, {"tranId": 1, "code": code, "msg": "x"})
    assert type(outcome(answer, extra_rejected_codes=frozenset({code}))) is bt.OutcomeUnknown


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_200_in_another_encoding_is_unknown(encoding: str) -> None:
    """JSON between systems is UTF-8 without a mark (RFC 8259, section 8.1)."""
    assert type(outcome(given_answer(200, '{"tranId":1}'.encode(encoding)))) is bt.OutcomeUnknown


@pytest.mark.parametrize("status", [*REFUSING, *SILENT])
def test_an_id_under_any_other_status_is_unknown(status: int) -> None:
    kind = bt.Receipt if status == 200 else bt.OutcomeUnknown
    assert type(outcome(given_answer(status, {"tranId": 1}))) is kind


@pytest.mark.parametrize("body", NO_PROOF, ids=lambda body: body[:40])
def test_a_body_without_a_listed_code_proves_no_refusal(body: str) -> None:
    """Except that -1002, -1021 and -5013 are listed."""
    listed = any(code in body for code in ("-1002", "-1021", "-5013"))
    assert isinstance(outcome(given_answer(400, body)), bt.Rejected) == listed


ODD_ERRORS = [
    '{"code":"-1021","msg":"x"}', '{"msg":"x"}', '{"code":-1021.0,"msg":"x"}', '{"code":true,"msg":"x"}',
    '{"code":null,"msg":"x"}', '{"code":-1021,"code":-1,"msg":"x"}', '[{"code":-1021,"msg":"x"}]',
    '{"error":{"code":-1021,"msg":"x"}}', '{"code":-1021,"msg":"x"', '{"Code":-1021,"Msg":"x"}',
]  # fmt: skip


@pytest.mark.parametrize("body", ODD_ERRORS)
def test_an_error_that_is_not_worded_as_documented_is_unknown(body: str) -> None:
    assert type(outcome(given_answer(400, body))) is bt.OutcomeUnknown


@pytest.mark.parametrize(
    "body", ['{"code":-1021}', '{"code":-1021,"msg":null}', '{"code":-1021,"msg":5}', '{"code":-1021,"msg":"\\ud800"}']
)
def test_a_listed_code_counts_without_its_text(body: str) -> None:
    assert type(outcome(given_answer(400, body))) is bt.ClockOutOfSync


@pytest.mark.parametrize(
    "body", ['{"code":-9000}', '{"code":-9000,"msg":null}', '{"code":-9000,"msg":["insufficient"]}']
)
def test_a_code_that_is_judged_by_its_text_says_nothing_without(body: str) -> None:
    assert type(outcome(given_answer(400, body))) is bt.OutcomeUnknown


def test_the_message_says_which_code_it_was() -> None:
    """And does not blame the status."""
    assert "HTTP 400, -1021 (without a text)" in str(outcome(given_answer(400, '{"code":-1021}')))


@pytest.mark.parametrize("body", ['{"code":-1021,"msg":"x","tranId":5}', '{"tranId":5,"code":-5013,"msg":"x"}'])
def test_a_refusal_that_names_an_id_is_no_refusal(body: str) -> None:
    """An id is given to what was accepted: under a 4xx the two contradict each other."""
    assert type(outcome(given_answer(400, body))) is bt.OutcomeUnknown


# --- the firewall ----------------------------------------------------------------------------------------------------

HTML = {"content-type": "text/html; charset=UTF-8"}
BODIES_IN_FRONT: list[Any] = [
    "", "<html><body>403 Forbidden</body></html>", "<!doctype html>", b"<html>\xff\xfe", "Forbidden", "{}", "[]",
    error_body(-9999), error_body(0, "Service unavailable from a restricted location"), error_body(-3044), "<Error/>",
    error_body(-1021), '{"code":-1021}', "<", "null",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES_IN_FRONT, ids=repr)
@pytest.mark.parametrize("status", IN_FRONT)
def test_what_stands_before_the_exchange_refuses_with_any_body(status: int, body: Any) -> None:
    assert isinstance(outcome(given_answer(status, body)), bt.Rejected)


@pytest.mark.parametrize("body", BODIES_IN_FRONT, ids=repr)
def test_a_geo_block_is_a_matter_of_permission(body: Any) -> None:
    assert type(outcome(given_answer(451, body))) is bt.PermissionDenied


@pytest.mark.parametrize("code", REJECTED)
def test_a_403_is_what_its_listed_code_says(code: int) -> None:
    assert type(outcome(given_answer(403, error_body(code)))) is REJECTED[code]


@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [(403, "<html>", True), (403, "", True), (403, error_body(-9999), True), (403, error_body(-2015), False),
     (403, error_body(-1102), False), (451, "", False), (400, error_body(-1102), False), (429, "", True),
     (400, error_body(-1021), True), (400, error_body(-5013), False), (500, "", False)],
)  # fmt: skip
def test_whether_calling_again_may_help(status: int, body: Any, retryable: bool) -> None:
    assert outcome(given_answer(status, body)).retryable is retryable


# --- what could be a transfer that was made --------------------------------------------------------------------------

COULD_BE: list[Any] = [
    {"tranId": 5}, {"tranId": None}, {"tranId": "5"}, {"data": {"tranId": 5}}, [[{"x": {"tranId": 5}}]],
    '{"tranId":5', "tranId=5", "<p>tranId: 5</p>", {"msg": 'see {"tranId":5}'}, '{"tr\\u0061nId":5}', {"TRANID": 5},
    {"tran_id": 5}, {"code": -1007}, {"code": -1006, "msg": None}, {"code": "-1007"}, {"error": {"code": -1000}},
    [-1001], {"msg": "code -5012 of a backend"}, '{"code":-1007', "<p>-1006</p>", '{"code":-1007.0}',
    '{"code":-1.007e3}', '{"a":' * 50_000 + "-1007", '{"code":-1,"code":-1007}', '{"tranId":5}'.encode("utf-16"),
    # Escaped, once and several times over, and in other letters, minus signs and separators.
    "code-1007", "BAPI_-1007", "x.-1007", "--1007", "code%3A-1006", "code%3a%2d1006", "code%253a%252d1006", "&#45;1007",
    "&#x2D;1007", "&minus;1007", "&amp;#45;1007".replace("&amp;", "%26"), "\u22121007", "\u20131007", "\uff0d1007",
    "-\uff11\uff10\uff10\uff17", '{"a":1,"a":2,"code":-1.007e3}', '{"code":-1.007e3,"code":5}',
    '{"a":' + "9" * 5000 + ',"code":-1.007e3}', '\ufeff{"code":-1007.0}', '{"code":-1007.0}'.encode("utf-16"),
    "tran%49d=5", "tran%2549d=5", '{"tran\\x49d":1}', '{"tr\\\\u0061nId":5}', '{"tr\\\\\\\\u0061nId":5}',
    "tr\\u{61}nId", "tran&#73;d", "tran&#73d", "\uff54\uff52\uff41\uff4e\uff29\uff44", "tran.id", "tran/Id",
    "tran\u200bId", "tran&lowbar;id",
    b"\xff\xfetranId\xff", '{"code":"\\u002d1007"}', "error (-1007)", "-1007-4f",
]  # fmt: skip


@pytest.mark.parametrize("body", COULD_BE, ids=lambda body: str(body)[:40])
@pytest.mark.parametrize("status", [429, 403, *thorough(418, 451, *REFUSING, 500, 302)])
def test_what_could_be_a_transfer_keeps_the_outcome_open(status: int, body: Any) -> None:
    """Under every status: one function decides, and it is asked before the status counts."""
    assert type(outcome(given_answer(status, body))) is bt.OutcomeUnknown


@pytest.mark.parametrize(
    "body",
    [error_body(-1003, "Too much request weight used; current limit is 1000 request weight per 1 MINUTE."),
     error_body(-1021, "Timestamp for this request was 1000ms ahead of the server's time."), "request 4f-1007-9",
     error_body(-1003, "Way too much request weight used; IP banned until 1499827319559."),
     "limits are 1-1000 a minute", "2026-1000", "at 1e3a-1000-", "-10070", "-100", "1007", "transit id", "transferId",
     "%2", "\\\\", "&#;", "&#9999999;", '{"a":"\\u{ffffff}"}'],
)  # fmt: skip
def test_a_number_that_is_no_code_keeps_nothing_open(body: Any) -> None:
    assert isinstance(outcome(given_answer(429, body)), bt.RateLimited)


@pytest.mark.parametrize("status", [*LIMITING, *IN_FRONT, 400, 200, 500])
def test_a_body_that_cannot_be_looked_at_keeps_the_outcome_open(status: int) -> None:
    error = outcome(Answer(status, {"retry-after": "7"}, b"", "its body is encoded"))
    assert (type(error), error.http_status, error.retry_after_s) == (bt.OutcomeUnknown, status, 7)


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 500, 502, 503, 504, 520])
def test_a_web_page_under_any_other_status_is_unknown(status: int) -> None:
    assert type(outcome(Answer(status, HTML, b"<html>"))) is bt.OutcomeUnknown


def test_a_page_has_no_code() -> None:
    error = outcome(Answer(403, HTML, b"<html>"))
    assert (error.code, error.msg) == (None, "")


# --- what comes with an answer ---------------------------------------------------------------------------------------

FACTS: list[tuple[str, str, int | None]] = [
    ("retry-after", "30", 30), ("retry-after", " 30 ", 30), ("retry-after", "0", 0), ("retry-after", "1.5", None),
    ("retry-after", "-1", None), ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None), ("retry-after", "", None),
    ("retry-after", "3" * 400, None), ("retry-after", "٣", None), ("retry-after", "²", None),
    ("retry-after", "1_0", None),
    ("x-sapi-used-uid-weight-1m", "900", 900), ("x-sapi-used-uid-weight-1m", "many", None),
    ("x-sapi-used-ip-weight-1m", "900", None),
]  # fmt: skip

ANSWERS: list[tuple[int, Any]] = [
    (200, {"tranId": 5}),
    (400, error_body(-1021)),
    (403, "<html>"),
    (429, error_body(-1003)),
    (500, error_body(-1000)),
    (302, ""),
]


@pytest.mark.parametrize(("header", "value", "number"), FACTS)
@pytest.mark.parametrize(("status", "body"), ANSWERS)
def test_headers_become_numbers(status: int, body: Any, header: str, value: str, number: int | None) -> None:
    result = outcome(given_answer(status, body, {header: value}))
    facts = (result.http_status, result.retry_after_s, result.used_uid_weight_1m)
    assert facts == (status, number if header == "retry-after" else None, None if header == "retry-after" else number)


@pytest.mark.parametrize("status", [400, 418, 429])
def test_a_rate_limit_says_how_long_to_wait(status: int) -> None:
    error = outcome(given_answer(status, error_body(-1003, "Too much"), {"retry-after": "61"}))
    assert (type(error), error.retry_after_s, error.code, error.msg) == (bt.RateLimited, 61, -1003, "Too much")


@pytest.mark.parametrize("status", [400, 500])
def test_code_and_text_are_handed_on(status: int) -> None:
    error = outcome(given_answer(status, error_body(-3041, "Balance is not enough")))
    assert (error.code, error.msg) == (-3041, "Balance is not enough")


def test_a_receipt_knows_what_moved() -> None:
    receipt = outcome(given_answer(200, {"tranId": 5}))
    assert (receipt.transfer, receipt.attempt) == (ATTEMPT.transfer, ATTEMPT)


@pytest.mark.parametrize(("status", "body"), [(500, ""), (200, "{}"), (400, error_body(-1)), (307, "")])
def test_an_unknown_outcome_carries_the_attempt(status: int, body: Any) -> None:
    assert outcome(given_answer(status, body)).attempt is ATTEMPT


@pytest.mark.parametrize(("sent", "kind"), [(False, bt.NotSent), (True, bt.OutcomeUnknown)])
def test_no_answer_is_judged_by_whether_anything_left(sent: bool, kind: type[bt.TransferError]) -> None:
    assert type(outcome(NoAnswer(sent, "reason"))) is kind


# --- codes of the operator's own -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", REFUSING)
def test_an_extra_code_is_a_refusal_under_a_4xx(status: int) -> None:
    assert type(outcome(given_answer(status, error_body(-9999)), extra_rejected_codes={-9999})) is bt.Rejected


@pytest.mark.parametrize("status", SILENT)
def test_an_extra_code_says_nothing_under_any_other_status(status: int) -> None:
    assert type(outcome(given_answer(status, error_body(-9999)), extra_rejected_codes={-9999})) is bt.OutcomeUnknown


@pytest.mark.parametrize("code", UNKNOWN_ALWAYS)
def test_no_extra_code_overrules_what_is_always_unknown(code: int) -> None:
    assert type(outcome(given_answer(400, error_body(code)), extra_rejected_codes={code})) is bt.OutcomeUnknown


@pytest.mark.parametrize("codes", [{code} for code in (*UNKNOWN, *UNKNOWN_ALWAYS)] + [{-9999, -1007}])
def test_a_code_that_is_known_to_leave_it_open_is_no_extra_code(codes: set[int]) -> None:
    with pytest.raises(ValueError, match="known to leave the outcome open"):
        checked_rejected_codes(codes)


@pytest.mark.parametrize("code", [0, 1, 100001003, 200003903, -9999])
def test_any_integer_may_be_an_extra_code(code: int) -> None:
    options = {"extra_rejected_codes": checked_rejected_codes({code})}
    assert type(outcome(given_answer(400, error_body(code)), **options)) is bt.Rejected


@pytest.mark.parametrize("codes", [{"-9999"}, {-1.5}, {None}, {True}, "-9999", [[-9999]]])
def test_what_is_no_code_is_no_extra_code(codes: Any) -> None:
    with pytest.raises(ValueError, match="extra_rejected_codes"):
        checked_rejected_codes(codes)


@pytest.mark.parametrize("codes", [{-9999}, [-9999], (-9999,), frozenset({-9999}), iter([-9999]), {-9999: "why"}])
def test_extra_codes_may_come_in_any_collection(codes: Any) -> None:
    assert checked_rejected_codes(codes) == frozenset({-9999})


# --- the rule --------------------------------------------------------------------------------------------------------

STATUSES = st.sampled_from([200, 400, 401, 403, 404, 409, 418, 429, 500, 503, 302]) | st.integers(100, 999)
CODES = st.sampled_from([*REJECTED, *UNKNOWN, *UNKNOWN_ALWAYS, -9000]) | st.integers()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "code": CODES | VALUES,
        "msg": st.sampled_from(["user have no avaliable amount", "x"]) | VALUES,
        "tranId": st.integers(-2, 2**63 + 1) | VALUES,
        "other": VALUES,
    },
)
BODIES = (
    st.binary()
    | (OBJECTS | VALUES).map(lambda value: json.dumps(value).encode())
    | st.binary().map(lambda tail: b"<html>" + tail)
)


def loaded(body: bytes) -> Any:
    """A second, naive reading of a body."""
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def may_be_receipt(status: int, body: bytes) -> bool:
    document = loaded(body)
    tran_id = document.get("tranId") if isinstance(document, dict) else None
    return status == 200 and isinstance(tran_id, int) and is_int(tran_id) and 0 < tran_id < 2**63


def may_be_refusal(status: int, body: bytes) -> bool:
    document = loaded(body)
    code = document.get("code") if isinstance(document, dict) else None
    if is_int(code) and code in UNKNOWN_ALWAYS:
        return False
    if isinstance(document, dict) and "tranId" in document:
        return False
    if status in (*LIMITING, *IN_FRONT):
        return True
    if not 400 <= status <= 499 or status == 409 or not is_int(code):
        return False
    texts = {"user have no avaliable amount", "your margin balance is insufficient"}
    msg = document.get("msg")
    told = msg.strip().rstrip(".").casefold() if isinstance(msg, str) else ""
    return code in REJECTED or (code == -9000 and told in texts)


@given(STATUSES, BODIES)
@example(400, b'{"code":-1021,"msg":"x"}')
@example(200, b'{"tranId":5}')
def test_no_answer_is_trusted_further_than_it_proves(status: int, body: bytes) -> None:
    """A receipt needs a 200 with an id, NotExecuted one of the documented proofs; all else is unknown."""
    match outcome(Answer(status, {}, body)):
        case bt.Receipt():
            proven = may_be_receipt(status, body)
        case bt.NotExecuted():
            proven = may_be_refusal(status, body)
        case result:
            proven = type(result) is bt.OutcomeUnknown
    assert proven


@given(STATUSES, BODIES, st.dictionaries(st.sampled_from(["retry-after", "content-type"]), st.text()))
def test_every_answer_gets_a_verdict(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Whatever comes, it is a receipt or one of the package's errors, never another exception."""
    assert isinstance(outcome(Answer(status, headers, body)), (bt.Receipt, bt.NotExecuted, bt.OutcomeUnknown))


# --- the same over the wire ------------------------------------------------------------------------------------------

OVER_THE_WIRE: list[tuple[int, Any, list[tuple[str, str]], type]] = [
    (200, {"tranId": 5}, [], bt.Receipt),
    (200, {}, [], bt.OutcomeUnknown),
    (200, '{"tranId":1.0}', [], bt.OutcomeUnknown),
    (200, "<html>", [], bt.OutcomeUnknown),
    (200, error_body(-1021), [], bt.OutcomeUnknown),
    (202, {"tranId": 5}, [], bt.OutcomeUnknown),
    (204, "", [], bt.OutcomeUnknown),
    (304, "", [], bt.OutcomeUnknown),
    (400, error_body(-5013), [], bt.InsufficientBalance),
    (400, error_body(-1021), [], bt.ClockOutOfSync),
    (400, error_body(-9999), [], bt.OutcomeUnknown),
    (401, error_body(-2015), [], bt.PermissionDenied),
    (403, "<html>", [("Content-Type", "text/html")], bt.Rejected),
    (403, "", [], bt.Rejected),
    (403, {"tranId": 5}, [], bt.OutcomeUnknown),
    (403, "<html>", [("Content-Encoding", "gzip")], bt.OutcomeUnknown),
    (451, error_body(0), [], bt.PermissionDenied),
    (409, error_body(-1102), [], bt.OutcomeUnknown),
    (418, "", [("Retry-After", "120")], bt.RateLimited),
    (429, error_body(-1003), [("Retry-After", "7")], bt.RateLimited),
    (429, {"tranId": 5}, [], bt.OutcomeUnknown),
    (429, {"code": -1007}, [], bt.OutcomeUnknown),
    (500, error_body(-1102), [], bt.OutcomeUnknown),
    (502, "<html>", [("Content-Type", "text/html")], bt.OutcomeUnknown),
    (503, "", [], bt.OutcomeUnknown),
    (520, "", [], bt.OutcomeUnknown),
    (599, "", [], bt.OutcomeUnknown),
    (999, "", [], bt.OutcomeUnknown),
]


@pytest.mark.parametrize(("status", "body", "headers", "kind"), OVER_THE_WIRE)
def test_an_answer_over_the_wire(way: Way, status: int, body: Any, headers: list[tuple[str, str]], kind: type) -> None:
    with Loopback(answer(status, body, headers)) as server:
        try:
            result: object = calls.execute(way, base_url=server.url)
        except bt.TransferError as error:
            result = error
    assert type(result) is kind


@pytest.mark.parametrize(("status", "body", "headers", "kind"), OVER_THE_WIRE)
def test_whatever_the_answer_one_request_was_sent(
    way: Way, status: int, body: Any, headers: list[tuple[str, str]], kind: type
) -> None:
    with Loopback(answer(status, body, headers)) as server, contextlib.suppress(bt.TransferError):
        calls.execute(way, base_url=server.url)
    assert len(server.posts) == 1


@pytest.mark.parametrize(("status", "body"), ANSWERS)
def test_numbers_of_the_headers_arrive(way: Way, status: int, body: Any) -> None:
    """In any case: names of headers are case-insensitive."""
    headers = [("X-SAPI-USED-uid-weight-1m", "1800"), ("RETRY-AFTER", "9")]
    with Loopback(answer(status, body, headers)) as server:
        result: Any
        try:
            result = calls.execute(way, base_url=server.url)
        except bt.TransferError as error:
            result = error
    assert (result.http_status, result.used_uid_weight_1m, result.retry_after_s) == (status, 1800, 9)


def test_extra_codes_are_the_client_s_to_set(way: Way) -> None:
    with Loopback(answer(400, error_body(-9999))) as server:
        error = calls.failure(way, base_url=server.url, extra_rejected_codes={-9999})
    assert type(error) is bt.Rejected

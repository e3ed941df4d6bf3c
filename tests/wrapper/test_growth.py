"""No text of the exchange costs more than near linear time, whatever it is made of."""

import contextlib
import json
from collections.abc import Callable
from typing import Final

import pytest

import binance_transfer as bt
from binance_transfer.history import page
from binance_transfer.visible import one_line, quoted
from binance_transfer.wire.answer import Answer
from binance_transfer.wire.body import is_page, parse_body
from binance_transfer.wire.framing import is_one_answer
from binance_transfer.wire.outcome import judge, read
from binance_transfer.wire.signing import signed
from binance_transfer_api.api.asset import universal_transfer_history
from tests.support.growth import excess
from tests.wrapper import keys

ATTEMPT = bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5"), 1_499_827_319_559, 5000)
REQUEST = signed(ATTEMPT.request(), keys.credentials("rsa"), "https://api.binance.com")

SHAPES: Final = (
    *"\\%&#<>{}[]\"'0-_ \t\n\0aA中\u202e",
    "%25", "%2", "\\u00", "\\/", "\\\\u0041", "&#x0", "&#0", "&plus", "&#x41;", "-1007", "-100", "tran", "tran ",
    "tran_", "tranI",
    '{"a":', "[1,", '"a":1,', "1.0,", "1e", "<!doctype ", "\r\n", "1\r\n{\r\n", "HTTP/1.1 100 x\r\n\r\n",
    "Content-Length: 1\r\n", "a\u0301", "\u0301\u0316", "\u2212100", "😀",
)  # fmt: skip


def judged(text: str, status: int) -> None:
    with contextlib.suppress(bt.TransferError):
        judge(ATTEMPT, Answer(status, {}, text.encode(), redact=REQUEST.redact))


def read_history(text: str) -> None:
    row = {"asset": text, "amount": "1", "type": text, "status": text, "tranId": 1, "timestamp": 1}
    body = json.dumps({"total": 1, "rows": [row]}).encode()
    with contextlib.suppress(bt.TransferError):
        page(read(Answer(200, {}, body), universal_transfer_history.parse_response), REQUEST.redact)


READERS: dict[str, Callable[[str], object]] = {
    "masking": REQUEST.redact,
    "masking in parts": lambda text: [REQUEST.redact(text[at : at + 16_000]) for at in range(0, len(text), 16_000)],
    "one line": one_line,
    "quoted": quoted,
    "an error body": lambda text: parse_body(text.encode(), REQUEST.redact),
    "a text in a body": lambda text: parse_body(json.dumps({"code": -1, "msg": text}).encode(), REQUEST.redact),
    "whether it is a page": lambda text: is_page(text.encode(), text),
    "where an answer ends": lambda text: is_one_answer(text.encode()),
    "where a head ends": lambda text: is_one_answer(b"HTTP/1.1 200 OK\r\n" + text.encode() + b"\r\n\r\n"),
    "where chunks end": lambda text: is_one_answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text.encode()
    ),
    "an answer of 200": lambda text: judged(text, 200),
    "an answer of 400": lambda text: judged(text, 400),
    "an answer of 429": lambda text: judged(text, 429),
    "a history": read_history,
    "a header": lambda text: Answer(200, {"retry-after": text, "x-sapi-used-uid-weight-1m": text}, b"").facts(),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.thorough
@pytest.mark.no_cover  # it is time that is measured
def test_backslashes_and_the_like_cost_little(reader: str) -> None:
    """80 000 backslashes once held a call up for a minute."""
    shapes = ("\\", "%25", "&#x0", "[1,", "tran ", "1\r\n{\r\n", "-1007")
    assert [found for shape in shapes if (found := excess(READERS[reader], shape, 20_000))] == []


@pytest.mark.thorough
@pytest.mark.no_cover  # it is time that is measured
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reader", READERS)
def test_four_times_the_text_takes_about_four_times_as_long(reader: str, shape: str) -> None:
    assert excess(READERS[reader], shape, 250_000) == ""

"""What is signed, and what leaves this machine, byte for byte."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.wire.signing import signed
from binance_transfer_api.types import Request
from tests.support.loopback import Loopback, Seen, answer
from tests.wrapper import calls, keys
from tests.wrapper.calls import Way

VECTORS = Path(__file__).parent / "vectors"
BASE = "https://api.binance.com"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


HMAC = vectors("hmac.json")
RSA = vectors("rsa.json")
ED25519 = vectors("ed25519.json")
ED25519_PEM = f"-----BEGIN PRIVATE KEY-----\n{ED25519['private_key_pkcs8_base64']}\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("vector", HMAC["vectors"], ids=lambda vector: vector["name"])
def test_hmac_signature_is_the_published_one(vector: dict[str, str]) -> None:
    credentials = bt.Credentials(api_key=HMAC["api_key"], secret=HMAC["secret"])
    assert credentials.sign(vector["payload"].encode()) == vector["signature"]


def test_ed25519_signature_is_the_published_one() -> None:
    credentials = bt.Credentials(api_key="key", private_key=ED25519_PEM)
    assert credentials.sign("\x01".join(ED25519["fields"]).encode()) == ED25519["signature"]


def test_base64_is_percent_encoded_as_published() -> None:
    class Recorded(bt.Credentials):
        """Signs with the published signature, whose key nobody has."""

        def sign(self, payload: bytes) -> str:
            return str(RSA["base64"])

    request = signed(order_request(), Recorded(api_key="key", secret="x"), BASE)
    assert request.body.endswith(b"&signature=" + RSA["percent_encoded"].encode())


def order_request(**changes: str) -> Request:
    parameters = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1", "timestamp": "1"} | changes
    return Request("POST", "/sapi/v1/asset/transfer", tuple(parameters.items()), "form", 900, "uid", True, True)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_survives_the_form(asset: str) -> None:
    """Whatever the characters, a server that decodes the form gets them back, and what it gets is ASCII."""
    body = signed(order_request(asset=asset), keys.credentials(), BASE).body
    assert dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))["asset"] == asset


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_only_unreserved_characters_are_left_bare(asset: str) -> None:
    body = signed(order_request(asset=asset), keys.credentials(), BASE).body.decode("ascii")
    value = body.split("&")[1].removeprefix("asset=")
    assert all(character.isalnum() or character in "-._~%" for character in value)


# --- what leaves -----------------------------------------------------------------------------------------------------

TRANSFERS: dict[str, tuple[bt.Transfer, list[tuple[str, str]]]] = {
    "plain": (
        bt.Transfer("MAIN_UMFUTURE", "USDT", "25.50"),
        [("type", "MAIN_UMFUTURE"), ("asset", "USDT"), ("amount", "25.50")],
    ),
    "both-symbols": (
        bt.Transfer("ISOLATEDMARGIN_ISOLATEDMARGIN", "BTC", "1", from_symbol="BTCUSDT", to_symbol="BTCUSDC"),
        [
            ("type", "ISOLATEDMARGIN_ISOLATEDMARGIN"),
            ("asset", "BTC"),
            ("amount", "1"),
            ("fromSymbol", "BTCUSDT"),
            ("toSymbol", "BTCUSDC"),
        ],
    ),
    "chinese": (
        bt.Transfer("MARGIN_ISOLATEDMARGIN", "币安人生", "0.00000001", to_symbol="币安人生USDT"),
        [
            ("type", "MARGIN_ISOLATEDMARGIN"),
            ("asset", "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F"),
            ("amount", "0.00000001"),
            ("toSymbol", "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT"),
        ],
    ),
    "chinese-page-type": (
        bt.Transfer("ISOLATED_MARGIN_MAIN", "USDT", "3", from_symbol="BTCUSDT"),
        [("type", "ISOLATED_MARGIN_MAIN"), ("asset", "USDT"), ("amount", "3"), ("fromSymbol", "BTCUSDT")],
    ),
    "reserved-characters": (
        bt.Transfer.unchecked("NEW TYPE", "A+B&C=D/E%F", "1.123456789012", from_symbol="x y"),
        [
            ("type", "NEW%20TYPE"),
            ("asset", "A%2BB%26C%3DD%2FE%25F"),
            ("amount", "1.123456789012"),
            ("fromSymbol", "x%20y"),
        ],
    ),
    "tiny-decimal": (
        bt.Transfer("MAIN_UMFUTURE", "BTC", Decimal("1E-8")),
        [("type", "MAIN_UMFUTURE"), ("asset", "BTC"), ("amount", "0.00000001")],
    ),
}


def posted(way: Way, name: str, kind: keys.Kind = "hmac") -> Seen:
    transfer, _ = TRANSFERS[name]
    attempt = bt.Attempt(transfer, 1_499_827_319_559, 5000)
    with Loopback() as server:
        calls.execute(way, attempt, base_url=server.url, credentials=keys.credentials(kind))
    (request,) = server.posts
    return request


@pytest.mark.parametrize("name", TRANSFERS)
def test_body_is_the_encoded_parameters_in_order_with_the_signature_last(way: Way, name: str) -> None:
    """The bytes are compared, not what a decoder makes of them."""
    request = posted(way, name)
    expected = "&".join(f"{parameter}={value}" for parameter, value in TRANSFERS[name][1])
    assert request.body.startswith(f"{expected}&recvWindow=5000&timestamp=1499827319559&signature=".encode())


@pytest.mark.parametrize("name", TRANSFERS)
def test_nothing_follows_the_signature(way: Way, name: str) -> None:
    request = posted(way, name)
    assert request.names[-1] == "signature"


@pytest.mark.parametrize("kind", keys.KINDS)
@pytest.mark.parametrize("name", TRANSFERS)
def test_signature_fits_the_bytes_that_arrived(way: Way, name: str, kind: keys.Kind) -> None:
    assert keys.verifies(kind, *posted(way, name, kind).signed_part())


def test_request_line_carries_no_parameter(way: Way) -> None:
    assert posted(way, "plain").head.split(b"\r\n")[0] == b"POST /sapi/v1/asset/transfer HTTP/1.1"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-mbx-apikey", keys.API_KEY),
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept-encoding", "identity"),
    ],
)
def test_header_is_sent_once(way: Way, header: str, value: str) -> None:
    assert posted(way, "plain").header(header) == value


def test_content_length_is_that_of_the_body(way: Way) -> None:
    request = posted(way, "chinese")
    assert request.header("content-length") == str(len(request.body))


def test_path_of_the_base_url_comes_first(way: Way) -> None:
    with Loopback() as server:
        calls.execute(way, base_url=f"{server.url}/proxy/binance/")
    assert server.posts[0].target == "/proxy/binance/sapi/v1/asset/transfer"


# --- reading ---------------------------------------------------------------------------------------------------------

NO_ROWS = answer(200, {"total": 0, "rows": []})


@pytest.mark.parametrize("kind", keys.KINDS)
def test_query_of_a_signed_read_is_signed_as_it_arrived(way: Way, kind: keys.Kind) -> None:
    with Loopback(NO_ROWS) as server:
        calls.history(way, "MAIN_UMFUTURE", base_url=server.url, credentials=keys.credentials(kind))
    assert keys.verifies(kind, *server.reads[0].signed_part())


def test_query_of_history_is_encoded_in_the_order_of_the_page(way: Way) -> None:
    with Loopback(NO_ROWS) as server:
        window = {"start": 1_499_827_319_559, "end": 1_499_827_319_560, "from_symbol": "币USDT"}
        calls.history(way, "ISOLATEDMARGIN_MARGIN", window=window, base_url=server.url)
    start = (
        "/sapi/v1/asset/transfer?type=ISOLATEDMARGIN_MARGIN&startTime=1499827319559&endTime=1499827319560"
        f"&current=1&size=100&fromSymbol={quote('币')}USDT&recvWindow=5000&timestamp="
    )
    assert server.reads[0].target.startswith(start)


def test_a_read_ends_with_its_signature(way: Way) -> None:
    with Loopback(NO_ROWS) as server:
        calls.history(way, "MAIN_UMFUTURE", base_url=server.url)
    assert server.reads[0].names[-1] == "signature"


def test_a_read_has_no_body(way: Way) -> None:
    with Loopback(NO_ROWS) as server:
        calls.history(way, "MAIN_UMFUTURE", base_url=server.url)
    assert [name for name, _ in server.reads[0].headers if name in {"content-length", "transfer-encoding"}] == []


def test_clock_is_read_without_key_or_signature(way: Way) -> None:
    with Loopback() as server:
        calls.execute(way, base_url=server.url)
    assert keys.API_KEY not in server.seen[0].head.decode()

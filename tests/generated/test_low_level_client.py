"""The httpx client sends exactly what it signed, once, to where it was told, and keeps secrets out of its repr."""

import asyncio
import hashlib
import hmac
import logging
import pickle
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_transfer_api import Client, Request, Response, Unexpected
from binance_transfer_api.api.account import api_restrictions
from binance_transfer_api.api.asset import universal_transfer, universal_transfer_history
from binance_transfer_api.api.system import server_time
from binance_transfer_api.models import ApiError, ServerTime, TransferAccepted
from tests.generated.exchange import Exchange

EXAMPLES = settings(deadline=None)  # machines are slow at times

SECRET = b"secret-of-the-key"
CHINESE = "币安人生"
SIGNED = f"type=MAIN_FUNDING&asset={quote(CHINESE)}&amount=0.00000010&timestamp=1499827319559"


def sign(payload: bytes) -> str:
    return hmac.new(SECRET, payload, hashlib.sha256).hexdigest()


def connect(exchange: Exchange, **options: object) -> Client:
    # Nothing on loopback is encrypted: loading certificates would be most of the time that a test takes.
    return Client(base_url=exchange.base_url, api_key="the-api-key", sign=sign, options={"verify": False} | options)


def transfer_sync(client: Client) -> Response[TransferAccepted | ApiError | Unexpected]:
    with client:
        return universal_transfer.sync_detailed(
            client=client, type_="MAIN_FUNDING", asset=CHINESE, amount="0.00000010", timestamp=1499827319559
        )


def transfer_asyncio(client: Client) -> Response[TransferAccepted | ApiError | Unexpected]:
    async def call() -> Response[TransferAccepted | ApiError | Unexpected]:
        async with client:
            return await universal_transfer.asyncio_detailed(
                client=client, type_="MAIN_FUNDING", asset=CHINESE, amount="0.00000010", timestamp=1499827319559
            )

    return asyncio.run(call())


Transfer = Callable[[Client], Response[TransferAccepted | ApiError | Unexpected]]
both = pytest.mark.parametrize("transfer", [transfer_sync, transfer_asyncio], ids=["sync", "asyncio"])


@both
def test_a_form_goes_out_byte_for_byte_as_it_was_signed(exchange: Exchange, transfer: Transfer) -> None:
    exchange.body = b'{"tranId":1}'
    transfer(connect(exchange))
    [(line, headers, body)] = exchange.received
    assert line == "POST /sapi/v1/asset/transfer HTTP/1.1"
    assert body == f"{SIGNED}&signature={sign(SIGNED.encode())}".encode()
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["x-mbx-apikey"] == "the-api-key"


@both
def test_an_answer_comes_back_whole(exchange: Exchange, transfer: Transfer) -> None:
    exchange.body, exchange.headers = b'{"tranId":1}', {"X-SAPI-USED-UID-WEIGHT-1M": "900"}
    response = transfer(connect(exchange))
    assert (response.status, response.body, response.parsed) == (200, b'{"tranId":1}', TransferAccepted(1))
    assert response.headers["x-sapi-used-uid-weight-1m"] == "900"


# Status, body, what is read.
ANSWERS = [
    (400, b'{"code":-1021,"msg":"late"}', ApiError(-1021, "late")),
    (403, b"<html/>", Unexpected(403, b"<html/>", "not JSON: JSONDecodeError")),
    (418, b"", Unexpected(418, b"", "not JSON: JSONDecodeError")),
    (520, b"?", Unexpected(520, b"?", "not JSON: JSONDecodeError")),
    (599, b"\xff", Unexpected(599, b"\xff", "not JSON: UnicodeDecodeError")),
    (200, b"[]", Unexpected(200, b"[]", "expected object, found array")),
]


@both
@pytest.mark.parametrize(("status", "body", "parsed"), ANSWERS)
def test_an_answer_of_any_status_is_returned(
    exchange: Exchange, transfer: Transfer, status: int, body: bytes, parsed: object
) -> None:
    exchange.status, exchange.body = status, body
    assert transfer(connect(exchange)).parsed == parsed


@both
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_returned_and_not_followed(exchange: Exchange, transfer: Transfer, status: int) -> None:
    exchange.status, exchange.headers = status, {"Location": "/elsewhere"}
    response = transfer(connect(exchange, follow_redirects=True))
    assert (response.status, len(exchange.received)) == (status, 1)


@both
def test_no_connection_is_an_exception_of_httpx(exchange: Exchange, transfer: Transfer) -> None:
    with pytest.raises(httpx.ConnectError):
        transfer(Client(base_url="http://127.0.0.1:1", api_key="k", sign=sign))


def test_a_query_ends_with_its_signature(exchange: Exchange) -> None:
    with connect(exchange) as client:
        universal_transfer_history.sync(client=client, type_="MAIN_FUNDING", timestamp=7)
    [(line, _, body)] = exchange.received
    signed = "type=MAIN_FUNDING&timestamp=7"
    assert line == f"GET /sapi/v1/asset/transfer?{signed}&signature={sign(signed.encode())} HTTP/1.1"
    assert body == b""


def test_a_public_call_carries_neither_key_nor_signature(exchange: Exchange) -> None:
    exchange.body = b'{"serverTime":1499827319559}'
    with connect(exchange) as client:
        assert server_time.sync(client=client) == ServerTime(1499827319559)
    [(line, headers, _)] = exchange.received
    assert (line, "x-mbx-apikey" in headers) == ("GET /api/v3/time HTTP/1.1", False)


async def test_the_plain_asyncio_function_returns_what_was_read(exchange: Exchange) -> None:
    exchange.body = b'{"serverTime":5}'
    async with connect(exchange) as client:
        assert await server_time.asyncio(client=client) == ServerTime(5)


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_slashes_at_the_end_of_the_base_url_do_not_matter(exchange: Exchange, slashes: str) -> None:
    with Client(base_url=exchange.base_url + slashes) as client:
        server_time.sync(client=client)
    assert exchange.received[0][0] == "GET /api/v3/time HTTP/1.1"


def test_a_base64_signature_is_percent_encoded(exchange: Exchange) -> None:
    with Client(base_url=exchange.base_url, api_key="k", sign=lambda _: "a+/b==") as client:
        api_restrictions.sync(client=client, timestamp=7)
    assert exchange.received[0][0].split()[1].endswith("?timestamp=7&signature=a%2B%2Fb%3D%3D")


SESSION = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)))  # sends nothing
characters = st.text(st.characters(exclude_categories=["Cs"]))


@EXAMPLES
@given(characters, characters)
def test_httpx_changes_no_character_of_an_encoded_query(name: str, value: str) -> None:
    request = Request("GET", "/p", ((name, value),), "query", 1, "ip", needs_api_key=False, needs_signature=False)
    sent = Client(base_url="http://h")._signed(request, SESSION)
    assert sent.url.raw_path == f"/p?{request.encoded()}".encode()


@pytest.mark.parametrize("missing", ["api_key", "sign"])
def test_a_call_without_key_or_sign_is_refused_and_nothing_is_sent(exchange: Exchange, missing: str) -> None:
    arguments = {"api_key": "k", "sign": sign} | {missing: None}
    with Client(base_url=exchange.base_url, **arguments) as client, pytest.raises(ValueError, match="needs a"):  # type: ignore[arg-type]
        api_restrictions.sync(client=client, timestamp=7)
    assert exchange.received == []


@pytest.mark.parametrize("key", ["", "the-key\n", "the key", "ключ", "the-key\x00"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(exchange: Exchange, key: str) -> None:
    with (
        Client(base_url=exchange.base_url, api_key=key, sign=sign) as client,
        pytest.raises(ValueError, match="the API key holds a character that cannot be part of one"),
    ):
        api_restrictions.sync(client=client, timestamp=7)
    assert exchange.received == []


def test_the_repr_of_a_client_shows_the_address_and_no_secret(exchange: Exchange) -> None:
    client = connect(exchange, headers={"X-OTHER": "secret"})
    server_time.sync(client=client)
    client.close()
    assert repr(client) == f"Client(base_url='{exchange.base_url}', timeout_s=10.0)"


def test_the_repr_of_a_response_shows_no_headers_and_no_body() -> None:
    response = Response(200, {"x": "secret"}, b"secret", ApiError(-1, "x"))
    assert repr(response) == "Response(status=200, parsed=ApiError(code=-1, msg='x'))"


def test_a_closed_client_is_not_opened_again(exchange: Exchange) -> None:
    with connect(exchange) as client:
        server_time.sync(client=client)
    with pytest.raises(RuntimeError):
        server_time.sync(client=client)


def test_httpx_logs_a_signed_query_which_the_readme_warns_of(
    exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="httpx"), connect(exchange) as client:
        api_restrictions.sync(client=client, timestamp=7)
    assert "signature=" in caplog.text


def test_values_can_be_pickled() -> None:
    for value in (TransferAccepted(1), ApiError(-1, "x"), Unexpected(200, b"x", "y"), server_time.build_request()):
        assert pickle.loads(pickle.dumps(value)) == value

"""Keys and signatures: what the exchange lets in."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import load_der_private_key

from binance_transfer_sandbox import Exchange, SandboxCredentials
from binance_transfer_sandbox import signature as signatures
from binance_transfer_sandbox.errors import ApiError
from binance_transfer_sandbox.keys import KeyKind
from binance_transfer_sandbox.wire import Answer, Request

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())
KINDS: tuple[KeyKind, ...] = get_args(KeyKind)
FORM = "application/x-www-form-urlencoded"
TRANSFER = "/sapi/v1/asset/transfer"

Sign = Callable[[SandboxCredentials, bytes], str]


@pytest.mark.parametrize("vector", VECTORS["hmac"]["vectors"], ids=lambda vector: vector["name"])
@pytest.mark.parametrize("case", [str.lower, str.upper])
@pytest.mark.parametrize("place", ["query", "body", "body start"])
def test_the_vendors_hmac_examples_verify(vector: dict[str, str], case: Callable[[str], str], place: str) -> None:
    query, body = vector["query"], vector["body"]
    parameter = f"signature={case(vector['signature'])}"
    if place == "query":
        query = f"{query}&{parameter}" if query else parameter
    else:
        body = f"{body}&{parameter}" if place == "body" else f"{parameter}&{body}"
    payload, signature = signatures.separate(query.encode(), body.encode())
    assert signatures.hmac_verifier(VECTORS["hmac"]["secret"])(payload, signature)
    assert not signatures.hmac_verifier(VECTORS["hmac"]["secret"])(payload + b"1", signature)


def test_the_vendors_ed25519_example_verifies() -> None:
    """It is from the FIX page, so it tests the signature alone."""
    vector = VECTORS["ed25519"]
    key = load_der_private_key(base64.b64decode(vector["private_key_pkcs8_base64"]), None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    verify = signatures.ed25519_verifier(key.public_key())
    payload = "\x01".join(vector["fields_joined_by_soh"]).encode()
    assert verify(payload, quote(vector["signature_base64"], safe="").encode())


class Post:
    """Build and send a signed transfer, one thing changed at a time."""

    def __init__(self, exchange: Exchange, sign: Sign, now_ms: int) -> None:
        self.exchange = exchange
        self.sign = sign
        self.values = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1", "timestamp": str(now_ms)}

    def send(self, credentials: SandboxCredentials, query: bytes, body: bytes, **headers: str) -> dict[str, Any]:
        headers = {"x-mbx-apikey": credentials.api_key, "content-type": FORM} | headers
        request = Request(method="POST", path=TRANSFER, query=query, headers=headers, body=body)
        reply = self.exchange.handle(request)
        assert isinstance(reply, Answer)
        return {"status": reply.status, **json.loads(reply.body)}

    def signed(self, credentials: SandboxCredentials, payload: bytes) -> bytes:
        return payload + b"&signature=" + self.sign(credentials, payload).encode()


@pytest.fixture
def post(exchange: Exchange, signature_of: Sign, clock: Any) -> Post:
    return Post(exchange, signature_of, clock.now_ms)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_key_signs_and_a_change_after_signing_is_noticed(
    exchange: Exchange, post: Post, kind: KeyKind
) -> None:
    credentials = exchange.issue_key(kind)
    body = post.signed(credentials, urlencode(post.values).encode())
    assert post.send(credentials, b"", body.replace(b"amount=1", b"amount=2"))["code"] == -1022
    assert post.send(credentials, b"", body)["status"] == 200
    assert [entry.amount for entry in exchange.ledger.executions()] == [1]


def test_bare_base64_is_refused(exchange: Exchange, post: Post) -> None:
    """An Ed25519 signature in base64 always ends in =."""
    credentials = exchange.issue_key("ed25519")
    body = post.signed(credentials, urlencode(post.values).encode())
    assert post.send(credentials, b"", body.replace(b"%3D", b"="))["code"] == -1022


@pytest.mark.parametrize("kind", KINDS)
def test_nonsense_is_no_signature(exchange: Exchange, post: Post, kind: KeyKind) -> None:
    credentials = exchange.issue_key(kind)
    for signature in ("0", "zz", "%00", "%C3%A4", "A" * 88):
        body = urlencode(post.values) + "&signature=" + signature
        assert post.send(credentials, b"", body.encode())["code"] == -1022


def test_all_may_stand_in_the_query(exchange: Exchange, post: Post) -> None:
    credentials = exchange.issue_key()
    query = post.signed(credentials, urlencode(post.values).encode())
    assert post.send(credentials, query, b"")["status"] == 200


def test_query_and_body_are_joined_without_a_separator_and_the_query_wins(exchange: Exchange, post: Post) -> None:
    credentials = exchange.issue_key()
    query, body = b"amount=7", urlencode(post.values).encode()
    signature = post.sign(credentials, query + body).encode()
    assert post.send(credentials, query, body + b"&signature=" + signature)["status"] == 200
    assert exchange.ledger.executions()[0].amount == 7


@pytest.mark.parametrize(
    "payload",
    [
        "asset=币安人生".encode(),
        b"asset=US DT",
        b"asset=US%2",
        b"asset=US%ZZ",
        b'asset="USDT"',
        b"asset={USDT}",
        b"asset=USDT\n",
    ],
)
def test_a_payload_that_is_not_percent_encoded_is_refused(exchange: Exchange, post: Post, payload: bytes) -> None:
    credentials = exchange.issue_key()
    assert post.send(credentials, b"", post.signed(credentials, payload))["code"] == -1022


def test_a_percent_encoded_chinese_name_is_fine(exchange: Exchange, post: Post) -> None:
    credentials = exchange.issue_key()
    body = urlencode(post.values | {"asset": "币安人生"}).encode()
    assert post.send(credentials, b"", post.signed(credentials, body))["status"] == 200


@pytest.mark.parametrize(
    ("api_key", "status", "code"),
    [("", 401, -2014), ("short", 401, -2014), ("ä" * 64, 401, -2014), ("a" * 64, 401, -2015)],
)
def test_a_key_that_nobody_has_is_refused(exchange: Exchange, post: Post, api_key: str, status: int, code: int) -> None:
    credentials = exchange.issue_key()
    body = post.signed(credentials, urlencode(post.values).encode())
    answer = post.send(credentials, b"", body, **{"x-mbx-apikey": api_key})
    assert (answer["status"], answer["code"]) == (status, code)


def test_a_missing_signature_is_named(exchange: Exchange, post: Post) -> None:
    answer = post.send(exchange.issue_key(), b"", urlencode(post.values).encode())
    assert answer["code"] == -1102
    assert "'signature'" in answer["msg"]


def test_two_signatures_are_refused(exchange: Exchange, post: Post) -> None:
    credentials = exchange.issue_key()
    body = post.signed(credentials, urlencode(post.values).encode())
    assert post.send(credentials, body, body)["code"] == -1101


def test_a_duplicated_parameter_is_refused(exchange: Exchange, post: Post) -> None:
    credentials = exchange.issue_key()
    body = urlencode(post.values).encode() + b"&amount=1"
    assert post.send(credentials, b"", post.signed(credentials, body))["code"] == -1101


def test_a_body_that_is_no_form_is_not_read(exchange: Exchange, post: Post) -> None:
    credentials = exchange.issue_key()
    body = post.signed(credentials, urlencode(post.values).encode())
    answer = post.send(credentials, b"", body, **{"content-type": "text/plain"})
    assert (answer["code"], "'timestamp'" in answer["msg"]) == (-1102, True)


def test_a_key_without_the_permission_moves_nothing(exchange: Exchange, post: Post) -> None:
    credentials = exchange.issue_key(permits_universal_transfer=False)
    answer = post.send(credentials, b"", post.signed(credentials, urlencode(post.values).encode()))
    assert (answer["status"], answer["code"], len(exchange.ledger)) == (401, -1002, 0)


def test_keys_rotate(exchange: Exchange, post: Post) -> None:
    old, new = exchange.issue_key(), exchange.issue_key("ed25519")
    exchange.revoke_key(old.api_key)
    answers = [
        post.send(credentials, b"", post.signed(credentials, urlencode(post.values).encode()))
        for credentials in (old, new)
    ]
    assert [answer["status"] for answer in answers] == [401, 200]


def _get(exchange: Exchange, path: str, query: bytes, api_key: str = "") -> tuple[int, Any]:
    reply = exchange.handle(Request(method="GET", path=path, query=query, headers={"x-mbx-apikey": api_key}))
    assert isinstance(reply, Answer)
    return reply.status, json.loads(reply.body)


def test_restrictions_tell_what_the_key_may_do(exchange: Exchange, post: Post, clock: Any) -> None:
    credentials = exchange.issue_key(permits_universal_transfer=False, ip_restricted=True)
    query = post.signed(credentials, f"timestamp={clock.now_ms}".encode())
    status, body = _get(exchange, "/sapi/v1/account/apiRestrictions", query, credentials.api_key)
    facts = {name: body[name] for name in ("ipRestrict", "enableReading", "permitsUniversalTransfer")}
    assert (status, facts) == (200, {"ipRestrict": True, "enableReading": True, "permitsUniversalTransfer": False})
    assert body["createTime"] == clock.now_ms


@pytest.mark.parametrize("path", ["/sapi/v1/account/apiRestrictions", "/api/v3/account"])
def test_a_key_without_reading_reads_nothing(exchange: Exchange, post: Post, clock: Any, path: str) -> None:
    credentials = exchange.issue_key(reading_enabled=False)
    query = post.signed(credentials, f"timestamp={clock.now_ms}".encode())
    status, body = _get(exchange, path, query, credentials.api_key)
    assert (status, body["code"]) == (401, -2015)


def test_the_account_tells_its_uid_and_spot_balances(exchange: Exchange, post: Post, clock: Any) -> None:
    exchange.deposit("spot", "DUST", 0)
    credentials = exchange.issue_key()
    query = post.signed(credentials, f"omitZeroBalances=true&timestamp={clock.now_ms}".encode())
    status, body = _get(exchange, "/api/v3/account", query, credentials.api_key)
    assert (status, body["uid"]) == (200, exchange.uids[0])
    assert {row["asset"]: row["free"] for row in body["balances"]} == {
        "USDT": "100000",
        "BTC": "10",
        "ETH": "100",
        "BNB": "500",
        "币安人生": "250000",
    }


def test_a_boolean_is_true_or_false(ask: Callable[..., tuple[int, Any]]) -> None:
    assert ask("account", omitZeroBalances="True")[1]["code"] == -1130
    assert len(ask("account")[1]["balances"]) == 5


def test_time_and_status_need_no_key(exchange: Exchange, clock: Any) -> None:
    assert _get(exchange, "/api/v3/time", b"") == (200, {"serverTime": clock.now_ms})
    assert _get(exchange, "/sapi/v1/system/status", b"") == (200, {"status": 0, "msg": "normal"})
    exchange.maintenance = True
    assert _get(exchange, "/sapi/v1/system/status", b"") == (200, {"status": 1, "msg": "system_maintenance"})


def test_other_paths_and_methods_do_not_exist(exchange: Exchange) -> None:
    replies = [
        cast("Answer", exchange.handle(Request(method=method, path=path)))
        for method, path in [("GET", "/sapi/v2/asset/transfer"), ("PUT", TRANSFER), ("POST", "/api/v3/time")]
    ]
    assert [reply.status for reply in replies] == [404, 405, 405]
    assert b"<html>" in replies[0].body
    assert json.loads(replies[1].body) == {"code": -1000, "msg": "Request method 'PUT' not supported"}
    assert [dict(reply.headers).get("Allow") for reply in replies] == [None, "GET, POST", "GET"]


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_hide_what_they_hold_and_unpack(exchange: Exchange, kind: KeyKind) -> None:
    credentials = exchange.issue_key(kind)
    assert not any(value in repr(credentials) for value in credentials.values())
    assert dict(**credentials).keys() == {"api_key", "secret" if kind == "hmac" else "private_key"}
    with pytest.raises(TypeError):
        credentials["api_key"] = "other"  # type: ignore[index]


def test_an_unknown_kind_of_key_is_refused(exchange: Exchange) -> None:
    with pytest.raises(ValueError, match="hmac, rsa and ed25519"):
        exchange.issue_key("dsa")  # type: ignore[arg-type]


def test_the_same_seed_makes_the_same_keys(clock: Any) -> None:
    first, second = (Exchange(clock, seed=7) for _ in range(2))
    for exchange in (first, second):
        exchange.open_account()
    for kind in ("hmac", "ed25519"):
        assert dict(first.issue_key(kind)) == dict(second.issue_key(kind))


def test_a_refusal_carries_what_it_says() -> None:
    error = ApiError(400, -1, "no")
    assert error.args == (400, -1, "no")

"""The admin interface and web pages: a browser of this machine must not be able to drive it for another site."""

from collections.abc import Iterator

import httpx
import pytest

from binance_transfer_sandbox import Sandbox

FAULT = b'{"fault": "firewall"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=1, admin=True) as sandbox:
        yield sandbox


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example@127.0.0.1",
        "127.0.0.1@evil.example",
        "127.0.0.1/evil.example",
        "127.0.0.1#.evil.example",
        "127.0.0.1:evil",
        "127.0.0.1:99999",
        "0.0.0.0",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/sandbox/ledger", "/sandbox/faults", "/%73andbox/ledger", "/sandbox/nothing"])
def test_a_name_that_was_made_to_mean_this_machine_is_refused(http: httpx.Client, host: str, path: str) -> None:
    assert http.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:1234", "[::1]:80", "localhost:65535"])
def test_every_name_of_this_machine_is_taken(http: httpx.Client, host: str) -> None:
    assert http.get("/sandbox/ledger", headers={"Host": host}).status_code == 200


def test_the_exchange_itself_asks_for_no_name(http: httpx.Client) -> None:
    assert http.get("/api/v3/time", headers={"Host": "api.binance.com"}).status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        "application/jsonx",
        "application/x-www-form-urlencoded, application/json",
    ],
)
@pytest.mark.parametrize("path", ["/sandbox/faults", "/sandbox/deposits", "/sandbox/symbols"])
def test_a_form_is_refused(http: httpx.Client, sandbox: Sandbox, media_type: str | None, path: str) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    assert http.post(path, content=FAULT, headers=headers).status_code == 415
    assert sandbox.exchange.planned_faults() == ()


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_taken(http: httpx.Client, media_type: str) -> None:
    assert http.post("/sandbox/faults", content=FAULT, headers={"Content-Type": media_type}).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "OPTIONS"])
def test_a_page_of_another_site_is_refused(
    http: httpx.Client, sandbox: Sandbox, headers: dict[str, str], method: str
) -> None:
    answer = http.request(method, "/sandbox/faults", content=FAULT, headers=JSON | headers)
    assert answer.status_code == 403
    assert not any(name.startswith("access-control-") for name in answer.headers)
    assert sandbox.exchange.planned_faults() == ()


def test_a_browsers_request_for_leave_is_not_answered_with_it(http: httpx.Client) -> None:
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = http.options("/sandbox/faults", headers=headers)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_of_its_own_is_taken(http: httpx.Client, sandbox: Sandbox) -> None:
    headers = {"Origin": sandbox.base_url, "Sec-Fetch-Site": "same-origin"}
    assert http.get("/sandbox/ledger", headers=headers).status_code == 200

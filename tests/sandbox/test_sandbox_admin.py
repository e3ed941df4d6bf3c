"""The admin interface, over the wire."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from binance_transfer_sandbox import Sandbox, faults

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=1, admin=True) as sandbox:
        yield sandbox


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"X-MBX-APIKEY": sandbox.credentials.api_key}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
def transfer(http: httpx.Client, transfer_form: Callable[..., bytes]) -> Callable[..., httpx.Response]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return lambda **values: http.post("/sapi/v1/asset/transfer", content=transfer_form(**values), headers=headers)


def test_it_is_off_unless_asked_for() -> None:
    with Sandbox() as sandbox, httpx.Client(base_url=sandbox.base_url, trust_env=False, verify=False) as http:
        answers = [http.get("/sandbox/ledger"), http.post("/sandbox/faults"), http.delete("/sandbox/faults")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_the_ledger_tells_what_happened(http: httpx.Client, transfer: Callable[..., httpx.Response]) -> None:
    ids = [transfer(amount=amount).json()["tranId"] for amount in ("1.50", "2")]
    executions = http.get("/sandbox/ledger").json()["executions"]
    assert [entry["tran_id"] for entry in executions] == ids
    assert (executions[0]["amount"], executions[0]["asset"], executions[0]["from_symbol"]) == ("1.5", "USDT", None)


@pytest.mark.parametrize(
    ("query", "count"), [({"amount": "1.50"}, 1), ({"asset": "BTC"}, 0), ({"type": "MAIN_UMFUTURE", "uid": "1"}, 0)]
)
def test_the_ledger_narrows(
    http: httpx.Client, transfer: Callable[..., httpx.Response], query: dict[str, str], count: int
) -> None:
    transfer(amount="1.5")
    assert len(http.get("/sandbox/ledger", params=query).json()["executions"]) == count


def test_balances_are_texts(http: httpx.Client, sandbox: Sandbox) -> None:
    other = sandbox.exchange.open_account({"spot": {"币安人生": "0.10"}})
    assert http.get("/sandbox/balances").json()["balances"]["options"] == {"USDT": "20000"}
    answer = http.get("/sandbox/balances", params={"uid": str(other)}).json()
    assert (answer["uid"], answer["balances"]["spot"]) == (other, {"币安人生": "0.1"})


def test_a_planned_fault_is_met(http: httpx.Client, sandbox: Sandbox, transfer: Callable[..., httpx.Response]) -> None:
    planned = http.post("/sandbox/faults", json={"fault": "gateway_error", "executes": True, "times": 2})
    assert planned.status_code == 201
    assert planned.json() == {
        "fault": "gateway_error",
        "executes": True,
        "late_ms": 0,
        "delay_ms": 0,
        "queued": False,
        "status": 502,
        "on": "transfer",
        "times": 2,
        "every": 1,
        "probability": 1.0,
        "met": 0,
    }
    assert transfer().status_code == 502
    assert [fault["met"] for fault in http.get("/sandbox/faults").json()["faults"]] == [1]
    assert http.delete("/sandbox/faults").json() == {"faults": []}
    assert transfer().status_code == 200
    assert len(sandbox.ledger.executions()) == 2


def test_a_fault_may_last_for_ever(http: httpx.Client, sandbox: Sandbox) -> None:
    http.post("/sandbox/faults", json={"fault": "firewall", "on": "time", "times": None, "every": 2})
    assert [http.get("/api/v3/time").status_code for _ in range(4)] == [200, 403, 200, 403]
    assert isinstance(sandbox.exchange.planned_faults()[0].fault, faults.Firewall)


def test_refusing_closes_the_port(http: httpx.Client, sandbox: Sandbox) -> None:
    answer = http.post("/sandbox/faults", json={"fault": "refuse", "duration_ms": 60_000})
    assert (answer.status_code, answer.json()) == (201, {"fault": "refuse", "duration_ms": 60_000})
    with pytest.raises(httpx.ConnectError):
        http.get("/api/v3/time")
    sandbox.clear_faults()
    assert http.get("/api/v3/time").status_code == 200


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"\xff", "decode"),
        (b"[" * 100_000, ""),
        (b"[]", "the body must be a JSON object"),
        (b"{}", "fault must be one of drop"),
        (b'{"fault": "drop"}', "'executes'"),
        (b'{"fault": "drop", "executes": "yes"}', "executes must be true or false"),
        (b'{"fault": "drop", "executes": true, "times": 0}', "times must be"),
        (b'{"fault": "drop", "executes": true, "on": "withdraw"}', "on must be one of"),
        (b'{"fault": "refuse", "times": 2}', "duration_ms only"),
        (b'{"fault": ["drop"]}', "fault must be one of"),
    ],
)
def test_bad_input_is_explained(http: httpx.Client, sandbox: Sandbox, body: bytes, text: str) -> None:
    answer = http.post("/sandbox/faults", content=body, headers=JSON)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert sandbox.exchange.planned_faults() == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/sandbox/ledger?amount=much", "not an amount"),
        ("/sandbox/ledger?amount=NaN", "not an amount"),
        ("/sandbox/ledger?uid=me", "invalid literal"),
        ("/sandbox/ledger?coin=USDT", "no such filter: coin"),
        ("/sandbox/balances?uid=1", "uid must be one of 354937868"),
        ("/sandbox/balances?uid=me", "uid must be one of"),
    ],
)
def test_a_bad_query_is_explained(http: httpx.Client, path: str, text: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 400
    assert text in answer.json()["error"]


def test_what_it_does_not_have_is_not_there(http: httpx.Client) -> None:
    answers: list[Any] = [http.get("/sandbox/secrets"), http.patch("/sandbox/faults", json={})]
    assert [answer.status_code for answer in answers] == [404, 405]

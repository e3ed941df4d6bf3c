"""The admin interface, over the wire."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from binance_transfer_sandbox import HistoryBehaviour, Sandbox, Spelling, faults

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


Post = Callable[..., httpx.Response]


@pytest.fixture
def deposit(http: httpx.Client) -> Post:
    return lambda **values: http.post("/sandbox/deposits", json=values)


def test_money_can_be_deposited(http: httpx.Client, sandbox: Sandbox, deposit: Post) -> None:
    answer = deposit(wallet="options", asset="SOL", amount="0.10")
    assert (answer.status_code, answer.json()["balances"]["options"]["SOL"]) == (201, "0.1")
    assert sandbox.balance("options", "SOL") * 10 == 1


def test_money_can_be_locked(http: httpx.Client, sandbox: Sandbox, transfer: Callable[..., httpx.Response]) -> None:
    answer = http.post("/sandbox/locks", json={"wallet": "spot", "asset": "USDT", "amount": "99999.5"})
    assert (answer.status_code, answer.json()["balances"]["spot"]["USDT"]) == (201, "100000")
    assert [transfer(amount=amount).status_code for amount in ("0.6", "0.5")] == [400, 200]


def test_more_than_there_is_cannot_be_locked(http: httpx.Client) -> None:
    answer = http.post("/sandbox/locks", json={"wallet": "spot", "asset": "USDT", "amount": "100000.1"})
    assert (answer.status_code, "cannot lock" in answer.json()["error"]) == (400, True)


def test_money_can_be_deposited_for_another_account(sandbox: Sandbox, deposit: Post) -> None:
    other = sandbox.exchange.open_account({})
    assert deposit(wallet="spot", asset="USDT", amount="1", uid=other).json()["uid"] == other
    assert sandbox.exchange.balance("spot", "USDT", uid=other) == 1


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"wallet": "spot", "asset": "USDT"}, "must have amount, asset, wallet"),
        ({"wallet": "spot", "asset": "USDT", "amount": "1", "to": "me"}, "nothing else"),
        ({"wallet": "spot", "asset": "USDT", "amount": 1.5}, "amount must be a text"),
        ({"wallet": "spot", "asset": "USDT", "amount": "much"}, "not an amount"),
        ({"wallet": "spot", "asset": "USDT", "amount": "-1"}, "not an amount"),
        ({"wallet": "spot", "asset": "USDT", "amount": "1e999999999"}, "not an amount"),
        ({"wallet": "spot", "asset": "USDT", "amount": "1e-999999999"}, "not an amount"),
        ({"wallet": "spot", "asset": "", "amount": "1"}, "not a name"),
        ({"wallet": "cash", "asset": "USDT", "amount": "1"}, "no such wallet"),
        ({"wallet": "isolated_margin:NOPE", "asset": "USDT", "amount": "1"}, "no such trading pair"),
        ({"wallet": "spot", "asset": "USDT", "amount": "1", "uid": 1}, "uid must be one of"),
    ],
    ids=str,
)
def test_a_bad_deposit_is_explained(sandbox: Sandbox, deposit: Post, values: dict[str, Any], text: str) -> None:
    before = sandbox.balances()
    answer = deposit(**values)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert sandbox.balances() == before


def test_pairs_can_be_added(http: httpx.Client, transfer: Post) -> None:
    answer = http.post("/sandbox/symbols", json={"symbol": "SOLUSDT"})
    assert (answer.status_code, answer.json()["symbols"]["SOLUSDT"]) == (201, ["SOL", "USDT"])
    assert http.get("/sandbox/symbols").json() == answer.json()
    assert transfer(type="MAIN_ISOLATED_MARGIN", asset="SOL", toSymbol="SOLUSDT").status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"symbol": "SOL"}, {"symbol": 5}, {"pair": "SOLUSDT"}, {"symbol": "\ud800USDT"}, {"symbol": "A", "base": 1}],
    ids=ascii,
)
def test_a_bad_pair_is_explained(http: httpx.Client, sandbox: Sandbox, body: dict[str, Any]) -> None:
    before = sandbox.exchange.symbols
    answer = http.post("/sandbox/symbols", content=json.dumps(body), headers=JSON)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert sandbox.exchange.symbols == before


def test_history_can_be_made_worse(http: httpx.Client, sandbox: Sandbox) -> None:
    usual = http.get("/sandbox/history").json()
    given = {"spelling": {"asset": "lower"}, "unlisted_types": ["MAIN_MARGIN"], "stands_still_at_ms": 5}
    answer = http.put("/sandbox/history", json=given)
    assert answer.status_code == 200
    assert sandbox.exchange.history == HistoryBehaviour(
        spelling=Spelling(asset="lower"), unlisted_types={"MAIN_MARGIN"}, stands_still_at_ms=5
    )
    assert http.put("/sandbox/history", json=answer.json()).json() == answer.json()
    assert http.put("/sandbox/history", json={}).json() == usual


def test_limits_can_be_set(http: httpx.Client, transfer: Post) -> None:
    assert http.get("/sandbox/limits").json()["transfer_weight"] == 300
    assert http.put("/sandbox/limits", json={"transfer_weight": 900}).json()["uid_weight_1m"] == 180_000
    assert transfer().headers["x-sapi-used-uid-weight-1m"] == "900"


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("history", [], "must be a JSON object"),
        ("history", {"lag": 5}, "history has no lag; it has"),
        ("history", {"newest_first": 1}, "newest_first must be true or false"),
        ("history", {"final_status": "PENDING"}, "final_status must be one of CONFIRMED, FAILED"),
        ("history", {"spelling": "lower"}, "Spelling must be a JSON object"),
        ("history", {"spelling": {"asset": "upper"}}, "asset must be one of"),
        ("history", {"unlisted_types": "MAIN_MARGIN"}, "unlisted_types must be a list"),
        ("history", {"unlisted_types": [5]}, "unlisted_types must be a list"),
        ("limits", {"transfer_weight": "900"}, "transfer_weight must be a whole number"),
        ("limits", {"refusals_before_ban": 0}, "refusals_before_ban must be"),
        ("limits", {"weight": 1}, "limits has no weight"),
    ],
    ids=str,
)
def test_a_bad_setting_is_explained_and_changes_nothing(
    http: httpx.Client, sandbox: Sandbox, path: str, body: Any, text: str
) -> None:
    before = (sandbox.exchange.history, sandbox.exchange.limits)
    answer = http.put(f"/sandbox/{path}", json=body)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert (sandbox.exchange.history, sandbox.exchange.limits) == before


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ({"fault": "respell", "asset": "lower"}, "usdt"),
        ({"fault": "together", "faults": [{"fault": "respell", "asset": "full_width"}]}, "\uff35\uff33\uff24\uff34"),
    ],
    ids=ascii,
)
def test_worse_weather_can_be_planned(
    http: httpx.Client, sandbox: Sandbox, transfer: Post, fault: dict[str, Any], seen: str
) -> None:
    assert http.post("/sandbox/faults", json=fault).status_code == 201
    transfer()
    (entry,) = sandbox.ledger
    assert entry.spelling is not None
    assert entry.spelling.write_asset(entry.asset) == seen

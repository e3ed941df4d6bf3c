"""Events and log records: what each carries, and that no listener changes an outcome."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect

MOVE = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")

# A fault and the names of the events of one call under a key, with the verdict.
STORIES = [
    pytest.param(None, ["attempt", "answer", "verdict"], "moved", id="moved"),
    pytest.param(faults.Rejection(code=-5013, msg="no"), ["attempt", "answer", "verdict"], "not_moved", id="refused"),
    pytest.param(faults.Drop(executes=True), ["attempt", "answer", "verdict"], "moved", id="found"),
    pytest.param(faults.Refuse(duration_ms=300), ["attempt", "answer", "verdict"], "not_moved", id="not sent"),
]


def call(client: bt.TransferClient, **options: Any) -> None:
    with suppress(bt.TransferError):
        client.execute(MOVE, **options)


@pytest.mark.parametrize(("fault", "names", "state"), STORIES)
@pytest.mark.parametrize("keyed", [True, False])
def test_a_call_tells_its_story(
    fault: Any, names: list[str], state: str, keyed: bool, connect: Connect, journal: bt.Journal, sandbox: Sandbox
) -> None:
    told: list[bt.Event] = []
    client = connect(journal if keyed else None, on_event=told.append)
    client.preflight()
    if keyed:
        client.reconcile_all()
    if fault is not None:
        sandbox.fail_next(fault)
    call(client, resolve_within_s=60, **({"idempotency_key": "k"} if keyed else {}))
    assert [event.name for event in told if event.name != "wait"] == names
    assert {event.attempt_id for event in told} == {told[0].attempt_id}
    last = told[-1]
    assert isinstance(last, bt.VerdictEvent)
    assert (last.state, last.key) == (state, "k" if keyed else None)


def test_a_wait_says_how_long_and_what_for(connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> None:
    told: list[bt.Event] = []
    client = connect(journal, on_event=told.append)
    sandbox.fail_next(faults.Drop(executes=False))
    call(client, idempotency_key="k")
    waits = [event for event in told if isinstance(event, bt.WaitEvent)]
    assert waits
    assert all(event.seconds > 0 and "no row yet" in event.reason for event in waits)


def test_an_alarm_is_an_event_and_critical(
    connect: Connect, journal: bt.Journal, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[bt.Event] = []
    client = connect(journal, on_event=told.append)
    client._session.alert("two moved")
    assert [str(event) for event in told if isinstance(event, bt.AlarmEvent)] == ["two moved"]
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL]


RESERVED = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
KINDS = [bt.AttemptEvent, bt.AnswerEvent, bt.VerdictEvent, bt.WaitEvent, bt.AlarmEvent]


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_hides_one_of_a_log_record(kind: Any) -> None:
    assert {field.name for field in kind.__attrs_attrs__} & RESERVED == set()


def test_a_normal_send_is_logged_with_its_fields(
    connect: Connect, journal: bt.Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="binance_transfer")
    receipt = connect(journal).execute(MOVE, idempotency_key="k")
    records = {getattr(record, "event", ""): record for record in caplog.records}
    assert {"attempt", "answer", "verdict"} <= records.keys()
    assert {record.levelno for record in caplog.records} == {logging.INFO}
    verdict = vars(records["verdict"])
    assert (verdict["tran_id"], verdict["key"], verdict["state"]) == (receipt.tran_id, "k", "moved")


class Base(BaseException):
    """What no listener should raise."""


@pytest.mark.parametrize("raised", [ValueError("x"), Base("x"), bt.NotSent("x"), asyncio.CancelledError()], ids=repr)
@pytest.mark.parametrize("keyed", [True, False])
def test_what_a_listener_raises_changes_nothing(
    raised: BaseException,
    keyed: bool,
    connect: Connect,
    journal: bt.Journal,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def listen(_event: bt.Event) -> None:
        raise raised

    client = connect(journal if keyed else None, on_event=listen)
    receipt = client.execute(MOVE)
    assert [entry.tran_id for entry in sandbox.ledger.executions()] == [receipt.tran_id]
    assert "on_event failed" in caplog.text


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_passes(interruption: type[BaseException], connect: Connect, sandbox: Sandbox) -> None:
    def listen(_event: bt.Event) -> None:
        raise interruption

    with pytest.raises(interruption):
        connect(None, on_event=listen).execute(MOVE)
    assert sandbox.ledger.executions() == ()


def test_the_asynchronous_client_tells_the_same(sandbox: Sandbox) -> None:
    told: list[str] = []

    async def run() -> None:
        async with bt.AsyncTransferClient(
            sandbox.credentials, base_url=sandbox.base_url, on_event=lambda event: told.append(event.name)
        ) as client:
            await client.execute(MOVE)

    asyncio.run(run())
    assert told == ["attempt", "answer", "verdict"]


def test_no_event_holds_a_secret(connect: Connect, journal: bt.Journal, sandbox: Sandbox) -> None:
    told: list[bt.Event] = []
    connect(journal, on_event=told.append).execute(MOVE, idempotency_key="k")
    shown = "".join(f"{event!r}{event}{event.to_dict()}" for event in told)
    assert sandbox.credentials.secret not in shown
    assert sandbox.credentials.api_key not in shown
    assert "signature" not in shown


@pytest.mark.parametrize("listener", [5, "print"])
def test_what_cannot_listen_is_refused(listener: Any, sandbox: Sandbox) -> None:
    with pytest.raises((TypeError, ValueError), match="on_event"):
        bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, on_event=listener)

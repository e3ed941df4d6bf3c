"""
The ten ways of `tests/simulator/test_regressions.py`, over real processes and databases.

Two of them need no process: that digits which the exchange does not see are refused (6), and that a clock is not
extrapolated across a step (the second half of 7). The exchange's own ledger says what moved.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import HistoryBehaviour, Sandbox, faults
from tests.processes.conftest import Start, Worker

RECV_WINDOW_MS, SETTLE_MS = 1_000, 1_000
WINDOW_S = 4.1  # both, and the two seconds that a window begins before its timestamp
NOT_MADE = faults.Drop(executes=False)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An exchange whose history heeds no symbols, as one may."""
    with Sandbox(history=HistoryBehaviour(ignores_symbols=True)) as sandbox:
        sandbox.deposit("isolated_margin:BTCUSDT", "USDT", "0")
        sandbox.deposit("isolated_margin:ETHUSDT", "USDT", "0")
        yield sandbox


Call = Callable[..., Worker]


@pytest.fixture
def call(start: Start, url: str) -> Call:
    """Start a process that transfers 1 USDT under a key; wait until it is stopped or killed where a moment is named."""

    def run(key: str | None, *, pair: str | None = None, moment: str | None = None, **more: Any) -> Worker:
        way = {"type": "MARGIN_ISOLATEDMARGIN", "to_symbol": pair} if pair else {"type": "MAIN_UMFUTURE"}
        usual = {"recv_window_ms": RECV_WINDOW_MS, "settle_ms": SETTLE_MS, "within_s": 20, "by": "SIGSTOP"}
        given = usual | {"transfer": way | {"asset": "USDT", "amount": "1"}} | more
        worker = start("call", url=url, key=key, moment=moment, **given)
        if moment is not None:
            come_to_a_halt(worker, os.CLD_STOPPED if given["by"] == "SIGSTOP" else os.CLD_KILLED)
        return worker

    return run


def come_to_a_halt(worker: Worker, how: int) -> None:
    """Wait until a process is stopped, or has died."""
    found = os.waitid(os.P_PID, worker.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert found is not None
    assert found.si_code == how, worker.process.communicate(timeout=30)


def told(worker: Worker) -> dict[str, Any]:
    """Let a process go on to its end, and return what it says."""
    worker.process.send_signal(signal.SIGCONT)
    [said] = worker.finish()
    return dict(said)


def moved(sandbox: Sandbox) -> list[int]:
    return [move.tran_id for move in sandbox.ledger.executions()]


def state(url: str, key: str) -> str:
    with bt.Journal(url, account="treasury") as journal:
        entry = journal.get(key)
    assert entry is not None
    return entry.state


def test_an_absence_is_not_written_over_a_later_movement(call: Call, sandbox: Sandbox, url: str) -> None:
    """1. Stopped with the proof of absence in hand, while another worker proves it too, sends again and moves it."""
    sandbox.fail_next(NOT_MADE)
    assert told(call("key", within_s=0)) == {"error": "OutcomeUnknown"}
    time.sleep(WINDOW_S)
    slow = call("key", moment="history")
    assert told(call("key")) == {"error": "ProvenAbsent"}
    receipt = told(call("key"))
    assert moved(sandbox) == [receipt["tran_id"]]
    assert told(slow) == {"tran_id": receipt["tran_id"], "replayed": True}
    assert state(url, "key") == "moved"


def test_a_late_refusal_is_not_told_for_a_key_that_moved(call: Call, sandbox: Sandbox, url: str) -> None:
    """2. Stopped between record and send for longer than the window; another worker moves the key."""
    sleeper = call("key", moment="sending")
    assert told(call("key")) == {"error": "ProvenAbsent"}
    receipt = told(call("key"))
    assert told(sleeper) == {"tran_id": receipt["tran_id"], "replayed": True}
    assert moved(sandbox) == [receipt["tran_id"]]


def test_a_rotated_api_key_hides_nothing(call: Call, sandbox: Sandbox) -> None:
    """3. Killed when the money had moved; the next process has another API key of the account."""
    call("key", moment="answered", by="SIGKILL")
    said = told(call("key", credentials=dict(sandbox.exchange.issue_key())))
    assert said == {"tran_id": moved(sandbox)[0], "replayed": True}
    assert len(moved(sandbox)) == 1


def test_an_identical_transfer_waits_no_longer_than_the_window(call: Call, sandbox: Sandbox) -> None:
    """4. Killed before sending: its key stays open, and an identical transfer under another key goes on."""
    call("crashed", moment="sending", by="SIGKILL")
    began_s = time.monotonic()
    assert told(call("other"))["replayed"] is False
    assert time.monotonic() - began_s < WINDOW_S + 5
    assert len(moved(sandbox)) == 1


def test_a_failed_row_does_not_settle_the_next_attempt(call: Call, sandbox: Sandbox) -> None:
    """5. The first attempt has a FAILED row; the second one is stopped while it is in flight."""
    sandbox.fail_next(faults.Settle(status="FAILED"))
    call("key", moment="answered", by="SIGKILL")
    assert told(call("key")) == {"error": "ProvenAbsent"}
    flying = call("key", moment="sending", recv_window_ms=20_000)
    assert told(call("key", within_s=0.3)) == {"error": "OutcomeUnknown"}
    assert told(flying)["replayed"] is False
    assert len(moved(sandbox)) == 1


def test_what_history_shows_late_is_not_called_absent(call: Call, sandbox: Sandbox) -> None:
    """7. Stopped after history was read and before the window is over; the row shows up in between."""
    sandbox.fail_next(faults.Hide(for_ms=3_500))
    call("key", moment="answered", by="SIGKILL", settle_ms=4_000)
    reader = call("key", moment="history", settle_ms=4_000)
    time.sleep(WINDOW_S + 3)
    assert told(reader) == {"tran_id": moved(sandbox)[0], "replayed": True}


def test_a_send_without_a_key_is_not_claimed(call: Call, sandbox: Sandbox) -> None:
    """8. A transfer without a key moved and was killed; the one with a key did not move."""
    call(None, moment="answered", by="SIGKILL")
    sandbox.fail_next(NOT_MADE)
    assert told(call("key")) == {"error": "ProvenAbsent"}
    assert len(moved(sandbox)) == 1


def test_a_row_of_another_pair_is_not_claimed(call: Call, sandbox: Sandbox) -> None:
    """9. History ignores the symbol filter: the row of one pair's transfer is not another pair's."""
    call("btc", pair="BTCUSDT", moment="answered", by="SIGKILL")
    sandbox.fail_next(NOT_MADE)
    assert told(call("eth", pair="ETHUSDT")) == {"error": "ProvenAbsent"}
    assert told(call("btc", pair="BTCUSDT")) == {"tran_id": moved(sandbox)[0], "replayed": True}


def test_a_person_cannot_resolve_too_early(call: Call, sandbox: Sandbox, url: str) -> None:
    """10. Stopped before sending; a person says "not executed" at once and is refused, for it then moves."""
    flying = call("key", moment="sending", recv_window_ms=20_000)
    with bt.Journal(url, account="treasury") as journal, pytest.raises(bt.ResolutionRefused):
        journal.resolve("key", not_executed=True)
    assert told(flying) == {"tran_id": moved(sandbox)[0], "replayed": False}

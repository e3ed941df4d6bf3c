"""SIGTERM in the middle of transfers, as a supervisor sends it: no key moves twice, and the next process goes on."""

import json
import random
import signal
import time
from collections.abc import Iterator

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Limits, Sandbox
from tests.processes.conftest import Start
from tests.processes.programs.obey import transfer_of

ROUNDS = 2


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limits=Limits(transfer_weight=1)) as sandbox:
        yield sandbox


@pytest.mark.parametrize("handler", ["default", "SystemExit", "KeyboardInterrupt"])
def test_a_process_that_is_told_to_end_leaves_nothing_that_moves_twice(
    handler: str, start: Start, url: str, sandbox: Sandbox
) -> None:
    """Each process begins with the keys of the one before. No lock is left, and what is open is named, once."""
    known: set[str] = set()
    for _ in range(ROUNDS):
        process = start("terminate", url=url, handler=handler)
        assert process.hear() == "begun"
        time.sleep(random.uniform(0, 0.1))
        process.process.send_signal(signal.SIGTERM)
        out, log = process.process.communicate(timeout=60)
        with bt.Journal(url, account="treasury") as journal:
            journal.transact(lambda transaction: transaction.account(), 2.0)  # nobody holds it
            left = {entry.open_attempt.attempt.id for entry in journal.entries(state="open") if entry.open_attempt}
        new, known = left - known, known | left
        if handler == "default":
            assert process.process.returncode == -signal.SIGTERM
            continue
        assert process.process.returncode == 0, log
        [said] = [json.loads(line) for line in out.splitlines()]
        assert said["raised"] == handler
        assert new <= {said["attempt"]}
        assert [line for line in log.splitlines() if "created a new, empty journal" not in line] == []
    with (
        bt.Journal(url, account="treasury", create=False) as journal,
        bt.TransferClient(
            sandbox.credentials, base_url=sandbox.base_url, journal=journal, recv_window_ms=1_000, settle_ms=1_000
        ) as client,
    ):
        client.reconcile_all(deadline_s=20)
        keys = [entry.key for entry in journal.entries()]
        for key in keys:
            client.execute(transfer_of(key), idempotency_key=key)
    amounts = sorted(move.amount for move in sandbox.ledger.executions())
    assert amounts == sorted(transfer_of(key).amount for key in keys)
    assert len(keys) > 1

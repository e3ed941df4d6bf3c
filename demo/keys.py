"""
One idempotency key, and a process that dies.

One rule: the process is a real one, and its death comes at the worst moment.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import frozen

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from demo.calls import Outcome
from demo.dying import DIED

_PROJECT: Final = Path(__file__).resolve().parents[1]
KEY: Final = "sweep-2026-11-22"
TRANSFER: Final = bt.Transfer("MAIN_CMFUTURE", "BTC", "0.25")
OTHER: Final = bt.Transfer("MAIN_CMFUTURE", "BTC", "0.5")


@frozen
class Call:
    """A call under the key, what came of it (None: the process died), and the state of the key after it."""

    title: str
    outcome: Outcome | None
    state: str


def perform(sandbox: Sandbox) -> list[Call]:
    """Let one process die with the key, and call again and again with the same key."""
    with TemporaryDirectory(prefix="journal-", ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{Path(folder) / 'transfers.db'}"
        _die(sandbox, url)
        with (
            bt.Journal(url, account="treasury") as journal,
            bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client,
        ):
            called = [Call("A process sends, and dies when the answer comes", None, _state(journal))]
            for title, transfer in (
                ("Another one calls again with the same key", TRANSFER),
                ("And once more", TRANSFER),
                ("The key is used for another amount", OTHER),
            ):
                called.append(Call(title, _outcome(client, transfer), _state(journal)))
    return called


def receipts(called: Iterable[Call]) -> list[bt.Receipt]:
    """Return one receipt for each transfer, however often it was told."""
    told = [call.outcome for call in called if isinstance(call.outcome, bt.Receipt)]
    return list({receipt.tran_id: receipt for receipt in told}.values())


def problems(called: list[Call], sandbox: Sandbox) -> list[str]:
    """Say what is not as it should be: the money moved once, and everybody is told so."""
    moved = [entry.tran_id for entry in sandbox.ledger.executions(asset="BTC") if entry.type == TRANSFER.type]
    told = [(type(call.outcome), getattr(call.outcome, "tran_id", None), call.state) for call in called]
    replay = (bt.Receipt, *moved, "moved")
    expected = [(type(None), None, "open"), replay, replay, (bt.IdempotencyConflict, None, "moved")]
    return [] if told == expected else [f"moved {moved}, told {told}"]


def _die(sandbox: Sandbox, url: str) -> None:
    order = (TRANSFER.type, TRANSFER.asset, TRANSFER.amount_text)
    environment: dict[str, Any] = {
        "BINANCE_API_KEY": sandbox.credentials.api_key,
        "BINANCE_API_SECRET": sandbox.credentials.secret,
        "BINANCE_BASE_URL": sandbox.base_url,
    }
    command = [sys.executable, "-m", "demo.dying", url, KEY, *order]
    done = subprocess.run(command, cwd=_PROJECT, env=os.environ | environment, check=False)  # noqa: S603  # our own
    if done.returncode != DIED:
        message = f"the process that was to die ended with {done.returncode}"
        raise RuntimeError(message)


def _outcome(client: bt.TransferClient, transfer: bt.Transfer) -> Outcome:
    try:
        return client.execute(transfer, idempotency_key=KEY)
    except bt.TransferError as error:
        return error


def _state(journal: bt.Journal) -> str:
    entry = journal.get(KEY)
    return entry.state if entry else "unknown"

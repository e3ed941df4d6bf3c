"""Clients that others wrote make transfers and read history against the sandbox: `make peers`."""

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from binance_transfer_sandbox import Sandbox
from comparison.environments import python_of

PROGRAMS = {
    "binance-connector": "binance_connector.py",
    "python-binance": "python_binance.py",
}
KINDS: tuple[Literal["hmac", "rsa", "ed25519"], ...] = ("hmac", "rsa", "ed25519")

TRANSFERS = [
    {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "25.5"},
    {"type": "MAIN_FUNDING", "asset": "BTC", "amount": "0.00000001"},
    {"type": "ISOLATEDMARGIN_MARGIN", "asset": "USDT", "amount": "10", "fromSymbol": "BTCUSDT"},
    {"type": "MARGIN_ISOLATEDMARGIN", "asset": "USDT", "amount": "11", "toSymbol": "ETHUSDT"},
    {
        "type": "ISOLATEDMARGIN_ISOLATEDMARGIN",
        "asset": "USDT",
        "amount": "12",
        "fromSymbol": "BTCUSDT",
        "toSymbol": "ETHUSDT",
    },
]
QUERIES = [
    {name: value for name, value in transfer.items() if name not in {"asset", "amount"}} for transfer in TRANSFERS
]


def run(client: str, job: dict[str, Any]) -> Any:
    """Let a client do its work, in the environment that the comparison has for it."""
    done = subprocess.run(
        [python_of(client), Path(__file__).parent / "programs" / PROGRAMS[client]],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(params=[(client, kind) for client in PROGRAMS for kind in KINDS], ids="-".join)
def story(request: pytest.FixtureRequest) -> tuple[Any, Sandbox]:
    """What one client with one kind of key was told, and the sandbox that told it."""
    client, kind = request.param
    with Sandbox() as sandbox:
        credentials = dict(sandbox.credentials_for(kind))
        job = {"base_url": sandbox.base_url, "credentials": credentials, "transfers": TRANSFERS, "queries": QUERIES}
        return run(client, job), sandbox


def test_transfers_are_executed_as_ordered_and_listed(story: tuple[Any, Sandbox]) -> None:
    """Its receipts, the ledger and the pages of history agree with the order."""
    told, sandbox = story
    executed = [
        (entry.tran_id, entry.type, entry.asset, entry.amount, entry.from_symbol, entry.to_symbol)
        for entry in sandbox.ledger.executions()
    ]
    assert executed == [
        (
            receipt["tranId"],
            transfer["type"],
            transfer["asset"],
            Decimal(transfer["amount"]),
            transfer.get("fromSymbol"),
            transfer.get("toSymbol"),
        )
        for receipt, transfer in zip(told["receipts"], TRANSFERS, strict=True)
    ]
    assert [[row["tranId"] for row in page["rows"]] for page in told["pages"]] == [[row[0]] for row in executed]

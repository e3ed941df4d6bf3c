"""
A first call loads no module.

A child that is forked while another thread loads one finds the module's lock held by nobody, and waits for ever.
"""

import json
import subprocess
import sys

import pytest

from tests.support.marks import thorough

CALLS = """
import asyncio, json, sys, threading
import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults

how, journal = sys.argv[1], bt.Journal(sys.argv[2], account="a") if sys.argv[2] else None
options = {"recv_window_ms": 500, "settle_ms": 300, "journal": journal}
options["transport"] = getattr(bt, ("Async" if how == "asyncio" else "") + sys.argv[3])()

async def calls(client, now):
    await now(client.preflight())
    await now(client.transfer("MAIN_UMFUTURE", "USDT", "1", idempotency_key="k" if journal else None))
    sandbox.fail_next(faults.Drop(executes=True))
    try:
        await now(client.transfer("MAIN_UMFUTURE", "USDT", "2"))
    except bt.OutcomeUnknown as unknown:
        await now(client.reconcile(unknown.attempt))
    await now(client.balances())
    if journal:
        await now(client.audit(0))

async def at_once(result):
    return result

async def itself(result):
    return await result

async def of_asyncio():
    async with bt.AsyncTransferClient(sandbox.credentials, **options) as client:
        before = set(sys.modules)
        await calls(client, itself)
        return before

def of_threads():
    with bt.TransferClient(sandbox.credentials, **options) as client:
        before = set(sys.modules)
        running = calls(client, at_once)
        try:
            running.send(None)
        except StopIteration:
            pass
        return before

with Sandbox() as sandbox:
    options["base_url"] = sandbox.base_url
    before = asyncio.run(of_asyncio()) if how == "asyncio" else of_threads()
    print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.mark.parametrize("journal", [False, True], ids=["", "journal"])
@pytest.mark.parametrize("how", ["threads", "asyncio"])
@pytest.mark.parametrize("over", ["HttpxTransport", *thorough("FastTransport")])
def test_a_first_call_loads_no_module(how: str, journal: bool, over: str, tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/transfers.db" if journal else ""
    done = subprocess.run(
        [sys.executable, "-c", CALLS, how, url, over], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []

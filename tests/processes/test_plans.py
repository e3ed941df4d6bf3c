"""A plan of 500 rows over a faulty exchange, killed three times and run again: the results are what the ledger says."""

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from binance_transfer_sandbox import Sandbox, faults

ROWS = 500
KILLS = 3
RUNS_AT_MOST = 10  # a machine that is slow for a while lets rows end unproven: the same command goes on

PROFILE = """\
[profiles.plan]
settle_ms = 500
recv_window_ms = 1000
timeout_s = 5
resolve_within_s = 20
"""

FAULTS = (
    faults.Drop(executes=True),
    faults.Drop(executes=False, reset=True),
    faults.GatewayError(executes=True),
    faults.BackendTimeout(executes=False),
    faults.BrokenAnswer(executes=True, form="truncated"),
    faults.RateLimited(retry_after_s=1),
    faults.Drop(executes=True, late_ms=300),
)


@contextlib.contextmanager
def running(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    words = ["--profile", "plan", "run", "plan.csv", "--batch", "b", "--yes", "--results", "r.jsonl", "--workers", "8"]
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "binance_transfer_cli", *words],
            cwd=folder,
            env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=said,
            stderr=said,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kill_when_executed(count: int, sandbox: Sandbox, folder: Path, environment: dict[str, str]) -> None:
    """Run the plan until so many of its rows have moved, and kill it in the middle."""
    for _ in range(RUNS_AT_MOST):
        with running(folder, environment) as process:
            while process.poll() is None:
                if len(sandbox.ledger.executions()) >= count:
                    return
                time.sleep(0.02)  # the sandbox is a thread of this process: it wants its share
        assert process.returncode in {1, 3}, (folder / "said.txt").read_text()
    pytest.fail((folder / "said.txt").read_text())


def run_until_all_moved(folder: Path, environment: dict[str, str]) -> None:
    """What provably did not move is sent by the same command again."""
    for _ in range(RUNS_AT_MOST):
        with running(folder, environment) as process:
            process.wait(timeout=400)
        if process.returncode == 0:
            return
    pytest.fail((folder / "said.txt").read_text())


def test_the_results_of_a_killed_plan_equal_the_ledger(sandbox: Sandbox, url: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    amounts = [f"{chance.randrange(1, 40)}.{number:03d}" for number in range(ROWS)]
    types = ["MAIN_FUNDING", "MAIN_UMFUTURE", "MAIN_OPTION"]
    rows = [f"{types[number % 3]},USDT,{amount}\n" for number, amount in enumerate(amounts)]
    (tmp_path / "plan.csv").write_text("type,asset,amount\n" + "".join(rows))
    (tmp_path / "config.toml").write_text(PROFILE)
    (tmp_path / "config.toml").chmod(0o600)
    for number, fault in enumerate(FAULTS):
        sandbox.exchange.plan(fault, on="transfer", times=None, every=41 + 6 * number)
    environment = {
        "BINANCE_BASE_URL": sandbox.base_url,
        "BINANCE_API_KEY": sandbox.credentials.api_key,
        "BINANCE_API_SECRET": sandbox.credentials.secret,
        "BINANCE_TRANSFER_JOURNAL": url,
        "BINANCE_TRANSFER_ACCOUNT": "treasury",
        "BINANCE_TRANSFER_CONFIG": str(tmp_path / "config.toml"),
    }
    for killed in range(KILLS):
        kill_when_executed((killed + 1) * ROWS // (KILLS + 2), sandbox, tmp_path, environment)
    run_until_all_moved(tmp_path, environment)
    results = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    ledger = sandbox.ledger.executions()
    assert [row["line"] for row in results] == list(range(2, ROWS + 2))
    assert len({row["key"] for row in results}) == ROWS
    assert {row["tran_id"] for row in results} == {entry.tran_id for entry in ledger}
    assert Counter(Decimal(entry.amount) for entry in ledger) == Counter(map(Decimal, amounts))

"""A plan of 500 rows over a faulty exchange, killed three times and run again: the results are what the ledger says."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

from binance_transfer_sandbox import Sandbox, faults

ROWS = 500
KILLS = 3

PROFILE = """\
[profiles.plan]
settle_ms = 500
recv_window_ms = 1000
timeout_s = 1.5
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


def start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    words = ["--profile", "plan", "run", "plan.csv", "--batch", "b", "--yes", "--results", "r.jsonl", "--workers", "8"]
    return subprocess.Popen(
        [sys.executable, "-m", "binance_transfer_cli", *words],
        cwd=folder,
        env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_to_its_end(folder: Path, environment: dict[str, str]) -> int:
    process = start(folder, environment)
    process.communicate(timeout=400)
    return process.returncode


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
        process = start(tmp_path, environment)
        while len(sandbox.ledger.executions()) < (killed + 1) * ROWS // (KILLS + 2):
            assert process.poll() is None, process.stdout and process.stdout.read()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    # What provably did not move is sent by the same command again.
    codes = [run_to_its_end(tmp_path, environment) for _ in range(3)]
    assert codes[-1] == 0
    results = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    ledger = sandbox.ledger.executions()
    assert [row["line"] for row in results] == list(range(2, ROWS + 2))
    assert len({row["key"] for row in results}) == ROWS
    assert {row["tran_id"] for row in results} == {entry.tran_id for entry in ledger}
    assert Counter(Decimal(entry.amount) for entry in ledger) == Counter(map(Decimal, amounts))

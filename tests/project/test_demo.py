"""The demo ends well, and with exit code 1 if anything is not as expected."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from rich.cells import cell_len

import binance_transfer as bt
import demo
from binance_transfer_sandbox import Sandbox, faults
from tests.project.places import PROJECT
from tests.support.marks import thorough


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("encoding", ["utf-8", *thorough("ascii")])
def test_it_ends_well_and_fits_80_columns(encoding: str) -> None:
    """Its output is a pipe here. The ascii one cannot take the Chinese name of an asset."""
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    done = subprocess.run([sys.executable, "demo.py"], cwd=PROJECT, env=environment, capture_output=True, check=False)
    shown = done.stdout.decode(encoding).splitlines()
    assert (done.returncode, done.stderr, [line for line in shown if cell_len(line) > 80]) == (0, b"", [])
    assert [line for line in shown if line.startswith("ok: the key moved money once")]


@pytest.mark.parametrize(
    "fault", [faults.Rejection(code=-3041, msg="Balance is not enough"), faults.Drop(executes=True)]
)
def test_an_outcome_that_is_not_expected_is_a_failure(
    fault: faults.Fault, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.fail_next(fault)
    assert ended(demo.main, sandbox) == 1
    assert "NOT TRUE: this should be Receipt" in capsys.readouterr().out


def test_a_key_without_permission_is_a_failure(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.fail_next(faults.Rejection(code=-2015, msg="Invalid API-key"), on="restrictions")
    assert ended(demo.main, sandbox) == 1
    assert "NOT TRUE: the key may read and transfer" in capsys.readouterr().out


def test_a_key_that_moves_money_again_is_a_failure(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    execute = bt.TransferClient.execute

    def execute_and_send_again(client: bt.TransferClient, transfer: bt.Transfer, **options: Any) -> bt.Receipt:
        receipt = execute(client, transfer, **options)
        with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as careless:
            execute(careless, transfer)
        return receipt

    monkeypatch.setattr(bt.TransferClient, "execute", execute_and_send_again)
    assert ended(demo.kill_a_process, sandbox) == 1
    assert "NOT TRUE: the key moved money once" in capsys.readouterr().out


def make_a_transfer(sandbox: Sandbox) -> bt.Receipt:
    with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as client:
        return client.transfer("MAIN_UMFUTURE", "USDT", "25.5")


def return_no_receipt(sandbox: Sandbox) -> list[bt.Receipt]:
    """The money moves unseen."""
    make_a_transfer(sandbox)
    return []


def return_a_receipt_twice(sandbox: Sandbox) -> list[bt.Receipt]:
    return [make_a_transfer(sandbox)] * 2


def return_another_id(sandbox: Sandbox) -> list[bt.Receipt]:
    return [evolve(make_a_transfer(sandbox), tran_id=1)]


def return_another_amount(sandbox: Sandbox) -> list[bt.Receipt]:
    receipt = make_a_transfer(sandbox)
    return [evolve(receipt, attempt=evolve(receipt.attempt, transfer=bt.Transfer("MAIN_UMFUTURE", "USDT", "25.6")))]


def hide_the_row(sandbox: Sandbox) -> list[bt.Receipt]:
    sandbox.fail_next(faults.Hide(for_ms=60_000))
    return [make_a_transfer(sandbox)]


def deposit(sandbox: Sandbox) -> list[bt.Receipt]:
    sandbox.deposit("spot", "USDT", 1)
    return [make_a_transfer(sandbox)]


# What happens in place of the first transfers of the tour → the check that notices it.
DIFFERENCES: list[tuple[Callable[[Sandbox], list[bt.Receipt]], str]] = [
    (return_no_receipt, "the exchange executed the transfers that have a receipt"),
    (return_a_receipt_twice, "the exchange executed the transfers that have a receipt"),
    (return_another_id, "the exchange executed the transfers that have a receipt"),
    (return_another_amount, "the exchange executed the transfers that have a receipt"),
    (hide_the_row, "history lists these"),
    (deposit, "the balances changed by what these moved"),
]


@pytest.mark.parametrize(("happens", "noticed"), DIFFERENCES)
def test_a_difference_from_the_ledger_is_a_failure(
    happens: Callable[[Sandbox], list[bt.Receipt]],
    noticed: str,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The slow chapters are left out."""
    monkeypatch.setattr(demo, "use_each_type_of_key", happens)
    monkeypatch.setattr(demo, "lose_answers", lambda _: [])
    monkeypatch.setattr(demo, "kill_a_process", lambda _: [])
    assert ended(demo.main, sandbox) == 1
    assert f"NOT TRUE: {noticed}" in capsys.readouterr().out


def ended(run: Callable[[Sandbox], object], sandbox: Sandbox) -> object:
    """Return the exit code."""
    try:
        run(sandbox)
    except SystemExit as exit_:
        return exit_.code
    return 0

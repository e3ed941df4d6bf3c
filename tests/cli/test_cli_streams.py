"""Standard output and error that cannot be written, are closed, or are read by nobody: the outcome is the same."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from tests.cli.conftest import COMMAND, Cli, python_path

pytestmark = pytest.mark.thorough  # each runs the program

PLAN = "key,type,asset,amount\nk1,MAIN_FUNDING,USDT,5\nk2,MAIN_OPTION,USDT,7\n"
SEND = ("send", "MAIN_UMFUTURE", "USDT", "1", "--yes")
REDIRECTED = [">/dev/full", "2>/dev/full", ">/dev/full 2>&1", ">&-", "2>&-", "<&- >&- 2>&-", "| true"]


def in_shell(words: tuple[str, ...], redirection: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell does, in the environment of this process."""
    script = f"set -o pipefail; {shlex.join([*COMMAND, *words])} {redirection}"
    return subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("redirection", REDIRECTED)
@pytest.mark.parametrize("words", [("--json", *SEND), ("run", "plan.csv", "--yes")])
@pytest.mark.usefixtures("environment")
def test_what_moved_is_0_wherever_the_output_goes(
    words: tuple[str, ...], redirection: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "plan.csv").write_text(PLAN)
    done = in_shell(words, redirection)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert len(sandbox.ledger.executions()) == (2 if "run" in words else 1)


@pytest.mark.usefixtures("environment")
def test_what_standard_output_does_not_take_is_on_standard_error(sandbox: Sandbox) -> None:
    done = in_shell(("--json", *SEND, "--key", "k"), ">/dev/full")
    [answer] = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert (answer["key"], answer["tran_id"]) == ("k", sandbox.ledger.executions()[0].tran_id)


@pytest.mark.usefixtures("environment")
def test_no_file_takes_the_place_of_a_closed_stream(cli: Cli) -> None:
    """A journal that is opened as descriptor 1 would hold what is printed."""
    assert in_shell((*SEND, "--key", "k"), "<&- >&- 2>&-").returncode == 0
    assert cli("--json", "journal", "show", "k").json["state"] == "moved"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("words", [("run", "-", "--yes"), ("run", "-", "--dry-run"), ("run", "plan.csv"), SEND[:-1]])
def test_a_closed_standard_input_is_2(words: tuple[str, ...], sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(PLAN)
    done = in_shell(words, "<&-")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert sandbox.ledger.executions() == ()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("words", [("journal", "export"), ("journal", "list"), ("types",), ("history", "--csv")])
def test_a_reader_that_ends_is_no_error(words: tuple[str, ...], cli: Cli) -> None:
    cli(*SEND)
    done = in_shell(words, "| true")
    assert (done.returncode, "rror" in done.stderr) == (0, False), done.stderr


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("words", [("types",), ("history", "--csv"), ("--json", "balances"), ("journal", "list")])
def test_a_list_that_is_not_whole_is_1(words: tuple[str, ...], cli: Cli) -> None:
    cli(*SEND)
    assert in_shell(words, ">/dev/full").returncode == 1


@pytest.mark.usefixtures("environment")
def test_results_do_not_replace_a_plan_that_is_standard_input(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(PLAN)
    assert in_shell(("run", "-", "--yes", "--results", "plan.csv"), "< plan.csv").returncode == 2
    assert in_shell(("run", "-", "--yes", "--results", "r.jsonl"), "< plan.csv").returncode == 0
    assert (tmp_path / "plan.csv").read_text() == PLAN


@pytest.mark.usefixtures("environment")
def test_wrong_use_is_2_where_nobody_can_be_told() -> None:
    assert in_shell(("send", "nonsense"), "2>/dev/full").returncode == 2


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), ValueError("odd"), RuntimeError("odd")])
@pytest.mark.parametrize("words", [(*SEND, "--key", "k1"), ("run", "plan.csv", "--yes")])
def test_a_fault_while_sending_is_3_and_names_the_key(
    words: tuple[str, ...], fault: Exception, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle(*_: object, **__: object) -> bt.Receipt:
        raise fault

    (tmp_path / "plan.csv").write_text(PLAN)
    monkeypatch.setattr(bt.TransferClient, "settle", settle)
    ended = cli("--json", *words)
    assert ended.code == 3
    assert (ended.rows[0]["key"], ended.rows[0]["outcome"]) == ("k1", "unknown")

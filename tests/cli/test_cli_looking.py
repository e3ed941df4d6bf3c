"""What commands show: nothing is cut, nothing is printed before a refusal, and what is refused ends with 2."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Cli, Terminal, python_path

SEND = ("send", "MAIN_UMFUTURE", "USDT", "25.5", "--yes")

# What is wrong, and a word of what is said.
REFUSED = [
    (["types", "--from", "options", "--to", "portfolio_margin"], "two"),
    (["types", "--from", ""], "wallet"),
    (["history", "FOO"], "types lists them"),
    (["history", ""], "type"),
    (["history", "MAIN_UMFUTURE", "--since", "2000-01-01"], "six months"),
    (["history", "--until", "2000-01-01"], "six months"),
    (["history", "--since", "2099-01-01"], "lies after"),
    (["history", "MAIN_ISOLATED_MARGIN"], "needs a pair"),
    (["history", "ISOLATEDMARGIN_ISOLATEDMARGIN", "--symbol", "BTCUSDT"], "needs a pair"),
    (["history", "MAIN_ISOLATED_MARGIN", "--symbol", ""], "symbol"),
    (["audit", "--since", "2099-01-01"], "future"),
    (["reconcile", "first", "typo"], "typo"),
    (["reconcile", ""], "empty"),
    (["journal", "show", "typo"], "typo"),
    (["journal", "resolve", "first", "--tran-id", "99999999999999999999999"], "range"),
    (["journal", "correct", "first", "--tran-id", str(2**63), "--note", "n"], "range"),
    (["journal", "resolve", "first", "--tran-id", "0"], "range"),
    (["journal", "halt", ""], "why"),
    (["sandbox", "--port=-x"], "port"),
    (["sandbox", "--symbol=-x"], "-x"),
]


@pytest.mark.parametrize("option", [(), ("--json",), ("--csv",)])
def test_what_is_refused_ends_with_2_and_prints_nothing(option: tuple[str, ...], cli: Cli) -> None:
    cli(*SEND, "--key", "first")
    wrong = {}
    for words, said in REFUSED:
        if option != ("--csv",):
            ended = cli(*option, *words)
        elif words[0] == "history":
            ended = cli(*words, *option)
        else:
            continue
        if (ended.code, ended.out) != (2, "") or said not in ended.err or "Traceback" in ended.err:
            wrong[" ".join(words)] = (ended.code, ended.out, ended.err)
    assert wrong == {}


@pytest.mark.parametrize("form", ["csv", "html"])
def test_json_and_another_form_are_refused(form: str, cli: Cli, tmp_path: Path) -> None:
    cli(*SEND, "--key", "first")
    ended = cli("--json", "journal", "export", "--format", form)
    assert (ended.code, ended.out) == (2, "")
    assert cli("--json", "journal", "export", "--format", form, "--output", "out").json == {"export": "out"}
    assert cli("--json", "journal", "export").rows[0]["key"] == "first"


def test_the_longest_time_that_a_refusal_proposes_is_answered(cli: Cli) -> None:
    [proposed] = re.findall(r"--since (\d+d)", cli("history", "MAIN_UMFUTURE", "--since", "999d").err)
    assert cli("history", "MAIN_UMFUTURE", "--since", proposed).code == 0


def test_a_future_end_is_now(cli: Cli) -> None:
    cli(*SEND)
    assert len(cli("--json", "history", "--until", "2099-01-01", "--since", "1d").rows) == 1


def test_the_sandbox_tells_programs_its_variables(tmp_path: Path) -> None:
    command = [*COMMAND, "--json", "sandbox", "--key", "ed25519"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": python_path()}
    ) as process:
        assert process.stdout is not None
        variables = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
    assert list(variables) == ["BINANCE_BASE_URL", "BINANCE_API_KEY", "BINANCE_PRIVATE_KEY"]


LISTS = [["journal", "list"], ["history"], ["types"], ["balances"], ["reconcile", "a-key-that-is-rather-long-2026-11"]]


@pytest.mark.thorough
@pytest.mark.parametrize("columns", [20, 40, 50, 80])
def test_no_value_is_cut_however_narrow_a_terminal_is(
    columns: int, cli: Cli, terminal: Callable[..., Terminal]
) -> None:
    """In a table folded texts of several columns lie side by side, so there only those are sought that stay whole."""
    cli("send", "MAIN_UMFUTURE", "USDT", "12345.12345678", "--yes", "--key", "a-key-that-is-rather-long-2026-11")
    wrong = {}
    for words in LISTS:
        shown = terminal(*words, columns=columns)
        assert shown.end() == 0, shown.screen
        plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.screen)
        assert max(map(len, plain.splitlines())) <= columns
        joined = re.sub(r"\s", "", plain)
        sought = ["12345.12345678", "13526"] if words[0] in {"journal", "reconcile"} else []
        rows = cli("--json", *words).rows
        whole = {"tran_id", "name", "status"} | ({"key", "wallet", "free", "locked", "type"} if columns < 50 else set())
        sought += [str(row[name]) for row in rows for name in whole & row.keys() if isinstance(row[name], (str, int))]
        if words[0] == "balances" and columns >= 40:  # a table, and its wallets are folded
            sought = [row["free"] for row in rows if len(row["free"]) <= 8]
        if missing := [text for text in sought if text.replace(" ", "") not in joined]:
            wrong[" ".join(words)] = missing
    assert wrong == {}

"""`run`: plans that are refused, sent, interrupted and sent again."""

import json
import os
import shlex
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from binance_transfer_cli import progress
from binance_transfer_sandbox import Sandbox, faults
from tests.cli.conftest import COMMAND, Cli, Terminal, python_path

HEADER = "key,type,asset,amount,from_symbol,to_symbol\n"
GOOD = "k1,MAIN_FUNDING,USDT,5,,\n"


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., str]:
    def write(text: str, name: str = "plan.csv") -> str:
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        return name

    return write


Write = Callable[..., str]

# What is in a plan, and the line and some words of what is said of it.
BAD = [
    pytest.param("key,type,asset,amount,fee\n", "line 1: 'fee' is no column", id="unknown column"),
    pytest.param("key,type,asset,asset,amount\n", "'asset' is there twice", id="column twice"),
    pytest.param("key,asset,amount\nk,USDT,1\n", "the header must be like", id="no type"),
    pytest.param("key,from,asset,amount\nk,spot,USDT,1\n", "the header must be like", id="from without to"),
    pytest.param(HEADER, "has no rows", id="no rows"),
    pytest.param("", "the header must be like", id="empty"),
    pytest.param(HEADER + GOOD + "k2,MAIN_FUNDING,USDT,0,,\n", "plan.csv:3: amount", id="zero"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,USDT,1e,,\n", "plan.csv:2: amount", id="no number"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,USDT,-1,,\n", "plan.csv:2: amount", id="negative"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,USDT,0.000000001,,\n", "plan.csv:2: amount", id="nine decimals"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,usdt,1,,\n", "plan.csv:2: asset", id="lower case"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,,1,,\n", "plan.csv:2: asset", id="no asset"),
    pytest.param(HEADER + "k2,MAIN_FUNDIN,USDT,1,,\n", "plan.csv:2: 'MAIN_FUNDIN'", id="no such type"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,USDT,1,BTCUSDT,\n", "plan.csv:2: MAIN_FUNDING takes no", id="symbol"),
    pytest.param(HEADER + "k2,MARGIN_ISOLATEDMARGIN,USDT,1,,\n", "plan.csv:2: MARGIN_ISOLATEDMARGIN needs", id="pair"),
    pytest.param(HEADER + ",MAIN_FUNDING,USDT,1,,\n", "plan.csv:2: has no key", id="no key"),
    pytest.param(HEADER + GOOD + "\n" + GOOD, "plan.csv:4: has the key of line 2", id="key twice"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,USDT,1,\n", "plan.csv:2: has 5 fields", id="missing field"),
    pytest.param(HEADER + "k2,MAIN_FUNDING,USDT,1,,,\n", "plan.csv:2: has 7 fields", id="surplus field"),
    pytest.param(HEADER + 'k2,MAIN_FUNDING,"US"DT,1,,\n', "plan.csv:2: is no CSV", id="quotes"),
    pytest.param(HEADER + "k\udcff,MAIN_FUNDING,USDT,1,,\n", "plan.csv:2: idempotency_key", id="no UTF-8"),
    pytest.param(
        "key,type,from,to,asset,amount\nk,MAIN_FUNDING,spot,funding,USDT,1\n", "plan.csv:2: give either", id="both"
    ),
    pytest.param("key,type,from,to,asset,amount\nk,,,,USDT,1\n", "plan.csv:2: give either", id="neither"),
    pytest.param("key,from,to,asset,amount\nk,spot,spot,USDT,1\n", "plan.csv:2: the money is in", id="same wallet"),
    pytest.param(
        '{"key": "k", "type": "MAIN_FUNDING", "asset": "USDT", "amount": 1}\n', ":1: amount must be text", id="number"
    ),
    pytest.param(
        '{"key": "k", "type": "MAIN_FUNDING", "asset": "USDT", "amount": "1", "fee": "2"}\n', ":1: 'fee' is", id="name"
    ),
    pytest.param(
        '{"key": "k", "amount": "2", "type": "MAIN_FUNDING", "asset": "USDT", "amount": "1"}\n',
        ":1: has a name",
        id="twice",
    ),
    pytest.param('{"key": "k", "type": "MAIN_FUNDING", "asset": "USDT"}\n[]\n', ":2: is no JSON object", id="list"),
    pytest.param('{"key"\n', ":1: is no JSON object", id="broken"),
    pytest.param(HEADER + "k" * 70_000, "plan.csv:2: has 1 fields", id="long line"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_one_bad_row_and_nothing_is_sent(text: str, said: str, plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    ended = cli("run", plan(text), "--yes")
    assert ended.code == 2
    assert said in ended.err
    assert sandbox.ledger.executions() == ()


def test_every_bad_row_is_named(plan: Write, cli: Cli) -> None:
    ended = cli("run", plan(HEADER + GOOD.replace("5", "x") * 40), "--yes")
    assert [f"plan.csv:{line}:" in ended.err for line in range(2, 42)] == [True] * 40


def test_the_results_name_the_line_of_each_row(plan: Write, cli: Cli, sandbox: Sandbox, tmp_path: Path) -> None:
    text = (
        'key,from,to,asset,amount\n\n"a\nb",spot,funding,USDT,1\n'.replace("\n" + "b", " b") + "c,spot,options,USDT,2\n"
    )
    assert cli("run", plan(text), "--yes", "--results", "r.jsonl").code == 0
    rows = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [(row["line"], row["key"], row["outcome"]) for row in rows] == [(3, "a b", "moved"), (4, "c", "moved")]
    assert {row["tran_id"] for row in rows} == {entry.tran_id for entry in sandbox.ledger.executions()}


def test_json_lines_count_from_1_and_null_is_nothing(plan: Write, cli: Cli) -> None:
    row = {"key": "k", "type": "MAIN_FUNDING", "asset": "USDT", "amount": "1", "from_symbol": None}
    ended = cli("--json", "run", plan("\ufeff" + json.dumps(row) + "\n\n" + json.dumps(row | {"key": "l"})), "--yes")
    assert [each["line"] for each in ended.rows] == [1, 3]


def test_without_a_journal_it_ends_with_2(plan: Write, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BINANCE_TRANSFER_JOURNAL")
    assert cli("run", plan(HEADER + GOOD), "--yes").code == 2


def test_without_a_terminal_it_ends_with_2(plan: Write, cli: Cli) -> None:
    assert cli("run", plan(HEADER + GOOD)).code == 2


def test_a_batch_makes_keys_of_what_the_rows_say(plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    """Sorted, corrected or with other spellings, the file sends only what it had not."""
    rows = ["MAIN_FUNDING,USDT,5\n", "MAIN_FUNDING,USDT,5\n", "MAIN_OPTION,USDT,7.50\n"]
    assert cli("run", plan("type,asset,amount\n" + "".join(rows)), "--yes", "--batch", "nov").code == 0
    again = ["USDT,7.5,spot,options\n", *(f"USDT,{amount},spot,funding\n" for amount in ("05.0", "5", "9"))]
    ended = cli("--json", "run", plan("asset,amount,from,to\n" + "".join(again)), "--yes", "--batch", "nov")
    assert [row["replayed"] for row in ended.rows] == [True, True, True, False]
    amounts = Counter(Decimal(entry.amount) for entry in sandbox.ledger.executions())
    assert amounts == {Decimal(5): 2, Decimal("7.5"): 1, Decimal(9): 1}


def test_equal_rows_do_not_wait_for_each_others_window(plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    """The window of an open transfer lasts 40 seconds, and nine equal rows would be six minutes."""
    started_s = time.monotonic()
    assert cli("run", plan("type,asset,amount\n" + "MAIN_FUNDING,USDT,5\n" * 9), "--yes", "--batch", "b").code == 0
    assert len(sandbox.ledger.executions()) == 9
    assert time.monotonic() - started_s < 30


def test_the_next_batch_sends_anew(plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    name = plan("type,asset,amount\nMAIN_FUNDING,USDT,5\n")
    for batch in ("october", "november"):
        assert cli("run", name, "--yes", "--batch", batch).code == 0
    assert len(sandbox.ledger.executions()) == 2


@pytest.mark.parametrize("batch", ["", " ", " nov", "nov ", "n\u200bov", "x" * 250])
def test_a_batch_that_may_be_a_mistake_is_refused(batch: str, plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    """With an empty one, from a variable that is not set, next month's batch would be taken for this month's."""
    assert cli("run", plan("type,asset,amount\nMAIN_FUNDING,USDT,5\n"), "--yes", "--batch", batch).code == 2
    assert sandbox.ledger.executions() == ()


def test_a_dry_run_is_json_for_programs(plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    ended = cli("--json", "run", plan(HEADER + GOOD + "k2,MAIN_FUNDING,USDT,99999999,,\n"), "--dry-run")
    assert (ended.code, ended.json["plan"], ended.json["rows"], ended.json["live"]) == (0, "plan.csv", 2, False)
    assert [(line["from"], line["to"], line["amount"]) for line in ended.json["lines"]] == [
        ("spot", "funding", "100000004")
    ]
    assert (len(ended.json["warnings"]), ended.json["objections"]) == (1, [])
    assert sandbox.ledger.executions() == ()


JSON_ROW = '{"key": "k", "type": "MAIN_FUNDING", "asset": "USDT", "amount": "1"}\n'


@pytest.mark.parametrize("before", ["", "\n", "\r\n \n\t\n", "\ufeff\n\n"])
@pytest.mark.parametrize("text", [JSON_ROW, "key,type,asset,amount\nk,MAIN_FUNDING,USDT,1\n"])
def test_blank_lines_in_front_are_counted(before: str, text: str, plan: Write, cli: Cli) -> None:
    [row] = cli("--json", "run", plan(before + text), "--yes").rows
    assert row["line"] == before.count("\n") + text.count("\n")
    assert f"plan.csv:{row['line'] + 1}: " in cli("run", plan(before + text + "x\n"), "--yes").err


@pytest.mark.parametrize("name", ["postgres-oct.csv", "-plan.csv", "a b.csv"])
def test_the_command_to_go_on_is_the_one_that_was_given(name: str, plan: Write, cli: Cli) -> None:
    ended = cli("run", "--yes", "--", plan(HEADER + "k,MAIN_FUNDING,USDT,99999999,,\n", name))
    [pasted] = [line for line in ended.out.splitlines() if line.startswith("  binance-transfer")]
    assert shlex.split(pasted) == ["binance-transfer", "run", "--yes", "--", name]


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_progress_is_lines_where_no_line_can_change(term: str) -> None:
    written = StringIO()
    console = Console(file=written, force_terminal=True, _environ={"TERM": term})
    with progress.shown(console, 10, every_s=0) as going_on:
        going_on.show(1, 0)
    assert written.getvalue().startswith("1 of 10 (10.0%)")


def test_the_rate_is_of_what_is_sent() -> None:
    """A run that goes on passes by what had moved before it a hundred times faster."""
    shown: list[str] = []
    now_s = [0.0]
    going_on = progress.Progress(1_000, shown.append, 0, lambda: now_s[0])
    for now_s[0], done, replayed in ((1.0, 500, 500), (11.0, 510, 500)):
        going_on.show(done, replayed)
    assert "not known left" in shown[0]
    assert "1.0 a second, 0:08:10 left" in shown[1]


def test_a_key_may_not_be_that_of_a_row_without_one(plan: Write, cli: Cli) -> None:
    name = plan("key,type,asset,amount\n,MAIN_FUNDING,USDT,5\n")
    [made] = cli("--json", "run", name, "--yes", "--batch", "b").rows
    text = f"key,type,asset,amount\n{made['key']},MAIN_FUNDING,USDT,5\n,MAIN_FUNDING,USDT,5\n"
    ended = cli("run", plan(text), "--yes", "--batch", "b")
    assert (ended.code, ":3: has the key of line 2" in ended.err) == (2, True)


def test_what_does_not_move_is_1_and_listed(plan: Write, cli: Cli) -> None:
    ended = cli("run", plan(HEADER + GOOD + "k2,MAIN_FUNDING,USDT,99999999,,\n"), "--yes")
    assert ended.code == 1
    assert "Careful: spot has 100000 USDT free" in ended.out
    assert "k2" in ended.out.partition("why")[2]


def test_a_used_key_with_another_transfer_is_not_moved(plan: Write, cli: Cli) -> None:
    cli("send", "MAIN_OPTION", "USDT", "5", "--key", "k1", "--yes")
    ended = cli("--json", "run", plan(HEADER + GOOD), "--yes")
    assert (ended.code, ended.rows[0]["error"]) == (1, "IdempotencyConflict")


def test_limits_are_compared_in_the_summary(plan: Write, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[profiles.p.policy]\nmax_amount = { USDT = "4" }\nmax_per_day = { USDT = "4" }\n[profiles.p]\n'
    )
    (tmp_path / "config.toml").chmod(0o600)
    ended = cli("--profile", "p", "run", plan(HEADER + GOOD), "--dry-run")
    assert ended.code == 1
    assert "outside the limits: 5 USDT is more than the 4 that one transfer may move" in ended.out
    assert "5 USDT is more than the 4 that a day may move" in ended.out


def test_a_run_ends_where_the_key_may_nothing(plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    """Going on with a key that is refused leads to a ban."""
    sandbox.exchange.plan(faults.Rejection(code=-2015, msg="no", status=401), on="transfer", times=None)
    rows = "".join(f"k{n},MAIN_FUNDING,USDT,{n}.5,,\n" for n in range(1, 60))
    ended = cli("--json", "run", plan(HEADER + rows), "--yes", "--workers", "1")
    assert ended.code == 1
    assert {row["outcome"] for row in ended.rows} == {"not_moved"}
    assert len([row for row in ended.rows if "not begun" in row["message"]]) > 50


def test_results_that_cannot_be_written_are_noticed_before(plan: Write, cli: Cli, sandbox: Sandbox) -> None:
    assert cli("run", plan(HEADER + GOOD), "--yes", "--results", "nowhere/r.jsonl").code == 2
    assert sandbox.ledger.executions() == ()


def test_a_reader_that_ends_ends_no_run(plan: Write, environment: dict[str, str], sandbox: Sandbox) -> None:
    rows = "".join(f"k{n},MAIN_FUNDING,USDT,{n}.5,,\n" for n in range(1, 6))
    command = [*COMMAND, "--json", "run", plan(HEADER + rows), "--yes"]
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        command, stdout=theirs, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": python_path()}, check=False
    )
    os.close(theirs)
    assert (done.returncode, len(sandbox.ledger.executions())) == (0, 5), done.stderr


Start = Callable[..., Terminal]


def test_a_person_is_asked_with_the_sums(plan: Write, terminal: Start, sandbox: Sandbox) -> None:
    shown = terminal("run", plan(HEADER + GOOD + "k2,MAIN_OPTION,USDT,7.5,,\n"))
    shown.wait_for("Send 2 transfers? [y/N]")
    assert "7.5" in shown.screen
    shown.type("y\n")
    assert shown.end() == 0
    assert len(sandbox.ledger.executions()) == 2


def test_declining_is_1(plan: Write, terminal: Start, sandbox: Sandbox) -> None:
    shown = terminal("run", plan(HEADER + GOOD))
    shown.wait_for("[y/N]")
    shown.type("\n")
    assert shown.end() == 1
    assert sandbox.ledger.executions() == ()


def test_ctrl_c_says_what_is_unresolved_and_how_to_go_on(
    plan: Write, terminal: Start, sandbox: Sandbox, cli: Cli, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[profiles.quick]\ntimeout_s = 1.0\n")
    config.chmod(0o600)
    sandbox.exchange.plan(faults.Hang(executes=True), on="transfer", times=None)
    sandbox.exchange.plan(faults.Firewall(), on="history", times=None)
    rows = "".join(f"k{n},MAIN_FUNDING,USDT,{n}.5,,\n" for n in range(1, 40))
    shown = terminal(
        "--profile", "quick", "run", plan(HEADER + rows), "--yes", "--results", "r.jsonl", "--workers", "2"
    )
    while not sandbox.ledger.executions():
        pass
    shown.interrupt()
    assert shown.end() == 3, shown.screen
    assert "the same command again" in shown.screen
    before = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert len(before) == 39
    assert {row["outcome"] for row in before} >= {"unknown", "not_moved"}
    sandbox.clear_faults()
    assert cli("--profile", "quick", "run", "plan.csv", "--yes", "--results", "r.jsonl").code == 0
    after = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert sorted(row["tran_id"] for row in after) == sorted(entry.tran_id for entry in sandbox.ledger.executions())

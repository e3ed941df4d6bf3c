"""Every command against the sandbox, through a pipe and through a pseudo-terminal of 80 columns."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from binance_transfer_cli.app import app
from binance_transfer_sandbox import Sandbox
from tests.cli.conftest import OURS, SEVERAL, Terminal, environment_for, python_path

PLAN = "key,from,to,asset,amount\nk1,spot,funding,USDT,5\nk2,spot,isolated_margin:BTCUSDT,USDT,1.5\n"

# In this order, in one journal: words, exit code, what a person reads.
COMMANDS: list[tuple[list[str], int, str]] = [
    (["types", "--from", "spot", "--to", "funding"], 0, "MAIN_FUNDING"),
    (["balances", "spot"], 0, "100000"),
    (["preflight"], 0, "All is well."),
    (["send", "MAIN_UMFUTURE", "USDT", "25.5", "--dry-run"], 0, "POST /sapi/v1/asset/transfer"),
    (["send", "MAIN_UMFUTURE", "USDT", "25.5", "--key", "first", "--yes"], 0, "Moved: tranId"),
    (["send", "--from", "spot", "--to", "isolated_margin:BTCUSDT", "USDT", "5", "--yes"], 0, "isolated_margin:BTCUSDT"),
    (["run", "plan.csv", "--dry-run"], 0, "2 transfers in plan.csv"),
    (["run", "plan.csv", "--yes", "--results", "results.jsonl"], 0, "moved      2"),
    (["history", "--since", "1d"], 0, "CONFIRMED"),
    (["history", "MAIN_UMFUTURE", "--since", "40d", "--csv"], 0, "tran_id,time,type,asset,amount,status"),
    (["reconcile"], 0, "Nothing is open."),
    (["reconcile", "first"], 0, "first"),
    (["audit", "--since", "1d"], 0, "Journal and history agree."),
    (["journal", "list", "--state", "moved"], 0, "k2"),
    (["journal", "show", "first"], 0, "Attempt 1"),
    (["journal", "resolve", "first", "--not-executed"], 1, "first"),
    (["journal", "correct", "first", "--tran-id", "1", "--note", "n"], 1, "window"),
    (["journal", "halt", "ask Mia"], 0, "Halted: ask Mia"),
    (["send", "MAIN_UMFUTURE", "USDT", "1", "--yes"], 1, "Not moved: sending is halted: ask Mia"),
    (["preflight"], 1, "ask Mia"),
    (["journal", "resume"], 0, "Sending goes on."),
    (["journal", "backup", "copy.db"], 0, "Copied to copy.db."),
    (["--journal", "sqlite:///copy.db", "journal", "adopt", "--note", "audited"], 0, "Adopted"),
    (["journal", "export", "--format", "csv"], 0, "key,key_state"),
    (["sandbox", "--port", "99999999"], 2, "port"),
]


def leaves(command: Any = app, path: str = "") -> Iterator[str]:
    """The path of each command that does something."""
    if not hasattr(command, "commands"):
        yield path
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, f"{path} {name}".strip())


def test_each_command_is_in_the_table() -> None:
    words = [" ".join(word for word in row[0] if not word.startswith(("-", "sqlite"))) for row in COMMANDS]
    assert [path for path in leaves() if not any(f"{each} ".startswith(f"{path} ") for each in words)] == []


@contextmanager
def over_sandbox(folder: Path, *options: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    (folder / "plan.csv").write_text(PLAN)
    words = json.dumps([[*options, *row[0]] for row in COMMANDS])
    with Sandbox() as sandbox:
        yield [*SEVERAL, words], environment_for(sandbox, folder)


def parts(text: str) -> list[tuple[int, str]]:
    """What each command said, and how it ended."""
    return [(int(code), said) for said, code in re.findall(r"(.*?)\x1f(\d+)\x1e", text, re.DOTALL)]


def piped(folder: Path, *options: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """What each command wrote to standard output and to standard error, and how it ended."""
    with over_sandbox(folder, *options) as (command, environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        done = subprocess.run(
            command,
            cwd=folder,
            env=clean | environment | {"PYTHONPATH": python_path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return parts(done.stdout), parts(done.stderr)


def shown(folder: Path) -> list[tuple[int, str]]:
    """What each command showed at a terminal, without colours, and how it ended."""
    with over_sandbox(folder) as (command, environment):
        terminal = Terminal(command, environment, folder)
        try:
            assert terminal.end() == 0, terminal.screen
        finally:
            terminal.close()
    # Each command ends with its code twice, once for each stream, and here both are the screen.
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.screen).replace("\r\n", "\n")
    return parts(plain)[::2]


def ended_otherwise(told: list[tuple[int, str]]) -> list[tuple[str, int, str]]:
    """The commands that did not end or say what the table says."""
    assert len(told) == len(COMMANDS)
    return [
        (" ".join(words), ended, said)
        for (words, code, text), (ended, said) in zip(COMMANDS, told, strict=True)
        if ended != code or re.sub(r"\s+", "", text) not in re.sub(r"\s+", "", said)
    ]


@pytest.mark.thorough
def test_through_a_pipe_without_colour(tmp_path: Path) -> None:
    out, err = piped(tmp_path)
    both = [(code, said + noted) for (code, said), (_, noted) in zip(out, err, strict=True)]
    assert ended_otherwise(both) == []
    assert [said for _, said in both if "\x1b" in said] == []


@pytest.mark.thorough
def test_at_a_terminal_of_80_columns(tmp_path: Path) -> None:
    """What fits no line is folded; only the log, what is to be pasted, and CSV may be longer."""
    told = shown(tmp_path)
    assert ended_otherwise(told) == []
    tables = [said for (words, _, _), (_, said) in zip(COMMANDS, told, strict=True) if "csv" not in " ".join(words)]
    assert [
        line for said in tables for line in said.splitlines() if len(line) > 80 and not line.startswith("WARNING")
    ] == []


# A text for another reader, and the sandbox, which is for a shell.
NO_JSON = ("--csv", "export", "sandbox")


def test_standard_output_is_json_with_that_option(tmp_path: Path) -> None:
    out, _ = piped(tmp_path, "--json")
    for (words, code, _), (ended, said) in zip(COMMANDS, out, strict=True):
        if not set(NO_JSON) & set(words):
            assert (words, ended) == (words, code)
            assert all(isinstance(json.loads(line), dict) for line in said.strip().splitlines()), words

"""Help texts and documents cannot drift apart."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from binance_transfer_cli.app import app
from binance_transfer_cli.manual import written

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_page_holds_what_help_says() -> None:
    assert written(PAGE) == PAGE, "run: .venv/bin/python -m binance_transfer_cli.manual docs/cli.md"


def commands(command: click.Command = app, path: str = "binance-transfer") -> dict[str, click.Command]:
    inner = command.commands if isinstance(command, click.Group) else {}
    below = [commands(each, f"{path} {name}") for name, each in inner.items()]
    return {path: command} | {name: each for group in below for name, each in group.items()}


@pytest.mark.parametrize("path", commands())
def test_each_help_shows_an_example_of_the_command(path: str) -> None:
    program, _, rest = path.partition(" ")
    assert re.search(rf"\$ {program} .*{rest}", commands()[path].epilog or "")


EXAMPLES = re.findall(r"^\s*\$ (binance-transfer .*)$", PAGE + README, re.MULTILINE)


@pytest.mark.parametrize("example", sorted(set(EXAMPLES)))
def test_each_example_can_be_parsed(example: str) -> None:
    """Every word of an example is one that the command takes."""
    words = shlex.split(re.split(r" [>|&]", example)[0])[1:]
    command: click.Command = app
    context = click.Context(app, info_name="binance-transfer")
    while isinstance(command, click.Group):
        _, (name, *words), _ = command.make_parser(context).parse_args(words)
        command = command.commands[name]
        context = click.Context(command, info_name=name, parent=context)
    command.parse_args(context, words)


def test_no_help_shows_a_mark_of_clicks() -> None:
    assert "\\b" not in PAGE


def test_the_list_of_commands_is_not_cut() -> None:
    assert re.findall(r"^  \w+ .*\.\.\.$", PAGE, re.MULTILINE) == []


@pytest.mark.thorough
def test_the_readmes_five_minutes_can_be_pasted(tmp_path: Path) -> None:
    """All at once, as a shell takes them; `--yes` is for the answers that a person would give."""
    [block] = re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    agreed = [re.sub(r"^(binance-transfer (?:send|run))", r"\1 --yes", line) for line in lines]
    script = "\n".join(["set -e", "trap 'kill %1' EXIT", "set -m", *agreed])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BINANCE_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=kept | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert (tmp_path / "results.jsonl").read_text().count('"moved"') == 2
    assert done.stdout.rpartition("first sent")[2].count(" moved ") == 3

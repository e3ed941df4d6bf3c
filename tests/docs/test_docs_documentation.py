"""docs/drift.md and the workflow file say what the command does."""

import argparse
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from generator import docs
from generator.docs import PROJECT
from generator.docs.verdict import Kind

DRIFT = (PROJECT / "docs" / "drift.md").read_text(encoding="utf-8")
WORKFLOW = PROJECT / "docs" / "ci" / "docs-check.yml"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    docs.add_arguments(parser)
    return parser


@pytest.mark.parametrize("kind", Kind.__args__)  # type: ignore[attr-defined]
def test_every_kind_of_finding_is_described(kind: str) -> None:
    """In the table of facts."""
    assert f"`{kind}`" in DRIFT


def test_every_option_is_described_and_exists() -> None:
    """But for --help, and for --spec, which tests use."""
    known = {option for action in _parser()._actions for option in action.option_strings if option.startswith("--")}
    named = set(re.findall(r"(?<![\w-])--[a-z]+", DRIFT)) - {"--constraint", "--editable"}
    assert named == known - {"--help", "--spec"}


def _commands() -> list[str]:
    workflow: Any = YAML(typ="safe", pure=True).load(WORKFLOW.read_text(encoding="utf-8"))
    steps = workflow["jobs"]["compare"]["steps"]
    return [step["run"].splitlines()[0] for step in steps if "run" in step]


def test_the_workflow_runs_the_commands_of_the_page() -> None:
    """The two lines for any other scheduler are the same."""
    assert len(_commands()) == 2
    assert all(f"    {command}\n" in DRIFT for command in _commands())


def test_the_workflow_calls_the_command_as_it_is() -> None:
    """Its options parse."""
    *_, command = _commands()
    options = _parser().parse_args(command.split()[3:])
    assert (options.fetch, options.require, options.page) == (True, ["sdk"], [])

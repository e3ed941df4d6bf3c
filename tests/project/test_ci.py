"""What runs by itself before a commit and after it: the same targets and the same tools everywhere."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project.places import PROJECT

RUN = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
WORKFLOW = PROJECT / ".github" / "workflows" / "ci.yml"
WORKFLOWS = [WORKFLOW, *sorted((PROJECT / "docs" / "ci").glob("*.yml"))]
BIN = Path(sys.executable).parent
HOOKS = PROJECT / ".pre-commit-config.yaml"
PROGRAMS = sorted(set(re.findall(r"\.venv/bin/([\w-]+)", HOOKS.read_text(encoding="utf-8"))))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_it_can_be_run() -> None:
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)


def test_the_first_step_is_the_readmes_test_command() -> None:
    assert re.findall(r"^run (\w+)", RUN, re.MULTILINE)[0] == "test"


def test_no_test_runs_twice_on_one_python() -> None:
    """The coverage of all is added up, not measured by running all again."""
    targets = re.findall(r"^run (\w+)", RUN, re.MULTILINE)
    assert len(targets) == len(set(targets))
    assert "coverage" not in targets


def test_the_workflow_calls_the_same_targets() -> None:
    jobs = read(WORKFLOW)["jobs"]
    called = {word for line in jobs["checks"]["strategy"]["matrix"]["target"] for word in line.split()}
    called |= {word for step in jobs["test"]["steps"] for word in step.get("run", "").split()}
    same = {"thorough": "coverage", "pythons": "test"}  # coverage is all tests; test has a matrix of Pythons
    assert {same.get(target, target) for target in re.findall(r"^run (\w+)", RUN, re.MULTILINE)} <= called


def test_the_workflow_runs_on_each_python_that_is_supported() -> None:
    project = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    supported = re.findall(r"Python :: (3\.\d+)", project)
    assert read(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["python"] == supported


def test_both_ask_for_the_same_coverage() -> None:
    [share] = set(re.findall(r"--cov-fail-under=(\d+)", RUN + WORKFLOW.read_text(encoding="utf-8")))
    assert int(share) >= 95


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read(path: Path) -> None:
    """But for a job that says so itself, and such a job runs nothing that was read or installed."""
    workflow = read(path)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for job in workflow["jobs"].values():
        if "write" in job.get("permissions", {}).values():
            lines = "".join(step.get("run", "") for step in job["steps"])
            assert not re.search(r"python|make|pip", lines)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_named_by_commit(path: Path) -> None:
    """A tag can be moved to other code."""
    used = [step["uses"] for job in read(path)["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []


def test_the_hooks_are_valid() -> None:
    subprocess.run([BIN / "pre-commit", "validate-config", HOOKS], check=True)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_hook_runs_what_is_locked(program: str) -> None:
    assert os.access(BIN / program, os.X_OK)


def test_no_hook_downloads_anything() -> None:
    assert {repository["repo"] for repository in read(HOOKS)["repos"]} == {"local"}

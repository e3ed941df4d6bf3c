"""The Makefile: small, and explained by itself."""

import re
import subprocess

import pytest

from tests.project.places import PROJECT

MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)


def test_help_lists_each_target() -> None:
    done = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert re.findall(r"^  make ([a-z-]+) +\S", done.stdout, re.MULTILINE) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_phony(target: str) -> None:
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert target in phony.split()


def test_no_recipe_has_more_than_three_lines() -> None:
    recipes = re.findall(r"^[^\s#.][^\n]*:[^\n=]*\n((?:\t[^\n]*\n)+)", MAKEFILE, re.MULTILINE)
    assert len(recipes) >= len(TARGETS) - 1
    assert max(recipe.count("\n") for recipe in recipes) == 3


def test_an_old_python_is_refused_with_advice(tmp_path: object) -> None:
    """The check itself runs on any Python: here its limit is moved instead."""
    [check] = re.findall(r"-c '(import sys; .*)'", MAKEFILE)
    done = subprocess.run(
        [PROJECT / ".venv/bin/python", "-c", check.replace("(3, 11)", "(9, 9)")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "make PYTHON=/path/to/python3" in done.stderr) == (1, True)

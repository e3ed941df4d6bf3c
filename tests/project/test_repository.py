"""What is in the repository, and what must not be."""

import os
import re
import subprocess
from importlib.metadata import requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.places import PROJECT, files, pyproject

PINS = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
DISTRIBUTION = "binance-universal-transfer"

# Written in two parts, so that this file does not hold what it looks for.
FORBIDDEN = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry.npmjs" + ".org",
    "/root" + "/",
    "/home" + "/",
    "/work" + "/",
    "/opt" + "/",
    "../sha" + "red",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_nothing_names_a_machine_or_a_registry(text: str) -> None:
    allowed = {PROJECT / ".ci" / "run"} if text.startswith("..") else set()
    found = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in files()
        if path not in allowed
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if re.search(rf"(?<![\w.]){re.escape(text)}" if text.startswith("/") else re.escape(text), line)
    ]
    assert found == []


def test_generated_files_are_marked() -> None:
    path = "generated_client/binance_transfer_api/types.py"
    command = ["git", "check-attr", "linguist-generated", path]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{path}: linguist-generated: true"


def test_changelog_knows_the_version() -> None:
    versions = re.findall(r"^## \[(\d.*?)\]", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == pyproject()["project"]["version"] == version(DISTRIBUTION)


def test_ci_can_be_run() -> None:
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)


def test_each_pin_is_exact_and_no_address() -> None:
    assert [pin for pin in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", pin)] == []


def test_pins_are_sorted_and_unique() -> None:
    names = [canonicalize_name(pin.partition("==")[0]) for pin in PINS]
    assert names == sorted(set(names))


def test_all_that_is_needed_is_pinned() -> None:
    """Whatever any extra brings in, on this Python."""
    pinned = {canonicalize_name(pin.partition("==")[0]) for pin in PINS}
    extras = pyproject()["project"]["optional-dependencies"]
    assert sorted(needed(DISTRIBUTION, frozenset(extras)) - pinned - {DISTRIBUTION}) == []


def needed(name: str, extras: frozenset[str]) -> set[str]:
    """The names of a distribution and of all that it requires."""
    seen: set[tuple[str, frozenset[str]]] = set()
    ahead = [(canonicalize_name(name), extras)]
    while ahead:
        name, extras = ahead.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for requirement in map(Requirement, requires(name) or []):
            environments = [{"extra": extra} for extra in extras or {""}]
            if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
                ahead.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in seen}

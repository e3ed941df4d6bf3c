"""What is in the repository, and what must not be."""

import os
import re
import subprocess
from importlib.metadata import version

import pytest

from tests.project.places import PROJECT, files, pyproject

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
    assert versions[0] == pyproject()["project"]["version"] == version("binance-universal-transfer")


def test_ci_can_be_run() -> None:
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)

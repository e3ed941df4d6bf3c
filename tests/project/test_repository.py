"""What is in the repository, and what must not be."""

import re
import subprocess
from importlib.metadata import version

import pytest

import binance_transfer as bt
from tests.project.places import PROJECT, files

# What is true of one machine only, and hosts that another network reaches by another name or not at all.
FOREIGN = re.compile(
    r"(?<![\w.~-])/(root|home|work|opt|mnt|srv|Users|Library)/"
    r"|\b[A-Z]:\\{1,2}(Users|Program)"
    r"|\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|crates\.io|proxy\.golang|anaconda\.(org|com)"
    r"|deb\.debian|archive\.ubuntu|docker\.io|ghcr\.io|quay\.io)"
    r"|--(index-url|extra-index-url|find-links)[ =]\S*:"
    r"|\.\./shared\b"
)
ALLOWED = {PROJECT / ".ci" / "run": "../sha" + "red"}

# Each in two parts, so that this file does not hold what it looks for.
EXAMPLES = [
    "see /ro" + "ot/.config",
    "in /ho" + "me/me/project",
    "=/wo" + "rk/project",
    "(/Us" + "ers/me)",
    "C:" + "\\Users\\me",
    "https://py" + "pi.org/simple",
    "https://files.pythonho" + "sted.org/packages",
    "https://registry.npm" + "js.org/left-pad",
    "--index" + "-url https://example.com",
    "--find" + "-links https://example.com",
    "../sha" + "red/pages",
]


def test_nothing_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{number}: {match[0]}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if (match := FOREIGN.search(line)) and match[0] != ALLOWED.get(path)
    ]
    assert found == []


@pytest.mark.parametrize("line", EXAMPLES)
def test_such_a_name_would_be_found(line: str) -> None:
    assert FOREIGN.search(line)


@pytest.mark.parametrize("line", ["a/work/b", "~/work/", "spec/home/", "https://example.com/home/page"])
def test_other_paths_are_not_taken_for_a_machines(line: str) -> None:
    assert not FOREIGN.search(line)


def test_generated_files_are_marked() -> None:
    path = "generated_client/binance_transfer_api/types.py"
    command = ["git", "check-attr", "linguist-generated", path]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{path}: linguist-generated: true"


def test_changelog_knows_the_version() -> None:
    versions = re.findall(r"^## \[(\d.*?)\]", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == bt.__version__ == version("binance-universal-transfer")

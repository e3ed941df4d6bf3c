"""What is published: what git has, whatever lies beside it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.distribution import (
    differences,
    in_sdist,
    in_wheel,
    tracked,
    wanted_in_sdist,
    wanted_in_wheel,
)
from tests.project.places import PROJECT

# What people leave in a checkout: keys, journals and what belongs to them, notes, other tools' files.
LEFT_LYING = (
    ".env",
    ".env.production",
    "key.pem",
    "id_ed25519",
    "transfers.db",
    "transfers.db-wal",
    "transfers.db-shm",
    "transfers.db-journal",
    "transfers.sqlite3",
    "credentials.ini",
    "dump.sql",
)
KNOWN = tracked()
FOLDERS = sorted({parent.as_posix() for name in KNOWN for parent in Path(name).parents})
UNKNOWN_IN_WHEEL = "binance_transfer/scratch.py"
UNKNOWN = f"wrapper/{UNKNOWN_IN_WHEEL}"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both archives of a copy in which such files lie everywhere, and git ignores none of them."""
    root = tmp_path_factory.mktemp("checkout")
    for name in KNOWN:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, root / name)
    (root / ".gitignore").write_text("")
    for folder in FOLDERS:
        for name in LEFT_LYING:
            (root / folder / name).write_text("secret", encoding="utf-8")
    (root / UNKNOWN).touch()
    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--target", "wheel"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return root / "dist"


def test_the_sdist_is_what_git_has(dist: Path) -> None:
    """But for a module that git does not have: its kind is listed, so it is packed, and only git can tell."""
    [sdist] = dist.glob("*.tar.gz")
    assert list(differences("sdist", in_sdist(sdist), wanted_in_sdist(KNOWN) | {UNKNOWN})) == []
    [problem] = differences("sdist", in_sdist(sdist), wanted_in_sdist(KNOWN))
    assert problem.startswith(f"sdist: {UNKNOWN} is packed")


def test_the_wheel_is_what_git_has_of_the_packages(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    assert list(differences("wheel", in_wheel(wheel) - {UNKNOWN_IN_WHEEL}, wanted_in_wheel(KNOWN))) == []


def test_a_file_whose_kind_is_not_listed_is_reported() -> None:
    [problem] = differences("wheel", set(), {"binance_transfer/new.kind"})
    assert problem.startswith("wheel: binance_transfer/new.kind is missing")


@pytest.mark.parametrize("name", [".env", "transfers.db", "transfers.db-wal", "tests/transfers.db-shm", "docs/key.pem"])
def test_git_ignores_keys_and_journals(name: str) -> None:
    subprocess.run(["git", "check-ignore", "--quiet", "--no-index", name], cwd=PROJECT, check=True)

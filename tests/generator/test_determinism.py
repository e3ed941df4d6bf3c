"""The same spec gives the same bytes, wherever and however the generator runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.__main__ import PROJECT
from tests.generator.packages import contents
from tests.support.marks import thorough

# Names, formatting and import order that would all come out differently if any of it were read.
HOSTILE_PYPROJECT = """
[tool.ruff]
line-length = 40
indent-width = 2
exclude = ["*.py"]
[tool.ruff.format]
quote-style = "single"
skip-magic-trailing-comma = true
[tool.ruff.lint]
select = ["ALL"]
[tool.ruff.lint.isort]
force-single-line = true
known-first-party = ["attrs", "collections"]
"""
VENV = str(Path(sys.executable).parent)

# What stands around a run → additions to its environment.
SURROUNDINGS: dict[str, dict[str, str]] = {
    "hash seed 1, venv on PATH": {"PYTHONHASHSEED": "1", "PATH": f"{VENV}{os.pathsep}{os.defpath}"},
    "hash seed 2, nothing on PATH, C locale": {
        "PYTHONHASHSEED": "2",
        "PATH": "",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    },
}

FIRST, *OTHERS = SURROUNDINGS


@pytest.mark.parametrize("name", [FIRST, *thorough(*OTHERS)])
def test_a_run_in_hostile_surroundings_writes_the_committed_bytes(name: str, tmp_path: Path, committed: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(HOSTILE_PYPROJECT)
    (tmp_path / "ruff.toml").write_text("line-length = 30\n")
    (tmp_path / ".gitignore").write_text("models/\ntypes.py\n")
    (tmp_path / ".git").mkdir()
    for module in ("attrs", "httpx"):  # beside the working directory, a formatter may take them for ours
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").touch()
    package = tmp_path / "build" / committed.name

    done = subprocess.run(
        [sys.executable, "-P", "-m", "generator", "generate", "--output", str(package)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT), "HOME": str(tmp_path), **SURROUNDINGS[name]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert contents(package) == contents(committed)

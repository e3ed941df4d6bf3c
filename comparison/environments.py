"""
A virtual environment for each of the other clients.

One rule: exactly what its file in locks/ lists is installed.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from comparison.clients import OURS

PROJECT: Final = Path(__file__).resolve().parents[1]
_LOCKS: Final = PROJECT / "locks"
_INSTALL_S: Final = 600


class NotInstalled(Exception):
    """The client cannot be installed here. The message says why, in one line."""


def python_of(name: str) -> Path:
    """Return the interpreter that has a client, creating its environment if necessary; raises NotInstalled."""
    if name == OURS:
        return Path(sys.executable)
    wanted = _lock(name)
    environment = PROJECT / f".venv-compare-{name}"
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = environment / ".ready"  # written last: without it, an environment is incomplete
    if not done.exists() or done.read_text() != wanted:
        print(f"installing {name} …", file=sys.stderr)
        _run([sys.executable, "-m", "venv", "--clear", str(environment)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        _run([*pip, "--only-binary", ":all:", "--require-hashes", "--requirement", str(_LOCKS / f"{name}.txt")])
        done.write_text(wanted)
    return python


def version_of(name: str) -> str:
    """Return the version of a client: the pinned one, and our own."""
    if name == OURS:
        from importlib.metadata import version

        return version(OURS)
    [version] = re.findall(rf"^{name}==(\S+)", _lock(name), re.MULTILINE)
    return str(version)


def _lock(name: str) -> str:
    return (_LOCKS / f"{name}.txt").read_text(encoding="utf-8")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"not installed within {_INSTALL_S} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise NotInstalled(lines[0] if lines else "the installer says nothing")

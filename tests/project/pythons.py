"""
The tests on each supported Python that is on this machine: `make pythons`.

One rule: a Python that is missing is named and passed over; one that fails fails the whole.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
CURRENT = ".".join(map(str, sys.version_info[:2]))

# The same on each: what type checkers say, what the documents hold, and what a seed or other clients lead to.
ELSEWHERE = ("typing", "project", "simulator", "comparison")
ARGUMENTS = " ".join(["--quiet", *(f"--ignore tests/{folder}" for folder in ELSEWHERE)])


def candidates(version: str) -> Iterator[str]:
    """Yield what may be an interpreter of this version: on the path, then those of pyenv, newest first."""
    yield f"python{version}"
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        found = Path(root).glob(f"versions/{version}.*/bin/python")
        yield from map(str, sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))])[::-1])


def interpreter(version: str) -> str | None:
    """Find CPython of a version. One on the path may be a shim that only says that it is not there."""
    question = "import platform, sys; print(platform.python_implementation(), '%d.%d' % sys.version_info[:2])"
    for candidate in filter(shutil.which, candidates(version)):
        done = subprocess.run([candidate, "-c", question], capture_output=True, text=True, check=False)
        if done.stdout.split() == ["CPython", version]:
            return candidate
    return None


def main(arguments: list[str]) -> int:
    """Run the tests with each, but with `--others` not with this one, and return the exit code."""
    wanted = [version for version in VERSIONS if "--others" not in arguments or version != CURRENT]
    found = {version: path for version in wanted if (path := interpreter(version))}
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS"}}
    failed = []
    for version in wanted:
        if version not in found:
            print(f"CPython {version} is not here", flush=True)
            continue
        started = time.monotonic()
        command = ["make", "test", f"VENV=.venv-{version}", f"PYTHON={found[version]}", f"ARGS={ARGUMENTS}"]
        code = subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
        print(f"CPython {version}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
        failed += [version] if code else []
    print(f"{len(found) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

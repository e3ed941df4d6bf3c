"""
The vendor's SDK on the package index, through pip.

One rule: only wheels are taken, without their dependencies: building an sdist would run what is in it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from generator.docs.blocks import Unreadable

_TIMEOUT_S = 300
_LARGEST_LISTING_BYTES = 5_000_000
_LISTING = "application/vnd.pypi.simple.v1+json"
_INDEX = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"  # pip's own default has no public name


class Release(NamedTuple):
    """A version that has a wheel, and the day on which it was uploaded, if the index tells."""

    version: str
    day: str


def download_wheel(package: str, folder: Path, version: str = "") -> Path:
    """Download one version, or the newest one, raising Unreadable."""
    requirement = f"{package}=={version}" if version else package
    options = ("--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--quiet")
    before = set(folder.iterdir())
    _pip("-m", "pip", "download", *options, "--dest", str(folder), requirement)
    new = [file for file in folder.iterdir() if file not in before and file.suffix == ".whl"]
    if len(new) != 1:
        message = f"pip downloaded no wheel of {requirement}"
        raise Unreadable(message)
    return new[0]


def releases(package: str) -> list[Release]:
    """Every version on the index, the oldest first, raising Unreadable."""
    from generator.docs.download import download  # noqa: PLC0415 - its import takes a while

    index = os.environ.get("PIP_INDEX_URL") or _configured_index()
    content, _ = download(f"{index.rstrip('/')}/{package}/", largest_bytes=_LARGEST_LISTING_BYTES, accept=_LISTING)
    try:
        files = json.loads(content)["files"]
        days = {
            str(file["filename"]).split("-")[1]: str(file.get("upload-time", ""))[:10]
            for file in files
            if str(file["filename"]).endswith(".whl")
        }
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        message = f"the package index does not list {package} as JSON"
        raise Unreadable(message) from error
    return [Release(version, days[version]) for version in sorted(days, key=_order)]


def _configured_index() -> str:
    try:
        return _pip("-m", "pip", "config", "get", "global.index-url")
    except Unreadable:
        return _pip("-c", _INDEX)


def _pip(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - all arguments are ours
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"pip could not be run: {error}"
        raise Unreadable(message) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        message = f"pip failed: {lines[-1][:300]}"
        raise Unreadable(message)
    return done.stdout.strip()


def _order(version: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]

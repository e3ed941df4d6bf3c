"""
The tree of generated files.

One rule: it is replaced whole or not at all, and only what this generator wrote is ever replaced.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MARK: Final = "# Generated from spec/"  # never reworded: it tells a tree of ours from anything else
BANNER: Final = (
    f"{_MARK}openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).\n"
    "# Do not edit: change the spec or generator/templates/ and generate again."
)


class ForeignFolder(Exception):
    """The output folder holds something that this generator did not write. Choose another one, or empty it."""


def require_ours(folder: Path) -> None:
    """Raise ForeignFolder unless a folder is missing, empty or a package that was generated."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    marker = folder / "__init__.py"
    if not marker.is_file() or not marker.read_bytes().startswith(_MARK.encode()):
        message = f"{folder} is no package that this generator wrote, and it would be replaced as a whole"
        raise ForeignFolder(message)


def replace(old: Path, new: Path) -> None:
    """Put `new` in the place of `old`. Whatever goes wrong, Ctrl-C included, the place is not left empty."""
    retired = new.with_name("retired")
    try:
        if old.exists():
            old.rename(retired)
        new.rename(old)
    except BaseException:
        if retired.exists() and not old.exists():
            retired.rename(old)
        raise


def differences(old: Path, new: Path) -> dict[str, str]:
    """Relative path → unified diff, for each file that differs."""
    before, after = _files(old), _files(new)
    return {
        name: "\n".join(_difference(name, before.get(name), after.get(name)))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def _difference(name: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    yield f"{name}: " + ("missing" if before is None else "superfluous" if after is None else "differs")
    # Split at line feeds alone: whatever else differs, a carriage return for one, shows as a line of the diff.
    old, new = ((content or b"").decode(errors="backslashreplace").split("\n") for content in (before, after))
    yield from difflib.unified_diff(old, new, f"committed/{name}", f"generated/{name}", lineterm="")


def _files(folder: Path) -> dict[str, bytes]:
    """Relative path → content. Bytecode is nobody's source."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

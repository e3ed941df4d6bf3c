"""The small spec of the tests, and what a folder holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

MINIMAL: Final = Path(__file__).parent / "minimal_spec"


def contents(folder: Path) -> Mapping[str, bytes]:
    """Relative path → bytes of every file, bytecode aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

"""
The file of results: one JSON object a row of the plan.

One rule: it is there whole or as it was before, and for its owner alone.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkstemp

from binance_transfer_cli.outcomes import Result


def check_writable(path: Path) -> None:
    """Raise OSError where a file could not be put there: before anything is sent, not afterwards."""
    descriptor, scratch = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    Path(scratch).unlink()
    if path.is_dir():
        raise IsADirectoryError(21, "is a directory", str(path))


def write(path: Path, results: Iterable[Result]) -> None:
    """Replace the file."""
    descriptor, scratch = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(result.to_dict()) + "\n" for result in results)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise

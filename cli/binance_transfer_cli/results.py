"""
The file of results: one JSON object a row of the plan.

One rule: it is there whole or as it was before, and for its owner alone.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

from binance_transfer.export.files import output_file, replace_file
from binance_transfer_cli.outcomes import Result


def checked_file(name: str, in_use: Iterable[Path]) -> Path:
    """Return the file that a name leads to; raises ValueError where it cannot be written: before anything is sent."""
    file = output_file(name, in_use)
    try:
        TemporaryFile(dir=file.parent).close()
    except OSError as error:
        message = f"{name} cannot be written: {error.strerror}"
        raise ValueError(message) from None
    return file


def write(file: Path, results: Iterable[Result]) -> None:
    """Replace the file; raises OSError."""
    replace_file(file, (json.dumps(result.to_dict()).encode() + b"\n" for result in results))

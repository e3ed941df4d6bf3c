"""
What an export writes, and how a file is replaced.

One rule: an export is for its reader alone. A file is readable by its owner only, and is there whole or not at all. It
replaces a regular file or none, and never one that is in use.
"""

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import mkstemp

from binance_transfer.export import to_csv, to_html, to_jsonl
from binance_transfer.journal import Journal
from binance_transfer.journal.records import Entry


def export(url: str, account: str, form: str, output: str | None, now_ms: int) -> None:
    """
    Write all keys of an account. A reader of standard output that ends is no error.

    Raises ValueError where there is no way to write it, and JournalFailed.
    """
    file = None if output is None else output_file(output, journal_files(url))
    with Journal.for_reading(url, account=account) as journal:
        entries = list(journal.entries())
    data = _text(entries, form, account, now_ms).encode("utf-8", "backslashreplace")
    try:
        if file is not None:
            replace_file(file, [data])
        else:
            _write_out(data)
    except OSError as error:
        message = f"cannot write {output or 'the output'}: {error.strerror}"
        raise ValueError(message) from None


def _text(entries: Sequence[Entry], form: str, account: str, now_ms: int) -> str:
    match form:
        case "csv":
            return to_csv(entries)
        case "jsonl":
            return to_jsonl(entries)
        case _:
            return to_html(entries, account=account, now_ms=now_ms)


def _write_out(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        # Python flushes it once more when it ends, which would fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


def output_file(name: str, in_use: Iterable[Path] = ()) -> Path:
    """
    Return the file that a name leads to, symbolic links followed. Raises ValueError where it must not be replaced.

    in_use: files that have to stay as they are, there or not.
    """
    if name == "-":
        message = "- is no file: give the name of one, such as ./out"
        raise ValueError(message)
    try:
        file = Path(name).resolve()
        is_circle = file.is_symlink()  # which Python 3.13 does not raise for
        is_regular = not is_circle and (not file.exists() or stat.S_ISREG(file.stat().st_mode))
        taken = [other for other in in_use if file == other.resolve() or (file.exists() and _is_same(file, other))]
        has_folder = file.parent.is_dir()
    except (OSError, RuntimeError) as error:  # links that lead in a circle, folders that may not be looked into
        message = f"{name!r} cannot be written: {getattr(error, 'strerror', None) or error}"
        raise ValueError(message) from None
    if not name or not is_regular:
        message = f"{name!r} is not a regular file: give the name of a file, there or not"
        raise ValueError(message)
    if taken:
        message = f"{name} is in use ({taken[0]}): give another file"
        raise ValueError(message)
    if not has_folder:
        message = f"{name} cannot be written: No such file or directory: {file.parent}"
        raise ValueError(message)
    return file


def _is_same(file: Path, other: Path) -> bool:
    return other.exists() and file.samefile(other)


def journal_files(url: str) -> list[Path]:
    """Return the files of a journal in SQLite, there or not; none for another."""
    scheme, _, path = url.partition(":///")
    if not scheme.startswith("sqlite") or not path:
        return []
    return [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]


def replace_file(file: Path, parts: Iterable[bytes]) -> None:
    """Replace a file as a whole, or leave it as it was; raises OSError."""
    descriptor, scratch = mkstemp(dir=file.parent, prefix=".binance-transfer-")  # for its owner alone from the start
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.writelines(parts)
            written.flush()
            os.fsync(written.fileno())
        Path(scratch).replace(file)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise

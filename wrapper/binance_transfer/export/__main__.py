"""
Export a journal: `python -m binance_transfer.export URL --account NAME --format csv|jsonl|html [--output FILE]`.

One rule: an export is for its reader alone. A file is readable by its owner only, and is there whole or not at all.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from binance_transfer.errors import JournalFailed
from binance_transfer.export import to_csv, to_html, to_jsonl
from binance_transfer.journal import Journal
from binance_transfer.journal.records import Entry

_USAGE: Final = 2


def main(arguments: Sequence[str] | None = None, *, now_ms: Callable[[], int] = lambda: time.time_ns() // 10**6) -> int:
    """Export, and return the exit code: 0, or 2 where there is nothing to export from or no way to write it."""
    options = _parser().parse_args(arguments)
    try:
        with Journal.for_reading(options.url, account=options.account) as journal:
            entries = list(journal.entries())
    except (JournalFailed, ValueError) as error:
        return _refused(str(error))
    text = _text(entries, options.format, options.account, now_ms())
    try:
        _write(text, options.output)
    except OSError as error:
        return _refused(f"cannot write {options.output or 'the output'}: {error.strerror}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m binance_transfer.export",
        description="Export what a journal knows of an account. Workers may go on meanwhile.",
        epilog="A password in URL is visible to others on this machine: use ~/.pgpass or PGPASSWORD instead.",
    )
    parser.add_argument("url", metavar="URL", help="sqlite:///transfers.db or postgresql+psycopg://user@host/database")
    parser.add_argument("--account", required=True, metavar="NAME", help="the account, as the journal calls it")
    parser.add_argument("--format", required=True, choices=("csv", "jsonl", "html"), help="what to write")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to, instead of standard output")
    return parser


def _text(entries: Sequence[Entry], form: str, account: str, now_ms: int) -> str:
    match form:
        case "csv":
            return to_csv(entries)
        case "jsonl":
            return to_jsonl(entries)
        case _:
            return to_html(entries, account=account, now_ms=now_ms)


def _write(text: str, output: Path | None) -> None:
    data = text.encode("utf-8", "backslashreplace")
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    descriptor, scratch = mkstemp(dir=output.parent, prefix=f".{output.name}.")  # for its owner alone from the start
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(scratch).replace(output)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _refused(reason: str) -> int:
    print(f"error: {reason}", file=sys.stderr)
    return _USAGE


if __name__ == "__main__":
    sys.exit(main())

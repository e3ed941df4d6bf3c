"""
The command of an export: `python -m binance_transfer.export URL --account NAME --format FORMAT [--output FILE]`.

One rule: it only reads its arguments; what is written, and how, is for `files`.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from binance_transfer.errors import JournalFailed
from binance_transfer.export.files import export

_USAGE: Final = 2


def main(arguments: Sequence[str] | None = None, *, now_ms: Callable[[], int] = lambda: time.time_ns() // 10**6) -> int:
    """Export, and return the exit code: 0, or 2 where there is nothing to export from or no way to write it."""
    options = _parser().parse_args(arguments)
    try:
        export(options.url, options.account, options.format, options.output, now_ms())
    except (JournalFailed, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return _USAGE
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
    parser.add_argument("--output", metavar="FILE", help="where to, instead of standard output")
    return parser


if __name__ == "__main__":
    sys.exit(main())

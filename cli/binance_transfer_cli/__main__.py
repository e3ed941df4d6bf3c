"""
`binance-transfer`, and `python -m binance_transfer_cli`.

One rule: whatever ends a command ends it with one of four codes (outcomes.Exit) and one line of text, and no error
shows a value that may be a secret.
"""

import logging
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from binance_transfer_cli import streams


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and end the process."""
    streams.open_missing()
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError as error:
        sys.exit(f"binance-transfer needs {error.name}: pip install 'binance-universal-transfer[cli]'")
    code = run(arguments)
    streams.finish()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    import click

    from binance_transfer_cli.app import app
    from binance_transfer_cli.outcomes import Exit

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        return int(app.main(arguments, prog_name="binance-transfer", standalone_mode=False) or 0)
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _report_error("interrupted", Exit.INCOMPLETE)
    except Exception as error:
        known = _known(error)
        if known is None:
            logging.getLogger("binance_transfer").exception("a fault of this program: look before you send again")
            return Exit.UNKNOWN
        return _report_error(*known)


def _known(error: Exception) -> tuple[str, int] | None:
    """Return what to say of an error and how to end; None for one that nobody has foreseen."""
    import binance_transfer as bt
    from binance_transfer_cli.outcomes import Exit

    match error:
        case bt.ResolutionRefused():
            return str(error), Exit.INCOMPLETE
        case ValueError():  # InvalidTransfer among them
            return str(error), Exit.USAGE
        case bt.TransferError():
            return str(error), Exit.UNKNOWN
        case OSError() | sqlite3.Error():  # those of files that the user names are foreseen where they are opened
            return str(error), Exit.UNKNOWN
        case _:
            return None


def _report_error(message: str, code: int) -> int:
    from binance_transfer_cli.screen import Screen

    Screen(as_json=True).note(f"Error: {message}", "red")
    return code


if __name__ == "__main__":
    main()

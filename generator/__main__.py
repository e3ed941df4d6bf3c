"""The command line: `python -m generator generate | check | docs | history`."""

import argparse
import io
import os
import sys
from pathlib import Path

from generator import docs

PROJECT = Path(__file__).resolve().parent.parent

_PIPE_CLOSED = 141  # as a shell says of a program that SIGPIPE has ended


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code of the process."""
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in (
        ("generate", "write the client that the spec describes"),
        ("check", "exit 1 with a diff where the written client is not what the spec describes"),
    ):
        command = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        command.add_argument(
            "--spec",
            type=Path,
            default=PROJECT / "spec",
            metavar="FOLDER",
            help="holds openapi.yaml and error_codes.yaml",
        )
        command.add_argument(
            "--output",
            type=Path,
            default=PROJECT / "generated_client" / "binance_transfer_api",
            metavar="FOLDER",
            help="the package to write or to check",
        )
    docs.add_arguments(
        commands.add_parser("docs", help="compare what the vendor publishes with the spec", allow_abbrev=False)
    )
    docs.add_history_arguments(
        commands.add_parser("history", help="print what the vendor's SDK has said over time", allow_abbrev=False)
    )
    options = parser.parse_args(arguments)
    if options.command == "docs":
        return docs.run(options)
    if options.command == "history":
        return docs.run_history(options)
    return _client(options)


def _client(options: argparse.Namespace) -> int:
    # Imported here since reading a page must not wait for the generator's libraries.
    from generator.client import FormatterFailed, check, generate  # noqa: PLC0415
    from generator.specification import InvalidSpec  # noqa: PLC0415
    from generator.tree import ForeignFolder  # noqa: PLC0415

    command = generate if options.command == "generate" else check
    try:
        return command(options.spec, options.output)
    except (InvalidSpec, FormatterFailed, ForeignFolder, OSError) as failure:
        print(f"{failure}\nNothing was written.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a diff may hold what a terminal's encoding does not
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _PIPE_CLOSED
    sys.exit(code)

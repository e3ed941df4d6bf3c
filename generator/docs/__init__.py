"""
Compares what the vendor publishes with the spec and with the wrapper's two tables.

    page    markdown | html → blocks → sections | portal → page_facts ┐
    schema  yaml_lines → schema                                       ├→ facts ┐
    SDK     archive → sdk                                             ┘        ├→ matching → comparison → report, suggestion
                                                     spec, tables → project ┘

One rule: this module imports next to nothing, since every other command imports it for its options.
"""

import argparse
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `python -m generator docs`."""
    parser.description = (
        "Compare pages, schemas and SDKs of the vendor with the spec. Exit code: 0 they agree, 1 they differ, "
        "2 one of them is about no operation in the spec or cannot be read; the worst of all."
    )
    parser.add_argument("page", nargs="*", metavar="PAGE", help="a page or schema, as a file or an address, or a wheel")
    parser.add_argument(
        "--fetch", action="store_true", help="read all that the spec records: pages, schema, newest SDK"
    )
    parser.add_argument(
        "--require",
        action="append",
        choices=("page", "schema", "sdk"),
        help="with --fetch: exit with 2 where a source of this kind is not reached",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--suggest", action="store_true", help="print a diff for the spec, too")
    parser.add_argument(
        "--spec",
        type=Path,
        default=PROJECT / "spec" / "openapi.yaml",
        metavar="PATH",
        help="openapi.yaml or the folder that holds it",
    )


def add_history_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `python -m generator history`."""
    parser.description = (
        "Print as a table what changed from version to version of the vendor's SDK, of which every one that is on "
        "the package index is read. Exit code: 0, or 2 where they cannot be read."
    )
    parser.add_argument("wheel", nargs="*", type=Path, metavar="WHEEL", help="read these instead, in this order")
    parser.add_argument("--spec", type=Path, default=PROJECT / "spec" / "openapi.yaml", metavar="PATH", help="as above")


def run_history(options: argparse.Namespace) -> int:
    """Print the table and return the exit code."""
    from generator.docs.history import print_history  # noqa: PLC0415 - see the rule above

    return print_history(options, PROJECT)


def run(options: argparse.Namespace) -> int:
    """Compare pages, report, and return the exit code."""
    from generator.docs.command import compare  # noqa: PLC0415 - see the rule above

    return compare(options, PROJECT)

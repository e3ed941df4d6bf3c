"""
Compares the vendor's pages with the spec and with the wrapper's two tables.

    source → markdown | html → blocks → halves → reading → facts ┐
                                            spec, tables → ours ┴→ judgement → report, suggestion

One rule: this module imports next to nothing, since every other command imports it for its options.
"""

import argparse
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `python -m generator docs`."""
    parser.description = (
        "Compare pages of the vendor with the spec. Exit code: 0 they agree, 1 they differ, "
        "2 a page is not one of an operation in the spec or cannot be read; the worst of all pages."
    )
    parser.add_argument("page", nargs="*", metavar="PAGE", help="a Markdown file, an HTML file, or an address")
    parser.add_argument("--fetch", action="store_true", help="read the pages whose addresses the spec records")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--suggest", action="store_true", help="print a diff for the spec, too")
    parser.add_argument(
        "--spec",
        type=Path,
        default=PROJECT / "spec" / "openapi.yaml",
        metavar="PATH",
        help="openapi.yaml or the folder that holds it",
    )


def run(options: argparse.Namespace) -> int:
    """Compare pages, report, and return the exit code."""
    from generator.docs.command import compare  # noqa: PLC0415 - see the rule above

    return compare(options, PROJECT)

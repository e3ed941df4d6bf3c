"""
The command: pages in, report out.

One rule: the exit code is that of the worst page, and a page that cannot be read is the worst there is.
"""

import argparse
import sys
from pathlib import Path

from generator.docs import report
from generator.docs.blocks import Unreadable
from generator.docs.judgement import Verdict, judge
from generator.docs.ours import TABLES, InvalidProject, Ours, read_ours
from generator.docs.page import read_page
from generator.docs.source import load
from generator.docs.vocabulary import Language

_REFUSED = 2


def compare(options: argparse.Namespace, project: Path) -> int:
    """Run `python -m generator docs`."""
    if bool(options.page) == options.fetch:
        print("give pages or --fetch, and not both; see --help", file=sys.stderr)
        return _REFUSED
    spec = options.spec / "openapi.yaml" if options.spec.is_dir() else options.spec
    try:
        ours = read_ours(spec, project / TABLES)
    except InvalidProject as error:
        print(error, file=sys.stderr)
        return _REFUSED
    pages: list[tuple[str, Language | None]] = [(page, None) for page in options.page]
    if options.fetch:
        pages = [(page, language) for each in ours.operations for language, page in each.addresses.items()]
    verdicts = [_verdict(page, language, ours) for page, language in pages]
    if options.format == "json":
        print(report.as_json(verdicts))
        for note in report.notes(verdicts):
            print(note, file=sys.stderr)
    else:
        print(report.as_text(verdicts, ours))
    if options.suggest:
        _suggest(verdicts, spec, json=options.format == "json")
    return max(verdict.exit_code for verdict in verdicts)


def _verdict(name: str, language: Language | None, ours: Ours) -> Verdict:
    try:
        source = load(name)
        page = read_page(source.text, html=source.html, permissions=ours.permissions())
    except Unreadable as refusal:
        return Verdict(name, refused=str(refusal))
    return judge(name, page, ours, language)


def _suggest(verdicts: list[Verdict], spec: Path, *, json: bool) -> None:
    from generator.docs.suggestion import suggest  # noqa: PLC0415 - its library doubles the time of a plain comparison

    suggestion = suggest(verdicts, spec)
    stream = sys.stderr if json else sys.stdout  # JSON stays JSON
    for decision in suggestion.decisions:
        print(f"\nTo decide: {decision}", file=stream)
    if suggestion.diff:
        print("\nTo apply with `patch -p1`:\n", file=stream)
        stream.write(suggestion.diff)
    elif not suggestion.decisions:
        print("\nNothing to change.", file=stream)

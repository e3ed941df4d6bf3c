"""
The command: pages in, report out.

One rule: the exit code is that of the worst page, and a page that cannot be read is the worst there is.
"""

import argparse
import sys
from pathlib import Path

from generator.docs import report
from generator.docs.archive import SUFFIXES
from generator.docs.blocks import Unreadable
from generator.docs.comparison import judge
from generator.docs.facts import SourceKind
from generator.docs.ours import TABLES, InvalidProject, Ours, read_ours
from generator.docs.page import read_page
from generator.docs.schema import begins_like_schema, read_schema
from generator.docs.sdk import read_sdk
from generator.docs.source import is_address, load
from generator.docs.verdict import Verdict
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
    verdicts = [verdict for page, language in pages for verdict in _verdicts(page, language, ours)]
    if options.format == "json":
        print(report.as_json(verdicts))
        for note in report.notes(verdicts):
            print(note, file=sys.stderr)
    else:
        print(report.as_text(verdicts, ours))
    if options.suggest:
        _suggest(verdicts, spec, json=options.format == "json")
    return max(verdict.exit_code for verdict in verdicts)


def _verdicts(name: str, language: Language | None, ours: Ours) -> list[Verdict]:
    source: SourceKind = "page"
    try:
        if name.endswith(SUFFIXES) and not is_address(name):
            source = "sdk"
            return judge(name, read_sdk(Path(name), ours.permissions()).parts, ours, source=source)
        loaded = load(name)
        if loaded.schema or (not loaded.html and begins_like_schema(loaded.text)):
            source = "schema"
            return judge(name, read_schema(loaded.text, ours.permissions()), ours, source=source)
        page = read_page(loaded.text, html=loaded.html, permissions=ours.permissions())
    except Unreadable as refusal:
        return [Verdict(name, source, refused=str(refusal))]
    return judge(name, page.parts, ours, addresses=page.addresses, expected_language=language)


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

"""
The command: sources in, report out.

One rule: the exit code is that of the worst source, and one that cannot be read is the worst there is.
"""

import argparse
import sys
from pathlib import Path

from generator.docs import report
from generator.docs.agreement import disagreements
from generator.docs.project import TABLES, InvalidProject, Project, read_project
from generator.docs.sources import Fetched, fetch, read_source
from generator.docs.verdict import Verdict

_REFUSED = 2


def compare(options: argparse.Namespace, root: Path) -> int:
    """Run `python -m generator docs`."""
    if bool(options.page) == options.fetch:
        print("give sources or --fetch, and not both; see --help", file=sys.stderr)
        return _REFUSED
    spec = options.spec / "openapi.yaml" if options.spec.is_dir() else options.spec
    try:
        project = read_project(spec, root / TABLES)
    except InvalidProject as error:
        print(error, file=sys.stderr)
        return _REFUSED
    fetched = fetch(project) if options.fetch else Fetched()
    verdicts = fetched.verdicts + [verdict for name in options.page for verdict in read_source(name, project)]
    missing = list(_missing(fetched, verdicts, project, options.require or ())) if options.fetch else []
    differing = list(disagreements(verdicts))
    notes = [f"not reached: {each.name}: {each.reason}" for each in fetched.unreached]
    notes += [*missing, *map(str, differing)]
    if options.format == "json":
        print(report.as_json(verdicts))
        notes = [*report.notes(verdicts), *notes]
    elif verdicts:
        print(report.as_text(verdicts, project))
    for note in notes:
        print(note, file=sys.stderr if options.format == "json" else sys.stdout)
    if options.suggest:
        _suggest(verdicts, spec, json=options.format == "json")
    return max([_REFUSED] * bool(missing) + [verdict.exit_code for verdict in verdicts], default=_REFUSED)


def _missing(fetched: Fetched, verdicts: list[Verdict], project: Project, required: list[str] | tuple[()]) -> list[str]:
    """Why what was fetched is too little to conclude from."""
    reached = {verdict.operation.name for verdict in verdicts if verdict.operation}
    return [
        f"no source of {operation.name} was reached"
        for operation in project.operations
        if operation.addresses and operation.name not in reached
    ] + [
        f"required and not reached: the {each.kind} {each.name}" for each in fetched.unreached if each.kind in required
    ]


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

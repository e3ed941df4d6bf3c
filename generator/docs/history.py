"""
What the vendor's SDK has said over time.

One rule: a row is a fact that two releases in succession state differently, with the days of both.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from generator.docs.blocks import Unreadable
from generator.docs.facts import Facts
from generator.docs.packages import Release, download_wheel, releases
from generator.docs.project import TABLES, InvalidProject, Project, read_project
from generator.docs.sdk import read_sdk

Statement = tuple[str, str]
"""An operation, and what of it."""

_FAILED = 2


def print_history(options: argparse.Namespace, root: Path) -> int:
    """Run `python -m generator history`: 0, or 2 where no release could be read."""
    try:
        project = read_project(options.spec / "openapi.yaml" if options.spec.is_dir() else options.spec, root / TABLES)
        rows = list(history(project, options.wheel))
    except (InvalidProject, Unreadable) as error:
        print(error, file=sys.stderr)
        return _FAILED
    print("| day | version | operation | fact | before | after |\n| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |")
    return 0


def history(project: Project, wheels: list[Path]) -> Iterator[tuple[str, ...]]:
    """Day, version, operation, fact, before and after of every change, the oldest first."""
    names = {operation.name for operation in project.operations}
    before: dict[Statement, str] | None = None
    for release, wheel in _releases(project, wheels):
        parts = read_sdk(wheel, project.permissions()).parts
        after = {key: value for part in parts for key, value in _statements(part).items() if key[0] in names}
        if before is None:
            yield (
                release.day,
                release.version,
                "all",
                "first release",
                "",
                f"{len({name for name, _ in after})} operations",
            )
        else:
            for operation, fact in sorted(before.keys() | after.keys()):
                old, new = (said.get((operation, fact), "(not there)") for said in (before, after))
                if old != new:
                    yield (release.day, release.version, operation, fact, old, new)
        before = after


def _releases(project: Project, wheels: list[Path]) -> Iterator[tuple[Release, Path]]:
    if wheels:
        for wheel in wheels:
            yield Release(wheel.name.split("-")[1] if "-" in wheel.name else wheel.name, ""), wheel
        return
    package = project.sources.get("sdk")
    if not package:
        message = "the spec records no SDK under x-sources"
        raise Unreadable(message)
    with tempfile.TemporaryDirectory() as folder:
        for release in releases(package):
            yield release, download_wheel(package, Path(folder), release.version)


def _statements(part: Facts) -> Mapping[Statement, str]:
    """Everything that one release says of one operation."""
    endpoint = part.endpoints[0].endpoint
    name = f"{endpoint.method} {endpoint.path}"
    said = {
        "address": part.address,
        "weight": " and ".join(dict.fromkeys(map(str, part.weights))),
        "permission": " and ".join(dict.fromkeys(each.value for each in part.permissions)),
    }
    for each in part.parameters:
        said[f"parameter {each.name}"] = f"{each.type}, {'required' if each.mandatory == 'YES' else 'optional'}"
    for limit in part.limits:
        if limit.bound != "unread":
            said[f"{limit.bound} of {limit.parameter}"] = limit.value
    for span in part.spans:
        said[{"reach": "reaches back", "default": "default span"}[span.role]] = span.value
    for listed in (*part.types, *part.enums.get("type", ())):
        said[f"type {listed.name}"] = "listed"
    for rule in part.rules:
        said[f"{rule.parameter} with {rule.type}"] = "needed" if not rule.negated else "not needed"
    for field in part.fields:
        said[f"field {field.path}"] = " or ".join(type_ for type_, _ in field.types)
    return {(name, fact): words for fact, words in said.items() if words}

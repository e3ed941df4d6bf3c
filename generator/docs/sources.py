"""
Any source, by its name: a page, a schema or the SDK, as a file or an address.

One rule: whatever cannot be read becomes a refusal with its reason, and nothing is concluded.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from generator.docs.archive import is_archive
from generator.docs.blocks import Unreadable
from generator.docs.comparison import judge
from generator.docs.facts import SourceKind
from generator.docs.loading import is_address, load
from generator.docs.packages import download_wheel
from generator.docs.page import read_page
from generator.docs.project import Project
from generator.docs.schema import begins_like_schema, read_schema
from generator.docs.sdk import read_sdk
from generator.docs.verdict import Verdict
from generator.docs.wording import Language


class Unreached(NamedTuple):
    """A source that the spec records and that could not be got at, or did not hold what it should."""

    kind: SourceKind
    name: str
    reason: str


@dataclass(slots=True)
class Fetched:
    """What could be reached of all that the spec records, and what could not."""

    verdicts: list[Verdict] = field(default_factory=list)
    unreached: list[Unreached] = field(default_factory=list)


def read_source(name: str, project: Project, language: Language | None = None) -> list[Verdict]:
    """Read one source and compare it. `language` is the one that was asked for, if one was."""
    kind: SourceKind = "sdk" if is_archive(name) and not is_address(name) else "page"
    try:
        if kind == "sdk":
            return judge(name, read_sdk(Path(name), project.permissions()).parts, project, source=kind)
        source = load(name)
        if source.schema or (not source.html and begins_like_schema(source.text)):
            kind = "schema"
            return judge(name, read_schema(source.text, project.permissions()), project, source=kind)
        page = read_page(source.text, html=source.html, permissions=project.permissions())
    except Unreadable as refusal:
        return [Verdict(name, kind, refused=str(refusal))]
    return judge(name, page.parts, project, addresses=page.addresses, expected_language=language)


def fetch(project: Project) -> Fetched:
    """Read the vendor's pages, its schema, and the newest version of its SDK."""
    fetched = Fetched()
    for address, language in _pages(project):
        _add(fetched, "page", address, read_source(address, project, language))
    if schema := project.sources.get("schema"):
        _add(fetched, "schema", schema, read_source(schema, project))
    if package := project.sources.get("sdk"):
        with tempfile.TemporaryDirectory() as folder:
            try:
                wheel = download_wheel(package, Path(folder))
            except Unreadable as refusal:
                fetched.unreached.append(Unreached("sdk", package, str(refusal)))
            else:
                verdicts = read_source(str(wheel), project)
                _add(fetched, "sdk", wheel.name, [replace(verdict, page=wheel.name) for verdict in verdicts])
    return fetched


def _pages(project: Project) -> Iterator[tuple[str, Language]]:
    """Each page once: several operations may stand on it, each at a fragment of its own."""
    pages: dict[str, Language] = {
        address.partition("#")[0]: language
        for each in project.operations
        for language, address in each.addresses.items()
    }
    yield from pages.items()


def _add(fetched: Fetched, kind: SourceKind, name: str, verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.operation is None:  # the shell of a web application says nothing of an operation
            fetched.unreached.append(Unreached(kind, name, str(verdict.refused)))
        else:
            fetched.verdicts.append(verdict)

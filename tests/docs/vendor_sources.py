"""Every kind of source but the old pages, written to a file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.docs.portal_page import Form, portal
from tests.docs.schema_document import schema
from tests.docs.sdk_package import sdk
from tests.docs.vendor_page import PageFacts

Write = Callable[[Sequence[PageFacts], Path], Path]


def _file(name: str, write: Callable[[Sequence[PageFacts]], str]) -> Write:
    def to(parts: Sequence[PageFacts], folder: Path) -> Path:
        file = folder / name
        file.write_bytes(write(parts).encode())
        return file

    return to


SOURCES: Mapping[str, Write] = {
    "portal": _file("portal.md", portal),
    "portal-html": _file("portal.html", lambda parts: portal(parts, Form(markup="html"))),
    "schema-yaml": _file("schema.yaml", schema),
    "schema-json": _file("schema.json", lambda parts: schema(parts, as_json=True)),
    "schema-with-references": _file("schema.yaml", lambda parts: schema(parts, references=True)),
    "sdk": sdk,
}

"""
Where a page comes from: a file or an address.

One rule: whatever goes wrong on the way is said in one sentence and is never taken for an empty page.
"""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from generator.docs.blocks import Unreadable

LARGEST_BYTES = 5_000_000
_SCHEMA_SUFFIXES = (".yaml", ".yml", ".json")
_HTML_SUFFIXES = (".html", ".htm", ".xhtml")


class Source(NamedTuple):
    """A text, and whether its name or its server calls it HTML or a schema."""

    text: str
    html: bool
    schema: bool = False


def is_address(page: str) -> bool:
    """Whether a page is to be fetched."""
    return page.startswith(("http://", "https://"))


def load(page: str) -> Source:
    """Read a file or fetch an address, raising Unreadable."""
    if is_address(page):
        from generator.docs.download import download  # noqa: PLC0415 - its import takes longer than reading a file

        content, content_type = download(page, largest_bytes=LARGEST_BYTES)
        is_schema = urlsplit(page).path.lower().endswith(_SCHEMA_SUFFIXES)
        return Source(_text(content), "html" in content_type, is_schema and "html" not in content_type)
    file = Path(page)
    suffix = file.suffix.lower()
    return Source(_text(_read(file)), suffix in _HTML_SUFFIXES, suffix in _SCHEMA_SUFFIXES)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        raise Unreadable(message) from error
    if len(content) > LARGEST_BYTES:
        message = f"the file is larger than {LARGEST_BYTES} bytes, expected one page"
        raise Unreadable(message)
    return content


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"line {line}: found bytes that are no UTF-8 text, expected a Markdown or HTML page"
        raise Unreadable(message) from error

"""
A page as it was given, read into its halves.

One rule: reading never fails on what a page says, only on what is no text at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generator.docs.blocks import Unreadable
from generator.docs.facts import Facts
from generator.docs.halves import split
from generator.docs.reading import read_half
from generator.docs.vocabulary import Language

# Every line is a key, an item or the continuation of one: a rule in the text does not begin front matter.
_FRONT_MATTER = re.compile(
    r"\A\s*?---[ \t]*\n(?P<matter>(?:(?:[\w.-]+[ \t]*:.*|[ \t]+[^\s{}\"*>|#].*|-[ \t].*|[ \t]*)\n)+?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|main|article)\b",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_LARGEST = 5_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """Its halves, and the addresses that its front matter names."""

    halves: tuple[Facts, ...]
    addresses: tuple[str, ...] = ()


def read_page(source: str, *, html: bool, permissions: Mapping[Language, str]) -> Page:
    """
    Read the text of a Markdown or HTML page, raising Unreadable.

    `html` says what its name or its server says; a page that begins like HTML is read as such anyway.
    """
    if len(source) > _LARGEST:
        message = f"found {len(source)} characters, expected one page with at most {_LARGEST}"
        raise Unreadable(message)
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not source.strip():
        message = "found an empty page"
        raise Unreadable(message)
    matter = _FRONT_MATTER.match(source)
    if matter and not (html or _HTML.match(source)):
        # Blank lines in its place keep the line numbers.
        source = "\n" * matter[0].count("\n") + source[matter.end() :]
    if html or _HTML.match(source):
        from generator.docs.html import read_html  # noqa: PLC0415 - both parsers take their time; a page needs one

        blocks = read_html(source)
    else:
        from generator.docs.markdown import read_markdown  # noqa: PLC0415

        blocks = read_markdown(source)
    halves = tuple(read_half(half, permissions.get(half.language)) for half in split(blocks))
    return Page(halves, tuple(_ADDRESS.findall(matter["matter"])) if matter else ())

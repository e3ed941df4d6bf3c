"""
A page as it was given, read into its descriptions.

One rule: reading never fails on what a page says, only on what is no text at all.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from generator.docs.blocks import Unreadable
from generator.docs.facts import Facts
from generator.docs.page_facts import read_description
from generator.docs.pasted import with_headings
from generator.docs.portal import is_portal, split_portal
from generator.docs.sections import split
from generator.docs.wording import Language

# Every line is a key, an item or the continuation of one: a rule in the text does not begin front matter.
_MATTER_LINE = re.compile(r"[\w.-]+[ \t]*:.*|[ \t]+[^\s{}\"*>|#].*|-[ \t].*|[ \t]*")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|main|article)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_LARGEST = 5_000_000


class Page(NamedTuple):
    """Facts of each operation in each language, and the addresses that its front matter names."""

    parts: tuple[Facts, ...]
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
    html = html or begins_like_html(source)
    matter = "" if html else _front_matter(source)
    if matter:
        # Blank lines in its place keep the line numbers.
        source = "\n" * matter.count("\n") + source[len(matter) :]
        html = begins_like_html(source)
    if html:
        from generator.docs.html import read_html  # noqa: PLC0415 - both parsers take their time; a page needs one

        blocks = read_html(source)
    else:
        from generator.docs.markdown import read_markdown  # noqa: PLC0415

        blocks = read_markdown(source)
    descriptions = split_portal(blocks) if is_portal(blocks) else split(list(with_headings(blocks)))
    parts = tuple(read_description(description, permissions.get(description.language)) for description in descriptions)
    return Page(parts, tuple(_ADDRESS.findall(matter)))


def begins_like_html(source: str) -> bool:
    """Whether the first thing that is no XML declaration and no comment is a tag of a whole document."""
    at = _after_blanks(source, 0)
    for begin, end in (("<?xml", ">"), ("<!--", "-->")):
        while source.startswith(begin, at):
            closed = source.find(end, at)
            if closed < 0:
                return False
            at = _after_blanks(source, closed + len(end))
    return _HTML.match(source, at) is not None


def _after_blanks(source: str, at: int) -> int:
    while at < len(source) and source[at].isspace():
        at += 1
    return at


def _front_matter(source: str) -> str:
    """The front matter with the rules around it and the blank lines before it, or nothing."""
    at = _after_blanks(source, 0)
    opened = False
    while at < len(source):
        end = source.find("\n", at) + 1 or len(source) + 1
        line = source[at : end - 1]
        at = end
        if not opened:
            if line.rstrip(" \t") != "---":
                return ""
            opened = True
        elif line.rstrip(" \t") in ("---", "..."):
            return source[:end]
        elif not _MATTER_LINE.fullmatch(line):
            return ""
    return ""

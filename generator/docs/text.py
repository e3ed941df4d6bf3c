"""
Text of a page with the line of every character, and with what was set in code or bold.

One rule: two spellings of one text come out equal. Full-width forms become plain ones, invisible characters go,
white space shrinks to one blank, and what is struck out is kept apart: a page no longer says it.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_INVISIBLE = ("Cf", "Cc", "Cn", "Co")
_HAN = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile("[A-Za-z0-9]")


class Piece(NamedTuple):
    """A stretch of text as the page writes it; a line feed in it begins the next line."""

    text: str
    line: int
    marked: bool = False
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph, heading, bullet or cell."""

    plain: str = ""
    starts: tuple[tuple[int, int], ...] = ()
    """Offset in `plain` and line on the page, wherever a new line begins."""
    marks: tuple[tuple[int, int], ...] = ()
    """Offsets, from and to, of what stands out: code, bold, emphasis."""
    with_struck: "Text | None" = None
    """The same with what is struck out, where anything is."""

    @property
    def whole(self) -> "Text":
        """All of it, as if nothing were struck out."""
        return self.with_struck or self

    @property
    def is_struck(self) -> bool:
        """Whether there are words, and all of them are struck out."""
        return not self.plain and bool(self.whole.plain)

    def line_at(self, offset: int) -> int:
        """Line on the page of one character."""
        index = bisect_right(self.starts, offset, key=lambda start: start[0])
        return self.starts[max(index - 1, 0)][1] if self.starts else 0

    def line_end(self, offset: int) -> int:
        """Where the line ends on which a character stands."""
        index = bisect_right(self.starts, offset, key=lambda start: start[0])
        return self.starts[index][0] if index < len(self.starts) else len(self.plain)

    @property
    def line(self) -> int:
        """Line on which the text begins."""
        return self.line_at(0)

    def by_line(self) -> list[tuple[int, str]]:
        """Each line of the page by itself."""
        ends = [offset for offset, _ in self.starts[1:]] + [len(self.plain)] * bool(self.starts)
        return [(line, self.plain[offset:end].strip()) for (offset, line), end in zip(self.starts, ends, strict=True)]

    def marked(self, begin: int, end: int) -> list[tuple[int, str]]:
        """Offset and words of everything that stands out between two offsets."""
        first = bisect_left(self.marks, (begin, 0))
        last = bisect_left(self.marks, (end, 0), lo=first)
        return [(start, self.plain[start:stop].strip()) for start, stop in self.marks[first:last]]

    def after(self, offset: int) -> "Text":
        """Everything from a character on."""
        rest = self.plain[offset:]
        offset += len(rest) - len(rest.lstrip())
        starts = [(0, self.line_at(offset))] + [(at - offset, line) for at, line in self.starts if at > offset]
        marks = [(start - offset, end - offset) for start, end in self.marks if start >= offset]
        return Text(self.plain[offset:], tuple(starts), tuple(marks))


def compose(pieces: Iterable[Piece]) -> Text:
    """Make one text of its pieces."""
    pieces = list(pieces)
    whole = _joined(pieces)
    if not any(piece.struck for piece in pieces):
        return whole
    left = _joined(piece for piece in pieces if not piece.struck)
    return Text(left.plain, left.starts or whole.starts[:1], left.marks, with_struck=whole)


def _joined(pieces: Iterable[Piece]) -> Text:
    plain = _Growing()
    starts: list[tuple[int, int]] = []
    marks: list[tuple[int, int]] = []
    was_marked = follows_marked = False
    for piece in pieces:
        begin = None
        for number, part in enumerate(piece.text.split("\n")):
            clean = normal(part)
            line = piece.line + number
            if number and plain.last not in ("", " "):
                plain.add(" ")
            if plain.last in ("", " "):
                clean = clean.lstrip()
            if not clean:
                continue
            if starts and starts[-1][1] != line and is_han(clean[0]):
                plain.drop_blank_after_han()  # Chinese has no blank where a line was wrapped
            if piece.marked != was_marked and _WORD.match(plain.last) and _WORD.match(clean):
                plain.add(" ")  # `startTime`and
            if not starts or starts[-1][1] != line:
                starts.append((plain.length, line))
            begin = plain.length if begin is None else begin
            plain.add(clean)
            was_marked = piece.marked
        if piece.marked and begin is not None:
            # What stands out over two lines comes in two pieces and is one.
            marks.append((marks.pop()[0] if follows_marked and marks else begin, plain.length))
        follows_marked = piece.marked
    return Text("".join(plain.parts).rstrip(), tuple(starts), tuple(marks))


class _Growing:
    """A text in parts, so that adding to it costs the same however long it is. No part but " " ends it with blanks."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.last = ""

    def add(self, words: str) -> None:
        self.parts.append(words)
        self.length += len(words)
        self.last = words[-1]

    def drop_blank_after_han(self) -> None:
        stripped = self.parts[-1].rstrip() or (self.parts[-2].rstrip() if len(self.parts) > 1 else "")
        if self.last != " " or not is_han(stripped[-1:]):
            return
        if not self.parts[-1].rstrip():
            self.length -= len(self.parts.pop())
        before = self.parts[-1]
        self.parts[-1] = before.rstrip()
        self.length -= len(before) - len(self.parts[-1])
        self.last = self.parts[-1][-1]


def normal(text: str) -> str:
    """Plain spelling of a stretch of text that holds no line feed."""
    if text.isascii() and text.isprintable():
        return re.sub(" +", " ", text)
    visible = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if character in "\t\v\f" or unicodedata.category(character) not in _INVISIBLE
    )
    return re.sub(r"\s+", " ", visible)


def is_han(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return bool(_HAN.search(text))


def han_count(text: str) -> int:
    """How many Chinese characters there are in it."""
    return len(_HAN.findall(text))

"""
What a page is made of, whatever it was written in.

One rule: Markdown and HTML become the same sequence of blocks, each with the line on which it stands.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from generator.docs.text import Text

Kind = Literal["heading", "text", "item", "table", "code"]


class Unreadable(Exception):
    """Nothing can be concluded about the source. The text says what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, bullet, table or code block."""

    kind: Kind
    line: int
    text: Text = field(default_factory=Text)
    """Words of a heading, paragraph or bullet (without the bullets below it)."""
    level: int = 0
    """Of a heading 1 to 6; of a bullet how many lists are around it."""
    group: int = 0
    """Which list a bullet belongs to."""
    rows: tuple[tuple[Text, ...], ...] = ()
    """Cells of a table, its head first."""
    code: tuple[tuple[int, str], ...] = ()
    """Line number and text of each line of a code block."""


def moved(block: Block, at: Callable[[int], int]) -> Block:
    """The same block on other lines: `at` tells where a line is now."""

    def text(words: Text) -> Text:
        starts = tuple((offset, at(line)) for offset, line in words.starts)
        return Text(words.plain, starts, words.marks, words.with_struck and text(words.with_struck))

    return Block(
        block.kind,
        at(block.line),
        text(block.text),
        block.level,
        block.group,
        tuple(tuple(text(cell) for cell in row) for row in block.rows),
        tuple((at(line), row) for line, row in block.code),
    )

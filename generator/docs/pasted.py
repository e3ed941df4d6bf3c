"""
Text that was copied from a browser: tables with tabs between their cells, headings without any mark.

One rule: what a browser leaves out is put back only where the words leave no doubt.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from generator.docs import wording
from generator.docs.blocks import Block
from generator.docs.text import Piece, Text, compose

_FEWEST_CELLS = 3
_FEWEST_TYPES = 5
_RULE = re.compile(r"[-|: \t]*-[-|: \t]*")
_TYPE = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+(?![A-Za-z0-9_])")


def take_tables(source: str) -> tuple[str, list[Block]]:
    """Take tables of parameters with tabs out of a text, in which blank lines keep the line numbers."""
    if "\t" not in source:
        return source, []
    lines = source.split("\n")
    tables: list[Block] = []
    at = 0
    while at < len(lines):
        end = at + 1
        if _is_head(lines[at]):
            while end < len(lines) and (lines[end].count("\t") >= _FEWEST_CELLS - 1 or _RULE.fullmatch(lines[end])):
                end += 1
            rows = tuple(
                _cells(lines[index], index + 1) for index in range(at, end) if not _RULE.fullmatch(lines[index])
            )
            tables.append(Block("table", at + 1, rows=rows))
            lines[at:end] = [""] * (end - at)
        at = end
    return "\n".join(lines), tables


def _cells(line: str, number: int) -> tuple[Text, ...]:
    return tuple(
        compose([Piece(cell, number)]) if cell.strip() else Text("", ((0, number),)) for cell in line.split("\t")
    )


def _is_head(line: str) -> bool:
    words = [cell.strip().lower() for cell in line.split("\t")]
    return len(words) >= _FEWEST_CELLS and all(
        any(word in wording.COLUMNS[column] for word in words) for column in ("name", "type", "mandatory")
    )


def with_headings(blocks: Sequence[Block]) -> Iterator[Block]:
    """
    Cut a paragraph at each line that is, as a whole, the heading of a part, and around a list of types.

    On a page with such headings every other line is a paragraph of its own, but in an example.
    """
    cut = {index: pieces for index, block in enumerate(blocks) if (pieces := _pieces(block))}
    is_pasted = any(kind == "heading" for pieces in cut.values() for kind, _ in pieces)
    for index, block in enumerate(blocks):
        pieces = cut.get(index, [])
        if not pieces or not (is_pasted or any(_is_list(kind, own) for kind, own in pieces)):
            yield block
            continue
        for kind, own in pieces:
            if kind == "heading":
                for line, row in own:
                    yield Block("heading", line, Text(row, ((0, line),)), level=6)
            elif kind == "words" and is_pasted:
                yield from _paragraphs(own)
            else:
                yield _paragraph(own)


def _pieces(block: Block) -> list[tuple[str, list[tuple[int, str]]]]:
    """The lines of a paragraph, cut into headings, lists of types and other words; nothing where anything is marked up."""
    if block.kind != "text" or block.text.marks or block.text.with_struck:
        return []
    rows = block.text.by_line()
    kinds = [_kind(row) for _, row in rows]
    for at in range(1, len(rows) - 1):
        if kinds[at] == "words" and kinds[at - 1] == kinds[at + 1] == "type":
            kinds[at] = "type"  # one that is written otherwise
    grouped = groupby(zip(kinds, rows, strict=True), key=lambda pair: pair[0])
    return [(kind, [row for _, row in group]) for kind, group in grouped]


def _paragraphs(rows: Sequence[tuple[int, str]]) -> Iterator[Block]:
    example = next((index for index, (_, row) in enumerate(rows) if row.startswith(("{", "["))), len(rows))
    yield from (_paragraph([row]) for row in rows[:example])
    if rows[example:]:
        yield _paragraph(rows[example:])


def _paragraph(rows: Sequence[tuple[int, str]]) -> Block:
    return Block("text", rows[0][0], compose([Piece(f"{row}\n", line) for line, row in rows]))


def _kind(line: str) -> Literal["heading", "type", "words"]:
    if wording.heading_of(line):
        return "heading"
    return "type" if _TYPE.match(line) else "words"


def _is_list(kind: str, rows: Sequence[tuple[int, str]]) -> bool:
    """Whether lines are a list of types that has lost its bullets, and no sentence that was wrapped."""
    return kind == "type" and len(rows) >= _FEWEST_TYPES

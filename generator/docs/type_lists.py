"""
Lists of transfer types: bullets, rows of a table, or lines.

One rule: a line among types names one type, whatever stands before it; a line that names several cannot be read.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from generator.docs.blocks import Block
from generator.docs.facts import Facts, Stated, SymbolRule, TransferType
from generator.docs.sections import Description
from generator.docs.sentences import TYPE, read_rules
from generator.docs.text import Text

# A word with an underscore in it, in any script, so that a slip of the vendor's is seen and not passed over.
_LEADING = re.compile(r"[\s•·*-]*(?P<name>(?:(?![\u2e80-\u9fff])\w)+(?:-[A-Z0-9_]{2,})*)")
_SHORTEST = 4
_NO_TYPES = frozenset(("ENUM", "NOTE", "NOTES", "HTTP", "JSON"))
_AROUND = " :,-()[]"


class _Line(NamedTuple):
    """A bullet, row or line, without and with what is struck out."""

    line: int
    left: str
    whole: str


def read_types(description: Description, facts: Facts) -> None:
    """Add the types that a description lists."""
    blocks = [block for _, block in description.prose()]
    for _, items in groupby((block for block in blocks if block.kind == "item"), key=lambda block: block.group):
        _read_list([_line([item.text]) for item in items], facts)
    for block in blocks:
        if block.kind == "table" and is_type_table(block):
            _read_list([_line(row) for row in block.rows], facts)
        elif block.kind in ("text", "code"):
            _read_paragraph(list(_lines(block)), facts)


def is_type_table(table: Block) -> bool:
    """Whether the first column of a table holds types."""
    firsts = [row[0].whole.plain for row in table.rows[1:] if row]
    return bool(firsts) and 2 * sum(map(_is_type, firsts)) > len(firsts)


def _line(cells: Sequence[Text]) -> _Line:
    return _Line(
        cells[0].line, *(" ".join(words) for words in zip(*((cell.plain, cell.whole.plain) for cell in cells)))
    )


def _lines(block: Block) -> Iterator[_Line]:
    left = dict(block.text.by_line())
    for line, row in block.text.whole.by_line() or block.code:
        yield _Line(line, left.get(line, "") if left else row, row)


def _read_list(lines: Sequence[_Line], facts: Facts) -> None:
    """Bullets or rows are a list of types if at least half of them begin with one."""
    certain = [line for line in lines if _is_certain(line)]
    if certain and 2 * len(certain) >= len(lines):
        _add(lines, facts)


def _read_paragraph(lines: Sequence[_Line], facts: Facts) -> None:
    """A list that lost its bullets: several lines that each begin with a type, maybe with other words around."""
    certain = [line for line in lines if _is_certain(line)]
    if len(certain) > 1:
        _add(lines if 2 * len(certain) >= len(lines) else certain, facts)


def _is_certain(line: _Line) -> bool:
    """Whether it begins with a type, and does not say which symbol that needs."""
    name = _leading(line.whole)
    return bool(name) and _is_type(name) and all(rule.type != name for rule in _rules(line.whole))


def _add(lines: Sequence[_Line], facts: Facts) -> None:
    for line in lines:
        names = _names(line.left)
        if line.left != line.whole and not any(map(_is_type, names)):
            names = _names(line.whole)
        if len(names) > 1:
            facts.problems.append(Stated(f"a line among types that names several: {line.whole[:200]}", line.line))
        for name in names[:1]:
            before, _, after = (line.left if name in line.left else line.whole).partition(name)
            words, all_words = (text.strip(_AROUND) for text in (after, line.whole.partition(name)[2]))
            struck = name not in line.left or (bool(all_words) and not words)
            badge = before.strip(_AROUND + "•·*")
            facts.types.append(TransferType(name, f"{words} ({badge})" if badge else words, line.line, struck))


def _names(words: str) -> list[str]:
    """The types that a line among types names: the one that it begins with, or all that are in it."""
    name = _leading(words)
    if _is_type(name):
        return [name]
    anywhere = list(dict.fromkeys(TYPE.findall(words)))
    if anywhere:
        return [] if _rules(words) else anywhere
    return [name] if name else []


def _rules(words: str) -> list[SymbolRule]:
    return list(read_rules(Text(words, ((0, 0),)), ()))


def _leading(words: str) -> str:
    found = _LEADING.match(words)
    name = found["name"].strip("_") if found else ""
    long_enough = name.isupper() and len(name) >= _SHORTEST and name not in _NO_TYPES
    return name if _is_type(name) or long_enough else ""


def _is_type(name: str) -> bool:
    return "_" in name.strip("_") and " " not in name

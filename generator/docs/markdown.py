"""
Markdown to blocks.

One rule: markdown-it says what a thing is and on which line; nothing here looks at the source again,
but for the cells that a table row has too many.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from generator.docs.blocks import Block, moved
from generator.docs.pasted import take_tables
from generator.docs.text import Piece, Text, compose

# A tag of HTML; anything else in angle brackets, such as LIST<STRING>, is text.
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>a|b|br|code|del|details|div|em|font|i|img|ins|kbd|mark|p|s|samp|small|span|strike|strong|sub|summary"
    r"|sup|tt|u|var|wbr)\b[^>]*>|<!--.*-->",
    re.IGNORECASE | re.DOTALL,
)
_MARK_TAGS = ("b", "code", "em", "i", "kbd", "samp", "strong", "tt", "var")
_STRUCK_TAGS = ("s", "del", "strike")
_MARKS = ("strong", "em")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_SINGLE_TILDES = re.compile(r"(?<![\w~\\`])~(?=[^\s~])([^~\n]*)(?<=[^\s~])~(?![\w~`])")  # GitHub's way to strike out
_NESTING = 100  # beyond it markdown-it drops text without a word; its own limit of 20 is near what a quoted list needs


def read_markdown(source: str) -> list[Block]:
    """
    Read a page whose front matter is gone.

    `source` has LF line ends only.
    """
    source, tables = take_tables(_SINGLE_TILDES.sub(r"~~\1~~", source))
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable(["table", "strikethrough"])
    blocks = list(_Reader(source).blocks(parser.parse(source)))
    return sorted([*blocks, *tables], key=lambda block: block.line) if tables else blocks


class _Reader:
    """Keeps count of the lists around a token."""

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._lists: list[int] = []
        self._list_count = 0
        self._item_begun = False

    def blocks(self, tokens: Sequence[Token]) -> Iterator[Block]:
        rows: list[tuple[Text, ...]] = []
        cells: list[Text] = []
        heading = row_line = 0
        in_cell = False
        for token in tokens:
            line = token.map[0] + 1 if token.map else 0
            match token.type:
                case "heading_open":
                    heading = int(token.tag[1])
                case "bullet_list_open" | "ordered_list_open":
                    self._list_count += 1
                    self._lists.append(self._list_count)
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                    self._item_begun = True
                case "list_item_open":
                    self._item_begun = False
                case "table_open":
                    rows = []
                case "tr_open":
                    cells, row_line = [], line
                case "th_open" | "td_open":
                    in_cell = True
                case "th_close" | "td_close":
                    in_cell = False
                case "tr_close":
                    rows.append((*cells, *self._surplus(row_line, len(cells))))
                case "table_close":
                    yield Block("table", rows[0][0].line, rows=tuple(rows))
                case "inline" if in_cell:
                    cells.append(compose(_pieces(token, row_line)) if token.content else Text("", ((0, row_line),)))
                case "inline" if heading:
                    yield Block("heading", line, compose(_pieces(token, line)), level=heading)
                    heading = 0
                case "inline":
                    yield self._paragraph(line, compose(_pieces(token, line)))
                case "fence" | "code_block":
                    first = line + (token.type == "fence")
                    content = token.content.removesuffix("\n").split("\n")
                    yield Block("code", line, code=tuple(enumerate(content, first)))
                case "html_block":
                    # Imported here since most pages hold no HTML and its parser takes its time.
                    from generator.docs.html import read_html  # noqa: PLC0415

                    first = line - 1
                    yield from (moved(block, lambda at: at + first) for block in read_html(token.content))

    def _paragraph(self, line: int, text: Text) -> Block:
        if not self._lists or self._item_begun:
            return Block("text", line, text)
        self._item_begun = True
        return Block("item", line, text, level=len(self._lists), group=self._lists[-1])

    def _surplus(self, line: int, cell_count: int) -> Iterator[Text]:
        """Cells beyond those of the table's head, which markdown-it leaves out."""
        source = self._lines[line - 1].strip().removeprefix(">").strip()
        cells = _CELL_BORDER.split(source.removeprefix("|"))
        if cells and not cells[-1].strip():
            cells.pop()
        for cell in cells[cell_count:]:
            yield compose([Piece(cell, line)])


def _pieces(token: Token, line: int) -> Iterator[Piece]:
    depth = struck = at = 0
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            yield Piece("\n", line, marked=depth > 0, struck=struck > 0)
            line += 1
        elif child.type == "code_inline":
            code, at = _as_written(child, token.content, at)
            yield Piece(code, line, marked=True, struck=struck > 0)
            line += code.count("\n")
        elif child.type in ("s_open", "s_close"):
            struck += child.nesting
        elif child.type == "html_inline" and (tag := _TAG.fullmatch(child.content)):
            name = (tag["name"] or "").lower()
            if name in _MARK_TAGS:
                depth += -1 if tag["end"] else 1
            if name in _STRUCK_TAGS:
                struck += -1 if tag["end"] else 1
            yield Piece(" " if name in ("br", "p", "div") else "", line)
        elif child.type.removesuffix("_open").removesuffix("_close") in _MARKS:
            depth += child.nesting
        else:
            yield Piece(child.content, line, marked=depth > 0, struck=struck > 0)


def _as_written(code: Token, source: str, at: int) -> tuple[str, int]:
    """The content of a code span with its line feeds, which markdown-it turns into blanks, and where it ends."""
    begin = source.find(code.markup, at) + len(code.markup)
    for start in (begin, begin + 1):
        written = source[start : start + len(code.content)]
        if written.replace("\n", " ") == code.content:
            return written, start + len(written) + len(code.markup)
    return code.content, at

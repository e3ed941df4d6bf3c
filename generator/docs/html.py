"""
HTML to the same blocks.

One rule: what a browser would show of the article, and nothing of the site around it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # its stubs need four more packages

from generator.docs.blocks import Block, Kind
from generator.docs.text import Piece, Text, compose

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN = frozenset("head script style template noscript nav footer button svg iframe select textarea #comment".split())
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code data del dfn em font i img ins kbd label mark q s samp small span strike strong "
    "sub sup time tt u var wbr".split()
)
_CHIPS = frozenset("code kbd samp span".split())  # two of them side by side are two words
_LINES = frozenset("p div".split())
_BREAK = " "  # what a line break is worth in a text
_FEWEST_LINES = 5
_STRUCK = frozenset("s del strike".split())
_MARKS = frozenset("b code em i kbd samp strong tt var".split())


@dataclass(slots=True)
class Node:
    """An element, or a stretch of text, and the line on which it begins."""

    name: str
    line: int
    data: str = ""
    children: Sequence["Node"] = ()


def read_html(source: str) -> list[Block]:
    """
    Read a page.

    `source` has LF line ends only.
    """
    try:
        root = etree.fromstring(source.encode(), etree.HTMLParser(encoding="utf-8"))
    except etree.LxmlError:
        return []  # nothing but white space and comments
    if root is None:
        return []
    document, _ = _node(root)
    reader = _Reader()
    for part in _find(document, "article") or _find(document, "main") or [document]:
        reader.read(part)
    return reader.blocks


def _node(element: Any) -> tuple[Node, int]:
    """
    Take over an element, and tell on which line it ends.

    libxml2 knows the line on which a start tag ends; from there on the line feeds in the text are counted.
    """
    line = element.sourceline or 1
    name = element.tag if isinstance(element.tag, str) else "#comment"
    children = []
    if element.text and name != "#comment":
        children.append(Node("#text", line, element.text))
        line += element.text.count("\n")
    for child in element:
        node, line = _node(child)
        children.append(node)
        if child.tail:
            children.append(Node("#text", line, child.tail))
            line += child.tail.count("\n")
    if name != "#comment" and "line-through" in element.get("style", ""):
        children = [Node("del", element.sourceline or 1, children=children)]
    return Node(name, element.sourceline or 1, children=children), line


class _Reader:
    """Gathers the text between two block elements."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._pieces: list[Piece] = []
        self._lists: list[int] = []
        self._list_count = 0
        self._item_begun = True

    def read(self, node: Node) -> None:
        self._visit(node)
        self._flush()

    def _visit(self, node: Node) -> None:
        name = node.name
        if name in _HIDDEN:
            return
        if name == "#text" or name == "br" or name in _INLINE:
            self._pieces.extend(_inline(node))
            return
        self._flush()
        if name in _HEADINGS:
            self._add("heading", compose(_inline(node)), level=_HEADINGS[name])
        elif name == "table" and not _find_any(node, tuple(_HEADINGS)):  # else it only lays the page out
            self._table(node)
        elif name == "pre":
            rows = tuple(self._code(node))
            self.blocks.append(Block("code", rows[0][0], code=rows))
        elif name in ("ul", "ol"):
            self._list_count += 1
            self._lists.append(self._list_count)
            self._children(node)
            self._lists.pop()
            self._item_begun = True
        else:
            if name == "li":
                self._item_begun = False
            self._children(node)

    def _children(self, node: Node) -> None:
        before = ""
        for child in node.children:
            if child.name == before and before in _CHIPS:
                self._pieces.append(Piece(_BREAK, child.line))
            before = child.name
            self._visit(child)
        self._flush()

    def _flush(self) -> None:
        text = compose(self._pieces)
        self._pieces = []
        if not text.whole.plain:
            return
        if self._lists and not self._item_begun:
            self._item_begun = True
            self._add("item", text, level=len(self._lists), group=self._lists[-1])
        else:
            self._add("text", text)

    def _add(self, kind: Kind, text: Text, *, level: int = 0, group: int = 0) -> None:
        if text.whole.plain:
            self.blocks.append(Block(kind, text.line, text, level=level, group=group))

    def _table(self, table: Node) -> None:
        rows = []
        for row in _find(table, "tr"):
            cells = [
                compose(_inline(cell)) if _leaves(cell) else Text("", ((0, cell.line),))
                for cell in row.children
                if cell.name in ("td", "th")
            ]
            if cells:
                rows.append(tuple(cells))
        if rows:
            self.blocks.append(Block("table", rows[0][0].line, rows=tuple(rows)))
        for row in _find(table, "tr"):
            for cell in row.children:
                for inner in _find_any(cell, ("table", "ul", "ol")):
                    self._visit(inner)
                self._lines(cell)

    def _lines(self, cell: Node) -> None:
        """Lines of a cell are a list, if there are enough of them."""
        lines: list[list[Piece]] = [[]]
        for piece in _inline(cell):
            if piece.text == _BREAK:
                lines.append([])
            else:
                lines[-1].append(piece)
        texts = [text for line in lines if (text := compose(line)).whole.plain]
        if len(texts) >= _FEWEST_LINES:
            self._list_count += 1
            for text in texts:
                self._add("item", text, level=1, group=self._list_count)

    def _code(self, pre: Node) -> Iterator[tuple[int, str]]:
        """Split the text of a `pre` at line feeds and at `<br>`, as a highlighter writes them."""
        row, row_line = "", 0
        for node in _leaves(pre):
            text, at = node.data, node.line
            for number, part in enumerate(text.split("\n")):
                if number or not text:
                    yield row_line or at, row
                    row, row_line = "", 0
                if part:
                    row, row_line = row + part, row_line or at + number
        yield row_line or pre.line, row


def _inline(node: Node, *, marked: bool = False, struck: bool = False) -> Iterator[Piece]:
    if node.name == "#text":
        yield Piece(node.data, node.line, marked, struck)
    elif node.name == "br":
        yield Piece(_BREAK, node.line)
    elif node.name not in _HIDDEN and node.name != "table":
        if node.name in _LINES:
            yield Piece(_BREAK, node.line)
        marked, struck = marked or node.name in _MARKS, struck or node.name in _STRUCK
        before = ""
        for child in node.children:
            if child.name == before and before in _CHIPS:
                yield Piece(_BREAK, child.line)
            before = child.name
            yield from _inline(child, marked=marked or child.name in _MARKS, struck=struck)


def _leaves(node: Node) -> list[Node]:
    """Text nodes and `<br>`s."""
    if node.name in ("#text", "br"):
        return [node]
    return [] if node.name in _HIDDEN else [found for child in node.children for found in _leaves(child)]


def _find(node: Node, name: str) -> list[Node]:
    """Outermost elements of a name."""
    return _find_any(node, (name,))


def _find_any(node: Node, names: Sequence[str]) -> list[Node]:
    """Outermost elements of several names."""
    if node.name in names:
        return [node]
    return [] if node.name in _HIDDEN else [found for child in node.children for found in _find_any(child, names)]

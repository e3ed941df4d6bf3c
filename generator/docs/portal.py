"""
Pages of the vendor's portal, cut into operations.

One rule: an operation begins at a heading under which a method and a path stand, each on a line of its own or glued
together, or which the headings below repeat before a `›`. Nothing else of the page is anybody's.
"""

import re
from collections.abc import Iterator, Sequence

from generator.docs import wording
from generator.docs.blocks import Block
from generator.docs.fields import type_of
from generator.docs.sections import Description, Section
from generator.docs.text import Text, is_han
from generator.docs.wording import Part

_METHOD = re.compile(r"(?P<method>GET|POST|PUT|DELETE|PATCH)(?P<path>\s*/[\w./{}:-]*)?(?:\s*https?://\S*)?")
_GLUED = re.compile(r"(?:GET|POST|PUT|DELETE|PATCH)(?:/\S*)?")
_PATH = re.compile(r"(?P<path>/[\w./{}-]*?)(?:\s*https?://\S*)?")
_PARTS: tuple[tuple[Part | None, re.Pattern[str]], ...] = (
    (None, re.compile(r"header|authori[sz]ation|security|请求头|授权|认证|鉴权", re.IGNORECASE)),
    ("weight", re.compile(r"weight|rate limit|权重", re.IGNORECASE)),
    ("response", re.compile(r"response|响应|返回|应答", re.IGNORECASE)),
    ("parameters", re.compile(r"param|body|参数|请求体|正文", re.IGNORECASE)),
)
_SEPARATOR = "›"


def is_portal(blocks: Sequence[Block]) -> bool:
    """Whether a page is laid out as the portal's are."""
    return any(
        (block.kind == "heading" and _SEPARATOR in block.text.plain)
        or (block.kind == "text" and (_GLUED.fullmatch(block.text.plain) or _is_type_line(block.text.plain)))
        for block in blocks
    )


def _is_type_line(words: str) -> bool:
    return "·" in words and type_of(words) is not None


def split_portal(blocks: Sequence[Block]) -> list[Description]:
    """Cut a page into its operations; what stands outside of them is left out."""
    operations: list[Description] = []
    current: Description | None = None
    level = 0
    for index, block in enumerate(blocks):
        if block.kind != "heading":
            if current:
                current.sections[-1].blocks.append(block)
            continue
        title, separator, suffix = (part.strip() for part in block.text.plain.rpartition(_SEPARATOR))
        if not separator and not (current and block.level > level) and _begins(blocks, index):
            current, level = Description(block.text.plain, block.line), block.level
            operations.append(current)
            current.sections.append(_section("request", block, block.text.plain))
        elif current and (separator or block.level > level):
            current.sections.append(_section(_part(suffix), block, suffix))
            if title and separator and _bare(title) != _bare(current.title):
                current.sections[-1].part = None  # of another operation: none that began
        else:
            current = None
    for description in operations:
        description.layout = "portal"
        request = description.sections[0]
        request.blocks = list(_joined(request.blocks))
        description.fixed_language = "zh" if any(is_han(section.heading) for section in description.sections) else None
    return operations


def _section(part: Part | None, block: Block, words: str) -> Section:
    return Section(part, words, block.line, block.level, wording.language_of(words))


def _part(words: str) -> Part | None:
    return next((part for part, pattern in _PARTS if pattern.search(words)), None)


def _bare(title: str) -> str:
    """A title without its anchor, blanks, and what stands behind it in brackets."""
    return re.sub(r"\W", "", title.partition("(")[0]).lower()


def _begins(blocks: Sequence[Block], index: int) -> bool:
    title = blocks[index].text.plain
    for block in blocks[index + 1 : index + 40]:
        if block.kind == "heading":
            before, separator, _ = block.text.plain.rpartition(_SEPARATOR)
            return bool(separator) and _bare(before) == _bare(title)
        if any(_METHOD.fullmatch(row) for _, row in block.text.by_line()):
            return True
    return False


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    """Put a method and the path that follows it on one line, with the line of each."""
    method: tuple[int, str] | None = None
    for block in blocks:
        rows = block.text.by_line() if block.kind == "text" else []
        made: Block | None = None
        for line, row in rows:
            if method and (found := _PATH.fullmatch(row)):
                made = _endpoint(method, line, found["path"])
            elif found := _METHOD.fullmatch(row):
                method = (line, found["method"])
                if found["path"]:
                    made = _endpoint(method, line, found["path"].strip().split("http")[0])
        if made:
            method = None
            yield made
        elif not method or len(rows) != 1 or rows[0][1] not in wording.METHODS:
            yield block


def _endpoint(method: tuple[int, str], path_line: int, path: str) -> Block:
    line, name = method
    return Block("text", line, Text(f"{name} {path}", ((0, line), (len(name) + 1, path_line))))

"""
Fields as the portal lists them: a name, a line with its type, prose, and labelled values.

One rule: a name counts as a field only where a line that can be nothing but a type follows it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from generator.docs import wording
from generator.docs.blocks import Block
from generator.docs.facts import VALUE_TYPES, Stated, TransferType, ValueType

Label = Literal["enum", "example", "default", "minimum", "maximum", "other"]

_TYPES = "string|integer|number|boolean|array|object|enum|long|int|decimal|float|double"
_PLAIN: dict[str, ValueType] = {
    **VALUE_TYPES,
    "long": "integer", "int": "integer", "decimal": "number", "float": "number", "double": "number", "enum": "string",
}  # fmt: skip
_DOT = r"\s*[·•‧∙・|]\s*"  # noqa: RUF001 - each looks like the portal's
_TYPE = rf"(?:{_TYPES})(?:\[\]|<\w{{1,20}}>)?"
# Badges without a dot between them are known words only: a sentence may begin with the name of a type.
_BADGE = "int32|int64|float|double|decimal|enum|required|optional|nullable|date|date-time|必填|必需|必须|必选|可选|选填"
_MARK = rf"(?:{_DOT}[\w<>\[\] -]{{1,30}}|\s+(?:{_BADGE})(?![\w-]))"
_NAMED = r"[A-Za-z][\w.\[\]-]{0,80}"
_TYPE_LINE = re.compile(rf"(?P<type>{_TYPE})(?P<marks>{_MARK}{{0,6}})", re.IGNORECASE)
_NAME = re.compile(_NAMED)
# Without a blank between name and type, only a mark behind them tells that they are two.
_ONE_LINE = re.compile(
    rf"(?P<name>{_NAMED}?)(?:\s+(?P<type>{_TYPE})(?P<marks>{_MARK}{{0,6}})|(?P<glued>{_TYPE})(?P<glued_marks>{_MARK}{{1,6}}))"
)
_REQUIRED = frozenset("required mandatory 必填 必需 必须 必选 必传".split())
_LABEL_WORDS: dict[Label, str] = {
    "enum": r"(?:enum|allowed|possible)(?: values?)?|枚举值?|可选值",
    "example": r"examples?|示例值?|例",
    "default": r"default(?: value)?|默认值?",
    "minimum": r"min(?:imum)?(?: value)?|最小值?",
    "maximum": r"max(?:imum)?(?: value)?|最大值?",
    "other": r"pattern|format|min(?:imum)? length|max(?:imum)? length|格式|长度",
}
_LABELS: dict[Label, re.Pattern[str]] = {
    label: re.compile(rf"(?:{words})\s*:\s*(?P<value>.*)", re.IGNORECASE) for label, words in _LABEL_WORDS.items()
}


@dataclass(slots=True)
class Field:
    """One of them. Its prose comes line by line."""

    name: str
    line: int
    type: ValueType
    type_line: int
    required: bool
    is_enum: bool
    values: list[TransferType] = field(default_factory=list)
    labelled: list[tuple[Label, Stated]] = field(default_factory=list)
    prose: list[Stated] = field(default_factory=list)
    struck: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    line: int
    struck: bool
    block: int


def read_fields(blocks: Sequence[Block]) -> tuple[list[Field], list[Block]]:
    """Read the fields at the beginning of some blocks, and hand back the blocks that belong to none."""
    lines = list(_lines(blocks))
    fields: list[Field] = []
    rest: list[Block] = []
    label: Label | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        if started := _field(lines, at):
            found, used = started
            found.struck = line.struck
            fields.append(found)
            label = None
            at += used
            continue
        at += 1
        block = blocks[line.block]
        in_enum = label == "enum" and _value(line.text) is not None
        if not fields or (block.kind != "text" and not in_enum):
            label = None
            if not rest or rest[-1] is not block:
                rest.append(block)
        else:
            label = _read_line(fields[-1], line, label)
    return [each for each in fields if not each.struck], rest


def _lines(blocks: Sequence[Block]) -> Iterator[_Line]:
    for index, block in enumerate(blocks):
        rows = [(block.line, block.text.whole.plain)]
        left = {block.line: block.text.plain}
        if block.kind == "text":
            rows, left = block.text.whole.by_line(), dict(block.text.by_line())
        for line, whole in rows:
            words = left.get(line, "")
            yield _Line(words or whole, line, struck=bool(whole) and not words, block=index)


def _field(lines: Sequence[_Line], at: int) -> tuple[Field, int] | None:
    """A field that begins on a line, and how many lines its name and type take."""
    line = lines[at]
    if at + 1 < len(lines) and _NAME.fullmatch(line.text):
        following = lines[at + 1]
        if found := _TYPE_LINE.fullmatch(following.text):
            return _made(line.text, line.line, found["type"], found["marks"], following.line), 2
    if found := _ONE_LINE.fullmatch(line.text):
        type_, marks = (found["type"], found["marks"]) if found["type"] else (found["glued"], found["glued_marks"])
        return _made(found["name"], line.line, type_, marks, line.line), 1
    return None


def type_of(words: str) -> tuple[ValueType, bool, bool] | None:
    """Type, whether it is an enum, and whether it is required, of words such as `string · enum · required`."""
    found = _TYPE_LINE.fullmatch(words)
    if not found:
        return None
    made = _made("", 0, found["type"], found["marks"], 0)
    return made.type, made.is_enum, made.required


def _made(name: str, line: int, type_: str, marks: str, type_line: int) -> Field:
    words = re.split(r"[\s·•‧∙・|]+", marks.lower())  # noqa: RUF001 - as above
    base = re.sub(r"\[\]|<.*", "", type_.lower())
    plain: ValueType = "array" if "[]" in type_ else _PLAIN.get(base, "")
    is_enum = base == "enum" or "enum" in words
    return Field(name, line, plain, type_line, not _REQUIRED.isdisjoint(words), is_enum)


def _read_line(to: Field, line: _Line, label: Label | None) -> Label | None:
    if line.struck and label != "enum":
        return label
    for name, pattern in _LABELS.items():
        if found := pattern.fullmatch(line.text):
            if found["value"]:
                _add(to, name, found["value"], line)
            return name
    if label == "enum" and _value(line.text) is None:
        label = None
    if label is None:
        to.prose.append(Stated(line.text, line.line))
    else:
        _add(to, label, line.text, line)
    return label if label == "enum" else None


def _add(to: Field, label: Label, value: str, line: _Line) -> None:
    if label != "enum":
        to.labelled.append((label, Stated(value, line.line)))
        return
    to.is_enum = True
    parts = re.split(r"[\s,|/、]+", value)
    if _described(value) or (value[0].isupper() and parts[0].isupper() and not all(map(str.isupper, parts))):
        parts = [value]  # a badge behind a value is none
    for part in parts:
        name = _value(part)
        if name:
            to.values.append(TransferType(name, part.partition(name)[2].strip(" :-–—"), line.line, line.struck))  # noqa: RUF001


def _value(words: str) -> str | None:
    """The value with which a line of an enum begins, if it can be one."""
    found = re.match(r"[\"'`•·*-]*\s*(?P<name>\w[\w.-]*)", words)
    if not found:
        return None
    rest = words[found.end() :].strip("\"'` ")
    listed = all(re.fullmatch(r"\w[\w.-]*", part) for part in re.split(r"[\s,|/、]+", rest) if part)
    return found["name"] if not rest or rest[0] in ":-–—(→" or (listed and found["name"].isupper()) else None  # noqa: RUF001


def _described(words: str) -> bool:
    return any(sign in words for sign in (":", " - ", " – ", " — ", "→", "("))  # noqa: RUF001


def number_of(stated: Stated) -> str:
    """Plain digits of a labelled value."""
    return wording.number(stated.value.strip("\"'` ")).lower()

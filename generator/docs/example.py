"""
The fields of a response, read from an example that is nearly JSON.

One rule: a key is a word before a colon. Comments, missing and trailing commas, bare keys and bare numbers are let
pass, as the vendor's own pages have them; brackets that do not match are not, since they are how a cut page shows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from generator.docs.facts import Field, FieldValues, ValueType

_TOKEN = re.compile(
    r"""(?P<comment>//.*|\#.*|/\*.*?(?:\*/|$))|(?P<string>"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$))"""
    r"""|(?P<sign>[{}\[\]:,])|(?P<word>[^\s{}\[\]:,"'/]+|/)"""
)
_SIGNS: dict[str, ValueType] = {"{": "object", "[": "array"}
_WORDS: dict[ValueType, re.Pattern[str]] = {
    "null": re.compile("null", re.IGNORECASE),
    "boolean": re.compile("true|false", re.IGNORECASE),
    "integer": re.compile(r"-?\d+"),
    "number": re.compile(r"-?\d+\.\d+(?:[eE][+-]?\d+)?"),
}
_OPENING = {"{": "}", "[": "]"}
_CAPITALS = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{2,}(?![A-Za-z0-9_])")
_DEEPEST = 50  # brackets within brackets; the vendor's answers have five
_NUMBERED = re.compile(r"(?<![\w.-])(-?\d+)\s*[:：=]")


class BrokenExample(Exception):
    """The example ends in its middle or is no JSON at all; the line is the second argument."""


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


@dataclass(slots=True)
class Example:
    """Fields in the order of the page."""

    fields: list[Field] = field(default_factory=list)
    values: list[FieldValues] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    sign: str
    path: str
    line: int
    key: str = ""


def is_example(rows: Sequence[tuple[int, str]]) -> bool:
    """Whether a code block shows a JSON object or list."""
    first = next((token for token in _tokens(rows) if token.kind != "comment"), None)
    return first is not None and first.text in _OPENING


def read_example(rows: Sequence[tuple[int, str]]) -> Example:
    """Read the lines of one example, raising BrokenExample."""
    frames: list[_Frame] = []
    objects: dict[str, int] = {}
    lines: dict[str, int] = {}
    present: dict[str, set[int]] = {}
    types: dict[str, dict[ValueType, int]] = {}
    parents: dict[str, str] = {}
    serials: list[int] = []
    serial = 0
    example = Example()
    commented = ""
    tokens = _tokens(rows)
    keys = _keys(tokens)
    for index, token in enumerate(tokens):
        if token.kind == "comment":
            if commented and (values := listed_values(token.text)):
                example.values.append(FieldValues(commented, values, token.line))
        elif token.text in _OPENING and token.kind == "sign":
            if len(frames) == _DEEPEST:
                raise BrokenExample(f"more than {_DEEPEST} brackets within each other", token.line)
            path = _path_below(frames[-1]) if frames else ""
            frames.append(_Frame(token.text, path, token.line))
            serial += 1
            serials.append(serial)
            if token.text == "{":
                objects[path] = objects.get(path, 0) + 1
        elif token.kind == "sign" and token.text in _OPENING.values():
            if not frames or _OPENING[frames[-1].sign] != token.text:
                raise BrokenExample(f"a {token.text} closes nothing", token.line)
            frames.pop()
            serials.pop()
        elif token.kind in ("string", "word") and frames and frames[-1].sign == "{" and index in keys:
            frame = frames[-1]
            frame.key = token.text.strip("\"'")
            commented = f"{frame.path}.{frame.key}" if frame.path else frame.key
            lines.setdefault(commented, token.line)
            parents.setdefault(commented, frame.path)
            present.setdefault(commented, set()).add(serials[-1])
            if value := next((later for later in tokens[index + 1 : index + 9] if _is_value(later)), None):
                types.setdefault(commented, {}).setdefault(_type_of(value), value.line)
    if frames:
        raise BrokenExample(f"the {frames[-1].sign} is never closed", frames[-1].line)
    example.fields = [
        Field(path, line, len(present[path]), objects[parents[path]], tuple(types.get(path, {}).items()))
        for path, line in lines.items()
    ]
    return example


def _tokens(rows: Sequence[tuple[int, str]]) -> list[_Token]:
    tokens = []
    in_comment = False
    for line, row in rows:
        text = row
        if in_comment:
            before, end, text = row.partition("*/")
            tokens.append(_Token("comment", before, line))
            in_comment = not end
        for found in _TOKEN.finditer(text):
            kind, words = found.lastgroup or "", found[0]
            in_comment = kind == "comment" and words.startswith("/*") and not words.endswith("*/")
            tokens.append(_Token(kind, words, line))
    return tokens


def _keys(tokens: Sequence[_Token]) -> set[int]:
    """Indices of the tokens that a colon follows, with nothing but comments between."""
    told = [index for index, token in enumerate(tokens) if token.kind != "comment"]
    return {
        index
        for index, following in pairwise(told)
        if tokens[following].kind == "sign" and tokens[following].text == ":"
    }


def _is_value(token: _Token) -> bool:
    return token.kind != "comment" and token.text != ":"


def _type_of(value: _Token) -> ValueType:
    """The type of a value that is written as JSON; nothing for what is not."""
    if value.kind in ("string", "sign"):
        return _SIGNS.get(value.text, "string" if value.kind == "string" else "")
    return type_of_word(value.text)


def type_of_word(word: str) -> ValueType:
    """The type of a value without quotation marks, or nothing."""
    for name, pattern in _WORDS.items():
        if pattern.fullmatch(word):
            return name
    return ""


def _path_below(frame: _Frame) -> str:
    if frame.sign == "[":
        return f"{frame.path}[]"
    return f"{frame.path}.{frame.key}" if frame.path else frame.key


def listed_values(comment: str) -> frozenset[str]:
    """What a comment such as `CONFIRMED / FAILED / PENDING` or `0: normal, 1: maintenance` lists."""
    for pattern in (_CAPITALS, _NUMBERED):
        values = pattern.findall(comment)
        if len(values) > 1:
            return frozenset(values)
    return frozenset()

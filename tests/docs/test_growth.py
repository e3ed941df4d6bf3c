"""
No text from outside costs more than near linear time, whatever it is made of.

Each shape is written n, 2n and 4n times into each place of an otherwise sound page. Quadratic work takes sixteen times
as long for four times the text; near linear work about four.
"""

import contextlib
import gc
import os
import time
from collections.abc import Callable
from typing import Final, Literal

import pytest

from generator.docs.blocks import Unreadable
from generator.docs.comparison import judge
from generator.docs.page import read_page
from generator.docs.schema import read_schema
from generator.docs.sdk import read_modules
from tests.docs.conftest import OURS
from tests.docs.dialects import NAMED
from tests.docs.portal_page import portal
from tests.docs.schema_document import schema
from tests.docs.vendor_page import both, render

# What is repeated. Each has broken a parser somewhere, or could.
SHAPES: Final = {
    **{f"character {character}": character for character in "\\`*_[]()<>!#&|~\"'{}:;,.-+=/@$%^?1aA中 \t"},
    "newline": "\n",
    "blank lines": "\n \n",
    "digits with commas": "1,111",
    "digits with blanks": "1 111 ",
    "digits with dots": "1.",
    "digits in words": "a1",
    "digits with dashes": "1 - ",
    "Chinese numerals": "十二",
    "years": "2026年",
    "limits": "default 1 max 2 ",
    "bounds without numbers": "default max ",
    "ranges": "1 to ",
    "spans": "6 months ",
    "comments": "<!-- a -->",
    "comments without an end": "<!-- ",
    "comments with blanks": "<!---->  ",
    "comment lines": "<!-- a -->\n",
    "tags": "<b>x</b>",
    "open tags": "<div>",
    "open inline tags": "<b>",
    "closed tags": "</div>",
    "tags with attributes": '<a b="c" ',
    "broken tags": "<a <a ",
    "nested tables": "<table><tr><td>",
    "rows": "<tr><td>x",
    "entities": "&amp;",
    "broken entities": "&#x",
    "links": "[a](b) ",
    "links without an end": "[a](",
    "links without a target": "[a]",
    "images": "![a](b) ",
    "nested brackets": "[[a] ",
    "reference definitions": "[a]: b\n\n",
    "emphasis": "**a* ",
    "emphasis without an end": "*a _b ",
    "strikethrough": "~~a ",
    "code spans": "`a` ",
    "code spans of all lengths": "`a ``b ",
    "escapes": "\\[\\]\\_",
    "fences": "```\n",
    "tildes": "~~~\n",
    "headings": "# a\n",
    "setext headings": "a\n===\n",
    "quotes": "> ",
    "quote lines": "> a\n",
    "nested lists": "* ",
    "list lines": "* a\n",
    "deeper lists": "* a\n  * b\n",
    "numbered lists": "1. a\n",
    "rules": "---\n",
    "pipes": "a|b|c\n",
    "table heads": "|a|b\n|-|-\n",
    "cells": "| a ",
    "braces": '{"a":',
    "arrays": "[1,",
    "objects": '{"a":1},',
    "strings without an end": '"a\\"',
    "slashes": "//",
    "block comments": "/* */",
    "block comments without an end": "/* ",
    "types": "MAIN_A ",
    "types and parameters": "MAIN_A aB ",
    "parameters": "fromSymbol ",
    "sentences": "a must b. ",
    "sentences with code": "`a` must `B_C`. ",
    "permissions": "enable the a ",
    "permissions in Chinese": "开通权限 api key ",
    "quoted words": '"a" api key must ',
    "endpoints": "GET /a ",
    "endpoints with hosts": "GET https://",
    "weights": "IP UID 1 ",
    "front matter": "a: b\n",
    "front matter items": "- : b\n",
    "addresses": "https://a ",
    "marks": "**a** must. ",
    "byte order marks": "\ufeff",
    "invisible characters": "\u200b",
    "full width": "\uff08",
    "combining": "a\u0301",
    "surrogate": "😀",
    "null": "\x00",
    "aliases": "- &a [x]\n  - *a\n",
    "mappings": "a: {b: ",
    "references": "- $ref: '#/paths'\n  ",
    "calls": "f(",
    "attributes": "a.b",
    "operators": "a+",
    "unary": "not ",
    "lambdas": "lambda: ",
    "comparisons": "a<b<",
    "f-strings": "f'{a}' ",
    "decorators": "@a\n        ",
}

Kind = Literal["markdown", "html", "schema", "sdk"]

_PORTAL: Final = portal([both(OURS, "POST /sapi/v1/asset/transfer")[0]])
_SCHEMA: Final = schema([both(OURS, "POST /sapi/v1/asset/transfer")[0]])
_CALL: Final = '        return send_request(method="POST", path="/sapi/v1/asset/transfer", response_model=B)\n'
_SOUND: Final = render(both(OURS, "POST /sapi/v1/asset/transfer")[:1])
_SOUND_HTML: Final = render(both(OURS, "POST /sapi/v1/asset/transfer")[:1], NAMED["html"])

# Where it stands.
PLACES: Final[dict[str, Callable[[str], tuple[str, Kind]]]] = {
    "alone": lambda text: (text, "markdown"),
    "alone in HTML": lambda text: (f"<!doctype html><html><body>{text}", "html"),
    "before the page": lambda text: (f"{text}\n\n{_SOUND}", "markdown"),
    "front matter": lambda text: (f"---\n{text}\n{_SOUND}", "markdown"),
    "paragraph": lambda text: (_SOUND.replace("Moves something somewhere.", text, 1), "markdown"),
    "request": lambda text: (_SOUND.replace("POST `/sapi", f"{text} POST `/sapi", 1), "markdown"),
    "weight": lambda text: (_SOUND.replace("**300**", f"**300** {text}", 1), "markdown"),
    "cell": lambda text: (_SOUND.replace("asset| STRING| YES| ", f"asset| STRING| YES| {text}", 1), "markdown"),
    "row": lambda text: (_SOUND.replace("asset| STRING| YES| ", f"{text}\nasset| STRING| YES| ", 1), "markdown"),
    "bullet": lambda text: (_SOUND.replace("must be sent when", f"{text} must be sent when", 1), "markdown"),
    "type": lambda text: (_SOUND.replace("MAIN_MARGIN one", f"MAIN_MARGIN {text}", 1), "markdown"),
    "example": lambda text: (_SOUND.replace('"tranId": 1', f'"tranId": {text}', 1), "markdown"),
    "example in HTML": lambda text: (_SOUND_HTML.replace('"tranId": 1', f'"tranId": {text}', 1), "html"),
    "cell in HTML": lambda text: (_SOUND_HTML.replace("<td>STRING", f"<td>{text}", 1), "html"),
    "portal": lambda text: (_PORTAL.replace("Words about it.", text, 1), "markdown"),
    "portal, enum": lambda text: (_PORTAL.replace("Enum values:\n", f"Enum values:\n\n{text}", 1), "markdown"),
    "schema": lambda text: (f"openapi: 3.0.3\npaths:\n  {text}", "schema"),
    "description in a schema": lambda text: (
        _SCHEMA.replace("Does it.", text.replace("\n", "\n        "), 1),
        "schema",
    ),
    "SDK": lambda text: (f"class A:\n    def a(self):\n        {text}", "sdk"),
    "documentation in an SDK": lambda text: (
        f'class A:\n    def a(self):\n        """\n        {text}\n        Args:\n        {text}\n        """\n{_CALL}',
        "sdk",
    ),
    "paragraph in HTML": lambda text: (_SOUND_HTML.replace("Moves something", text, 1), "html"),
}

_CHARACTERS: Final = 3_000
_FLOOR_S: Final = 0.04  # below it a ratio tells nothing
_MOST: Final = 9.0  # of four times the text; quadratic work gives sixteen


def _cost(text: str, kind: Kind) -> float:
    gc.collect()
    permissions = OURS.permissions()
    begun = time.process_time()
    with contextlib.suppress(Unreadable):
        match kind:
            case "schema":
                parts = read_schema(text, permissions)
            case "sdk":
                parts = read_modules({"x/rest_api/api/a.py": text}, permissions)
            case _:
                parts = read_page(text, html=kind == "html", permissions=permissions).parts
        judge("source", parts, OURS)
    return time.process_time() - begun


def grows_near_linearly(shape: str, place: str, characters: int = _CHARACTERS) -> str:
    """An empty text, or the figures of a place where it does not. What is cheap at 4n is near linear enough."""
    write = PLACES[place]
    figures: list[tuple[float, float]] = []
    for _ in range(3):  # a busy machine makes single figures too large, never too small
        costs = []
        for factor in (4, 1):
            costs.append(_cost(*write(shape * (factor * characters // len(shape)))))
            if factor == 4 and costs[0] < _FLOOR_S:
                return ""
        figures.append((costs[1], costs[0]))
        small, large = (min(column) for column in zip(*figures, strict=True))
        if large < max(_FLOOR_S, _MOST * small):
            return ""
    return f"{place}: {figures}"


# What is read and held against the spec, n of it.
WHOLE: Final[dict[str, Callable[[int], tuple[str, Kind]]]] = {
    "keys in the example": lambda n: (
        _SOUND.replace('"tranId": 1', ", ".join(f'"k{each}": 1' for each in range(n))), "markdown",
    ),
    "keys in a key": lambda n: (
        _SOUND.replace('"tranId": 1', '"a": {' + ", ".join(f'"k{each}": 1' for each in range(n)) + "}"), "markdown",
    ),
    "rules": lambda n: (
        _SOUND.replace("* Values of", "".join(f"* `aB{each}` must be A_B\n  " for each in range(n)) + "* Values of"),
        "markdown",
    ),
    "parts": lambda n: (_SOUND + "\n\n## Request Weight\n\n1" * n, "markdown"),
    "blocks of HTML": lambda n: ("<div>x</div>\n\n" * n + _SOUND, "markdown"),
    "methods": lambda n: (
        "class A:\n" + "".join(
            f'  def a{each}(self):\n    """\n    a\n    """\n    return send(method="GET", path="/x/{each}")\n'
            for each in range(n)
        ),
        "sdk",
    ),
    "fields of a model": lambda n: (
        f"class A:\n  def a(self):\n{_CALL}\nclass B:\n" + "".join(f"  f{each}: int\n" for each in range(n)), "sdk",
    ),
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.no_cover
@pytest.mark.parametrize("name", WHOLE)
def test_comparing_is_near_linear(name: str) -> None:
    figures = []
    for _ in range(3):
        figures.append([_cost(*WHOLE[name](each)) for each in (4_000, 1_000)])
        large, small = (min(column) for column in zip(*figures, strict=True))
        if large < max(_FLOOR_S, _MOST * small):
            return
    pytest.fail(f"{figures}")


# These took quadratic or exponential time once, in one of these places.
ONCE_SLOW_IN: Final = ("alone", "front matter", "cell", "example")
ONCE_SLOW: Final = (
    *("character 1", "character a", "character [", "character {", "digits in words", "Chinese numerals"),
    *("comments", "comment lines", "front matter items", "sentences with code", "types and parameters"),
)


@pytest.mark.thorough
@pytest.mark.no_cover
@pytest.mark.parametrize("name", ONCE_SLOW)
def test_what_was_slow_once_is_near_linear(name: str) -> None:
    assert [found for place in ONCE_SLOW_IN if (found := grows_near_linearly(SHAPES[name], place, 1_500))] == []


# A fifth of all pairs, in which each shape and each place comes; `make growth` takes all, a quarter of an hour.
PAIRS: Final = [
    pytest.param(name, place, id=f"{name}, {place}")
    for row, name in enumerate(SHAPES)
    for column, place in enumerate(PLACES)
    if os.environ.get("GROWTH") == "all" or (row + column) % 5 == 0
]


@pytest.mark.thorough
@pytest.mark.no_cover  # it is time that is measured
@pytest.mark.parametrize(("name", "place"), PAIRS)
def test_four_times_the_text_takes_about_four_times_as_long(name: str, place: str) -> None:
    assert grows_near_linearly(SHAPES[name], place) == ""

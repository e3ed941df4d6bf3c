"""Texts of the spec stay texts: none of them ends a string early, runs, or changes another line."""

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.__main__ import main
from generator.naming import docstring, literal, python_pattern

pytestmark = pytest.mark.thorough

EXAMPLES = settings(deadline=None)  # machines are slow at times

HOSTILE = '"""; raise SystemExit("ran") #\\"""\\N{x}\\ {{ 7 * 7 }} {% raise %} \'\'\' USDⓈ 币 😀 \\'
printable = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" ")).filter(str.isprintable)


@EXAMPLES
@given(st.lists(printable).map("\n".join), st.sampled_from([0, 4]))
@example(HOSTILE, 0)
@example('ends with a quote"', 4)
@example('"starts with one', 0)
@example("ends with a backslash\\", 0)
@example("x" * 300 + '"""' + "\\" * 99, 4)
@example("", 0)
def test_a_docstring_is_one_literal_that_holds_the_words_of_its_text(text: str, indent: int) -> None:
    assert ast.literal_eval(docstring(text, indent)).split() == text.split()


@EXAMPLES
@given(st.one_of(printable, st.integers(), st.booleans(), st.none(), st.lists(printable).map(tuple)))
@example(HOSTILE)
def test_a_literal_is_its_value(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value


FREE_TEXTS = ("description", "summary", "title", "version", "en", "meaning", "header", "only_messages")

# Pattern of the spec, text, whether it matches: $ is the end of the text, unless it is escaped or in a class.
PATTERNS = [
    ("^a$", "a", True),
    ("^a$", "a\n", False),
    (r"^a\$", "a$b", True),
    (r"^a\\$", "a\\", True),
    (r"^a\\$", "a\\b", False),
    ("^[$]x", "$x", True),
    (r"^[\]$]x", "$x", True),
    ("^(?!0+$)[0-9]+$", "00", False),
    ("^(?!0+$)[0-9]+$", "01", True),
    ("^a$|^b$", "b\n", False),
]


@pytest.mark.parametrize(("pattern", "text", "matches"), PATTERNS)
def test_a_pattern_means_in_python_what_it_means_in_json_schema(pattern: str, text: str, matches: bool) -> None:
    assert (re.search(python_pattern(pattern), text) is not None) is matches


def hostile(node: object, key: str = "") -> object:
    """Return a document of the spec with every free text of it replaced."""
    match node:
        case dict():
            return {name: hostile(value, name) for name, value in node.items()}
        case list():
            return [hostile(item, key) for item in node]
        case str() if key in FREE_TEXTS or node in {"HERE_THERE", "NO", "SOME"}:
            return HOSTILE
    return node


def test_hostile_texts_everywhere_in_a_spec_give_a_package_that_says_them(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yaml = YAML(typ="safe", pure=True)
    for file in spec.iterdir():
        yaml.dump(hostile(yaml.load(file)), file)

    assert main(["generate", "--spec", str(spec), "--output", str(tmp_path / "hostile")]) == 0

    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        move = importlib.import_module("hostile.api.wallet.move")
        models = importlib.import_module("hostile.models")
        errors = importlib.import_module("hostile.errors")
        assert HOSTILE in " ".join((inspect.getdoc(move) or "").split())
        assert HOSTILE in get_args(models.Way)
        assert models.WAY_ROWS[1].description == HOSTILE
        assert models.WAY_WALLETS["here"] == HOSTILE
        assert move.PERMISSION == HOSTILE
        assert errors.ERROR_CODES[-1].meaning == HOSTILE
    finally:
        for module in [name for name in sys.modules if name.split(".")[0] == "hostile"]:
            del sys.modules[module]

"""What nobody sees, and that a text from outside stays on one line and short."""

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binance_transfer.visible import invisible_in, is_visible, one_line, quoted

# Default_Ignorable_Code_Point, DerivedCoreProperties.txt of Unicode 16.0: written out here once more, whole.
DEFAULT_IGNORABLE = [
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last"), DEFAULT_IGNORABLE, ids=lambda number: f"{number:04X}")
def test_what_unicode_lets_programs_ignore_is_not_visible(first: int, last: int) -> None:
    assert [number for number in range(first, last + 1) if is_visible(chr(number))] == []


@pytest.mark.parametrize("character", ["\u2800", "\U0001d159", "\U00016fe4", " ", "\xa0", "\u3000", "\u1680"])
def test_a_blank_glyph_is_not_visible(character: str) -> None:
    assert not is_visible(character)


@pytest.mark.parametrize("text", ["USDT", "币安人生", "한국", "भारत", "E\u0301", "₿", "🪙", "ß", "א", "~!%"])
def test_letters_marks_and_signs_are_visible(text: str) -> None:
    assert invisible_in(text) == ""


def test_what_is_hidden_is_named() -> None:
    assert invisible_in("US\u200bDT") == "ZERO WIDTH SPACE"


def test_what_has_no_name_is_called_by_its_number() -> None:
    assert invisible_in("US\ue000DT") == "U+E000"


SHOWN: list[tuple[str, str]] = [
    ("Account has insufficient balance", "Account has insufficient balance"),
    ("", ""),
    ("余额不足 é ₿", "余额不足 é ₿"),
    ("one\ntwo\r\nthree\ttab", r"one\ntwo\r\nthree\ttab"),
    ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
    ("c1 \x85 \x9b31m", r"c1 \x85 \x9b31m"),
    ("nul \0 delete \x7f", r"nul \x00 delete \x7f"),
    ("25\u202e00\u2066", r"25\u202e00\u2066"),
    ("zero\u200bwidth\ufeff\xad", r"zero\u200bwidth\ufeff\xad"),
    ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
    ("half \ud800", r"half \ud800"),
    ("tag \U000e0041", r"tag \U000e0041"),
    ("filler \u3164", r"filler \u3164"),
    ("no-break\xa0", r"no-break\xa0"),
]


@pytest.mark.parametrize(("text", "line"), SHOWN)
def test_a_text_from_outside_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize("text", ["x", "\n", "\U000e0041", "币"])
@pytest.mark.parametrize("count", [299, 300, 301, 100_000])
def test_a_line_is_no_longer_than_its_limit(text: str, count: int) -> None:
    assert len(one_line(text * count)) <= 300


def test_a_line_that_was_cut_says_so() -> None:
    assert one_line("x" * 11, 10) == "x" * 9 + "…"


def test_a_line_that_fits_is_whole() -> None:
    assert one_line("x" * 10, 10) == "x" * 10


@given(st.text(st.characters()), st.integers(1, 50))
def test_no_line_holds_what_nobody_sees(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert [each for each in line if each != " " and not is_visible(each)] == []
    assert len(line) <= limit


@given(st.text(st.characters()))
def test_every_line_can_be_written_anywhere(text: str) -> None:
    assert one_line(text).encode("utf-8").decode().isprintable()


def test_a_long_text_costs_no_more_than_a_short_one() -> None:
    text = "\u202e" * 50_000_000
    began_s = time.process_time()
    one_line(text)
    assert time.process_time() - began_s < 0.1


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__


class HostileText(str):
    __slots__ = ()

    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__
    __len__ = None  # type: ignore[assignment]


class HostileNumber(int):
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__


QUOTED: list[tuple[Any, str]] = [
    ("usdt", "'usdt'"),
    ("a\nb", r"'a\nb'"),
    ("x" * 100, "'" + "x" * 59 + "…'"),
    (None, "None"),
    (True, "True"),
    (5, "5"),
    (-5, "-5"),
    (1.5, "1.5"),
    (10**5000, "a value of type int"),
    (b"secret", "a value of type bytes"),
    (["a"], "a value of type list"),
    (Hostile(), "a value of type Hostile"),
    (HostileText("usdt"), "'usdt'"),
    (HostileNumber(5), "5"),
]


@pytest.mark.parametrize(("value", "text"), QUOTED, ids=lambda value: type(value).__name__)
def test_a_value_that_was_refused_is_named(value: Any, text: str) -> None:
    assert quoted(value) == text


def test_this_python_knows_the_unicode_that_was_meant() -> None:
    """The table above is of 16.0, and these categories are older than any Python that is supported."""
    assert unicodedata.unidata_version >= "14"

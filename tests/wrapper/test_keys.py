"""Which texts may be an idempotency key, and what a refusal says."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.idempotency_keys import checked_key, was_valid_key

TAKEN = [
    "sweep-2026-11-22", "a", "x" * 255, "币" * 255, "two words", "a/b:c_d.e", "Überweisung", "é", "日本", "🪙", "'\"\\",
    "0", "한국",
]  # fmt: skip

# What is refused → what the message has to say.
REFUSED: list[tuple[Any, str]] = [
    ("", "is empty"),
    ("x" * 256, "255 are the most"),
    ("x" * 100_000, "255 are the most"),
    (" a", "write 'a'"),
    ("a ", "write 'a'"),
    ("\ta", "write 'a'"),
    ("a\n", "write 'a'"),
    ("\xa0a", "write 'a'"),
    (" ", "blanks around it"),
    ("a\nb", "invisible character"),
    ("a\tb", "invisible character"),
    ("a\0b", "invisible character"),
    ("a\u200bb", "ZERO WIDTH SPACE"),
    ("a\u202eb", "RIGHT-TO-LEFT OVERRIDE"),
    ("a\xa0b", "NO-BREAK SPACE"),
    ("a\xadb", "SOFT HYPHEN"),
    ("a\u3164b", "HANGUL FILLER"),
    ("a\ufe0fb", "VARIATION SELECTOR-16"),
    ("a\u034fb", "COMBINING GRAPHEME JOINER"),
    ("a\U000e0100b", "VARIATION SELECTOR-17"),
    ("a\u2800b", "BRAILLE"),
    ("a\ud800b", "U+D800"),
    ("a\ue000b", "U+E000"),
    ("e\u0301", "write 'é'"),
    ("\u212b", "write 'Å'"),
    ("\u1112\u1161\u11ab", "write '한'"),
    (None, "not None"),
    (5, "not 5"),
    (True, "not True"),
    (b"key", "not a value of type bytes"),
    (["key"], "not a value of type list"),
]


class OtherText(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize("key", TAKEN, ids=lambda key: key[:20])
def test_a_visible_text_is_a_key(key: str) -> None:
    assert checked_key(key) == key


@pytest.mark.parametrize(("key", "said"), REFUSED, ids=lambda value: ascii(value)[:30])
def test_a_refusal_says_what_is_wrong_and_what_is_right(key: Any, said: str) -> None:
    with pytest.raises(bt.InvalidTransfer, match="idempotency_key") as refused:
        checked_key(key)
    assert said in str(refused.value)


@pytest.mark.parametrize(("key", "said"), REFUSED, ids=lambda value: ascii(value)[:30])
def test_a_refusal_is_one_short_line(key: Any, said: str) -> None:
    with pytest.raises(bt.InvalidTransfer) as refused:
        checked_key(key)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


def test_a_key_is_plain_text() -> None:
    """A subclass counts for what it holds, in the journal and in comparisons."""
    assert (type(checked_key(OtherText("key"))), str.__str__(checked_key(OtherText("key")))) == (str, "key")


@given(st.text(st.characters(), max_size=300))
def test_a_key_is_taken_or_refused_and_never_changed(key: str) -> None:
    try:
        taken = checked_key(key)
    except bt.InvalidTransfer:
        return
    assert (taken, unicodedata.normalize("NFC", taken)) == (key, taken)


def printable(key: str) -> bool:
    """The rule of version 0.1, in its own words."""
    return 0 < len(key) <= 255 and key.isprintable() and key == key.strip()


FORMER = ["e\u0301", "a\u3164b", "a\ufe0fb", "a\u2800b", "\u212b", "a\u034fb"]


@pytest.mark.parametrize("key", FORMER, ids=ascii)
def test_a_key_of_an_older_program_is_known_as_one(key: str) -> None:
    assert was_valid_key(key)


@pytest.mark.parametrize("key", [*TAKEN, "", " a", "a\nb", "x" * 256, "a\ud800b", None, 5, b"key"], ids=ascii)
def test_what_is_right_today_or_never_was_is_no_former_key(key: Any) -> None:
    assert not was_valid_key(key)


@given(st.text(st.characters(), max_size=300))
def test_every_key_of_an_older_program_is_taken_or_known(key: str) -> None:
    try:
        checked_key(key)
        taken = True
    except bt.InvalidTransfer:
        taken = False
    assert (taken or was_valid_key(key)) == printable(key)

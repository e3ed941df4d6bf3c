"""
What a person can see of a text, and how a text from elsewhere is shown.

One rule: two texts that look alike are alike, and a text of somebody else's stays on one line of a terminal or log.
"""

import unicodedata
from typing import TYPE_CHECKING, Final, TypeVar, cast

from attrs import fields

if TYPE_CHECKING:
    from attrs import AttrsInstance

T = TypeVar("T")

# Controls, formats (writing direction among them), halves of surrogates, private use, unassigned, and blanks.
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})

# Letters, marks and symbols by their category, of which nothing shows: Default_Ignorable_Code_Point in Unicode's
# DerivedCoreProperties.txt (16.0) as far as no category above has it already, and glyphs that are blank.
_IGNORABLE: Final = (
    *(0x034F, 0x3164, 0xFFA0),
    *range(0x115F, 0x1161),
    *range(0x17B4, 0x17B6),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
)
_BLANK: Final = (0x2800, 0x16FE4, 0x1D159)  # Braille without dots, the Khitan filler, a note without a head
_INVISIBLE_CHARACTERS: Final = frozenset(map(chr, _IGNORABLE + _BLANK))

_LINE: Final = 300
_QUOTED: Final = 60


def exact_str(value: T) -> T:
    """Return plain text where an enum or another subclass came in: judged, stored and compared by what it holds."""
    return cast("T", str.__str__(value)) if isinstance(value, str) else value


def is_visible(character: str) -> bool:
    """Tell whether something shows where a character stands; a blank is not visible."""
    return unicodedata.category(character) not in _INVISIBLE_CATEGORIES and character not in _INVISIBLE_CHARACTERS


def invisible_in(text: str) -> str:
    """Return the name of the first character that nobody sees, "" where there is none."""
    found = next((character for character in text if not is_visible(character)), None)
    return "" if found is None else unicodedata.name(found, f"U+{ord(found):04X}")


def one_line(text: str, limit: int = _LINE) -> str:
    r"""
    Return a text from outside as one line for a terminal or log, of at most ``limit`` characters.

    What nobody sees is written as Python would, ``\n`` or ``\u202e``; only the plain blank stays. Costs as much as
    ``limit``, however long the text is.
    """
    shown = "".join(map(_shown, text[: limit + 1]))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def quoted(value: object, limit: int = _QUOTED) -> str:
    """Return how a message names a value that was refused: a text in quotes, a number, or what kind of thing it is."""
    match value:
        case None | bool():
            return repr(value)
        case str():
            return f"'{one_line(exact_str(value), limit)}'"
        case int() if int.bit_length(value) <= limit:
            return int.__repr__(value)
        case float():
            return float.__repr__(value)
        case _:
            return f"a value of type {type(value).__name__}"


def sound_repr(self: object) -> str:
    """
    Return the repr of a value of attrs, of a half-made one too: ``__repr__ = sound_repr`` in its class.

    What is interrupted while it is made is in a frame of the traceback, which is to be shown and not to raise.
    """
    kind = cast("type[AttrsInstance]", type(self))
    return described(self, *(field.name for field in fields(kind) if field.repr))


def described(value: object, *names: str) -> str:
    """Return a repr with those of the named attributes that are there: what is half made lacks some of them."""
    held = (f"{name}={getattr(value, name)!r}" for name in names if hasattr(value, name))
    return f"{type(value).__name__}({', '.join(held)})"


def _shown(character: str) -> str:
    if character == " " or is_visible(character):
        return character
    return character.encode("unicode_escape").decode("ascii")

"""
How a page writes what a journal holds.

One rule: a text of the journal stays text: markup is escaped, and a character that nobody sees is shown by its number.
"""

from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Final

_MINUTE_S: Final = 60
_HOUR_S: Final = 60 * _MINUTE_S
_DAY_S: Final = 24 * _HOUR_S


def escape_html(value: object) -> str:
    """Return any text as safe HTML and XML."""
    text = str(value)
    if not text.isprintable():
        text = "".join(each if each.isprintable() else f"⟨U+{ord(each):04X}⟩" for each in text)
    return escape(text)


def number(amount: Decimal | int) -> str:
    """Return a number with all its digits, in groups of three before the point."""
    if isinstance(amount, int):
        return f"{amount:,}"
    whole, point, rest = format(amount, "f").partition(".")
    return f"{int(whole):,}{point}{rest}"


def counted(count: int, noun: str) -> str:
    """Return a count and its noun, in the plural where that is due."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def moment(ms: int) -> str:
    """Return a point in time as a person writes it, in UTC."""
    try:
        at = datetime.fromtimestamp(ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{ms} ms"
    return f'<time datetime="{at:%Y-%m-%dT%H:%M:%S}Z">{at:%Y-%m-%d %H:%M:%S}</time>'


def span(ms: int) -> str:
    """Return a length of time in its two largest units."""
    seconds = abs(ms) // 1000
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min {seconds % _MINUTE_S} s"
    if seconds < _DAY_S:
        return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"
    return f"{number(seconds // _DAY_S)} d {seconds % _DAY_S // _HOUR_S} h"

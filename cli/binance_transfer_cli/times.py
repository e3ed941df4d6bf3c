"""
Times as people type them: ISO 8601 with a zone, a date, or a span that ends now.

One rule: a time of day without its zone is refused, since it would mean another moment on another machine.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

_SPAN: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def moment(text: str, now: datetime, *, end: bool = False) -> datetime:
    """
    Return the moment that a text names; raises ValueError, which says what would be right.

    now: what a span such as "36h" is counted back from; aware.
    end: a date means its last moment and not its first.
    """
    if found := _SPAN.fullmatch(text):
        try:
            return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
        except OverflowError:
            message = f"{text} is longer ago than any transfer"
            raise ValueError(message) from None
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            first = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return first + timedelta(days=1) - timedelta(milliseconds=1) if end else first
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        message = f"{text!r} is no time: write 2026-11-22, 2026-11-22T08:00:00Z, or a span such as 36h or 7d"
        raise ValueError(message) from None
    if parsed.utcoffset() is None:
        message = f"{text!r} has no time zone: write {parsed.isoformat()}Z for UTC, or {parsed.isoformat()}+02:00"
        raise ValueError(message)
    return parsed

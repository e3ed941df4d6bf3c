"""
Points in time: milliseconds since 1970 inside, aware datetimes for people.

One rule: a number that may have been meant in another unit is refused, and so is a time of day without its zone.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from binance_transfer.errors import InvalidTransfer
from binance_transfer.visible import quoted

Moment = int | datetime
"""Milliseconds since 1970, or a datetime with a time zone."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)

# Read as milliseconds, the first is a day in 1973 and the second one in 5138. In seconds, microseconds or nanoseconds
# every day of our time lies outside.
_FIRST_MS: Final = 10**11
_LAST_MS: Final = 10**14

END_MS: Final = 253_402_300_800_000
"""The beginning of the year 10000, which no datetime reaches."""


def to_ms(name: str, value: object) -> int:
    """
    Return milliseconds since 1970 for an int of them or an aware datetime, cut to whole ones.

    0 is the beginning of 1970 in every unit. Raises InvalidTransfer, which says what would be right.
    """
    if isinstance(value, datetime):
        return _from_datetime(name, value)
    if not isinstance(value, int) or isinstance(value, bool):
        message = f"{name} must be an int, milliseconds since 1970, or an aware datetime, not {quoted(value)}"
        raise InvalidTransfer(message)
    if value == 0 or _FIRST_MS <= value < _LAST_MS:
        return int(value)
    message = f"{name} {quoted(value)} is not a plausible time in milliseconds since 1970"
    if value < 0:
        message += ": it would lie before 1970"
    elif value < _FIRST_MS:
        message += f": if these are seconds, write {1000 * value}"
    elif value < 1000 * _LAST_MS:
        message += f": if these are microseconds, write {value // 1000}"
    elif value < 1_000_000 * _LAST_MS:
        message += f": if these are nanoseconds, write {value // 1_000_000}"
    raise InvalidTransfer(f"{message}; or give an aware datetime")


def is_plausible(ms: int) -> bool:
    """Tell whether a clock that shows milliseconds since 1970 may show this."""
    return _FIRST_MS <= ms < _LAST_MS


def from_ms(ms: int) -> datetime:
    """Return the aware datetime, in UTC; raises OverflowError beyond the year 9999."""
    return _EPOCH + ms * _MS


def _from_datetime(name: str, value: datetime) -> int:
    if value.utcoffset() is None:
        message = f"{name} is a datetime without a time zone: give one with tzinfo, e.g. datetime.now(timezone.utc)"
        raise InvalidTransfer(message)
    ms = (value - _EPOCH) // _MS
    if ms < 0:
        message = f"{name} lies before 1970"
        raise InvalidTransfer(message)
    return ms

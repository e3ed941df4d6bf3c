"""
Request parameters and how the exchange reads them.

One rule: a parameter that cannot be read exactly is refused, never guessed.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import unquote_plus

from attrs import frozen

from binance_transfer_sandbox import errors

MAX_RECV_WINDOW_MS: Final = 60_000
DEFAULT_RECV_WINDOW_MS: Final = 5_000
AHEAD_MS: Final = 1_000
MAX_DECIMALS: Final = 8

_INTEGER: Final = re.compile(r"[0-9]{1,20}")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,20}(?:\.([0-9]{1,20}))?")
# Sixteen digits are microseconds, which the vendor is said to take too; milliseconds have thirteen until 2286.
_FIRST_MICROSECONDS: Final = 10**15

Pairs = Mapping[str, str] | list[tuple[str, str]]


def split(raw: bytes) -> list[tuple[str, str]]:
    """Decode `a=1&b=2` bytes; a malformed escape stays as it is, and empty parts do not count."""
    parts = (part.partition("=") for part in raw.decode("latin-1").split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


def merge(query: Pairs, body: Pairs) -> dict[str, str]:
    """Bring both places together; the query wins."""
    return unique(body) | unique(query)


def unique(pairs: Pairs) -> dict[str, str]:
    """Return parameters by name; none may stand twice in one place (-1101)."""
    if not isinstance(pairs, list):
        return dict(pairs)
    values = dict(pairs)
    if len(values) != len(pairs):
        raise errors.duplicated()
    return values


def required(parameters: Mapping[str, str], name: str) -> str:
    """Return a parameter that must be there and not empty (-1102)."""
    value = parameters.get(name)
    if not value:
        raise errors.missing(name)
    return value


def integer(parameters: Mapping[str, str], name: str, default: int) -> int:
    """Return an optional integer, or refuse what is none (-1100) or empty (-1105)."""
    value = parameters.get(name)
    if value is None:
        return default
    if not value:
        raise errors.empty(name)
    if _INTEGER.fullmatch(value) is None:
        raise errors.illegal_characters(name, "^[0-9]{1,20}$")
    return int(value)


def boolean(parameters: Mapping[str, str], name: str) -> bool:
    """Return an optional boolean that is false by default (-1130)."""
    value = parameters.get(name, "false")
    if value not in {"true", "false"}:
        raise errors.invalid(name)
    return value == "true"


def amount(parameters: Mapping[str, str], name: str) -> Decimal:
    """Return a positive amount of at most eight decimals, written without an exponent."""
    text = required(parameters, name)
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise errors.illegal_characters(name, r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
    value = Decimal(text)
    if value <= 0:
        raise errors.not_positive()
    if len(match[1] or "") > MAX_DECIMALS:
        raise errors.too_precise()
    return value


@frozen
class SigningWindow:
    """For how long the exchange may begin a request."""

    timestamp_ms: int
    recv_window_ms: int

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "SigningWindow":
        """Read `timestamp` and `recvWindow`."""
        required(parameters, "timestamp")
        timestamp = integer(parameters, "timestamp", 0)
        recv_window_ms = integer(parameters, "recvWindow", DEFAULT_RECV_WINDOW_MS)
        if recv_window_ms > MAX_RECV_WINDOW_MS:
            raise errors.window_too_wide()
        return cls(timestamp // 1000 if timestamp >= _FIRST_MICROSECONDS else timestamp, recv_window_ms)

    def check(self, server_ms: int) -> None:
        """Refuse a request whose time has passed or not come (-1021)."""
        if self.timestamp_ms >= server_ms + AHEAD_MS:
            raise errors.too_early()
        if server_ms - self.timestamp_ms > self.recv_window_ms:
            raise errors.too_late()

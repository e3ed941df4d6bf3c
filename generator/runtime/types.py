"""
What a request is made of and how an answer is read, without any I/O.

A checker takes a value out of a JSON document and returns it, or raises Mismatch: nothing is converted.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, NoReturn, TypeVar
from urllib.parse import quote

from attrs import field, frozen

from .security import API_KEY_HEADER as API_KEY_HEADER, SIGNATURE_PARAMETER as SIGNATURE_PARAMETER

T = TypeVar("T")
Model = TypeVar("Model")
Error = TypeVar("Error")

INT64_MAXIMUM: Final = 2**63 - 1
_JSON_NAMES: Final[Mapping[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "fraction",
    type(None): "null",
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNRESERVED: Final = re.compile("[A-Za-z0-9._~-]*")  # RFC 3986, section 2.3: what is never encoded


@frozen
class Request:
    """
    One call, before it is signed.

    ``parameters`` are in the order of the wire and not yet percent-encoded; ``placement`` tells whether they go into
    the query string or into a form body, and the signature follows them there.
    """

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    placement: Literal["query", "form"]
    weight: int
    weight_kind: Literal["ip", "uid"]
    needs_api_key: bool
    needs_signature: bool

    def encoded(self) -> str:
        """Percent-encode the parameters: these are the characters to sign and to send."""
        return "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in self.parameters])


@frozen
class Unexpected:
    """An answer that is neither what the operation promises nor an error as the vendor words it."""

    status: int
    body: bytes = field(repr=False)
    reason: str


class Mismatch(ValueError):
    """A JSON value is not what the spec says. The text names the place and the difference, not the value."""


def texts(parameters: tuple[tuple[str, str | int | bool | None], ...]) -> tuple[tuple[str, str], ...]:
    """Write parameters as text, leaving out those that are None. A float is a TypeError: amounts are decimal text."""
    return tuple((name, _text(name, value)) for name, value in parameters if value is not None)


def _quoted(text: str) -> str:
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def _text(name: str, value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return str.__str__(value)  # of an enum that is a str, its value and not its name
        case int():
            return int.__repr__(value)
        case _:
            message = f"{name} must be str, int or bool, not {type(value).__name__}"
            raise TypeError(message)


def parse(
    status: int,
    body: bytes,
    models: Mapping[int, Callable[[object], Model]],
    error: Callable[[object], Error],
) -> Model | Error | Unexpected:
    """Read a body as the model of its status, else as the vendor's error, else as Unexpected. Never raises."""
    try:
        document = _document(body)
    except (ValueError, RecursionError) as failure:
        return Unexpected(status, body, f"not JSON: {type(failure).__name__}")
    reason = f"status {status} is not documented"
    if (model := models.get(status)) is not None:
        try:
            return model(document)
        except Mismatch as mismatch:
            reason = str(mismatch)
    try:
        return error(document)
    except Mismatch:
        return Unexpected(status, body, reason)


def _document(body: bytes) -> object:
    document: object = _JSON.decode(body.decode("utf-8"))
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a repeated key: which of the two values counts is anybody's guess."""
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "repeated key"
        raise ValueError(message)
    return members


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


_JSON: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)


def members(value: object) -> dict[str, object]:
    """Check for a JSON object."""
    if not isinstance(value, dict):
        raise _mismatch("object", value)
    return value  # pyright: ignore[reportUnknownVariableType]


def required(fields: dict[str, object], name: str, check: Callable[[object], T]) -> T:
    """Take a field that has to be there."""
    if name not in fields:
        message = f"{name} is missing"
        raise Mismatch(message)
    return _at(name, fields[name], check)


def optional(fields: dict[str, object], name: str, check: Callable[[object], T]) -> T | None:
    """Take a field that may be missing."""
    return _at(name, fields[name], check) if name in fields else None


def _at(name: str, value: object, check: Callable[[object], T]) -> T:
    try:
        return check(value)
    except Mismatch as mismatch:
        message = f"{name}: {mismatch}"
        raise Mismatch(message) from None


def boolean(value: object) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise _mismatch("boolean", value)
    return value


def integer(*, minimum: int = -INT64_MAXIMUM - 1, maximum: int = INT64_MAXIMUM) -> Callable[[object], int]:
    """Make a check for an integer between two bounds; 1.0 and true are none."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _mismatch("integer", value)
        if not minimum <= value <= maximum:
            message = f"outside {minimum}…{maximum}"
            raise Mismatch(message)
        return value

    return check


def string(*, min_length: int = 0, pattern: str = "") -> Callable[[object], str]:
    """Make a check for a text of a least length that matches a pattern and can be encoded as UTF-8."""
    search = re.compile(pattern, re.ASCII).search

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise _mismatch("string", value)
        if len(value) < min_length or not search(value):
            message = "not of the documented form"
            raise Mismatch(message)
        if _SURROGATE.search(value):
            message = "half of a surrogate pair"
            raise Mismatch(message)
        return value

    return check


def array(check_item: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """Make a check for a list whose items all pass a check."""

    def check(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise _mismatch("array", value)
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType]
        return tuple(_at(f"[{index}]", item, check_item) for index, item in enumerate(items))

    return check


def _mismatch(expected: str, value: object) -> Mismatch:
    return Mismatch(f"expected {expected}, found {_JSON_NAMES[type(value)]}")

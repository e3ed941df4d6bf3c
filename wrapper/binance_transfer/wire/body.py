"""
What a body could mean, whatever status it came with.

One rule: a `tranId`, or a code by which the vendor says that it does not know, keeps the outcome open wherever it
stands and however it is written. It is asked once, here, before any status may mean that nothing moved.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Collection
from typing import Final, cast

from attrs import frozen

from binance_transfer.visible import one_line, sound_repr
from binance_transfer_api.errors import ERROR_CODES
from binance_transfer_api.types import INT64_MAXIMUM

ALWAYS_UNKNOWN: Final = frozenset(code for code, row in ERROR_CODES.items() if row.always)
"""Codes that leave the outcome open under every status."""

_KNOWN_SUCCESSES: Final = (0, 200)
"""Codes that mean no error where they come with a tranId."""

_ID: Final = re.compile(r"tran[\W_]*id", re.IGNORECASE)
# A minus is written in many ways. Behind a digit, and behind a digit and one letter, it joins the parts of a range, a
# date or a UUID; behind any other letter ("code-1007") it is taken for a minus.
_NUMBER: Final = re.compile(
    r"(?<![0-9])(?<![0-9][a-fA-F])[-\u2010-\u2015\u2212]"
    rf"(?:{'|'.join(str(-code) for code in sorted(ALWAYS_UNKNOWN))})(?![0-9])"
)
# How URLs, JSON, Python and HTML escape a character. Each alternative takes a whole run of what repeats, as in signing.
_ESCAPE: Final = re.compile(
    r"%(?:25)*([0-9a-f]{2})|\\+(?:u([0-9a-f]{4})|u\{0*([0-9a-f]{1,6})\}|x([0-9a-f]{2}))?"
    r"|&#x0*([0-9a-f]{1,6});?|&#0*([0-9]{1,7});?|&(minus|hyphen|dash|lowbar|nbsp);",
    re.IGNORECASE,
)
_NAMED: Final = {"lowbar": "_", "nbsp": " "}
_LEVELS: Final = 3  # of escapes within escapes that are undone
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")
_PAGE: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)


@frozen
class ParsedBody:
    """
    What was read from a body.

    code, msg: the vendor's error; msg is "" where it is missing or no text. It is one line without secrets.
    may_have_moved: it may belong to a transfer that was made.
    """

    code: int | None
    msg: str
    may_have_moved: bool
    __repr__ = sound_repr


def parse_body(body: bytes, redact: Callable[[str], str] = str) -> ParsedBody:
    """
    Read a body of any kind. Never raises, and takes time in proportion to its length.

    redact: masks what is secret in the vendor's text, before anybody can see it.
    """
    document = _document(body)
    fields = _members(document)
    code, msg = fields.get("code"), fields.get("msg")
    return ParsedBody(
        code if isinstance(code, int) and not isinstance(code, bool) and abs(code) <= INT64_MAXIMUM else None,
        one_line(redact(msg)) if isinstance(msg, str) else "",
        _may_have_moved(body),
    )


def contradictory(body: bytes, rejected: Collection[int] = ()) -> bool:
    """
    Tell whether a body that names a tranId may name an error too: then neither is believed.

    rejected: codes that a caller has added to those that mean an error.
    """
    fields = _members(_document(body))
    code = fields.get("code")
    success = isinstance(code, int) and not isinstance(code, bool) and code in _KNOWN_SUCCESSES and code not in rejected
    return not (code is None or success) and fields.get("tranId") is not None


def is_page(body: bytes, content_type: str) -> bool:
    """Tell whether a body is a web page: it begins like one, or the header says so and it does not begin like JSON."""
    html = "html" in content_type.lower()
    return bool(_PAGE.match(body)) or (html and body.lstrip()[:1] not in {b"", b"{", b"["})


def _members(document: object) -> dict[str, object]:
    return cast("dict[str, object]", document) if isinstance(document, dict) else {}


class _RepeatedKey(ValueError):
    """Which of the two values counts is anybody's guess."""


def _document(body: bytes) -> object:
    """Read JSON, None where it is not: also where a key is repeated, and where it is nested too deeply to be read."""
    try:
        document: object = _JSON.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedKey
    return members


_JSON: Final = json.JSONDecoder(object_pairs_hook=_object)


_VALUES: Final = json.JSONDecoder(object_pairs_hook=lambda pairs: [value for _, value in pairs], parse_int=float)
"""Keeps the values of repeated keys, which a dict would drop, and reads numbers of any length."""


def _may_have_moved(body: bytes) -> bool:
    """Look at a body as text of any encoding that extends ASCII; zeros are dropped, which reads UTF-16 and UTF-32."""
    text = body.replace(b"\0", b"").decode("utf-8", "replace")
    if _holds_an_unknown_code(text):
        return True
    for _ in range(_LEVELS):
        text = _ESCAPE.sub(_unescaped, text)
    if not text.isascii():
        # One by one: of a whole text, this takes more than linear time where many marks follow each other.
        text = _FOREIGN.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return bool(_ID.search(text) or _NUMBER.search(text))


def _unescaped(found: re.Match[str]) -> str:
    *hexadecimal, decimal, name = found.groups()
    if name:
        return _NAMED.get(name.lower(), "-")
    number = int(decimal) if decimal else int(next(filter(None, hexadecimal), "110000"), 16)
    return chr(number) if number <= sys.maxunicode else found[0]


def _holds_an_unknown_code(text: str) -> bool:
    """Look for a code in JSON that is written as another number would be: -1007.0, -1.007e3."""
    try:
        waiting: list[object] = [_VALUES.decode(text.lstrip("\ufeff"))]
    except (ValueError, RecursionError):
        return False
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(cast("list[object]", part))
        elif isinstance(part, float) and part.is_integer() and int(part) in ALWAYS_UNKNOWN:
            return True
    return False

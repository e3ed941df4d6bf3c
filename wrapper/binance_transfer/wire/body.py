"""
What a body could mean, whatever status it came with.

One rule: a `tranId`, or a code by which the vendor says that it does not know, keeps the outcome open wherever it
stands and however it is written. It is asked once, here, before any status may mean that nothing moved.
"""

import json
import re
from collections.abc import Callable
from typing import Final, cast

from attrs import frozen

from binance_transfer.visible import one_line
from binance_transfer_api.errors import ERROR_CODES
from binance_transfer_api.types import INT64_MAXIMUM

ALWAYS_UNKNOWN: Final = frozenset(code for code, row in ERROR_CODES.items() if row.always)
"""Codes that leave the outcome open under every status."""

_ID: Final = re.compile(r"tran[\s_-]*id", re.IGNORECASE)
_NUMBER: Final = re.compile(rf"(?<![\w.])(?:{'|'.join(map(str, sorted(ALWAYS_UNKNOWN)))})(?![0-9])")
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
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
        _names_an_id_or_unknown_code(body) or _holds_an_unknown_code(document),
    )


def contradictory(body: bytes) -> bool:
    """Tell whether a body that names a tranId names an error too: then neither is believed."""
    document = _document(body)
    fields = _members(document)
    code = fields.get("code")
    error = not (code is None or (isinstance(code, int) and code >= 0))
    return error and fields.get("tranId") is not None


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


def _names_an_id_or_unknown_code(body: bytes) -> bool:
    """Look at a body as text of any encoding that extends ASCII; zeros are dropped, which reads UTF-16 and UTF-32."""
    text = _ESCAPE.sub(_character, body.replace(b"\0", b"").decode("latin-1"))
    return bool(_ID.search(text) or _NUMBER.search(text))


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))


def _holds_an_unknown_code(document: object) -> bool:
    """Look for a code that is written as another number would be: -1007.0, -1.007e3."""
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, float) and part.is_integer() and int(part) in ALWAYS_UNKNOWN:
            return True
        waiting.extend(_members(part).values())
        if isinstance(part, list):
            waiting.extend(cast("list[object]", part))
    return False

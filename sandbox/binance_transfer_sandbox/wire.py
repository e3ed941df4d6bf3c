"""
What comes in and what goes out, as values.

One rule: these say what happens on a connection; only the server does it, and a simulator can act on them without one.
"""

import json
from collections.abc import Mapping
from typing import Final

from attrs import evolve, field, frozen

from binance_transfer_sandbox.errors import ApiError

JSON_TYPE: Final = ("Content-Type", "application/json;charset=UTF-8")
HTML_TYPE: Final = ("Content-Type", "text/html")

Headers = tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Request:
    """A request as it came: raw bytes where they are signed. Header names are lower case."""

    method: str
    path: str
    query: bytes = b""
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = b""
    address: str = "127.0.0.1"


@frozen
class Answer:
    """A whole HTTP answer, sent after `delay_ms`."""

    status: int
    headers: Headers
    body: bytes
    delay_ms: int = 0

    @classmethod
    def of_json(cls, status: int, value: object, headers: Headers = ()) -> "Answer":
        """Make an answer with a JSON body, not only ASCII, as the vendor does."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, (JSON_TYPE, *headers), body)

    @classmethod
    def of_page(cls, status: int, text: str) -> "Answer":
        """Make an answer with a page for people, as something before the exchange gives them."""
        page = f"<html><body><h1>{int(status)}</h1><p>{text}</p></body></html>"
        return cls(status, (HTML_TYPE,), page.encode())

    @classmethod
    def of_error(cls, error: ApiError, headers: Headers = ()) -> "Answer":
        """Make the answer to a refused request."""
        return cls.of_json(error.status, {"code": error.code, "msg": error.msg}, (*headers, *error.headers))


@frozen
class Truncated:
    """An HTTP answer that promises its whole body, and a connection that ends after `sent_bytes` of it."""

    answer: Answer
    sent_bytes: int


@frozen
class Trailed:
    """
    A whole answer and one that nobody asked for, or the first `half` of it.

    Both come in the same segment, unless the second has a delay.
    """

    answer: Answer
    unasked: Answer
    half: bool = False


@frozen
class Dropped:
    """A connection that ends without an answer after `delay_ms`: with a FIN, or with a RST where `reset`."""

    reset: bool
    delay_ms: int = 0


@frozen
class Silence:
    """A connection that stays open and says nothing until the client leaves."""


@frozen
class Refused:
    """A connection that could not be made, and no further one for `duration_ms`. The request never arrived."""

    duration_ms: int


Reply = Answer | Truncated | Trailed | Dropped | Silence | Refused


def delayed(reply: Reply, delay_ms: int) -> Reply:
    """Let a reply wait before it is sent; silence and refusals stay what they are."""
    match reply:
        case Answer() | Dropped():
            return evolve(reply, delay_ms=delay_ms)
        case Truncated(answer, sent_bytes):
            return Truncated(evolve(answer, delay_ms=delay_ms), sent_bytes)
    return reply

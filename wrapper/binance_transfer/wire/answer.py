"""
What came back from the network, before anybody has judged it.

One rule: these are plain values. A transport turns everything that can happen into one of them.
"""

from collections.abc import Callable, Mapping
from typing import Final

from attrs import field, frozen

from binance_transfer.errors import AnswerFacts
from binance_transfer.visible import sound_repr
from binance_transfer_api.api.asset.universal_transfer import USED_WEIGHT_HEADER

_RETRY_AFTER: Final = "retry-after"  # RFC 9110, section 10.2.3; the vendor sends seconds
_DIGITS_LIMIT: Final = 18


@frozen
class Answer:
    """
    An HTTP answer.

    headers: names in lower case.
    unreadable: why the body could not be looked at (encoded, too long, cut), "" where it is complete.
    redact: masks the API key and the signature in a text; to be used on every part of the body that is shown.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    unreadable: str = ""
    redact: Callable[[str], str] = field(default=str, repr=False, eq=False)
    __repr__ = sound_repr

    def facts(self) -> AnswerFacts:
        """Return what every result and every error carries."""
        return AnswerFacts(
            http_status=self.status,
            retry_after_s=_whole(self.headers.get(_RETRY_AFTER)),
            used_uid_weight_1m=_whole(self.headers.get(USED_WEIGHT_HEADER.lower())),
        )


@frozen
class NoAnswer:
    """
    No answer, or not a whole one.

    sent: False only where it is certain that no byte of the request left this machine.
    reason: for people.
    """

    sent: bool
    reason: str
    __repr__ = sound_repr


Reply = Answer | NoAnswer


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_LIMIT else None

"""
One request, its answer, and the connection that carries both: what is known of them.

One rule: an answer counts only if it began after its request had left whole. So a connection tells, before a request is
written to it, whether bytes are there that nobody has asked for, and remembers what came afterwards.
"""

import time
from abc import ABC, abstractmethod
from contextvars import ContextVar
from typing import Any, Final

from attrs import define, field

from binance_transfer.wire.framing import is_one_answer

RECEIVED_LIMIT: Final = 2 * 1024 * 1024
"""Bytes of one answer on the wire, head and framing included: twice what a body may have."""

LATE: Final = "the call timed out"
TOO_LONG: Final = "the answer is too long"
UNASKED: Final = "the connection held unexpected bytes"
CLOSED: Final = "the connection is closed"


@define(eq=False)
class Exchange:
    """
    One request and its answer, as the connection saw them.

    deadline_s: by the monotonic clock, when everything has to be over; None where somebody else sees to that.
    """

    deadline_s: float | None = None
    requesting: bool = False
    """What is written now is the request itself, and not a proxy's CONNECT."""
    sent: bool = False
    """A byte of the request was handed to a connection."""
    whole: bool = False
    """All of it was, before anything of an answer was there."""
    early: bool = False
    """Something could be read before all of the request was written."""
    received: bytearray = field(factory=bytearray, repr=False)
    opened: Any = None
    """The connection made for this call, if one was. httpcore forgets it where TLS is interrupted."""
    carrier: "Watched | None" = None
    """The connection that carried the request."""

    def end(self) -> None:
        """Let the connection be used again only if nothing is left over on it."""
        if self.carrier is not None and not (self.believable and is_one_answer(self.received)):
            self.carrier.spent = True

    @property
    def believable(self) -> bool:
        """Whether what came is an answer to this request."""
        return self.whole and not self.early and bool(self.received)

    def left_s(self, timeout_s: float | None = None) -> float | None:
        """Shorten the time for one step to what is left for the whole call."""
        if self.deadline_s is None:
            return timeout_s
        left_s = max(self.deadline_s - time.monotonic(), 0.001)  # 0 would mean "do not block", not "time is up"
        return left_s if timeout_s is None else min(timeout_s, left_s)

    @property
    def over(self) -> bool:
        """Whether its time is over."""
        return self.deadline_s is not None and time.monotonic() > self.deadline_s


current: Final[ContextVar[Exchange | None]] = ContextVar("current", default=None)
"""The exchange that this thread or task is in the middle of."""


class Watched(ABC):
    """What a connection notes, with threads and with asyncio."""

    spent = False
    """It must not carry another request."""
    origin = ""
    """Scheme, host and port that it leads to, where a pool of ours keeps it."""

    @abstractmethod
    def leftover(self) -> bool:
        """Tell whether anything can be read now, from the socket or from a buffer."""

    @abstractmethod
    def close(self) -> None:
        """Close it at once."""

    def may_write(self, exchange: Exchange) -> bool:
        """Look for bytes that nobody has asked for. False where nothing was sent yet, so that nothing must be."""
        if self.spent or self.leftover():
            self.spent = True
            if not exchange.sent:
                return False
            exchange.early = True
        exchange.sent, exchange.whole, exchange.carrier = True, False, self
        return True

    def may_keep(self, data: bytes, exchange: Exchange) -> bool:
        """Keep what came, to tell where the answer ends; False where there is too much of it."""
        exchange.received += data
        if len(exchange.received) <= RECEIVED_LIMIT:
            return True
        self.spent = True
        return False

    def readable(self) -> bool:
        """Answer the pool, which asks before it uses an idle connection again: what can be read must not be."""
        return self.spent or self.leftover()

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

from binance_transfer.visible import sound_repr
from binance_transfer.wire.framing import is_one_answer

RECEIVED_LIMIT: Final = 2 * 1024 * 1024
"""Bytes of one answer on the wire, head and framing included: twice what a body may have."""

LATE: Final = "the call timed out"
TOO_LONG: Final = "the answer is too long"
TOO_LATE: Final = "getting a connection took so long that too little time was left for an answer"
UNEXPECTED_BYTES: Final = "the connection held unexpected bytes"
CLOSED: Final = "the connection is closed"


@define(eq=False)
class RoundTrip:
    """
    One request and its answer, as the connection saw them.

    deadline_s: by the monotonic clock, when everything has to be over; None where there is no end.
    begin_by_s: by the same clock, when its first byte has to have left: later, its answer would come too late.
    """

    deadline_s: float | None = None
    begin_by_s: float | None = None
    requesting: bool = False
    """What is written now is the request itself, and not a proxy's CONNECT."""
    sent: bool = False
    """A byte of the request was handed to a connection."""
    request_complete: bool = False
    """All of it was, before anything of an answer was there."""
    answered_early: bool = False
    """Something could be read before all of the request was written."""
    received: bytearray = field(factory=bytearray, repr=False)
    opened: Any = None
    """The connection made for this call, if one was. httpcore forgets it where TLS is interrupted."""
    connection: "TrackedConnection | None" = None
    """The connection that carried the request."""
    __repr__ = sound_repr

    @classmethod
    def within(cls, timeout_s: float, answer_s: float, *, requesting: bool = False) -> "RoundTrip":
        """Return the one that begins now. answer_s: what must be left of its time when its first byte leaves."""
        deadline_s = time.monotonic() + timeout_s
        return cls(deadline_s, deadline_s - answer_s, requesting)

    def end(self) -> None:
        """Let the connection be used again only if nothing is left over on it."""
        if self.connection is not None and not (self.is_valid_answer and is_one_answer(self.received)):
            self.connection.unfit = True

    @property
    def is_valid_answer(self) -> bool:
        """Whether what came is an answer to this request."""
        return self.request_complete and not self.answered_early and bool(self.received)

    def left_s(self, timeout_s: float | None = None) -> float | None:
        """Shorten the time for one step to what is left for the call, or for getting it under way."""
        if self._end_s is None:
            return timeout_s
        left_s = max(self._end_s - time.monotonic(), 0.001)  # 0 would mean "do not block", not "time is up"
        return left_s if timeout_s is None else min(timeout_s, left_s)

    @property
    def over(self) -> bool:
        """Whether its time is over, or while nothing was sent, the time to begin."""
        return self._end_s is not None and time.monotonic() > self._end_s

    @property
    def _end_s(self) -> float | None:
        return self.deadline_s if self.sent else self.begin_by_s


current: Final[ContextVar[RoundTrip | None]] = ContextVar("current", default=None)
"""The round trip that this thread or task is in the middle of."""


class TrackedConnection(ABC):
    """What a connection notes, with threads and with asyncio."""

    unfit = False
    """It must not carry another request."""
    origin = ""
    """Scheme, host and port that it leads to, where a pool of ours keeps it."""

    @abstractmethod
    def leftover(self) -> bool:
        """Tell whether anything can be read now, from the socket or from a buffer."""

    @abstractmethod
    def close(self) -> None:
        """Close it at once."""

    def refusal(self, round_trip: RoundTrip) -> str:
        """
        Say why nothing may be written, where nothing was yet; "" where it may, and from then on it counts as sent.

        Bytes that nobody has asked for are looked for each time.
        """
        if not round_trip.sent and round_trip.over:
            return TOO_LATE
        if self.unfit or self.leftover():
            self.unfit = True
            if not round_trip.sent:
                return UNEXPECTED_BYTES
            round_trip.answered_early = True
        round_trip.sent, round_trip.request_complete, round_trip.connection = True, False, self
        return ""

    def may_keep(self, data: bytes, round_trip: RoundTrip) -> bool:
        """Keep what came, to tell where the answer ends; False where there is too much of it."""
        round_trip.received += data
        if len(round_trip.received) <= RECEIVED_LIMIT:
            return True
        self.unfit = True
        return False

    def readable(self) -> bool:
        """Answer the pool, which asks before it uses an idle connection again: what can be read must not be."""
        return self.unfit or self.leftover()

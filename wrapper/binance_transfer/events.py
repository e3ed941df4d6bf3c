"""
What a client tells while it works: one event an attempt, an answer, a verdict, a wait, an alarm.

One rule: an event says what has happened and changes nothing. It holds plain values and no secret, under the names that
the journal and the errors use.
"""

from collections.abc import Callable
from typing import ClassVar

from attrs import asdict, frozen

from binance_transfer.visible import sound_repr


@frozen(kw_only=True)
class Event:
    """
    What all events have.

    name: which kind it is, "attempt", "answer", "verdict", "wait" or "alarm".
    at_ms: when, by the exchange's clock as far as it is known, in ms since 1970.
    key: the idempotency key; None without a journal, and where it is not known.
    attempt_id: which attempt it is about, None where it is about none yet.
    """

    name: ClassVar[str]
    at_ms: int
    key: str | None = None
    attempt_id: str | None = None
    __repr__ = sound_repr

    def to_dict(self) -> dict[str, str | int | float | None]:
        """Return plain values, with the name under "event": what a record of the log carries in ``extra``."""
        return {"event": self.name} | asdict(self)


@frozen(kw_only=True)
class AttemptEvent(Event):
    """
    An attempt will be sent if there is still time; with a journal it is recorded already.

    The fields are those of Attempt.
    """

    name = "attempt"
    type: str
    asset: str
    amount: str
    from_symbol: str | None
    to_symbol: str | None
    timestamp_ms: int
    recv_window_ms: int
    __repr__ = sound_repr

    def __str__(self) -> str:
        return f"sending {self.type} {self.amount} {self.asset}{_of(self)}"


@frozen(kw_only=True)
class AnswerEvent(Event):
    """
    A transfer was answered, or will not be.

    outcome: the class of the receipt or the error that it amounts to.
    tran_id, http_status, code, retry_after_s, used_uid_weight_1m: what came with it, None for what did not.
    reason: the text of the error, "" for a receipt.
    """

    name = "answer"
    outcome: str
    tran_id: int | None = None
    http_status: int | None = None
    code: int | None = None
    retry_after_s: int | None = None
    used_uid_weight_1m: int | None = None
    reason: str = ""
    __repr__ = sound_repr

    def __str__(self) -> str:
        told = self.reason or f"tranId {self.tran_id}"
        return f"answered: {self.outcome}, {told}{_of(self)}"


@frozen(kw_only=True)
class VerdictEvent(Event):
    """
    It is known what became of an attempt, or no longer known.

    state: "moved", "not_moved", or "open" where an answer came late and contradicts what was known.
    verdict: who said so, as in VerdictRecord.
    tran_id: the exchange's id, where it moved.
    reason: in the words of who said so.
    """

    name = "verdict"
    state: str
    verdict: str
    tran_id: int | None = None
    reason: str = ""
    __repr__ = sound_repr

    def __str__(self) -> str:
        told = f"tranId {self.tran_id}" if self.tran_id is not None else self.reason
        return f"{self.state} ({self.verdict}){f', {told}' if told else ''}{_of(self)}"


@frozen(kw_only=True)
class WaitEvent(Event):
    """
    A call waits: for its turn, for another look at history, or before it tries again.

    seconds: for how long.
    reason: what for.
    """

    name = "wait"
    seconds: float
    reason: str
    __repr__ = sound_repr

    def __str__(self) -> str:
        return f"waiting {self.seconds:.1f} s: {self.reason}{_of(self)}"


@frozen(kw_only=True)
class AlarmEvent(Event):
    """Something happened that must not: a person has to look. It is logged as CRITICAL."""

    name = "alarm"
    reason: str
    __repr__ = sound_repr

    def __str__(self) -> str:
        return self.reason


OnEvent = Callable[[Event], object]
"""What is told of each event, on the thread or in the loop that makes the call. It should return at once."""


def _of(event: Event) -> str:
    return f" [{event.key or event.attempt_id}]" if event.key or event.attempt_id else ""

"""
What a journal knows, as values.

One rule: an entry is a key and everything that was ever done under it; what it came to follows from its attempts.
"""

from typing import Literal

from attrs import frozen

from binance_transfer.attempt import Attempt
from binance_transfer.transfer import Transfer

State = Literal["open", "moved", "not_moved"]
Verdict = Literal["accepted", "refused", "not-sent", "found", "absent", "person"]
"""Who said so: an answer that accepted or refused, a connection that was never made, reconciliation, a person."""


@frozen
class AnswerRecord:
    """One answer to an attempt, as it came. ``outcome`` is the name of the receipt's or error's class."""

    at_ms: int
    outcome: str
    http_status: int | None
    code: int | None
    msg: str
    tran_id: int | None


@frozen
class AttemptRecord:
    """
    One attempt under a key.

    window_end_ms: the exchange's time after which it can neither execute nor show up any more.
    state: "open" until there is a verdict; tran_id is there where it moved.
    verdict, verdict_ms, note: who said so, when, and in which words.
    """

    attempt: Attempt
    key: str
    opened_ms: int
    window_end_ms: int
    state: State = "open"
    tran_id: int | None = None
    verdict: Verdict | None = None
    verdict_ms: int | None = None
    note: str = ""
    answers: tuple[AnswerRecord, ...] = ()

    @property
    def timestamp_ms(self) -> int:
        """Server time for which the attempt was signed."""
        return self.attempt.timestamp_ms

    @property
    def answer(self) -> AnswerRecord | None:
        """What came last, None where nothing has."""
        return self.answers[-1] if self.answers else None

    @property
    def contradicted(self) -> bool:
        """Whether an answer named an id that the verdict does not: one of them is wrong."""
        named = {answer.tran_id for answer in self.answers if answer.tran_id is not None}
        return self.state != "open" and not named <= {self.tran_id}


@frozen
class Entry:
    """One key. ``state`` is "moved" where an attempt moved, "open" where one may, else "not_moved"."""

    key: str
    transfer: Transfer
    attempts: tuple[AttemptRecord, ...]

    @property
    def state(self) -> State:
        """What became of the key."""
        states = {attempt.state for attempt in self.attempts}
        return "moved" if "moved" in states else "open" if "open" in states else "not_moved"

    @property
    def tran_id(self) -> int | None:
        """The exchange's id, where it moved."""
        return next((attempt.tran_id for attempt in self.attempts if attempt.state == "moved"), None)

    @property
    def open_attempt(self) -> AttemptRecord | None:
        """The attempt without a verdict, if there is one."""
        return next((attempt for attempt in self.attempts if attempt.state == "open"), None)


@frozen
class AccountRecord:
    """
    What all workers of one account share.

    environment, uid: what the account is bound to, None before its first use.
    halted: why no more is sent, "" where it is.
    silent_until_ms: the exchange asked for silence until then, by its own clock.
    minute, started, answered: the minute that is being counted, how many attempts began in it, and how many of them
        were answered.
    first, used: the first weight that such an answer reported, and the highest one.
    weight: what one attempt costs, as far as is known.
    """

    name: str
    environment: str | None = None
    uid: int | None = None
    halted: str = ""
    silent_until_ms: int = 0
    minute: int = 0
    started: int = 0
    answered: int = 0
    first: int = 0
    used: int = 0
    weight: int = 0

"""
What a journal knows, as values.

One rule: an entry is a key and everything that was ever done under it; what it came to follows from its attempts.
"""

from typing import Literal

from attrs import evolve, field, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.transfer import Transfer
from binance_transfer.visible import sound_repr
from binance_transfer.window import EARLY_MS, Window

State = Literal["open", "moved", "not_moved"]
Verdict = Literal["accepted", "refused", "not-sent", "found", "failed", "absent", "person", "reopened"]
"""
Who said so: an answer that accepted or refused, a connection that was never made, reconciliation (found in history,
shown there as failed, proven absent), a person; or an answer that came late and opened the question again.
"""


@frozen
class AnswerRecord:
    """One answer to an attempt, as it came. ``outcome`` is the name of the receipt's or error's class."""

    at_ms: int
    outcome: str
    http_status: int | None
    code: int | None
    msg: str
    tran_id: int | None
    __repr__ = sound_repr


@frozen
class VerdictRecord:
    """One verdict on an attempt. The last one counts; none is ever changed. ``note`` is in the words of who said so."""

    at_ms: int
    verdict: Verdict
    state: State
    tran_id: int | None
    note: str
    __repr__ = sound_repr


@frozen
class AttemptRecord:
    """
    One attempt under a key.

    window_start_ms, window_end_ms: the exchange's time in which it can execute and show up, as it was recorded.
    opening: how often the attempt was opened. A verdict is written against the opening that it was reached for.
    state: "open" until there is a verdict.
    tran_id: the exchange's id that belongs to it; also while it is open, where an answer that came late named one.
    verdict, verdict_ms: who said so last, and when; None while it is open.
    note: the words of the last verdict, that of a reopening included.
    """

    attempt: Attempt
    key: str
    opened_ms: int
    window_start_ms: int
    window_end_ms: int
    opening: int = 1
    state: State = "open"
    tran_id: int | None = None
    answers: tuple[AnswerRecord, ...] = ()
    verdicts: tuple[VerdictRecord, ...] = field(default=(), kw_only=True)
    __repr__ = sound_repr

    @property
    def timestamp_ms(self) -> int:
        """Server time for which the attempt was signed."""
        return self.attempt.timestamp_ms

    @property
    def window(self) -> Window:
        """The time in which it can have executed."""
        return Window(self.window_start_ms, self.window_end_ms)

    @property
    def verdict(self) -> Verdict | None:
        """Who said so last; None where nobody has, or where the question is open again."""
        return self.verdicts[-1].verdict if self.verdicts and self.state != "open" else None

    @property
    def verdict_ms(self) -> int | None:
        """When that was."""
        return self.verdicts[-1].at_ms if self.verdicts and self.state != "open" else None

    @property
    def note(self) -> str:
        """In which words."""
        return self.verdicts[-1].note if self.verdicts else ""

    @property
    def answer(self) -> AnswerRecord | None:
        """What came last, None where nothing has."""
        return self.answers[-1] if self.answers else None

    @property
    def answered_ids(self) -> frozenset[int]:
        """The ids that answers to this attempt have named. Such an attempt is never absent (docs/rules.md, rule 7)."""
        return frozenset(answer.tran_id for answer in self.answers if answer.tran_id is not None)

    @property
    def contradicted(self) -> bool:
        """Whether an answer named an id that the verdict does not: one of them is wrong."""
        settled = {"failed", "person"}  # these were told about the id
        return self.state != "open" and self.verdict not in settled and not self.answered_ids <= {self.tran_id}

    @property
    def acceptance_ignored(self) -> bool:
        """Whether it was accepted after it was recorded as not moved, and no verdict says so, as up to version 0.1."""
        accepted_ms = max((answer.at_ms for answer in self.answers if answer.tran_id is not None), default=None)
        if accepted_ms is None or self.state != "not_moved":
            return False
        # A person who spoke later knew of it. The clocks of two workers differ: in doubt it is looked at again.
        return not any(
            verdict.verdict in {"accepted", "reopened", "failed"}
            or (verdict.verdict == "person" and verdict.at_ms > accepted_ms + EARLY_MS)
            for verdict in self.verdicts
        )

    def judged(self, verdict: VerdictRecord) -> "AttemptRecord":
        """Return the attempt with one more verdict; one that says "open" opens it again."""
        opening = self.opening + (verdict.state == "open")
        verdicts = (*self.verdicts, verdict)
        return evolve(self, opening=opening, state=verdict.state, tran_id=verdict.tran_id, verdicts=verdicts)


@frozen
class Entry:
    """One key. ``state`` is "moved" where an attempt moved, "open" where one may, else "not_moved"."""

    key: str
    transfer: Transfer
    attempts: tuple[AttemptRecord, ...]
    __repr__ = sound_repr

    @property
    def state(self) -> State:
        """What became of the key."""
        states = {attempt.state for attempt in self.attempts}
        return "moved" if "moved" in states else "open" if "open" in states else "not_moved"

    @property
    def moved(self) -> AttemptRecord | None:
        """The attempt that moved; of several, the one whose verdict was written first: that is the key's answer."""
        moved = [attempt for attempt in self.attempts if attempt.state == "moved"]
        return min(moved, key=lambda attempt: attempt.verdict_ms or 0) if moved else None

    @property
    def tran_id(self) -> int | None:
        """The exchange's id, where it moved."""
        return self.moved.tran_id if self.moved else None

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
    backup: when the copy was made that this is, "" for an original; nothing is sent from a copy before it is adopted.
    adopted: what the person wrote who adopted it.
    silent_until_ms: the exchange asked for silence until then, by its own clock.
    minute, started, answered: the minute that is being counted, how many attempts began in it, and how many of them
        were answered.
    first, used: the first weight that such an answer reported, and the highest one.
    weight: what one attempt costs, as far as is known.
    revision: how often something of the account was changed.
    """

    name: str
    environment: str | None = None
    uid: int | None = None
    halted: str = ""
    backup: str = ""
    adopted: str = ""
    silent_until_ms: int = 0
    minute: int = 0
    started: int = 0
    answered: int = 0
    first: int = 0
    used: int = 0
    weight: int = 0
    revision: int = 0
    __repr__ = sound_repr

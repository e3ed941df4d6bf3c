"""
How fast an account sends, against what the exchange has told it.

One rule: what a committed answer has said binds whatever is recorded to be sent after it, whoever sends it.
"""

from typing import Final

from attrs import define, field, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.journal.records import AttemptRecord
from binance_transfer.wire.answer import Answer
from binance_transfer_api.api.asset.universal_transfer import WEIGHT, WEIGHT_LIMIT

_MINUTE_MS: Final = 60_000
_LAG_MS: Final = 1_000
"""A worker whose clock lags more (its machine slept) is not held to what it noted."""


@frozen
class _LastAnswer:
    """What an answer said, and when: what this minute has used, and for how long to be silent."""

    at_ms: int
    used: int
    silent_s: int


@define
class PacingWatch:
    """Sees answers arrive and attempts begin, and says which should have waited."""

    _answers: dict[str, _LastAnswer] = field(factory=dict)
    _used: dict[tuple[str, int], int] = field(factory=dict)
    _silent_until_ms: dict[str, int] = field(factory=dict)

    def answered(self, attempt: Attempt, answer: Answer, now_ms: int) -> None:
        """Note an answer of the exchange that its sender will get."""
        headers = answer.headers
        limited = answer.status in {418, 429}
        silent_s = int(headers.get("retry-after", 0)) if limited else 0
        used = 0 if limited else int(headers.get("x-sapi-used-uid-weight-1m", 0))
        self._answers[attempt.id] = _LastAnswer(now_ms, used, silent_s)

    def committed(self, label: str, record: AttemptRecord, lag_ms: int) -> None:
        """Note that an answer is recorded, by a worker whose clock lags by so much."""
        answer = self._answers.pop(record.attempt.id, None)
        if answer is None or lag_ms > _LAG_MS:
            return
        minute = answer.at_ms // _MINUTE_MS
        if record.opened_ms // _MINUTE_MS == minute:
            self._used[label, minute] = max(answer.used, self._used.get((label, minute), 0))
        until_ms = answer.at_ms + 1000 * answer.silent_s - 2 * _LAG_MS
        self._silent_until_ms[label] = max(until_ms, self._silent_until_ms.get(label, 0))

    def resumed(self, label: str) -> None:
        """Note that a person has ended a silence."""
        self._silent_until_ms.pop(label, None)

    def objection(self, label: str, record: AttemptRecord, now_ms: int) -> str:
        """Say why an attempt that is recorded now should have waited, "" if it need not."""
        if now_ms < self._silent_until_ms.get(label, 0):
            return "recorded to be sent while the exchange wanted silence"
        minute = record.opened_ms // _MINUTE_MS
        if minute == now_ms // _MINUTE_MS and self._used.get((label, minute), 0) + WEIGHT > WEIGHT_LIMIT:
            return "recorded to be sent in a minute whose weight is used up"
        return ""

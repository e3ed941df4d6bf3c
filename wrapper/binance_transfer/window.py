"""
The time in which an attempt can have executed.

One rule: both ends are fixed when the attempt is recorded, and never computed anew: others have relied on them.
"""

from typing import Final

from attrs import frozen

from binance_transfer.attempt import Attempt
from binance_transfer.visible import sound_repr
from binance_transfer_api.api.asset.universal_transfer_history import REACH_MONTHS

EARLY_MS: Final = 5_000
"""
How long before its timestamp an attempt can seem to have executed.

One second that it may be ahead of the exchange's clock, one that is cut from rows with whole seconds, and three that
the clocks of the exchange's front and ledger may be apart.
"""

RECORDED_EARLY_MS: Final = 2_000
"""The same, for what was recorded before the start of the window was: the spacing of that time holds for it."""

REACH_MS: Final = REACH_MONTHS * 30 * 24 * 3_600_000  # no six months are shorter than 181 days


@frozen
class Window:
    """The time in which an attempt can have executed and shown up, both ends included, in ms since 1970."""

    start_ms: int
    end_ms: int
    __repr__ = sound_repr

    @classmethod
    def of(cls, attempt: Attempt, settle_ms: int) -> "Window":
        """Return the window of an attempt that is made now (docs/rules.md, rule 1)."""
        start_ms = max(0, attempt.timestamp_ms - EARLY_MS)
        return cls(start_ms, attempt.timestamp_ms + attempt.recv_window_ms + settle_ms)

    def holds(self, at_ms: int) -> bool:
        """Tell whether a moment lies in it."""
        return self.start_ms <= at_ms <= self.end_ms

"""
Which state of history a reading is answered from.

One rule: a replica may be late, but not so late that what is assumed of history does not hold; one that stands still
for longer lacks something that the journal knows to be there (the canary of rule 3).
"""

from typing import Final

from attrs import define, field

from binance_transfer.attempt import Attempt
from binance_transfer.journal.records import AttemptRecord
from binance_transfer_sandbox import faults
from binance_transfer_sandbox.faults import Fault
from binance_transfer_sandbox.ledger import Entry
from simulator.chance import Chance
from simulator.engine import Engine
from simulator.story import NullStory
from simulator.weather import Weather

Query = tuple[str, str | None, str | None]
"""Type and symbols."""

_LAG_MS: Final = 30_000
_IN_A_ROW: Final = 7
_STILL_S: Final = (20.0, 200.0)
_MARGIN_MS: Final = 6_000  # between an attempt's timestamp and the earliest moment at which history can show it


@define
class Replica:
    """One account's history as the exchange's servers have it."""

    engine: Engine
    story: NullStory
    _shown: list[tuple[int, int]] = field(factory=list)
    """End of an attempt's window, and when its row became visible."""
    _unsound_left: int = 0
    _still_since_ms: int = 0
    _still_until_s: float = 0.0
    _known_since_s: dict[Query, float] = field(factory=dict)
    """For a replica that stands still: since when the journal knows of a transfer that it lacks."""

    def executed(self, attempt: Attempt, entry: Entry, settle_ms: int) -> None:
        """Note what has to be seen once the window is over."""
        end_ms = attempt.timestamp_ms + attempt.recv_window_ms + settle_ms
        if entry.visible_ms <= end_ms:
            self._shown.append((end_ms, entry.visible_ms))

    def recorded(self, record: AttemptRecord) -> None:
        """Note that the journal knows of a transfer that was accepted."""
        transfer = record.attempt.transfer
        query = (transfer.type, transfer.from_symbol, transfer.to_symbol)
        stands_still = self.engine.now_s < self._still_until_s
        if stands_still and record.timestamp_ms - _MARGIN_MS > self._still_since_ms:
            self._known_since_s.setdefault(query, self.engine.now_s)

    def still(self, weather: Weather, chance: Chance, query: Query, since_s: float) -> Fault | None:
        """
        Return the state that answers a reading while history stands still, None where it does not.

        since_s: when the call began that reads. All of its readings are answered by one replica.
        """
        now_s = self.engine.now_s
        if now_s < self._still_until_s:
            behind = since_s > self._known_since_s.get(query, since_s)
            return faults.Stale(at_ms=self._still_since_ms) if behind else None
        if chance.happens("history stands still", weather.still):
            seconds = chance.between("for", *_STILL_S)
            self._still_since_ms, self._still_until_s = self.engine.now_ms(), now_s + seconds
            self._known_since_s.clear()
            self.story.tell("the exchange", "has a history that stands still for {:.0f} s", seconds)
        return None

    def late(self, weather: Weather, chance: Chance) -> Fault | None:
        """Return the state that answers a reading, None for the present one."""
        now_ms = self.engine.now_ms()
        if self._unsound_left == 0 and chance.happens("pages do not add up", weather.unsound):
            self._unsound_left = 1 + chance.below("how often in a row", _IN_A_ROW)
        if self._unsound_left:
            self._unsound_left -= 1
            old = faults.Stale(at_ms=now_ms - chance.below("old by", 2 * _LAG_MS))
            return faults.Together(faults=(old, faults.WrongTotal(by=1)))
        if chance.happens("a replica lags", weather.lagging):
            lag_ms = chance.below("by", _LAG_MS)
            needed_ms = max((visible_ms for end_ms, visible_ms in self._shown if end_ms < now_ms), default=0)
            return faults.Stale(at_ms=max(needed_ms, now_ms - lag_ms))
        return None

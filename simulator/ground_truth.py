"""
What history can tell of an attempt, by one who knows what happened.

One rule: an outcome that stays open has a reason that a person would accept; each is named here and counted.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from attrs import define

from binance_transfer.attempt import Attempt
from binance_transfer_sandbox import Exchange
from binance_transfer_sandbox.ledger import Entry
from simulator.network import Network, Traffic

HIDDEN_TYPES: Final = frozenset({"MAIN_ISOLATED_MARGIN"})
"""Those that history never shows, as it may where it calls them something else."""

NEAR_MISS: Final = "a stranger's near miss"

_EARLY_MS: Final = 5_000
_FEE: Final = Decimal("0.01")


@define
class GroundTruth:
    """The ledger, and who made what."""

    exchange: Exchange
    traffic: Traffic
    networks: dict[str, Network]
    settle_ms: int

    def why_unprovable(self, label: str, attempt: Attempt) -> str:
        """Say why history cannot prove what became of an attempt, "" where it can once its window is over."""
        return next(self._reasons(label, attempt), "")

    def _reasons(self, label: str, attempt: Attempt) -> Iterator[str]:
        executions = self.traffic.executions.get(attempt.id, [])
        if attempt.transfer.type in HIDDEN_TYPES:
            yield "history never shows its type"
        if any(moved and self.is_misspelt(tran_id) for tran_id, moved in executions):
            yield "its row is written otherwise"
        if attempt.id in self.traffic.twinned:
            yield "a stranger made the same"
        if attempt.id in self.traffic.beyond:
            yield "history hides it for longer than is assumed"
        if any(moved for _, moved in executions):
            return
        if any(self.near_misses(label, attempt)):
            yield NEAR_MISS
        if self.exchange.history.total_off_by:
            yield "pages never add up"

    def near_misses(self, label: str, attempt: Attempt) -> Iterator[Entry]:
        """Return the transfers of strangers that could be an attempt."""
        start_ms, end_ms = attempt.timestamp_ms - _EARLY_MS, attempt.timestamp_ms + attempt.recv_window_ms
        uid, transfer = self.networks[label].uid, attempt.transfer
        for entry in self.exchange.ledger.between(uid, transfer.type, start_ms, end_ms + 2 * self.settle_ms):
            if not self.traffic.known(entry.tran_id) and is_near(attempt, entry) and entry.final_status == "CONFIRMED":
                yield entry

    def entry(self, tran_id: int) -> Entry:
        """Return a row of the ledger."""
        return next(entry for entry in self.exchange.ledger if entry.tran_id == tran_id)

    def is_misspelt(self, tran_id: int) -> bool:
        """Tell whether history writes a row so that it does not look like the transfer."""
        entry = self.traffic.rows.get(tran_id)
        if entry is None or entry.spelling is None:
            return False
        written = entry.spelling
        shown = (
            written.write_asset(entry.asset),
            Decimal(written.write_amount(entry.amount)),
            written.type or entry.type,
        )
        time_ms = written.write_time(entry.time_ms)
        return shown != (entry.asset, entry.amount, entry.type) or abs(time_ms - entry.time_ms) > _EARLY_MS


def is_near(attempt: Attempt, entry: Entry) -> bool:
    """Tell whether a transfer is nearly the one of an attempt."""
    amount = attempt.transfer.amount
    return entry.asset == attempt.transfer.asset and abs(entry.amount - amount) <= amount * _FEE

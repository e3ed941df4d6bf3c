"""
The journal and the exchange's history, side by side.

One rule: history is read, never believed to be complete; what an audit finds is for a person to look at.
"""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from binance_transfer.entries import AttemptRecord, Entry
from binance_transfer.errors import ReadFailed
from binance_transfer.flows import Flow, Now, Settings, Tell, Transaction, read_page
from binance_transfer.history import CONFIRMED, FAILED, HistoryQuery, Reading, TransferRecord
from binance_transfer.reconcile import EARLY_MS, REACH_MS
from binance_transfer.transfer_types import TRANSFER_TYPES

_Symbols = tuple[str, str | None, str | None]


@frozen
class Audit:
    """
    What does not fit.

    since_ms, until_ms: the time that was compared; what is younger may still be under way.
    unclaimed: confirmed rows of history that no attempt of the journal owns: somebody else's, or a mistake.
    failed: attempts that the journal calls moved and history FAILED.
    missing: attempts that the journal calls moved and history does not show.
    contradicted: attempts that the journal calls not moved, each with the unclaimed row that could be it.
    open: attempts without a verdict whose window is over.
    """

    since_ms: int
    until_ms: int
    unclaimed: tuple[TransferRecord, ...]
    failed: tuple[AttemptRecord, ...]
    missing: tuple[AttemptRecord, ...]
    contradicted: tuple[tuple[AttemptRecord, TransferRecord], ...]
    open: tuple[AttemptRecord, ...]

    @property
    def clean(self) -> bool:
        """Whether there is nothing to look at."""
        return not (self.unclaimed or self.failed or self.missing or self.contradicted or self.open)


def audit(settings: Settings, since_ms: int) -> Flow[Audit]:
    """
    Read history for every type and compare it with the journal; raises ReadFailed.

    Types that need a symbol are read for the symbols that the journal knows: history cannot list the others.
    """
    entries = yield from Transaction(lambda books: books.entries())
    now_ms = (yield from Now()).server_ms
    since_ms = max(since_ms, now_ms - REACH_MS + EARLY_MS)
    until_ms = now_ms - settings.settle_ms
    rows: dict[int, TransferRecord] = {}
    for name, from_symbol, to_symbol in _queries(entries):
        query = HistoryQuery(name, since_ms - EARLY_MS, now_ms, from_symbol, to_symbol)
        try:
            rows |= yield from _rows(query, settings)
        except ReadFailed as failed:
            if name in TRANSFER_TYPES or failed.code is None:
                raise
            yield from Tell(f"history does not know {name}: {failed}")
    return compare(entries, rows, since_ms, until_ms)


def _rows(query: HistoryQuery, settings: Settings) -> Flow[dict[int, TransferRecord]]:
    rows: dict[int, TransferRecord] = {}
    reading = Reading()
    while (number := reading.next_page()) is not None:
        rows |= {record.tran_id: record for record in reading.fresh((yield from read_page(query, number, settings)))}
    return rows


def _queries(entries: Sequence[Entry]) -> list[_Symbols]:
    plain: set[_Symbols] = {
        (name, None, None)
        for name, info in TRANSFER_TYPES.items()
        if not info.needs_from_symbol and not info.needs_to_symbol
    }
    used = {(entry.transfer.type, entry.transfer.from_symbol, entry.transfer.to_symbol) for entry in entries}
    return sorted(plain | used, key=str)


def compare(entries: Sequence[Entry], rows: dict[int, TransferRecord], since_ms: int, until_ms: int) -> Audit:
    """Compare what the journal says with the rows of history, for the attempts whose windows lie in that time."""
    owned = {record.tran_id for entry in entries for record in entry.attempts if record.tran_id is not None}
    unclaimed = tuple(
        row
        for row in rows.values()
        if row.status == CONFIRMED and row.tran_id not in owned and since_ms <= row.timestamp_ms <= until_ms
    )
    records = [
        record
        for entry in entries
        for record in entry.attempts
        if record.timestamp_ms >= since_ms and record.window_end_ms <= until_ms
    ]
    moved = [record for record in records if record.state == "moved"]
    return Audit(
        since_ms,
        until_ms,
        unclaimed,
        failed=tuple(record for record in moved if _status(record, rows) == FAILED),
        missing=tuple(record for record in moved if _status(record, rows) is None and _shown(record)),
        contradicted=tuple(
            (record, row) for record in records if record.state == "not_moved" for row in unclaimed if fits(record, row)
        ),
        open=tuple(record for record in records if record.state == "open"),
    )


def _status(record: AttemptRecord, rows: dict[int, TransferRecord]) -> str | None:
    row = rows.get(record.tran_id) if record.tran_id is not None else None
    return row.status if row else None


def _shown(record: AttemptRecord) -> bool:
    """Tell whether history is known to show a transfer under the type that was sent."""
    transfer = record.attempt.transfer
    info = TRANSFER_TYPES.get(transfer.type)
    return transfer.checked and info is not None and "en" in info.documented_in


def fits(record: AttemptRecord, row: TransferRecord) -> bool:
    """Tell whether a row of history could be an attempt, by all that a row says."""
    transfer: Final = record.attempt.transfer
    alike = (row.type, row.asset, row.amount) == (transfer.type, transfer.asset, transfer.amount)
    return alike and record.timestamp_ms - EARLY_MS <= row.timestamp_ms <= record.window_end_ms

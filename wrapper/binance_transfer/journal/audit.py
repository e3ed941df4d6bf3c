"""
The journal and the exchange's history, side by side.

One rule: history is read, never believed to be complete; what an audit finds is for a person to look at.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from attrs import frozen

from binance_transfer.candidates import could_be, is_candidate, is_named_as_sent
from binance_transfer.clock import Deadline
from binance_transfer.errors import ReadFailed
from binance_transfer.flows.calls import read_clock_if_stale, read_page
from binance_transfer.flows.effects import Context, Flow, Transaction
from binance_transfer.history import CONFIRMED, FAILED, HistoryQuery, PageReader, TransferRecord
from binance_transfer.journal.records import AttemptRecord
from binance_transfer.journal.transaction import JournalTransaction, PageCursor
from binance_transfer.transfer_types import TRANSFER_TYPES
from binance_transfer.visible import sound_repr
from binance_transfer.window import EARLY_MS, REACH_MS

_Query = tuple[str, str | None, str | None]

Found = TransferRecord | AttemptRecord | tuple[AttemptRecord, TransferRecord]
"""What does not fit: a row, an attempt, or an attempt and the row beside it."""

FINDINGS: Final[Mapping[str, str]] = {
    "unclaimed": "in history, and no key of the journal owns it",
    "failed": "moved by the journal, FAILED in history",
    "pending": "moved by the journal, still PENDING in history",
    "missing": "moved by the journal, not in history",
    "mismatched": "moved by the journal, another transfer in history",
    "contradicted": "not moved by the journal, and in history",
    "near_misses": "not moved by the journal, and a similar row is in history",
    "repeated": "of a key that moved more than once",
    "open": "open, and its window has closed: reconcile it",
}
"""The kinds of finding, in the order in which they are shown: field of Audit → what it says of an attempt or a row."""


@frozen
class Audit:
    """
    What does not fit.

    since_ms, until_ms: the time that was compared; what is younger may still be under way.
    unclaimed: confirmed rows of history that no attempt of the journal owns: somebody else's, or a mistake.
    failed: attempts that the journal calls moved and history FAILED.
    pending: attempts that the journal calls moved and history still PENDING.
    missing: attempts that the journal calls moved and history does not show.
    mismatched: attempts that the journal calls moved, each with its row, which has another type, asset, amount or time.
    contradicted: attempts that the journal calls not moved, each with the unclaimed row that could be it.
    near_misses: the same, where the row is written otherwise.
    repeated: attempts of keys of which several moved.
    open: attempts without a verdict whose window is over.
    """

    since_ms: int
    until_ms: int
    unclaimed: tuple[TransferRecord, ...]
    failed: tuple[AttemptRecord, ...]
    missing: tuple[AttemptRecord, ...]
    contradicted: tuple[tuple[AttemptRecord, TransferRecord], ...]
    open: tuple[AttemptRecord, ...]
    pending: tuple[AttemptRecord, ...] = ()
    mismatched: tuple[tuple[AttemptRecord, TransferRecord], ...] = ()
    near_misses: tuple[tuple[AttemptRecord, TransferRecord], ...] = ()
    repeated: tuple[AttemptRecord, ...] = ()
    __repr__ = sound_repr

    @property
    def clean(self) -> bool:
        """Whether there is nothing to look at."""
        return not any(getattr(self, kind) for kind in FINDINGS)


def audit(context: Context, since_ms: int) -> Flow[Audit]:
    """
    Read history for every type and compare it with the journal; raises ReadFailed.

    Types that need a symbol are read for the symbols that the journal knows: history cannot list the others.
    """
    yield from read_clock_if_stale(context, _deadline(context))
    now_ms = context.clock.now_ms()
    since_ms = max(since_ms, now_ms - REACH_MS + EARLY_MS)
    until_ms = now_ms - context.settings.settle_ms
    records = yield from _recorded(context, since_ms)
    rows: dict[int, TransferRecord] = {}
    for name, from_symbol, to_symbol in _queries(records):
        query = HistoryQuery(name, since_ms - EARLY_MS, now_ms, from_symbol, to_symbol)
        try:
            rows |= yield from _rows(context, query)
        except ReadFailed as failed:
            if name in TRANSFER_TYPES or failed.code is None:
                raise
            context.log(f"history does not know {name}: {failed}")
    owners = yield from Transaction(lambda journal: journal.owners(rows.keys()), context.settings.timeout_s, reads=True)
    repeated = yield from Transaction(
        lambda journal: journal.repeated(since_ms - EARLY_MS), context.settings.timeout_s, reads=True
    )
    return compare(records, rows, owners.keys(), repeated, since_ms, until_ms)


def _deadline(context: Context) -> Deadline:
    return Deadline.within(context.settings.timeout_s, context.clock.local)


def _recorded(context: Context, since_ms: int) -> Flow[list[AttemptRecord]]:
    """Read the attempts that were recorded since then, a page at a time, so that no worker waits."""
    records: list[AttemptRecord] = []
    place: PageCursor | None = None
    while True:
        found, place = yield from Transaction(
            partial(_page, since_ms=since_ms - EARLY_MS, place=place), context.settings.timeout_s, reads=True
        )
        records += found
        if place is None:
            return records


def _page(
    journal: JournalTransaction, since_ms: int, place: PageCursor | None
) -> tuple[list[AttemptRecord], PageCursor | None]:
    return journal.attempts_since(since_ms, place)


def _rows(context: Context, query: HistoryQuery) -> Flow[dict[int, TransferRecord]]:
    rows: dict[int, TransferRecord] = {}
    reading = PageReader()
    while (number := reading.next_page()) is not None:
        page = yield from read_page(context, query, number, _deadline(context))
        rows |= {record.tran_id: record for record in reading.new_rows(page)}
    return rows


def _queries(records: Sequence[AttemptRecord]) -> list[_Query]:
    without_symbols: set[_Query] = {
        (name, None, None)
        for name, info in TRANSFER_TYPES.items()
        if not info.needs_from_symbol and not info.needs_to_symbol
    }
    transfers = (record.attempt.transfer for record in records)
    used = {(transfer.type, transfer.from_symbol, transfer.to_symbol) for transfer in transfers}
    return sorted(without_symbols | used, key=str)


def compare(
    records: Sequence[AttemptRecord],
    rows: Mapping[int, TransferRecord],
    owned: Collection[int],
    repeated: Collection[AttemptRecord],
    since_ms: int,
    until_ms: int,
) -> Audit:
    """
    Compare what the journal says with the rows of history, for the attempts whose windows lie in that time.

    owned: those ids of the rows that belong to an attempt of any time.
    repeated: attempts of any time, of keys of which several moved.
    """
    free = [row for row in rows.values() if row.tran_id not in owned]
    unclaimed = [row for row in free if row.status == CONFIRMED and _was_then(row, since_ms, until_ms)]
    judged = [record for record in records if record.timestamp_ms >= since_ms and record.window_end_ms <= until_ms]
    moved = [(record, rows.get(record.tran_id or 0)) for record in judged if record.state == "moved"]
    shown = [(record, row) for record, row in moved if row is not None and row.status != FAILED]
    unmoved = list(_pairs([record for record in judged if record.state == "not_moved"], free))
    return Audit(
        since_ms,
        until_ms,
        tuple(unclaimed),
        failed=tuple(record for record, row in moved if row is not None and row.status == FAILED),
        missing=tuple(record for record, row in moved if row is None and is_named_as_sent(record.attempt.transfer)),
        contradicted=tuple((record, row) for record, row in unmoved if _fits(record, row) and row.status == CONFIRMED),
        open=tuple(record for record in judged if record.state == "open"),
        pending=tuple(record for record, row in shown if row.status != CONFIRMED),
        mismatched=tuple((record, row) for record, row in shown if not _fits(record, row)),
        near_misses=tuple(
            (record, row) for record, row in unmoved if not _fits(record, row) or row.status != CONFIRMED
        ),
        repeated=tuple(repeated),
    )


def _was_then(row: TransferRecord, since_ms: int, until_ms: int) -> bool:
    """Tell whether a row is of the time that was compared."""
    if row.timestamp_ms > until_ms:
        return False
    # History was asked from EARLY_MS before: what is older still writes its time otherwise, say in seconds, and counts.
    return row.timestamp_ms >= since_ms or row.timestamp_ms < since_ms - EARLY_MS


def _pairs(
    records: Sequence[AttemptRecord], rows: Sequence[TransferRecord]
) -> Iterator[tuple[AttemptRecord, TransferRecord]]:
    for record in records:
        for row in rows:
            if row.status != FAILED and could_be(record.attempt.transfer, record.window, row):
                yield record, row


def _fits(record: AttemptRecord, row: TransferRecord) -> bool:
    return is_candidate(record.attempt.transfer, record.window, row)

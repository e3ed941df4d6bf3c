"""
Transfers as the exchange's history tells them.

One rule: a row is taken as it is; what its status means for an attempt is for reconciliation to say.
"""

from decimal import Decimal
from typing import Final

from attrs import frozen

from binance_transfer.errors import InvalidTransfer
from binance_transfer.transfer import check_symbols
from binance_transfer.transfer_types import TRANSFER_TYPES
from binance_transfer_api.api.asset import universal_transfer_history as operation
from binance_transfer_api.models import TransferHistory, TransferHistoryRow
from binance_transfer_api.types import Request

CONFIRMED: Final = operation.STATUS_CONFIRMED
FAILED: Final = operation.STATUS_FAILED
PENDING: Final = operation.STATUS_PENDING


@frozen
class TransferRecord:
    """
    One row of history. It carries no symbols.

    status: "CONFIRMED", "FAILED" or "PENDING"; kept as text, since a new one must not hide a row.
    timestamp_ms: milliseconds since 1970; live rows were seen to carry whole seconds.
    """

    tran_id: int
    type: str
    asset: str
    amount: Decimal
    status: str
    timestamp_ms: int


@frozen
class HistoryQuery:
    """Which rows to ask for. ``start_ms`` and ``end_ms`` bound the window, both inclusive."""

    type: str
    start_ms: int | None = None
    end_ms: int | None = None
    from_symbol: str | None = None
    to_symbol: str | None = None

    def checked(self) -> "HistoryQuery":
        """Return itself; raises InvalidTransfer where a known type lacks its symbols or has too many."""
        if self.type in TRANSFER_TYPES:
            check_symbols(self.type, self.from_symbol, self.to_symbol)
        if not self.type:
            message = "type is empty"
            raise InvalidTransfer(message)
        return self

    def request(self, page: int, timestamp_ms: int, recv_window_ms: int) -> Request:
        """Describe the call for one page, counted from 1."""
        return operation.build_request(
            type_=self.type,  # type: ignore[arg-type]  # the wrapper's two types and new ones are not in the literal
            start_time=self.start_ms,
            end_time=self.end_ms,
            current=page,
            size=operation.SIZE_MAXIMUM,
            from_symbol=self.from_symbol,
            to_symbol=self.to_symbol,
            recv_window=recv_window_ms,
            timestamp=timestamp_ms,
        )


@frozen
class Page:
    """One page. ``total`` counts the rows of all pages."""

    total: int
    records: tuple[TransferRecord, ...]


class Reading:
    """
    Where a reader of all pages stands.

    Rows are told apart by their id: where a new one comes in front while pages are read, the last of a page comes again
    as the first of the next.
    """

    def __init__(self) -> None:
        self._number: int | None = 1
        self._rows = 0
        self._seen: set[int] = set()

    def next_page(self) -> int | None:
        """Return the number of the page to read now, None after the last."""
        return self._number

    def fresh(self, page: Page) -> list[TransferRecord]:
        """Take a page over and return its rows that were not there before."""
        fresh = [record for record in page.records if record.tran_id not in self._seen]
        self._seen.update(record.tran_id for record in fresh)
        self._rows += len(page.records)
        # A page without anything new ends the reading whatever `total` says: it would come again for ever.
        more = fresh and (len(page.records) >= operation.SIZE_MAXIMUM or self._rows < page.total)
        self._number = self._number + 1 if self._number is not None and more else None
        return fresh


def page(answer: TransferHistory) -> Page:
    """Take over a page as parsed."""
    return Page(answer.total, tuple(map(_record, answer.rows or ())))


def _record(row: TransferHistoryRow) -> TransferRecord:
    return TransferRecord(row.tran_id, row.type_, row.asset, Decimal(row.amount), row.status, row.timestamp)

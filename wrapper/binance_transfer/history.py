"""
Transfers as the exchange's history tells them.

One rule: a row is taken as it is; what its status means for an attempt is for reconciliation to say.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final, Self

from attrs import frozen

from binance_transfer.errors import InvalidTransfer, ReadFailed
from binance_transfer.moments import END_MS, Moment, from_ms, to_ms
from binance_transfer.transfer import check_symbols, check_text, check_type, spelt
from binance_transfer.transfer_types import TRANSFER_TYPES
from binance_transfer.visible import sound_repr
from binance_transfer_api.api.asset import universal_transfer_history as operation
from binance_transfer_api.models import TransferHistory, TransferHistoryRow
from binance_transfer_api.types import Request

CONFIRMED: Final = operation.STATUS_CONFIRMED
FAILED: Final = operation.STATUS_FAILED
PENDING: Final = operation.STATUS_PENDING
_ECHO: Final = 8  # characters: no key and no signature is shorter


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
    __repr__ = sound_repr

    @property
    def time(self) -> datetime:
        """When, in UTC: ``timestamp_ms`` as an aware datetime."""
        return from_ms(self.timestamp_ms)


@frozen
class HistoryQuery:
    """Which rows to ask for. ``start_ms`` and ``end_ms`` bound the window, both inclusive."""

    type: str
    start_ms: int | None = None
    end_ms: int | None = None
    from_symbol: str | None = None
    to_symbol: str | None = None
    __repr__ = sound_repr

    @classmethod
    def of(
        cls,
        type: str,  # noqa: A002
        start: Moment | None,
        end: Moment | None,
        from_symbol: str | None,
        to_symbol: str | None,
    ) -> Self:
        """
        Make the query that a caller asks for; raises InvalidTransfer.

        A known type needs just its symbols, and a time its unit. A type that is not known may be new.
        """
        name = check_text("type", type)
        if spelt(name, "_") in TRANSFER_TYPES:
            check_type(name)
            check_symbols(name, from_symbol, to_symbol)
        symbols = [
            None if text is None else check_text(f"{way}_symbol", text)
            for way, text in (("from", from_symbol), ("to", to_symbol))
        ]
        start_ms = None if start is None else to_ms("start", start)
        end_ms = None if end is None else to_ms("end", end)
        if start_ms is not None and end_ms is not None and start_ms > end_ms:
            message = f"start ({start_ms}) lies after end ({end_ms})"
            raise InvalidTransfer(message)
        return cls(name, start_ms, end_ms, *symbols)

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
    __repr__ = sound_repr


class PageReader:
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

    def new_rows(self, page: Page) -> list[TransferRecord]:
        """Take a page over and return its rows that were not there before."""
        new = [record for record in page.records if record.tran_id not in self._seen]
        self._seen.update(record.tran_id for record in new)
        self._rows += len(page.records)
        # A page without anything new ends the reading whatever `total` says: it would come again for ever.
        more = new and (len(page.records) >= operation.SIZE_MAXIMUM or self._rows < page.total)
        self._number = self._number + 1 if self._number is not None and more else None
        return new


def page(answer: TransferHistory, redact: Callable[[str], str] = str) -> Page:
    """Take over a page as parsed; ``redact`` masks what is secret in its texts. Raises ReadFailed."""
    return Page(answer.total, tuple(_record(row, redact) for row in answer.rows or ()))


def _record(row: TransferHistoryRow, redact: Callable[[str], str]) -> TransferRecord:
    if not 0 <= row.timestamp < END_MS:
        message = f"a row of history is of {row.timestamp} ms since 1970, which is no time"
        raise ReadFailed(message)
    # Names and statuses are short; one that is not may echo the request.
    kind, asset, status = (text if len(text) < _ECHO else redact(text) for text in (row.type_, row.asset, row.status))
    return TransferRecord(row.tran_id, kind, asset, Decimal(row.amount), status, row.timestamp)

"""
What became of an attempt that was not answered: the rules, and the flow that applies them.

One rule: only what history proves is concluded. Until then, and at the deadline, the outcome is unknown.

1. An attempt can have executed in its window only. History is read over exactly that, all pages.
2. A confirmed row of the same asset and amount that no other attempt has claimed is the transfer; two are ambiguous;
   a pending one may still become either, and a failed one moved nothing.
3. Absence needs a fresh reading of the exchange's clock past the end of the window, and after it a complete reading
   of history. Time is never extrapolated for this.
4. Absence is never concluded where nobody knows what history calls the transfer, or where history no longer reaches.
"""

from collections.abc import Collection, Sequence
from itertools import chain, repeat
from typing import Final, Protocol

from attrs import evolve, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.errors import Ambiguous, OutcomeUnknown, ProvenAbsent, ReadFailed
from binance_transfer.flows import Claim, Claimed, Flow, Now, Settings, Sleep, Tell, measure_clock, read_page
from binance_transfer.history import CONFIRMED, FAILED, HistoryQuery, Reading, TransferRecord
from binance_transfer.outcome import Receipt
from binance_transfer.transfer_types import CHINESE_PAGE_TYPES
from binance_transfer_api.api.asset.universal_transfer_history import REACH_MONTHS

EARLY_MS: Final = 2_000
"""A request may be one second ahead of the exchange's clock, and its row may carry whole seconds."""

REACH_MS: Final = REACH_MONTHS * 30 * 24 * 3_600_000  # no six months are shorter than 181 days
_PAUSES_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0)  # between readings; the last one repeats
_SLACK_S: Final = 0.05  # so that a wait for the end of the window ends after it, not on it


@frozen
class Window:
    """The time in which an attempt can have executed and shown up, both ends included, in ms since 1970."""

    start_ms: int
    end_ms: int

    @classmethod
    def of(cls, attempt: Attempt, settle_ms: int) -> "Window":
        """Return the window of an attempt: rule 1."""
        start_ms = max(0, attempt.timestamp_ms - EARLY_MS)
        return cls(start_ms, attempt.timestamp_ms + attempt.recv_window_ms + settle_ms)


@frozen
class Findings:
    """What one reading of history says about an attempt: rule 2."""

    confirmed: tuple[TransferRecord, ...]
    pending: tuple[TransferRecord, ...]


@frozen
class _Look:
    """
    One look at clock and history.

    server_ms: the exchange's clock before history was read, None if it could not be read.
    records: all rows of the window, None if they could not be read completely.
    failure: why something is None.
    retry_after_s: silence that the exchange asked for.
    """

    server_ms: int | None
    records: Sequence[TransferRecord] | None
    failure: str = ""
    retry_after_s: int | None = None


class Claims(Protocol):
    """Who an id of the exchange belongs to."""

    def others(self, attempt: Attempt, /) -> Flow[Collection[int]]:
        """Return the ids that belong to other attempts."""
        ...

    def claim(self, attempt: Attempt, tran_id: int, /) -> Flow[bool]:
        """Note that an id belongs to the attempt; False where it is another attempt's."""
        ...


@frozen
class ClientClaims:
    """What this client has seen answered, and what its caller knows: all there is without a journal."""

    known: Collection[int] = frozenset()

    def others(self, attempt: Attempt, /) -> Flow[Collection[int]]:
        """Return the ids that belong to other attempts."""
        return {*self.known, *(yield from Claimed(attempt))}

    def claim(self, attempt: Attempt, tran_id: int, /) -> Flow[bool]:
        """Note that an id belongs to the attempt; False where it is another attempt's."""
        return (yield from Claim(attempt, tran_id))


def reconcile(attempt: Attempt, settings: Settings, deadline_s: float, claims: Claims) -> Flow[Receipt]:
    """
    Find out what became of an attempt, within ``deadline_s`` seconds.

    Returns a Receipt. Raises ProvenAbsent, Ambiguous, or OutcomeUnknown where the deadline came first.
    """
    window = Window.of(attempt, settings.settle_ms)
    until_s = (yield from Now()).monotonic_s + deadline_s
    for pause_s in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
        left_s = until_s - (yield from Now()).monotonic_s
        look = yield from _look(attempt, window, evolve(settings, timeout_s=min(settings.timeout_s, left_s)))
        others = yield from claims.others(attempt)
        news = look.failure
        if look.records is not None:
            found = findings(attempt, window, look.records, others)
            if len(found.confirmed) > 1:
                raise _ambiguous(attempt, found)
            if found.pending:
                news = "a pending row may be it"
            elif found.confirmed:
                tran_id = found.confirmed[0].tran_id
                if (yield from claims.claim(attempt, tran_id)):
                    return Receipt(tran_id, attempt)
                news = "the only row went to another attempt"
            elif look.server_ms is not None and look.server_ms > window.end_ms:
                raise _absent(attempt, window, look.server_ms)
            else:
                news = "no row yet"
        wait_s = _wait_s(pause_s, look, window)
        left_s = until_s - (yield from Now()).monotonic_s
        if left_s <= wait_s:
            message = f"reconciliation ended after {deadline_s:g} s without proof ({news}): reconcile again"
            raise OutcomeUnknown(message, attempt=attempt)
        yield from Tell(f"reconciling {_name(attempt)}: {news}; looking again in {wait_s:.1f} s, {left_s:.0f} s left")
        yield from Sleep(wait_s)
    raise AssertionError  # the loop has no end


def findings(attempt: Attempt, window: Window, records: Sequence[TransferRecord], others: Collection[int]) -> Findings:
    """Pick the rows that may be this attempt: rule 2. A status that nobody knows counts as pending."""
    transfer = attempt.transfer
    candidates = [
        record
        for record in records
        if record.asset == transfer.asset
        and record.amount == transfer.amount
        and (record.type == transfer.type or not _named_as_sent(attempt))
        and window.start_ms <= record.timestamp_ms <= window.end_ms
        and record.tran_id not in others
        and record.status != FAILED
    ]
    return Findings(
        tuple(record for record in candidates if record.status == CONFIRMED),
        tuple(record for record in candidates if record.status != CONFIRMED),
    )


def _look(attempt: Attempt, window: Window, settings: Settings) -> Flow[_Look]:
    """Read the clock, then history: in this order, or a row that comes in between would be missed."""
    server_ms: int | None = None
    try:
        server_ms = yield from measure_clock(settings.timeout_s)
        return _Look(server_ms, (yield from _complete(attempt, window, settings)))
    except ReadFailed as failed:
        return _Look(server_ms, None, f"no usable answer: {failed}", failed.retry_after_s)


def _complete(attempt: Attempt, window: Window, settings: Settings) -> Flow[list[TransferRecord]]:
    """Read all pages; raises ReadFailed where they do not add up to one state of history."""
    transfer = attempt.transfer
    query = HistoryQuery(transfer.type, window.start_ms, window.end_ms, transfer.from_symbol, transfer.to_symbol)
    reading, totals, rows, records = Reading(), set[int](), 0, list[TransferRecord]()
    while (number := reading.next_page()) is not None:
        page = yield from read_page(query, number, settings)
        totals.add(page.total)
        rows += len(page.records)
        records += reading.fresh(page)
    if totals != {rows} or len(records) != rows:
        message = f"pages changed while they were read ({rows} rows, {len(records)} of them different, total {totals})"
        raise ReadFailed(message)
    return records


def _ambiguous(attempt: Attempt, found: Findings) -> Ambiguous:
    ids = ", ".join(str(record.tran_id) for record in found.confirmed)
    message = f"history holds {len(found.confirmed)} transfers that could be this one ({ids}): a person has to decide"
    return Ambiguous(message, attempt=attempt, candidates=found.confirmed)


def _absent(attempt: Attempt, window: Window, server_ms: int) -> ProvenAbsent | OutcomeUnknown:
    """Return the error for a window that is over and shows nothing: rules 3 and 4."""
    if window.start_ms < server_ms - REACH_MS:
        message = f"the attempt is older than the {REACH_MONTHS} months that history reaches: nothing can be proven"
        return OutcomeUnknown(message, attempt=attempt)
    if not _named_as_sent(attempt):
        message = (
            f"history shows no {_name(attempt)}, but nobody knows what history calls this type: compare the balances"
        )
        return OutcomeUnknown(message, attempt=attempt)
    message = f"the window is over and history shows no {_name(attempt)}: it was not made and never will be"
    return ProvenAbsent(message, attempt=attempt)


def _named_as_sent(attempt: Attempt) -> bool:
    """Tell whether history is known to show the transfer under the type that was sent."""
    return attempt.transfer.checked and attempt.transfer.type not in CHINESE_PAGE_TYPES


def _wait_s(pause_s: float, look: _Look, window: Window) -> float:
    if look.retry_after_s is not None:
        return max(pause_s, float(look.retry_after_s))
    if look.server_ms is None or look.server_ms > window.end_ms:
        return pause_s
    return min(pause_s, (window.end_ms - look.server_ms) / 1000 + _SLACK_S)


def _name(attempt: Attempt) -> str:
    transfer = attempt.transfer
    return f"{transfer.type} {transfer.amount_text} {transfer.asset}"

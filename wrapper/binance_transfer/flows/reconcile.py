"""
What became of an attempt that was not answered.

One rule: only what history proves is concluded. Until then, and at the deadline, the outcome is unknown. docs/rules.md
has the rules; the numbers here are theirs.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, Protocol

from attrs import evolve, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.candidates import Match, is_named_as_sent, is_near, match
from binance_transfer.clock import Deadline
from binance_transfer.errors import Ambiguous, NotExecuted, OutcomeUnknown, ProvenAbsent, ReadFailed
from binance_transfer.flows.calls import emit_wait, measure_clock, read_page
from binance_transfer.flows.effects import Context, Flow, Sleep, Transaction
from binance_transfer.history import CONFIRMED, FAILED, HistoryQuery, PageReader, TransferRecord
from binance_transfer.transfer import Transfer
from binance_transfer.visible import sound_repr
from binance_transfer.window import REACH_MS, Window
from binance_transfer.wire.outcome import LIMITED, Receipt
from binance_transfer_api.api.asset.universal_transfer_history import REACH_MONTHS

if TYPE_CHECKING:
    from binance_transfer.journal.records import AttemptRecord

_PAUSES_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0)  # between readings; the last one repeats
_SLACK_S: Final = 0.05  # so that a wait for the end of the window ends after it, not on it
_UNSOUND_READINGS: Final = 3  # in a row, then all that they showed counts as one reading


@frozen
class Owners:
    """
    Who the ids of a reading belong to.

    others: ids of other attempts.
    once_named: ids that a verdict or an answer once gave to another attempt, and that nobody owns now.
    """

    others: Collection[int]
    once_named: Collection[int] = ()
    __repr__ = sound_repr


class Claims(Protocol):
    """Who an id of the exchange belongs to, and what else is known to be in history."""

    def owners(self, attempt: Attempt, ids: Collection[int], deadline: Deadline, /) -> Flow[Owners]:
        """Return who the ids that a reading showed belong to."""
        ...

    def claim(self, attempt: Attempt, tran_id: int, deadline: Deadline, /) -> Flow[bool]:
        """Note that an id belongs to the attempt; False where it is another attempt's."""
        ...

    def canary(self, attempt: Attempt, since_ms: int, deadline: Deadline, /) -> "Flow[AttemptRecord | None]":
        """Return an attempt of the same query that history must show, None where none is known: rule 3."""
        ...


@frozen
class ClientClaims:
    """
    What this client has seen answered, what its caller knows, and what is recorded if there is a journal.

    For an attempt that is not recorded itself: all there is without a journal.
    """

    context: Context
    known: Collection[int] = frozenset()
    journaled: bool = False
    __repr__ = sound_repr

    def owners(self, attempt: Attempt, ids: Collection[int], deadline: Deadline, /) -> Flow[Owners]:
        """Return who the ids that a reading showed belong to."""
        own = {*self.known, *self.context.claimed_by_others(attempt)}
        if not self.journaled:
            return Owners(own)
        recorded = yield from Transaction(
            lambda journal: (frozenset(journal.owners(ids)), journal.once_named(ids, attempt.id)),
            deadline.left_s(),
            reads=True,
        )
        return Owners(own | recorded[0], recorded[1])

    def claim(self, attempt: Attempt, tran_id: int, deadline: Deadline, /) -> Flow[bool]:
        """Note that an id belongs to the attempt; False where it is another attempt's."""
        del deadline
        yield from ()
        return self.context.claim(attempt, tran_id)

    def canary(self, attempt: Attempt, since_ms: int, deadline: Deadline, /) -> "Flow[AttemptRecord | None]":
        """Return what the journal knows to be in history, if there is one."""
        if not self.journaled:
            return None
        return (yield from recorded_canary(attempt, since_ms, deadline.left_s()))


def recorded_canary(attempt: Attempt, since_ms: int, within_s: float) -> "Flow[AttemptRecord | None]":
    """Return the newest attempt of the same query that the journal knows to be accepted (rule 3)."""
    return (
        yield from Transaction(
            lambda journal: journal.canary(attempt.transfer, attempt.id, since_ms), within_s, reads=True
        )
    )


class FailedLater(NotExecuted):
    """The row of an attempt that had been accepted says FAILED: it moved nothing."""


@frozen
class HistoryReading:
    """
    One look at clock and history.

    server_ms: the exchange's clock before history was read, None if it could not be read.
    rows: what history showed.
    sound: the pages were complete and added up.
    failure: why something is missing.
    silent_s: how long the exchange wants to be left alone.
    """

    server_ms: int | None
    rows: Sequence[TransferRecord]
    sound: bool
    failure: str = ""
    silent_s: int | None = None
    __repr__ = sound_repr


def reconcile(
    context: Context,
    attempt: Attempt,
    window: Window,
    deadline: Deadline,
    claims: Claims,
    answered: Collection[int] = (),
) -> Flow[Receipt]:
    """
    Find out what became of an attempt, before the deadline.

    window: where it can be.
    answered: the ids that answers to it named, where it was accepted late: only these count then (rule 7).

    Returns a Receipt. Raises ProvenAbsent, Failed (for an answered one), Ambiguous, or OutcomeUnknown where the
    deadline came first.
    """
    unsound: list[Sequence[TransferRecord]] = []
    shown: dict[int, TransferRecord] = {}  # whatever could be it, as it was seen last
    canary = _Canary(claims, attempt)
    for pause_s in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
        look = yield from _gather_evidence(context, attempt, window, deadline, canary, up_to_now=bool(answered))
        unsound = [] if look.sound else [*unsound, look.rows]
        rows, complete = look.rows, look.sound
        if len(unsound) >= _UNSOUND_READINGS:
            # What history never shows in one piece must not withhold what all of its pieces show.
            rows, complete = _united(unsound), True
        shown |= {row.tran_id: row for row in look.rows if is_near(attempt.transfer, row)}
        found: Receipt | str = look.failure
        if answered:
            found = yield from _conclude_by_id(attempt, rows, answered, claims, deadline)
        elif complete:
            found = yield from _conclude(attempt, window, look, rows, shown, claims, deadline)
        if isinstance(found, Receipt):
            return found
        wait_s = _wait_s(pause_s, look, window)
        left_s = deadline.left_s()
        if left_s <= wait_s:
            message = f"reconciliation ended without proof ({found}): reconcile again"
            raise OutcomeUnknown(message, attempt=attempt)
        reason = f"reconciling {_name(attempt.transfer)}: {found}, {left_s:.0f} s left"
        emit_wait(context, wait_s, reason, attempt_id=attempt.id)
        yield from Sleep(wait_s)
    raise AssertionError  # the loop has no end


def _conclude(
    attempt: Attempt,
    window: Window,
    look: HistoryReading,
    rows: Sequence[TransferRecord],
    shown: Mapping[int, TransferRecord],
    claims: Claims,
    deadline: Deadline,
) -> Flow[Receipt | str]:
    """Return the receipt that a reading proves, or why it proves none; raises ProvenAbsent and Ambiguous (rule 2)."""
    owners = yield from claims.owners(attempt, {row.tran_id for row in rows} | shown.keys(), deadline)
    found = match(attempt, window, rows, owners.others, owners.once_named)
    if len(found.confirmed) > 1:
        raise _ambiguous(attempt, found)
    if found.pending:
        return f"a pending row ({_ids(found.pending)}) may be this transfer"
    if found.confirmed:
        tran_id = found.confirmed[0].tran_id
        claimed = yield from claims.claim(attempt, tran_id, deadline)
        return Receipt(tran_id, attempt) if claimed else "the only matching row belongs to another attempt"
    if found.near:
        return f"history shows a similar but not identical transfer ({_ids(found.near)}): a person has to check"
    if not look.sound or look.failure:
        return look.failure  # absence needs a sound reading, a clock that was read and a canary that was seen
    ever = match(attempt, window, shown.values(), owners.others, owners.once_named)
    if gone := [*ever.confirmed, *ever.pending, *ever.near]:
        return f"a matching row ({_ids(gone)}) has disappeared from history, so history proves nothing"
    if look.server_ms is not None and look.server_ms > window.end_ms:
        raise _absent(attempt, window, look.server_ms)
    return "no row yet"


def _conclude_by_id(
    attempt: Attempt,
    rows: Sequence[TransferRecord],
    answered: Collection[int],
    claims: Claims,
    deadline: Deadline,
) -> Flow[Receipt | str]:
    """Do the same for an attempt that was accepted, by the id that its answer named; raises Failed (rule 7)."""
    named = [row for row in rows if row.tran_id in answered]
    row = min(named, key=lambda row: (row.status != CONFIRMED, row.status == FAILED), default=None)
    if row is not None and row.status == CONFIRMED:
        if (yield from claims.claim(attempt, row.tran_id, deadline)):
            return Receipt(row.tran_id, attempt)
        return "its row belongs to another attempt: a person has to check"
    if row is not None and row.status == FAILED:
        message = f"the exchange had accepted it as {row.tran_id} and failed it later: it moved nothing"
        raise FailedLater(message)
    status = f"is {row.status}" if row else "is not in history yet"
    return f"the exchange accepted it as {', '.join(map(str, answered))}, which {status}"


class _Canary:
    """
    An attempt that history must show before it can prove that another one is absent: rule 3.

    It is chosen once, when the window is first found to be over.
    """

    def __init__(self, claims: Claims, attempt: Attempt) -> None:
        self._claims: Final = claims
        self._attempt: Final = attempt
        self._chosen = False
        self._record: AttemptRecord | None = None

    def missing(self, context: Context, server_ms: int, deadline: Deadline) -> Flow[str]:
        """Return "" where history shows it or there is none, else what is missing. Raises ReadFailed."""
        if not self._chosen:
            self._record = yield from self._claims.canary(self._attempt, server_ms - REACH_MS, deadline)
            self._chosen = True
        if (record := self._record) is None:
            return ""
        ids = record.answered_ids
        transfer, window = record.attempt.transfer, record.window
        # One that was accepted late may lie beyond its window, and is looked for up to now (rule 7).
        end_ms = window.end_ms if record.opening == 1 else max(window.end_ms, server_ms)
        reading = PageReader()
        query = HistoryQuery(transfer.type, window.start_ms, end_ms, transfer.from_symbol, transfer.to_symbol)
        while (number := reading.next_page()) is not None:
            page = yield from read_page(context, query, number, deadline)
            if any(row.tran_id in ids for row in reading.new_rows(page)):
                return ""
        named = ", ".join(map(str, sorted(ids)))
        return f"history lacks {named} of key {record.key!r}, which the exchange had accepted, so it is incomplete"


def _gather_evidence(
    context: Context, attempt: Attempt, window: Window, deadline: Deadline, canary: _Canary, *, up_to_now: bool
) -> Flow[HistoryReading]:
    """Read the clock, then the canary, then history: in this order, or what comes in between would be missed."""
    server_ms: int | None = None
    failure = ""
    try:
        server_ms = yield from measure_clock(context, deadline)
        if server_ms > window.end_ms and not up_to_now and is_named_as_sent(attempt.transfer):
            failure = yield from canary.missing(context, server_ms, deadline)
    except ReadFailed as failed:
        failure = f"no usable answer: {failed}"
        if failed.http_status in LIMITED:
            return HistoryReading(server_ms, (), sound=False, failure=failure, silent_s=failed.retry_after_s)
    end_ms = max(window.end_ms, context.clock.now_ms()) if up_to_now else window.end_ms
    look = yield from read_history(context, attempt.transfer, Window(window.start_ms, end_ms), deadline)
    return evolve(look, server_ms=server_ms, failure=failure or look.failure)


def read_history(context: Context, transfer: Transfer, window: Window, deadline: Deadline) -> Flow[HistoryReading]:
    """Read all pages, and say whether they add up to one state of history."""
    query = HistoryQuery(transfer.type, window.start_ms, window.end_ms, transfer.from_symbol, transfer.to_symbol)
    reading, totals, count, rows = PageReader(), set[int](), 0, list[TransferRecord]()
    try:
        while (number := reading.next_page()) is not None:
            page = yield from read_page(context, query, number, deadline)
            totals.add(page.total)
            count += len(page.records)
            rows += reading.new_rows(page)
    except ReadFailed as failed:
        silent_s = failed.retry_after_s if failed.http_status in LIMITED else None
        return HistoryReading(None, rows, sound=False, failure=f"no usable answer: {failed}", silent_s=silent_s)
    if totals != {count} or len(rows) != count:
        failure = f"pages changed while they were read ({count} rows, {len(rows)} of them different, total {totals})"
        return HistoryReading(None, rows, sound=False, failure=failure)
    return HistoryReading(None, rows, sound=True)


def _united(readings: Sequence[Sequence[TransferRecord]]) -> list[TransferRecord]:
    """Return all rows that several readings showed, each as it was seen last."""
    return list({row.tran_id: row for rows in readings for row in rows}.values())


def _ambiguous(attempt: Attempt, found: Match) -> Ambiguous:
    count = len(found.confirmed)
    message = (
        f"history holds {count} transfers that could be this one ({_ids(found.confirmed)}): a person has to decide"
    )
    return Ambiguous(message, attempt=attempt, candidates=found.confirmed)


def _absent(attempt: Attempt, window: Window, server_ms: int) -> ProvenAbsent | OutcomeUnknown:
    """Return the error for a window that is over and shows nothing: rules 3 and 4."""
    name = _name(attempt.transfer)
    if window.start_ms < server_ms - REACH_MS:
        message = f"the attempt is older than the {REACH_MONTHS} months that history reaches: nothing can be proven"
        return OutcomeUnknown(message, attempt=attempt)
    if not is_named_as_sent(attempt.transfer):
        message = f"history shows no {name}, but nobody knows what history calls this type: compare the balances"
        return OutcomeUnknown(message, attempt=attempt)
    message = f"the window is over and history shows no {name}: it was not made and never will be"
    return ProvenAbsent(message, attempt=attempt)


def _wait_s(pause_s: float, look: HistoryReading, window: Window) -> float:
    if look.silent_s is not None:
        return max(pause_s, float(look.silent_s))
    if look.server_ms is None or look.server_ms > window.end_ms:
        return pause_s
    return min(pause_s, (window.end_ms - look.server_ms) / 1000 + _SLACK_S)


def _ids(rows: Sequence[TransferRecord]) -> str:
    return ", ".join(str(row.tran_id) for row in rows)


def _name(transfer: Transfer) -> str:
    return f"{transfer.type} {transfer.amount_text} {transfer.asset}"

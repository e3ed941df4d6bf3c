"""
A person's verdict, held against history first.

One rule: a person decides what history leaves open, and is told where it does not: an id that is not there, or of
another transfer, and a transfer that is there although it is said not to be.
"""

from collections.abc import Sequence
from functools import partial

from binance_transfer.candidates import is_near, match
from binance_transfer.clock import Deadline
from binance_transfer.errors import ReadFailed, ResolutionRefused
from binance_transfer.flows.calls import measure_clock
from binance_transfer.flows.effects import Context, Flow, Transaction
from binance_transfer.flows.reconcile import read_history
from binance_transfer.history import FAILED, TransferRecord
from binance_transfer.journal import manual
from binance_transfer.journal.records import AttemptRecord, Entry
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.journal.verdicts import emit_recorded
from binance_transfer.window import Window


def checked_verdict(tran_id: object, *, not_executed: bool) -> None:
    """Raise ResolutionRefused unless a verdict says just one of the two things that it can say."""
    if (tran_id is None) == (not not_executed):
        message = "say either tran_id=… (it moved) or not_executed=True"
        raise ResolutionRefused(message)
    if tran_id is not None and not (isinstance(tran_id, int) and not isinstance(tran_id, bool) and tran_id > 0):
        message = f"tran_id must be a positive int, not {tran_id!r}"
        raise ResolutionRefused(message)


def checked_note(note: object) -> None:
    """Raise ResolutionRefused unless a correction says why it is made."""
    if not isinstance(note, str) or not note.strip():
        message = "say in the note why the verdict is corrected: it is what others will go by"
        raise ResolutionRefused(message)


def resolve_key(
    context: Context, key: str, tran_id: int | None, note: str, deadline: Deadline, *, not_executed: bool
) -> Flow[Entry]:
    """
    Write a person's verdict on the open attempt of a key, after a look at clock and history.

    Raises ResolutionRefused, and ReadFailed where history cannot be read: then ``journal.resolve`` takes the verdict as
    it is.
    """
    checked_verdict(tran_id, not_executed=not_executed)
    server_ms = yield from measure_clock(context, deadline)
    entry = yield from Transaction(lambda journal: journal.entry(key), deadline.left_s(), reads=True)
    record = entry.open_attempt if entry is not None else None
    if record is not None and server_ms > record.window_end_ms:
        note = yield from _held_against_history(context, record, tran_id, note, server_ms, deadline)
    change = partial(manual.resolve, key=key, tran_id=tran_id, note=note, now_ms=server_ms, seen=record)
    resolved = yield from Transaction(change, deadline.left_s())
    if record is not None:
        emit_recorded(context, record.attempt, resolved)
    return resolved


def correct_key(
    context: Context,
    key: str,
    tran_id: int | None,
    note: str,
    attempt_id: str | None,
    deadline: Deadline,
    *,
    not_executed: bool,
) -> Flow[Entry]:
    """
    Give a key that has a verdict another one, after a look at clock and history.

    Raises ResolutionRefused, and ReadFailed where history cannot be read: then ``journal.correct`` takes the verdict as
    it is.
    """
    checked_verdict(tran_id, not_executed=not_executed)
    checked_note(note)
    server_ms = yield from measure_clock(context, deadline)
    entry = yield from Transaction(lambda journal: journal.entry(key), deadline.left_s(), reads=True)
    named = [record for record in entry.attempts if attempt_id in {None, record.attempt.id}] if entry else []
    if entry and entry.open_attempt is None and len(named) == 1 and server_ms > named[0].window_end_ms:
        note = yield from _held_against_history(context, named[0], tran_id, note, server_ms, deadline)
    change = partial(manual.correct, key=key, tran_id=tran_id, note=note, attempt_id=attempt_id, now_ms=server_ms)
    corrected = yield from Transaction(change, deadline.left_s())
    if len(named) == 1:
        emit_recorded(context, named[0].attempt, corrected)
    return corrected


def _held_against_history(
    context: Context, record: AttemptRecord, tran_id: int | None, note: str, server_ms: int, deadline: Deadline
) -> Flow[str]:
    """Return the note, with what history shows; raises ResolutionRefused where history says otherwise."""
    transfer = record.attempt.transfer
    look = yield from read_history(context, transfer, Window(record.window_start_ms, server_ms), deadline)
    if not look.sound:
        message = f"history cannot be read now ({look.failure}): try again, or use journal.resolve with a note"
        raise ReadFailed(message)
    ids = [row.tran_id for row in look.rows]

    def ask(journal: JournalTransaction) -> tuple[frozenset[int], frozenset[int]]:
        owners = journal.owners(ids)
        others = frozenset(found for found, owner in owners.items() if owner != record.attempt.id)
        return others, journal.once_named(ids, record.attempt.id)

    others, once_named = yield from Transaction(ask, deadline.left_s(), reads=True)
    found = match(record.attempt, record.window, look.rows, others, once_named)
    if tran_id is None:
        answered = [row for row in look.rows if row.tran_id in record.answered_ids and row.status != FAILED]
        if rows := list({row.tran_id: row for row in (*found.confirmed, *found.pending, *answered)}.values()):
            message = f"history shows what key {record.key!r} would be: {_listed(rows)}: give that tran_id"
            raise ResolutionRefused(message)
        seen = f"near misses in history: {_listed(found.near)}" if found.near else ""
        return "; ".join(filter(None, (note, seen)))
    row = next((row for row in look.rows if row.tran_id == tran_id), None)
    if row is None:
        message = f"history does not show {tran_id}: {_listed(look.rows) or 'it is empty'} for this time and type"
        raise ResolutionRefused(message)
    if row.status == FAILED or not (is_near(transfer, row) or tran_id in record.answered_ids):
        message = f"{tran_id} is no such transfer: history says {_listed([row])}"
        raise ResolutionRefused(message)
    return note


def _listed(rows: Sequence[TransferRecord]) -> str:
    texts = [f"{row.tran_id} ({row.type} {row.amount} {row.asset}, {row.status})" for row in rows[:_SHOWN]]
    return ", ".join(texts) + (", …" if len(rows) > _SHOWN else "")


_SHOWN = 10

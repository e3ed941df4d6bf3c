"""
What a person may change in a journal (docs/rules.md, rules 10, 11 and 13).

One rule: as in `rules`, each function runs inside one transaction, and decides on what that sees.
"""

from attrs import evolve

from binance_transfer.errors import ResolutionRefused
from binance_transfer.journal.records import AttemptRecord, Entry, VerdictRecord
from binance_transfer.journal.rules import add_moved, entry_of
from binance_transfer.journal.transaction import JournalTransaction


def resolve(
    journal: JournalTransaction,
    key: str,
    tran_id: int | None,
    note: str,
    now_ms: int,
    seen: AttemptRecord | None = None,
) -> Entry:
    """
    Write a person's verdict on the open attempt of a key; raises ResolutionRefused (rule 10).

    seen: the opening that the verdict was held against history for.
    """
    entry = journal.entry(key)
    record = entry.open_attempt if entry else None
    if entry is None or record is None:
        text = f"is {entry.state}" if entry else "was never used"
        hint = ": correct(…) gives it another verdict" if entry else ": there is nothing to resolve"
        message = f"key {key!r} {text}{hint}"
        raise ResolutionRefused(message)
    if seen is not None and (record.attempt, record.opening) != (seen.attempt, seen.opening):
        message = f"key {key!r} has changed while history was read: look at it again"
        raise ResolutionRefused(message)
    _check_window_is_over(record, now_ms)
    _check_answered(record, tran_id)
    _check_unowned(journal, tran_id, record.attempt.id)
    return _judged_by_a_person(journal, record, tran_id, note, now_ms)


def correct(
    journal: JournalTransaction, key: str, tran_id: int | None, note: str, attempt_id: str | None, now_ms: int
) -> Entry:
    """Give an attempt of a settled key another verdict; raises ResolutionRefused (rule 10)."""
    entry = journal.entry(key)
    if entry is None:
        message = f"key {key!r} was never used: there is nothing to correct"
        raise ResolutionRefused(message)
    if entry.open_attempt is not None:
        message = f"key {key!r} has an open attempt: resolve that first"
        raise ResolutionRefused(message)
    named = [record for record in entry.attempts if attempt_id in {None, record.attempt.id}]
    if len(named) != 1:
        ids = ", ".join(record.attempt.id for record in entry.attempts)
        message = f"key {key!r} has these attempts: {ids}: name the one that is meant with attempt=…"
        raise ResolutionRefused(message)
    [record] = named
    _check_window_is_over(record, now_ms)
    _check_unowned(journal, tran_id, record.attempt.id)
    return _judged_by_a_person(journal, record, tran_id, note, now_ms)


def _check_window_is_over(record: AttemptRecord, now_ms: int) -> None:
    if now_ms <= record.window_end_ms:
        left_s = (record.window_end_ms - now_ms) / 1000
        message = f"the attempt of key {record.key!r} may still execute: its window ends in {left_s:.0f} s, wait for it"
        raise ResolutionRefused(message)


def _check_answered(record: AttemptRecord, tran_id: int | None) -> None:
    # Nor that it did not move: whoever says so may have looked before the answer came, or at another attempt.
    if record.answered_ids and tran_id not in record.answered_ids:
        named = ", ".join(map(str, sorted(record.answered_ids)))
        message = (
            f"the exchange accepted the attempt of key {record.key!r} as {named}: give that tran_id; "
            "where the exchange has undone it, correct(…) says so afterwards"
        )
        raise ResolutionRefused(message)


def _check_unowned(journal: JournalTransaction, tran_id: int | None, attempt_id: str) -> None:
    owner = journal.owners([tran_id]).get(tran_id) if tran_id is not None else None
    if owner not in {None, attempt_id}:
        message = f"id {tran_id} belongs to attempt {owner} already"
        raise ResolutionRefused(message)


def _judged_by_a_person(
    journal: JournalTransaction, record: AttemptRecord, tran_id: int | None, note: str, now_ms: int
) -> Entry:
    if tran_id is None:
        journal.add_verdict(record.attempt.id, VerdictRecord(now_ms, "person", "not_moved", None, note))
    else:
        add_moved(journal, record, VerdictRecord(now_ms, "person", "moved", tran_id, note))
    return entry_of(journal, record.attempt)


def halt(journal: JournalTransaction, reason: str) -> None:
    """Let every worker's next send be refused (rule 11)."""
    journal.put_account(evolve(journal.account(), halted=reason))


def resume(journal: JournalTransaction) -> None:
    """End a halt, and a silence that the exchange asked for."""
    journal.put_account(evolve(journal.account(), halted="", silent_until_ms=0))


def adopt(journal: JournalTransaction, note: str) -> None:
    """Let a restored backup be sent from (rule 13)."""
    journal.put_account(evolve(journal.account(), backup="", adopted=note))

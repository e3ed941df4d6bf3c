"""
What may be recorded when (docs/rules.md, rules 5 to 9 and 11 to 14).

One rule: each function here runs inside one transaction, and decides on what that sees, never on what a worker
remembers.
"""

from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.base_url import environment_of
from binance_transfer.errors import IdempotencyConflict, InvalidTransfer, JournalFailed, PolicyDenied
from binance_transfer.journal.pacing import Wait, Weight, answered, begun, wait_for_room
from binance_transfer.journal.records import AccountRecord, AnswerRecord, AttemptRecord, Entry, Verdict, VerdictRecord
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.policy import Policy, exact_sum
from binance_transfer.transfer import Transfer, spelt
from binance_transfer.visible import one_line, sound_repr
from binance_transfer.window import EARLY_MS, Window

_DAY_MS: Final = 24 * 60 * 60_000
_SLACK_MS: Final = 50


# --- whose journal it is ---------------------------------------------------------------------------------------------


def is_bound(journal: JournalTransaction, environment: str, fingerprint: str) -> bool:
    """
    Tell whether an API key is known to be the account's: then nothing has to be asked (rule 14).

    Raises JournalFailed for an account of another environment.
    """
    account = journal.account()
    if account.environment is None:
        return False
    if environment_of(account.environment) != environment:
        message = (
            f"account {account.name!r} of the journal belongs to {account.environment}, and this client to "
            f"{environment}: give each account a name of its own"
        )
        raise JournalFailed(message)
    if account.environment != environment and account.uid is not None:
        # Only a journal of version 1 can hold a uid twice, under two spellings of one exchange.
        _check_name(account, journal.name_of(environment, account.uid), account.uid)
    return journal.knows_api_key(environment, fingerprint)


def _check_name(account: AccountRecord, name: str | None, uid: int) -> None:
    """Refuse a second name for a uid: its keys, ids and open windows would not be seen under the first (rule 9)."""
    if name not in {None, account.name}:
        message = f"uid {uid} is recorded under the name {name!r}: use that instead of {account.name!r}"
        raise JournalFailed(message)


def bind(journal: JournalTransaction, environment: str, uid: int, fingerprint: str) -> None:
    """Bind an account to where and whose it is, at its first use; raises JournalFailed for another one's (rule 9)."""
    account = journal.account()
    if account.uid is None:
        _check_name(account, journal.name_of(environment, uid), uid)
        journal.put_account(evolve(account, environment=environment, uid=uid))
    elif account.uid != uid:
        message = (
            f"account {account.name!r} of the journal belongs to uid {account.uid} at {account.environment}, and this "
            f"client to uid {uid} at {environment}: give each account a name of its own"
        )
        raise JournalFailed(message)
    is_bound(journal, environment, fingerprint)
    journal.add_api_key(environment, fingerprint)


# --- a new attempt ---------------------------------------------------------------------------------------------------


def checked_entry(journal: JournalTransaction, key: str, transfer: Transfer) -> Entry | None:
    """Return what is known about a key; raises IdempotencyConflict where it was used for another transfer (rule 6)."""
    entry = journal.entry(key)
    if entry and entry.transfer != transfer:
        message = f"key {key!r} was used for {_shown(entry.transfer)}; it cannot be used for {_shown(transfer)}"
        raise IdempotencyConflict(message)
    return entry


def begin(
    journal: JournalTransaction,
    key: str,
    intent: Transfer | Attempt,
    make_attempt: Callable[[], Attempt],
    settle_ms: int,
    policy: Policy,
    now_ms: Callable[[], int],
) -> AttemptRecord | Entry | Wait:
    """
    Record an attempt for a key, or say why not: the key is settled or open (Entry), or has to wait.

    make_attempt, now_ms: are asked here, where the lock is held: whoever waited for it is stamped afterwards.

    Raises IdempotencyConflict, InvalidTransfer for a prepared attempt that cannot be sent now, PolicyDenied where an
    operator's limit or a halt forbids a new attempt, and JournalFailed for a copy that was not adopted.
    """
    transfer = intent.transfer if isinstance(intent, Attempt) else intent
    entry = _reopened(journal, checked_entry(journal, key, transfer), now_ms)
    if entry and entry.state != "not_moved":
        return entry
    attempt = make_attempt()
    if isinstance(intent, Attempt) and _is_known(journal, attempt, key):
        return _entry(journal, key)  # an attempt is sent once, even one that moved nothing
    now, account, window = now_ms(), journal.account(), Window.of(attempt, settle_ms)
    _check_that_it_is_for_now(attempt, now)
    _check_that_it_may_send(account)
    if objection := policy.objection(transfer) or _daily_objection(journal, policy, transfer, window):
        raise PolicyDenied(objection)
    if wait := _identical_open(journal, attempt, window) or wait_for_room(account, now):
        return wait
    journal.put_account(begun(account, now))
    record = AttemptRecord(attempt, key, now, window.start_ms, window.end_ms)
    journal.add(record)
    return record


def _reopened(journal: JournalTransaction, entry: Entry | None, now_ms: Callable[[], int]) -> Entry | None:
    """Look again for an attempt whose acceptance no verdict took notice of, before its key is used anew."""
    ignored = [each for each in entry.attempts if each.acceptance_ignored] if entry else []
    if entry is None or entry.state != "not_moved" or not ignored:
        return entry
    tran_id = min(ignored[0].answered_ids)
    owned = journal.owners([tran_id])
    note = f"the exchange had accepted it as {tran_id}, and an older program took no notice"
    verdict = VerdictRecord(now_ms(), "reopened", "open", None if owned else tran_id, note)
    journal.add_verdict(ignored[0].attempt.id, verdict)
    return _entry(journal, entry.key)


def _is_known(journal: JournalTransaction, attempt: Attempt, key: str) -> bool:
    """Tell whether an attempt was recorded before; raises IdempotencyConflict where that was under another key."""
    known = journal.attempt(attempt.id)
    if known is not None and known.key != key:
        message = f"the attempt was made under the key {known.key!r}, not {key!r}: use that"
        raise IdempotencyConflict(message)
    return known is not None


def _check_that_it_is_for_now(attempt: Attempt, now_ms: int) -> None:
    """Refuse what would be refused, or keep all that is alike waiting for a window that begins later."""
    if (ahead_ms := attempt.timestamp_ms - now_ms) > EARLY_MS:
        message = f"the attempt's timestamp is {ahead_ms / 1000:.0f} s in the future: prepare a new one"
        raise InvalidTransfer(message)


def _check_that_it_may_send(account: AccountRecord) -> None:
    if account.halted:
        message = f"sending is halted: {one_line(account.halted)}"
        raise PolicyDenied(message)
    if account.backup:
        message = (
            f"this journal is a copy that was made at {account.backup}, and does not know the keys that were used "
            "since: run an audit, then call journal.adopt(note=…)"
        )
        raise JournalFailed(message)


def _shown(transfer: Transfer) -> str:
    symbols = {"from": transfer.from_symbol, "to": transfer.to_symbol}
    pairs = "".join(f" {way} {symbol}" for way, symbol in symbols.items() if symbol)
    return f"{transfer.type} {transfer.amount_text} {transfer.asset}{pairs}"


def _daily_objection(journal: JournalTransaction, policy: Policy, transfer: Transfer, window: Window) -> str:
    """
    Say on which day a transfer would be too much, "" where it would not be.

    What was recorded around midnight may have moved before or after it, and counts for both days.
    """
    asset = spelt(transfer.asset)  # an unchecked one may be spelt otherwise, and is the same money
    if asset not in policy.max_per_day:
        return ""
    for day in range(window.start_ms // _DAY_MS, window.end_ms // _DAY_MS + 1):
        moved = journal.moved_between(asset, day * _DAY_MS, (day + 1) * _DAY_MS - 1)
        if objection := policy.daily_objection(transfer, exact_sum(moved)):
            return objection
    return ""


def _identical_open(journal: JournalTransaction, attempt: Attempt, window: Window) -> Wait | None:
    """Wait for the windows of open transfers that history could not tell from this one (rule 8)."""
    ends_ms = [record.window_end_ms for record in journal.open_alike(attempt.transfer)]
    if not ends_ms or window.start_ms > max(ends_ms):
        return None
    left_ms = max(ends_ms) - window.start_ms + _SLACK_MS
    return Wait(left_ms / 1000, "an identical transfer is open")


# --- what became of it -----------------------------------------------------------------------------------------------


@frozen
class Recorded:
    """The committed state of a key after something was recorded, and what a person has to know of it, if anything."""

    entry: Entry
    alert: str = ""
    __repr__ = sound_repr


class Superseded(Exception):
    """The attempt has been judged, or opened again, since it was looked at."""


def record_answer(
    journal: JournalTransaction, attempt: Attempt, answer: AnswerRecord, verdict: Verdict | None, weight: Weight
) -> Recorded:
    """
    Record an answer, what it says about the weight, and the verdict that it amounts to, if it does.

    Recording the same answer again changes nothing, so it may be tried until it is known to be committed.
    """
    record = _attempt(journal, attempt.id)
    if answer in record.answers:
        return Recorded(_entry(journal, record.key))
    journal.put_account(answered(journal.account(), record.opened_ms, weight))
    journal.add_answer(attempt.id, answer)
    if answer.tran_id is not None:
        alert = _accept(journal, record, answer.tran_id, answer.at_ms)
    elif verdict is not None and record.state == "open" and not record.answered_ids:
        journal.add_verdict(attempt.id, VerdictRecord(answer.at_ms, verdict, "not_moved", None, answer.msg))
        alert = ""
    else:
        alert = _contradiction(record, verdict, answer)
    return Recorded(_entry(journal, record.key), alert)


def _contradiction(record: AttemptRecord, verdict: Verdict | None, answer: AnswerRecord) -> str:
    """Say what contradicts a verdict. A refusal that comes late changes none (rule 7), but one of what moved is odd."""
    if verdict is None or record.state != "moved":
        return ""
    return (
        f"attempt {record.attempt.id} of key {record.key!r} is recorded as moved ({record.tran_id}), and now it was "
        f"refused: {answer.outcome} {answer.msg}"
    )


def _accept(journal: JournalTransaction, record: AttemptRecord, tran_id: int, at_ms: int) -> str:
    """Record that the exchange accepted an attempt, early or late (rule 7). Returns what a person has to know."""
    attempt_id = record.attempt.id
    alerts: list[str] = []
    owner = journal.owners([tran_id]).get(tran_id)
    if owner is not None and owner != attempt_id:
        other = _attempt(journal, owner)
        if other.verdict != "found":
            text = (
                f"id {tran_id} is recorded for attempt {owner} of key {other.key!r}, and an answer names it for "
                f"{attempt_id} of key {record.key!r}: a person has to decide both"
            )
            if record.state != "moved":  # it was accepted, so only a person may say that it moved nothing
                journal.add_verdict(attempt_id, VerdictRecord(at_ms, "reopened", "open", None, text))
            return text
        # History showed the row, and reconciliation took it for the other one. The answer knows better.
        journal.add_verdict(owner, VerdictRecord(at_ms, "reopened", "open", None, f"{tran_id} is another attempt's"))
        alerts.append(f"id {tran_id}, found for attempt {owner} of key {other.key!r}, is that of {attempt_id}")
    if record.state == "moved":
        if record.tran_id == tran_id:
            return ""
        text = f"attempt {attempt_id} of key {record.key!r} is recorded as {record.tran_id}, and answered as {tran_id}"
        if record.verdict != "found":
            return f"{text}: a person has to decide"
        alerts.append(text)
    if record.state == "not_moved":
        note = f"accepted as {tran_id} after it was recorded as not moved ({record.verdict})"
        journal.add_verdict(attempt_id, VerdictRecord(at_ms, "reopened", "open", tran_id, note))
        alerts.append(f"attempt {attempt_id} of key {record.key!r}: {note}; it is looked for in history")
    else:
        alerts += add_moved(journal, record, VerdictRecord(at_ms, "accepted", "moved", tran_id, ""))
    return "; ".join(alerts)


def add_moved(journal: JournalTransaction, record: AttemptRecord, verdict: VerdictRecord) -> list[str]:
    """
    Record that an attempt moved. Returns what a person has to know.

    The key answers for ever with the verdict that was written first: a lagging clock must not date one before it.
    """
    attempts = _entry(journal, record.key).attempts
    others = [other for other in attempts if other.state == "moved" and other.attempt.id != record.attempt.id]
    at_ms = max([verdict.at_ms, *(1 + (other.verdict_ms or 0) for other in others)])
    journal.add_verdict(record.attempt.id, evolve(verdict, at_ms=at_ms))
    return [f"key {record.key!r} moved more than once"] if others else []


def close(
    journal: JournalTransaction,
    attempt: Attempt,
    opening: int,
    verdict: Verdict,
    at_ms: int,
    tran_id: int | None = None,
    note: str = "",
) -> Recorded:
    """
    Write a verdict, moved where there is an id, on the opening that it was reached for (rule 7).

    Raises Superseded where the attempt is not open, or was opened again meanwhile. Leaves it open where the id is
    another attempt's, or where only its own row or a person may close it.
    """
    record = open_attempt(journal, attempt, opening)
    alerts: list[str] = []
    if tran_id is None:
        if verdict == "failed" or not record.answered_ids:
            journal.add_verdict(attempt.id, VerdictRecord(at_ms, verdict, "not_moved", None, note))
    else:
        owner = journal.owners([tran_id]).get(tran_id)
        if owner is not None and owner != attempt.id:
            alerts.append(f"id {tran_id} is recorded for attempt {owner}, and now it is that of {attempt.id} too")
        elif tran_id in record.answered_ids or tran_id not in journal.once_named([tran_id], attempt.id):
            alerts += add_moved(journal, record, VerdictRecord(at_ms, verdict, "moved", tran_id, note))
    return Recorded(_entry(journal, record.key), "; ".join(alerts))


def open_attempt(journal: JournalTransaction, attempt: Attempt, opening: int) -> AttemptRecord:
    """Return an attempt that is still being looked at; raises Superseded where it is not."""
    record = _attempt(journal, attempt.id)
    if record.state != "open" or record.opening != opening:
        raise Superseded
    return record


def _attempt(journal: JournalTransaction, attempt_id: str) -> AttemptRecord:
    record = journal.attempt(attempt_id)
    if record is None:
        message = f"attempt {attempt_id} is not in the journal"
        raise JournalFailed(message)
    return record


def entry_of(journal: JournalTransaction, attempt: Attempt) -> Entry:
    """Return the entry that an attempt belongs to; raises JournalFailed where there is none."""
    return _entry(journal, _attempt(journal, attempt.id).key)


def _entry(journal: JournalTransaction, key: str) -> Entry:
    entry = journal.entry(key)
    assert entry is not None  # noqa: S101  # an attempt without its key cannot be recorded
    return entry

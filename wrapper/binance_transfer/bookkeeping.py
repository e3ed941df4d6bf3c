"""
What may be recorded when: the rules of the journal.

One rule: each function here runs inside one transaction that sees and changes all books of an account alone. It decides
on what the books say, never on what a worker remembers.

5. An attempt is recorded before it is sent, with the timestamp that is signed.
6. A key that moved is answered from the books; one with an open attempt is reconciled; one whose attempts all provably
   moved nothing gets a new attempt.
7. A verdict belongs to one attempt and is written only while that is open; an id of the exchange, to one attempt.
8. Of two transfers alike in type, asset and amount the later one waits until the window of the earlier one is over,
   unless that has its verdict.
12. A send waits for the next minute where the last known weight leaves no room, and as long as the exchange asked.
"""

from decimal import Decimal
from typing import Final

from attrs import evolve, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.books import Books
from binance_transfer.entries import AccountRecord, AnswerRecord, AttemptRecord, Entry, State, Verdict
from binance_transfer.errors import IdempotencyConflict, InvalidTransfer, JournalFailed, PolicyDenied, ResolutionRefused
from binance_transfer.policy import Policy, exact_sum
from binance_transfer.reconcile import EARLY_MS, Window
from binance_transfer.transfer import Transfer
from binance_transfer_api.api.asset.universal_transfer import WEIGHT, WEIGHT_LIMIT

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * 60 * _MINUTE_MS
_SLACK_MS: Final = 50
_AHEAD_MS: Final = (
    1_000  # how far a worker's idea of the exchange's clock may be ahead; begun late, a minute loses nothing
)
_IN_FLIGHT_S: Final = 0.2
_FEWEST: Final = 10  # attempts a minute that are tried, however much strangers seem to make one cost


@frozen
class Wait:
    """Come back later."""

    seconds: float
    reason: str


Begun = AttemptRecord
"""The attempt is recorded: send it."""


def bind(books: Books, environment: str, uid: int) -> None:
    """Bind an account to where and whose it is, at its first use; raises JournalFailed for another one's."""
    account = books.account()
    if account.uid is None:
        # One set of books for one uid: under a second name its keys, ids and open windows would not be seen.
        if (other := books.name_of(environment, uid)) is not None:
            message = f"uid {uid} has its books under the name {other!r}: use that instead of {account.name!r}"
            raise JournalFailed(message)
        books.put_account(evolve(account, environment=environment, uid=uid))
    elif (account.environment, account.uid) != (environment, uid):
        message = (
            f"account {account.name!r} of the journal belongs to uid {account.uid} at {account.environment}, and this "
            f"client to uid {uid} at {environment}: give each account a name of its own"
        )
        raise JournalFailed(message)


def begin(
    books: Books, key: str, attempt: Attempt, settle_ms: int, policy: Policy, now_ms: int
) -> Begun | Entry | Wait:
    """
    Record an attempt for a key, or say why not: the key is settled or open (Entry), or has to wait.

    Raises IdempotencyConflict, InvalidTransfer for an attempt whose time is yet to come, and PolicyDenied where an
    operator's limit or a halt forbids a new attempt.
    """
    transfer = attempt.transfer
    entry = books.entry(key)
    if entry:
        if entry.transfer != transfer:
            message = f"key {key!r} was used for {_said(entry.transfer)}; it is not used again for {_said(transfer)}"
            raise IdempotencyConflict(message)
        if entry.state != "not_moved":
            return entry
    if (known := books.attempt(attempt.id)) is not None:
        if entry and known.key == key:
            return entry  # an attempt is sent once, even one that moved nothing
        message = f"the attempt was made under the key {known.key!r}, not {key!r}: use that"
        raise IdempotencyConflict(message)
    if (ahead_ms := attempt.timestamp_ms - now_ms) > EARLY_MS:
        # It would be refused, or keep its key and all that is alike waiting for a window that begins later.
        message = f"the attempt is for a time {ahead_ms / 1000:.0f} s from now: prepare another one"
        raise InvalidTransfer(message)
    account = books.account()
    if account.halted:
        message = f"sending is halted: {account.halted}"
        raise PolicyDenied(message)
    today = Decimal(0)
    if transfer.asset in policy.max_per_day:
        window = Window.of(attempt, settle_ms)
        # What was recorded less than a window before midnight may move after it, and counts for both days.
        since_ms = window.start_ms - window.start_ms % _DAY_MS - (window.end_ms - window.start_ms)
        today = exact_sum(books.moved_since(transfer.asset, since_ms))
    if objection := policy.objection(transfer) or policy.daily_objection(transfer, today):
        raise PolicyDenied(objection)
    if wait := _twin(books, attempt) or _pace(account, now_ms):
        return wait
    books.put_account(_started(account, now_ms))
    record = AttemptRecord(attempt, key, now_ms, Window.of(attempt, settle_ms).end_ms)
    books.add(record)
    return record


def _said(transfer: Transfer) -> str:
    symbols = {"from": transfer.from_symbol, "to": transfer.to_symbol}
    pairs = "".join(f" {way} {symbol}" for way, symbol in symbols.items() if symbol)
    return f"{transfer.type} {transfer.amount_text} {transfer.asset}{pairs}"


def _twin(books: Books, attempt: Attempt) -> Wait | None:
    """Wait for the window of an open transfer that history could not tell from this one: rule 8."""
    transfer = attempt.transfer
    ends_ms = [
        record.window_end_ms
        for record in books.open_attempts()
        if (record.attempt.transfer.type, record.attempt.transfer.asset) == (transfer.type, transfer.asset)
        and record.attempt.transfer.amount == transfer.amount
    ]
    if not ends_ms or attempt.timestamp_ms - EARLY_MS > max(ends_ms):
        return None
    left_ms = max(ends_ms) + EARLY_MS + _SLACK_MS - attempt.timestamp_ms
    return Wait(left_ms / 1000, "an identical transfer is open")


def _pace(account: AccountRecord, now_ms: int) -> Wait | None:
    """Keep to the weight that is permitted: rule 12."""
    if now_ms < account.silent_until_ms:
        return Wait((account.silent_until_ms - now_ms) / 1000, "the exchange asked for silence")
    if account.minute != _minute(account, now_ms):
        return None
    weight = account.weight or WEIGHT
    if account.used + weight > WEIGHT_LIMIT:
        left_ms = (account.minute + 1) * _MINUTE_MS - now_ms
        return Wait((left_ms + _AHEAD_MS) / 1000, "the weight of this minute is used up")
    if account.used + weight * (account.started - account.answered + 1) > WEIGHT_LIMIT:
        return Wait(_IN_FLIGHT_S, "transfers under way may use up the weight of this minute")
    return None


def _minute(account: AccountRecord, now_ms: int) -> int:
    """Return the minute to count for: one that others have begun, where a worker lags or has waited for its turn."""
    minute = now_ms // _MINUTE_MS
    return account.minute if account.minute == minute + 1 else minute


def _started(account: AccountRecord, now_ms: int) -> AccountRecord:
    minute = _minute(account, now_ms)
    if account.minute == minute:
        return evolve(account, started=account.started + 1)
    return evolve(account, minute=minute, started=1, answered=0, first=0, used=0)


@frozen
class Weight:
    """What an answer says about the limit: what this minute has used, and until when the exchange wants silence."""

    used: int | None = None
    silent_until_ms: int = 0


@frozen
class Recorded:
    """The committed state of a key after something was recorded, and what contradicts it, if anything."""

    entry: Entry
    contradiction: str = ""


def record_answer(
    books: Books, attempt: Attempt, answer: AnswerRecord, verdict: Verdict | None, weight: Weight
) -> Recorded:
    """Record an answer, what it says about the weight, and the verdict that it amounts to, if it does."""
    record = _attempt(books, attempt.id)
    _note_weight(books, record, weight)
    books.add_answer(attempt.id, answer)
    if verdict is None:
        return Recorded(_entry(books, record.key))
    return _close(books, record, verdict, answer.at_ms, answer.tran_id, answer.msg)


def close(
    books: Books, attempt: Attempt, verdict: Verdict, at_ms: int, tran_id: int | None = None, note: str = ""
) -> Recorded:
    """Write a verdict, moved where there is an id, unless the attempt has one already: rule 7."""
    return _close(books, _attempt(books, attempt.id), verdict, at_ms, tran_id, note)


def _close(
    books: Books, record: AttemptRecord, verdict: Verdict, at_ms: int, tran_id: int | None, note: str
) -> Recorded:
    state: State = "not_moved" if tran_id is None else "moved"
    told = ""
    if record.state != "open":
        if (record.state, record.tran_id) != (state, tran_id):
            before, after = f"{record.state} ({record.verdict}, {record.tran_id})", f"{state} ({verdict}, {tran_id})"
            told = f"attempt {record.attempt.id} of key {record.key!r} is recorded as {before}, and now it is {after}"
    elif tran_id is not None and (owner := books.owner(tran_id)) is not None:
        told = f"id {tran_id} is recorded for attempt {owner}, and now it is that of {record.attempt.id} too"
    else:
        books.put(evolve(record, state=state, tran_id=tran_id, verdict=verdict, verdict_ms=at_ms, note=note))
    return Recorded(_entry(books, record.key), told)


def _note_weight(books: Books, record: AttemptRecord, weight: Weight) -> None:
    """Take over what an answer says about the weight that all workers share: rule 12."""
    account = books.account()
    account = evolve(account, silent_until_ms=max(account.silent_until_ms, weight.silent_until_ms))
    if (used := weight.used) is not None and record.opened_ms // _MINUTE_MS == account.minute:
        if weight.silent_until_ms:
            # Refused, so it cost nothing; and the figure may be that of the minute before, where a clock is ahead.
            account = evolve(account, started=account.started - 1)
        else:
            account = evolve(
                account,
                answered=account.answered + 1,
                first=account.first or used,
                used=max(used, account.used),
            )
            account = evolve(account, weight=_weight(account))
    books.put_account(account)


def _weight(account: AccountRecord) -> int:
    """
    Estimate what one attempt costs.

    At least a share of what was added since the first answer of the minute: by all that began, if strangers added
    nothing. At most a share of all, by those that were answered.
    """
    least = -(-(account.used - account.first) // (account.started - 1)) if account.started > 1 else 0
    known = account.weight or WEIGHT
    return min(max(known, min(least, WEIGHT_LIMIT // _FEWEST)), account.used // account.answered)


def _attempt(books: Books, attempt_id: str) -> AttemptRecord:
    record = books.attempt(attempt_id)
    if record is None:
        message = f"attempt {attempt_id} is not in the journal"
        raise JournalFailed(message)
    return record


def entry_of(books: Books, attempt: Attempt) -> Entry:
    """Return the entry that an attempt belongs to; raises JournalFailed where there is none."""
    return _entry(books, _attempt(books, attempt.id).key)


def _entry(books: Books, key: str) -> Entry:
    entry = books.entry(key)
    assert entry is not None  # noqa: S101  # an attempt without its key cannot be recorded
    return entry


def resolve(books: Books, key: str, tran_id: int | None, note: str, now_ms: int) -> Entry:
    """Write a person's verdict on the open attempt of a key; raises ResolutionRefused."""
    entry = books.entry(key)
    record = entry.open_attempt if entry else None
    if entry is None or record is None:
        told = f"is {entry.state}" if entry else "was never used"
        message = f"key {key!r} {told}: there is nothing to resolve"
        raise ResolutionRefused(message)
    if now_ms <= record.window_end_ms:
        left_s = (record.window_end_ms - now_ms) / 1000
        message = f"the attempt of key {key!r} may still execute: its window ends in {left_s:.0f} s, wait for that"
        raise ResolutionRefused(message)
    if tran_id is not None and (owner := books.owner(tran_id)) is not None:
        message = f"id {tran_id} belongs to attempt {owner} already"
        raise ResolutionRefused(message)
    return close(books, record.attempt, "person", now_ms, tran_id, note).entry

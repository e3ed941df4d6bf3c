"""
What breaks when a rule of the journal is taken out: rules 5 to 12, and 3 where it looks into the journal.

One rule: each entry puts one plausible mistake into the code that runs.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from attrs import evolve

from binance_transfer.attempt import Attempt
from binance_transfer.candidates import Match, match
from binance_transfer.clock import Deadline
from binance_transfer.errors import OutcomeUnknown
from binance_transfer.flows import calls, reconcile
from binance_transfer.flows.effects import Context, Flow, Sleep, Transaction
from binance_transfer.journal import audit, idempotency, manual, pacing, rules, verdicts
from binance_transfer.journal.audit import Audit
from binance_transfer.journal.pacing import Wait, Weight
from binance_transfer.journal.records import AccountRecord, AttemptRecord, Entry, State
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.policy import Policy
from binance_transfer.session import Session
from binance_transfer.transfer import Transfer
from binance_transfer.window import Window
from binance_transfer.wire.outcome import Receipt
from simulator import world
from simulator.database import Database, MemoryTransaction
from simulator.mistake import Ablation

_begin: Final = rules.begin
_transfer: Final = idempotency.transfer
_send: Final = idempotency._send  # noqa: SLF001  # the code under test
_record_and_answer: Final = idempotency._record_and_answer  # noqa: SLF001
_answered: Final = idempotency._answered  # noqa: SLF001
_session_transfer: Final = Session.transfer
_compare: Final = audit.compare
_counted: Final = pacing.answered
_reconcile: Final = reconcile.reconcile
_open_alike: Final = MemoryTransaction.open_alike
_share: Final = calls.SHARE_TO_SEND

Bound = Callable[[Deadline], Flow[None]]
Begun = AttemptRecord | Entry | Wait


# --- rule 5: recorded first ------------------------------------------------------------------------------------------


class _RolledBack(Exception):
    """Takes the result out of a transaction that is rolled back."""

    def __init__(self, result: Begun) -> None:
        super().__init__()
        self.result = result


def _looked_up(
    context: Context, bound: Bound, intent: Transfer | Attempt, key: str, policy: Policy, deadline: Deadline
) -> Flow[AttemptRecord | Entry]:
    """Find out whether a key may be sent, as `idempotency.transfer` does, and record nothing."""
    yield from bound(deadline)
    yield from calls.read_clock_if_stale(context, deadline)
    settle_ms, clock = context.settings.settle_ms, context.clock

    def make_attempt() -> Attempt:
        return idempotency.attempt_of(context, intent)

    def change(journal: JournalTransaction) -> None:
        raise _RolledBack(rules.begin(journal, key, intent, make_attempt, settle_ms, policy, clock.now_ms))

    while True:
        try:
            yield from Transaction(change, deadline.left_s())
        except _RolledBack as kept:
            if not isinstance(kept.result, Wait):
                return kept.result
            yield from Sleep(kept.result.seconds)


def _recorded(record: AttemptRecord) -> Flow[AttemptRecord]:
    def change(journal: JournalTransaction) -> AttemptRecord:
        journal.add(record)
        return record

    return (yield from Transaction(change, 1.0))


def _sent_before_recorded(
    context: Context,
    bound: Bound,
    intent: Transfer | Attempt,
    key: str,
    policy: Policy,
    deadline: Deadline,
    *,
    reconciles: bool,
) -> Flow[Receipt]:
    found = yield from _looked_up(context, bound, intent, key, policy, deadline)
    if isinstance(found, Entry):
        return (yield from _answered(context, found, None, None, deadline, reconciles=reconciles))
    reply = yield from calls.post(found.attempt, 10.0)
    yield from _recorded(found)
    return (yield from _record_and_answer(context, found, reply, deadline, reconciles=reconciles))


def _opened_blindly(
    context: Context,
    bound: Bound,
    intent: Transfer | Attempt,
    key: str,
    policy: Policy,
    deadline: Deadline,
    *,
    reconciles: bool,
) -> Flow[Receipt]:
    found = yield from _looked_up(context, bound, intent, key, policy, deadline)
    if isinstance(found, Entry):
        return (yield from _answered(context, found, None, None, deadline, reconciles=reconciles))
    yield from _recorded(found)
    return (yield from _send(context, found, deadline, _share, reconciles=reconciles))


def _signed_afresh(
    context: Context, record: AttemptRecord, deadline: Deadline, share: float, *, reconciles: bool
) -> Flow[Receipt]:
    record = evolve(record, attempt=evolve(record.attempt, timestamp_ms=context.clock.now_ms()))
    return (yield from _send(context, record, deadline, share, reconciles=reconciles))


def _unrecorded(
    self: Session, intent: Transfer | Attempt, key: str | None, resolve_within_s: float | None, *objection: Any
) -> Flow[Receipt]:
    if key is None:
        return self._unkeyed(intent, resolve_within_s or 0)
    return _session_transfer(self, intent, key, resolve_within_s, *objection)


# --- rules 6 and 10: one key, no second try --------------------------------------------------------------------------


def _sent_in_state(state: State) -> Callable[..., Begun]:
    def begin(
        journal: JournalTransaction, key: str, intent: Any, make: Any, settle_ms: int, policy: Policy, now_ms: Any
    ) -> Begun:
        entry = journal.entry(key)
        if entry and entry.state == state and entry.transfer == intent and isinstance(intent, Transfer):
            window = Window.of(attempt := make(), settle_ms)
            journal.add(record := AttemptRecord(attempt, key, now_ms(), window.start_ms, window.end_ms))
            return record
        return _begin(journal, key, intent, make, settle_ms, policy, now_ms)

    return begin


def _any_entry(journal: JournalTransaction, key: str, transfer: Transfer) -> Entry | None:
    del transfer
    return journal.entry(key)


def _sent_again(
    context: Context,
    bound: Bound,
    intent: Transfer | Attempt,
    key: str,
    policy: Policy,
    deadline: Deadline,
    *,
    reconciles: bool,
) -> Flow[Receipt]:
    try:
        return (yield from _transfer(context, bound, intent, key, policy, deadline, reconciles=reconciles))
    except OutcomeUnknown as unknown:
        settings = context.settings
        attempt = Attempt(unknown.attempt.transfer, context.clock.now_ms(), settings.recv_window_ms)
        window = Window.of(attempt, settings.settle_ms)
        record = AttemptRecord(attempt, key, attempt.timestamp_ms, window.start_ms, window.end_ms)
        yield from _recorded(record)
        again = Deadline.within(settings.timeout_s, context.clock.local)
        return (yield from _send(context, record, again, _share, reconciles=reconciles))


# --- rules 1 and 2: windows, candidates -------------------------------------------------------------------------------


def _own_settle_ms(
    context: Context, attempt: Attempt, window: Window, deadline: Deadline, claims: Any, answered: Any
) -> Flow[Receipt]:
    del window
    own = Window.of(attempt, context.settings.settle_ms)
    return (yield from _reconcile(context, attempt, own, deadline, claims, answered))


def _any_type(attempt: Attempt, window: Window, rows: Any, *owned: Any) -> Match:
    return match(attempt, window, [evolve(row, type=attempt.transfer.type) for row in rows], *owned)


# --- rule 8: identical transfers -------------------------------------------------------------------------------------


def _verdict_awaited(journal: JournalTransaction, attempt: Attempt, window: Window) -> Wait | None:
    del window
    return Wait(5.0, "an identical transfer is open") if journal.open_alike(attempt.transfer) else None


def _told_apart(mark: Callable[[Transfer], object]) -> Callable[..., list[AttemptRecord]]:
    def open_alike(self: MemoryTransaction, transfer: Transfer) -> list[AttemptRecord]:
        alike = _open_alike(self, transfer)
        return [record for record in alike if mark(record.attempt.transfer) == mark(transfer)]

    return open_alike


# --- the others ------------------------------------------------------------------------------------------------------


def _waited(context: Context, key: str, intent: Any, wait: Wait, deadline: Deadline) -> Flow[None]:
    del context, key, intent, deadline
    yield from Sleep(wait.seconds)


def _named_by_key(label: str, api_key: str) -> str:
    return f"{label} {api_key}"


def _though_halted(journal: JournalTransaction, *arguments: Any) -> Begun:
    account = journal.account()
    journal.put_account(evolve(account, halted=""))
    begun = _begin(journal, *arguments)
    journal.put_account(evolve(journal.account(), halted=account.halted))
    return begun


def _without(kind: str) -> Callable[..., Audit]:
    def compare(*arguments: Any) -> Audit:
        nothing: dict[str, Any] = {kind: ()}
        return evolve(_compare(*arguments), **nothing)

    return compare


def _moved_only(self: MemoryTransaction, asset: str, start_ms: int, end_ms: int) -> list[Decimal]:
    return [
        record.attempt.transfer.amount
        for entry in self.entries()
        for record in entry.attempts
        if (record.state == "moved" and record.attempt.transfer.asset == asset and record.window.holds(start_ms))
        or (record.state == "moved" and start_ms <= record.timestamp_ms <= end_ms)
    ]


def _counted_without(**left_out: Any) -> Callable[..., AccountRecord]:
    def answered(account: AccountRecord, opened_ms: int, weight: Weight) -> AccountRecord:
        return _counted(account, opened_ms, evolve(weight, **left_out))

    return answered


def _seen(*_: object) -> Flow[str]:
    yield from ()
    return ""


def _nothing(*_: object, **__: object) -> None:
    return None


def _free(*_: object) -> bool:
    return False


_TRANSFER: Final = (idempotency, "transfer")
_BEGIN: Final = (rules, "begin")
_IDENTICAL: Final = (rules, "_identical_open")
_COMPARE: Final = (audit, "compare")
_COUNTED: Final = (rules, "answered")
_SHARED_IDS: Final = ((MemoryTransaction, "is_taken", _free),)

JOURNAL_ABLATIONS: Final = (
    Ablation("1 window", "one's own settle_ms, not the recorded window", (verdicts, "reconcile"), _own_settle_ms),
    Ablation("2 candidates", "types are not compared", (reconcile, "match"), _any_type),
    Ablation("3 absence", "the canary is not asked for", (reconcile._Canary, "missing"), _seen),  # noqa: SLF001
    Ablation("5 recorded first", "it is sent before it is recorded", _TRANSFER, _sent_before_recorded),
    Ablation("5 recorded first", "a fresh timestamp is signed when it is sent", (idempotency, "_send"), _signed_afresh),
    Ablation("5 recorded first", "a send without a key is not recorded", (Session, "transfer"), _unrecorded),
    Ablation("6 one key", "an open key is sent again", _BEGIN, _sent_in_state("open")),
    Ablation("6 one key", "a key that moved is sent again", _BEGIN, _sent_in_state("moved")),
    Ablation("6 one key", "another transfer under the key is taken for the same", (rules, "checked_entry"), _any_entry),
    Ablation("7 verdicts", "an attempt opens after a look at the others, not with it", _TRANSFER, _opened_blindly),
    Ablation("8 identical ones", "they do not wait", _IDENTICAL, _nothing),
    Ablation("8 identical ones", "they wait for a verdict", _IDENTICAL, _verdict_awaited),
    Ablation(
        "8 identical ones",
        "symbols tell them apart",
        (MemoryTransaction, "open_alike"),
        _told_apart(lambda transfer: (transfer.from_symbol, transfer.to_symbol)),
    ),
    Ablation(
        "8 identical ones",
        "digits tell them apart",
        (MemoryTransaction, "open_alike"),
        _told_apart(lambda transfer: transfer.amount_text),
    ),
    Ablation(
        "9 account",
        "its name is made from the API key",
        (world, "journal_account"),
        _named_by_key,
        ((Database, "name_of", _nothing),),
    ),
    Ablation("9 account", "it is not bound to a uid", (rules, "bind"), _nothing),
    Ablation("10 no second try", "what is unknown is sent again", _TRANSFER, _sent_again),
    Ablation("10 a person", "is believed while the window is open", (manual, "_check_window_is_over"), _nothing),
    Ablation("10 a person", "may name an id of another attempt", (manual, "_check_unowned"), _nothing, _SHARED_IDS),
    *(
        Ablation("11 audit", f"what is {kind} is not told", _COMPARE, _without(kind))
        for kind in ("unclaimed", "failed", "missing", "mismatched", "contradicted", "open")
    ),
    Ablation("11 halt", "does not stop what is sent", _BEGIN, _though_halted),
    Ablation("limits", "what may have moved does not count", (MemoryTransaction, "moved_between"), _moved_only),
    Ablation("12 deadlines", "a wait is begun whether or not it fits", (idempotency, "_wait"), _waited),
    Ablation("12 pacing", "nothing waits", (rules, "wait_for_room"), _nothing),
    Ablation("12 pacing", "the weight headers are ignored", _COUNTED, _counted_without(used=None)),
    Ablation("12 pacing", "Retry-After is ignored", _COUNTED, _counted_without(silent_until_ms=0)),
)

"""
What breaks when rule 7 is taken out: verdicts, and answers that come after them.

One rule: each entry puts one plausible mistake into the code that runs.
"""

from typing import Any, Final

from attrs import evolve

from binance_transfer.attempt import Attempt
from binance_transfer.candidates import Match, match
from binance_transfer.clock import Deadline
from binance_transfer.errors import NotExecuted, ProvenAbsent, TransferError
from binance_transfer.flows import reconcile
from binance_transfer.flows.effects import Context, Flow
from binance_transfer.flows.reconcile import HistoryReading
from binance_transfer.history import CONFIRMED, FAILED
from binance_transfer.journal import idempotency, manual, rules
from binance_transfer.journal.records import AttemptRecord, Entry, State, VerdictRecord
from binance_transfer.journal.rules import Recorded
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.window import Window
from binance_transfer.wire.outcome import Receipt
from simulator.database import MemoryTransaction
from simulator.mistake import Ablation

_answered: Final = idempotency._answered  # noqa: SLF001  # the code under test


def _written_over(
    journal: JournalTransaction,
    attempt: Attempt,
    opening: int,
    verdict: Any,
    at_ms: int,
    tran_id: int | None = None,
    note: str = "",
) -> Recorded:
    del opening
    record = rules.entry_of(journal, attempt).attempts[-1]
    state: State = "not_moved" if tran_id is None else "moved"
    if tran_id is None or not journal.owners([tran_id]):
        journal.add_verdict(record.attempt.id, VerdictRecord(at_ms, verdict, state, tran_id, note))
    return Recorded(rules.entry_of(journal, attempt))


def _own_answer(
    context: Context,
    entry: Entry,
    own_attempt: Attempt | None,
    result: Receipt | TransferError | None,
    deadline: Deadline,
    *,
    reconciles: bool,
) -> Flow[Receipt]:
    if isinstance(result, NotExecuted):
        raise result
    if isinstance(result, Receipt):
        return result
    return (yield from _answered(context, entry, own_attempt, result, deadline, reconciles=reconciles))


def _failed_settles(attempt: Attempt, window: Window, rows: Any, *owned: Any) -> Match:
    failed = [evolve(row, status=CONFIRMED) for row in rows if row.status == FAILED]
    if match(attempt, window, failed, *owned).confirmed:
        raise ProvenAbsent("its row says FAILED", attempt=attempt)
    return match(attempt, window, rows, *owned)


def _only_logged(journal: JournalTransaction, record: AttemptRecord, tran_id: int, at_ms: int) -> str:
    if record.state == "not_moved":
        return f"attempt {record.attempt.id}: accepted as {tran_id} after it was recorded as not moved"
    return _accept(journal, record, tran_id, at_ms)


_accept: Final = rules._accept  # noqa: SLF001


def _closed_if_open(
    journal: JournalTransaction,
    attempt: Attempt,
    opening: int,
    verdict: Any,
    at_ms: int,
    tran_id: int | None = None,
    note: str = "",
) -> Recorded:
    del opening
    record = _open_one(journal, attempt)
    if tran_id is None:
        journal.add_verdict(attempt.id, VerdictRecord(at_ms, verdict, "not_moved", None, note))
        return Recorded(rules.entry_of(journal, attempt))
    return _close(journal, attempt, record.opening, verdict, at_ms, tran_id, note)


_close: Final = rules.close


def _open_one(journal: JournalTransaction, attempt: Attempt, opening: int = 0) -> AttemptRecord:
    del opening
    record = journal.attempt(attempt.id)
    if record is None or record.state != "open":
        raise rules.Superseded
    return record


def _stays_found(journal: JournalTransaction, record: AttemptRecord, tran_id: int, at_ms: int) -> str:
    if journal.owners([tran_id]).get(tran_id, record.attempt.id) != record.attempt.id:
        return f"attempt {record.attempt.id}: {tran_id} is another attempt's"
    return _accept(journal, record, tran_id, at_ms)


def _last_one(entry: Entry) -> AttemptRecord | None:
    moved = [record for record in entry.attempts if record.state == "moved"]
    return max(moved, key=lambda record: record.verdict_ms or 0) if moved else None


def _within_its_window(*arguments: Any, up_to_now: bool) -> Flow[HistoryReading]:
    del up_to_now
    return (yield from _gather_evidence(*arguments, up_to_now=False))


_gather_evidence: Final = reconcile._gather_evidence  # noqa: SLF001


def _no_owners(*_: object) -> dict[int, str]:
    return {}


def _no_ids(*_: object) -> frozenset[int]:
    return frozenset()


def _free(*_: object) -> bool:
    return False


SHARED_IDS: Final = ((MemoryTransaction, "is_taken", _free),)
"""The tables do not keep ids unique either."""

VERDICT_ABLATIONS: Final = (
    Ablation("7 verdicts", "a verdict is the key's and overwrites", (rules, "close"), _written_over),
    Ablation("7 verdicts", "a call answers what its own attempt saw", (idempotency, "_answered"), _own_answer),
    Ablation("7 verdicts", "an id may be two attempts'", (MemoryTransaction, "owners"), _no_owners, SHARED_IDS),
    Ablation("7 verdicts", "an id once named goes to another one", (MemoryTransaction, "once_named"), _no_ids),
)

LATE_ABLATIONS: Final = (Ablation("7 late acceptance", "is only logged", (rules, "_accept"), _only_logged),)
"""For the weather in which history hides more than is assumed."""

SETTLED_BY_FAILURE: Final = Ablation(
    "2 candidates", "a failed row settles an attempt", (reconcile, "match"), _failed_settles
)


def _any_verdict(_record: object, _tran_id: object) -> None:
    """Let a person say anything of an attempt that was answered."""


SCRIPTED: Final = (
    SETTLED_BY_FAILURE,
    Ablation("7 late acceptance", "an id that was found for another one stays there", (rules, "_accept"), _stays_found),
    Ablation("7 late acceptance", "of several that moved, the last one counts", (Entry, "moved"), property(_last_one)),
    Ablation(
        "7 late acceptance", "it is looked for in its window only", (reconcile, "_gather_evidence"), _within_its_window
    ),
    Ablation(
        "7 late acceptance",
        "a verdict is written on what is open, not on its opening",
        (rules, "close"),
        _closed_if_open,
        ((rules, "open_attempt", _open_one),),
    ),
    Ablation("10 a person", "may call not moved what was accepted", (manual, "_check_answered"), _any_verdict),
)
"""What only scripts find: chance would have to make several rare things meet within seconds."""

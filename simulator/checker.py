"""
What workers were told and what the journal says, compared with what the exchange did.

One rule: a verdict is wrong as soon as the exchange's ledger says otherwise, whoever else agrees with it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Final

from attrs import define, field, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.errors import (
    Ambiguous,
    IdempotencyConflict,
    InvalidTransfer,
    JournalFailed,
    NotExecuted,
    OutcomeUnknown,
    ProvenAbsent,
    ReadFailed,
)
from binance_transfer.journal.records import AttemptRecord
from binance_transfer.transfer import Transfer
from binance_transfer.wire.outcome import Receipt
from binance_transfer_sandbox import Exchange
from simulator.database import Database
from simulator.engine import Engine
from simulator.ground_truth import NEAR_MISS, GroundTruth
from simulator.network import Network, Traffic
from simulator.pacing import PacingWatch
from simulator.story import NullStory, TranId

Owner = tuple[str, str]
"""Account and name of a job: what must move once at the most."""

_DAY_MS: Final = 86_400_000
_LONGEST_SETTLE_MS: Final = 40_000
"""More than any worker waits, and than a call may take after it has found out."""
_AT_LAST: Final = 10**18
_ID: Final = re.compile(r"[0-9a-f]{32}")


class Wrong(StrEnum):
    """Kinds of what must not be, the gravest first."""

    MOVED_TWICE = "moved twice"
    SENT_TWICE = "sent twice"
    DENIED = "told or recorded that it did not move, and it did"
    INVENTED = "told or recorded that it moved, and it did not"
    ID_TWICE = "one id for two transfers"
    CONFUSED = "a key for two transfers, or of two accounts"
    LIMIT = "more than is allowed, or during a halt"
    PERSON = "a person's mistake was taken"
    ENDLESS = "no end"
    UNPROVEN = "not proven though it could be"
    WRONG_ERROR = "an error that does not fit"
    AUDIT = "an audit that misses something, or makes it up"
    ALERT = "an alert without a cause"


@frozen
class Violation:
    """
    Something that must not be.

    event: the number of the event in the story with which it became wrong, -1 for the last one.
    """

    seed: int
    kind: Wrong
    what: str
    event: int = -1

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.what}"


@frozen
class Report:
    """What came of a world."""

    transfers: int
    outcomes: Counter[str]
    violations: tuple[Violation, ...]


@frozen
class BegunAttempt:
    """Since which of the engine's ticks an attempt exists, and for which job."""

    owner: Owner
    at: int
    attempt: Attempt


@frozen
class Call:
    """
    What a call was answered.

    conflicting: the key was the job's, the transfer was not.
    prepared: the attempt was made earlier, and may have been too old.
    stranger: the API key was another account's.
    reconciled: it was a reconciliation, without a key.
    at: the engine's tick at the last transaction of the call; without a journal, when it was answered.
    posted: whether it sent anything.
    """

    owner: Owner
    transfer: Transfer
    result: object
    at: int
    posted: bool
    conflicting: bool = False
    prepared: bool = False
    stranger: bool = False
    reconciled: bool = False


@define(eq=False)
class Checker:
    """Sees everything, and says afterwards what was wrong."""

    seed: int
    engine: Engine
    traffic: Traffic
    exchange: Exchange
    networks: dict[str, Network]
    ground_truth: GroundTruth
    pacing: PacingWatch
    daily_limit: Decimal | None
    story: NullStory
    begun: dict[str, BegunAttempt] = field(factory=dict)
    calls: list[tuple[Call, int]] = field(factory=list)
    """With the number of its event in the story."""
    alerts: list[str] = field(factory=list)
    events: Counter[str] = field(factory=Counter)
    violations: list[Violation] = field(factory=list)
    misjudged: dict[str, int] = field(factory=dict)
    """Attempt → an id that a person made up for it, to be found by an audit."""
    abandoned: set[str] = field(factory=set)
    """Attempts that were left open on purpose."""
    forgiven: set[str] = field(factory=set)
    """Attempts that a person called not moved, wrongly and on purpose."""
    imitated: dict[str, int] = field(factory=dict)
    """Attempt that did not move → the id of a stranger's transfer that looks like it."""
    accepted: dict[str, int] = field(factory=dict)
    """Attempt → the engine's tick at which it was recorded that the exchange accepted it."""

    def violate(self, kind: Wrong, what: str, event: int = -1) -> None:
        """Note something that must not be."""
        self.violations.append(Violation(self.seed, kind, what, event))

    def note_result(self, call: Call, caller: str) -> None:
        """Note an answer, and what is wrong with it whatever the exchange did."""
        event = self._tell(call, caller) if self.story.listens else -1
        self.calls.append((call, event))
        result, said = call.result, _shown(call)
        self.events[_event_name(call)] += 1
        failed = isinstance(result, JournalFailed | ReadFailed)
        if failed and call.posted:
            self.violate(Wrong.WRONG_ERROR, f"{said}: it had been sent, which leaves the outcome unknown", event)
        new = isinstance(result, ProvenAbsent) or (isinstance(result, Receipt) and not result.replayed)
        if call.stranger and (call.posted or new):  # what is recorded may be told while the account cannot be read
            self.violate(Wrong.CONFUSED, f"{said}: the API key is another account's", event)
        if isinstance(result, Ambiguous) and result.attempt.id not in self.traffic.twinned:
            self.violate(Wrong.WRONG_ERROR, f"{said}: nobody made a second one", event)
        elif isinstance(result, InvalidTransfer) and not (call.conflicting or call.prepared):
            self.violate(Wrong.WRONG_ERROR, f"{said}: {result}", event)
        elif call.conflicting and not failed and not isinstance(result, IdempotencyConflict):
            self.violate(Wrong.CONFUSED, f"{said}: the key was used for another transfer", event)

    def committed(self, label: str, record: AttemptRecord, lag_ms: int) -> None:
        """Note that a worker has recorded an answer."""
        self.pacing.committed(label, record, lag_ms)
        if record.answered_ids:
            self.accepted.setdefault(record.attempt.id, self.engine.tick())
            self.networks[label].replica.recorded(record)

    def hopeless(self, owner: Owner) -> bool:
        """Tell whether a caller may give up, and leave a job to a person."""
        begun = (one for one in self.begun.values() if one.owner == owner)
        return any(self.ground_truth.why_unprovable(owner[0], one.attempt) for one in begun)

    def identical_windows(self, label: str, transfer: Transfer) -> bool:
        """Tell whether a transfer that history could not tell from this one may still execute, or could just now."""
        now_ms = self.engine.now_ms()
        alike = (one.attempt for one in self.begun.values() if one.owner[0] == label)
        return any(
            attempt.timestamp_ms + attempt.recv_window_ms + _LONGEST_SETTLE_MS > now_ms
            for attempt in alike
            if (attempt.transfer.type, attempt.transfer.amount) == (transfer.type, transfer.amount)
        )

    def served(self, label: str) -> bool:
        """Tell whether a transfer of an account was answered with a receipt, so that its name is bound by now."""
        return any(isinstance(call.result, Receipt) and call.owner[0] == label for call, _ in self.calls)

    def name_of(self, attempt_id: str) -> str:
        """Return the name of the job that an attempt was made for."""
        one = self.begun.get(attempt_id)
        return one.owner[1] if one else "nobody"

    def look_back(self, database: Database) -> None:
        """Compare everything with the exchange, when all is over."""
        attempts: dict[Owner, list[BegunAttempt]] = defaultdict(list)
        for one in self.begun.values():
            attempts[one.owner].append(one)
        records = {record.attempt.id: record for record in self._records(database)}
        for (label, name), begun in attempts.items():
            moved = [one.attempt.id for one in begun for _ in self.traffic.moved(one.attempt.id)]
            if len(moved) > 1 and self._avoidable(begun):
                event = max(self.story.last(attempt_id) for attempt_id in moved)
                self.violate(Wrong.MOVED_TWICE, f"{name} of {label}: moved {len(moved)} times", event)
        for attempt_id, times in self.traffic.deliveries.items():
            if times > 1:
                event = self.story.last(attempt_id)
                self.violate(Wrong.SENT_TWICE, f"an attempt of {self.name_of(attempt_id)}: sent {times} times", event)
        self._judge_calls(attempts, records)
        self._judge_records(records)
        self._judge_days()
        for alert in self.alerts:
            ids = _ID.findall(alert)
            # The exchange accepts a transfer and fails it later: the one contradiction that is nobody's mistake.
            known = any(self._failed(name) or name in self.traffic.beyond for name in ids)
            if "could not record" not in alert and not known and "moved more than once" not in alert:
                self.violate(Wrong.ALERT, f"an alert without a cause: {_ID.sub('(an attempt)', alert)}")

    def _records(self, database: Database) -> Iterator[AttemptRecord]:
        for account in database.accounts():
            for entry in database.records(account).entries():
                yield from entry.attempts

    def _failed(self, attempt_id: str) -> bool:
        return any(not moved for _, moved in self.traffic.executions.get(attempt_id, []))

    def _known_to_move(self, attempt_id: str, at: int) -> bool:
        """Tell whether the money moved, and that could be known: what history hides, only an answer can tell."""
        if not self.traffic.moved(attempt_id):
            return False
        return attempt_id not in self.traffic.beyond or self.accepted.get(attempt_id, at + 1) <= at

    def _avoidable(self, begun: list[BegunAttempt]) -> bool:
        """Tell whether a second movement began when the first one could be known."""
        moved = sorted(
            (one for one in begun if self.traffic.moved(one.attempt.id)),
            key=lambda one: one.at,
        )
        return any(
            self._known_to_move(first.attempt.id, second.at)
            for place, second in enumerate(moved)
            for first in (moved[:place] or moved[:1])
        )

    def _judge_calls(self, attempts: dict[Owner, list[BegunAttempt]], records: dict[str, AttemptRecord]) -> None:
        owners: dict[int, Owner] = {}
        accepted_ids = {record.tran_id for record in records.values() if record.verdict == "accepted"}
        for call, event in self.calls:
            result, begun = call.result, attempts.get(call.owner, [])
            if call.reconciled and not records and isinstance(result, OutcomeUnknown):
                why = self.ground_truth.why_unprovable(call.owner[0], result.attempt) or "not within two minutes"
                self.events[f"never proven: {why}"] += 1
            if isinstance(result, Receipt):
                if owners.setdefault(result.tran_id, call.owner) != call.owner:
                    text = f"{_shown(call)}: its id belongs to {owners[result.tran_id][1]} too"
                    self.violate(Wrong.ID_TWICE, text, event)
                rows = [row for one in begun for row in self.traffic.executions.get(one.attempt.id, [])]
                accepted = result.http_status is not None or result.tran_id in accepted_ids
                if not any(tran_id == result.tran_id and (moved or accepted) for tran_id, moved in rows):
                    self.violate(Wrong.INVENTED, f"{_shown(call)}: the exchange did not make it", event)
                continue
            denied = isinstance(result, NotExecuted) and not isinstance(result, InvalidTransfer)
            known = [one for one in begun if denied and self._known_to_move(one.attempt.id, call.at)]
            if any(one.at <= call.at for one in known):
                self.violate(Wrong.DENIED, f"{_shown(call)}: the exchange made it", event)

    def _judge_records(self, records: dict[str, AttemptRecord]) -> None:
        owners: dict[int, str] = {}
        for attempt_id, record in records.items():
            said = f"{self.name_of(attempt_id)} is recorded as {record.state} ({record.verdict})"
            event = self.story.last(attempt_id)
            executions = self.traffic.executions.get(attempt_id, [])
            if (
                record.state == "not_moved"
                and self._known_to_move(attempt_id, _AT_LAST)
                and attempt_id not in self.forgiven
            ):
                self.violate(Wrong.DENIED, f"{said}: the exchange made it", event)
            if record.tran_id is not None and attempt_id not in self.misjudged:
                if owners.setdefault(record.tran_id, attempt_id) != attempt_id:
                    self.violate(Wrong.ID_TWICE, f"{said}: its id belongs to another attempt too", event)
                moved = record.state == "moved" and record.verdict != "accepted"  # one that is open names an id too
                if moved and (record.tran_id, True) not in executions:
                    self.violate(Wrong.INVENTED, f"{said}: the exchange did not make it", event)
            self._judge_whether_proven(record, said, event)

    def _judge_whether_proven(self, record: AttemptRecord, said: str, event: int) -> None:
        one = self.begun.get(record.attempt.id)
        if one is None or record.attempt.id in self.abandoned or record.verdict not in {None, "person"}:
            return
        why = self.ground_truth.why_unprovable(one.owner[0], record.attempt)
        if why and (record.state == "open" or why == NEAR_MISS):
            self.events[f"never proven: {why}"] += 1
        elif record.state == "open":
            self.violate(Wrong.UNPROVEN, f"{said}: it could have been proven", event)

    def _judge_days(self) -> None:
        if self.daily_limit is None:
            return
        own_ids = {tran_id for rows in self.traffic.executions.values() for tran_id, moved in rows if moved}
        sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for row in self.exchange.ledger:
            if row.tran_id in own_ids and row.asset == "USDT":
                sums[row.uid, row.time_ms // _DAY_MS] += row.amount
        for (uid, _), moved in sums.items():
            if moved > self.daily_limit:
                text = f"uid {uid}: {moved} moved in a day, {self.daily_limit} were allowed"
                self.violate(Wrong.LIMIT, text)

    def _tell(self, call: Call, caller: str) -> int:
        result, (_, name) = call.result, call.owner
        text = type(result).__name__ + (", replayed" if isinstance(result, Receipt) and result.replayed else "")
        things: list[object] = [text, name]
        if isinstance(result, Receipt):
            things.append(TranId(result.tran_id))
        if isinstance(result, Receipt | OutcomeUnknown):
            things.append(result.attempt)
        return self.story.tell(caller, "is told {} for {}" + " {}" * (len(things) - 2), *things)


def _event_name(call: Call) -> str:
    name = type(call.result).__name__
    if call.reconciled:
        return f"reconciled: {name}"
    return f"{name}, replayed" if isinstance(call.result, Receipt) and call.result.replayed else name


def _shown(call: Call) -> str:
    return f"{type(call.result).__name__} for {call.owner[1]} {call.transfer.type} {call.transfer.amount}"

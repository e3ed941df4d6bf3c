"""
What workers were told and what the journal says, compared with what the exchange did.

One rule: a verdict is wrong as soon as the exchange's ledger says otherwise, whoever else agrees with it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from attrs import define, field, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.journal.audit import Audit
from binance_transfer.entries import AttemptRecord
from binance_transfer.errors import (
    Ambiguous,
    IdempotencyConflict,
    InvalidTransfer,
    JournalFailed,
    NotExecuted,
    ReadFailed,
)
from binance_transfer.wire.outcome import Receipt
from binance_transfer.transfer import Transfer
from binance_transfer_sandbox import Exchange
from binance_transfer_sandbox.ledger import Entry as LedgerEntry
from simulator.books import Database
from simulator.network import Network, Truth
from simulator.world import HIDDEN_TYPES

Owner = tuple[str, str]
"""Account and name of a job: what must move once at the most."""

_DAY_MS: Final = 86_400_000
_ID: Final = re.compile(r"[0-9a-f]{32}")


@frozen
class Birth:
    """Since when an attempt exists, and for which job."""

    owner: Owner
    at_s: float
    attempt: Attempt


@frozen
class Call:
    """
    What a call was answered.

    conflicting: the key was the job's, the transfer was not.
    prepared: the attempt was made earlier, and may have been too old.
    stranger: the API key was another account's.
    at_s: when the last transaction of the call was committed.
    posted: whether it sent anything.
    """

    owner: Owner
    transfer: Transfer
    conflicting: bool
    prepared: bool
    stranger: bool
    result: object
    at_s: float
    posted: bool


@define(eq=False)
class Witness:
    """Sees everything, and says afterwards what was wrong."""

    seed: int
    truth: Truth
    exchange: Exchange
    networks: dict[str, Network]
    daily_limit: Decimal | None
    births: dict[str, Birth] = field(factory=dict)
    calls: list[Call] = field(factory=list)
    alarms: list[str] = field(factory=list)
    events: Counter[str] = field(factory=Counter)
    violations: list[str] = field(factory=list)
    misjudged: dict[str, int] = field(factory=dict)
    """Attempt → an id that a person made up for it, to be found by an audit."""
    abandoned: set[str] = field(factory=set)
    """Attempts that were left open on purpose."""
    imitated: dict[str, int] = field(factory=dict)
    """Attempt that did not move → the id of a stranger's transfer that looks like it."""

    def violate(self, what: str) -> None:
        """Note something that must not be."""
        self.violations.append(f"seed {self.seed}: {what}")

    def told(self, call: Call) -> None:
        """Note an answer, and what is wrong with it whatever the exchange did."""
        self.calls.append(call)
        result = call.result
        name = type(result).__name__
        self.events[f"{name}, replayed" if isinstance(result, Receipt) and result.replayed else name] += 1
        failed = isinstance(result, JournalFailed | ReadFailed)
        if failed and call.posted:
            self.violate(f"{_said(call)}: it had been sent, which leaves the outcome unknown")
        if call.stranger and not failed:
            self.violate(f"{_said(call)}: the API key is another account's")
        if isinstance(result, Ambiguous):
            self.violate(f"{_said(call)}: nobody made a second one")
        elif isinstance(result, InvalidTransfer) and not (call.conflicting or call.prepared):
            self.violate(f"{_said(call)}: {result}")
        elif call.conflicting and not failed and not isinstance(result, IdempotencyConflict):
            self.violate(f"{_said(call)}: the key was used for another transfer")

    def look_back(self, database: Database) -> None:
        """Compare everything with the exchange, when all is over."""
        attempts: dict[Owner, list[Birth]] = defaultdict(list)
        for birth in self.births.values():
            attempts[birth.owner].append(birth)
        records = {record.attempt.id: record for record in self._records(database)}
        for owner, births in attempts.items():
            moved = [tran_id for birth in births for tran_id in self._moved(birth.attempt.id)]
            if len(moved) > 1:
                self.violate(f"{owner[1]} of {owner[0]}: moved {len(moved)} times")
        for attempt_id, times in self.truth.deliveries.items():
            if times > 1:
                self.violate(f"attempt {attempt_id}: sent {times} times")
        self._judge_calls(attempts, records)
        self._judge_records(records)
        self._judge_days()
        for alarm in self.alarms:
            ids = _ID.findall(alarm)
            # The exchange accepts a transfer and fails it later: the one contradiction that is nobody's mistake.
            if "could not record" not in alarm and not any(self._failed(name) for name in ids):
                self.violate(f"an alarm without a cause: {alarm}")

    def audited(self, audit: Audit, database: Database, label: str) -> None:
        """Compare what an audit found at the end with what there is to find."""
        records = [record for record in self._records(database) if self._label(record) == label]
        mine = {tran_id for record in records for tran_id, _ in self.truth.executions.get(record.attempt.id, [])}
        made_up = {tran_id for attempt_id, tran_id in self.misjudged.items()}
        ledger = [row for row in self.exchange.ledger if row.uid == self.networks[label].uid]
        expected: dict[str, set[Any]] = {
            "unclaimed": {row.tran_id for row in ledger if _shown(row) and row.tran_id not in mine},
            "failed": {record.attempt.id for record in records if self._failed_later(record)},
            "missing": {record.attempt.id for record in records if record.tran_id in made_up},
            "contradicted": {(name, row) for name, row in self.imitated.items() if self.births[name].owner[0] == label},
            "open": {record.attempt.id for record in records if record.state == "open"},
        }
        found: dict[str, set[Any]] = {
            "unclaimed": {row.tran_id for row in audit.unclaimed},
            "failed": {record.attempt.id for record in audit.failed},
            "missing": {record.attempt.id for record in audit.missing},
            "contradicted": {(record.attempt.id, row.tran_id) for record, row in audit.contradicted},
            "open": {record.attempt.id for record in audit.open},
        }
        for kind, there in expected.items():
            self.events[f"audit: {kind}"] += len(there)
            if found[kind] != there:
                told = f"{len(there - found[kind])} {kind} not listed, {len(found[kind] - there)} wrongly listed"
                self.violate(f"audit of {label}: {told}")

    def _records(self, database: Database) -> Iterator[AttemptRecord]:
        for account in database.accounts():
            for entry in database.books(account).entries():
                yield from entry.attempts

    def _label(self, record: AttemptRecord) -> str:
        birth = self.births.get(record.attempt.id)
        return birth.owner[0] if birth else ""

    def _moved(self, attempt_id: str) -> list[int]:
        return [tran_id for tran_id, moved in self.truth.executions.get(attempt_id, []) if moved]

    def _failed(self, attempt_id: str) -> bool:
        return any(not moved for _, moved in self.truth.executions.get(attempt_id, []))

    def _failed_later(self, record: AttemptRecord) -> bool:
        accepted = (record.tran_id, False) in self.truth.executions.get(record.attempt.id, [])
        return accepted and record.state == "moved" and record.attempt.transfer.type not in HIDDEN_TYPES

    def _judge_calls(self, attempts: dict[Owner, list[Birth]], records: dict[str, AttemptRecord]) -> None:
        owners: dict[int, Owner] = {}
        accepted_ids = {record.tran_id for record in records.values() if record.verdict == "accepted"}
        for call in self.calls:
            result, births = call.result, attempts.get(call.owner, [])
            if isinstance(result, Receipt):
                if owners.setdefault(result.tran_id, call.owner) != call.owner:
                    self.violate(f"{_said(call)}: its id belongs to {owners[result.tran_id][1]} too")
                rows = [row for birth in births for row in self.truth.executions.get(birth.attempt.id, [])]
                accepted = result.http_status is not None or result.tran_id in accepted_ids
                if not any(tran_id == result.tran_id and (moved or accepted) for tran_id, moved in rows):
                    self.violate(f"{_said(call)}: the exchange did not make it")
                continue
            denied = isinstance(result, NotExecuted) and not isinstance(result, InvalidTransfer)
            if denied and any(birth.at_s <= call.at_s and self._moved(birth.attempt.id) for birth in births):
                self.violate(f"{_said(call)}: the exchange made it")

    def _judge_records(self, records: dict[str, AttemptRecord]) -> None:
        owners: dict[int, str] = {}
        for attempt_id, record in records.items():
            said = f"{record.key} is recorded as {record.state} ({record.verdict})"
            executions = self.truth.executions.get(attempt_id, [])
            if record.state == "not_moved" and self._moved(attempt_id):
                self.violate(f"{said}: the exchange made it")
            if record.tran_id is not None and attempt_id not in self.misjudged:
                if owners.setdefault(record.tran_id, attempt_id) != attempt_id:
                    self.violate(f"{said}: its id belongs to another attempt too")
                if (record.tran_id, True) not in executions and record.verdict != "accepted":
                    self.violate(f"{said}: the exchange did not make it")
            if record.state == "open" and attempt_id not in self.abandoned:
                if record.attempt.transfer.type in HIDDEN_TYPES:
                    self.events["never proven"] += 1
                else:
                    self.violate(f"{said}: it could have been proven")

    def _judge_days(self) -> None:
        if self.daily_limit is None:
            return
        mine = {tran_id for rows in self.truth.executions.values() for tran_id, moved in rows if moved}
        sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for row in self.exchange.ledger:
            if row.tran_id in mine and row.asset == "USDT":
                sums[row.uid, row.time_ms // _DAY_MS] += row.amount
        for (uid, _), moved in sums.items():
            if moved > self.daily_limit:
                self.violate(f"uid {uid}: {moved} moved in a day, {self.daily_limit} were allowed")


def _said(call: Call) -> str:
    return f"{type(call.result).__name__} for {call.owner[1]} {call.transfer.type} {call.transfer.amount}"


def _shown(row: LedgerEntry) -> bool:
    return row.final_status == "CONFIRMED" and row.type not in HIDDEN_TYPES

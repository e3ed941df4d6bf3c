"""
What an audit found, against what there is to find.

One rule: an audit of a quiet account lists what strangers did, what was planted, and what history writes otherwise.
"""

from collections import Counter
from typing import Any

from binance_transfer.journal.audit import FINDINGS, Audit
from binance_transfer.journal.records import AttemptRecord
from binance_transfer_sandbox.ledger import Entry
from simulator.checker import Checker, Wrong
from simulator.database import Database
from simulator.ground_truth import HIDDEN_TYPES, is_near


def compare(checker: Checker, audit: Audit, database: Database, label: str) -> None:
    """Note what an audit at the end of an account's history misses, or makes up."""
    expected, found = _expected(checker, database, label), _found(audit)
    for kind, there in expected.items():
        checker.events[f"audit: {kind}"] += len(there)
        if kind == "contradicted" and there <= found[kind]:
            continue  # a stranger's row may contradict more than one refusal: looked at below
        if found[kind] != there:
            told = f"{len(there - found[kind])} {kind} not listed, {len(found[kind] - there)} wrongly listed"
            checker.violate(Wrong.AUDIT, f"audit of {label}: {told}")
    checker.events["audit: near_misses"] += len(audit.near_misses)
    for record, row in (*audit.contradicted, *audit.near_misses):
        entry = checker.ground_truth.entry(row.tran_id)
        if record.state != "not_moved" or not is_near(record.attempt, entry):
            checker.violate(Wrong.AUDIT, f"audit of {label}: {row.tran_id} could not be that attempt")


def tell(audit: Audit) -> str:
    """Say in a line what an audit found."""
    found = {kind: len(getattr(audit, kind)) for kind in FINDINGS}
    return ", ".join(f"{times} {kind}" for kind, times in found.items() if times) or "nothing"


def _expected(checker: Checker, database: Database, label: str) -> dict[str, set[Any]]:
    records = [record for entry in database.records(label).entries() for record in entry.attempts]
    moved = [record for record in records if record.state == "moved"]
    owned = {record.tran_id for record in records}
    keys = Counter(record.key for record in moved)
    shows_all = checker.exchange.history.ignores_unknown_types and any(
        record.attempt.transfer.type in HIDDEN_TYPES for record in records
    )
    made_up = set(checker.misjudged.values())

    def shown(entry: Entry) -> bool:
        return entry.type not in HIDDEN_TYPES or shows_all

    def fate(record: AttemptRecord) -> str:
        entry = checker.traffic.rows.get(record.tran_id or 0)
        return entry.final_status if entry is not None and shown(entry) else ""

    ledger = [row for row in checker.exchange.ledger if row.uid == checker.networks[label].uid]
    return {
        "unclaimed": {
            row.tran_id for row in ledger if row.final_status == "CONFIRMED" and shown(row) and row.tran_id not in owned
        },
        "failed": {record.attempt.id for record in moved if fate(record) == "FAILED"},
        "pending": set(),
        "missing": {record.attempt.id for record in moved if record.tran_id in made_up},
        "mismatched": {
            record.attempt.id
            for record in moved
            if fate(record) == "CONFIRMED" and checker.ground_truth.is_misspelt(record.tran_id or 0)
        },
        "contradicted": {
            (name, row) for name, row in checker.imitated.items() if checker.begun[name].owner[0] == label
        },
        "repeated": {record.attempt.id for record in moved if keys[record.key] > 1},
        "open": {record.attempt.id for record in records if record.state == "open"},
    }


def _found(audit: Audit) -> dict[str, set[Any]]:
    return {
        "unclaimed": {row.tran_id for row in audit.unclaimed},
        "failed": {record.attempt.id for record in audit.failed},
        "pending": {record.attempt.id for record in audit.pending},
        "missing": {record.attempt.id for record in audit.missing},
        "mismatched": {record.attempt.id for record, _ in audit.mismatched},
        "contradicted": {(record.attempt.id, row.tran_id) for record, row in audit.contradicted},
        "repeated": {record.attempt.id for record in audit.repeated},
        "open": {record.attempt.id for record in audit.open},
    }

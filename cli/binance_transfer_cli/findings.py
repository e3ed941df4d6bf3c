"""
What an audit found, as rows and as JSON.

One rule: the names are those of bt.Audit.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import binance_transfer as bt
from binance_transfer_cli.entries import when
from binance_transfer_cli.screen import Screen

_SAID: Final = {
    "unclaimed": "in history, and no key of the journal is it",
    "failed": "moved by the journal, FAILED in history",
    "pending": "moved by the journal, still PENDING in history",
    "missing": "moved by the journal, not in history",
    "mismatched": "moved by the journal, something else in history",
    "contradicted": "not moved by the journal, and in history",
    "near_misses": "not moved by the journal, and nearly so in history",
    "repeated": "one key that moved several times",
    "open": "open, and its window is over: binance-transfer reconcile",
}
"""Finding → what it means, the parts of bt.Audit."""

_Finding = bt.TransferRecord | bt.AttemptRecord | tuple[bt.AttemptRecord, bt.TransferRecord]


def to_dict(audit: bt.Audit) -> dict[str, object]:
    """Return an audit as plain values."""
    told: dict[str, object] = {"clean": audit.clean, "since_ms": audit.since_ms, "until_ms": audit.until_ms}
    return told | {name: [_plain(each) for each in getattr(audit, name)] for name in _SAID}


def _plain(found: _Finding) -> Mapping[str, object]:
    match found:
        case bt.TransferRecord():
            return {
                "tran_id": found.tran_id,
                "type": found.type,
                "asset": found.asset,
                "amount": f"{found.amount:f}",
                "status": found.status,
                "timestamp_ms": found.timestamp_ms,
            }
        case bt.AttemptRecord():
            return {"key": found.key, "state": found.state, "tran_id": found.tran_id} | found.attempt.to_dict()
        case (record, row):
            return {"attempt": _plain(record), "row": _plain(row)}


def show(screen: Screen, audit: bt.Audit) -> None:
    """Show an audit to a person."""
    screen.say(f"Compared {when(audit.since_ms)} to {when(audit.until_ms)} UTC.")
    if audit.clean:
        screen.say("Journal and history agree.", "green")
        return
    screen.table(("finding", "key", "tran_id", "asset", "amount", "time (UTC)"), _rows(audit), right={"amount"})
    for name, meaning in _SAID.items():
        if getattr(audit, name):
            screen.say(f"{name}: {meaning}")


def _rows(audit: bt.Audit) -> Iterator[tuple[str, ...]]:
    for name in _SAID:
        for found in getattr(audit, name):
            yield name, *_row(found)


def _row(found: _Finding) -> tuple[str, ...]:
    match found:
        case bt.TransferRecord():
            return "", str(found.tran_id), found.asset, f"{found.amount:f}", when(found.timestamp_ms)
        case bt.AttemptRecord():
            transfer = found.attempt.transfer
            tran_id = str(found.tran_id or "")
            return found.key, tran_id, transfer.asset, transfer.amount_text, when(found.timestamp_ms)
        case (record, row):
            return record.key, *_row(row)[1:]

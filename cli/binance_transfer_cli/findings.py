"""
What an audit found, as rows and as JSON.

One rule: the names are those of bt.Audit.
"""

from collections.abc import Iterator, Mapping

import binance_transfer as bt
from binance_transfer.journal.audit import FINDINGS, Found
from binance_transfer_cli.entries import when
from binance_transfer_cli.screen import Screen


def to_dict(audit: bt.Audit) -> dict[str, object]:
    """Return an audit as plain values."""
    period: dict[str, object] = {"clean": audit.clean, "since_ms": audit.since_ms, "until_ms": audit.until_ms}
    return period | {kind: [_plain(found) for found in getattr(audit, kind)] for kind in FINDINGS}


def _plain(found: Found) -> Mapping[str, object]:
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
    columns = ("finding", "key", "tran_id", "asset", "amount", "time (UTC)")
    screen.table(columns, _rows(audit), right={"amount"}, whole={"tran_id", "asset", "amount"})
    for kind, meaning in FINDINGS.items():
        if getattr(audit, kind):
            screen.say(f"{kind}: {meaning}")


def _rows(audit: bt.Audit) -> Iterator[tuple[str, ...]]:
    for kind in FINDINGS:
        for found in getattr(audit, kind):
            yield kind, *_row(found)


def _row(found: Found) -> tuple[str, ...]:
    match found:
        case bt.TransferRecord():
            return "", str(found.tran_id), found.asset, f"{found.amount:f}", when(found.timestamp_ms)
        case bt.AttemptRecord():
            transfer = found.attempt.transfer
            tran_id = str(found.tran_id or "")
            return found.key, tran_id, transfer.asset, transfer.amount_text, when(found.timestamp_ms)
        case (record, row):
            return record.key, *_row(row)[1:]

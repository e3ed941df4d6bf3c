"""
Keys of the journal as rows and as JSON.

One rule: nothing is left out for a program; a person sees what is needed to decide what to do.
"""

import json
from datetime import UTC

import binance_transfer as bt
from binance_transfer.export import to_jsonl
from binance_transfer.moments import from_ms
from binance_transfer_cli.outcomes import Exit
from binance_transfer_cli.routes import shown
from binance_transfer_cli.screen import Screen

_COLUMNS = ("key", "state", "tran_id", "asset", "amount", "from", "to", "first sent (UTC)")


def when(ms: int) -> str:
    """Return a time for people: UTC, as all times that are shown."""
    return from_ms(ms).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def to_dict(entry: bt.Entry) -> dict[str, object]:
    """Return all about a key as plain values, as the export has it."""
    made: dict[str, object] = json.loads(to_jsonl([entry]))
    return made


def table(screen: Screen, entries: list[bt.Entry]) -> None:
    """Show keys, one a row."""
    screen.table(_COLUMNS, map(_row, entries), right={"amount"}, whole={"state", "tran_id", "asset", "amount"})


def _row(entry: bt.Entry) -> tuple[str, ...]:
    source, target = shown(entry.transfer)
    tran_id = str(entry.tran_id) if entry.tran_id is not None else ""
    first = when(entry.attempts[0].opened_ms) if entry.attempts else ""
    transfer = entry.transfer
    return entry.key, entry.state, tran_id, transfer.asset, transfer.amount_text, source, target, first


def details(screen: Screen, entry: bt.Entry) -> None:
    """Show all about one key."""
    transfer = entry.transfer
    source, target = shown(transfer)
    screen.fields(
        [
            ("key", entry.key),
            ("state", entry.state),
            ("move", f"{transfer.amount_text} {transfer.asset}"),
            ("from", source),
            ("to", target),
            ("type", transfer.type),
            *([("tranId", str(entry.tran_id))] if entry.tran_id is not None else []),
        ],
        {"state": "bold"},
    )
    for number, record in enumerate(entry.attempts, 1):
        screen.say(f"\nAttempt {number}: {record.attempt.id}", "bold")
        screen.fields(_attempt(record))


def _attempt(record: bt.AttemptRecord) -> list[tuple[str, str]]:
    rows = [("signed for", when(record.timestamp_ms)), ("window ends", when(record.window_end_ms))]
    for answer in record.answers:
        said = " ".join(filter(None, (answer.outcome, str(answer.code or ""), answer.msg)))
        rows.append(("answer", f"{when(answer.at_ms)}  {said}{f' ({answer.tran_id})' if answer.tran_id else ''}"))
    for verdict in record.verdicts:
        said = " ".join(filter(None, (verdict.state, f"({verdict.verdict})", str(verdict.tran_id or ""), verdict.note)))
        rows.append(("verdict", f"{when(verdict.at_ms)}  {said}"))
    return rows


def exit_code(entries: list[bt.Entry]) -> Exit:
    """Return how a command ends that found out about these."""
    states = {entry.state for entry in entries}
    if "open" in states:
        return Exit.UNKNOWN
    return Exit.INCOMPLETE if "not_moved" in states else Exit.OK

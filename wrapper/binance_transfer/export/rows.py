"""
The journal as rows: CSV for spreadsheets, JSON Lines for programs.

One rule: nothing is lost. Amounts are their digits, times are milliseconds since 1970 as recorded.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, Final

import attrs

from binance_transfer.journal.records import AttemptRecord, Entry
from binance_transfer.transfer_types import TRANSFER_TYPES

COLUMNS: Final = (
    "key",
    "key_state",
    "attempt",
    "attempt_id",
    "state",
    "tran_id",
    "type",
    "source",
    "target",
    "from_symbol",
    "to_symbol",
    "asset",
    "amount",
    "opened_ms",
    "timestamp_ms",
    "recv_window_ms",
    "window_start_ms",
    "window_end_ms",
    "verdict",
    "verdict_ms",
    "note",
    "answers",
    "last_outcome",
    "last_http_status",
    "last_code",
    "last_msg",
)
"""The columns of the CSV. Those that begin with ``last_`` are about the last answer to the attempt."""

# Where a cell begins with one of these, spreadsheets may run it (OWASP, "CSV Injection"); the full-width ones count.
_ACTIVE: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_GUARD: Final = "'"


def to_csv(entries: Iterable[Entry]) -> str:
    """
    Return RFC 4180 text with a header and a row for each attempt.

    A text that a spreadsheet could take for a formula has an apostrophe in front of it, and so has one that begins with
    an apostrophe: whoever reads the file with a program drops one apostrophe from the beginning of a text.
    """
    written = io.StringIO(newline="")
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for entry in entries:
        for number, record in enumerate(entry.attempts, 1):
            rows.writerow([_cell(value) for value in _row(entry, number, record)])
    return written.getvalue()


def _row(entry: Entry, number: int, record: AttemptRecord) -> tuple[str | int | None, ...]:
    attempt, transfer = record.attempt, record.attempt.transfer
    info = TRANSFER_TYPES.get(transfer.type)
    last = record.answer
    return (
        entry.key,
        entry.state,
        number,
        attempt.id,
        record.state,
        record.tran_id,
        transfer.type,
        info.source.value if info else None,
        info.target.value if info else None,
        transfer.from_symbol,
        transfer.to_symbol,
        transfer.asset,
        transfer.amount_text,
        record.opened_ms,
        attempt.timestamp_ms,
        attempt.recv_window_ms,
        record.window_start_ms,
        record.window_end_ms,
        record.verdict,
        record.verdict_ms,
        record.note,
        len(record.answers),
        last.outcome if last else None,
        last.http_status if last else None,
        last.code if last else None,
        last.msg if last else None,
    )


def _cell(value: str | int | None) -> str | int | None:
    return _GUARD + value if isinstance(value, str) and value.startswith((*_ACTIVE, _GUARD)) else value


def to_jsonl(entries: Iterable[Entry]) -> str:
    """
    Return a line with a JSON object for each key, its attempts and their answers inside.

    ``Attempt.from_dict`` reads what stands under "attempt". The lines are plain ASCII, and their fields keep the order.
    """
    return "".join(json.dumps(_document(entry)) + "\n" for entry in entries)


def _document(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "state": entry.state,
        "tran_id": entry.tran_id,
        "attempts": [
            {
                "attempt": record.attempt.to_dict(),
                "opened_ms": record.opened_ms,
                "window_start_ms": record.window_start_ms,
                "window_end_ms": record.window_end_ms,
                "opening": record.opening,
                "state": record.state,
                "tran_id": record.tran_id,
                "verdict": record.verdict,
                "verdict_ms": record.verdict_ms,
                "note": record.note,
                "answers": [attrs.asdict(answer) for answer in record.answers],
                "verdicts": [attrs.asdict(verdict) for verdict in record.verdicts],
            }
            for record in entry.attempts
        ],
    }

"""
What in a journal needs somebody, and the sums of the rest.

One rule: nothing is decided here; a key is put where its attempts, the time and an audit have put it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import IntEnum

from attrs import field, frozen, mutable

from binance_transfer.candidates import could_be
from binance_transfer.history import TransferRecord
from binance_transfer.journal.audit import Audit
from binance_transfer.journal.records import AttemptRecord, Entry
from binance_transfer.policy import exact_sum
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_types import TRANSFER_TYPES
from binance_transfer.visible import sound_repr
from binance_transfer_api.models import TRANSFER_TYPE_WALLETS


class Need(IntEnum):
    """Why a key is not done with, the most urgent first."""

    CONTRADICTION = 1
    AMBIGUOUS = 2
    OVERDUE = 3
    UNDER_WAY = 4


@frozen
class Finding:
    """
    A key that is not done with.

    record: the attempt that it is about.
    candidates: rows of history that it could be, as far as an audit has found them.
    """

    need: Need
    entry: Entry
    record: AttemptRecord
    candidates: tuple[TransferRecord, ...] = ()
    __repr__ = sound_repr


def findings(entries: Iterable[Entry], now_ms: int, audit: Audit | None) -> list[Finding]:
    """Return the keys that are not done with, the most urgent and then the oldest first."""
    unclaimed = audit.unclaimed if audit else ()
    found = [finding for entry in entries if (finding := _finding(entry, now_ms, unclaimed))]
    return sorted(found, key=lambda finding: (finding.need, finding.record.opened_ms))


def _finding(entry: Entry, now_ms: int, unclaimed: Sequence[TransferRecord]) -> Finding | None:
    if odd := _contradicted(entry):
        return Finding(Need.CONTRADICTION, entry, odd)
    record = entry.open_attempt
    if record is None:
        return None
    candidates = tuple(row for row in unclaimed if could_be(record.attempt.transfer, record.window, row))
    if len(candidates) > 1 or any(answer.outcome == "Ambiguous" for answer in record.answers):
        return Finding(Need.AMBIGUOUS, entry, record, candidates)
    return Finding(Need.OVERDUE if now_ms > record.window_end_ms else Need.UNDER_WAY, entry, record, candidates)


def _contradicted(entry: Entry) -> AttemptRecord | None:
    """Return an attempt whose answers name another id than its verdict, or the second one of a key that moved."""
    for record in entry.attempts:
        if record.contradicted:
            return record
    moved = [record for record in entry.attempts if record.state == "moved"]
    return moved[1] if len(moved) > 1 else None


def wallets(transfer: Transfer) -> tuple[str, str] | None:
    """Return the titles of the wallets that pay and receive; None for a type that nobody knows."""
    info = TRANSFER_TYPES.get(transfer.type)
    return (TRANSFER_TYPE_WALLETS[info.source.value], TRANSFER_TYPE_WALLETS[info.target.value]) if info else None


@mutable
class Total:
    """How many transfers of one asset between two wallets there are, and how much that is. Sums are exact."""

    asset: str
    source: str
    target: str
    moved: int = 0
    moved_amount: Decimal = field(factory=Decimal)
    open: int = 0
    open_amount: Decimal = field(factory=Decimal)
    __repr__ = sound_repr


def totals(entries: Iterable[Entry]) -> list[Total]:
    """Return the sums by asset and pair of wallets, by asset and the most frequent pair first."""
    sums: dict[tuple[str, str, str], Total] = {}
    for entry in entries:
        transfer = entry.transfer
        source, target = wallets(transfer) or (transfer.type, "")
        for record in entry.attempts:
            if record.state == "not_moved":
                continue
            total = sums.setdefault((transfer.asset, source, target), Total(transfer.asset, source, target))
            if record.state == "moved":
                total.moved += 1
                total.moved_amount = exact_sum([total.moved_amount, transfer.amount])
            else:
                total.open += 1
                total.open_amount = exact_sum([total.open_amount, transfer.amount])
    return sorted(sums.values(), key=lambda total: (total.asset, -total.moved, total.source, total.target))

"""
The ledger: what really happened.

One rule: an entry is written once and never changed; what it looks like at some moment is computed from that moment.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from attrs import asdict, frozen
from attrs.filters import exclude

from binance_transfer_sandbox import accounts
from binance_transfer_sandbox.spelling import Spelling

FinalStatus = Literal["CONFIRMED", "FAILED"]
Status = Literal["CONFIRMED", "FAILED", "PENDING"]


@frozen
class Entry:
    """
    A transfer that was accepted and got an id.

    `final_status` is what it becomes at `settles_ms`; until then history calls it PENDING. Money that will be
    CONFIRMED moved at `time_ms`; a FAILED transfer never moved any. History does not show it before `visible_ms`, and
    writes it by its `spelling`, if it has one. Times are server time in milliseconds; the ledger's clock may differ
    from the front's (`faults.Stamp`). Symbols are None where the type does not use them.
    """

    tran_id: int
    time_ms: int
    uid: int
    type: str
    asset: str
    amount: Decimal
    from_symbol: str | None
    to_symbol: str | None
    final_status: FinalStatus
    settles_ms: int
    visible_ms: int
    spelling: Spelling | None = None

    def status(self, server_ms: int) -> Status:
        """Tell the status as history shows it at that moment."""
        return self.final_status if server_ms >= self.settles_ms else "PENDING"

    def to_dict(self) -> dict[str, object]:
        """Return what happened as JSON-ready values, the amount as text."""
        return {**asdict(self, filter=exclude("spelling")), "amount": accounts.text(self.amount)}


def _time(entry: Entry) -> tuple[int, int]:
    return entry.time_ms, entry.tran_id


class Ledger:
    """Every accepted transfer of every account, in the order of acceptance."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._by_type: dict[tuple[int, str], list[Entry]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def write(self, entry: Entry) -> None:
        """Add an entry."""
        self._entries.append(entry)
        insort(self._by_type.setdefault((entry.uid, entry.type), []), entry, key=_time)

    def executions(
        self,
        *,
        uid: int | None = None,
        type: str | None = None,  # noqa: A002  the vendor's word
        asset: str | None = None,
        amount: Decimal | str | int | None = None,
        tran_id: int | None = None,
    ) -> tuple[Entry, ...]:
        """
        Return the transfers that moved money, oldest first, narrowed to what is given.

        Amounts are compared as numbers. `len(...)` tells how often; FAILED transfers moved nothing and are not here.
        """
        exact = None if amount is None else Decimal(amount)
        wanted = {"uid": uid, "type": type, "asset": asset, "amount": exact, "tran_id": tran_id}
        narrowed = [(name, value) for name, value in wanted.items() if value is not None]
        return tuple(
            entry
            for entry in self
            if entry.final_status == "CONFIRMED" and all(getattr(entry, name) == value for name, value in narrowed)
        )

    def between(self, uid: int, type_name: str | None, start_ms: int, end_ms: int) -> list[Entry]:
        """Return an account's transfers of one type, or of all, with `start_ms` ≤ time ≤ `end_ms`, by time."""
        if type_name is None:
            own_types = [name for holder, name in self._by_type if holder == uid]
            found = (entry for name in own_types for entry in self.between(uid, name, start_ms, end_ms))
            return sorted(found, key=_time)
        entries = self._by_type.get((uid, type_name), [])
        first = bisect_left(entries, (start_ms, 0), key=_time)
        behind = bisect_left(entries, (end_ms + 1, 0), key=_time)
        return entries[first:behind]

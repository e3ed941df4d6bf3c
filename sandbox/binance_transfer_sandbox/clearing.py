"""
Where accepted transfers are executed and written down.

One rule: money moves and the ledger gets its entry together, and what is due later is done in the order of its time.
"""

import heapq
from collections.abc import Callable
from random import Random
from typing import Final

from binance_transfer_sandbox import faults
from binance_transfer_sandbox.accounts import Account
from binance_transfer_sandbox.faults import Fault
from binance_transfer_sandbox.history import HistoryBehaviour
from binance_transfer_sandbox.ledger import Entry, Ledger
from binance_transfer_sandbox.rules import Intent

_FIRST_TRAN_ID: Final = 13_526_853_623


class Clearing:
    """The ledger, the ids, and the executions to come."""

    def __init__(self, random: Random) -> None:
        self.ledger: Final = Ledger()
        self._random = random
        self._last_tran_id = _FIRST_TRAN_ID
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._scheduled = 0

    def execute(
        self, account: Account, intent: Intent, server_ms: int, behaviour: HistoryBehaviour, fault: Fault | None
    ) -> Entry:
        """Move what `account.check` allowed; behaviour and fault decide how history will show it."""
        settle, hide = faults.part(fault, faults.Settle), faults.part(fault, faults.Hide)
        stamp = faults.part(fault, faults.Stamp)
        time_ms = server_ms + (stamp.offset_ms if stamp else 0)
        written_ms = max(server_ms, time_ms)
        self._last_tran_id += self._random.randint(1, 1000)
        entry = Entry(
            tran_id=self._last_tran_id,
            time_ms=time_ms,
            uid=account.uid,
            type=intent.type,
            asset=intent.asset,
            amount=intent.amount,
            from_symbol=intent.from_symbol,
            to_symbol=intent.to_symbol,
            final_status=settle.status if settle else behaviour.final_status,
            settles_ms=written_ms + (settle.after_ms if settle else behaviour.pending_after_ms),
            visible_ms=written_ms + (hide.for_ms if hide else behaviour.visible_after_ms),
            spelling=faults.part(fault, faults.Respell),
        )
        if entry.final_status == "CONFIRMED":
            account.move(intent.source, intent.target, intent.asset, intent.amount)
        self.ledger.write(entry)
        return entry

    def schedule(self, due_ms: int, act: Callable[[int], None]) -> None:
        """Call `act` with `due_ms` once that moment has come."""
        self._scheduled += 1  # keeps the order of what is due at the same time
        heapq.heappush(self._due, (due_ms, self._scheduled, act))

    def settle(self, now_ms: int) -> None:
        """Do what is due by now."""
        while self._due and self._due[0][0] <= now_ms:
            due_ms, _, act = heapq.heappop(self._due)
            act(due_ms)

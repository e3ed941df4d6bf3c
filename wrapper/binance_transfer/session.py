"""
What a client is made of besides its connections.

One rule: nothing here waits. Whether something may be sent, who owns which id and what time it is are answered at once,
the same for the sync client, the async one and the simulator.
"""

import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from binance_transfer import flows, keyed
from binance_transfer.answer import NoAnswer
from binance_transfer.attempt import Attempt, checked_recv_window_ms
from binance_transfer.audit import Audit, audit
from binance_transfer.base_url import checked_base_url, environment_of
from binance_transfer.books import Books
from binance_transfer.clock import Clock, ServerClock, SystemClock
from binance_transfer.credentials import Credentials
from binance_transfer.errors import OutcomeUnknown, PolicyDenied
from binance_transfer.flows import Effect, Flow, Settings
from binance_transfer.outcome import Receipt, checked_rejected_codes
from binance_transfer.policy import Policy
from binance_transfer.reconcile import ClientClaims, reconcile
from binance_transfer.signing import SignedRequest, signed
from binance_transfer.transfer import Transfer

if TYPE_CHECKING:
    from binance_transfer.entries import Entry
    from binance_transfer.journal import Journal

T = TypeVar("T")

RESOLVE_WITHIN_S: Final = 90.0

# Attempts that were sent are remembered, so that none is sent twice; those whose window is long over are let go once
# there are many.
_REMEMBERED: Final = 10_000
_FORGOTTEN_MS: Final = 600_000
_CLAIMS: Final = 100_000  # ids that this client has seen answered, eight hours of them at the full rate

_LOGGER: Final = logging.getLogger("binance_transfer")


class Session:
    """What both clients are made of, and the effects that need no I/O."""

    def __init__(
        self,
        credentials: Credentials | Mapping[str, Any],
        base_url: str,
        recv_window_ms: int,
        timeout_s: float,
        clock: Clock | None,
        settle_ms: int,
        extra_rejected_codes: Collection[int],
        *,
        journal: "Journal | None" = None,
        policy: Policy | None = None,
    ) -> None:
        self.credentials: Final = credentials if isinstance(credentials, Credentials) else Credentials(**credentials)
        self.base_url: Final = checked_base_url(base_url)
        self.settings: Final = Settings(
            checked_recv_window_ms(recv_window_ms),
            _positive("timeout_s", timeout_s),
            _settle_ms(settle_ms),
            checked_rejected_codes(extra_rejected_codes),
        )
        self.clock: Final[Clock] = clock or SystemClock()
        self.server_clock: Final = ServerClock(self.clock)
        self.policy: Final = policy or Policy()
        if self.policy.max_per_day and journal is None:
            message = "max_per_day needs a journal: without one nobody knows what the other workers have sent"
            raise ValueError(message)
        self.journal: Final = journal
        if journal is not None:
            journal.follow(lambda: self.server_clock.now().server_ms)
        self._bound = False
        self.closed = False
        self._process: Final = os.getpid()
        self._sent: Final[dict[str, int]] = {}
        self._claims: Final[dict[int, str]] = {}
        self._lock: Final = threading.Lock()

    def order(self, order: Transfer | Attempt, key: str | None, resolve_within_s: float | None) -> Flow[Receipt]:
        """Make the flow for one call of ``transfer`` or ``execute``."""
        if resolve_within_s is None:
            resolve_within_s = 0 if self.journal is None else RESOLVE_WITHIN_S
        elif resolve_within_s != 0:
            resolve_within_s = _positive("resolve_within_s", resolve_within_s)
        if self.journal is not None:
            key = keyed.key_for(order) if key is None else key
            keyed.check(key)
            return self._keyed(order, key, resolve_within_s)
        if key is not None:
            message = "an idempotency_key needs a journal: TransferClient(…, journal=Journal(…))"
            raise ValueError(message)
        return self._unkeyed(order, resolve_within_s)

    def _unkeyed(self, order: Transfer | Attempt, resolve_within_s: float) -> Flow[Receipt]:
        transfer = order.transfer if isinstance(order, Attempt) else order
        if objection := self.policy.objection(transfer):
            raise PolicyDenied(objection)
        try:
            return (yield from flows.execute(order, self.settings))
        except OutcomeUnknown as unknown:
            if not resolve_within_s:
                raise
            attempt = unknown.attempt
        return (yield from self.reconciliation(attempt, resolve_within_s, ()))

    def _keyed(self, order: Transfer | Attempt, key: str, resolve_within_s: float) -> Flow[Receipt]:
        yield from self._bind()
        return (yield from keyed.transfer(order, key, self.settings, self.policy, resolve_within_s))

    def _bind(self) -> Flow[None]:
        """Make sure, once, that the journal's account is this client's."""
        if not self._bound:
            yield from keyed.bind(self.settings, environment_of(self.base_url))
            self._bound = True

    def reconciliation(self, attempt: Attempt, deadline_s: float, claimed: Collection[int]) -> Flow[Receipt]:
        """Make the flow that reconciles an attempt. A client that can send nothing says so at once."""
        if reason := self.unusable():
            message = f"not reconciled: {reason}"
            raise OutcomeUnknown(message, attempt=attempt)
        deadline_s = _positive("deadline_s", deadline_s)
        return self._reconciliation(attempt, deadline_s, claimed)

    def _reconciliation(self, attempt: Attempt, deadline_s: float, claimed: Collection[int]) -> Flow[Receipt]:
        if self.journal is not None:
            yield from self._bind()
            if (yield from flows.Transaction(lambda books: books.attempt(attempt.id))) is not None:
                return (yield from keyed.resolve(attempt, self.settings, deadline_s))
            owned = yield from flows.Transaction(lambda books: [entry.tran_id for entry in books.entries()])
            claimed = {*claimed, *(tran_id for tran_id in owned if tran_id is not None)}
        return (yield from reconcile(attempt, self.settings, deadline_s, ClientClaims(claimed)))

    def reconcile_all(self, deadline_s: float) -> "Flow[list[Entry]]":
        """Make the flow that reconciles every open key."""
        self._needed_journal()
        yield from self._bind()
        return (yield from keyed.resolve_all(self.settings, _positive("deadline_s", deadline_s)))

    def audit(self, since_ms: int) -> Flow[Audit]:
        """Make the flow that compares the journal with history."""
        self._needed_journal()
        yield from self._bind()
        return (yield from audit(self.settings, since_ms))

    def transact(self, change: Callable[[Books], T]) -> T:
        """Run a change of the journal's books."""
        return self._needed_journal().transact(change)

    def _needed_journal(self) -> "Journal":
        if self.journal is None:
            message = "this needs a journal: TransferClient(…, journal=Journal(…))"
            raise ValueError(message)
        return self.journal

    def unusable(self) -> str:
        """Say why this client can send nothing, "" if it can."""
        if os.getpid() != self._process:
            return "this client was made before a fork: make one in each process"
        return "this client is closed" if self.closed else ""

    def refusal(self, effect: flows.Post | flows.Read) -> NoAnswer | None:
        """Say why this must not be sent, if so."""
        if reason := self.unusable():
            return NoAnswer(sent=False, reason=reason)
        if isinstance(effect, flows.Post) and not self._first_time(effect.attempt):
            return NoAnswer(sent=True, reason="this attempt was sent before, and an attempt is sent once")
        return None

    def _first_time(self, attempt: Attempt) -> bool:
        now_ms = self.server_clock.now().server_ms
        with self._lock:
            if attempt.id in self._sent:
                return False
            if len(self._sent) >= _REMEMBERED:
                for name in [name for name, ended_ms in self._sent.items() if ended_ms < now_ms - _FORGOTTEN_MS]:
                    del self._sent[name]
            self._sent[attempt.id] = attempt.timestamp_ms + attempt.recv_window_ms
        return True

    def _claim(self, attempt: Attempt, tran_id: int) -> bool:
        with self._lock:
            if self._claims.setdefault(tran_id, attempt.id) != attempt.id:
                return False
            while len(self._claims) > _CLAIMS:
                del self._claims[next(iter(self._claims))]
        return True

    def signed(self, effect: flows.Post | flows.Read) -> SignedRequest:
        """Sign what an effect sends."""
        request = effect.attempt.request() if isinstance(effect, flows.Post) else effect.request
        return signed(request, self.credentials, self.base_url)

    def immediate(self, effect: Effect[Any]) -> object:
        """Perform an effect that waits for nothing."""
        match effect:
            case flows.Now():
                return self.server_clock.now()
            case flows.Anchor(monotonic_s, server_ms):
                self.server_clock.anchor(monotonic_s, server_ms)
            case flows.Settle(due):
                self.server_clock.settle(due=due)
            case flows.Tell(text):
                _LOGGER.info(text)
            case flows.Alarm(text):
                _LOGGER.critical(text)
            case flows.Claim(attempt, tran_id):
                return self._claim(attempt, tran_id)
            case flows.Claimed(attempt):
                with self._lock:
                    return frozenset(tran_id for tran_id, owner in self._claims.items() if owner != attempt.id)
            case _:
                message = f"no driver performs {type(effect).__name__}"
                raise TypeError(message)
        return None


def _settle_ms(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        message = f"settle_ms must be an int of at least 0, not {value!r}"
        raise ValueError(message)
    return value


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        message = f"{name} must be a positive number, not {value!r}"
        raise ValueError(message)
    return value

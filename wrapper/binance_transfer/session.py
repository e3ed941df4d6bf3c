"""
What a client is made of besides its connections.

One rule: this is what both clients and the simulator share: settings, the clock, what was sent and claimed, the log,
and the flow that each call runs. It waits for nothing but, in `transact`, the database.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from binance_transfer.attempt import Attempt, checked_recv_window_ms
from binance_transfer.base_url import checked_base_url, environment_of
from binance_transfer.clock import Clock, Deadline, ServerClock, SystemClock
from binance_transfer.errors import InvalidTransfer, OutcomeUnknown, PolicyDenied, ProvenAbsent
from binance_transfer.events import AlarmEvent, Event, OnEvent
from binance_transfer.flows import calls
from binance_transfer.flows.effects import Flow, Post, Read, Settings, Transaction
from binance_transfer.flows.reconcile import ClientClaims, reconcile
from binance_transfer.flows.settling import settle
from binance_transfer.policy import Policy
from binance_transfer.sealed import without_traceback
from binance_transfer.transfer import Transfer
from binance_transfer.visible import quoted
from binance_transfer.window import Window
from binance_transfer.wire.answer import NoAnswer
from binance_transfer.wire.credentials import Credentials
from binance_transfer.wire.outcome import Receipt, checked_ints, checked_rejected_codes
from binance_transfer.wire.signing import SignedRequest, signed

if TYPE_CHECKING:
    from binance_transfer.journal import Journal
    from binance_transfer.journal.audit import Audit
    from binance_transfer.journal.keyed_calls import KeyedCalls
    from binance_transfer.journal.records import Entry

T = TypeVar("T")

RESOLVE_WITHIN_S: Final = 90.0

# Attempts that were sent are remembered, so that none is sent twice; those whose window is long over are let go once
# there are many.
_REMEMBERED: Final = 10_000
_FORGOTTEN_MS: Final = 600_000
_CLAIMS: Final = 100_000  # ids that this client has seen answered, nearly three hours of them at the full rate

_LOGGER: Final = logging.getLogger("binance_transfer")


class Session:
    """What both clients are made of. It is the Context of their flows."""

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
        on_event: OnEvent | None = None,
    ) -> None:
        self.credentials: Final = credentials if isinstance(credentials, Credentials) else Credentials(**credentials)
        self.base_url: Final = checked_base_url(base_url)
        self.settings: Final = Settings(
            checked_recv_window_ms(recv_window_ms),
            _positive("timeout_s", timeout_s),
            _settle_ms(settle_ms),
            checked_rejected_codes(extra_rejected_codes),
        )
        self.clock: Final = ServerClock(SystemClock() if clock is None else _having("clock", clock, _CLOCK))
        self.policy: Final = Policy() if policy is None else _policy(policy)
        if self.policy.max_per_day and journal is None:
            message = "max_per_day needs a journal: without one nobody knows what the other workers have sent"
            raise ValueError(message)
        self.journal: Final = journal if journal is None else _having("journal", journal, _JOURNAL)
        self._keyed: Final = None if journal is None else self._keyed_calls()
        if journal is not None:
            journal.follow(self.clock)
        self._on_event: Final = on_event if on_event is None else _having("on_event", on_event, ("__call__",))
        self.closed = False
        self._process: Final = os.getpid()
        self._sent: Final[dict[str, int]] = {}
        self._look_again_at = _REMEMBERED
        self._claims: Final[dict[int, str]] = {}
        self._lock: Final = threading.Lock()

    def _keyed_calls(self) -> "KeyedCalls":
        # Not loaded by the first call that needs it, nor by a client without a journal.
        from binance_transfer.journal.keyed_calls import KeyedCalls

        fingerprint = hashlib.sha256(self.credentials.api_key.encode()).hexdigest()
        return KeyedCalls(self, self.policy, environment_of(self.base_url), fingerprint)

    # --- the flows of calls ------------------------------------------------------------------------------------------

    def transfer(
        self,
        intent: Transfer | Attempt,
        key: str | None,
        resolve_within_s: float | None,
        objection: InvalidTransfer | None = None,
    ) -> Flow[Receipt]:
        """
        Make the flow for one call of ``transfer`` or ``execute``.

        objection: why the intent is refused, unless the key is recorded with it: by a program with other rules.
        """
        if not isinstance(intent, Attempt):
            intent = _given(intent, Transfer)
        if resolve_within_s is None:
            resolve_within_s = 0 if self.journal is None else RESOLVE_WITHIN_S
        elif resolve_within_s != 0:
            resolve_within_s = _positive("resolve_within_s", resolve_within_s, "0 or more")
        if self._keyed is not None:
            return self._keyed.transfer(intent, key, resolve_within_s, objection)
        if key is not None:
            message = "an idempotency_key needs a journal: TransferClient(…, journal=Journal(…))"
            raise ValueError(message)
        return self._unkeyed(intent, resolve_within_s)

    def settle(self, transfer: Transfer, key: str, deadline_s: float) -> Flow[Receipt]:
        """Make the flow that pursues a keyed transfer until it is decided."""
        self._needed()
        if _positive("deadline_s", deadline_s) < self.settings.timeout_s:
            message = (
                f"deadline_s must be at least timeout_s, which is {self.settings.timeout_s:g}: one call takes that"
            )
            raise ValueError(message)
        deadline = self._deadline(deadline_s)
        return settle(self, key, lambda resolve_within_s: self.transfer(transfer, key, resolve_within_s), deadline)

    def _unkeyed(self, intent: Transfer | Attempt, resolve_within_s: float) -> Flow[Receipt]:
        transfer = intent.transfer if isinstance(intent, Attempt) else intent
        if objection := self.policy.objection(transfer):
            raise PolicyDenied(objection)
        deadline = self._deadline(self.settings.timeout_s + resolve_within_s)
        try:
            return (yield from calls.execute(self, intent, deadline.earlier(self.settings.timeout_s)))
        except OutcomeUnknown as unknown:
            if not resolve_within_s:
                raise
            attempt = unknown.attempt
        return (yield from calls.naming_open_attempt(attempt, self._reconciliation(attempt, deadline, ())))

    def prepare(self, transfer: Transfer) -> Flow[Attempt]:
        """Make the flow for an attempt that is not sent yet."""
        return calls.prepare(self, _given(transfer, Transfer), self._deadline(self.settings.timeout_s))

    def reconciliation(self, attempt: Attempt, deadline_s: float, claimed: Collection[int]) -> Flow[Receipt]:
        """Make the flow that reconciles an attempt. A client that can send nothing says so at once."""
        attempt, claimed = _given(attempt, Attempt), checked_ints("claimed", claimed)
        if reason := self.unusable():
            message = f"not reconciled: {reason}"
            raise OutcomeUnknown(message, attempt=attempt)
        return self._reconciliation(attempt, self._deadline(_positive("deadline_s", deadline_s)), claimed)

    def _reconciliation(self, attempt: Attempt, deadline: Deadline, claimed: Collection[int]) -> Flow[Receipt]:
        if self._keyed is not None:
            recorded = yield from self._keyed.reconcile(attempt, deadline)
            if recorded is not None:
                return recorded
        window = Window.of(attempt, self.settings.settle_ms)
        claims = ClientClaims(self, claimed, self.journal is not None)
        try:
            receipt = yield from reconcile(self, attempt, window, deadline, claims)
        except ProvenAbsent as absent:
            calls.emit_verdict(self, attempt, "not_moved", "absent", reason=str(absent))
            raise
        calls.emit_verdict(self, attempt, "moved", "found", receipt.tran_id)
        return receipt

    def reconcile_all(self, deadline_s: float) -> "Flow[list[Entry]]":
        """Make the flow that reconciles every open key."""
        return self._needed().reconcile_all(_positive("deadline_s", deadline_s))

    def resolve(
        self, key: str, tran_id: int | None, note: str, deadline_s: float, *, not_executed: bool
    ) -> "Flow[Entry]":
        """Make the flow for a person's verdict that is held against history first."""
        keyed = self._needed()
        return keyed.resolve(key, tran_id, note, _positive("deadline_s", deadline_s), not_executed=not_executed)

    def correct(
        self, key: str, tran_id: int | None, note: str, attempt: str | None, deadline_s: float, *, not_executed: bool
    ) -> "Flow[Entry]":
        """Make the flow for another verdict of a person's that is held against history first."""
        keyed = self._needed()
        deadline_s = _positive("deadline_s", deadline_s)
        return keyed.correct(key, tran_id, note, attempt, deadline_s, not_executed=not_executed)

    def audit(self, since_ms: int) -> "Flow[Audit]":
        """Make the flow that compares the journal with history."""
        return self._needed().audit(since_ms)

    def _needed(self) -> "KeyedCalls":
        if self._keyed is None:
            message = "this needs a journal: TransferClient(…, journal=Journal(…))"
            raise ValueError(message)
        return self._keyed

    def call_deadline(self) -> Deadline:
        """Return the deadline of a call that makes one reading."""
        return self._deadline(self.settings.timeout_s)

    def _deadline(self, seconds: float) -> Deadline:
        return Deadline.within(seconds, self.clock.local)

    # --- what their driver needs -------------------------------------------------------------------------------------

    def transact(self, effect: Transaction[T], since_s: float | None = None) -> T:
        """
        Run a transaction of the journal.

        since_s: the moment, by time.monotonic, at which its time began, where that was before now.
        """
        journal = self.journal
        assert journal is not None  # noqa: S101  # only keyed calls have transactions
        gone_s = 0.0 if since_s is None else time.monotonic() - since_s
        within_s = max(0.0, effect.within_s - gone_s)
        if effect.reads:
            return journal.read(effect.change, within_s)
        return journal.transact(effect.change, within_s)

    def close(self) -> bool:
        """
        Send nothing from now on. True where the connections are there to be closed.

        A forked child leaves those of its parent alone: it may find their locks held, by threads that it does not have.
        """
        self.closed = True
        return os.getpid() == self._process

    def unusable(self) -> str:
        """Say why this client can send nothing, "" if it can."""
        if os.getpid() != self._process:
            return "this client was made before a fork: make one in each process"
        return "this client is closed" if self.closed else ""

    def refusal(self, effect: Post | Read) -> NoAnswer | None:
        """Say why this must not be sent, if so."""
        if reason := self.unusable():
            return NoAnswer(sent=False, reason=reason)
        if isinstance(effect, Post) and not self._first_time(effect.attempt):
            return NoAnswer(sent=True, reason="this attempt was sent before, and an attempt is sent once")
        return None

    def _first_time(self, attempt: Attempt) -> bool:
        now_ms = self.clock.now_ms()
        with self._lock:
            if attempt.id in self._sent:
                return False
            if len(self._sent) >= self._look_again_at:
                for name in [name for name, ended_ms in self._sent.items() if ended_ms < now_ms - _FORGOTTEN_MS]:
                    del self._sent[name]
                # Only once there are twice as many: where all are recent, each call would look at all of them.
                self._look_again_at = max(_REMEMBERED, 2 * len(self._sent))
            self._sent[attempt.id] = attempt.timestamp_ms + attempt.recv_window_ms
        return True

    def signed(self, effect: Post | Read) -> SignedRequest:
        """Sign what an effect sends. An interruption passes without the frames whose variables are secret."""
        if isinstance(effect, Post):
            request, answer_s = effect.attempt.request(), calls.SHARE_TO_SEND * self.settings.timeout_s
        else:
            request, answer_s = effect.request, 0.0
        try:
            return signed(request, self.credentials, self.base_url, answer_s)
        except BaseException as error:  # noqa: BLE001
            raise without_traceback(error) from None

    # --- what their flows use without waiting ------------------------------------------------------------------------

    def claim(self, attempt: Attempt, tran_id: int, /) -> bool:
        """Note that an id of the exchange belongs to an attempt; False where it is another attempt's already."""
        with self._lock:
            if self._claims.setdefault(tran_id, attempt.id) != attempt.id:
                return False
            while len(self._claims) > _CLAIMS:
                del self._claims[next(iter(self._claims))]
        return True

    def claimed_by_others(self, attempt: Attempt, /) -> frozenset[int]:
        """Return the ids that this client has seen to belong to other attempts."""
        with self._lock:
            return frozenset(tran_id for tran_id, owner in self._claims.items() if owner != attempt.id)

    def emit(self, event: Event, /) -> None:
        """Tell of an event. What the log or a listener raises changes no outcome; an interruption passes."""
        level = logging.CRITICAL if isinstance(event, AlarmEvent) else logging.INFO
        try:
            if _LOGGER.isEnabledFor(level):
                _LOGGER.log(level, "%s", event, extra=event.to_dict())
            if self._on_event is not None:
                self._on_event(event)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # money has moved or not, whatever a listener thinks of it
            with suppress(Exception):
                _LOGGER.exception("on_event failed at %r event %s", event.name, event)

    def log(self, text: str, /) -> None:
        """Let people know how it goes."""
        _LOGGER.info(text)

    def alert(self, text: str, /) -> None:
        """Let people know of what must not happen."""
        self.emit(AlarmEvent(at_ms=self.clock.now_ms(), reason=text))


_CLOCK: Final = ("time", "monotonic", "sleep", "sleep_asyncio")
_JOURNAL: Final = ("transact", "read", "follow")


def _having(name: str, value: T, methods: Collection[str]) -> T:
    """Return a setting that has the methods of what it must be; raises ValueError."""
    if not all(callable(getattr(value, method, None)) for method in methods):
        message = f"{name} must have {', '.join(methods)}, unlike {quoted(value)}"
        raise ValueError(message)
    return value


def _policy(value: object) -> Policy:
    if not isinstance(value, Policy):
        message = f"policy must be a Policy, not {quoted(value)}"
        raise ValueError(message)  # noqa: TRY004  # every refusal at construction is a ValueError
    return value


def _given(value: object, kind: type[T]) -> T:
    """Return what a call is about; raises InvalidTransfer."""
    if not isinstance(value, kind):
        message = f"this takes {kind.__name__}s, not {quoted(value)}"
        raise InvalidTransfer(message)
    return value


_LONGEST_S: Final = 24 * 3600
"""What a call may be told to wait for. Sockets, sleeps and sums of times take no number of any size."""


def _settle_ms(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LONGEST_S * 1000:
        message = f"settle_ms must be an int from 0 to {_LONGEST_S * 1000} (a day), not {quoted(value)}"
        raise ValueError(message)
    return value


def _positive(name: str, value: object, wanted: str = "greater than 0") -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _LONGEST_S:
        message = f"{name} must be a number of seconds, {wanted} and at most {_LONGEST_S} (a day), not {quoted(value)}"
        raise ValueError(message)
    return value

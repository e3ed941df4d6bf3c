"""
The calls of a client that has a journal.

One rule: none of them goes by a journal before its account is known to be this client's (docs/rules.md, 9 and 14).
"""

from binance_transfer.attempt import Attempt
from binance_transfer.clock import Deadline, TryLock
from binance_transfer.errors import InvalidTransfer, OutcomeUnknown, ReadFailed
from binance_transfer.flows import calls
from binance_transfer.flows.effects import Context, Flow, Transaction
from binance_transfer.idempotency_keys import checked_key, was_valid_key
from binance_transfer.journal import idempotency
from binance_transfer.journal.audit import Audit, audit
from binance_transfer.journal.records import Entry
from binance_transfer.journal.resolution import correct_key, resolve_key
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from binance_transfer.wire.outcome import Receipt


class KeyedCalls:
    """
    The flows of one client's calls, each of which makes sure first whose journal it is.

    environment, fingerprint: which exchange, and which API key, as the journal knows them.
    """

    def __init__(self, context: Context, policy: Policy, environment: str, fingerprint: str) -> None:
        self._context = context
        self._policy = policy
        self._environment = environment
        self._fingerprint = fingerprint
        self._bound = False
        self._binding = TryLock()

    def transfer(
        self, intent: Transfer | Attempt, key: str | None, resolve_within_s: float, objection: InvalidTransfer | None
    ) -> Flow[Receipt]:
        """
        Make the flow for one call of ``transfer`` or ``execute``.

        objection: why the intent is refused, unless the key is recorded with it: by a program with other rules.
        """
        key = idempotency.key_for(intent) if key is None else key
        try:
            key = checked_key(key)
        except InvalidTransfer as refused:
            if not was_valid_key(key):
                raise
            objection = refused
        return self._transfer(intent, key, resolve_within_s, objection)

    def _transfer(
        self, intent: Transfer | Attempt, key: str, resolve_within_s: float, objection: InvalidTransfer | None
    ) -> Flow[Receipt]:
        deadline = self._deadline(self._context.settings.timeout_s + resolve_within_s)
        if objection is not None:
            recorded = yield from Transaction(lambda journal: journal.entry(key), deadline.left_s(), reads=True)
            if recorded is None or recorded.state == "not_moved":
                raise objection  # what is sent anew follows the rules of today
        reconciles = resolve_within_s > 0
        return (
            yield from idempotency.transfer(
                self._context, self._bind, intent, key, self._policy, deadline, reconciles=reconciles
            )
        )

    def reconcile(self, attempt: Attempt, deadline: Deadline) -> Flow[Receipt | None]:
        """Reconcile an attempt as it was recorded: others have relied on that. None where the journal has none such."""
        try:
            yield from self._bind(deadline)
        except ReadFailed as failed:
            message = f"not reconciled, since nobody knows whose key this is: {failed}"
            raise OutcomeUnknown(message, attempt=attempt, **failed.facts()) from None
        record = yield from Transaction(lambda journal: journal.attempt(attempt.id), deadline.left_s(), reads=True)
        return None if record is None else (yield from idempotency.reconcile_recorded(self._context, record, deadline))

    def reconcile_all(self, deadline_s: float) -> Flow[list[Entry]]:
        """Reconcile every open key, each for so long."""
        yield from self._bind(self._deadline(deadline_s))
        return (yield from idempotency.reconcile_open(self._context, deadline_s))

    def resolve(
        self, key: str, tran_id: int | None, note: str, deadline_s: float, *, not_executed: bool
    ) -> Flow[Entry]:
        """Write a person's verdict, held against history first."""
        deadline = self._deadline(deadline_s)
        yield from self._bind(deadline)
        return (yield from resolve_key(self._context, key, tran_id, note, deadline, not_executed=not_executed))

    def correct(
        self, key: str, tran_id: int | None, note: str, attempt: str | None, deadline_s: float, *, not_executed: bool
    ) -> Flow[Entry]:
        """Write another verdict of a person's, held against history first."""
        deadline = self._deadline(deadline_s)
        yield from self._bind(deadline)
        return (yield from correct_key(self._context, key, tran_id, note, attempt, deadline, not_executed=not_executed))

    def audit(self, since_ms: int) -> Flow[Audit]:
        """Compare the journal with history."""
        yield from self._bind(self._deadline(self._context.settings.timeout_s))
        return (yield from audit(self._context, since_ms))

    def _bind(self, deadline: Deadline) -> Flow[None]:
        """Make sure, once, that the journal's account is this client's."""
        yield from calls.once(self._binding, lambda: not self._bound, lambda: self._bind_now(deadline), deadline)

    def _bind_now(self, deadline: Deadline) -> Flow[None]:
        yield from idempotency.bind(self._context, self._environment, self._fingerprint, deadline)
        self._bound = True

    def _deadline(self, seconds: float) -> Deadline:
        return Deadline.within(seconds, self._context.clock.local)

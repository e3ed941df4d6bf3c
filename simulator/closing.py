"""
The end of a history: all is quiet, what is open is reconciled, and an audit looks at everything.

One rule: an audit of a quiet account is clean but for what strangers did and what was planted for it to find.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final

from binance_transfer.errors import OutcomeUnknown
from binance_transfer.flows.effects import Flow, Transaction
from binance_transfer.journal import manual
from binance_transfer.journal.audit import Audit
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.transfer import Transfer
from binance_transfer_sandbox import faults
from binance_transfer_sandbox.faults import Fault
from simulator import auditing
from simulator.checker import BegunAttempt, Wrong
from simulator.driver import Script, WorkerClock, waiting
from simulator.engine import EPOCH_MS
from simulator.network import Network, Sender
from simulator.weather import CALM

if TYPE_CHECKING:
    from simulator.world import World

_QUIET_S: Final = 75.0  # longer than a window
_MADE_UP: Final = 77


def close_account(world: "World", label: str, network: Network) -> None:
    """Let one account come to its end."""
    _Closing(world, label, network).start()


class _Closing:
    def __init__(self, world: "World", label: str, network: Network) -> None:
        self._world: Final = world
        self._label: Final = label
        self._network: Final = network
        self._auditor: Final = f"the auditor of {label}"
        self._chance: Final = world.chance.stream(self._auditor)
        machine = WorkerClock(world.engine, self._chance)
        self._process: Final = world.process(label, network, machine, Sender(self._auditor, self._chance))
        self._process.on_post = lambda post: self._note_attempt(post.attempt)
        self._name = ""

    def start(self) -> None:
        self._network.weather = CALM
        self._go_on(self._life(), None)

    def _go_on(self, life: Script, result: object) -> None:
        try:
            flow = life.send(result)
        except StopIteration:
            return
        self._process.run(flow, lambda outcome: self._go_on(life, outcome))

    def _life(self) -> Script:
        world, session = self._world, self._process.session
        yield waiting(_QUIET_S + world.scenario.hides_s)
        resolved = yield session.reconcile_all(60.0)
        if not isinstance(resolved, list):
            world.checker.violate(Wrong.UNPROVEN, f"{self._label}: the last reconciliation failed: {resolved}")
        if self._chance.happens("plants something", world.scenario.planted):
            yield from self._plant()
        yield waiting(_QUIET_S)
        self._process.sender = Sender(self._auditor, self._chance, quiet=True)
        audit = yield session.audit(EPOCH_MS - 10_000)
        if isinstance(audit, Audit):
            world.story.tell(self._auditor, "finds {}", auditing.tell(audit))
            auditing.compare(world.checker, audit, world.database, self._label)
        else:
            world.checker.violate(Wrong.AUDIT, f"{self._label}: the audit failed: {audit}")

    def _plant(self) -> Script:
        """Let happen, one by one, what an audit has to find."""
        checker, session = self._world.checker, self._process.session
        transfer = Transfer("MAIN_UMFUTURE", "BNB", "0.5")  # no policy limits it
        yield from self._send("failed", transfer, faults.Settle(status="FAILED", after_ms=10))

        yield from self._send("contradicted", transfer, faults.Firewall())
        values = {"type": transfer.type, "asset": "BNB", "amount": "0.5", "timestamp": str(self._world.engine.now_ms())}
        self._world.exchange.perform("transfer", values, uid=self._network.uid, fault=None)
        checker.imitated[self._attempt_of("contradicted")] = list(self._world.exchange.ledger)[-1].tran_id

        yield waiting(_QUIET_S)
        made_up = _MADE_UP + self._network.uid
        result = yield from self._send("missing", transfer, faults.Drop(executes=False))
        if not isinstance(result, OutcomeUnknown):
            told = f"{self._label}: {type(result).__name__} for a transfer that got no answer"
            checker.violate(Wrong.WRONG_ERROR, told)
            return
        yield waiting(_QUIET_S)
        now_ms = session.clock.now_ms()
        self._change(lambda journal: manual.resolve(journal, "missing", made_up, "looked at the wrong row", now_ms))
        checker.misjudged[self._attempt_of("missing")] = made_up

        yield from self._plant_a_corrected_id()

        yield from self._send("open", transfer, faults.Drop(executes=False))
        checker.abandoned.add(self._attempt_of("open"))

    def _plant_a_corrected_id(self) -> Script:
        """Let a person take an id from the attempt that has it: no other attempt may be given it for that."""
        session, transfer = self._process.session, Transfer("MAIN_FUNDING", "BNB", "0.75")
        yield from self._send("corrected", transfer, None)
        yield from self._send("identical", transfer, faults.Drop(executes=False))
        yield waiting(_QUIET_S)
        now_ms = session.clock.now_ms()
        self._change(lambda journal: manual.correct(journal, "corrected", None, "the wrong key", None, now_ms))
        self._world.checker.forgiven.add(self._attempt_of("corrected"))
        yield session.reconcile_all(10.0)
        self._world.checker.abandoned.add(self._attempt_of("identical"))

    def _change(self, change: Callable[[JournalTransaction], object]) -> None:
        self._process.session.transact(Transaction(change, 1.0))

    def _send(self, key: str, transfer: Transfer, fault: Fault | None) -> Generator[Flow[Any], Any, object]:
        self._name = key
        self._network.next_post = fault
        result: object = yield self._process.session.transfer(transfer, key, 0)
        return result

    def _note_attempt(self, attempt: Any) -> None:
        one = BegunAttempt((self._label, self._name), self._world.engine.tick(), attempt)
        self._world.checker.begun.setdefault(attempt.id, one)

    def _attempt_of(self, key: str) -> str:
        entry = self._process.session.transact(Transaction(lambda journal: journal.entry(key), 1.0, reads=True))
        assert entry is not None  # noqa: S101  # it was recorded
        return entry.attempts[0].attempt.id

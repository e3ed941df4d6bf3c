"""
The person behind an account: halts and resumes, and resolves what workers cannot.

One rule: a person acts at any moment, too early and with the wrong id too; the journal has to refuse what is not safe.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import define, field

from binance_transfer.errors import ResolutionRefused, TransferError
from binance_transfer.flows.calls import measure_clock
from binance_transfer.flows.effects import Transaction
from binance_transfer.journal import manual
from binance_transfer.journal.records import AttemptRecord
from binance_transfer.journal.transaction import JournalTransaction
from simulator.checker import Wrong
from simulator.driver import Process, WorkerClock
from simulator.network import Network, Sender
from simulator.story import TranId

if TYPE_CHECKING:
    from simulator.world import World

T = TypeVar("T")

_HALTS: Final = 0.2
_NOTE: Final = "looked at the balances"
_TOLERANCE_MS: Final = 5_000  # a reading of the clock may be wrong by half of the ten seconds that it may take


@define(eq=False)
class Person:
    """One person with a client, who may leave it to the workers to resolve what is open."""

    world: "World"
    label: str
    network: Network
    process: Process = field(init=False)
    sender: Sender = field(init=False)
    _resolves: bool = False

    def start(self) -> None:
        """Begin to look now and then."""
        name = f"the person behind {self.label}"
        self.sender = Sender(name, self.world.chance.stream(name))
        machine = WorkerClock(self.world.engine, self.sender.chance)
        self.process = self.world.process(self.label, self.network, machine, self.sender)
        self._resolves = self.sender.chance.happens("resolves", self.world.scenario.attended)
        self._come_later()

    def _come_later(self) -> None:
        self.world.engine.after(self.sender.chance.between("comes after", 40, 2), self._come)

    def _come(self) -> None:
        begins_s = self.sender.chance.moment("comes", self.world.engine.now_s)
        self.world.engine.after(begins_s - self.world.engine.now_s, self._look)

    def _look(self) -> None:
        if self.world.busy:
            # The client reads the exchange's clock first: a machine's own may be anything.
            session = self.process.session
            self.process.run(measure_clock(session, session.call_deadline()), self._act)

    def _act(self, server_ms: object) -> None:
        if not isinstance(server_ms, TransferError):
            match self.sender.chance.which("does", (_HALTS, 1 - _HALTS)):
                case 1:
                    self._halt()
                case 2 if self._resolves:
                    self._resolve()
        self._come_later()

    def _halt(self) -> None:
        self.world.checker.events["halted"] += 1
        self.world.story.tell(self.sender.name, "halts sending")
        self._change(lambda journal: manual.halt(journal, "looking into something"))
        self.world.engine.after(self.sender.chance.between("halts for", 1, 15), self._resume)

    def _resume(self) -> None:
        self.world.story.tell(self.sender.name, "resumes sending")
        self._change(manual.resume)
        self.world.checker.pacing.resumed(self.label)

    def _change(self, change: Callable[[JournalTransaction], T]) -> T:
        """Change the journal at once, as a person does who has it before them."""
        return self.process.session.transact(Transaction(change, 1.0))

    def _resolve(self) -> None:
        world, chance = self.world, self.sender.chance
        open_attempts = self._change(lambda journal: journal.open_attempts())
        if not open_attempts:
            return
        record = chance.pick("an open attempt", open_attempts)
        if chance.happens("a slip of the eye", 0.2):
            self._claim(record)
            return
        tran_id = next(iter(world.checker.traffic.moved(record.attempt.id)), None)
        if chance.happens("lets the client look at history first", 0.5):
            verdict = self.process.session.resolve(record.key, tran_id, _NOTE, 10.0, not_executed=tran_id is None)
            self._tell(record, tran_id)
            self.process.run(verdict, lambda result: self._resolved(record, result))
        else:
            self._resolved(record, self._say(record, tran_id))

    def _resolved(self, record: AttemptRecord, result: object) -> None:
        world = self.world
        if isinstance(result, TransferError):
            world.checker.events["a person's verdict was refused"] += 1
            return
        world.checker.events["a person resolved a key"] += 1
        if world.engine.now_ms() < record.window_end_ms - _TOLERANCE_MS:
            told = f"{world.checker.name_of(record.attempt.id)}: a person's verdict was taken while the window was open"
            world.checker.violate(Wrong.PERSON, told, world.story.last(record.attempt.id))

    def _claim(self, record: AttemptRecord) -> None:
        """Name an id that another attempt owns."""
        entries = self.world.database.records(self.label).entries()
        if ids := [entry.tran_id for entry in entries if entry.tran_id is not None]:
            result = self._say(record, self.sender.chance.pick("an id of another one", ids))
            if not isinstance(result, ResolutionRefused):
                name = self.world.checker.name_of(record.attempt.id)
                told = f"{name}: a person named an id that is another attempt's"
                self.world.checker.violate(Wrong.PERSON, told, self.world.story.last(record.attempt.id))

    def _say(self, record: AttemptRecord, tran_id: int | None) -> object:
        """Write a verdict as it is; return the entry, or why it was refused."""
        self._tell(record, tran_id)
        now_ms = self.process.session.clock.now_ms()
        try:
            return self._change(lambda journal: manual.resolve(journal, record.key, tran_id, _NOTE, now_ms))
        except ResolutionRefused as refused:
            return refused

    def _tell(self, record: AttemptRecord, tran_id: int | None) -> None:
        verdict = "it did not move" if tran_id is None else "it is {}"
        ids = [] if tran_id is None else [TranId(tran_id)]
        self.world.story.tell(self.sender.name, f"says of {{}}, {{}}: {verdict}", record.key, record.attempt, *ids)

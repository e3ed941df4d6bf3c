"""
The person behind an account: halts and resumes, and resolves what workers cannot.

One rule: a person acts at any moment, too early and with the wrong id too; the journal has to refuse what is not safe.
"""

from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field

from binance_transfer import bookkeeping, flows
from binance_transfer.books import Books
from binance_transfer.entries import AttemptRecord
from binance_transfer.errors import ResolutionRefused, TransferError
from simulator.checker import Wrong
from simulator.driver import Machine, Process
from simulator.network import Network, Sender
from simulator.story import TranId

if TYPE_CHECKING:
    from simulator.world import World

_HALTS: Final = 0.2
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
        machine = Machine(self.world.engine, self.sender.chance)
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
            self.process.run(flows.measure_clock(5.0), self._act)

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
        self._set_halted("looking into something")
        self.world.engine.after(self.sender.chance.between("halts for", 1, 15), lambda: self._set_halted(""))

    def _set_halted(self, reason: str) -> None:
        self.world.story.tell(self.sender.name, "halts sending" if reason else "resumes sending")
        self.process.session.transact(lambda books: books.put_account(evolve(books.account(), halted=reason)))

    def _resolve(self) -> None:
        world, chance = self.world, self.sender.chance
        open_attempts = self.process.session.transact(lambda books: books.open_attempts())
        if not open_attempts:
            return
        record = chance.pick("an open attempt", open_attempts)
        if chance.happens("a slip of the eye", 0.2):
            self._claim(record)
            return
        tran_id = next(iter(world.checker.traffic.moved(record.attempt.id)), None)
        try:
            self._say(record, tran_id)
        except ResolutionRefused:
            world.checker.events["a person's verdict was refused"] += 1
            return
        world.checker.events["a person resolved a key"] += 1
        if world.engine.now_ms() < record.window_end_ms - _TOLERANCE_MS:
            told = f"{world.checker.name_of(record.attempt.id)}: a person's verdict was taken while the window was open"
            world.checker.violate(Wrong.PERSON, told, world.story.last(record.attempt.id))

    def _claim(self, record: AttemptRecord) -> None:
        """Name an id that another attempt owns."""

        def owned(books: Books) -> list[int]:
            return [entry.tran_id for entry in books.entries() if entry.tran_id is not None]

        if ids := self.process.session.transact(owned):
            tran_id = self.sender.chance.pick("an id of another one", ids)
            try:
                self._say(record, tran_id)
            except ResolutionRefused:
                return
            told = f"{self.world.checker.name_of(record.attempt.id)}: a person named an id that is another attempt's"
            self.world.checker.violate(Wrong.PERSON, told, self.world.story.last(record.attempt.id))

    def _say(self, record: AttemptRecord, tran_id: int | None) -> None:
        verdict = "it did not move" if tran_id is None else "it is {}"
        ids = [] if tran_id is None else [TranId(tran_id)]
        self.world.story.tell(self.sender.name, f"says of {{}}, {{}}: {verdict}", record.key, record.attempt, *ids)
        now_ms = self.process.session.server_clock.now().server_ms
        self.process.session.transact(
            lambda books: bookkeeping.resolve(books, record.key, tran_id, "looked at the balances", now_ms)
        )

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
from simulator.driver import Machine, Process
from simulator.network import Network

if TYPE_CHECKING:
    from simulator.keyed import World

_TOLERANCE_MS: Final = 5_000  # a reading of the clock may be wrong by half of the ten seconds that it may take


@define(eq=False)
class Operator:
    """One person with a client, who may leave it to the workers to resolve what is open."""

    world: "World"
    label: str
    network: Network
    resolves: bool
    process: Process = field(init=False)

    def start(self) -> None:
        """Begin to look now and then."""
        self.process = self.world.process(self.label, self.network, Machine(self.world.engine))
        self.world.engine.after(self.world.engine.random.uniform(2, 40), self._come)

    def _come(self) -> None:
        if self.world.busy:
            # The client reads the exchange's clock first: a machine's own may be anything.
            self.process.run(flows.measure_clock(5.0), self._act)

    def _act(self, server_ms: object) -> None:
        random = self.world.engine.random
        if not isinstance(server_ms, TransferError):
            if random.random() < 0.2:  # noqa: PLR2004  # now and then
                self._halt()
            elif self.resolves:
                self._resolve()
        self.world.engine.after(random.uniform(2, 40), self._come)

    def _halt(self) -> None:
        self.world.witness.events["halted"] += 1
        self._set_halted("looking into something")
        self.world.engine.after(self.world.engine.random.uniform(1, 15), lambda: self._set_halted(""))

    def _set_halted(self, reason: str) -> None:
        self.process.session.transact(lambda books: books.put_account(evolve(books.account(), halted=reason)))

    def _resolve(self) -> None:
        world, random = self.world, self.world.engine.random
        open_attempts = self.process.session.transact(lambda books: books.open_attempts())
        if not open_attempts:
            return
        record = random.choice(open_attempts)
        if random.random() < 0.2:  # noqa: PLR2004  # a slip of the eye
            self._claim(record)
            return
        rows = world.witness.truth.executions.get(record.attempt.id, [])
        tran_id = next((tran_id for tran_id, moved in rows if moved), None)
        try:
            self._say(record, tran_id)
        except ResolutionRefused:
            world.witness.events["a person's verdict was refused"] += 1
            return
        world.witness.events["a person resolved a key"] += 1
        if world.engine.now_ms() < record.window_end_ms - _TOLERANCE_MS:
            world.witness.violate(f"{record.key}: a person's verdict was taken while the window was open")

    def _claim(self, record: AttemptRecord) -> None:
        """Name an id that another attempt owns."""

        def owned(books: Books) -> list[int]:
            return [entry.tran_id for entry in books.entries() if entry.tran_id is not None]

        if ids := self.process.session.transact(owned):
            tran_id = self.world.engine.random.choice(ids)
            try:
                self._say(record, tran_id)
            except ResolutionRefused:
                return
            self.world.witness.violate(f"{record.key}: a person named the id {tran_id}, which is another attempt's")

    def _say(self, record: AttemptRecord, tran_id: int | None) -> None:
        now_ms = self.process.session.server_clock.now().server_ms
        self.process.session.transact(
            lambda books: bookkeeping.resolve(books, record.key, tran_id, "looked at the balances", now_ms)
        )

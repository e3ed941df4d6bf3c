"""
A process: clocks, a client's session, and the third driver, which performs flows in virtual time.

One rule: between any two effects a process can stop for a while or for good; what it knew is then late or lost.
"""

from collections.abc import Callable, Generator
from typing import Any, Final

from attrs import define, field, frozen
from typing_extensions import override

from binance_transfer.attempt import Attempt
from binance_transfer.errors import JournalFailed, TransferError
from binance_transfer.flows.effects import Effect, Flow, Post, Read, Sleep, Transaction
from binance_transfer.session import Session
from binance_transfer.wire.answer import Reply
from simulator.chance import Chance
from simulator.engine import EPOCH_MS, Engine
from simulator.network import Network, Sender
from simulator.story import NullStory

_BEFORE: Final[dict[type, str]] = {
    Post: "before it sends",
    Read: "before it reads",
    Transaction: "before a transaction",
}
"""What a disturbance is called, by the effect that it comes before."""

TIMEOUT_S: Final = 10.0
"""Of every client."""

Done = Callable[[object], None]
Script = Generator[Flow[Any], Any, None]
"""What a process does: the flows that it performs, one after the other, each given what the last one came to."""


class WorkerClock:
    """A worker's clocks: wrong by a constant, and set by somebody now and then. The monotonic one only drifts."""

    def __init__(self, engine: Engine, chance: Chance) -> None:
        self._engine: Final = engine
        self._skew_s: Final = chance.between("clock ahead", 0, 20) - chance.between("clock behind", 0, 20)
        self._drift: Final = 1 + chance.between("clock fast", 0, 5e-5) - chance.between("clock slow", 0, 5e-5)
        self._start_s = chance.between("running since", 0, 1e5)
        self._stepped: Final = chance.happens("clock is set now and then", 1.0)

    def time(self) -> float:
        """Seconds since 1970, as the machine believes."""
        stepped_s = 3600.0 if self._stepped and int(self._engine.now_s) % 20 == 0 else 0.0  # for a second, then back
        return EPOCH_MS / 1000 + self._engine.now_s + self._skew_s + stepped_s

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._start_s + self._engine.now_s * self._drift

    def suspend(self, seconds: float) -> None:
        """Let the monotonic clock stand still for so long, as Linux does while a machine sleeps."""
        self._start_s -= seconds * self._drift

    def sleep(self, seconds: float, /) -> None:
        """Nobody waits here: only the engine lets time pass."""
        raise AssertionError(seconds)

    async def sleep_asyncio(self, seconds: float, /) -> None:
        """Nobody waits here either."""
        raise AssertionError(seconds)


class SimulatedSession(Session):
    """A client's session whose alerts are looked at, and whose log nobody reads."""

    on_alert: Callable[[str], None]

    @override
    def log(self, text: str, /) -> None:
        pass

    @override
    def alert(self, text: str, /) -> None:
        self.on_alert(text)


@frozen
class Faults:
    """What happens to processes and their database: probabilities, per effect."""

    crash: float = 0.0
    pause: float = 0.0
    pause_s: tuple[float, float] = (1.0, 60.0)
    suspended: float = 0.3
    """Of the pauses: how many stop the monotonic clock as well."""
    answer_taken_late: float = 0.0
    """Of the transfers: the process stops while it waits for the answer, and takes it when it goes on."""
    slow_transaction: float = 0.0
    commit_fails: float = 0.0
    acknowledgement_lost: float = 0.0


@define
class Process:
    """
    One life of a worker.

    sender: its name, and whose choices decide what happens to it now.
    crashed: called once, when it ends too early; without it nothing happens between its effects.
    """

    engine: Engine
    network: Network
    session: Session
    machine: WorkerClock
    sender: Sender
    story: NullStory
    faults: Faults = field(factory=Faults)
    crashed: Callable[[], None] | None = None
    on_post: Callable[[Post], None] | None = None
    on_commit: Callable[[object], None] | None = None
    alive: bool = True
    posted: Attempt | None = None
    """What the present call has sent."""
    committed: int = 0
    """The engine's tick at its last transaction."""
    took_s: float = 0.0
    """How long the last call took by the machine's own clock, without the time for which the process had stopped."""

    def run(self, flow: Flow[Any], done: Done) -> None:
        """Perform a flow; ``done`` gets what it returns, or the TransferError that it raises."""
        self.posted = None
        self.sender.since_s = self.engine.now_s
        self.took_s = -self.machine.monotonic()
        _Run(self, flow, done).go_on(None, None)

    def stops_for(self, seconds: float, act: Callable[[], None]) -> None:
        """Go on later: the call cannot be blamed for that."""
        before_s = self.machine.monotonic()

        def go_on() -> None:
            self.took_s -= self.machine.monotonic() - before_s
            act()

        self.engine.after(seconds, go_on)


class _Run:
    """One flow in one process."""

    __slots__ = ("_done", "_flow", "_process")

    def __init__(self, process: Process, flow: Flow[Any], done: Done) -> None:
        self._process = process
        self._flow = flow
        self._done = done

    def go_on(self, result: object, error: Exception | None) -> None:
        """Take the result of an effect over and perform what follows, until it has to be waited for."""
        process, flow, held_s = self._process, self._flow, 0.0
        outcome: object
        try:
            while process.alive:
                effect: Effect[Any] = flow.send(result) if error is None else flow.throw(error)
                if process.crashed is not None and (held_s := self._disturbed(effect)) != 0.0:
                    break
                if (performed := self._perform(effect)) is None:
                    return
                result, error = performed
            else:
                return
        except StopIteration as stop:
            outcome = stop.value
        except TransferError as raised:
            outcome = raised
        else:
            if held_s > 0:
                process.stops_for(held_s, lambda: self._late(effect))
            return
        process.took_s += process.machine.monotonic()
        self._done(outcome)

    def _late(self, effect: Effect[Any]) -> None:
        if self._process.alive and (performed := self._perform(effect)) is not None:
            self.go_on(*performed)

    def _perform(self, effect: Effect[Any]) -> tuple[object, Exception | None] | None:
        """Perform an effect; None where its result comes later."""
        process = self._process
        match effect:
            case Post() | Read():
                if (refusal := process.session.refusal(effect)) is not None:
                    return refusal, None
                if isinstance(effect, Post):
                    process.posted = effect.attempt
                    if process.on_post:
                        process.on_post(effect)
                process.network.send(effect, process.sender, self._taken_late(effect))
                return None
            case Sleep(seconds):
                process.engine.after(seconds, self._slept)
                return None
            case Transaction():
                return self._transact(effect)
            case _:
                raise AssertionError(effect)

    def _taken_late(self, effect: Effect[Any]) -> Callable[[Reply], None]:
        """Return who takes an answer: this flow, at once or when its process goes on."""
        process = self._process
        chance, late = process.sender.chance, process.faults.answer_taken_late
        if not isinstance(effect, Post) or not late or not chance.happens("the answer is taken late", late):
            return self._answered
        seconds = chance.between("it stops as it waits, for", *process.faults.pause_s)
        process.story.tell(process.sender.name, "stops for {:.1f} s as it waits for the answer", seconds)

        def take(reply: Reply) -> None:
            process.story.tell(process.sender.name, "goes on, and takes the answer to {}", effect.attempt)
            self._answered(reply)

        return lambda reply: process.stops_for(seconds, lambda: take(reply))

    def _answered(self, reply: Reply) -> None:
        self.go_on(reply, None)

    def _slept(self) -> None:
        self.go_on(None, None)

    def _transact(self, effect: Transaction[Any]) -> tuple[object, Exception | None]:
        process = self._process
        name, chance, faults = process.sender.name, process.sender.chance, process.faults
        failure = chance.which("commit", (faults.commit_fails, faults.acknowledgement_lost))
        if failure == 1:
            process.story.tell(name, "cannot reach the database")
            return None, JournalFailed("the database is out of order")
        process.committed = process.engine.tick()
        try:
            result: object = process.session.transact(effect)
        except Exception as error:  # noqa: BLE001  # what a change raises goes back to its flow as it is
            return None, error
        if process.on_commit:
            process.on_commit(result)
        if failure:
            process.story.tell(name, "is not told that its transaction was committed")
            return None, JournalFailed("the connection broke while a transaction was committed")
        return result, None

    def _disturbed(self, effect: Effect[Any]) -> float:
        """Return 0 for nothing, the seconds of a pause, -1 for a crash."""
        process, faults = self._process, self._process.faults
        name, chance = process.sender.name, process.sender.chance
        slow = faults.slow_transaction if isinstance(effect, Transaction) else 0.0
        match chance.which(_BEFORE.get(type(effect), "between effects"), (faults.crash, faults.pause, slow)):
            case 1:
                self._crash(effect)
                return -1.0
            case 2:
                seconds = chance.between("pause of", *faults.pause_s)
                suspended = chance.happens("and its clock stops too", faults.suspended)
                if suspended:
                    process.machine.suspend(seconds)
                    process.took_s += seconds
                process.story.tell(name, "stops for {:.1f} s {}", seconds, _BEFORE.get(type(effect), "and goes on"))
                return seconds
            case 3:
                return chance.between("slow transaction", 0.0005, 0.03)
            case _:
                return 0.0

    def _crash(self, effect: Effect[Any]) -> None:
        process = self._process
        process.alive = False
        sent = isinstance(effect, Post) and process.sender.chance.happens("the request had left", 0.5)
        process.story.tell(
            process.sender.name,
            "crashes {}",
            "as it sends" if sent else _BEFORE.get(type(effect), "and forgets what it did"),
        )
        if sent and isinstance(effect, Post) and not process.session.refusal(effect):
            if process.on_post:
                process.on_post(effect)
            process.network.send(effect, process.sender, _to_nobody)
        self._flow.close()
        assert process.crashed is not None  # noqa: S101  # asked before
        process.crashed()


def waiting(seconds: float) -> Flow[None]:
    """Let time pass."""
    yield from Sleep(seconds)


def _to_nobody(_reply: Reply) -> None:
    """Take an answer that nobody waits for any more."""

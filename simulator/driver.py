"""
A process: clocks, a client's session, and the third driver, which performs flows in virtual time.

One rule: between any two effects a process can stop for a while or for good; what it knew is then late or lost.
"""

from collections.abc import Callable, Generator
from typing import Any, Final

from attrs import define, field

from binance_transfer import flows
from binance_transfer.wire.answer import Reply
from binance_transfer.errors import JournalFailed, TransferError
from binance_transfer.flows import Effect, Flow
from binance_transfer.session import Session
from simulator.engine import EPOCH_MS, Engine
from simulator.network import Network

Done = Callable[[object], None]
Life = Generator[Flow[Any], Any, None]
"""What a process does: the flows that it performs, one after the other, each given what the last one came to."""


class Machine:
    """A worker's clocks: wrong by a constant, and set by somebody now and then. The monotonic one only drifts."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Final = engine
        self._skew_s: Final = engine.random.uniform(-20, 20)
        self._drift: Final = 1 + engine.random.uniform(-1, 1) * 5e-5
        self._start_s = engine.random.uniform(0, 1e5)

    def time(self) -> float:
        """Seconds since 1970, as the machine believes."""
        stepped_s = 3600.0 if int(self._engine.now_s) % 20 == 0 else 0.0  # set wrongly for a second, then back
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


@define
class Mischief:
    """What happens to processes and their database: probabilities, per effect."""

    crash: float = 0.0
    pause: float = 0.0
    pause_s: tuple[float, float] = (1.0, 60.0)
    suspended: float = 0.3
    """Of the pauses: how many stop the monotonic clock as well."""
    slow_transaction: float = 0.0
    commit_fails: float = 0.0
    acknowledgement_lost: float = 0.0


@define
class Process:
    """One life of a worker. ``crashed`` is called once, when it ends too early."""

    engine: Engine
    network: Network
    session: Session
    machine: Machine
    mischief: Mischief = field(factory=Mischief)
    crashed: Callable[[], None] | None = None
    on_post: Callable[[flows.Post], None] | None = None
    on_commit: Callable[[object], None] | None = None
    on_alarm: Callable[[str], None] | None = None
    alive: bool = True
    posted: bool = False
    """Whether the present call has sent anything."""
    committed_s: float = 0.0
    """When its last transaction was committed."""

    def run(self, flow: Flow[Any], done: Done) -> None:
        """Perform a flow; ``done`` gets what it returns, or the TransferError that it raises."""
        self.posted = False
        _Run(self, flow, done).go_on(None, None)


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
                if process.crashed is not None and (held_s := self._disturbance(effect)) != 0.0:
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
                process.engine.after(held_s, lambda: self._late(effect))
            return
        self._done(outcome)

    def _late(self, effect: Effect[Any]) -> None:
        if self._process.alive and (performed := self._perform(effect)) is not None:
            self.go_on(*performed)

    def _perform(self, effect: Effect[Any]) -> tuple[object, Exception | None] | None:
        """Perform an effect; None where its result comes later."""
        process = self._process
        match effect:
            case flows.Post() | flows.Read():
                if (refusal := process.session.refusal(effect)) is not None:
                    return refusal, None
                if isinstance(effect, flows.Post):
                    process.posted = True
                    if process.on_post:
                        process.on_post(effect)
                process.network.send(effect, self._answered)
                return None
            case flows.Sleep(seconds):
                process.engine.after(seconds, self._slept)
                return None
            case flows.Transaction():
                return self._transact(effect)
            case flows.Alarm(text) if process.on_alarm:
                process.on_alarm(text)
            case flows.Tell():
                pass
            case _:
                return process.session.immediate(effect), None
        return None, None

    def _answered(self, reply: Reply) -> None:
        self.go_on(reply, None)

    def _slept(self) -> None:
        self.go_on(None, None)

    def _transact(self, effect: flows.Transaction[Any]) -> tuple[object, Exception | None]:
        process, random = self._process, self._process.engine.random
        chance = random.random()
        if (chance := chance - process.mischief.commit_fails) < 0:
            return None, JournalFailed("the database is out of order")
        process.committed_s = process.engine.now_s
        try:
            result: object = process.session.transact(effect.change)
        except Exception as error:  # noqa: BLE001  # what a change raises goes back to its flow as it is
            return None, error
        if process.on_commit:
            process.on_commit(result)
        if chance < process.mischief.acknowledgement_lost:
            return None, JournalFailed("the connection broke while a transaction was committed")
        return result, None

    def _disturbance(self, effect: Effect[Any]) -> float:
        """Return 0 for none, the seconds of a pause, -1 for a crash."""
        process, mischief = self._process, self._process.mischief
        random = process.engine.random
        chance = random.random()
        if (chance := chance - mischief.crash) < 0:
            process.alive = False
            if isinstance(effect, flows.Post) and random.random() < 0.5 and not process.session.refusal(effect):  # noqa: PLR2004  # it had left
                if process.on_post:
                    process.on_post(effect)
                process.network.send(effect, _to_nobody)
            self._flow.close()
            assert process.crashed is not None  # noqa: S101  # asked before
            process.crashed()
            return -1.0
        if (chance := chance - mischief.pause) < 0:
            seconds = random.uniform(*mischief.pause_s)
            if random.random() < mischief.suspended:
                process.machine.suspend(seconds)
            return seconds
        if isinstance(effect, flows.Transaction) and chance < mischief.slow_transaction:
            return random.uniform(0.0005, 0.03)
        return 0.0


def waiting(seconds: float) -> Flow[None]:
    """Let time pass."""
    yield from flows.Sleep(seconds)


def _to_nobody(_reply: Reply) -> None:
    """Take an answer that nobody waits for any more."""

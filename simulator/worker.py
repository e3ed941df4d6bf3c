"""
A host on which one process after the other works through a list of jobs.

One rule: workers do what a caller would do, and know what a caller would know; only `simulator.checker` knows more.
"""

import json
from collections import deque
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from binance_transfer.attempt import Attempt
from binance_transfer.errors import (
    InvalidTransfer,
    JournalFailed,
    NotExecuted,
    NotSent,
    OutcomeUnknown,
    PolicyDenied,
    ReadFailed,
)
from binance_transfer.flows.effects import Flow, Post
from binance_transfer.journal.records import AttemptRecord
from binance_transfer.journal.rules import Recorded
from binance_transfer.session import RESOLVE_WITHIN_S
from binance_transfer.transfer import Transfer
from binance_transfer.wire.outcome import Receipt
from simulator.checker import BegunAttempt, Call, Wrong
from simulator.driver import TIMEOUT_S, Process, Script, WorkerClock, waiting
from simulator.network import Network, Sender
from simulator.story import Moment

if TYPE_CHECKING:
    from simulator.world import World

SIZES: Final = 2
"""How many amounts a worker without a journal has at a time: numbers that follow each other."""

_TO_RECORD_S: Final = 1.0
_IDENTICAL: Final = "an identical transfer"
_LAG_MS: Final = 1_000
_PATIENCE_S: Final = 2_500.0
_PERIOD_S: Final = 10.0
_HOPELESS: Final = 2  # calls for a transfer that nothing can be proven of, then a person is left to decide


@frozen
class Job:
    """
    What a worker is told to do.

    key: None for a call without one.
    prepared: the attempt is made some time before it is sent.
    shared: another worker is told the same, and both begin by the clock.
    noisy: somebody else makes that many transfers at the same time.
    near: somebody else makes one that is nearly the same.
    """

    name: str
    key: str | None
    transfer: Transfer
    prepared: bool = False
    shared: bool = False
    noisy: int = 0
    near: bool = False


@define(eq=False)
class Worker:
    """A host whose processes have no journal: each attempt is stored by the caller, with the ids that it knows."""

    world: "World"
    name: str
    label: str
    network: Network
    jobs: deque[Job]
    machine: WorkerClock = field(init=False)
    process: Process = field(init=False)
    sender: Sender = field(init=False)
    recv_window_ms: int = field(init=False)
    job: Job | None = None

    def start(self) -> None:
        """Begin the first life."""
        chance = self.world.chance.stream(self.name)
        self.sender = Sender(self.name, chance)
        self.machine = WorkerClock(self.world.engine, chance)
        self.recv_window_ms = chance.pick("recv window", self.world.scenario.recv_windows_ms)
        self._live()

    def _live(self, *, again: bool = False) -> None:
        self._begin_process()
        self._go_on(self._life(again=again), None)

    def _begin_process(self) -> None:
        self.process = self.world.process(self.label, self.network, self.machine, self.sender, self.recv_window_ms)
        self.process.on_post = self._on_post

    def _go_on(self, life: Script, result: object) -> None:
        process = self.process
        try:
            flow = life.send(result)
        except StopIteration:
            self.world.ended()
            return
        process.run(flow, lambda outcome: self._go_on(life, outcome))

    def _life(self, *, again: bool) -> Script:
        del again
        known, postponed = set[int](), list[tuple[Job, Attempt, frozenset[int]]]()
        while self.jobs:
            job = self.jobs.popleft()
            yield from self._turn_to(job)
            attempt: object = yield self.process.session.prepare(job.transfer)
            result = attempt
            if isinstance(attempt, Attempt):
                result = yield self.process.session.transfer(attempt, None, None)
            self.world.checker.note_result(self._call(job, result), self.name)
            if isinstance(result, Receipt):
                known.add(result.tran_id)
            elif not isinstance(result, OutcomeUnknown) or not isinstance(attempt, Attempt):
                continue
            elif self.sender.chance.happens("reconciled later", self.world.scenario.postponed):
                postponed.append((job, attempt, frozenset(known)))
                yield waiting((self.recv_window_ms + self.world.scenario.settle_ms) / 1000 + 5)
            else:
                if self.sender.chance.happens("restarted", self.world.scenario.restart):
                    self._begin_process()
                yield from self._reconcile(job, attempt, known)
        self._begin_process()
        for job, attempt, then_known in postponed:
            yield from self._reconcile(job, attempt, set(then_known))

    def _turn_to(self, job: Job) -> Script:
        """Begin a job, in a replay not before it began, and let strangers be busy if they are."""
        if job is self.job:
            return
        self.job = job
        self._choose_by(job)
        if job.noisy:
            self.world.burst(self.network, job.transfer, job.noisy)
        if job.near:
            self.world.imitate(self.network, job.transfer)
        begins_s = self.sender.chance.moment("begins", self.world.engine.now_s)
        if begins_s > self.world.engine.now_s:
            yield waiting(begins_s - self.world.engine.now_s)

    def _choose_by(self, job: Job) -> None:
        """Let what happens from now on be the job's, so that it stays when other jobs go."""
        self.sender = Sender(self.name, self.world.chance.stream(f"{self.name}, {job.name}"))
        self.process.sender = self.sender

    def _reconcile(self, job: Job, attempt: Attempt, known: set[int]) -> Script:
        """Reconcile an attempt that was stored, with the ids that were stored beside it."""
        attempt = Attempt.from_dict(json.loads(json.dumps(attempt.to_dict())))
        result = yield self.process.session.reconciliation(attempt, 120.0, known)
        self.world.checker.note_result(self._call(job, result, reconciled=True), self.name)
        if isinstance(result, Receipt):
            known.add(result.tran_id)
        if isinstance(result, OutcomeUnknown):
            # Another transfer of this size inside the open window would break what reconciliation assumes.
            amount = job.transfer.amount
            self.jobs = deque(_resized(other) if other.transfer.amount == amount else other for other in self.jobs)

    def _call(self, job: Job, result: object, transfer: Transfer | None = None, **facts: bool) -> Call:
        process, transfer = self.process, transfer or job.transfer
        return Call(
            (self.label, job.name),
            transfer,
            result,
            process.committed if self.world.scenario.journal else self.world.engine.tick(),
            process.posted is not None,
            conflicting=transfer != job.transfer,
            stranger=process.network is not self.world.checker.networks[self.label],
            **facts,
        )

    def _on_post(self, post: Post) -> None:
        self._note_attempt(post.attempt)

    def _note_attempt(self, attempt: Attempt) -> None:
        if self.job is not None:
            one = BegunAttempt((self.label, self.job.name), self.world.engine.tick(), attempt)
            self.world.checker.begun.setdefault(attempt.id, one)


@define(eq=False)
class JournaledWorker(Worker):
    """A host whose processes share a journal, and can die at any moment."""

    _may_take_s: float = 0.0
    _since_s: float = 0.0
    _calls: int = 0

    def _begin_process(self) -> None:
        super()._begin_process()
        self.process.faults = self.world.scenario.faults
        self.process.crashed = self._crashed
        self.process.on_commit = self._on_commit

    def _crashed(self) -> None:
        self.world.checker.events["crashed"] += 1
        self.world.engine.after(
            self.sender.chance.between("starts again after", 0.05, 40), lambda: self._live(again=True)
        )

    def _life(self, *, again: bool) -> Script:
        chance = self.sender.chance
        if again and chance.happens("reconciles all first", 0.5):  # the others meet what is open when they need it
            yield self.process.session.reconcile_all(60.0)
        if again and self.jobs[0].key is None:
            self.jobs.popleft()  # nobody knows the key that a dead process had made for itself
        elif again and chance.happens("does something else first", 0.5):
            self.jobs.rotate(-1)
        while self.jobs:
            job = self.jobs[0]
            if job is not self.job:
                yield from self._turn_to(job)
                self._since_s, self._calls = self.world.engine.now_s, 0
            yield from self._do(job)
            self.jobs.popleft()

    def _do(self, job: Job) -> Script:
        chance, world = self.sender.chance, self.world
        intent: Transfer | Attempt = job.transfer
        if job.shared:
            yield waiting(_PERIOD_S - world.engine.now_s % _PERIOD_S)
        if job.prepared:
            prepared = yield self.process.session.prepare(job.transfer)
            intent = prepared if isinstance(prepared, Attempt) else job.transfer  # the clock could not be read
            yield waiting(chance.between("prepared for", 0, 4))
        while True:
            result = yield self._flow(intent, job.key)
            self._calls += 1
            self._judge_time(job, result)
            world.checker.note_result(self._call(job, result, prepared=isinstance(intent, Attempt)), self.name)
            if isinstance(result, Receipt):
                if job.key is not None and chance.happens("the key is used again", world.scenario.again):
                    yield from self._again(job)
                return
            if isinstance(result, OutcomeUnknown) and job.key is None:
                yield from self._reconcile_by_itself(job, result.attempt)
                return
            if self._finished(job, result) or self._impatient(job):
                return
            yield waiting(chance.between("calls again after", 0.1, 6))
            if isinstance(result, InvalidTransfer) or chance.happens("makes a new attempt", 0.5):
                intent = job.transfer

    def _finished(self, job: Job, result: object) -> bool:
        """Decide as a caller would whether to call again."""
        match result:
            case PolicyDenied():
                return "halted" not in str(result)
            case NotExecuted() if not isinstance(result, InvalidTransfer):  # or a prepared attempt is too old by now
                calls_again = self.sender.chance.happens("calls again", 0.6)
                return self._calls > 3 or not calls_again  # noqa: PLR2004
            case OutcomeUnknown() if self._calls >= _HOPELESS and self.world.checker.hopeless((self.label, job.name)):
                self.world.checker.events["left to a person"] += 1
                return True
            case JournalFailed() if self.process.network is not self.world.checker.networks[self.label]:
                return self._calls >= _HOPELESS  # another account's API key
        return job.key is None and isinstance(result, JournalFailed | ReadFailed)

    def _impatient(self, job: Job) -> bool:
        waited_s = self.world.engine.now_s - self._since_s
        if waited_s > _PATIENCE_S:
            told = f"{job.name} {job.transfer.type}: no end after {waited_s:.0f} s"
            self.world.checker.violate(Wrong.ENDLESS, told)
            return True
        return False

    def _reconcile_by_itself(self, job: Job, attempt: Attempt) -> Script:
        """Find out about a transfer that had no key of the caller's."""
        while True:
            result = yield self.process.session.reconciliation(attempt, 60.0, ())
            self._calls += 1
            self.world.checker.note_result(self._call(job, result, reconciled=True), self.name)
            if not isinstance(result, OutcomeUnknown | JournalFailed | ReadFailed):
                return
            hopeless = self._calls > _HOPELESS and self.world.checker.hopeless((self.label, job.name))
            if hopeless or self._impatient(job):
                return
            yield waiting(self.sender.chance.between("calls again after", 0.1, 6))

    def _again(self, job: Job) -> Script:
        """Use a key that has moved once more."""
        transfer = job.transfer
        if self.sender.chance.happens("for another transfer", 0.5):
            transfer = Transfer(
                transfer.type, "USDT", "7", from_symbol=transfer.from_symbol, to_symbol=transfer.to_symbol
            )
        result = yield self._flow(transfer, job.key)
        self.world.checker.note_result(self._call(job, result, transfer), self.name)

    def _flow(self, intent: Transfer | Attempt, key: str | None) -> Flow[Receipt]:
        within_s = self.sender.chance.pick("resolve within", (None, 40.0, 0, 20.0))
        self._may_take_s = TIMEOUT_S + (RESOLVE_WITHIN_S if within_s is None else within_s) + _TO_RECORD_S
        return self.process.session.transfer(intent, key, within_s)

    def _judge_time(self, job: Job, result: object) -> None:
        """Hold a call to the bound that its caller knows (rule 12), and to waiting for windows only (rule 8)."""
        checker = self.world.checker
        if self.process.took_s > self._may_take_s:
            told = f"{job.name}: a call took {self.process.took_s:.1f} s, and {self._may_take_s:.1f} s are its bound"
            checker.violate(Wrong.ENDLESS, told)
        waited = isinstance(result, NotSent) and _IDENTICAL in str(result) and self._lag_ms() < _LAG_MS
        if waited and not checker.identical_windows(self.label, job.transfer):
            checker.violate(Wrong.ENDLESS, f"{job.name}: not sent for an identical transfer whose window is over")

    def _lag_ms(self) -> int:
        return self.world.engine.now_ms() - self.process.session.clock.now_ms()

    def _on_commit(self, result: object) -> None:
        world, posted = self.world, self.process.posted
        if isinstance(result, Recorded) and posted is not None:
            record = next(record for record in result.entry.attempts if record.attempt.id == posted.id)
            if record.answer is not None and record.answer.http_status is not None:
                world.checker.committed(self.label, record, self._lag_ms())
        elif isinstance(result, AttemptRecord) and result.attempt.id not in world.checker.begun:
            self._recorded(result)

    def _recorded(self, record: AttemptRecord) -> None:
        world, attempt = self.world, record.attempt
        until = Moment(record.window_end_ms)
        world.story.tell(self.name, "records {} for {}, window until {}", attempt, record.key, until)
        self._note_attempt(attempt)
        halted = "recorded to be sent while sending was halted"
        objection = halted if world.database.records(self.label).account().halted else ""
        objection = objection or world.checker.pacing.objection(self.label, record, world.engine.now_ms())
        if objection:
            told = f"{world.checker.name_of(attempt.id)}: {objection}"
            world.checker.violate(Wrong.LIMIT, told, world.story.last(attempt.id))


def _resized(job: Job) -> Job:
    transfer = job.transfer
    amount = transfer.amount + SIZES * 10 ** (len(f"{transfer.amount:f}") - 2)
    symbols = {"from_symbol": transfer.from_symbol, "to_symbol": transfer.to_symbol}
    return evolve(job, transfer=Transfer(transfer.type, transfer.asset, amount, **symbols))

"""
Two accounts, several workers on each, one journal: transfers under keys in a world in which everything dies.

One rule: workers do what a caller would do, and know what a caller would know; only `simulator.truth` knows more.
"""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from attrs import define, field, frozen

from binance_transfer import flows
from binance_transfer.attempt import Attempt
from binance_transfer.entries import AttemptRecord
from binance_transfer.errors import (
    InvalidTransfer,
    JournalFailed,
    NotExecuted,
    OutcomeUnknown,
    PolicyDenied,
    ReadFailed,
)
from binance_transfer.flows import Flow
from binance_transfer.wire.outcome import Receipt
from binance_transfer.policy import Policy
from binance_transfer.session import Session
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_types import TransferType
from binance_transfer_sandbox import Exchange, HistoryBehaviour, Limits
from simulator.books import Database, MemoryJournal
from simulator.closing import close_books
from simulator.driver import Life, Machine, Process, waiting
from simulator.engine import Engine
from simulator.network import Network, Truth
from simulator.operator import Operator
from simulator.scenario import KeyedScenario
from simulator.truth import Birth, Call, Witness
from simulator.world import HIDDEN_TYPES, MONEY, Report

if TYPE_CHECKING:
    from binance_transfer.journal import Journal

_SHARED: Final[tuple[TransferType, ...]] = ("MAIN_UMFUTURE", "MAIN_FUNDING")
_TO_ISOLATED: Final[TransferType] = "MARGIN_ISOLATEDMARGIN"
_FROM_ISOLATED: Final[TransferType] = "ISOLATEDMARGIN_MARGIN"
_HIDDEN: Final[TransferType] = "MAIN_ISOLATED_MARGIN"
_PAIRS: Final = ("BTCUSDT", "ETHUSDT")
_AMOUNTS: Final = ("1", "1.0", "2", "2.00", "1.000")
_DAY_S: Final = 86_400
_MIDNIGHT_S: Final = 6_400.0  # the first one after the engine's epoch
_PATIENCE_S: Final = 2_500.0
_PERIOD_S: Final = 10.0
_HORIZON_S: Final = 20_000.0
_HOPELESS: Final = 3  # calls for a transfer that nothing can be proven of, then a person is left to decide


@frozen
class Job:
    """
    What a worker is told to do.

    key: None for a call without one.
    prepared: the attempt is made some time before it is sent.
    shared: another worker is told the same, and both begin by the clock.
    """

    name: str
    key: str | None
    transfer: Transfer
    prepared: bool
    shared: bool


def journal_account(label: str, api_key: str) -> str:
    """Name the journal's account: rule 9."""
    del api_key
    return label


@define(eq=False)
class World:
    """All there is in one history."""

    engine: Engine
    exchange: Exchange
    scenario: KeyedScenario
    witness: Witness
    database: Database
    policy: Policy
    closers: list[Callable[[], None]] = field(factory=list)
    busy: int = 0
    _api_keys: int = 0

    def process(self, label: str, network: Network, machine: Machine) -> Process:
        """Start a process with a client of an account, and with an API key that was not used before."""
        self._api_keys += 1
        api_key = f"key-{self._api_keys}"
        journal = MemoryJournal(self.database, journal_account(label, api_key))
        session = Session(
            {"api_key": api_key, "secret": "simulated"},
            "https://simulated.invalid",
            5_000,
            10.0,
            machine,
            self.scenario.settle_ms,
            (),
            journal=cast("Journal", journal),
            policy=self.policy,
        )
        return Process(self.engine, network, session, machine, on_alarm=self.witness.alarms.append)

    def ended(self) -> None:
        """Note that a worker has nothing to do any more; after the last one the books are closed."""
        self.busy -= 1
        if self.busy == 0:
            for close in self.closers:
                close()


@define(eq=False)
class Worker:
    """A host that runs one process after the other, each of them one job after the other."""

    world: World
    label: str
    network: Network
    jobs: deque[Job]
    machine: Machine = field(init=False)
    process: Process = field(init=False)
    _job: Job | None = None
    _since_s: float = 0.0
    _calls: int = 0

    def start(self) -> None:
        """Begin the first life."""
        self.machine = Machine(self.world.engine)
        self._live()

    def _live(self, *, again: bool = False) -> None:
        self.process = process = self.world.process(self.label, self.network, self.machine)
        process.mischief = self.world.scenario.mischief
        process.crashed = self._crashed
        process.on_commit = self._on_commit
        process.on_post = self._on_post
        self._go_on(self._life(again=again), None)

    def _crashed(self) -> None:
        self.world.witness.events["crashed"] += 1
        self.world.engine.after(self.world.engine.random.uniform(0.05, 40), lambda: self._live(again=True))

    def _go_on(self, life: Life, result: object) -> None:
        process = self.process
        try:
            flow = life.send(result)
        except StopIteration:
            self.world.ended()
            return
        process.run(flow, lambda outcome: self._go_on(life, outcome))

    def _life(self, *, again: bool) -> Life:
        random = self.world.engine.random
        if again and random.random() < 0.5:  # noqa: PLR2004  # the others meet what is open when they need it
            yield self.process.session.reconcile_all(60.0)
        if again and self.jobs[0].key is None:
            self.jobs.popleft()  # nobody knows the key that a dead process had made for itself
        elif again and random.random() < 0.5:  # noqa: PLR2004  # something else first
            self.jobs.rotate(-1)
        while self.jobs:
            job = self.jobs[0]
            if job is not self._job:
                self._job, self._since_s, self._calls = job, self.world.engine.now_s, 0
            yield from self._do(job)
            self.jobs.popleft()

    def _do(self, job: Job) -> Life:
        random, world = self.world.engine.random, self.world
        order: Transfer | Attempt = job.transfer
        if job.shared:
            yield waiting(_PERIOD_S - world.engine.now_s % _PERIOD_S)
        if job.prepared:
            order = yield flows.prepare(job.transfer, self.process.session.settings)
            yield waiting(random.uniform(0, 4))
        while True:
            result = yield self._order(order, job.key)
            self._calls += 1
            prepared = isinstance(order, Attempt)
            world.witness.told(self._call(job, job.transfer, result, prepared=prepared))
            if isinstance(result, Receipt):
                if job.key is not None and random.random() < world.scenario.again:
                    yield from self._again(job)
                return
            if isinstance(result, OutcomeUnknown) and job.key is None:
                yield from self._reconcile(job, result.attempt)
                return
            if self._finished(job, result) or self._impatient(job):
                return
            yield waiting(random.uniform(0.1, 6))
            if isinstance(result, InvalidTransfer) or random.random() < 0.5:  # noqa: PLR2004  # a coin
                order = job.transfer

    def _finished(self, job: Job, result: object) -> bool:
        """Decide as a caller would whether to call again."""
        random = self.world.engine.random
        match result:
            case PolicyDenied():
                return "halted" not in str(result)
            case NotExecuted() if not isinstance(result, InvalidTransfer):  # or a prepared attempt is too old by now
                return self._calls > 3 or random.random() < 0.4  # noqa: PLR2004
            case OutcomeUnknown() if job.transfer.type in HIDDEN_TYPES:
                self.world.witness.events["left to a person"] += self._calls >= _HOPELESS
                return self._calls >= _HOPELESS
            case JournalFailed() if self.process.network is not self.world.witness.networks[self.label]:
                return self._calls >= _HOPELESS  # another account's API key
        return job.key is None and isinstance(result, JournalFailed | ReadFailed)

    def _impatient(self, job: Job) -> bool:
        waited_s = self.world.engine.now_s - self._since_s
        if waited_s > _PATIENCE_S:
            self.world.witness.violate(f"{job.name} {job.transfer.type}: no end after {waited_s:.0f} s")
            return True
        return False

    def _reconcile(self, job: Job, attempt: Attempt) -> Life:
        """Find out about a transfer that had no key of the caller's."""
        while True:
            result = yield self.process.session.reconciliation(attempt, 60.0, ())
            self._calls += 1
            self.world.witness.told(self._call(job, job.transfer, result))
            if not isinstance(result, OutcomeUnknown | JournalFailed | ReadFailed):
                return
            if (job.transfer.type in HIDDEN_TYPES and self._calls > _HOPELESS) or self._impatient(job):
                return
            yield waiting(self.world.engine.random.uniform(0.1, 6))

    def _again(self, job: Job) -> Life:
        """Use a key that has moved once more."""
        transfer = job.transfer
        if self.world.engine.random.random() < 0.5:  # noqa: PLR2004  # a coin
            transfer = Transfer(
                transfer.type, "USDT", "7", from_symbol=transfer.from_symbol, to_symbol=transfer.to_symbol
            )
        result = yield self._order(transfer, job.key)
        self.world.witness.told(self._call(job, transfer, result))

    def _order(self, order: Transfer | Attempt, key: str | None) -> Flow[Receipt]:
        within_s = self.world.engine.random.choice((None, None, 0, 20.0))
        return self.process.session.order(order, key, within_s)

    def _call(self, job: Job, transfer: Transfer, result: object, *, prepared: bool = False) -> Call:
        process = self.process
        stranger = process.network is not self.world.witness.networks[self.label]
        return Call(
            (self.label, job.name),
            transfer,
            transfer != job.transfer,
            prepared,
            stranger,
            result,
            process.committed_s,
            process.posted,
        )

    def _on_post(self, post: flows.Post) -> None:
        self._born(post.attempt)

    def _on_commit(self, result: object) -> None:
        if isinstance(result, AttemptRecord) and result.attempt.id not in self.world.witness.births:
            self._born(result.attempt)
            if self.process.session.transact(lambda books: books.account().halted):
                self.world.witness.violate(f"{result.key}: recorded to be sent while sending was halted")

    def _born(self, attempt: Attempt) -> None:
        if self._job is not None:
            birth = Birth((self.label, self._job.name), self.world.engine.now_s, attempt)
            self.world.witness.births.setdefault(attempt.id, birth)


def run(seed: int, scenario: KeyedScenario | None = None) -> Report:
    """Run one world and say what came of it."""
    scenario = scenario or KeyedScenario()
    engine = Engine(seed)
    random = engine.random
    limited, paced = random.random() < scenario.limited, random.random() < scenario.paced
    if limited:
        engine.now_s = _MIDNIGHT_S - random.uniform(5, 60)
    history = HistoryBehaviour(
        newest_first=random.random() < 0.5,  # noqa: PLR2004  # coins
        whole_seconds=random.random() < 0.5,  # noqa: PLR2004
        omits_empty_rows=random.random() < 0.5,  # noqa: PLR2004
        ignores_symbols=random.random() < 0.5,  # noqa: PLR2004
    )
    unlimited = 10**9
    limits = Limits(
        uid_weight_1m=180_000 if paced else unlimited,
        ip_weight_1m=unlimited,
        spot_ip_weight_1m=unlimited,
        transfer_weight=900 if paced else 1,
    )
    exchange = Exchange(engine.now_ms, seed, history=history, limits=limits)
    truth = Truth()
    networks = {
        label: Network(
            engine, exchange, _account(exchange), scenario.weather, scenario.settle_ms, hides=HIDDEN_TYPES, truth=truth
        )
        for label in ("treasury", "savings")
    }
    limit = Decimal(scenario.jobs // 2) if limited else None
    witness = Witness(seed, truth, exchange, networks, limit)
    policy = Policy(max_per_day={"USDT": limit} if limit else None)
    world = World(engine, exchange, scenario, witness, Database(), policy)
    for label, network in networks.items():
        _populate(world, label, network)
    engine.run(engine.now_s + _HORIZON_S)
    if world.busy:
        witness.violate(f"{world.busy} workers wait for ever")
    witness.look_back(world.database)
    return Report(sum(truth.deliveries.values()), witness.events, tuple(witness.violations))


def _account(exchange: Exchange) -> int:
    wallets = ("spot", "cross_margin", *(f"isolated_margin:{pair}" for pair in _PAIRS))
    return exchange.open_account({wallet: {"USDT": MONEY, "BNB": MONEY} for wallet in wallets})


def _populate(world: World, label: str, network: Network) -> None:
    random, scenario = world.engine.random, world.scenario
    queues: list[deque[Job]] = [deque() for _ in range(scenario.workers)]
    for number in range(scenario.jobs):
        unkeyed = random.random() < scenario.unkeyed
        name = f"unkeyed-{number}" if unkeyed else f"sweep-{number}"
        shared = not unkeyed and random.random() < scenario.shared
        job = Job(name, None if unkeyed else name, _transfer(world), random.random() < scenario.prepared, shared)
        place = number % scenario.workers
        queues[place].append(job)
        if shared:
            queues[(place + 1) % scenario.workers].append(job)
    workers = [Worker(world, label, network, queue) for queue in queues]
    for worker in workers:
        world.engine.after(random.uniform(0, 0.5), worker.start)
    if random.random() < scenario.misconfigured / 2:
        # Its first call comes when the account has long been bound.
        other = next(known for name, known in world.witness.networks.items() if name != label)
        keyed = deque(job for queue in queues for job in queue if job.key is not None)
        stranger = Worker(world, label, other, deque(list(keyed)[: scenario.jobs // 8]))
        world.engine.after(60, stranger.start)
        workers.append(stranger)
    world.busy += len(workers)
    Operator(world, label, network, resolves=random.random() < 0.8).start()  # noqa: PLR2004  # or has a day off
    _noise(world, network)
    world.closers.append(lambda: close_books(world, label, network))


def _transfer(world: World) -> Transfer:
    random = world.engine.random
    chance = random.random()
    amount = random.choice(_AMOUNTS) if random.random() < world.scenario.alike else str(random.randrange(3, 7))
    pair = random.choice(_PAIRS)
    if chance < 0.05:  # noqa: PLR2004
        return Transfer(_HIDDEN, "USDT", amount, to_symbol=pair)
    if chance < 0.05 + world.scenario.isolated / 2:
        return Transfer(_TO_ISOLATED, "USDT", amount, to_symbol=pair)
    if chance < 0.05 + world.scenario.isolated:
        return Transfer(_FROM_ISOLATED, "USDT", amount, from_symbol=pair)
    return Transfer(random.choice(_SHARED), "USDT", amount)


def _noise(world: World, network: Network) -> None:
    """Let somebody else make transfers of other amounts: more than a page of them, now and then."""
    random = world.engine.random
    for _ in range(world.scenario.jobs):
        if random.random() < world.scenario.noise:
            name, rows = random.choice(_SHARED), random.randrange(130)
            world.engine.after(random.uniform(0, 60), partial(_burst, world, network, name, rows))


def _burst(world: World, network: Network, name: str, rows: int) -> None:
    for row in range(rows):
        values = {"type": name, "asset": "USDT" if row % 2 else "BNB", "amount": str(100 + row)}
        stamped = values | {"timestamp": str(world.engine.now_ms())}
        world.exchange.perform("transfer", stamped, uid=network.uid, fault=None)

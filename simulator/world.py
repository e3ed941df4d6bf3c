"""
One world: an exchange, its accounts, the workers, a person and perhaps a database, from a seed or from a record.

One rule: a world is set up here and judged by `simulator.checker`; in between everybody acts by themselves.
"""

from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from itertools import count
from math import inf
from random import Random
from typing import TYPE_CHECKING, Final, cast

from attrs import define, field

from binance_transfer.attempt import Attempt
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_types import TransferType
from binance_transfer_api.api.asset.universal_transfer import WEIGHT_LIMIT
from binance_transfer_sandbox import Exchange, HistoryBehaviour, Limits
from simulator.chance import Chance
from simulator.checker import Checker, Report, Wrong
from simulator.closing import close_account
from simulator.database import Database, MemoryJournal
from simulator.driver import TIMEOUT_S, Process, SimulatedSession, WorkerClock
from simulator.engine import Engine
from simulator.ground_truth import HIDDEN_TYPES, GroundTruth
from simulator.network import Network, Sender, Traffic
from simulator.pacing import PacingWatch
from simulator.person import Person
from simulator.scenario import Scenario
from simulator.story import NullStory, Story
from simulator.worker import SIZES, Job, JournaledWorker, Worker

if TYPE_CHECKING:
    from binance_transfer.journal import Journal

_SHARED: Final[tuple[TransferType, ...]] = ("MAIN_UMFUTURE", "MAIN_FUNDING")
_TO_ISOLATED: Final[TransferType] = "MARGIN_ISOLATEDMARGIN"
_FROM_ISOLATED: Final[TransferType] = "ISOLATEDMARGIN_MARGIN"
_HIDDEN: Final[TransferType] = "MAIN_ISOLATED_MARGIN"
_PAIRS: Final = ("BTCUSDT", "ETHUSDT")
_AMOUNTS: Final = ("1", "1.0", "2", "2.00", "1.000", "7.3456")
_MONEY: Final = "1000000000"
_MIDNIGHT_S: Final = 6_400.0  # the first one after the engine's epoch
_HORIZON_S: Final = 20_000.0
_NOISE_ROWS: Final = 130  # more than a page
_NEARLY: Final = Decimal("1.005")
_UNLIMITED: Final = 10**9
_WEIGHTS: Final = (9_000, 18_000, 900)  # few, so that a small world meets the limit
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def journal_account(label: str, api_key: str) -> str:
    """Name the journal's account: rule 9."""
    del api_key
    return label


@define(eq=False)
class World:
    """All there is in one history."""

    engine: Engine
    exchange: Exchange
    scenario: Scenario
    chance: Chance
    story: NullStory
    checker: Checker
    database: Database
    policy: Policy
    closers: list[Callable[[], None]] = field(factory=list)
    busy: int = 0
    _api_keys: Iterator[int] = field(factory=lambda: count(1))
    _letters: Iterator[str] = field(factory=lambda: iter(_LETTERS))

    def process(
        self, label: str, network: Network, machine: WorkerClock, sender: Sender, recv_window_ms: int = 5_000
    ) -> Process:
        """Start a process with a client of an account, and with an API key that was not used before."""
        api_key = f"key-{next(self._api_keys)}"
        # Settings may change with a restart; they are never less than what the exchange keeps to.
        settle_ms = sender.chance.pick("settle_ms", self.scenario.settles_ms)
        with_journal = self.scenario.journal
        journal = MemoryJournal(self.database, journal_account(label, api_key)) if with_journal else None
        session = SimulatedSession(
            {"api_key": api_key, "secret": "simulated"},  # nothing is signed here
            "https://simulated.invalid",
            recv_window_ms,
            TIMEOUT_S,
            machine,
            settle_ms,
            (),
            journal=cast("Journal | None", journal),
            policy=self.policy,
        )
        session.on_alert = self.checker.alerts.append
        return Process(self.engine, network, session, machine, sender, self.story)

    def worker_name(self) -> str:
        """Return a name that no other worker has."""
        return f"worker {next(self._letters)}"

    def ended(self) -> None:
        """Note that a worker has nothing to do any more; after the last one the journals are closed."""
        self.busy -= 1
        if self.busy == 0:
            self.close()

    def close(self) -> None:
        """Let every account come to its end."""
        for close in self.closers:
            close()

    def imitate(self, network: Network, transfer: Transfer) -> None:
        """Let somebody else make a transfer that is nearly the same."""
        amount = f"{transfer.amount * _NEARLY:f}"
        self.story.tell("somebody else", "makes {} {} {}", transfer.type, amount, transfer.asset)
        values = dict(Attempt(transfer, self.engine.now_ms(), 5_000).request().parameters) | {"amount": amount}
        texts = {name: str(value) for name, value in values.items()}
        self.exchange.perform("transfer", texts, uid=network.uid, fault=None)

    def burst(self, network: Network, transfer: Transfer, rows: int) -> None:
        """Let somebody else make transfers of a type: one as large as this one, and larger ones."""
        self.story.tell("somebody else", "makes {} {}", rows, transfer.type)
        for row in range(rows):
            asset, amount = ("USDT", str(100_000 + row)) if row % 2 else ("BNB", str(100_000 + row))
            if row == 0:
                amount = transfer.amount_text
            values = {"type": transfer.type, "asset": asset, "amount": amount}
            stamped = values | {"timestamp": str(self.engine.now_ms())}
            self.exchange.perform("transfer", stamped, uid=network.uid, fault=None)


def run(seed: int, scenario: Scenario) -> Report:
    """Run one world and say what came of it."""
    return play(seed, scenario, Chance(Random(seed)))[0]  # noqa: S311  # chance has to repeat itself here


def play(
    seed: int, scenario: Scenario, chance: Chance, *, aloud: bool = False, until_s: float = inf
) -> tuple[Report, NullStory]:
    """Run one world with these choices to its end or until then, and tell its story where somebody listens."""
    engine = Engine()
    story = Story(engine) if aloud else NullStory()
    exchange = _exchange(seed, scenario, chance.stream("the exchange"), engine)
    limited = scenario.journal and chance.stream("the policy").happens("a limit by day", scenario.limited)
    if limited:
        engine.now_s = _MIDNIGHT_S - chance.stream("the policy").between("before midnight", 5, 60)
    traffic, pacing = Traffic(), PacingWatch()
    networks = {
        label: Network(
            engine,
            exchange,
            _open_account(exchange),
            scenario.weather,
            scenario.settle_ms,
            hides=HIDDEN_TYPES,
            traffic=traffic,
            pacing=pacing,
            story=story,
        )
        for label in scenario.accounts
    }
    limit = Decimal(scenario.jobs // 2) if limited else None
    ground_truth = GroundTruth(exchange, traffic, networks, scenario.settle_ms)
    checker = Checker(seed, engine, traffic, exchange, networks, ground_truth, pacing, limit, story)
    policy = Policy(max_per_day={"USDT": limit} if limit else None)
    world = World(engine, exchange, scenario, chance, story, checker, Database(story), policy)
    for label, network in networks.items():
        if chance.stream(label).exists():
            _populate(world, label, network)
    if not world.busy:
        world.close()
    horizon_s = engine.now_s + _HORIZON_S
    engine.run(min(horizon_s, until_s))
    if world.busy and horizon_s <= until_s:
        checker.violate(Wrong.ENDLESS, f"{world.busy} workers wait for ever")
    checker.look_back(world.database)
    return Report(sum(traffic.deliveries.values()), checker.events, tuple(checker.violations)), story


def _exchange(seed: int, scenario: Scenario, chance: Chance, engine: Engine) -> Exchange:
    paced = scenario.journal and chance.happens("its own limits", scenario.paced)
    unlisted = chance.happens("does not know a type, and shows all instead", scenario.unlisted)
    history = HistoryBehaviour(
        newest_first=not chance.happens("oldest first", 0.5),
        whole_seconds=chance.happens("whole seconds", 0.5),
        omits_empty_rows=chance.happens("no rows where there are none", 0.5),
        ignores_symbols=scenario.journal and chance.happens("ignores symbols", 0.5),
        total_off_by=1 if chance.happens("pages never add up", scenario.unsound) else 0,
        unlisted_types=HIDDEN_TYPES if unlisted else frozenset(),
        ignores_unknown_types=unlisted,
    )
    limits = Limits(
        uid_weight_1m=WEIGHT_LIMIT if paced else _UNLIMITED,
        ip_weight_1m=_UNLIMITED,
        spot_ip_weight_1m=_UNLIMITED,
        transfer_weight=chance.pick("weight of a transfer", _WEIGHTS) if paced else 1,
    )
    return Exchange(engine.now_ms, seed, history=history, limits=limits)


def _open_account(exchange: Exchange) -> int:
    wallets = ("spot", "cross_margin", *(f"isolated_margin:{pair}" for pair in _PAIRS))
    return exchange.open_account({wallet: {"USDT": _MONEY, "BNB": _MONEY} for wallet in wallets})


def _populate(world: World, label: str, network: Network) -> None:
    scenario, chance = world.scenario, world.chance.stream(label)
    queues: list[deque[Job]] = [deque() for _ in range(scenario.workers)]
    for number in range(scenario.jobs):
        place = number % scenario.workers
        if (job := _job(world, label, number, place)) is None:
            continue
        queues[place].append(job)
        if job.shared:
            queues[(place + 1) % scenario.workers].append(job)
    kind = JournaledWorker if scenario.journal else Worker
    workers = [kind(world, world.worker_name(), label, network, queue) for queue in queues]
    workers = [worker for worker in workers if worker.jobs]
    for worker in workers:
        world.engine.after(chance.between("starts after", 0, 0.5), worker.start)
    world.busy += len(workers)
    if scenario.journal:
        _misconfigure(world, label, queues)
        Person(world, label, network).start()
        world.closers.append(partial(close_account, world, label, network))


def _misconfigure(world: World, label: str, queues: list[deque[Job]]) -> None:
    """Let one worker have an account's name and the other one's API key. It comes when the account is long bound."""
    name = world.worker_name()
    if not world.chance.stream(name).happens("there is one", world.scenario.misconfigured):
        return
    other = next(known for other, known in world.checker.networks.items() if other != label)
    keyed = [job for queue in queues for job in queue if job.key is not None]
    stranger = JournaledWorker(world, name, label, other, deque(keyed[: world.scenario.jobs // 8]))
    if stranger.jobs:
        world.engine.after(60, lambda: stranger.start() if world.checker.served(label) else world.ended())
        world.busy += 1


def _job(world: World, label: str, number: int, worker: int) -> Job | None:
    scenario, chance = world.scenario, world.chance.stream(f"{label}, job {number}")
    if not chance.exists():
        return None
    noisy = chance.below("how many", _NOISE_ROWS) if chance.happens("strangers are busy", scenario.noise) else 0
    near = chance.happens("a stranger makes nearly the same", scenario.near)
    if not scenario.journal:
        # Nobody spaces identical transfers here, so each worker has amounts of its own.
        amount = str(10**worker * (10 + chance.below("size", SIZES)))
        transfer = _of_type(chance.pick("type", (*_SHARED, _TO_ISOLATED, _HIDDEN)), amount, _PAIRS[0])
        return Job(f"transfer-{number}", None, transfer, noisy=_listed(transfer, noisy), near=near)
    unkeyed = chance.happens("has no key", scenario.unkeyed)
    name = f"unkeyed-{number}" if unkeyed else f"sweep-{number}"
    amount = str(6 - chance.below("size", 4))
    if chance.happens("one of few amounts", scenario.alike):
        amount = chance.pick("amount", _AMOUNTS)
    isolated = (0.05, scenario.isolated / 2, scenario.isolated / 2)
    kinds = (*_SHARED, _HIDDEN, _TO_ISOLATED, _FROM_ISOLATED)
    place = chance.which("kind", isolated)
    kind = kinds[place + 1] if place else chance.pick("type", _SHARED)
    transfer = _of_type(kind, amount, chance.pick("pair", _PAIRS))
    return Job(
        name,
        None if unkeyed else name,
        transfer,
        prepared=chance.happens("prepared", scenario.prepared),
        shared=not unkeyed and chance.happens("told to two workers", scenario.shared),
        noisy=_listed(transfer, noisy),
        near=near and transfer.type in _SHARED,
    )


def _listed(transfer: Transfer, noisy: int) -> int:
    """Keep strangers to the types that an audit can list: it does not know their symbols."""
    return noisy if transfer.type in _SHARED else 0


def _of_type(name: TransferType, amount: str, pair: str) -> Transfer:
    to_pair = pair if name in {_TO_ISOLATED, _HIDDEN} else None
    return Transfer(name, "USDT", amount, from_symbol=pair if name == _FROM_ISOLATED else None, to_symbol=to_pair)

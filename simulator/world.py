"""
Workers that transfer, are left without answers, restart and reconcile; and what has to be true of it all at the end.

One rule: a verdict is compared with what the exchange did, never with what anybody said it did.
"""

import json
from collections import Counter
from collections.abc import Collection, Generator
from decimal import Decimal
from typing import Final

from attrs import define, field, frozen

from binance_transfer import flows
from binance_transfer.attempt import Attempt
from binance_transfer.errors import Ambiguous, NotExecuted, OutcomeUnknown, TransferError
from binance_transfer.wire.outcome import Receipt
from binance_transfer.session import Session
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_types import TransferType
from binance_transfer_sandbox import Exchange, HistoryBehaviour, Limits
from simulator.driver import Life, Machine, Process, waiting
from simulator.engine import Engine
from simulator.network import Network, Weather

_KEY: Final = {"api_key": "simulated", "secret": "simulated"}  # nothing is signed here
_TYPES: Final[tuple[TransferType, ...]] = (
    "MAIN_UMFUTURE",
    "MAIN_FUNDING",
    "MARGIN_ISOLATEDMARGIN",
    "MAIN_ISOLATED_MARGIN",
)
_SYMBOLS: Final = {"MARGIN_ISOLATEDMARGIN": "BTCUSDT", "MAIN_ISOLATED_MARGIN": "ETHUSDT"}
HIDDEN_TYPES: Final = frozenset({"MAIN_ISOLATED_MARGIN"})  # those that history may call something else
MONEY: Final = "1000000000"
_NOISE_ROWS: Final = 130  # more than a page
_UNLIMITED: Final = Limits(uid_weight_1m=10**9, ip_weight_1m=10**9, spot_ip_weight_1m=10**9)


@frozen
class Scenario:
    """How much happens, and in which weather."""

    transfers: int = 200
    workers: int = 4
    settle_ms: int = 12_000
    deadline_s: float = 120.0
    restart: float = 0.25
    postponed: float = 0.2
    """An attempt is left alone until its window is over, and reconciled after all else."""
    noise: float = 0.005
    weather: Weather = field(factory=Weather)


@frozen
class Verdict:
    """What a worker was told about an attempt, last."""

    attempt: Attempt
    result: Receipt | TransferError
    reconciled: bool


@frozen
class Report:
    """What came of a world."""

    transfers: int
    outcomes: Counter[str]
    violations: tuple[str, ...]


@define
class _Worker:
    """One process with a client, one transfer after the other."""

    number: int
    engine: Engine
    network: Network
    exchange: Exchange
    scenario: Scenario
    verdicts: list[Verdict]
    process: Process = field(init=False)
    _sizes: list[int] = field(factory=lambda: [1, 2])
    _known: set[int] = field(factory=set)
    _postponed: list[tuple[Attempt, frozenset[int]]] = field(factory=list)

    @property
    def _window_s(self) -> float:
        """How long a window lasts, and then some."""
        return (self.process.session.settings.recv_window_ms + self.scenario.settle_ms) / 1000 + 5

    def start(self) -> None:
        self._restart()
        self._continue(self._life(), None)

    def _restart(self) -> None:
        machine = Machine(self.engine)
        session = Session(_KEY, "https://simulated.invalid", 5_000, 10.0, machine, self.scenario.settle_ms, ())
        self.process = Process(self.engine, self.network, session, machine)

    def _life(self) -> Life:
        settings = self.process.session.settings
        for _ in range(self.scenario.transfers // self.scenario.workers):
            transfer = self._transfer()
            if self.engine.random.random() < self.scenario.noise:
                self._noise(transfer)
            attempt: Attempt = yield flows.prepare(transfer, settings)
            result: Receipt | TransferError = yield flows.execute(attempt, settings)
            self._note(attempt, result, reconciled=False)
            if isinstance(result, OutcomeUnknown):
                if self.engine.random.random() < self.scenario.postponed:
                    self._postponed.append((attempt, frozenset(self._known)))
                    yield waiting(self._window_s)
                else:
                    if self.engine.random.random() < self.scenario.restart:
                        self._restart()
                    yield from self._reconcile(attempt, self._known)
        self._restart()
        for attempt, known in self._postponed:
            yield from self._reconcile(attempt, known)

    def _reconcile(self, attempt: Attempt, known: Collection[int]) -> Life:
        """Reconcile an attempt that was stored, with the ids that were stored beside it."""
        attempt = Attempt.from_dict(json.loads(json.dumps(attempt.to_dict())))
        session = self.process.session
        result: Receipt | TransferError = yield session.reconciliation(attempt, self.scenario.deadline_s, known)
        self._note(attempt, result, reconciled=True)
        if isinstance(result, OutcomeUnknown):
            # Another transfer of this size inside the open window would break what reconciliation assumes.
            size = int(attempt.transfer.amount) % 1000
            self._sizes = [max(self._sizes) + 1 if other == size else other for other in self._sizes]

    def _transfer(self) -> Transfer:
        name = self.engine.random.choice(_TYPES)
        amount = Decimal(self.number * 1000 + self.engine.random.choice(self._sizes))
        return Transfer(name, "USDT", amount, to_symbol=_SYMBOLS.get(name))

    def _noise(self, transfer: Transfer) -> None:
        """Fill a page with transfers that somebody else makes, one of them just as large."""
        name = transfer.type
        for row in range(self.engine.random.randrange(_NOISE_ROWS)):
            amount = str(row) if row else transfer.amount_text
            values = {"type": name, "asset": "BNB", "amount": amount, "timestamp": str(self.engine.now_ms())}
            symbol = {"toSymbol": _SYMBOLS[name]} if name in _SYMBOLS else {}
            self.exchange.perform("transfer", values | symbol, fault=None)

    def _note(self, attempt: Attempt, result: Receipt | TransferError, *, reconciled: bool) -> None:
        self.verdicts.append(Verdict(attempt, result, reconciled))
        if isinstance(result, Receipt):
            self._known.add(result.tran_id)

    def _continue(self, life: Life, result: object) -> None:
        try:
            flow = life.send(result) if result is not None else next(life)
        except StopIteration:
            return
        self.process.run(flow, lambda outcome: self._continue(life, outcome))


def run(seed: int, scenario: Scenario | None = None) -> Report:
    """Run one world and say what came of it."""
    scenario = scenario or Scenario()
    engine = Engine(seed)
    random = engine.random
    history = HistoryBehaviour(
        newest_first=random.random() < 0.5,  # noqa: PLR2004  # a coin
        whole_seconds=random.random() < 0.5,  # noqa: PLR2004
        omits_empty_rows=random.random() < 0.5,  # noqa: PLR2004
    )
    exchange = Exchange(engine.now_ms, seed, history=history, limits=_UNLIMITED)
    wallets = ("spot", "cross_margin", "isolated_margin:BTCUSDT", "isolated_margin:ETHUSDT")
    uid = exchange.open_account({wallet: {"USDT": MONEY, "BNB": MONEY} for wallet in wallets})
    network = Network(engine, exchange, uid, scenario.weather, scenario.settle_ms, hides=HIDDEN_TYPES)
    verdicts: list[Verdict] = []
    for number in range(1, scenario.workers + 1):
        _Worker(number, engine, network, exchange, scenario, verdicts).start()
    engine.run()
    outcomes = Counter(
        f"{'reconciled: ' if verdict.reconciled else ''}{type(verdict.result).__name__}" for verdict in verdicts
    )
    first = sum(not verdict.reconciled for verdict in verdicts)
    return Report(first, outcomes, tuple(_violations(seed, scenario, network, verdicts, first)))


def _violations(
    seed: int, scenario: Scenario, network: Network, verdicts: list[Verdict], transfers: int
) -> Generator[str, None, None]:
    truth = network.truth
    owners: dict[int, str] = {}
    for verdict in verdicts:
        attempt, result = verdict.attempt, verdict.result
        executions = truth.executions.get(attempt.id, [])
        said = f"seed {seed}: {type(result).__name__} for {attempt.transfer.type} {attempt.transfer.amount}"
        if isinstance(result, Receipt):
            if owners.setdefault(result.tran_id, attempt.id) != attempt.id:
                yield f"{said}: its id belongs to another attempt too"
            if result.tran_id not in [tran_id for tran_id, moved in executions if moved or not verdict.reconciled]:
                yield f"{said}: the exchange did not make it"
        elif isinstance(result, NotExecuted):
            if any(moved for _, moved in executions):
                yield f"{said}: the exchange made it"
        elif isinstance(result, Ambiguous):
            yield f"{said}: nobody made a second one"
        if truth.deliveries.get(attempt.id, 0) > 1:
            yield f"{said}: sent {truth.deliveries[attempt.id]} times"
    if transfers != scenario.transfers // scenario.workers * scenario.workers:
        yield f"seed {seed}: only {transfers} of {scenario.transfers} transfers came to an end"

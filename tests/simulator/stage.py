"""A stage for scripted histories: one exchange, one database, and calls that go on step by step as the script says."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from attrs import define, field

from binance_transfer.attempt import Attempt
from binance_transfer.errors import JournalFailed, TransferError
from binance_transfer.flows.effects import Effect, Flow, Post, Read, Sleep, Transaction
from binance_transfer.journal import manual
from binance_transfer.journal.records import Entry
from binance_transfer.journal.transaction import JournalTransaction
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from binance_transfer.wire.answer import NoAnswer, Reply
from binance_transfer_sandbox import Exchange, HistoryBehaviour
from binance_transfer_sandbox.faults import Fault
from simulator import world
from simulator.database import Database, MemoryJournal
from simulator.driver import SimulatedSession
from simulator.network import NAMES, seen

SETTLE_MS = 12_000
WINDOW_S = 17.0  # recvWindow and settle_ms
_LONG_S = 600.0


class Clock:
    """The stage's time, true on every clock."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def time(self) -> float:
        return self.now_s

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float, /) -> None:
        self.now_s += seconds

    async def sleep_asyncio(self, seconds: float, /) -> None:
        raise AssertionError(seconds)


@define
class Stage:
    """Where a script plays."""

    clock: Clock = field(factory=Clock)
    database: Database = field(factory=Database)
    history: HistoryBehaviour = field(factory=HistoryBehaviour)
    policy: Policy | None = None
    alerts: list[str] = field(factory=list)
    exchange: Exchange = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.exchange = Exchange(lambda: int(self.clock.now_s * 1000), 0, history=self.history)
        wallets = ("spot", "cross_margin", "isolated_margin:BTCUSDT", "isolated_margin:ETHUSDT")
        self.exchange.open_account({wallet: {"USDT": "1000"} for wallet in wallets})

    def worker(self, api_key: str = "key-1", *, timeout_s: float = 10.0, settle_ms: int = SETTLE_MS) -> "Worker":
        journal = MemoryJournal(self.database, world.journal_account("treasury", api_key))
        session = SimulatedSession(
            {"api_key": api_key, "secret": "simulated"},
            "https://simulated.invalid",
            5_000,
            timeout_s,
            self.clock,
            settle_ms,
            (),
            journal=cast("Any", journal),
            policy=self.policy,
        )
        session.on_alert = self.alerts.append
        return Worker(self, session)

    @property
    def moved(self) -> int:
        """How many transfers the exchange has made."""
        return len(self.exchange.ledger.executions())

    def entry(self, key: str) -> Entry:
        entry = self.database.records("treasury").entry(key)
        assert entry is not None
        return entry


@define
class Worker:
    """A process on the stage."""

    stage: Stage
    session: SimulatedSession

    def transfer(
        self,
        key: str | None,
        transfer: Transfer | Attempt,
        *,
        meets: Fault | None = None,
        answered: bool = True,
        within_s: float | None = None,
    ) -> "Act":
        """Begin a call. ``meets`` and ``answered`` say what becomes of what it sends."""
        flow = self.session.transfer(transfer, key, within_s)
        return Act(self, flow, meets, answered=answered)

    def run(self, flow: Flow[Any]) -> Any:
        """Perform a flow to its end."""
        return Act(self, flow, None, answered=True).finish()

    def person(self, key: str, tran_id: int | None) -> None:
        now_ms = self.session.clock.now_ms()
        self.change(lambda journal: manual.resolve(journal, key, tran_id, "looked", now_ms))

    def change(self, change: Callable[[JournalTransaction], Any]) -> Any:
        return self.session.transact(Transaction(change, 1.0))


@define
class Act:
    """A call that goes on as far as the script wants."""

    worker: Worker
    flow: Flow[Any]
    meets: Fault | None
    answered: bool
    effect: Effect[Any] | None = None
    result: Any = None
    after_history: Callable[[], None] | None = None
    transactions_left: int = 1_000_000
    """The database fails once, after so many."""
    _performed: Any = None
    """What an effect came to, where the process has stopped before it saw that."""

    def until(self, wanted: Callable[[Effect[Any]], bool]) -> "Act":
        """Go on until the next effect is such a one. It is not performed."""
        self._begin()
        while self.effect is not None and not wanted(self.effect):
            self._step()
        assert self.effect is not None, f"it ended with {self.result!r}"
        return self

    def stopped_after(self, wanted: Callable[[Effect[Any]], bool]) -> "Act":
        """Go on until such an effect is performed. What it came to is seen when the call goes on."""
        self.until(wanted)
        assert self.effect is not None
        self._performed = self._perform(self.effect)
        return self

    def finish(self) -> Any:
        """Go on to the end, within ten minutes, and return the receipt or the error."""
        self._begin()
        until_s = self.worker.stage.clock.now_s + _LONG_S
        while self.effect is not None:
            assert self.worker.stage.clock.now_s < until_s, "it has no end"
            self._step()
        return self.result

    def _begin(self) -> None:
        if self.effect is None and self.result is None:
            self._resume(lambda: self.flow.send(None))

    def _step(self) -> None:
        assert self.effect is not None
        performed, self._performed = self._performed, None
        try:
            result = performed or self._perform(self.effect)
        except Exception as error:  # noqa: BLE001  # the flow decides what it means
            raised = error
            self._resume(lambda: self.flow.throw(raised))
        else:
            self._resume(lambda: self.flow.send(result))

    def _resume(self, go_on: Callable[[], Effect[Any]]) -> None:
        try:
            self.effect = go_on()
        except StopIteration as stop:
            self.effect, self.result = None, stop.value
        except TransferError as error:
            self.effect, self.result = None, error

    def _perform(self, effect: Effect[Any]) -> object:
        session, clock = self.worker.session, self.worker.stage.clock
        match effect:
            case Post(attempt):
                assert session.refusal(effect) is None
                reply = self._sent(attempt.request(), self.meets)
                return reply if self.answered else NoAnswer(sent=True, reason="lost")
            case Read(request):
                reply = self._sent(request, None)
                if "asset/transfer" in request.path and self.after_history:
                    self.after_history()
                return reply
            case Sleep(seconds):
                clock.sleep(seconds)
                return None
            case Transaction():
                self.transactions_left -= 1
                if self.transactions_left == 0:
                    raise JournalFailed("the database is out of order")
                return session.transact(effect)
            case _:
                raise AssertionError(effect)

    def _sent(self, request: Any, fault: Fault | None) -> Reply:
        name = NAMES[request.method, request.path]
        return seen(self.worker.stage.exchange.perform(name, list(request.parameters), fault=fault))


def sending(effect: Effect[Any]) -> bool:
    """The next effect sends a transfer."""
    return isinstance(effect, Post)


def recording(effect: Effect[Any]) -> bool:
    """The next effect records an attempt."""
    return isinstance(effect, Transaction) and "_begin" in getattr(effect.change, "__qualname__", "")


def writing_verdict(effect: Effect[Any]) -> bool:
    """The next effect writes what reconciliation found."""
    return isinstance(effect, Transaction) and "_close" in getattr(effect.change, "__qualname__", "")


def amount(text: str, *, pair: str | None = None) -> Transfer:
    """A transfer of so much USDT, to an isolated wallet where a pair is named."""
    if pair is None:
        return Transfer("MAIN_UMFUTURE", "USDT", Decimal(text))
    return Transfer("MARGIN_ISOLATEDMARGIN", "USDT", Decimal(text), to_symbol=pair)

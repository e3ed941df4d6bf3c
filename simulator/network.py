"""
What lies between a worker and the exchange, and what can go wrong there.

One rule: a request that left is delivered at most once, at a time of its own, whether or not anybody still waits.
"""

from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from binance_transfer.wire.answer import Answer, NoAnswer, Reply
from binance_transfer.attempt import Attempt
from binance_transfer.flows import Post, Read
from binance_transfer_api.types import Request
from binance_transfer_sandbox import Exchange, faults, wire
from binance_transfer_sandbox.faults import Fault
from binance_transfer_sandbox.operations import OperationName
from simulator.engine import Engine

NAMES: Final[dict[tuple[str, str], OperationName]] = {
    ("POST", "/sapi/v1/asset/transfer"): "transfer",
    ("GET", "/sapi/v1/asset/transfer"): "history",
    ("GET", "/api/v3/time"): "time",
    ("GET", "/api/v3/account"): "account",
}
_POST_FAULTS: Final[tuple[Callable[[], Fault], ...]] = (
    lambda: faults.Drop(executes=True),
    lambda: faults.Drop(executes=False),
    lambda: faults.Drop(executes=True, reset=True),
    lambda: faults.GatewayError(executes=True, status=503),
    lambda: faults.GatewayError(executes=False, status=520),
    lambda: faults.BackendTimeout(executes=True, status=408),
    lambda: faults.BackendTimeout(executes=False, status=400),
    lambda: faults.BrokenAnswer(executes=True, form="truncated"),
    lambda: faults.BrokenAnswer(executes=True, form="float_tran_id"),
    lambda: faults.BrokenAnswer(executes=False, form="no_tran_id"),
    lambda: faults.Redirect(executes=False),
    faults.Firewall,
    lambda: faults.RateLimited(retry_after_s=2),
    lambda: faults.ClockSkew(offset_ms=-30_000),
)
_READ_FAULTS: Final[tuple[Callable[[], Fault], ...]] = (
    lambda: faults.Drop(executes=True),
    lambda: faults.GatewayError(executes=False, status=502),
    lambda: faults.BrokenAnswer(executes=True, form="empty"),
    lambda: faults.BrokenAnswer(executes=True, form="error_code"),
    lambda: faults.RateLimited(retry_after_s=3),
)


@frozen
class Weather:
    """How often things go wrong: probabilities, per request."""

    refused: float = 0.01
    lost: float = 0.02
    answer_lost: float = 0.02
    post_fault: float = 0.06
    read_fault: float = 0.04
    late: float = 0.04
    """The request is on its way, or waits inside the exchange, for seconds."""
    pending: float = 0.02
    failed: float = 0.01
    settling_lost: float = 0.6
    """What makes a transfer pending or hides it often loses the answer too."""
    hidden: float = 0.02
    """History shows the transfer seconds later."""
    shifting: float = 0.03
    """A row appears while pages are read."""


ROUGH: Final = Weather(
    refused=0.02, lost=0.03, answer_lost=0.03, post_fault=0.1, read_fault=0.05, late=0.05, pending=0.03, failed=0.02,
    hidden=0.15,
)  # fmt: skip
"""For finding a mistake with few transfers."""


CALM: Final = Weather(
    refused=0, lost=0, answer_lost=0, post_fault=0, read_fault=0, late=0, settling_lost=0, pending=0, failed=0,
    hidden=0, shifting=0,
)  # fmt: skip


@define
class Truth:
    """What really happened, by attempt."""

    deliveries: dict[str, int] = field(factory=dict)
    executions: dict[str, list[tuple[int, bool]]] = field(factory=dict)
    """Attempt → id of the exchange, and whether the money moved or will."""


class Network:
    """Carries requests of one account to one exchange."""

    def __init__(
        self,
        engine: Engine,
        exchange: Exchange,
        uid: int,
        weather: Weather,
        settle_ms: int,
        *,
        hides: frozenset[str],
        truth: Truth | None = None,
    ) -> None:
        self._engine: Final = engine
        self._exchange: Final = exchange
        self.uid: Final = uid
        self.weather = weather
        self._settle_ms: Final = settle_ms
        self._hides: Final = hides
        self.truth: Final = truth or Truth()
        self.next_post: Fault | None = None
        """What the next transfer meets, whatever the weather."""

    def send(self, effect: Post | Read, answer: Callable[[Reply], None]) -> None:
        """Carry a request; ``answer`` is called once, at the latest when the caller's time is over."""
        random, weather, engine = self._engine.random, self.weather, self._engine
        request = effect.attempt.request() if isinstance(effect, Post) else effect.request
        attempt = effect.attempt if isinstance(effect, Post) else None
        once = _Once(answer)
        if random.random() < weather.refused:
            engine.after(random.uniform(0.001, 0.2), lambda: once(NoAnswer(sent=False, reason="refused")))
            return
        # A process that slept may find that its time is over before it asks.
        engine.after(max(0.0, effect.timeout_s), lambda: once(NoAnswer(sent=True, reason="timed out")))
        if random.random() < weather.lost:
            if random.random() < 0.5:  # noqa: PLR2004  # half of the losses are noticed before the time is over
                engine.after(random.uniform(0.01, 1), lambda: once(NoAnswer(sent=True, reason="reset")))
            return
        way_s = random.uniform(0.002, 0.08)
        if random.random() < weather.late:
            way_s = random.uniform(0.5, 9)
            if random.random() < 0.5:  # noqa: PLR2004  # the caller is cut off while the request goes on
                engine.after(random.uniform(0.01, 1), lambda: once(NoAnswer(sent=True, reason="reset")))
        engine.after(way_s, lambda: self._deliver(request, attempt, once))

    def _deliver(self, request: Request, attempt: Attempt | None, once: "_Once") -> None:
        random, weather = self._engine.random, self.weather
        name = NAMES[request.method, request.path]
        fault = self._post_fault(attempt) if attempt else self._read_fault(name)
        reply = self._perform(name, request, fault) if attempt is None else self._execute(attempt, request, fault)
        odd = isinstance(fault, faults.Settle | faults.Hide)
        if random.random() < (weather.settling_lost if odd else weather.answer_lost):
            if random.random() < 0.7:  # noqa: PLR2004  # most callers notice
                self._engine.after(random.uniform(0.002, 0.5), lambda: once(NoAnswer(sent=True, reason="cut off")))
            return
        back_s = random.uniform(0.002, 0.08)
        if name == "history" and dict(request.parameters)["type"] in self._hides and isinstance(reply, Answer):
            reply = Answer(200, {}, b'{"total":0,"rows":[]}')  # listed under another name, or not at all
        self._engine.after(back_s, lambda: once(reply))

    def _execute(self, attempt: Attempt, request: Request, fault: Fault | None) -> Reply:
        truth = self.truth
        truth.deliveries[attempt.id] = truth.deliveries.get(attempt.id, 0) + 1
        before = len(self._exchange.ledger)
        reply = self._perform("transfer", request, fault)
        for entry in tuple(self._exchange.ledger)[before:] if len(self._exchange.ledger) > before else ():
            moved = entry.final_status == "CONFIRMED"
            truth.executions.setdefault(attempt.id, []).append((entry.tran_id, moved))
        return reply

    def _perform(self, name: OperationName, request: Request, fault: Fault | None) -> Reply:
        return seen(self._exchange.perform(name, list(request.parameters), uid=self.uid, fault=fault))

    def _post_fault(self, attempt: Attempt) -> Fault | None:
        random, weather = self._engine.random, self.weather
        if (fault := self.next_post) is not None:
            self.next_post = None
            return fault
        chance = random.random()
        if (chance := chance - weather.post_fault) < 0:
            return random.choice(_POST_FAULTS)()
        if (chance := chance - weather.pending) < 0:
            return faults.Settle(status="CONFIRMED", after_ms=random.randrange(20_000))
        if (chance := chance - weather.failed) < 0:
            return faults.Settle(status="FAILED", after_ms=random.randrange(20_000))
        if chance - weather.hidden < 0:
            # Half of them until the last moment that is assumed to be possible.
            last_ms = attempt.timestamp_ms + attempt.recv_window_ms + self._settle_ms - self._engine.now_ms()
            for_ms = last_ms - random.randrange(400) if random.random() < 0.5 else random.randrange(self._settle_ms)  # noqa: PLR2004
            return faults.Hide(for_ms=max(0, for_ms))
        return None

    def _read_fault(self, name: str) -> Fault | None:
        random, weather = self._engine.random, self.weather
        if random.random() < weather.read_fault:
            return random.choice(_READ_FAULTS)()
        if name == "history" and random.random() < weather.shifting:
            return faults.ShiftPages(asset="BNB")
        return None


class _Once:
    """An answer that arrives once: whatever comes later finds nobody waiting."""

    __slots__ = ("_answer",)

    def __init__(self, answer: Callable[[Reply], None]) -> None:
        self._answer: Callable[[Reply], None] | None = answer

    def __call__(self, reply: Reply) -> None:
        if answer := self._answer:
            self._answer = None
            answer(reply)


def seen(reply: wire.Reply) -> Reply:
    """Return what a client would make of what the exchange put on the wire."""
    match reply:
        case wire.Answer(status, headers, body):
            return Answer(status, {name.lower(): value for name, value in headers}, body)
        case wire.Refused():
            return NoAnswer(sent=False, reason="refused")
        case _:
            return NoAnswer(sent=True, reason=type(reply).__name__)

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
from binance_transfer_sandbox.ledger import Entry as LedgerEntry
from binance_transfer_sandbox.operations import OperationName
from simulator import wording
from simulator.chance import Chance
from simulator.engine import Engine
from simulator.story import Silence, TranId
from simulator.weather import Arrival, Weather, post_fault, read_fault

NAMES: Final[dict[tuple[str, str], OperationName]] = {
    ("POST", "/sapi/v1/asset/transfer"): "transfer",
    ("GET", "/sapi/v1/asset/transfer"): "history",
    ("GET", "/api/v3/time"): "time",
    ("GET", "/api/v3/account"): "account",
}


@define
class Traffic:
    """What reached the exchange, and what it executed, by attempt."""

    deliveries: dict[str, int] = field(factory=dict)
    executions: dict[str, list[tuple[int, bool]]] = field(factory=dict)
    """Attempt → id of the exchange, and whether the money moved or will."""

    _noted: set[int] = field(factory=set)

    def note(self, attempt: Attempt, entry: LedgerEntry) -> bool:
        """Take over what the exchange made for an attempt; False where it is known already."""
        if entry.tran_id in self._noted:
            return False
        self._noted.add(entry.tran_id)
        self.executions.setdefault(attempt.id, []).append((entry.tran_id, entry.final_status == "CONFIRMED"))
        return True

    def moved(self, attempt_id: str) -> list[int]:
        """Return the ids under which an attempt moved money."""
        return [tran_id for tran_id, moved in self.executions.get(attempt_id, []) if moved]


@frozen
class Sender:
    """Who sends, and whose choices decide what becomes of it. A story does not tell what a quiet one reads."""

    name: str
    chance: Chance
    quiet: bool = False


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
        traffic: Traffic,
        story: Silence,
    ) -> None:
        self._engine: Final = engine
        self._exchange: Final = exchange
        self.uid: Final = uid
        self.weather = weather
        self._settle_ms: Final = settle_ms
        self._hides: Final = hides
        self._traffic: Final = traffic
        self._story: Final = story
        self.next_post: Fault | None = None
        """What the next transfer meets, whatever the weather."""

    def send(self, effect: Post | Read, sender: Sender, answer: Callable[[Reply], None]) -> None:
        """Carry a request; ``answer`` is called once, at the latest when the caller's time is over."""
        weather, engine = self.weather, self._engine
        attempt = effect.attempt if isinstance(effect, Post) else None
        name = "transfer" if attempt else NAMES[effect.request.method, effect.request.path]  # type: ignore[union-attr]
        chance, once = sender.chance.part(name), _Once(answer)
        way_s = 0.0
        match chance.which("the way there", (weather.refused, weather.lost, weather.late)):
            case 1:
                if attempt:
                    self._story.tell(sender.name, "sends {}: no connection", attempt)
                engine.after(
                    chance.between("refused after", 0.001, 0.2), lambda: once(NoAnswer(sent=False, reason="refused"))
                )
                return
            case 2:
                if attempt:
                    self._story.tell(sender.name, "sends {}: the request is lost", attempt)
                if chance.happens("a loss is noticed", 0.5):
                    self._cut_off(chance, once)
                way_s = -1
            case 3:
                way_s = chance.between("late by", 0.5, 9)
                if chance.happens("the caller is cut off meanwhile", 0.5):
                    self._cut_off(chance, once)
            case _:
                way_s = chance.between("way there", 0.002, 0.08)
        # A process that slept may find that its time is over before it asks.
        engine.after(max(0.0, effect.timeout_s), lambda: once(NoAnswer(sent=True, reason="timed out")))
        if way_s < 0:
            return
        if attempt is None:
            request = effect.request  # type: ignore[union-attr]  # no attempt, no Post
            engine.after(way_s, lambda: self._deliver_read(name, request, sender, chance, once))
        else:
            engine.after(way_s, lambda: self._deliver_post(attempt, way_s, sender, chance, once))

    def _cut_off(self, chance: Chance, once: "_Once") -> None:
        self._engine.after(chance.between("cut off after", 0.01, 1), lambda: once(NoAnswer(sent=True, reason="reset")))

    def _deliver_post(self, attempt: Attempt, way_s: float, sender: Sender, chance: Chance, once: "_Once") -> None:
        traffic, ledger = self._traffic, self._exchange.ledger
        traffic.deliveries[attempt.id] = traffic.deliveries.get(attempt.id, 0) + 1
        before = len(ledger)
        fault, self.next_post = self.next_post, None
        if fault is None:
            arrival = Arrival(attempt, self._engine.now_ms(), self._settle_ms)
            fault = post_fault(self.weather, arrival, chance)
        reply = self._perform("transfer", attempt.request(), fault)
        entries = tuple(ledger)[before:] if len(ledger) > before else ()
        for entry in entries:
            traffic.note(attempt, entry)
        if isinstance(fault, faults.Unanswered) and fault.late_ms:
            due_ms = self._engine.now_ms() + fault.late_ms
            self._engine.after((fault.late_ms + 1) / 1000, lambda: self._executed_late(attempt, due_ms))
        odd = isinstance(fault, faults.Settle | faults.Hide)
        back = self._back(reply, self.weather.settling_lost if odd else self.weather.answer_lost, chance, once)
        if self._story.listens:
            received = reply if back else NoAnswer(sent=True, reason="lost")
            words = wording.post(attempt, fault, entries, received, self._engine.now_ms(), way_s)
            self._story.tell(sender.name, *words)

    def _executed_late(self, attempt: Attempt, due_ms: int) -> None:
        """Find out which row is that of a request that waited inside the exchange."""
        transfer = attempt.transfer
        for entry in self._exchange.ledger.between(self.uid, transfer.type, due_ms, due_ms):
            same = (entry.asset, entry.amount) == (transfer.asset, transfer.amount)
            if same and self._traffic.note(attempt, entry):
                self._story.tell("the exchange", "now makes {} as {}", attempt, TranId(entry.tran_id))
                return

    def _deliver_read(
        self, name: OperationName, request: Request, sender: Sender, chance: Chance, once: "_Once"
    ) -> None:
        reply = self._perform(name, request, read_fault(self.weather, name, chance))
        if name == "history" and dict(request.parameters)["type"] in self._hides and isinstance(reply, Answer):
            reply = Answer(200, {}, b'{"total":0,"rows":[]}')  # listed under another name, or not at all
        back = self._back(reply, self.weather.answer_lost, chance, once)
        if self._story.listens and name == "history" and not sender.quiet:
            received = reply if back else NoAnswer(sent=True, reason="lost")
            self._story.tell(sender.name, *wording.reading(request, received))

    def _back(self, reply: Reply, lost: float, chance: Chance, once: "_Once") -> bool:
        """Carry an answer back, unless it is lost."""
        if chance.happens("the answer is lost", lost):
            if chance.happens("and the caller notices", 0.7):
                self._engine.after(
                    chance.between("after", 0.002, 0.5), lambda: once(NoAnswer(sent=True, reason="cut off"))
                )
            return False
        self._engine.after(chance.between("way back", 0.002, 0.08), lambda: once(reply))
        return True

    def _perform(self, name: OperationName, request: Request, fault: Fault | None) -> Reply:
        return seen(self._exchange.perform(name, list(request.parameters), uid=self.uid, fault=fault))


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

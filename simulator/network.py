"""
What lies between a worker and the exchange, and what can go wrong there.

One rule: a request that left is delivered at most once, at a time of its own, whether or not anybody still waits.
"""

from collections.abc import Callable
from typing import Final

from attrs import define, field

from binance_transfer.attempt import Attempt
from binance_transfer.flows.effects import Post, Read
from binance_transfer.wire.answer import Answer, NoAnswer, Reply
from binance_transfer_api.types import Request
from binance_transfer_sandbox import Exchange, faults, wire
from binance_transfer_sandbox.faults import Fault
from binance_transfer_sandbox.ledger import Entry as LedgerEntry
from binance_transfer_sandbox.operations import OperationName
from simulator import wording
from simulator.chance import Chance
from simulator.engine import Engine
from simulator.pacing import PacingWatch
from simulator.replica import Replica
from simulator.story import NullStory, TranId
from simulator.weather import UNLISTED, Arrival, Weather, post_fault, read_fault

NAMES: Final[dict[tuple[str, str], OperationName]] = {
    ("POST", "/sapi/v1/asset/transfer"): "transfer",
    ("GET", "/sapi/v1/asset/transfer"): "history",
    ("GET", "/api/v3/time"): "time",
    ("GET", "/api/v3/account"): "account",
}

_UNUSUAL: Final = (faults.Settle, faults.Hide, faults.Stamp, faults.Respell)
"""What often loses the answer too."""


@define
class Traffic:
    """What reached the exchange, and what it executed, by attempt."""

    deliveries: dict[str, int] = field(factory=dict)
    executions: dict[str, list[tuple[int, bool]]] = field(factory=dict)
    """Attempt → id of the exchange, and whether the money moved or will."""

    twinned: set[str] = field(factory=set)
    """Attempts of which a stranger has made an identical one."""
    beyond: set[str] = field(factory=set)
    """Attempts that history hides until long after their windows."""

    rows: dict[int, LedgerEntry] = field(factory=dict)
    """Id of the exchange → what the ledger says, for ours."""

    def known(self, tran_id: int) -> bool:
        """Tell whether a row of the ledger is one of ours."""
        return tran_id in self.rows

    def note(self, attempt: Attempt, entry: LedgerEntry) -> bool:
        """Take over what the exchange made for an attempt; False where it is known already."""
        if entry.tran_id in self.rows:
            return False
        self.rows[entry.tran_id] = entry
        self.executions.setdefault(attempt.id, []).append((entry.tran_id, entry.final_status == "CONFIRMED"))
        return True

    def moved(self, attempt_id: str) -> list[int]:
        """Return the ids under which an attempt moved money."""
        return [tran_id for tran_id, moved in self.executions.get(attempt_id, []) if moved]


@define
class Sender:
    """
    Who sends, and whose choices decide what becomes of it.

    quiet: a story does not tell what it reads.
    since_s: when its present call began.
    """

    name: str
    chance: Chance
    quiet: bool = False
    since_s: float = 0.0


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
        pacing: PacingWatch,
        story: NullStory,
    ) -> None:
        self._engine: Final = engine
        self._exchange: Final = exchange
        self.uid: Final = uid
        self.weather = weather
        self._settle_ms: Final = settle_ms
        self._hides: Final = hides
        self._misnames: Final = exchange.history.ignores_unknown_types
        self._traffic: Final = traffic
        self._pacing: Final = pacing
        self._story: Final = story
        self.replica: Final = Replica(engine, story)
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
        if self._misnames and attempt.transfer.type in self._hides:
            fault = UNLISTED  # whatever else it may have met
        reply = self._perform("transfer", attempt.request(), fault)
        entries = tuple(ledger)[before:] if len(ledger) > before else ()
        for entry in entries:
            self._note(attempt, entry)
        waiting = faults.part(fault, faults.Unanswered)
        if waiting and waiting.late_ms:
            due_ms = self._engine.now_ms() + waiting.late_ms
            self._engine.after((waiting.late_ms + 1) / 1000, lambda: self._executed_late(attempt, due_ms))
        odd = any(faults.part(fault, kind) for kind in _UNUSUAL)
        back = self._back(reply, self.weather.settling_lost if odd else self.weather.answer_lost, chance, once)
        if back and isinstance(reply, Answer):
            self._pacing.answered(attempt, reply, self._engine.now_ms())
        if self._story.listens:
            received = reply if back else NoAnswer(sent=True, reason="lost")
            words = wording.post(attempt, fault, entries, received, self._engine.now_ms(), way_s)
            self._story.tell(sender.name, *words)
        if fault is None and entries and not back and chance.happens("a stranger does the same", self.weather.twinned):
            self._imitate(attempt)

    def _note(self, attempt: Attempt, entry: LedgerEntry) -> bool:
        if not self._traffic.note(attempt, entry):
            return False
        self.replica.executed(attempt, entry, self._settle_ms)
        if entry.visible_ms > attempt.timestamp_ms + attempt.recv_window_ms + self._settle_ms:
            self._traffic.beyond.add(attempt.id)
        return True

    def _imitate(self, attempt: Attempt) -> None:
        """Let a stranger make the same transfer at the same moment, so that history shows both or none."""
        transfer, before = attempt.transfer, len(self._exchange.ledger)
        values = dict(attempt.request().parameters) | {"timestamp": str(self._engine.now_ms())}
        self._exchange.perform(
            "transfer", {name: str(value) for name, value in values.items()}, uid=self.uid, fault=None
        )
        if len(self._exchange.ledger) > before:
            self._traffic.twinned.add(attempt.id)
            self._story.tell("somebody else", "makes {} {} {} too", transfer.type, transfer.amount_text, transfer.asset)

    def _executed_late(self, attempt: Attempt, due_ms: int) -> None:
        """Find out which row is that of a request that waited inside the exchange."""
        transfer = attempt.transfer
        self._exchange.settle()
        for entry in self._exchange.ledger.between(self.uid, transfer.type, due_ms, due_ms):
            same = (entry.asset, entry.amount) == (transfer.asset, transfer.amount)
            if same and self._note(attempt, entry):
                self._story.tell("the exchange", "now makes {} as {}", attempt, TranId(entry.tran_id))
                return

    def _deliver_read(
        self, name: OperationName, request: Request, sender: Sender, chance: Chance, once: "_Once"
    ) -> None:
        asked = dict(request.parameters)
        fault: Fault | None = None
        if name == "history":
            query = (str(asked["type"]), _text(asked.get("fromSymbol")), _text(asked.get("toSymbol")))
            fault = self.replica.still(self.weather, chance, query, sender.since_s)
        fault = fault or read_fault(self.weather, name, chance)
        if name == "history" and fault is None:
            fault = self.replica.late(self.weather, chance)
        reply = self._perform(name, request, fault)
        if name == "history" and not self._misnames and asked["type"] in self._hides and isinstance(reply, Answer):
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


def _text(value: object) -> str | None:
    return None if value is None else str(value)


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

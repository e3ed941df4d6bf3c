"""
What lies between a worker and the exchange, and what can go wrong there.

One rule: a request that left is delivered at most once, at a time of its own, whether or not anybody still waits.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from attrs import define, field, frozen

from binance_transfer.answer import Answer, NoAnswer, Reply
from binance_transfer.attempt import Attempt
from binance_transfer.flows import Post, Read
from binance_transfer_api.types import Request
from binance_transfer_sandbox import Exchange, faults, wire
from binance_transfer_sandbox.faults import Fault
from binance_transfer_sandbox.ledger import Entry as LedgerEntry
from binance_transfer_sandbox.operations import OperationName
from simulator.chance import Chance
from simulator.engine import Engine
from simulator.story import Moment, Silence, TranId

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
_NOTABLE_S: Final = 0.1  # a story tells how long a request took from here on
_FEW: Final = 4  # rows that a story shows one by one


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
    queued: float = 0.01
    """The exchange begins the transfer in time and executes it up to the end of recvWindow."""
    shifting: float = 0.03
    """A row appears while pages are read."""


ROUGH: Final = Weather(
    refused=0.02, lost=0.03, answer_lost=0.03, post_fault=0.1, read_fault=0.05, late=0.05, pending=0.03, failed=0.02,
    hidden=0.15, queued=0.03,
)  # fmt: skip
"""For finding a mistake with few transfers."""


CALM: Final = Weather(
    refused=0, lost=0, answer_lost=0, post_fault=0, read_fault=0, late=0, settling_lost=0, pending=0, failed=0,
    hidden=0, queued=0, shifting=0,
)  # fmt: skip


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
        fault = self._post_fault(attempt, chance)
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
            self._tell_post(
                attempt, way_s, sender, fault, entries, reply if back else NoAnswer(sent=True, reason="lost")
            )

    def _executed_late(self, attempt: Attempt, due_ms: int) -> None:
        """Find out which row is that of a request that waited inside the exchange."""
        transfer = attempt.transfer
        wanted = (self.uid, transfer.type, transfer.asset, transfer.amount, due_ms)
        for entry in self._exchange.ledger:
            same = (entry.uid, entry.type, entry.asset, entry.amount, entry.time_ms) == wanted
            if same and self._traffic.note(attempt, entry):
                self._story.tell("the exchange", "now makes {} as {}", attempt, TranId(entry.tran_id))
                return

    def _deliver_read(
        self, name: OperationName, request: Request, sender: Sender, chance: Chance, once: "_Once"
    ) -> None:
        reply = self._perform(name, request, self._read_fault(name, chance))
        if name == "history" and dict(request.parameters)["type"] in self._hides and isinstance(reply, Answer):
            reply = Answer(200, {}, b'{"total":0,"rows":[]}')  # listed under another name, or not at all
        back = self._back(reply, self.weather.answer_lost, chance, once)
        if self._story.listens and name == "history" and not sender.quiet:
            self._tell_read(request, sender, reply if back else NoAnswer(sent=True, reason="lost"))

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

    def _post_fault(self, attempt: Attempt, chance: Chance) -> Fault | None:
        weather = self.weather
        if (fault := self.next_post) is not None:
            self.next_post = None
            return fault
        odds = (weather.post_fault, weather.pending, weather.failed, weather.hidden, weather.queued)
        match chance.which("at the exchange", odds):
            case 1:
                fault = chance.pick("a fault", _POST_FAULTS)()
            case 2:
                fault = faults.Settle(status="CONFIRMED", after_ms=chance.below("pending for", 20_000))
            case 3:
                fault = faults.Settle(status="FAILED", after_ms=chance.below("fails after", 20_000))
            case 4:
                # Half of them until the last moment that is assumed to be possible.
                until_ms = self._until_ms(attempt)
                if chance.happens("hidden to the end", 0.5):
                    hidden_ms = until_ms - chance.below("but for", 400)
                else:
                    hidden_ms = chance.below("hidden for", self._settle_ms)
                fault = faults.Hide(for_ms=max(0, hidden_ms))
            case 5:
                fault = self._queued(attempt, chance)
        return fault

    def _queued(self, attempt: Attempt, chance: Chance) -> Fault:
        """Let it be begun in time and executed later, up to the last moment at which that can be."""
        left_ms = attempt.timestamp_ms + attempt.recv_window_ms - self._engine.now_ms()
        late_ms = max(0, left_ms - chance.below("executed before the end by", max(1, left_ms)))
        return faults.Drop(executes=True, late_ms=late_ms)

    def _until_ms(self, attempt: Attempt) -> int:
        return attempt.timestamp_ms + attempt.recv_window_ms + self._settle_ms - self._engine.now_ms()

    def _read_fault(self, name: str, chance: Chance) -> Fault | None:
        weather = self.weather
        shifting = weather.shifting if name == "history" else 0.0
        match chance.which("at the exchange", (weather.read_fault, shifting)):
            case 1:
                return chance.pick("a fault", _READ_FAULTS)()
            case 2:
                return faults.ShiftPages(asset="BNB")
            case _:
                return None

    def _tell_post(
        self,
        attempt: Attempt,
        way_s: float,
        sender: Sender,
        fault: Fault | None,
        entries: tuple[LedgerEntry, ...],
        reply: Reply,
    ) -> None:
        now_ms = self._engine.now_ms()
        template, things = "sends {}", list[object]([attempt])
        if way_s > _NOTABLE_S:
            template += f"; {way_s:.1f} s later it arrives"
        waits_ms = fault.late_ms if isinstance(fault, faults.Unanswered) else 0
        for entry in entries:
            template += "; the exchange makes it as {}"
            things.append(TranId(entry.tran_id))
            if entry.settles_ms > now_ms:
                template += f", PENDING until {{}}, then {entry.final_status}"
                things.append(Moment(entry.settles_ms))
            elif entry.final_status == "FAILED":
                template += ", FAILED"
            if entry.visible_ms > now_ms:
                template += ", not in history until {}"
                things.append(Moment(entry.visible_ms))
        if not entries:
            template += "; it waits inside the exchange" if waits_ms else "; the exchange does not make it"
        if isinstance(reply, NoAnswer):
            template += ", the answer is lost" if reply.sent else ""
        elif not entries or reply.status != 200:  # noqa: PLR2004  # all is well
            template += f", the answer is {_gist(reply)}"
        self._story.tell(sender.name, template, *things)

    def _tell_read(self, request: Request, sender: Sender, reply: Reply) -> None:
        parameters = dict(request.parameters)
        template, things = f"reads history of {parameters['type']}", list[object]()
        rows = _rows(reply)
        if rows is None:
            template += f": {'no answer' if isinstance(reply, NoAnswer) else _gist(reply)}"
        elif not rows:
            template += ": no row"
        elif len(rows) > _FEW:
            template += f": {len(rows)} rows"
        else:
            template += ": " + ", ".join(f"{row['amount']} {row['asset']} {{}} {row['status']}" for row in rows)
            things += [TranId(row["tranId"]) for row in rows]
        self._story.tell(sender.name, template, *things)


def _rows(reply: Reply) -> list[dict[str, Any]] | None:
    """Return the rows of an answer, None where it has none to show."""
    if isinstance(reply, NoAnswer) or reply.status != 200:  # noqa: PLR2004  # all is well
        return None
    try:
        page = json.loads(reply.body)
    except ValueError:
        return None
    return list(page.get("rows", ())) if "total" in page else None


def _gist(reply: Answer) -> str:
    try:
        code = json.loads(reply.body).get("code", "")
    except ValueError:
        code = ""
    return f"HTTP {reply.status} {code or 'without a usable body'}"


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

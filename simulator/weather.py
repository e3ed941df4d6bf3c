"""
How often things go wrong on the way to the exchange and inside it, and what then.

One rule: what executes does so within the window that is assumed, and shows in history there; only `Weather.beyond`
breaks that.
"""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from binance_transfer.attempt import Attempt
from binance_transfer_sandbox import faults
from binance_transfer_sandbox.faults import Fault
from simulator.chance import Chance

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
    lambda: faults.RateLimited(retry_after_s=8),
    lambda: faults.ClockSkew(offset_ms=30_000),  # ahead: one that is behind would accept what is too old
)
_READ_FAULTS: Final[tuple[Callable[[], Fault], ...]] = (
    lambda: faults.Drop(executes=True),
    lambda: faults.GatewayError(executes=False, status=502),
    lambda: faults.BrokenAnswer(executes=True, form="empty"),
    lambda: faults.BrokenAnswer(executes=True, form="error_code"),
    lambda: faults.RateLimited(retry_after_s=3),
)


_SPELLINGS: Final[tuple[Callable[[], faults.Respell], ...]] = (
    lambda: faults.Respell(amount="fee", fee_bp=30),
    lambda: faults.Respell(amount="cut", digits=2),
    lambda: faults.Respell(amount="rounded", digits=2),
    lambda: faults.Respell(amount="zeros"),
    lambda: faults.Respell(asset="lower"),
    lambda: faults.Respell(asset="full_width"),
    lambda: faults.Respell(type="MAIN_C2C"),
    lambda: faults.Respell(time="seconds"),
    lambda: faults.Respell(time="whole_seconds"),
    lambda: faults.Respell(offset_ms=-120_000),
    lambda: faults.Respell(offset_ms=120_000),
)
"""How a row may be written. Nothing makes it look like another transfer of ours: the amounts are too far apart."""

UNLISTED: Final = faults.Respell(type="MAIN_ISOLATED")
"""What history calls a type that it does not know, where it shows that at all."""


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
    """Some for longer than the window lasts."""
    failed: float = 0.01
    settling_lost: float = 0.6
    """What makes a transfer pending, hides it or stamps it otherwise often loses the answer too."""
    hidden: float = 0.02
    """History shows the transfer seconds later."""
    queued: float = 0.01
    """The exchange begins the transfer in time and executes it, and stamps it, up to the end of the window."""
    stamped: float = 0.02
    """The ledger stamps it up to three seconds before its execution, or up to the end of the window after it."""
    respelt: float = 0.004
    """History writes the row otherwise."""
    twinned: float = 0.002
    """A stranger makes the same transfer at the same time, and ours is not answered."""
    beyond: float = 0.0
    """History hides the transfer until long after its window: more than is assumed to be possible."""
    shifting: float = 0.03
    """A row appears while pages are read."""
    lagging: float = 0.02
    """A replica answers that is as far behind as what is assumed permits."""
    unsound: float = 0.005
    """Some readings in a row come from an old replica, with a total that is not its own."""
    untyped: float = 0.005
    """A reading returns the rows of all types."""
    still: float = 0.001
    """All readings are answered by a replica that stands still, and lacks what the journal knows to be in history."""


ROUGH: Final = Weather(
    refused=0.02, lost=0.03, answer_lost=0.03, post_fault=0.1, read_fault=0.05, late=0.05, pending=0.03, failed=0.02,
    hidden=0.12, queued=0.03, stamped=0.05, respelt=0.01, twinned=0.02, lagging=0.03, unsound=0.03, still=0.004,
)  # fmt: skip
"""For finding a mistake with few transfers."""


CALM: Final = Weather(
    refused=0, lost=0, answer_lost=0, post_fault=0, read_fault=0, late=0, settling_lost=0, pending=0, failed=0,
    hidden=0, queued=0, stamped=0, respelt=0, twinned=0, shifting=0, lagging=0, unsound=0, untyped=0, still=0,
)  # fmt: skip


_PENDING_MS: Final = 100_000
LONGEST_S: Final = 120.0
"""After so long nothing is pending or under way any more, the harshest weather excepted."""
_FRONT_AHEAD_MS: Final = 3_000
_BEYOND_MS: Final = 200_000


@frozen
class Arrival:
    """A transfer that arrives at the exchange at that time."""

    attempt: Attempt
    now_ms: int
    settle_ms: int

    @property
    def time_left_ms(self) -> int:
        """For how long the exchange may still begin it."""
        return self.attempt.timestamp_ms + self.attempt.recv_window_ms - self.now_ms

    @property
    def window_left_ms(self) -> int:
        """For how long it may still execute or show up."""
        return self.time_left_ms + self.settle_ms


def post_fault(weather: Weather, arrival: Arrival, chance: Chance) -> Fault | None:
    """Return what a transfer meets at the exchange."""
    fault = _fate(weather, arrival, chance)
    if fault is not None and fault.answers and not isinstance(fault, faults.Unanswered):
        return fault
    if not chance.happens("its row is written otherwise", weather.respelt):
        return fault
    spelling = chance.pick("how it is written", _SPELLINGS)()
    return spelling if fault is None else faults.Together(faults=(fault, spelling))


def _fate(weather: Weather, arrival: Arrival, chance: Chance) -> Fault | None:
    odds = (
        weather.post_fault,
        weather.pending,
        weather.failed,
        weather.hidden,
        weather.queued,
        weather.stamped,
        weather.beyond,
    )
    place = chance.which("at the exchange", odds)
    return _FATES[place - 1](arrival, chance) if place else None


def _any_fault(_arrival: Arrival, chance: Chance) -> Fault:
    return chance.pick("a fault", _POST_FAULTS)()


def _pending(_arrival: Arrival, chance: Chance) -> Fault:
    longest_ms = _PENDING_MS if chance.happens("pending for long", 0.2) else 20_000
    return faults.Settle(status="CONFIRMED", after_ms=chance.below("pending for", longest_ms))


def _failed(_arrival: Arrival, chance: Chance) -> Fault:
    return faults.Settle(status="FAILED", after_ms=chance.below("fails after", 20_000))


def _hidden(arrival: Arrival, chance: Chance) -> Fault:
    # Half of them until the last moment that is assumed to be possible.
    if chance.happens("hidden to the end", 0.5):
        return faults.Hide(for_ms=max(0, arrival.window_left_ms - chance.below("but for", 400)))
    return faults.Hide(for_ms=max(0, min(chance.below("hidden for", arrival.settle_ms), arrival.window_left_ms)))


def _queued(arrival: Arrival, chance: Chance) -> Fault:
    early_ms = chance.below("executed before the end by", max(1, arrival.window_left_ms - 1))
    return faults.Drop(executes=True, queued=True, late_ms=max(1, arrival.window_left_ms - 1 - early_ms))


def _stamped(arrival: Arrival, chance: Chance) -> Fault:
    if chance.happens("stamped before", 0.5):
        return faults.Stamp(offset_ms=chance.below("but for", 300) - _FRONT_AHEAD_MS)
    early_ms = chance.below("stamped before the end by", max(1, arrival.window_left_ms - 1))
    return faults.Stamp(offset_ms=max(0, arrival.window_left_ms - 1 - early_ms))


def _beyond(arrival: Arrival, chance: Chance) -> Fault:
    return faults.Hide(for_ms=max(0, arrival.window_left_ms) + 1_000 + chance.below("hidden for longer by", _BEYOND_MS))


_FATES: Final = (_any_fault, _pending, _failed, _hidden, _queued, _stamped, _beyond)
"""In the order of their odds."""


def read_fault(weather: Weather, name: str, chance: Chance) -> Fault | None:
    """Return what a reading call meets at the exchange."""
    shifting, untyped = (weather.shifting, weather.untyped) if name == "history" else (0.0, 0.0)
    match chance.which("at the exchange", (weather.read_fault, shifting, untyped)):
        case 1:
            return chance.pick("a fault", _READ_FAULTS)()
        case 2:
            return faults.ShiftPages(asset="BNB")
        case 3:
            return faults.IgnoreType()
        case _:
            return None

"""
How often things go wrong on the way to the exchange and inside it, and what then.

One rule: whatever the weather, what executes does so within the window that is assumed, and shows in history there.
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
    lambda: faults.RateLimited(retry_after_s=2),
    lambda: faults.ClockSkew(offset_ms=30_000),  # ahead: one that is behind would accept what is too old
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
    fault: Fault | None = None
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
            if chance.happens("hidden to the end", 0.5):
                hidden_ms = arrival.window_left_ms - chance.below("but for", 400)
            else:
                hidden_ms = chance.below("hidden for", arrival.settle_ms)
            fault = faults.Hide(for_ms=max(0, hidden_ms))
        case 5:
            fault = _queued(arrival, chance)
    return fault


def _queued(arrival: Arrival, chance: Chance) -> Fault:
    """Let it be begun in time and executed later, up to the last moment at which that can be."""
    early_ms = chance.below("executed before the end by", max(1, arrival.time_left_ms))
    return faults.Drop(executes=True, late_ms=max(0, arrival.time_left_ms - early_ms))


def read_fault(weather: Weather, name: str, chance: Chance) -> Fault | None:
    """Return what a reading call meets at the exchange."""
    shifting = weather.shifting if name == "history" else 0.0
    match chance.which("at the exchange", (weather.read_fault, shifting)):
        case 1:
            return chance.pick("a fault", _READ_FAULTS)()
        case 2:
            return faults.ShiftPages(asset="BNB")
        case _:
            return None

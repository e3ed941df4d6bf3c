"""
What to do, step by step, without doing it.

One rule: a flow is a generator that yields effects and decides; a driver performs them. The sync driver, the async one
and the simulator run the same flows, so none of them can behave differently.
"""

from collections.abc import Callable, Collection, Generator
from typing import Any, Final, Generic, TypeVar, cast

from attrs import frozen

from binance_transfer import outcome
from binance_transfer.answer import Reply
from binance_transfer.attempt import Attempt
from binance_transfer.books import Books
from binance_transfer.clock import Instant
from binance_transfer.errors import ClockOutOfSync, NotSent, ReadFailed
from binance_transfer.history import HistoryQuery, Page, page
from binance_transfer.outcome import Receipt
from binance_transfer.transfer import Transfer
from binance_transfer_api.api.account import api_restrictions
from binance_transfer_api.api.asset import universal_transfer_history
from binance_transfer_api.api.system import server_time, system_status
from binance_transfer_api.models import ApiError
from binance_transfer_api.types import Request, Unexpected

T = TypeVar("T")
Result_co = TypeVar("Result_co", covariant=True)
Model = TypeVar("Model")

_INVALID_TIMESTAMP: Final = -1021


class Effect(Generic[Result_co]):
    """
    Something for a driver to do. ``yield from effect`` is what it came to.

    Subclasses say what the result is.
    """

    __slots__ = ()

    def __iter__(self) -> Generator["Effect[Any]", Any, Result_co]:
        return cast("Result_co", (yield self))


Flow = Generator[Effect[Any], Any, T]


@frozen
class Post(Effect[Reply]):
    """Send an attempt, once and for all, and give up ``timeout_s`` seconds later."""

    attempt: Attempt
    timeout_s: float


@frozen
class Read(Effect[Reply]):
    """Make a call that moves nothing, and give up ``timeout_s`` seconds later."""

    request: Request
    timeout_s: float


@frozen
class Now(Effect[Instant]):
    """Read the clocks."""


@frozen
class Anchor(Effect[None]):
    """Take over what the exchange's clock showed at a moment."""

    monotonic_s: float
    server_ms: float


@frozen
class Settle(Effect[None]):
    """Say whether the exchange's clock should be read before the next timestamp is signed."""

    due: bool


@frozen
class Sleep(Effect[None]):
    """Wait."""

    seconds: float


@frozen
class Tell(Effect[None]):
    """Let people know how it goes."""

    text: str


@frozen
class Alarm(Effect[None]):
    """Let people know of what must not happen."""

    text: str


@frozen
class Claim(Effect[bool]):
    """Note that an id of the exchange belongs to an attempt. False where it is another attempt's already."""

    attempt: Attempt
    tran_id: int


@frozen
class Claimed(Effect[frozenset[int]]):
    """Ask for the ids that belong to other attempts."""

    attempt: Attempt


Change = Callable[[Books], T]
"""What is done to the books inside one transaction."""


@frozen
class Transaction(Effect[Result_co]):
    """Run a change of the books alone and commit it; raises JournalFailed where that cannot be done."""

    change: Callable[[Books], Result_co]


@frozen
class Settings:
    """What a client was told, in the units of its constructor."""

    recv_window_ms: int
    timeout_s: float
    settle_ms: int
    extra_rejected_codes: Collection[int] = frozenset()


@frozen
class Preflight:
    """
    Whether transfers can be expected to work.

    clock_offset_ms: the exchange's clock minus this machine's; the client makes up for it.
    reading_enabled: the key may read history, which reconciliation needs.
    permits_universal_transfer: the key may transfer.
    ip_restricted: only listed addresses may use the key.
    system_normal: the exchange is not under maintenance.
    """

    clock_offset_ms: int
    reading_enabled: bool
    permits_universal_transfer: bool
    ip_restricted: bool
    system_normal: bool


def measure_clock(timeout_s: float) -> Flow[int]:
    """Read the exchange's clock and return it in ms, taken in the middle of the round trip; raises ReadFailed."""
    before = yield from Now()
    reply = yield from Read(server_time.build_request(), timeout_s)
    after = yield from Now()
    server_ms = outcome.read(reply, server_time.parse_response).server_time
    yield from Anchor((before.monotonic_s + after.monotonic_s) / 2, server_ms)
    return server_ms


def prepare(transfer: Transfer, settings: Settings) -> Flow[Attempt]:
    """Make an attempt for now, reading the exchange's clock first if that is due."""
    now = yield from Now()
    if now.due:
        try:
            # A quarter of the time: the transfer itself must not suffer from a clock that cannot be read.
            yield from measure_clock(settings.timeout_s / 4)
        except ReadFailed:
            yield from Settle(due=False)
        now = yield from Now()
    return Attempt(transfer, now.server_ms, settings.recv_window_ms)


def execute(order: Transfer | Attempt, settings: Settings) -> Flow[Receipt]:
    """Send a transfer or a prepared attempt once; ``timeout_s`` covers all of it."""
    started = yield from Now()
    attempt = order if isinstance(order, Attempt) else (yield from prepare(order, settings))
    now = yield from Now()
    left_s = settings.timeout_s - (now.monotonic_s - started.monotonic_s)
    if left_s <= 0:
        message = f"not sent: reading the exchange's clock took all of the {settings.timeout_s} s"
        raise NotSent(message)
    reply = yield from Post(attempt, left_s)
    try:
        receipt = outcome.judge(attempt, reply, settings.extra_rejected_codes)
    except ClockOutOfSync:
        yield from Settle(due=True)
        raise
    yield from Claim(attempt, receipt.tran_id)
    return receipt


def signed_read(
    build: Callable[[int], Request],
    parse: Callable[[int, bytes], Model | ApiError | Unexpected],
    settings: Settings,
) -> Flow[Model]:
    """Make a reading call that carries a timestamp; raises ReadFailed."""
    now = yield from Now()
    if now.due:
        yield from measure_clock(settings.timeout_s)
        now = yield from Now()
    reply = yield from Read(build(now.server_ms), settings.timeout_s)
    try:
        return outcome.read(reply, parse)
    except ReadFailed as failed:
        if failed.code == _INVALID_TIMESTAMP:
            yield from Settle(due=True)
        raise


def read_page(query: HistoryQuery, number: int, settings: Settings) -> Flow[Page]:
    """Read one page of history, counted from 1; raises ReadFailed."""
    answer = yield from signed_read(
        lambda timestamp_ms: query.request(number, timestamp_ms, settings.recv_window_ms),
        universal_transfer_history.parse_response,
        settings,
    )
    return page(answer)


def preflight(settings: Settings) -> Flow[Preflight]:
    """Ask for the clock, the key's permissions and the state of the exchange; raises ReadFailed."""
    before = yield from Now()
    server_ms = yield from measure_clock(settings.timeout_s)
    after = yield from Now()
    key = yield from signed_read(
        lambda timestamp_ms: api_restrictions.build_request(
            recv_window=settings.recv_window_ms, timestamp=timestamp_ms
        ),
        api_restrictions.parse_response,
        settings,
    )
    reply = yield from Read(system_status.build_request(), settings.timeout_s)
    system = outcome.read(reply, system_status.parse_response)
    return Preflight(
        clock_offset_ms=server_ms - (before.local_ms + after.local_ms) // 2,
        reading_enabled=key.enable_reading,
        permits_universal_transfer=key.permits_universal_transfer,
        ip_restricted=key.ip_restrict,
        system_normal=system.status == system_status.STATUS_NORMAL,
    )

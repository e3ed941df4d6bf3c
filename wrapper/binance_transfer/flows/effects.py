"""
What a flow asks for, and what it is given.

One rule: a flow is a generator that yields only where something waits: an attempt that is posted, a call that reads, a
sleep, a transaction of the journal. A driver performs these four; the sync driver, the async one and the simulator run
the same flows, so none of them can behave differently. Clock, log and memory are plain calls on a Context.
"""

import inspect
from collections.abc import Callable, Collection, Generator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from attrs import frozen

from binance_transfer.attempt import Attempt
from binance_transfer.clock import ServerClock
from binance_transfer.events import Event
from binance_transfer.visible import sound_repr
from binance_transfer.wire.answer import Reply
from binance_transfer_api.types import Request

if TYPE_CHECKING:
    from binance_transfer.journal.transaction import JournalTransaction

T = TypeVar("T")
Result_co = TypeVar("Result_co", covariant=True)


class Effect(Generic[Result_co]):
    """
    Something for a driver to do. ``yield from effect`` is what it came to.

    Subclasses say what the result is.
    """

    __slots__ = ()

    def __iter__(self) -> Generator["Effect[Any]", Any, Result_co]:
        return cast("Result_co", (yield self))


Flow = Generator[Effect[Any], Any, T]


def pass_on(error: BaseException, flow: Flow[Any]) -> None:
    """Let a flow know of an interruption that came between its effects, as of any other: it may have sent something."""
    if inspect.getgeneratorstate(flow) == inspect.GEN_SUSPENDED:
        flow.throw(error)


@frozen
class Post(Effect[Reply]):
    """Send an attempt, once and for all, and give up ``timeout_s`` seconds later."""

    attempt: Attempt
    timeout_s: float
    __repr__ = sound_repr


@frozen
class Read(Effect[Reply]):
    """Make a call that moves nothing, and give up ``timeout_s`` seconds later."""

    request: Request
    timeout_s: float
    __repr__ = sound_repr


@frozen
class Sleep(Effect[None]):
    """Wait."""

    seconds: float
    __repr__ = sound_repr


@frozen
class Transaction(Effect[Result_co]):
    """
    Run a change of the journal alone and commit it; raises JournalFailed where that cannot be done.

    within_s: how long to wait for other workers.
    reads: it changes nothing, and sees one committed state without keeping anybody waiting.
    """

    change: Callable[["JournalTransaction"], Result_co]
    within_s: float
    reads: bool = False
    __repr__ = sound_repr


@frozen
class Settings:
    """What a client was told, in the units of its constructor."""

    recv_window_ms: int
    timeout_s: float
    settle_ms: int
    extra_rejected_codes: Collection[int] = frozenset()
    __repr__ = sound_repr


class Context(Protocol):
    """What a flow may use without waiting: one client's settings, its idea of the time, its memory and its log."""

    @property
    def settings(self) -> Settings:
        """What the client was told."""
        ...

    @property
    def clock(self) -> ServerClock:
        """What time it is at the exchange."""
        ...

    def claim(self, attempt: Attempt, tran_id: int, /) -> bool:
        """Note that an id of the exchange belongs to an attempt; False where it is another attempt's already."""
        ...

    def claimed_by_others(self, attempt: Attempt, /) -> Collection[int]:
        """Return the ids that this client knows to belong to other attempts."""
        ...

    def emit(self, event: Event, /) -> None:
        """Tell of an event: to the log, and to whoever asked for events. Never raises what a listener raises."""
        ...

    def log(self, text: str, /) -> None:
        """Let people know how it goes."""
        ...

    def alert(self, text: str, /) -> None:
        """Let people know of what must not happen."""
        ...

"""
What breaks when a rule is taken out.

One rule: each entry puts one plausible mistake into the code that runs, and the simulator has to find it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from unittest.mock import patch

from attrs import evolve, frozen

from binance_transfer import flows
from binance_transfer.flows import reconcile
from binance_transfer.wire import outcome
from binance_transfer.attempt import Attempt
from binance_transfer.errors import NotSent, OutcomeUnknown, ReadFailed
from binance_transfer.flows import Flow, Settings
from binance_transfer.history import CONFIRMED, FAILED, PENDING, HistoryQuery, Reading, TransferRecord
from binance_transfer.wire.outcome import Receipt
from binance_transfer.flows.reconcile import Findings, Window


@frozen
class Ablation:
    """A rule, what is done instead, and how to do that for a while."""

    rule: str
    instead: str
    replaced: tuple[object, str]
    by: object
    also: tuple[tuple[object, str, object], ...] = ()
    """What else has to go, where a rule is kept in two places."""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Break the rule inside a with block."""
        with ExitStack() as stack:
            for target, name, by in ((*self.replaced, self.by), *self.also):
                stack.enter_context(patch.object(target, name, by))
            yield


_findings: Final = reconcile.findings


def _with_status(told: str, taken: str) -> Callable[..., Findings]:
    def findings(attempt: Attempt, window: Window, records: Sequence[TransferRecord], others: Any) -> Findings:
        changed = [evolve(record, status=taken if record.status == told else record.status) for record in records]
        return _findings(attempt, window, changed, others)

    return findings


def _unclaimed(attempt: Attempt, window: Window, records: Sequence[TransferRecord], others: Any) -> Findings:  # noqa: ARG001
    return _findings(attempt, window, records, ())


def _any_asset(attempt: Attempt, window: Window, records: Sequence[TransferRecord], others: Any) -> Findings:
    return _findings(attempt, window, [evolve(record, asset=attempt.transfer.asset) for record in records], others)


def _extrapolated(timeout_s: float) -> Flow[int]:
    del timeout_s
    return (yield from flows.Now()).server_ms


def _at_once(timeout_s: float) -> Flow[int]:
    return (yield from flows.measure_clock(timeout_s)) + 10**9


def _history_first(attempt: Attempt, window: Window, settings: Settings) -> Flow[Any]:
    try:
        records = yield from reconcile._complete(attempt, window, settings)  # noqa: SLF001  # the code under test
        return reconcile._Look((yield from flows.measure_clock(settings.timeout_s)), records)  # noqa: SLF001
    except ReadFailed as failed:
        return reconcile._Look(None, None, str(failed))  # noqa: SLF001


_complete: Final = reconcile._complete  # noqa: SLF001


def _nothing_where_it_failed(attempt: Attempt, window: Window, settings: Settings) -> Flow[list[TransferRecord]]:
    try:
        return (yield from _complete(attempt, window, settings))
    except ReadFailed:
        return []


def _first_page(attempt: Attempt, window: Window, settings: Settings) -> Flow[list[TransferRecord]]:
    query = HistoryQuery(attempt.transfer.type, window.start_ms, window.end_ms, None, attempt.transfer.to_symbol)
    return Reading().fresh((yield from flows.read_page(query, 1, settings)))


_judge: Final = outcome.judge


def _unanswered_is_not_executed(attempt: Attempt, reply: Any, extra: Any) -> Receipt:
    try:
        return _judge(attempt, reply, extra)
    except OutcomeUnknown as unknown:
        raise NotSent(str(unknown)) from None


def _window(*, early_ms: int = reconcile.EARLY_MS, settles: bool = True, open_ms: int = 0) -> Callable[..., Window]:
    def of(attempt: Attempt, settle_ms: int) -> Window:
        end_ms = attempt.timestamp_ms + attempt.recv_window_ms + (settle_ms if settles else 0) + open_ms
        return Window(attempt.timestamp_ms - early_ms, end_ms)

    return of


_WINDOW: Final = (Window, "of")
_CANDIDATES: Final = (reconcile, "findings")
_CLOCK: Final = (reconcile, "measure_clock")
_READING: Final = (reconcile, "_complete")

ABLATIONS: Final = (
    Ablation("three outcomes", "no answer counts as not executed", (outcome, "judge"), _unanswered_is_not_executed),
    Ablation("1 window", "the window starts at the timestamp", _WINDOW, _window(early_ms=0)),
    Ablation("1 window", "the window ends with recvWindow", _WINDOW, _window(settles=False)),
    Ablation("1 window", "history is read up to now", _WINDOW, _window(open_ms=10**9)),
    Ablation("2 candidates", "ids claimed by others are not left out", _CANDIDATES, _unclaimed),
    Ablation("2 candidates", "assets are not compared", _CANDIDATES, _any_asset),
    Ablation("2 candidates", "a failed row counts as moved", _CANDIDATES, _with_status(FAILED, CONFIRMED)),
    Ablation("2 candidates", "a pending row counts as moved", _CANDIDATES, _with_status(PENDING, CONFIRMED)),
    Ablation("2 candidates", "a pending row is ignored", _CANDIDATES, _with_status(PENDING, FAILED)),
    Ablation("3 absence", "the end of the window is not waited for", _CLOCK, _at_once),
    Ablation("3 absence", "server time is extrapolated", _CLOCK, _extrapolated),
    Ablation("3 absence", "the clock is read after history", (reconcile, "_look"), _history_first),
    Ablation("3 absence", "a failed reading counts as empty", _READING, _nothing_where_it_failed),
    Ablation("3 absence", "only the first page is read", _READING, _first_page),
    Ablation("4 names", "absence is concluded for every type", (reconcile, "_named_as_sent"), bool),
)

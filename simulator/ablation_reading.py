"""
What breaks when a rule of reading history is taken out: rules 1 to 4, with or without a journal.

One rule: each entry puts one plausible mistake into the code that runs.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import evolve

from binance_transfer.attempt import Attempt
from binance_transfer.candidates import Match, match
from binance_transfer.clock import Deadline
from binance_transfer.errors import NotSent, OutcomeUnknown, ReadFailed
from binance_transfer.flows import calls, reconcile
from binance_transfer.flows.effects import Context, Flow
from binance_transfer.flows.reconcile import HistoryReading
from binance_transfer.history import CONFIRMED, FAILED, PENDING, HistoryQuery, PageReader, TransferRecord
from binance_transfer.transfer import Transfer
from binance_transfer.window import EARLY_MS, Window
from binance_transfer.wire import outcome
from binance_transfer.wire.outcome import Receipt
from simulator.mistake import Ablation

Rows = Sequence[TransferRecord]

_judge: Final = outcome.judge
_read_history: Final = reconcile.read_history


def _unanswered_is_not_executed(attempt: Attempt, reply: Any, extra: Any) -> Receipt:
    try:
        return _judge(attempt, reply, extra)
    except OutcomeUnknown as unknown:
        raise NotSent(str(unknown)) from None


# --- which window ----------------------------------------------------------------------------------------------------


def _window(*, early_ms: int = EARLY_MS, settles: bool = True, open_ms: int = 0) -> Callable[..., Window]:
    def of(attempt: Attempt, settle_ms: int) -> Window:
        end_ms = attempt.timestamp_ms + attempt.recv_window_ms + (settle_ms if settles else 0) + open_ms
        return Window(attempt.timestamp_ms - early_ms, end_ms)

    return of


def _stamped_in_time(attempt: Attempt, window: Window, rows: Rows, *owned: Any) -> Match:
    last_ms = attempt.timestamp_ms + attempt.recv_window_ms
    return match(attempt, window, [row for row in rows if row.timestamp_ms <= last_ms], *owned)


def _read_to_recv_window(
    context: Context, transfer: Transfer, window: Window, deadline: Deadline
) -> Flow[HistoryReading]:
    last_ms = window.start_ms + EARLY_MS + context.settings.recv_window_ms
    return (yield from _read_history(context, transfer, Window(window.start_ms, last_ms), deadline))


# --- which rows ------------------------------------------------------------------------------------------------------


def _with_status(told: str, taken: str) -> Callable[..., Match]:
    def matched(attempt: Attempt, window: Window, rows: Rows, *owned: Any) -> Match:
        changed = [evolve(row, status=taken if row.status == told else row.status) for row in rows]
        return match(attempt, window, changed, *owned)

    return matched


def _unowned(attempt: Attempt, window: Window, rows: Rows, *_: Any) -> Match:
    return match(attempt, window, rows, ())


def _any_asset(attempt: Attempt, window: Window, rows: Rows, *owned: Any) -> Match:
    return match(attempt, window, [evolve(row, asset=attempt.transfer.asset) for row in rows], *owned)


def _without_near_misses(attempt: Attempt, window: Window, rows: Rows, *owned: Any) -> Match:
    return evolve(match(attempt, window, rows, *owned), near=())


def _near_ones_too(attempt: Attempt, window: Window, rows: Rows, *owned: Any) -> Match:
    found = match(attempt, window, rows, *owned)
    near = tuple(row for row in found.near if row.status == CONFIRMED)
    return evolve(found, confirmed=(*found.confirmed, *near), near=())


def _the_first_one(attempt: Attempt, window: Window, rows: Rows, *owned: Any) -> Match:
    found = match(attempt, window, rows, *owned)
    return evolve(found, confirmed=found.confirmed[:1])


# --- which readings --------------------------------------------------------------------------------------------------


def _extrapolated(context: Context, deadline: Deadline) -> Flow[int]:
    del deadline
    yield from ()
    return context.clock.now_ms()


def _at_once(context: Context, deadline: Deadline) -> Flow[int]:
    return (yield from calls.measure_clock(context, deadline)) + 10**9


def _history_first(
    context: Context, attempt: Attempt, window: Window, deadline: Deadline, canary: Any, *, up_to_now: bool
) -> Flow[HistoryReading]:
    del canary, up_to_now
    look = yield from reconcile.read_history(context, attempt.transfer, window, deadline)
    try:
        return evolve(look, server_ms=(yield from calls.measure_clock(context, deadline)))
    except ReadFailed:
        return look


def _believed(told: str) -> Callable[..., Flow[HistoryReading]]:
    def read(context: Context, transfer: Transfer, window: Window, deadline: Deadline) -> Flow[HistoryReading]:
        look = yield from _read_history(context, transfer, window, deadline)
        return evolve(look, sound=True, failure="") if told in look.failure else look

    return read


def _first_page(context: Context, transfer: Transfer, window: Window, deadline: Deadline) -> Flow[HistoryReading]:
    query = HistoryQuery(transfer.type, window.start_ms, window.end_ms, transfer.from_symbol, transfer.to_symbol)
    try:
        page = yield from calls.read_page(context, query, 1, deadline)
    except ReadFailed as failed:
        return HistoryReading(None, (), sound=False, failure=str(failed))
    return HistoryReading(None, PageReader().new_rows(page), sound=True)


_WINDOW: Final = (Window, "of")
_MATCH: Final = (reconcile, "match")
_CLOCK: Final = (reconcile, "measure_clock")
_READING: Final = (reconcile, "read_history")

READING_ABLATIONS: Final = (
    Ablation("three outcomes", "no answer counts as not executed", (outcome, "judge"), _unanswered_is_not_executed),
    Ablation("1 window", "the window starts at the timestamp", _WINDOW, _window(early_ms=0)),
    Ablation("1 window", "the window starts two seconds early", _WINDOW, _window(early_ms=2_000)),
    Ablation("1 window", "the window ends with recvWindow", _WINDOW, _window(settles=False)),
    Ablation("1 window", "rows stamped after recvWindow are ignored", _MATCH, _stamped_in_time),
    Ablation("1 window", "history is read only to recvWindow", _READING, _read_to_recv_window),
    Ablation("1 window", "history is read up to now", _WINDOW, _window(open_ms=10**9)),
    Ablation("2 candidates", "ids claimed by others are not left out", _MATCH, _unowned),
    Ablation("2 candidates", "assets are not compared", _MATCH, _any_asset),
    Ablation("2 candidates", "a failed row counts as moved", _MATCH, _with_status(FAILED, CONFIRMED)),
    Ablation("2 candidates", "a pending row counts as moved", _MATCH, _with_status(PENDING, CONFIRMED)),
    Ablation("2 candidates", "a pending row is ignored", _MATCH, _with_status(PENDING, FAILED)),
    Ablation("2 candidates", "near misses are ignored", _MATCH, _without_near_misses),
    Ablation("2 candidates", "near misses count as moved", _MATCH, _near_ones_too),
    Ablation("2 candidates", "of several, the first is taken", _MATCH, _the_first_one),
    Ablation("3 absence", "the end of the window is not waited for", _CLOCK, _at_once),
    Ablation("3 absence", "server time is extrapolated", _CLOCK, _extrapolated),
    Ablation("3 absence", "the clock is read after history", (reconcile, "_gather_evidence"), _history_first),
    Ablation("3 absence", "a failed reading counts as empty", _READING, _believed("no usable answer")),
    Ablation("3 absence", "inconsistent pages are believed", _READING, _believed("pages changed")),
    Ablation("3 absence", "only the first page is read", _READING, _first_page),
    Ablation("4 names", "absence is concluded for every type", (reconcile, "is_named_as_sent"), bool),
)

"""
A keyed transfer, pursued until it is decided.

One rule: only what is ``retryable`` is tried again, always under the same key, so that however often it is tried the
money moves at most once.
"""

from collections.abc import Callable
from typing import Final

from binance_transfer.clock import Deadline
from binance_transfer.errors import JournalFailed, NotExecuted, OutcomeUnknown, TransferError
from binance_transfer.flows.calls import emit_wait
from binance_transfer.flows.effects import Context, Flow, Sleep
from binance_transfer.wire.outcome import Receipt

_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0)
"""Between tries. What provably did not move is not tried more often than that; what is unknown is, to the deadline."""


def settle(context: Context, key: str, call: Callable[[float], Flow[Receipt]], deadline: Deadline) -> Flow[Receipt]:
    """
    Make a call again while its error says that this is safe and may help.

    call: one keyed transfer, given for how many seconds it may reconcile.

    Returns the receipt. Raises the last error: a NotExecuted is why it did not move, any other leaves it open.
    """
    timeout_s = context.settings.timeout_s
    pauses_s = iter(_PAUSES_S)
    unknown: OutcomeUnknown | None = None
    while True:
        try:
            return (yield from call(max(0.0, deadline.left_s() - timeout_s)))
        except TransferError as caught:
            error = (
                caught if not isinstance(caught, JournalFailed) or unknown is None else _still_unknown(unknown, caught)
            )
            unknown = error if isinstance(error, OutcomeUnknown) else None
            if not error.retryable:
                raise error from None
            pause_s = next(pauses_s, None if isinstance(error, NotExecuted) else _PAUSES_S[-1])
            if error.retry_after_s is not None:
                pause_s = float(error.retry_after_s)
            if pause_s is None or pause_s + timeout_s > deadline.left_s():
                raise error from None
            emit_wait(context, pause_s, f"trying again after {error}", key=key)
        yield from Sleep(pause_s)


def _still_unknown(unknown: OutcomeUnknown, failed: JournalFailed) -> OutcomeUnknown:
    """Return an unknown outcome that a failing journal has not changed: by itself that error might be of a new key."""
    still = OutcomeUnknown(f"{failed}; and before that: {unknown}", attempt=unknown.attempt)
    still.retryable = True
    return still

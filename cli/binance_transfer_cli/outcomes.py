"""
What became of a transfer, as the command line says it: in words, as one JSON object, and as an exit code.

One rule: a program may rely on these: 0 all is well, 1 something did not move or was found, 2 nothing was sent since
what was asked for is wrong, 3 something is not known.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, Literal

from attrs import asdict, frozen

import binance_transfer as bt

Outcome = Literal["moved", "not_moved", "unknown"]


class Exit(IntEnum):
    """How a command ends."""

    OK = 0
    INCOMPLETE = 1
    USAGE = 2
    UNKNOWN = 3


@frozen
class Result:
    """
    What became of one transfer. These are the names of the JSON object.

    line: of the plan's file; None for a single transfer.
    error, message: the class and the text of the error; None where it moved.
    """

    line: int | None
    key: str
    outcome: Outcome
    tran_id: int | None = None
    replayed: bool = False
    error: str | None = None
    message: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self)


def of_receipt(receipt: bt.Receipt, key: str, line: int | None = None) -> Result:
    """Return the result of a transfer that moved."""
    message = None if receipt.recorded else "it moved, and the journal could not record it"
    return Result(line, key, "moved", receipt.tran_id, receipt.replayed, None, message)


def of_error(error: bt.TransferError, key: str, line: int | None = None, *, new: bool = False) -> Result:
    """
    Return the result of a transfer that ended in an error.

    new: nobody has used the key before, so that a journal that fails has nothing of it.
    """
    stayed = isinstance(error, bt.NotExecuted) or (new and isinstance(error, bt.JournalFailed))
    return Result(line, key, "not_moved" if stayed else "unknown", None, False, type(error).__name__, str(error))  # noqa: FBT003


def of_entry(entry: bt.Entry, line: int | None = None) -> Result:
    """Return what the journal knows of a key."""
    match entry.state:
        case "moved":
            return Result(line, entry.key, "moved", entry.tran_id, replayed=True)
        case "open":
            message = "an attempt has no verdict: reconcile it, do not send again"
            return Result(line, entry.key, "unknown", error=bt.OutcomeUnknown.__name__, message=message)
        case _:
            message = entry.attempts[-1].note or "it moved nothing"
            return Result(line, entry.key, "not_moved", error=bt.NotExecuted.__name__, message=message)


def exit_code(outcomes: Iterable[Outcome]) -> Exit:
    """Return how a command ends that came to these."""
    seen = set(outcomes)
    if "unknown" in seen:
        return Exit.UNKNOWN
    return Exit.INCOMPLETE if "not_moved" in seen else Exit.OK


ADVICE: Final[dict[type[Exception], str]] = {
    bt.IdempotencyConflict: "The key belongs to another transfer: give this one a key of its own.",
    bt.InvalidTransfer: "Correct what the message names.",
    bt.RateLimited: "Send nothing for a minute, or as long as the message says; then the same command.",
    bt.PermissionDenied: "Check the key, its permissions and its addresses: binance-transfer preflight.",
    bt.InsufficientBalance: "Look at the paying wallet: binance-transfer balances. Move less, or fill it.",
    bt.ClockOutOfSync: "The network is slower than recv_window_ms allows: the same command again, or a longer window.",
    bt.PolicyDenied: "Ask who set the limit; `binance-transfer journal resume` ends a halt.",
    bt.ProvenAbsent: "It never happened. If it is still wanted: the same command again.",
    bt.NotSent: "Check network and proxy: binance-transfer preflight. Then the same command again.",
    bt.Rejected: "Remove the cause that the exchange names, then the same command again.",
    bt.JournalFailed: "Mend what the message names, then the same command again.",
}
"""Error → what to do next, for a person. The first entry that matches counts."""


def advice(error: Exception) -> str:
    """Return what to do about an error, "" where its text says it all."""
    return next((text for kind, text in ADVICE.items() if isinstance(error, kind)), "")

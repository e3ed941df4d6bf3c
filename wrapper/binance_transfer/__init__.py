"""
Move assets between the wallets of one Binance user, and know for certain whether they moved.

    import binance_transfer as bt

    with bt.TransferClient.from_env() as client:
        receipt = client.transfer("MAIN_UMFUTURE", "USDT", "25.5")

A call returns a Receipt, raises NotExecuted (nothing moved) or raises OutcomeUnknown (may have moved).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from binance_transfer.attempt import Attempt
from binance_transfer.balances import Balance
from binance_transfer.client import TransferClient
from binance_transfer.clock import Clock
from binance_transfer.errors import (
    Ambiguous,
    ClockOutOfSync,
    IdempotencyConflict,
    InsufficientBalance,
    InvalidTransfer,
    JournalFailed,
    NotExecuted,
    NotSent,
    OutcomeUnknown,
    PermissionDenied,
    PolicyDenied,
    ProvenAbsent,
    RateLimited,
    ReadFailed,
    Rejected,
    ResolutionRefused,
    TransferError,
)
from binance_transfer.events import AlarmEvent, AnswerEvent, AttemptEvent, Event, VerdictEvent, WaitEvent
from binance_transfer.flows.calls import Preflight, interrupted_attempt
from binance_transfer.history import TransferRecord
from binance_transfer.policy import Policy
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_types import TRANSFER_TYPES, TransferType, TransferTypeInfo, Wallet, transfer_type
from binance_transfer.version import __version__
from binance_transfer.wire.credentials import Credentials
from binance_transfer.wire.outcome import Receipt
from binance_transfer.wire.transport import AsyncTransport, Transport

if TYPE_CHECKING:
    from binance_transfer.async_client import AsyncTransferClient
    from binance_transfer.journal import Journal
    from binance_transfer.journal.audit import Audit
    from binance_transfer.journal.records import AnswerRecord, AttemptRecord, Entry, VerdictRecord
    from binance_transfer.wire.fast import FastTransport as FastTransport
    from binance_transfer.wire.fast_asyncio import AsyncFastTransport as AsyncFastTransport
    from binance_transfer.wire.httpx_transport import AsyncHttpxTransport, HttpxTransport

# What a client without a journal, over the other transport, does not need is imported only where it is used.
_LATE: Final = {
    "AnswerRecord": "binance_transfer.journal.records",
    "AsyncFastTransport": "binance_transfer.wire.fast_asyncio",
    "AsyncHttpxTransport": "binance_transfer.wire.httpx_transport",
    "AsyncTransferClient": "binance_transfer.async_client",
    "AttemptRecord": "binance_transfer.journal.records",
    "Audit": "binance_transfer.journal.audit",
    "Entry": "binance_transfer.journal.records",
    "FastTransport": "binance_transfer.wire.fast",
    "HttpxTransport": "binance_transfer.wire.httpx_transport",
    "Journal": "binance_transfer.journal",
    "VerdictRecord": "binance_transfer.journal.records",
}


def __getattr__(name: str) -> Any:
    """Import what is late; raises ImportError where its extra is not installed."""
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


# Without what the extra `fast` adds: `import *` has to work where it is not installed.
__all__ = [
    "TRANSFER_TYPES",
    "AlarmEvent",
    "Ambiguous",
    "AnswerEvent",
    "AnswerRecord",
    "AsyncHttpxTransport",
    "AsyncTransferClient",
    "AsyncTransport",
    "Attempt",
    "AttemptEvent",
    "AttemptRecord",
    "Audit",
    "Balance",
    "Clock",
    "ClockOutOfSync",
    "Credentials",
    "Entry",
    "Event",
    "HttpxTransport",
    "IdempotencyConflict",
    "InsufficientBalance",
    "InvalidTransfer",
    "Journal",
    "JournalFailed",
    "NotExecuted",
    "NotSent",
    "OutcomeUnknown",
    "PermissionDenied",
    "Policy",
    "PolicyDenied",
    "Preflight",
    "ProvenAbsent",
    "RateLimited",
    "ReadFailed",
    "Receipt",
    "Rejected",
    "ResolutionRefused",
    "Transfer",
    "TransferClient",
    "TransferError",
    "TransferRecord",
    "TransferType",
    "TransferTypeInfo",
    "Transport",
    "VerdictEvent",
    "VerdictRecord",
    "WaitEvent",
    "Wallet",
    "__version__",
    "interrupted_attempt",
    "transfer_type",
]

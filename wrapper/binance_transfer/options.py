"""
The arguments of the clients by name, for ``from_env``, so that a type checker knows them.

One rule: what a client's constructor takes besides credentials stands here once more, without its defaults.
"""

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Collection

    import httpx

    from binance_transfer.clock import Clock
    from binance_transfer.events import OnEvent
    from binance_transfer.journal import Journal
    from binance_transfer.policy import Policy
    from binance_transfer.wire.transport import AsyncTransport, Transport


class Options(TypedDict, total=False):
    """What both clients take."""

    base_url: str
    recv_window_ms: int
    timeout_s: float
    clock: "Clock | None"
    settle_ms: int
    extra_rejected_codes: "Collection[int]"
    journal: "Journal | None"
    policy: "Policy | None"
    on_event: "OnEvent | None"


class ClientOptions(Options, total=False):
    """What TransferClient takes."""

    transport: "Transport | httpx.BaseTransport | None"


class AsyncClientOptions(Options, total=False):
    """What AsyncTransferClient takes."""

    transport: "AsyncTransport | httpx.AsyncBaseTransport | None"

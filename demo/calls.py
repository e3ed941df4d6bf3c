"""
What the tour tries.

One rule: a call knows what should come of it, so that a surprise is a failure and not a line that somebody overlooks.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Literal

from attrs import frozen

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults

Outcome = bt.Receipt | bt.TransferError

# Real clients keep the defaults, 5 s and 30 s. Here nobody wants to wait for half a minute until absence is proven.
_RECV_WINDOW_MS: Final = 1_000
_SETTLE_MS: Final = 500


@frozen
class Call:
    """
    One transfer by one client, and, where its outcome is unknown, the reconciliation of it.

    expected: the classes of what should come of it, one after the other.
    fault: what goes wrong on the way.
    """

    title: str
    key: Literal["hmac", "rsa", "ed25519"]
    client: Literal["sync", "async"]
    transfer_type: bt.TransferType
    amount: str
    asset: str
    from_symbol: str | None = None
    to_symbol: str | None = None
    expected: tuple[type[Outcome], ...] = (bt.Receipt,)
    fault: faults.Fault | None = None

    def transfer(self) -> bt.Transfer:
        """Make the transfer, or raise InvalidTransfer where it is wrong."""
        return bt.Transfer(
            self.transfer_type, self.asset, self.amount, from_symbol=self.from_symbol, to_symbol=self.to_symbol
        )


@frozen
class Story:
    """A call and what came of it. The last outcome is the one that counts."""

    call: Call
    outcomes: tuple[Outcome, ...]

    @property
    def as_expected(self) -> bool:
        """Whether each outcome is of the class that was expected, and of no subclass."""
        return tuple(map(type, self.outcomes)) == self.call.expected

    @property
    def receipt(self) -> bt.Receipt | None:
        """The proof that money moved, if it did."""
        return last if isinstance(last := self.outcomes[-1], bt.Receipt) else None


CALLS: Final = (
    Call("Spot to futures", "hmac", "sync", "MAIN_UMFUTURE", "25.5", "USDT"),
    Call("The smallest amount", "rsa", "sync", "MAIN_FUNDING", "0.00000001", "BTC"),
    Call("Futures to spot", "ed25519", "sync", "UMFUTURE_MAIN", "3", "BNB"),
    Call("One of three at the same time", "hmac", "async", "MARGIN_MAIN", "1", "ETH"),
    Call("One of three at the same time", "rsa", "async", "CMFUTURE_FUNDING", "0.5", "BTC"),
    Call("One of three at the same time", "ed25519", "async", "MAIN_FUNDING", "88", "币安人生"),
    Call("Isolated margin", "ed25519", "sync", "ISOLATEDMARGIN_MARGIN", "10", "USDT", from_symbol="BTCUSDT"),
    Call(
        "A symbol where none belongs",
        *("hmac", "sync", "MAIN_MARGIN", "10", "USDT"),
        to_symbol="BTCUSDT",
        expected=(bt.InvalidTransfer,),
    ),
    Call(
        "More than there is",
        *("hmac", "sync", "MAIN_UMFUTURE", "7000000", "USDT"),
        expected=(bt.InsufficientBalance,),
    ),
    Call(
        "Executed, but the answer is lost",
        *("hmac", "sync", "FUNDING_MAIN", "40", "USDT"),
        expected=(bt.OutcomeUnknown, bt.Receipt),
        fault=faults.Drop(executes=True),
    ),
    Call(
        "Lost before it was executed",
        *("hmac", "sync", "FUNDING_MAIN", "60", "USDT"),
        expected=(bt.OutcomeUnknown, bt.ProvenAbsent),
        fault=faults.Drop(executes=False),
    ),
)


def perform(calls: Sequence[Call], sandbox: Sandbox) -> list[Story]:
    """Make the calls: those of sync clients one after the other, those of async clients at the same time."""
    asyncio_calls = [call for call in calls if call.client == "async"]
    at_once = iter(asyncio.run(_perform_at_once(asyncio_calls, sandbox)))
    return [next(at_once) if call.client == "async" else _perform(call, sandbox) for call in calls]


def _perform(call: Call, sandbox: Sandbox) -> Story:
    if call.fault:
        sandbox.fail_next(call.fault)
    with bt.TransferClient(**_options(call, sandbox)) as client:
        try:
            return Story(call, (client.execute(call.transfer()),))
        except bt.OutcomeUnknown as unknown:
            try:
                return Story(call, (unknown, client.reconcile(unknown.attempt)))
            except bt.TransferError as error:
                return Story(call, (unknown, error))
        except bt.TransferError as error:
            return Story(call, (error,))


async def _perform_at_once(calls: Sequence[Call], sandbox: Sandbox) -> list[Story]:
    return await asyncio.gather(*(_perform_asyncio(call, sandbox) for call in calls))


async def _perform_asyncio(call: Call, sandbox: Sandbox) -> Story:
    async with bt.AsyncTransferClient(**_options(call, sandbox)) as client:
        try:
            return Story(call, (await client.execute(call.transfer()),))
        except bt.TransferError as error:
            return Story(call, (error,))


def _options(call: Call, sandbox: Sandbox) -> dict[str, Any]:
    return {
        "credentials": bt.Credentials(**sandbox.credentials_for(call.key)),
        "base_url": sandbox.base_url,
        "recv_window_ms": _RECV_WINDOW_MS,
        "settle_ms": _SETTLE_MS,
    }

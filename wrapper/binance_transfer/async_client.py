"""
The client for asyncio.

One rule: as in `client`, with `await` as the one difference.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, Unpack

from binance_transfer.attempt import Attempt
from binance_transfer.base_url import DEFAULT as BASE_URL
from binance_transfer.base_url import base_url_from
from binance_transfer.clock import Clock
from binance_transfer.errors import JournalFailed
from binance_transfer.events import OnEvent
from binance_transfer.flows import calls
from binance_transfer.flows.calls import Preflight
from binance_transfer.flows.effects import Effect, Flow, Post, Read, Sleep, Transaction, pass_on
from binance_transfer.history import HistoryQuery, PageReader, TransferRecord
from binance_transfer.moments import Moment, from_ms, to_ms
from binance_transfer.options import AsyncClientOptions
from binance_transfer.policy import Policy
from binance_transfer.sealed import Sealed
from binance_transfer.session import Session
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_methods import TransferMethods
from binance_transfer.wire.answer import NoAnswer
from binance_transfer.wire.credentials import Credentials
from binance_transfer.wire.outcome import Receipt
from binance_transfer.wire.transport import AsyncTransport, chosen_asyncio
from binance_transfer_api.api.asset.universal_transfer import RECV_WINDOW_DEFAULT

if TYPE_CHECKING:
    import httpx

    from binance_transfer.balances import Balances
    from binance_transfer.journal import Journal
    from binance_transfer.journal.audit import Audit
    from binance_transfer.journal.records import Entry

T = TypeVar("T")

_FOR_A_THREAD_S: Final = 0.6  # what a transaction may take longer in an event loop, before it is given up there


class AsyncTransferClient(TransferMethods[Coroutine[Any, Any, Receipt]]):
    """
    A client for one asyncio event loop: that of its first call. Takes what TransferClient takes.

    transport: an AsyncHttpxTransport, an AsyncFastTransport, or any httpx.AsyncBaseTransport.
    """

    def __init__(
        self,
        credentials: Credentials | Mapping[str, Any],
        *,
        base_url: str = BASE_URL,
        recv_window_ms: int = RECV_WINDOW_DEFAULT,
        timeout_s: float = 10.0,
        transport: "AsyncTransport | httpx.AsyncBaseTransport | None" = None,
        clock: Clock | None = None,
        settle_ms: int = 30_000,
        extra_rejected_codes: Collection[int] = frozenset(),
        journal: "Journal | None" = None,
        policy: Policy | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        given = Sealed(credentials)
        del credentials  # it may be a mapping, and a traceback may show what it holds
        self._session = Session(
            Credentials.of(given),
            base_url,
            recv_window_ms,
            timeout_s,
            clock,
            settle_ms,
            extra_rejected_codes,
            journal=journal,
            policy=policy,
            on_event=on_event,
        )
        self._transport: Final = chosen_asyncio(transport, self._session.base_url)
        self._threads: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def from_env(cls, **options: Unpack[AsyncClientOptions]) -> Self:
        """
        Make a client from BINANCE_BASE_URL (optional) and the variables of Credentials.from_env.

        options: the constructor's other arguments; a base_url given here is used instead of the variable.
        """
        if "base_url" not in options:
            options["base_url"] = base_url_from(os.environ.get("BINANCE_BASE_URL"))
        return cls(Credentials.from_env(), **options)

    async def settle(self, transfer: Transfer, *, idempotency_key: str, deadline_s: float = 120.0) -> Receipt:
        """Send under a key until it is decided: see TransferClient.settle."""
        return await self._run(self._session.settle(transfer, idempotency_key, deadline_s))

    async def prepare(self, transfer: Transfer) -> Attempt:
        """Make an attempt without sending it: to store before ``execute``, and to ``reconcile`` after a crash."""
        return await self._run(self._session.prepare(transfer))

    async def reconcile(
        self, attempt: Attempt, *, deadline_s: float = 120.0, claimed: Collection[int] = frozenset()
    ) -> Receipt:
        """Find out what became of an attempt: see TransferClient.reconcile."""
        return await self._run(self._session.reconciliation(attempt, deadline_s, claimed))

    async def reconcile_all(self, *, deadline_s: float = 120.0) -> "list[Entry]":
        """Reconcile every open key of the journal: see TransferClient.reconcile_all."""
        return await self._run(self._session.reconcile_all(deadline_s))

    async def resolve(
        self,
        key: str,
        *,
        tran_id: int | None = None,
        not_executed: bool = False,
        note: str = "",
        deadline_s: float = 30.0,
    ) -> "Entry":
        """Write a person's verdict after a look at history: see TransferClient.resolve."""
        return await self._run(self._session.resolve(key, tran_id, note, deadline_s, not_executed=not_executed))

    async def correct(
        self,
        key: str,
        *,
        tran_id: int | None = None,
        not_executed: bool = False,
        note: str,
        attempt: str | None = None,
        deadline_s: float = 30.0,
    ) -> "Entry":
        """Give a key another verdict after a look at history: see TransferClient.correct."""
        return await self._run(
            self._session.correct(key, tran_id, note, attempt, deadline_s, not_executed=not_executed)
        )

    async def audit(self, since: Moment) -> "Audit":
        """Compare the journal with the exchange's history: see TransferClient.audit."""
        return await self._run(self._session.audit(to_ms("since", since)))

    def history(
        self,
        type: str,  # noqa: A002
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        from_symbol: str | None = None,
        to_symbol: str | None = None,
    ) -> AsyncIterator[TransferRecord]:
        """
        Iterate over the transfers of one type, all pages, read as they are needed.

        start, end: milliseconds since 1970 or aware datetimes, both inclusive; without them the exchange answers for
            the last 7 days.

        Raises InvalidTransfer for symbols that do not fit the type and for times that cannot be, and ReadFailed.
        """
        return self._history(HistoryQuery.of(type, start, end, from_symbol, to_symbol))

    async def _history(self, query: HistoryQuery) -> AsyncIterator[TransferRecord]:
        reading = PageReader()
        while (number := reading.next_page()) is not None:
            for record in reading.new_rows(
                await self._run(calls.read_page(self._session, query, number, self._session.call_deadline()))
            ):
                yield record

    async def balances(self) -> "Balances":
        """Return what each wallet holds: see TransferClient.balances."""
        return await self._run(calls.balances(self._session, self._session.call_deadline()))

    async def uid(self) -> int:
        """Ask which account the key belongs to: see TransferClient.uid."""
        return await self._run(calls.uid(self._session, self._session.call_deadline()))

    async def server_time(self) -> datetime:
        """Read the exchange's clock: see TransferClient.server_time."""
        return from_ms(await self._run(calls.measure_clock(self._session, self._session.call_deadline())))

    async def preflight(self) -> Preflight:
        """Ask whether transfers can be expected to work: see TransferClient.preflight."""
        return await self._run(calls.preflight(self._session, self._session.call_deadline()))

    async def aclose(self) -> None:
        """Close all connections; the client sends nothing afterwards."""
        if not self._session.close():
            return
        if self._threads is not None:
            self._threads.shutdown(wait=False)  # what they run goes on
            self._threads = None
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _start(self, flow: Flow[Receipt]) -> Coroutine[Any, Any, Receipt]:
        return self._run(flow)

    async def _run(self, flow: Flow[T]) -> T:
        try:
            effect = next(flow)
            while True:
                try:
                    result = await self._perform(effect)
                except BaseException as error:  # noqa: BLE001  # the flow decides what it means
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        except BaseException as error:
            pass_on(error, flow)
            raise

    async def _perform(self, effect: Effect[Any]) -> object:
        match effect:
            case Post(timeout_s=timeout_s) | Read(timeout_s=timeout_s):
                refusal = self._session.refusal(effect) or self._foreign_loop()
                return refusal or await self._transport.send(self._session.signed(effect), timeout_s)
            case Sleep(seconds):
                await self._session.clock.local.sleep_asyncio(seconds)
                return None
            case Transaction():
                return await self._transact(effect)
            case _:
                raise TypeError(effect)

    async def _transact(self, effect: Transaction[T]) -> T:
        """
        Run a transaction in a thread; raises JournalFailed where none is free in time.

        The threads are the client's own: while a database does not answer, others need those of the loop, if only to
        look up names.
        """
        context, since_s = copy_context(), time.monotonic()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(thread_name_prefix="binance_transfer")
        threads = self._threads

        def run() -> T:
            return context.run(self._session.transact, effect, since_s)

        try:
            async with asyncio.timeout(effect.within_s + _FOR_A_THREAD_S):
                return await asyncio.get_running_loop().run_in_executor(threads, run)
        except TimeoutError:
            message = "other calls of this client kept the journal busy for too long: try again"
        raise JournalFailed(message)

    def _foreign_loop(self) -> NoAnswer | None:
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is loop:
            return None
        return NoAnswer(sent=False, reason="this client belongs to another event loop: make one in each")

"""
The clients that users hold.

One rule: everything that is decided is decided in a flow. A client only performs effects: the sync one here, the async
one here, with `await` as the one difference.
"""

import os
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, Unpack, overload

from binance_transfer.attempt import Attempt
from binance_transfer.base_url import DEFAULT as BASE_URL
from binance_transfer.base_url import base_url_from
from binance_transfer.clock import Clock
from binance_transfer.errors import InvalidTransfer
from binance_transfer.events import OnEvent
from binance_transfer.flows import calls
from binance_transfer.flows.calls import Preflight
from binance_transfer.flows.effects import Effect, Flow, Post, Read, Sleep, Transaction
from binance_transfer.history import HistoryQuery, Reading, TransferRecord
from binance_transfer.moments import Moment, from_ms, to_ms
from binance_transfer.options import AsyncClientOptions, ClientOptions
from binance_transfer.policy import Policy
from binance_transfer.sealed import Sealed
from binance_transfer.session import Session
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_types import BetweenIsolated, BetweenSharedWallets, FromIsolated, ToIsolated
from binance_transfer.wire.answer import NoAnswer
from binance_transfer.wire.credentials import Credentials
from binance_transfer.wire.outcome import Receipt
from binance_transfer.wire.transport import AsyncTransport, Transport, chosen, chosen_asyncio
from binance_transfer_api.api.asset.universal_transfer import RECV_WINDOW_DEFAULT

if TYPE_CHECKING:
    import asyncio

    import httpx

    from binance_transfer.balances import Balances
    from binance_transfer.journal import Journal
    from binance_transfer.journal.audit import Audit
    from binance_transfer.journal.records import Entry

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)
Amount = Decimal | str | int


class _Transferring(Generic[R_co]):
    """
    The call that both clients share; R_co is what it gives back: a receipt, or one to await.

    The overloads let a type checker refuse a missing or a superfluous symbol. A variable of type TransferType goes
    through ``execute(Transfer(…))``, which checks the same when it runs.
    """

    _session: Session

    @overload
    def transfer(
        self,
        type: BetweenSharedWallets,
        asset: str,
        amount: Amount,
        *,
        idempotency_key: str | None = None,
        resolve_within_s: float | None = None,
    ) -> R_co: ...
    @overload
    def transfer(
        self,
        type: FromIsolated,
        asset: str,
        amount: Amount,
        *,
        from_symbol: str,
        idempotency_key: str | None = None,
        resolve_within_s: float | None = None,
    ) -> R_co: ...
    @overload
    def transfer(
        self,
        type: ToIsolated,
        asset: str,
        amount: Amount,
        *,
        to_symbol: str,
        idempotency_key: str | None = None,
        resolve_within_s: float | None = None,
    ) -> R_co: ...
    @overload
    def transfer(
        self,
        type: BetweenIsolated,
        asset: str,
        amount: Amount,
        *,
        from_symbol: str,
        to_symbol: str,
        idempotency_key: str | None = None,
        resolve_within_s: float | None = None,
    ) -> R_co: ...
    def transfer(
        self,
        type: Any,  # noqa: A002
        asset: str,
        amount: Amount,
        *,
        from_symbol: str | None = None,
        to_symbol: str | None = None,
        idempotency_key: str | None = None,
        resolve_within_s: float | None = None,
    ) -> R_co:
        """
        Move an asset from one wallet of the account to another. Sends one request, never a second.

        type: one of TRANSFER_TYPES.
        amount: exact; Decimal, text or int, at most 8 decimals.
        from_symbol, to_symbol: trading pair of the isolated margin wallet that pays or receives, just where the type
            needs it.
        idempotency_key: needs a journal. Whoever calls again with the key, after whatever crash, gets the same
            receipt and moves nothing twice.
        resolve_within_s: where no answer says what happened, reconcile for so long before OutcomeUnknown is raised;
            90 with a journal, else 0, which means not at all.

        Returns a Receipt. Raises NotExecuted where nothing moved and OutcomeUnknown where it may have moved; see the
        errors for what to do. InvalidTransfer is raised before anything is sent.
        """
        try:
            transfer = Transfer(type, asset, amount, from_symbol=from_symbol, to_symbol=to_symbol)
        except InvalidTransfer as objection:
            if idempotency_key is None or self._session.journal is None:
                raise
            # An older program may have recorded what is refused today: a key that moved is answered for ever.
            recorded = Transfer.recorded(
                type, asset, amount, from_symbol=from_symbol, to_symbol=to_symbol, checked=True
            )
            return self._start(self._session.transfer(recorded, idempotency_key, resolve_within_s, objection))
        return self.execute(transfer, idempotency_key=idempotency_key, resolve_within_s=resolve_within_s)

    def execute(
        self,
        transfer: Transfer | Attempt,
        *,
        idempotency_key: str | None = None,
        resolve_within_s: float | None = None,
    ) -> R_co:
        """
        Send a transfer, or an attempt made by ``prepare``, once.

        Returns and raises what ``transfer`` does. An attempt that was sent before is not sent again: OutcomeUnknown.
        """
        return self._start(self._session.transfer(transfer, idempotency_key, resolve_within_s))

    def _start(self, flow: Flow[Receipt]) -> R_co:
        """Run a flow, or return what runs it."""
        raise NotImplementedError


class TransferClient(_Transferring[Receipt]):
    """
    A client for programs without an event loop. Threads may share it; a forked process needs one of its own.

    credentials: Credentials, or a mapping with its arguments.
    base_url: https, or http to this machine.
    recv_window_ms: for how long after its timestamp the exchange may begin a request, 1 to 60000.
    timeout_s: deadline for one whole call, connecting included.
    settle_ms: how long after its window a transfer may still execute or show up in history; nobody documents it.
    extra_rejected_codes: error codes, unknown to spec/error_codes.yaml, that are to mean "nothing moved".
    transport: what sends; an HttpxTransport with options for proxies or certificates, or any httpx.BaseTransport.
        Without it, a FastTransport if the extra is installed and no proxy is named, else an HttpxTransport.
    clock: where time comes from, for tests.
    journal: records every send before it leaves, and makes idempotency keys work.
    policy: an operator's limits, checked for every send.
    on_event: called with an Event for each attempt, answer, verdict, wait and alarm, on the calling thread or in the
        loop. What it raises is logged and changes nothing.

    Raises ValueError for settings that cannot be right.
    """

    def __init__(
        self,
        credentials: Credentials | Mapping[str, Any],
        *,
        base_url: str = BASE_URL,
        recv_window_ms: int = RECV_WINDOW_DEFAULT,
        timeout_s: float = 10.0,
        transport: "Transport | httpx.BaseTransport | None" = None,
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
        self._transport: Final = chosen(transport, self._session.base_url)

    @classmethod
    def from_env(cls, **options: Unpack[ClientOptions]) -> Self:
        """
        Make a client from BINANCE_BASE_URL (optional) and the variables of Credentials.from_env.

        options: the constructor's other arguments; a base_url given here is used instead of the variable.
        """
        if "base_url" not in options:
            options["base_url"] = base_url_from(os.environ.get("BINANCE_BASE_URL"))
        return cls(Credentials.from_env(), **options)

    def settle(self, transfer: Transfer, *, idempotency_key: str, deadline_s: float = 120.0) -> Receipt:
        """
        Send a transfer under a key until it has moved, provably has not, or the deadline is over. Needs a journal.

        It calls again while the error is ``retryable``: what may have moved is reconciled, and what provably did not
        is sent anew, a few times at most.

        deadline_s: when to give up, at least ``timeout_s``.

        Raises the last error: a NotExecuted says why it did not move, an OutcomeUnknown or a JournalFailed that it is
        not known yet. Call again with the same key.
        """
        return self._run(self._session.settle(transfer, idempotency_key, deadline_s))

    def prepare(self, transfer: Transfer) -> Attempt:
        """
        Make an attempt without sending it: to store before ``execute``, and to ``reconcile`` after a crash.

        Raises a NotExecuted where the exchange's clock has to be read first and cannot be.
        """
        return self._run(self._session.prepare(transfer))

    def reconcile(
        self, attempt: Attempt, *, deadline_s: float = 120.0, claimed: Collection[int] = frozenset()
    ) -> Receipt:
        """
        Find out what became of an attempt, by the exchange's history and clock. Moves nothing.

        It may take until the attempt's window is over: recv_window_ms plus settle_ms after its timestamp. Progress
        is logged at INFO.

        deadline_s: when to give up; the answer is then still OutcomeUnknown.
        claimed: ids that the caller knows to belong to other transfers; those that this client has seen are known.

        Returns a Receipt where it moved. Raises ProvenAbsent where it did not and never will, Ambiguous, or
        OutcomeUnknown.
        """
        return self._run(self._session.reconciliation(attempt, deadline_s, claimed))

    def reconcile_all(self, *, deadline_s: float = 120.0) -> "list[Entry]":
        """
        Reconcile every open key of the journal, e.g. after a crash, and return them all with what became of them.

        deadline_s: for each of them; what is still "open" then is so in the result.
        """
        return self._run(self._session.reconcile_all(deadline_s))

    def resolve(
        self,
        key: str,
        *,
        tran_id: int | None = None,
        not_executed: bool = False,
        note: str = "",
        deadline_s: float = 30.0,
    ) -> "Entry":
        """
        Write a person's verdict on the open attempt of a key, after a look at history, and return the key.

        tran_id: the exchange's id of the transfer, where it moved; history has to show it.
        not_executed: True where it did not move; history must not show what it would be. Near misses are taken down
            in the note.
        note: why, for those who read it later.
        deadline_s: how long all of it may take.

        Raises ResolutionRefused (the window is still open, history says otherwise, the id is another attempt's, there
        is nothing to resolve), ReadFailed and JournalFailed. ``journal.resolve`` does without the look.
        """
        return self._run(self._session.resolve(key, tran_id, note, deadline_s, not_executed=not_executed))

    def correct(
        self,
        key: str,
        *,
        tran_id: int | None = None,
        not_executed: bool = False,
        note: str,
        attempt: str | None = None,
        deadline_s: float = 30.0,
    ) -> "Entry":
        """
        Give a key that has a verdict another one, after a look at history, and return the key.

        Takes and raises what ``resolve`` does; the note is needed. attempt: its id, where the key has several.
        ``journal.correct`` does without the look.
        """
        return self._run(self._session.correct(key, tran_id, note, attempt, deadline_s, not_executed=not_executed))

    def audit(self, since: Moment) -> "Audit":
        """
        Compare the journal with the exchange's history.

        since: milliseconds since 1970, or an aware datetime.

        Raises InvalidTransfer for a time that cannot be, ReadFailed and JournalFailed.
        """
        return self._run(self._session.audit(to_ms("since", since)))

    def history(
        self,
        type: str,  # noqa: A002
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        from_symbol: str | None = None,
        to_symbol: str | None = None,
    ) -> Iterator[TransferRecord]:
        """
        Iterate over the transfers of one type, all pages, read as they are needed.

        start, end: milliseconds since 1970 or aware datetimes, both inclusive; without them the exchange answers for
            the last 7 days.

        Raises InvalidTransfer for symbols that do not fit the type and for times that cannot be, and ReadFailed.
        """
        query = HistoryQuery.of(type, start, end, from_symbol, to_symbol)
        reading = Reading()
        while (number := reading.next_page()) is not None:
            yield from reading.fresh(
                self._run(calls.read_page(self._session, query, number, self._session.call_deadline()))
            )

    def balances(self) -> "Balances":
        """
        Return what each wallet holds: wallet → asset → Balance(free, locked). For people and plans, never a proof.

        A wallet that the exchange names and ``Wallet`` does not stays under the exchange's name. Isolated margin is one
        wallet here, not split by trading pair, and portfolio margin may be missing: what is not there is not known.

        Raises ReadFailed. Source: GET /sapi/v1/asset/wallet/balance, IP weight 60.
        """
        return self._run(calls.balances(self._session, self._session.call_deadline()))

    def uid(self) -> int:
        """Ask which account the key belongs to. Raises ReadFailed. Source: GET /api/v3/account, IP weight 20."""
        return self._run(calls.uid(self._session, self._session.call_deadline()))

    def server_time(self) -> datetime:
        """Read the exchange's clock. Raises ReadFailed."""
        return from_ms(self._run(calls.measure_clock(self._session, self._session.call_deadline())))

    def preflight(self) -> Preflight:
        """
        Ask for the clock, the key's permissions and the state of the exchange.

        What the exchange refuses to tell this key is None, and ``problems`` says why; raises ReadFailed where there is
        no usable answer.
        """
        return self._run(calls.preflight(self._session, self._session.call_deadline()))

    def close(self) -> None:
        """Close all connections; the client sends nothing afterwards."""
        self._session.closed = True
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if not hasattr(self, "_transport"):
            return f"<{type(self).__name__} (not made)>"
        return f"<{type(self).__name__} {self._session.base_url} over {type(self._transport).__name__}>"

    def _start(self, flow: Flow[Receipt]) -> Receipt:
        return self._run(flow)

    def _run(self, flow: Flow[T]) -> T:
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except BaseException as error:  # noqa: BLE001  # the flow decides what it means
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    def _perform(self, effect: Effect[Any]) -> object:
        match effect:
            case Post(timeout_s=timeout_s) | Read(timeout_s=timeout_s):
                return self._session.refusal(effect) or self._transport.send(self._session.signed(effect), timeout_s)
            case Sleep(seconds):
                self._session.clock.local.sleep(seconds)
                return None
            case Transaction():
                return self._session.transact(effect)
            case _:
                raise TypeError(effect)


class AsyncTransferClient(_Transferring[Coroutine[Any, Any, Receipt]]):
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

    async def history(
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
        query = HistoryQuery.of(type, start, end, from_symbol, to_symbol)
        reading = Reading()
        while (number := reading.next_page()) is not None:
            for record in reading.fresh(
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
        self._session.closed = True
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        if not hasattr(self, "_transport"):
            return f"<{type(self).__name__} (not made)>"
        return f"<{type(self).__name__} {self._session.base_url} over {type(self._transport).__name__}>"

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

    async def _perform(self, effect: Effect[Any]) -> object:
        match effect:
            case Post(timeout_s=timeout_s) | Read(timeout_s=timeout_s):
                refusal = self._session.refusal(effect) or self._foreign_loop()
                return refusal or await self._transport.send(self._session.signed(effect), timeout_s)
            case Sleep(seconds):
                await self._session.clock.local.sleep_asyncio(seconds)
                return None
            case Transaction():
                import asyncio  # loaded already, since a loop runs

                return await asyncio.to_thread(self._session.transact, effect)
            case _:
                raise TypeError(effect)

    def _foreign_loop(self) -> NoAnswer | None:
        import asyncio

        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is loop:
            return None
        return NoAnswer(sent=False, reason="this client belongs to another event loop: make one in each")

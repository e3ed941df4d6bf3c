"""
The client for threads.

One rule: everything that is decided is decided in a flow. A client only performs effects: the synchronous one here,
the asynchronous one in `async_client`, with `await` as the one difference.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, Unpack

from binance_transfer.attempt import Attempt
from binance_transfer.base_url import DEFAULT as BASE_URL
from binance_transfer.base_url import base_url_from
from binance_transfer.clock import Clock
from binance_transfer.events import OnEvent
from binance_transfer.flows import calls
from binance_transfer.flows.calls import Preflight
from binance_transfer.flows.effects import Effect, Flow, Post, Read, Sleep, Transaction, pass_on
from binance_transfer.history import HistoryQuery, PageReader, TransferRecord
from binance_transfer.moments import Moment, from_ms, to_ms
from binance_transfer.options import ClientOptions
from binance_transfer.policy import Policy
from binance_transfer.sealed import Sealed
from binance_transfer.session import Session
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_methods import TransferMethods
from binance_transfer.wire.credentials import Credentials
from binance_transfer.wire.outcome import Receipt
from binance_transfer.wire.transport import Transport, chosen
from binance_transfer_api.api.asset.universal_transfer import RECV_WINDOW_DEFAULT

if TYPE_CHECKING:
    import httpx

    from binance_transfer.balances import Balances
    from binance_transfer.journal import Journal
    from binance_transfer.journal.audit import Audit
    from binance_transfer.journal.records import Entry

T = TypeVar("T")


class TransferClient(TransferMethods[Receipt]):
    """
    A client for programs without an event loop. Threads may share it; a forked process needs one of its own.

    credentials: Credentials, or a mapping with its arguments.
    base_url: https, or http to this machine.
    recv_window_ms: for how long after its timestamp the exchange may begin a request, 1 to 60000.
    timeout_s: deadline for one whole call, connecting included; a day at most, as all times that a call is given.
    settle_ms: how long after its window a transfer may still execute or show up in history; nobody documents it. A day
        at most.
    extra_rejected_codes: error codes that are to mean "nothing moved"; those known to leave it open are refused.
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
        OutcomeUnknown; and ValueError for arguments that cannot be right.
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
            in the note. Not for an attempt that the exchange has accepted: ``correct`` says that it was undone.
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
        return self._history(HistoryQuery.of(type, start, end, from_symbol, to_symbol))

    def _history(self, query: HistoryQuery) -> Iterator[TransferRecord]:
        reading = PageReader()
        while (number := reading.next_page()) is not None:
            yield from reading.new_rows(
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
        if self._session.close():
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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
        except BaseException as error:
            pass_on(error, flow)
            raise

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

"""The call that both clients share, typed: a type checker sees which symbols a transfer type takes."""

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any, Generic, TypeVar, overload

from binance_transfer.attempt import Attempt
from binance_transfer.errors import InvalidTransfer
from binance_transfer.flows.effects import Flow
from binance_transfer.session import Session
from binance_transfer.transfer import Transfer
from binance_transfer.transfer_types import BetweenIsolated, BetweenSharedWallets, FromIsolated, ToIsolated
from binance_transfer.wire.outcome import Receipt

R_co = TypeVar("R_co", covariant=True)
Amount = Decimal | str | int


class TransferMethods(ABC, Generic[R_co]):
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
        idempotency_key: needs a journal. Calling again with the same key, even after a crash, returns the same receipt
            and moves nothing twice.
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

    def __repr__(self) -> str:
        if (transport := getattr(self, "_transport", None)) is None:
            return f"<{type(self).__name__} (not made)>"
        return f"<{type(self).__name__} {self._session.base_url} over {type(transport).__name__}>"

    @abstractmethod
    def _start(self, flow: Flow[Receipt]) -> R_co:
        """Run a flow, or return what runs it."""

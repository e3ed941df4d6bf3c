"""
What each wallet holds.

One rule: for people and plans, never a proof: balances move for many reasons.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from attrs import frozen

from binance_transfer.candidates import folded
from binance_transfer.transfer_types import Wallet
from binance_transfer.visible import sound_repr
from binance_transfer_api.models import TRANSFER_TYPE_WALLETS, WalletBalance

Balances = Mapping[Wallet | str, "Mapping[str, Balance]"]
"""Wallet → asset → what it holds. A wallet that only the exchange has a name for goes by that name."""

_BY_TITLE: Final = {folded(title): Wallet(name) for name, title in TRANSFER_TYPE_WALLETS.items()}


@frozen
class Balance:
    """
    How much of an asset a wallet holds, in units of the asset.

    free: at its owner's disposal.
    locked: held for open orders.
    """

    free: Decimal
    locked: Decimal
    __repr__ = sound_repr


def balances_of(wallets: Iterable[WalletBalance], redact: Callable[[str], str]) -> Balances:
    """Take over what the exchange says. A wallet without details holds nothing that is known."""
    held: dict[Wallet | str, Mapping[str, Balance]] = {}
    for wallet in wallets:
        title = redact(wallet.wallet_name)
        assets = {
            redact(row.asset): Balance(Decimal(row.free), Decimal(row.locked)) for row in wallet.asset_balances or ()
        }
        held[_BY_TITLE.get(folded(title), title)] = MappingProxyType(assets)
    return MappingProxyType(held)

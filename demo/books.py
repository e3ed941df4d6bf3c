"""
Whether everything that is shown is true.

One rule: receipts, ledger, history and balances must tell the same story, and where they do not, it is said how.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import binance_transfer as bt
from binance_transfer_sandbox import Entry

Balances = dict[str, dict[str, Decimal]]
"""Wallet, `isolated_margin:BTCUSDT` for an isolated one → asset → amount."""


def ledger_problems(receipts: Iterable[bt.Receipt], ledger: Iterable[Entry]) -> Iterator[str]:
    """Compare receipts with what the exchange executed: the same transfers, each of them once."""
    told = sorted(
        (receipt.tran_id, *_row(receipt.transfer), receipt.transfer.from_symbol or "", receipt.transfer.to_symbol or "")
        for receipt in receipts
    )
    executed = sorted(
        (entry.tran_id, entry.type, entry.asset, entry.amount, entry.from_symbol or "", entry.to_symbol or "")
        for entry in ledger
    )
    if told != executed:
        yield f"the receipts say {told}, the ledger says {executed}"


def history_problems(receipts: Iterable[bt.Receipt], history: Iterable[bt.TransferRecord]) -> Iterator[str]:
    """Compare receipts with the rows of history: one confirmed row for each."""
    told = sorted((receipt.tran_id, *_row(receipt.transfer), "CONFIRMED") for receipt in receipts)
    listed = sorted((row.tran_id, row.type, row.asset, row.amount, row.status) for row in history)
    if told != listed:
        yield f"the receipts say {told}, history says {listed}"


def balance_problems(receipts: Iterable[bt.Receipt], before: Balances, after: Balances) -> Iterator[str]:
    """Compare the balances with what the receipts amount to, by the client's own table of wallets."""
    expected = {wallet: dict(assets) for wallet, assets in before.items()}
    for transfer in (receipt.transfer for receipt in receipts):
        info = bt.TRANSFER_TYPES[transfer.type]
        for wallet, symbol, amount in (
            (info.source, transfer.from_symbol, -transfer.amount),
            (info.target, transfer.to_symbol, transfer.amount),
        ):
            purse = expected[f"{wallet.value}:{symbol}" if symbol else wallet.value]
            purse[transfer.asset] = purse.get(transfer.asset, Decimal(0)) + amount
    for purse_name, asset, amount, real in changes(expected, after):
        yield f"{purse_name} should hold {amount} {asset} and holds {real}"


def changes(before: Balances, after: Balances) -> Sequence[tuple[str, str, Decimal, Decimal]]:
    """Return wallet, asset and both amounts wherever two sets of balances differ."""
    rows = (
        (wallet, asset, before.get(wallet, {}).get(asset, Decimal(0)), after.get(wallet, {}).get(asset, Decimal(0)))
        for wallet in before | after
        for asset in before.get(wallet, {}) | after.get(wallet, {})
    )
    return [row for row in rows if row[2] != row[3]]


def _row(transfer: bt.Transfer) -> tuple[str, str, Decimal]:
    return transfer.type, transfer.asset, transfer.amount

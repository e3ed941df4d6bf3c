"""
Which rows of history could be an attempt, and which transfers history could not tell apart.

One rule: whoever asks "could this row be that attempt?" asks here: reconciliation, audit, a person's verdict, export.
A row that differs only in how it is written is no proof, and no proof of absence either. The simulator checks this with
code of its own.
"""

import unicodedata
from collections.abc import Collection, Iterable
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, Inexact, InvalidOperation
from typing import Final, cast

from attrs import frozen

from binance_transfer.attempt import Attempt
from binance_transfer.history import CONFIRMED, FAILED, TransferRecord
from binance_transfer.transfer import Transfer, amount_text
from binance_transfer.transfer_types import CHINESE_PAGE_TYPES
from binance_transfer.visible import sound_repr
from binance_transfer.window import Window

_FEE: Final = Decimal("0.01")  # the share of an amount that a row may lack or add and still be it
_EXACT: Final = Context(prec=450, traps=[Inexact, InvalidOperation])  # no amount has more digits, point included
_ROUNDINGS: Final = (ROUND_DOWN, ROUND_HALF_UP, ROUND_UP)


@frozen
class Match:
    """
    The rows of a reading that could be an attempt (docs/rules.md, rule 2).

    confirmed, pending: candidates, by their status. A status that nobody knows counts as pending.
    near: near misses: rows that would be candidates but for their spelling, digits, type, time, or an earlier owner.
    """

    confirmed: tuple[TransferRecord, ...]
    pending: tuple[TransferRecord, ...]
    near: tuple[TransferRecord, ...]
    __repr__ = sound_repr


def match(
    attempt: Attempt,
    window: Window,
    rows: Iterable[TransferRecord],
    owned: Collection[int],
    once_named: Collection[int] = (),
) -> Match:
    """
    Sort the rows that could be an attempt.

    owned: ids that belong to other attempts.
    once_named: ids that a verdict once gave to another attempt, and that nobody owns now.
    """
    confirmed: list[TransferRecord] = []
    pending: list[TransferRecord] = []
    near: list[TransferRecord] = []
    for row in rows:
        if row.status == FAILED or row.tran_id in owned or not is_near(attempt.transfer, row):
            continue
        if row.tran_id in once_named or not is_candidate(attempt.transfer, window, row):
            near.append(row)
        elif row.status == CONFIRMED:
            confirmed.append(row)
        else:
            pending.append(row)
    return Match(tuple(confirmed), tuple(pending), tuple(near))


def is_candidate(transfer: Transfer, window: Window, row: TransferRecord) -> bool:
    """Tell whether a row is what a transfer of the window would be."""
    same = (row.type, row.asset, row.amount) == (transfer.type, transfer.asset, transfer.amount)
    return same and window.holds(row.timestamp_ms)


def is_near(transfer: Transfer, row: TransferRecord) -> bool:
    """Tell whether a row, of any type and time, could be a transfer that is only written otherwise."""
    return folded(row.asset) == folded(transfer.asset) and amounts_are_near(transfer.amount, row.amount)


def could_be(transfer: Transfer, window: Window, row: TransferRecord) -> bool:
    """Tell whether a row of a long time could be a transfer of the window, its time being written in ms or seconds."""
    return is_near(transfer, row) and (window.holds(row.timestamp_ms) or window.holds(1000 * row.timestamp_ms))


def folded(text: str) -> str:
    """Return a name without what differs between spellings of it: case, width and composition of characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def amounts_are_near(amount: Decimal, shown: Decimal) -> bool:
    """Tell whether a row's amount may stand for another one: cut, rounded, or less or more by a fee."""
    if amount == shown:
        return True
    if abs(_EXACT.subtract(amount, shown)) <= _EXACT.multiply(amount, _FEE):
        return True
    digits = Decimal((0, (1,), cast("int", shown.as_tuple().exponent)))  # a row is finite
    rough = Context(prec=450)
    return any(amount.quantize(digits, rounding=rounding, context=rough) == shown for rounding in _ROUNDINGS)


def alike_mark(transfer: Transfer) -> str:
    """Return what is equal for transfers that history could not tell apart: rows carry no symbols (rule 8)."""
    amount = amount_text(transfer.amount)
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    return f"{transfer.type} {transfer.asset} {amount}"


def is_named_as_sent(transfer: Transfer) -> bool:
    """Tell whether history is known to show a transfer under the type that was sent (docs/rules.md, rule 4)."""
    return transfer.checked and transfer.type not in CHINESE_PAGE_TYPES

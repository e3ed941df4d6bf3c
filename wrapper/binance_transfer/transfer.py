"""
A transfer as a value: what shall move, from where, to where.

One rule: a Transfer that exists is one that may be sent. Amounts are exact and symbols are just those that the type
needs, spelt as the exchange spells them: a superfluous one has sent users' money to another wallet
(JKorf/Binance.Net #1088).
"""

import re
import unicodedata
from decimal import Decimal
from string import ascii_lowercase
from typing import Final, Self, cast

from attrs import field, frozen

from binance_transfer.errors import InvalidTransfer
from binance_transfer.transfer_types import TRANSFER_TYPES, TransferType
from binance_transfer.visible import described, exact_str, invisible_in, quoted
from binance_transfer_api.api.asset.universal_transfer import AMOUNT_PATTERN

_DECIMALS: Final = 8
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?|\.[0-9]+([eE][+-]?[0-9]{1,3})?", re.ASCII)
_EXPONENT_LIMIT: Final = 100  # an amount beyond it is a mistake, and its digits would fill the memory
_WIRE: Final = re.compile(AMOUNT_PATTERN, re.ASCII)

_ORDINARY: Final = re.compile(r"[A-Z0-9]+", re.ASCII)  # what nearly all names are: nothing in them has to be looked for

# How people write a pair elsewhere: BTC/USDT, BTC-USDT, and ccxt's BTC/USDT:USDT.
_SEPARATORS: Final = frozenset("/-_:.,|\\")
_UPPER: Final = {ord(lower): lower.upper() for lower in ascii_lowercase}


@frozen(init=False, repr=False)
class Transfer:
    """
    One asset from one wallet of the account to another.

    amount: exact, at most 8 decimals.
    from_symbol, to_symbol: trading pair of the isolated margin wallet that pays or receives; None for other wallets.
    checked: False for one made by ``Transfer.unchecked``.
    """

    type: TransferType
    asset: str
    amount: Decimal
    from_symbol: str | None
    to_symbol: str | None
    checked: bool = field(eq=False, repr=False)

    def __init__(
        self,
        type: TransferType,  # noqa: A002  # the vendor's name for it
        asset: str,
        amount: Decimal | str | int,
        *,
        from_symbol: str | None = None,
        to_symbol: str | None = None,
    ) -> None:
        """Check every rule; raises InvalidTransfer."""
        type, asset = exact_str(type), exact_str(asset)  # noqa: A001
        from_symbol, to_symbol = exact_str(from_symbol), exact_str(to_symbol)
        check_type(type)
        check_name("asset", asset)
        check_symbols(type, from_symbol, to_symbol)
        exact = _shortened(positive_amount(amount))
        if not _WIRE.fullmatch(amount_text(exact)):
            decimals = -cast("int", exact.as_tuple().exponent)
            message = f"has {decimals} decimals, at most {_DECIMALS}" if decimals > _DECIMALS else "is too large"
            raise InvalidTransfer(f"amount {amount_text(exact)} {message}: give an amount that the exchange can hold")
        self._fill(type, asset, exact, from_symbol, to_symbol, checked=True)

    @classmethod
    def unchecked(
        cls,
        type: str,  # noqa: A002
        asset: str,
        amount: Decimal | str | int,
        *,
        from_symbol: str | None = None,
        to_symbol: str | None = None,
    ) -> Self:
        """
        Make a transfer that only the rules for money hold for: the amount is exact, positive and finite.

        For a type that Binance adds tomorrow or a rule that it changes. Reconciliation never concludes that such a
        transfer did not happen, since nobody knows what history calls it.
        """
        for name, value in (("type", type), ("asset", asset), ("from_symbol", from_symbol), ("to_symbol", to_symbol)):
            if value is not None or name in {"type", "asset"}:
                check_text(name, value)
        transfer = cls.__new__(cls)
        transfer._fill(type, asset, positive_amount(amount), from_symbol, to_symbol, checked=False)  # noqa: SLF001
        return transfer

    def _fill(
        self,
        type: str,  # noqa: A002
        asset: str,
        amount: Decimal,
        from_symbol: str | None,
        to_symbol: str | None,
        *,
        checked: bool,
    ) -> None:
        """Set the fields of a new object, which is frozen for everybody else."""
        texts = {"type": type, "asset": asset, "from_symbol": from_symbol, "to_symbol": to_symbol}
        for name, text in texts.items():
            object.__setattr__(self, name, exact_str(text))
        object.__setattr__(self, "amount", amount)
        object.__setattr__(self, "checked", checked)

    @classmethod
    def recorded(
        cls,
        type: str,  # noqa: A002
        asset: str,
        amount: Decimal | str | int,
        *,
        from_symbol: str | None = None,
        to_symbol: str | None = None,
        checked: bool,
    ) -> Self:
        """
        Make a transfer again that a journal or an attempt holds, whatever rules held when it was made.

        Only the rules for money are checked again; raises InvalidTransfer. It stays ``checked`` if it was, unless this
        version does not know the type: then it counts as unchecked.
        """
        transfer = cls.unchecked(type, asset, amount, from_symbol=from_symbol, to_symbol=to_symbol)
        object.__setattr__(transfer, "checked", checked and transfer.type in TRANSFER_TYPES)
        return transfer

    @property
    def amount_text(self) -> str:
        """The amount as fixed-point text: what goes over the wire."""
        return amount_text(self.amount)

    def __repr__(self) -> str:
        return described(self, "type", "asset", "amount", "from_symbol", "to_symbol")


def amount_text(amount: Decimal) -> str:
    """Write a finite Decimal without an exponent, digit for digit, under any decimal context."""
    return format(amount, "f")


def check_type(name: object) -> None:
    """Raise InvalidTransfer for anything but the name of a known type."""
    text = exact_str(name)
    if isinstance(text, str) and text in TRANSFER_TYPES:
        return
    if isinstance(text, str) and (meant := spelt(text, "_")) in TRANSFER_TYPES:
        message = f"{quoted(name)} is not a transfer type: write {meant!r}"
        raise InvalidTransfer(message)
    message = (
        f"{quoted(name)} is not a transfer type: TRANSFER_TYPES lists them, transfer_type(source, target) finds one, "
        "and Transfer.unchecked takes one that is new"
    )
    raise InvalidTransfer(message)


def check_symbols(name: str, from_symbol: str | None, to_symbol: str | None) -> None:
    """Raise InvalidTransfer unless exactly the symbols that the type needs are there, and spelt right."""
    _check_needed(name, from_symbol, to_symbol)
    for parameter, symbol in (("from_symbol", from_symbol), ("to_symbol", to_symbol)):
        if symbol is not None:
            check_name(parameter, symbol)
    if from_symbol is not None and to_symbol is not None and _alike(from_symbol, to_symbol):
        message = f"from_symbol and to_symbol are both {quoted(to_symbol)}: the money is in that wallet already"
        raise InvalidTransfer(message)


def check_former_rules(transfer: Transfer) -> None:
    """Raise InvalidTransfer unless some version took this as a checked transfer: all rules but those for spelling."""
    check_type(transfer.type)
    _check_needed(transfer.type, transfer.from_symbol, transfer.to_symbol)
    names = {"asset": transfer.asset, "from_symbol": transfer.from_symbol, "to_symbol": transfer.to_symbol}
    for parameter, name in names.items():
        if name is not None:
            _check_visible(parameter, name)


def _check_needed(name: str, from_symbol: str | None, to_symbol: str | None) -> None:
    info = TRANSFER_TYPES[name]
    for parameter, symbol, needed in (
        ("from_symbol", from_symbol, info.needs_from_symbol),
        ("to_symbol", to_symbol, info.needs_to_symbol),
    ):
        if symbol is None and needed:
            message = f"{name} needs {parameter}: the trading pair of the isolated margin wallet, e.g. 'BTCUSDT'"
            raise InvalidTransfer(message)
        if symbol is not None and not needed:
            message = f"{name} takes no {parameter}: leave it out, or the money may go to another wallet"
            raise InvalidTransfer(message)


def _alike(one: str, other: str) -> bool:
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def check_name(parameter: str, name: object) -> str:
    """Return an asset or symbol; raises InvalidTransfer where nobody sees all of it, or it is spelt otherwise."""
    text = check_text(parameter, name)
    if _ORDINARY.fullmatch(text):
        return text
    _check_visible(parameter, text)
    meant = spelt(text)
    if not meant:
        message = f"{parameter} {quoted(text)} has no letter and no digit"
        raise InvalidTransfer(message)
    if text != meant:
        message = f"{parameter} {quoted(text)} is not how the exchange spells it: write {quoted(meant)}"
        raise InvalidTransfer(message)
    return text


def _check_visible(parameter: str, text: str) -> None:
    if hidden := invisible_in(text):
        message = f"{parameter} {quoted(text)} holds an invisible character ({hidden}): leave it out"
        raise InvalidTransfer(message)


def spelt(name: str, between: str = "") -> str:
    """Return how the exchange spells a name: capitals, and nothing (or ``between``) where there was a separator."""
    pair, separator, _ = name.partition(":")
    if separator and "/" in pair:
        name = pair  # what follows in ccxt's form is the currency in which a contract is settled
    capitals = name.translate(_UPPER)
    return between.join(filter(None, "".join(" " if each in _SEPARATORS else each for each in capitals).split(" ")))


def check_text(parameter: str, value: object) -> str:
    """Return a text as a plain one; raises InvalidTransfer for an empty one and for what is no text."""
    if not isinstance(value, str):
        message = f"{parameter} must be a str, not {type(value).__name__}"
        raise InvalidTransfer(message)
    text = exact_str(value)
    if not text:
        message = f"{parameter} is empty"
        raise InvalidTransfer(message)
    if any("\ud800" <= character <= "\udfff" for character in text):
        message = f"{parameter} {quoted(text)} holds half of a surrogate pair, which is not text"
        raise InvalidTransfer(message)
    return text


def positive_amount(amount: object) -> Decimal:
    """Take an amount over exactly, whatever decimal context the caller has set; raises InvalidTransfer."""
    match amount:
        case bool() | float():
            message = f"amount must be Decimal, str or int, not {type(amount).__name__}: write it as text, e.g. '25.5'"
            raise InvalidTransfer(message)
        case int():
            exact = Decimal(amount) if abs(amount) < 10**_EXPONENT_LIMIT else Decimal("Infinity")
        case str():
            if not _NUMBER.fullmatch(amount):
                message = f"amount {quoted(amount)} is not a positive decimal number like '25.5'"
                raise InvalidTransfer(message)
            exact = Decimal(amount)
        case Decimal():
            exact = Decimal(amount)  # a subclass may write itself as another number than it is
        case _:
            message = f"amount must be Decimal, str or int, not {type(amount).__name__}"
            raise InvalidTransfer(message)
    if (
        not exact.is_finite()
        or abs(exact.adjusted()) > _EXPONENT_LIMIT
        or len(exact.as_tuple().digits) > _EXPONENT_LIMIT
    ):
        message = "amount is not finite, or is far too large or too small"
        raise InvalidTransfer(message)
    if exact.is_signed() or exact.is_zero():
        message = f"amount {amount_text(exact)} is not greater than zero"
        raise InvalidTransfer(message)
    return exact


def _shortened(amount: Decimal) -> Decimal:
    """Drop zeros beyond the last decimal that the exchange takes; the value stays the same."""
    sign, digits, exponent = amount.as_tuple()
    excess = -_DECIMALS - cast("int", exponent)
    if excess > 0 and not any(digits[-excess:]):
        return Decimal((sign, digits[:-excess], -_DECIMALS))
    return amount

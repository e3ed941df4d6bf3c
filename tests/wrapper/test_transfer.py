"""A Transfer that exists may be sent: what is taken, what is refused, and that no amount ever changes."""

import copy
import decimal
import itertools
import pickle
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.transfer_types import NEEDS_FROM_SYMBOL, NEEDS_TO_SYMBOL

# The rule as the vendor's page words it, and by analogy for the two types of the Chinese page: written out here once
# more, so that a slip in the package's table is seen.
FROM = frozenset({"ISOLATEDMARGIN_MARGIN", "ISOLATEDMARGIN_ISOLATEDMARGIN", "ISOLATED_MARGIN_MAIN"})
TO = frozenset({"MARGIN_ISOLATEDMARGIN", "ISOLATEDMARGIN_ISOLATEDMARGIN", "MAIN_ISOLATED_MARGIN"})

COMBINATIONS = list(itertools.product(bt.TRANSFER_TYPES, (None, "BTCUSDT"), (None, "ETHUSDT")))


def make(type: Any = "MAIN_UMFUTURE", asset: Any = "USDT", amount: Any = "1", **symbols: Any) -> bt.Transfer:  # noqa: A002
    return bt.Transfer(type, asset, amount, **symbols)


def symbols_for(name: str) -> dict[str, str]:
    return ({"from_symbol": "BTCUSDT"} if name in FROM else {}) | ({"to_symbol": "ETHUSDT"} if name in TO else {})


def test_the_tables_name_the_types_that_the_page_names() -> None:
    assert (NEEDS_FROM_SYMBOL, NEEDS_TO_SYMBOL) == (FROM, TO)


@pytest.mark.parametrize(("name", "from_symbol", "to_symbol"), COMBINATIONS)
def test_symbols_are_taken_exactly_where_the_type_needs_them(
    name: str, from_symbol: str | None, to_symbol: str | None
) -> None:
    fits = (from_symbol is not None) == (name in FROM) and (to_symbol is not None) == (name in TO)
    try:
        make(name, from_symbol=from_symbol, to_symbol=to_symbol)
    except bt.InvalidTransfer:
        taken = False
    else:
        taken = True
    assert taken == fits


@pytest.mark.parametrize("name", bt.TRANSFER_TYPES)
@pytest.mark.parametrize("parameter", ["from_symbol", "to_symbol"])
def test_a_wrong_symbol_is_called_by_its_name(name: str, parameter: str) -> None:
    """Missing where it is needed, given where it is not: either way the message says which one."""
    symbols: dict[str, str | None] = {**symbols_for(name)}
    symbols[parameter] = None if parameter in symbols else "BTCUSDT"
    with pytest.raises(bt.InvalidTransfer, match=parameter):
        make(name, **symbols)


@pytest.mark.parametrize("symbol", ["", 5, b"BTCUSDT", "BTC USDT", "BTCUSDT\n", "\u200bBTCUSDT"])
@pytest.mark.parametrize("parameter", ["from_symbol", "to_symbol"])
def test_a_symbol_that_is_none_is_refused(parameter: str, symbol: object) -> None:
    symbols = symbols_for("ISOLATEDMARGIN_ISOLATEDMARGIN") | {parameter: symbol}
    with pytest.raises(bt.InvalidTransfer, match=parameter):
        make("ISOLATEDMARGIN_ISOLATEDMARGIN", **symbols)


@pytest.mark.parametrize("parameter", ["from_symbol", "to_symbol"])
def test_an_empty_symbol_is_not_the_same_as_none(parameter: str) -> None:
    """MAIN_MARGIN with a toSymbol has sent money to the wrong wallet: an empty one is refused as well."""
    with pytest.raises(bt.InvalidTransfer, match=parameter):
        make("MAIN_MARGIN", **{parameter: ""})


@pytest.mark.parametrize(
    "name",
    ["main_umfuture", "MAIN_UMFUTURE ", "", "MAIN", "C2C_MAIN", "MAIN_MINING", "MAIN_PAY", None, 5, ["MAIN"], {}],
)
def test_what_is_no_type_is_refused(name: object) -> None:
    """Values that the vendor has retired are none either."""
    with pytest.raises(bt.InvalidTransfer, match="transfer type"):
        make(name)


# --- amounts ---------------------------------------------------------------------------------------------------------

WIRE: list[tuple[Any, str]] = [
    ("25.5", "25.5"),
    ("1", "1"),
    (1, "1"),
    (10**19, "10000000000000000000"),
    (Decimal("25.50"), "25.50"),
    (Decimal("1E-8"), "0.00000001"),
    (Decimal("1E+3"), "1000"),
    (Decimal("0.00000010"), "0.00000010"),
    ("0.000000010", "0.00000001"),
    ("1.100000000000", "1.10000000"),
    ("1e-8", "0.00000001"),
    ("12E2", "1200"),
    (".5", "0.5"),
    ("5.", "5"),
    ("007", "7"),
    ("0.1", "0.1"),
    ("99999999999999999999.99999999", "99999999999999999999.99999999"),
]

REFUSED: list[Any] = [
    0.1, 1.0, float("nan"), float("inf"), True, False, None, 1j, b"1", bytearray(b"1"), [1], (0, (1,), 0),
    Fraction(1, 2),
    "NaN", "sNaN", "nan", "Infinity", "inf", "-inf", Decimal("NaN"), Decimal("sNaN"), Decimal("-NaN"),
    Decimal("Infinity"), Decimal("-Infinity"),
    "0", 0, "0.0", "-0", "0e5", Decimal(0), Decimal("-0"), Decimal("0E+50"), "0.00000000",
    "-1", -1, Decimal("-0.00000001"), "-1e5",
    "0.000000001", Decimal("1E-9"), "1.123456789", Decimal("1.123456789"), "1e-9",
    "1_000", "1,000", "1,5", " 1", "1 ", "\t1", "1\n", "1\r", "\uff11", "\u0661", "+1",
    "--1", "", " ", ".", "e5", "1e", "1.2.3",
    "0x10", "1f", "½", "²", "1\u200b", "1\x00", "١٢٣", "1e999999999", "1e-999999999", "1E1000", "1e99",
    10**400, 10**25, -(10**400), "9" * 5000, "1." + "0" * 5000, "0." + "0" * 5000 + "1", Decimal("1E+5000"),
    Decimal("1E-5000"), Decimal("9" * 200), "100000000000000000000000000",
]  # fmt: skip


@pytest.mark.parametrize(("amount", "text"), WIRE, ids=repr)
def test_amount_is_written_as_fixed_point_text(amount: Any, text: str) -> None:
    assert make(amount=amount).amount_text == text


@pytest.mark.parametrize(("amount", "text"), WIRE, ids=repr)
def test_amount_keeps_its_value(amount: Any, text: str) -> None:
    assert make(amount=amount).amount == Decimal(amount) == Decimal(text)


@pytest.mark.parametrize("amount", REFUSED, ids=lambda amount: repr(amount)[:30])
def test_what_is_no_exact_positive_amount_is_refused(amount: Any) -> None:
    with pytest.raises(bt.InvalidTransfer, match="amount"):
        make(amount=amount)


class Number(int):
    pass


class Coins(IntEnum):
    FIVE = 5


class Sneaky:
    """Has a text and a number in it, and is neither."""

    def __str__(self) -> str:
        return "1"

    def __int__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0


class OtherText(str):
    """A text whose methods say something else than it holds."""

    __slots__ = ()

    def __str__(self) -> str:
        return "999"

    def __format__(self, spec: str) -> str:
        return "999"

    def encode(self, encoding: str = "", errors: str = "") -> bytes:
        return b"999"


class OtherDecimal(Decimal):
    """A number whose methods say something else than it is."""

    __slots__ = ()

    def __str__(self) -> str:
        return "999"

    def __format__(self, *_: Any) -> str:
        return "999"


class Named(str, Enum):  # noqa: UP042  # what users of older Pythons write
    USDT = "USDT"
    MAIN_UMFUTURE = "MAIN_UMFUTURE"


@pytest.mark.parametrize("amount", [Sneaky(), object(), type, float, lambda: 1])
def test_an_object_is_no_amount(amount: Any) -> None:
    with pytest.raises(bt.InvalidTransfer, match="amount"):
        make(amount=amount)


@pytest.mark.parametrize(
    ("amount", "text"), [(OtherText("1.5"), "1.5"), (OtherDecimal("1.5"), "1.5"), (Number(2), "2"), (Coins.FIVE, "5")]
)
def test_a_subclass_counts_for_what_it_holds(amount: Any, text: str) -> None:
    """Methods that say something else never reach the wire."""
    assert bt.Attempt(make(amount=amount), 1, 5000).request().parameters[2] == ("amount", text)


@pytest.mark.parametrize("amount", [OtherText("1.5"), OtherDecimal("1.5")])
def test_an_amount_is_stored_as_a_plain_decimal(amount: Any) -> None:
    assert type(make(amount=amount).amount) is Decimal


def test_an_enum_that_is_text_counts_for_its_value() -> None:
    request = bt.Attempt(make(Named.MAIN_UMFUTURE, Named.USDT), 1, 5000).request()
    assert request.parameters[:2] == (("type", "MAIN_UMFUTURE"), ("asset", "USDT"))


@pytest.mark.parametrize("name", ["type", "asset"])
def test_texts_are_stored_as_plain_text(name: str) -> None:
    """What is kept in a database or a pickle must not depend on somebody's class."""
    assert type(getattr(make(Named.MAIN_UMFUTURE, Named.USDT), name)) is str


def takes(amount: Any) -> bool:
    try:
        make(amount=amount)
    except bt.InvalidTransfer:
        return False
    return True


HOSTILE: dict[str, Callable[[], decimal.Context]] = {
    "prec-1": lambda: decimal.Context(prec=1),
    "prec-1-traps": lambda: decimal.Context(prec=1, traps=[decimal.Inexact, decimal.Rounded, decimal.InvalidOperation]),
    "all-traps": lambda: decimal.Context(prec=3, Emax=3, Emin=-3, traps=list(decimal.Context().flags)),
    "no-traps": lambda: decimal.Context(prec=1, Emax=0, Emin=0, traps=[]),
    "round-up": lambda: decimal.Context(prec=2, rounding=decimal.ROUND_UP),
    "float-trap": lambda: decimal.Context(traps=[decimal.FloatOperation]),
    "clamp-lower-case": lambda: decimal.Context(prec=2, clamp=1, capitals=0, Emax=5, Emin=-5),
}


@pytest.mark.parametrize("context", HOSTILE)
def test_no_decimal_context_changes_an_amount(context: str) -> None:
    with decimal.localcontext(HOSTILE[context]()):
        texts = [make(amount=amount).amount_text for amount, _ in WIRE]
    assert texts == [text for _, text in WIRE]


@pytest.mark.parametrize("context", HOSTILE)
def test_no_decimal_context_lets_a_bad_amount_in(context: str) -> None:
    with decimal.localcontext(HOSTILE[context]()):
        taken = [repr(amount) for amount in REFUSED if takes(amount)]
    assert taken == []


MONEY = st.decimals(min_value="0.00000001", max_value="99999999999999999999", places=8, allow_nan=False)


@given(MONEY)
def test_text_on_the_wire_is_the_amount(amount: Decimal) -> None:
    assert Decimal(make(amount=amount).amount_text) == amount


@given(MONEY)
def test_text_on_the_wire_is_digits_and_at_most_one_point(amount: Decimal) -> None:
    digits, _, decimals = make(amount=amount).amount_text.partition(".")
    assert (digits + decimals).isascii()
    assert (digits + decimals).isdigit()


@given(MONEY, st.sampled_from(sorted(HOSTILE)))
def test_a_text_and_a_decimal_agree(amount: Decimal, context: str) -> None:
    with decimal.localcontext(HOSTILE[context]()):
        assert make(amount=format(amount, "f")) == make(amount=amount)


@given(st.decimals(allow_nan=True, allow_infinity=True) | st.text() | st.integers())
def test_an_amount_is_refused_or_exact(amount: Decimal | str | int) -> None:
    """Whatever comes in, what is kept is the same number, greater than zero and with at most 8 decimals."""
    try:
        transfer = make(amount=amount)
    except bt.InvalidTransfer:
        return
    assert transfer.amount == Decimal(amount) > 0
    assert len(transfer.amount_text.partition(".")[2]) <= 8


# --- names -----------------------------------------------------------------------------------------------------------

NAMES = [
    "USDT",
    "1000SATS",
    "币安人生",
    "БТЦ",
    "ΩMEGA",
    "한국",
    "日本語",
    "भारत",
    "é",
    "E\u0301",
    "₿",
    "🪙",
    "A+B&C=D%",
    "1000币",
]

BAD_CHARACTERS = {
    "space": " ", "tab": "\t", "newline": "\n", "return": "\r", "nul": "\0", "escape": "\x1b", "delete": "\x7f",
    "c1": "\x85", "no-break-space": "\xa0", "soft-hyphen": "\xad", "ideographic-space": "\u3000", "thin": "\u2009",
    "zero-width-space": "\u200b", "zwnj": "\u200c", "zwj": "\u200d", "lrm": "\u200e", "rlm": "\u200f",
    "line-separator": "\u2028", "paragraph-separator": "\u2029", "lre": "\u202a", "rlo": "\u202e", "lri": "\u2066",
    "pdi": "\u2069", "word-joiner": "\u2060", "bom": "\ufeff", "arabic-letter-mark": "\u061c",
    "hangul-filler": "\u3164",
    "halfwidth-filler": "\uffa0", "choseong-filler": "\u115f", "braille-blank": "\u2800", "variation": "\ufe0f",
    "variation-17": "\U000e0100", "tag": "\U000e0041", "mongolian-vowel": "\u180e", "combining-joiner": "\u034f",
    "interlinear": "\ufff9", "private": "\ue000", "unassigned": "\u0378", "noncharacter": "\uffff", "ogham": "\u1680",
    "high-surrogate": "\ud800", "low-surrogate": "\udfff",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_letters_of_any_script_are_taken(name: str) -> None:
    assert make(asset=name).asset == name


PLACES = ["{}BTC", "B{}TC", "BTC{}", "{}"]


@pytest.mark.parametrize("parameter", ["asset", "from_symbol", "to_symbol"])
@pytest.mark.parametrize("character", BAD_CHARACTERS)
def test_what_nobody_sees_is_refused_anywhere(parameter: str, character: str) -> None:
    """At the start, in the middle, at the end, alone; and the message names the parameter."""
    messages = []
    for place in PLACES:
        names = {"asset": "BTC", "from_symbol": "BTCUSDT", "to_symbol": "ETHUSDT"}
        names[parameter] = place.format(BAD_CHARACTERS[character])
        with pytest.raises(bt.InvalidTransfer) as refused:
            make("ISOLATEDMARGIN_ISOLATEDMARGIN", **names)
        messages.append(str(refused.value).split()[0])
    assert messages == [parameter] * len(PLACES)


@pytest.mark.parametrize("character", BAD_CHARACTERS)
def test_a_message_shows_no_raw_control_character(character: str) -> None:
    """A message ends up in logs and terminals: it must be printable, and encodable."""
    with pytest.raises(bt.InvalidTransfer) as refused:
        make(asset=f"B{BAD_CHARACTERS[character]}TC")
    assert str(refused.value).encode("utf-8").decode().isprintable()


@given(st.text())
def test_a_name_is_refused_or_kept(asset: str) -> None:
    try:
        kept = make(asset=asset).asset
    except bt.InvalidTransfer:
        return
    assert (kept, kept.split()) == (asset, [asset])


@pytest.mark.parametrize("asset", ["", None, 5, b"USDT", ["USDT"]])
def test_what_is_no_asset_is_refused(asset: Any) -> None:
    with pytest.raises(bt.InvalidTransfer, match="asset"):
        make(asset=asset)


# --- how the exchange spells them ------------------------------------------------------------------------------------

SPELT: list[tuple[str, str]] = [
    ("usdt", "USDT"),
    ("Usdt", "USDT"),
    ("usdT", "USDT"),
    ("1000sats", "1000SATS"),
    ("币an", "币AN"),
    ("btcusdt", "BTCUSDT"),
    ("BTC/USDT", "BTCUSDT"),
    ("BTC-USDT", "BTCUSDT"),
    ("BTC_USDT", "BTCUSDT"),
    ("BTC:USDT", "BTCUSDT"),
    ("BTC.USDT", "BTCUSDT"),
    ("BTC|USDT", "BTCUSDT"),
    ("BTC,USDT", "BTCUSDT"),
    ("BTC\\USDT", "BTCUSDT"),
    ("btc-usdt", "BTCUSDT"),
    ("BTC/USDT:USDT", "BTCUSDT"),
    ("-BTCUSDT", "BTCUSDT"),
    ("BTCUSDT/", "BTCUSDT"),
    ("币-USDT", "币USDT"),
]


@pytest.mark.parametrize("parameter", ["asset", "from_symbol", "to_symbol"])
@pytest.mark.parametrize(("name", "right"), SPELT)
def test_a_name_that_is_spelt_otherwise_is_refused_with_the_right_spelling(
    parameter: str, name: str, right: str
) -> None:
    names = {"asset": "BTC", "from_symbol": "ETHUSDT", "to_symbol": "BNBUSDT", parameter: name}
    with pytest.raises(bt.InvalidTransfer, match=f"^{parameter} .*write '{right}'$"):
        make("ISOLATEDMARGIN_ISOLATEDMARGIN", **names)


@pytest.mark.parametrize("name", ["/", "-", "_:", "//"])
def test_separators_alone_are_no_name(name: str) -> None:
    with pytest.raises(bt.InvalidTransfer, match="no letter"):
        make(asset=name)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("main_umfuture", "MAIN_UMFUTURE"),
        ("Main_Umfuture", "MAIN_UMFUTURE"),
        ("MAIN-UMFUTURE", "MAIN_UMFUTURE"),
        ("main/umfuture", "MAIN_UMFUTURE"),
        ("MAIN UMFUTURE", "MAIN_UMFUTURE"),
        ("main_isolated_margin", "MAIN_ISOLATED_MARGIN"),
    ],
)
def test_a_type_that_is_spelt_otherwise_is_refused_with_the_right_spelling(name: str, right: str) -> None:
    with pytest.raises(bt.InvalidTransfer, match=f"write '{right}'"):
        make(name)


@pytest.mark.parametrize(
    ("one", "other"), [("BTCUSDT", "BTCUSDT"), ("币USDT", "币USDT"), ("É", "E\u0301"), ("\uff22TC", "BTC"), ("é", "É")]
)
def test_money_does_not_move_from_a_pair_to_itself(one: str, other: str) -> None:
    """Nor to one that only looks different to a computer."""
    with pytest.raises(bt.InvalidTransfer, match="from_symbol and to_symbol"):
        make("ISOLATEDMARGIN_ISOLATEDMARGIN", from_symbol=one, to_symbol=other)


@pytest.mark.parametrize(("name", "right"), SPELT)
def test_unchecked_takes_any_spelling(name: str, right: str) -> None:
    transfer = bt.Transfer.unchecked("ISOLATEDMARGIN_ISOLATEDMARGIN", name, 1, from_symbol=name, to_symbol=name)
    assert (transfer.asset, transfer.from_symbol, transfer.to_symbol) == (name, name, name)


@given(st.text())
def test_the_right_spelling_is_taken(name: str) -> None:
    """What a message tells the caller to write is accepted."""
    try:
        make(asset=name)
    except bt.InvalidTransfer as refused:
        _, found, right = str(refused).partition("write '")
        if found and not right.endswith("…'"):
            assert make(asset=right.removesuffix("'")).asset == right.removesuffix("'")


# --- recorded --------------------------------------------------------------------------------------------------------

# What version 0.1 took for checked transfers and is refused today.
FORMER: list[dict[str, Any]] = [
    {"type": "MAIN_UMFUTURE", "asset": "usdt"},
    {"type": "MAIN_UMFUTURE", "asset": "A-B"},
    {"type": "ISOLATEDMARGIN_MARGIN", "asset": "USDT", "from_symbol": "btcusdt"},
    {"type": "ISOLATEDMARGIN_MARGIN", "asset": "USDT", "from_symbol": "BTC/USDT"},
    {"type": "ISOLATEDMARGIN_ISOLATEDMARGIN", "asset": "USDT", "from_symbol": "BTCUSDT", "to_symbol": "BTCUSDT"},
]


def attempt_of(values: dict[str, Any], *, checked: bool = True) -> dict[str, Any]:
    symbols = {"from_symbol": None, "to_symbol": None, "amount": "1.50", "checked": checked}
    return {"id": "a", **symbols, **values, "timestamp_ms": 1_764_000_000_000, "recv_window_ms": 5000}


@pytest.mark.parametrize("values", FORMER)
def test_what_was_recorded_under_older_rules_stays_checked(values: dict[str, Any]) -> None:
    assert bt.Transfer.recorded(**values, amount="1.50", checked=True).checked


@pytest.mark.parametrize("values", FORMER)
def test_what_was_recorded_under_older_rules_stays_itself(values: dict[str, Any]) -> None:
    attempt = bt.Attempt.from_dict(attempt_of(values))
    assert attempt.to_dict() == attempt_of(values)


@pytest.mark.parametrize("values", FORMER)
@pytest.mark.parametrize("checked", [True, False])
def test_an_attempt_comes_back_whatever_rules_it_was_made_under(values: dict[str, Any], checked: bool) -> None:
    attempt = bt.Attempt.from_dict(attempt_of(values, checked=checked))
    assert (bt.Attempt.from_dict(attempt.to_dict()), attempt.transfer.checked) == (attempt, checked)


@pytest.mark.parametrize(
    "damage",
    [{"type": "NONE"}, {"type": "main_umfuture"}, {"asset": "US DT"}, {"asset": "US\u200bDT"}, {"to_symbol": "BTCUSDT"},
     {"type": "ISOLATEDMARGIN_MARGIN"}, {"amount": "0"}],
    ids=str,
)  # fmt: skip
def test_what_no_version_took_as_checked_is_a_damaged_attempt(damage: dict[str, Any]) -> None:
    with pytest.raises(bt.InvalidTransfer):
        bt.Attempt.from_dict(attempt_of({"type": "MAIN_UMFUTURE", "asset": "USDT"} | damage))


def test_a_recorded_type_that_nobody_knows_is_unchecked() -> None:
    """A newer program wrote it: reconciliation must not conclude anything from its absence."""
    assert not bt.Transfer.recorded("TYPE_OF_TOMORROW", "USDT", 1, checked=True).checked


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "1e999999999", 1.5, None, True], ids=repr)
def test_recorded_keeps_the_rules_of_money(amount: Any, checked: bool) -> None:
    with pytest.raises(bt.InvalidTransfer, match="amount"):
        bt.Transfer.recorded("MAIN_UMFUTURE", "USDT", amount, checked=checked)


@pytest.mark.parametrize("transfer", [make(), make("ISOLATEDMARGIN_MARGIN", from_symbol="BTCUSDT"), make(asset="币")])
def test_a_recorded_transfer_equals_the_one_that_was_made(transfer: bt.Transfer) -> None:
    symbols = {"from_symbol": transfer.from_symbol, "to_symbol": transfer.to_symbol}
    recorded = bt.Transfer.recorded(transfer.type, transfer.asset, transfer.amount_text, **symbols, checked=True)
    assert (recorded, recorded.checked, hash(recorded)) == (transfer, True, hash(transfer))


# --- unchecked -------------------------------------------------------------------------------------------------------

UNCHECKED_TAKEN: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("TYPE_OF_TOMORROW", "USDT", "1"), {}),
    (("MAIN_MARGIN", "USDT", "1"), {"to_symbol": "BTCUSDT"}),
    (("ISOLATEDMARGIN_MARGIN", "USDT", "1"), {}),
    (("MAIN_MARGIN", "A B", "1"), {}),
    (("MAIN_MARGIN", "USDT", "1.123456789012345678"), {}),
]


@pytest.mark.parametrize(("arguments", "symbols"), UNCHECKED_TAKEN)
def test_unchecked_takes_what_the_rules_refuse(arguments: tuple[Any, ...], symbols: dict[str, Any]) -> None:
    transfer = bt.Transfer.unchecked(*arguments, **symbols)
    assert (transfer.type, transfer.asset, transfer.amount_text) == arguments


MONEY_RULES: list[Any] = [
    0.1, True, None, "NaN", Decimal("sNaN"), "inf", Decimal("Infinity"), "0", 0, "-0", Decimal("-0"), "-1", -1, "",
    " 1",
    "1_000", "\uff11", "+1", "1e999999999", 10**400, Sneaky(), Decimal("1E+5000"), Decimal("1E-5000"),
]  # fmt: skip


@pytest.mark.parametrize("amount", MONEY_RULES, ids=lambda amount: repr(amount)[:30])
def test_unchecked_keeps_the_rules_of_money(amount: Any) -> None:
    with pytest.raises(bt.InvalidTransfer, match="amount"):
        bt.Transfer.unchecked("TYPE_OF_TOMORROW", "USDT", amount)


@pytest.mark.parametrize("context", HOSTILE)
def test_unchecked_amounts_are_exact_under_any_context(context: str) -> None:
    with decimal.localcontext(HOSTILE[context]()):
        text = bt.Transfer.unchecked("T", "USDT", Decimal("1234567890.123456789012345678")).amount_text
    assert text == "1234567890.123456789012345678"


@pytest.mark.parametrize("parameter", ["type", "asset", "from_symbol", "to_symbol"])
@pytest.mark.parametrize("value", ["", "\ud800", 5, b"x"])
def test_unchecked_refuses_what_cannot_be_sent(parameter: str, value: Any) -> None:
    values: dict[str, Any] = {"type": "T", "asset": "A", "amount": 1} | {parameter: value}
    with pytest.raises(bt.InvalidTransfer, match=parameter):
        bt.Transfer.unchecked(**values)


@pytest.mark.parametrize(("transfer", "checked"), [(make(), True), (bt.Transfer.unchecked("T", "A", 1), False)])
def test_a_transfer_knows_whether_it_was_checked(transfer: bt.Transfer, checked: bool) -> None:
    assert transfer.checked is checked


# --- as a value ------------------------------------------------------------------------------------------------------

SAMPLES = [
    make(),
    make(amount=Decimal("1E-8")),
    make("ISOLATEDMARGIN_ISOLATEDMARGIN", "币", "1.50", from_symbol="A", to_symbol="B"),
    bt.Transfer.unchecked("T", "A B", "1.123456789", to_symbol="x"),
]
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "pickle-2": lambda value: pickle.loads(pickle.dumps(value, 2)),
}


@pytest.mark.parametrize("way_to_copy", COPIES)
@pytest.mark.parametrize("transfer", SAMPLES, ids=str)
def test_a_copy_is_equal(transfer: bt.Transfer, way_to_copy: str) -> None:
    assert COPIES[way_to_copy](transfer) == transfer


@pytest.mark.parametrize("way_to_copy", COPIES)
@pytest.mark.parametrize("transfer", SAMPLES, ids=str)
def test_a_copy_is_sent_as_the_same_text(transfer: bt.Transfer, way_to_copy: str) -> None:
    copied = COPIES[way_to_copy](transfer)
    assert (copied.amount_text, copied.checked) == (transfer.amount_text, transfer.checked)


@pytest.mark.parametrize("name", ["type", "asset", "amount", "from_symbol", "to_symbol", "checked", "new"])
def test_a_transfer_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(make(), name, "x")


def test_equal_numbers_make_equal_transfers() -> None:
    assert (make(amount="1.0"), hash(make(amount="1.0"))) == (make(amount=1), hash(make(amount=1)))


@pytest.mark.parametrize(
    "other",
    [
        make("MAIN_CMFUTURE"),
        make(asset="BTC"),
        make(amount="1.00000001"),
        bt.Transfer.unchecked("MAIN_UMFUTURE", "USDT", "1", from_symbol="A"),
        bt.Transfer.unchecked("MAIN_UMFUTURE", "USDT", "1", to_symbol="A"),
    ],
    ids=str,
)
def test_a_difference_that_counts_makes_transfers_differ(other: bt.Transfer) -> None:
    assert make() != other


@pytest.mark.parametrize("kind", [ValueError, bt.NotExecuted, bt.TransferError])
def test_an_invalid_transfer_is_also(kind: type[Exception]) -> None:
    """A caller may catch it as whichever of these it thinks of."""
    with pytest.raises(kind):
        make(amount=0)


def test_messages_do_not_grow_with_the_input() -> None:
    with pytest.raises(bt.InvalidTransfer) as refused:
        make(amount="9" * 100_000)
    assert len(str(refused.value)) < 300

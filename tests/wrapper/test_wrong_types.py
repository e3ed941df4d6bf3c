"""
Every public constructor and function, given what it is not made for: the error that its documentation names.

One rule: a caller who writes what the documentation says catches every refusal, and no refusal runs foreign code.
"""

import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from attrs import fields, has

import binance_transfer as bt
from tests.wrapper import keys


class Hostile:
    """Whatever is asked of it raises."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("foreign code was run")

    __repr__ = __str__ = __format__ = __bool__ = __len__ = __iter__ = __int__ = __index__ = __float__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __bytes__ = __fspath__ = __getitem__ = _refuse


class HostileText(str):
    """A text that raises where it is shown or compared."""

    __slots__ = ()

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("foreign code was run")

    __repr__ = __str__ = __format__ = __eq__ = __hash__ = __len__ = _refuse
    encode = isascii = isprintable = upper = lower = strip = startswith = _refuse  # type: ignore[assignment]


WRONG: dict[str, Any] = {
    "none": None,
    "true": True,
    "int": 5,
    "huge": 10**4000,
    "negative": -1,
    "float": 1.5,
    "nan": float("nan"),
    "bytes": b"x",
    "list": ["x"],
    "dict": {"x": 1},
    "object": object(),
    "class": int,
    "hostile": Hostile(),
    "empty": "",
    "control": "\x1b[31m",
    "surrogate": "\ud800",
    "hostile-text": HostileText("\n"),
}

TRANSFER: dict[str, Any] = {
    "type": "ISOLATEDMARGIN_ISOLATEDMARGIN", "asset": "USDT", "amount": "1", "from_symbol": "BTCUSDT",
    "to_symbol": "ETHUSDT"}  # fmt: skip
ATTEMPT: dict[str, Any] = {
    "transfer": bt.Transfer("MAIN_UMFUTURE", "USDT", 1), "timestamp_ms": 1_764_000_000_000, "recv_window_ms": 5000,
    "id": "a"}  # fmt: skip
STORED = bt.Attempt(**ATTEMPT).to_dict()
PEM = {"api_key": keys.API_KEY, "private_key": keys.pem("ed25519"), "passphrase": None}
WALLETS = {"source": bt.Wallet.SPOT, "target": bt.Wallet.FUNDING}
LIMITS: dict[str, Any] = {"types": None, "assets": None, "max_amount": None, "max_per_day": None}

# What is called, with arguments that are right, and the error that its documentation names.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any], tuple[type[Exception], ...]]] = {
    "Transfer": (bt.Transfer, TRANSFER, (bt.InvalidTransfer,)),
    "Transfer.unchecked": (bt.Transfer.unchecked, TRANSFER, (bt.InvalidTransfer,)),
    "Attempt": (bt.Attempt, ATTEMPT, (ValueError,)),
    "Attempt.from_dict": (lambda **values: bt.Attempt.from_dict(values), dict(STORED), (ValueError,)),
    "Attempt.from_dict-of": (bt.Attempt.from_dict, {"values": STORED}, (ValueError,)),
    "Credentials": (bt.Credentials, {"api_key": keys.API_KEY, "secret": keys.SECRET}, (ValueError,)),
    "Credentials-pem": (bt.Credentials, PEM, (ValueError,)),
    "Policy": (bt.Policy, LIMITS, (bt.InvalidTransfer, TypeError)),
    "transfer_type": (bt.transfer_type, WALLETS, (bt.InvalidTransfer,)),
}

# Wrong in general and right here.
RIGHT = {
    ("Transfer", "amount", "int"), ("Transfer.unchecked", "amount", "int"),
    ("Transfer.unchecked", "type", "control"), ("Transfer.unchecked", "asset", "control"),
    ("Transfer.unchecked", "from_symbol", "control"), ("Transfer.unchecked", "to_symbol", "control"),
    ("Transfer.unchecked", "type", "hostile-text"), ("Transfer.unchecked", "asset", "hostile-text"),
    ("Transfer.unchecked", "from_symbol", "hostile-text"), ("Transfer.unchecked", "to_symbol", "hostile-text"),
    ("Transfer.unchecked", "from_symbol", "none"), ("Transfer.unchecked", "to_symbol", "none"),
    ("Attempt", "timestamp_ms", "int"), ("Attempt", "recv_window_ms", "int"),
    ("Attempt", "id", "control"), ("Attempt", "id", "surrogate"), ("Attempt", "id", "hostile-text"),
    ("Attempt.from_dict", "amount", "int"), ("Attempt.from_dict", "checked", "true"),
    ("Attempt.from_dict", "timestamp_ms", "int"), ("Attempt.from_dict", "recv_window_ms", "int"),
    ("Attempt.from_dict", "id", "control"), ("Attempt.from_dict", "id", "surrogate"),
    ("Attempt.from_dict", "id", "hostile-text"),
    ("Attempt.from_dict", "from_symbol", "none"), ("Attempt.from_dict", "to_symbol", "none"),
    ("Credentials-pem", "passphrase", "none"),
    *(("Policy", name, "none") for name in LIMITS),
}  # fmt: skip

CASES = [
    (call, parameter, case)
    for call, (_, arguments, _) in CALLS.items()
    for parameter in arguments
    for case in WRONG
    if (call, parameter, case) not in RIGHT
]


@pytest.mark.parametrize(("call", "parameter", "case"), CASES)
def test_a_wrong_value_raises_what_is_documented_in_one_short_line(call: str, parameter: str, case: str) -> None:
    function, arguments, documented = CALLS[call]
    with pytest.raises(documented) as refused:
        function(**{**arguments, parameter: WRONG[case]})
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("call", CALLS)
def test_what_is_right_is_taken(call: str) -> None:
    """So that the tables above fail for the reason that they name."""
    function, arguments, _ = CALLS[call]
    assert function(**arguments)


@pytest.mark.parametrize(("call", "parameter", "case"), sorted(RIGHT))
def test_what_the_table_calls_right_is_taken(call: str, parameter: str, case: str) -> None:
    function, arguments, _ = CALLS[call]
    assert function(**{**arguments, parameter: WRONG[case]})


# --- a journal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("parameter", ["url", "account"])
def test_a_journal_refuses_the_same(parameter: str, case: str, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"url": f"sqlite:///{tmp_path}/journal.db", "account": "treasury"}
    with pytest.raises(ValueError, match=r"url|account"):
        bt.Journal(**{**arguments, parameter: WRONG[case]})


@pytest.mark.parametrize("reason", [None, 5, "", " ", b"x", ["x"]], ids=repr)
def test_a_halt_needs_a_reason(reason: Any, tmp_path: Path) -> None:
    journal = bt.Journal(f"sqlite:///{tmp_path}/journal.db", account="treasury")
    with journal, pytest.raises(ValueError, match="why sending is halted"):
        journal.halt(reason)


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limits",
    [
        {"types": ["main_umfuture"]}, {"types": ["MAIN_UMFUTUR"]}, {"types": [None]}, {"types": {5: 1}},
        {"assets": ["usdt"]}, {"assets": ["BTC/USDT"]}, {"assets": [""]}, {"assets": [None]},
        {"assets": ["US\u200bDT"]},
        {"max_amount": {"usdt": 100}}, {"max_amount": {"Usdt": 100}}, {"max_amount": {"USD-T": 100}},
        {"max_amount": {None: 100}}, {"max_amount": {"": 100}}, {"max_amount": {"USDT": None}},
        {"max_amount": {"USDT": 1.5}}, {"max_amount": {"USDT": "-1"}}, {"max_per_day": {"usdt": 100}},
        {"max_per_day": {"USDT": 0}},
    ],
    ids=repr,
)  # fmt: skip
def test_a_limit_that_limits_nothing_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(bt.InvalidTransfer):
        bt.Policy(**limits)


def test_a_limit_is_refused_with_the_right_spelling() -> None:
    with pytest.raises(bt.InvalidTransfer, match="write 'USDT'"):
        bt.Policy(max_amount={"usdt": 100})


@pytest.mark.parametrize("asset", ["usdt", "Usdt", "US-DT"])
def test_a_limit_holds_for_an_unchecked_transfer_in_another_spelling(asset: str) -> None:
    transfer = bt.Transfer.unchecked("MAIN_UMFUTURE", asset, 101)
    assert "more than the 100" in bt.Policy(max_amount={"USDT": 100}).objection(transfer)


@pytest.mark.parametrize("limits", [{"types": []}, {"assets": []}])
def test_an_objection_is_one_line_whatever_the_transfer_is_called(limits: dict[str, Any]) -> None:
    transfer = bt.Transfer.unchecked("\x1b[2J", "\x1b[2J", 5)
    assert bt.Policy(**limits).objection(transfer).isprintable()


@pytest.mark.parametrize("limits", [{"types": "MAIN_UMFUTURE"}, {"assets": "USDT"}, {"max_amount": [("USDT", 1)]}])
def test_what_is_no_list_or_mapping_is_a_type_error(limits: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="give"):
        bt.Policy(**limits)


# --- what is half made -----------------------------------------------------------------------------------------------


def values_of_attrs() -> list[Any]:
    """Every class of attrs in the package."""
    names = [found.name for found in pkgutil.walk_packages(bt.__path__, "binance_transfer.")]
    modules = [import_module(name) for name in names]
    classes = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and has(kind)}
    return sorted(
        (kind for kind in classes if kind.__module__ in {module.__name__ for module in modules}),
        key=lambda kind: kind.__qualname__,
    )


@pytest.mark.parametrize("kind", values_of_attrs(), ids=lambda kind: kind.__name__)
def test_a_half_made_value_can_be_shown(kind: Any) -> None:
    """An interruption while it is made leaves it in a frame, and Python 3.11 shows no frames where a repr raises."""
    value = kind.__new__(kind)
    assert repr(value) == f"{kind.__name__}()"
    for field in fields(kind):
        object.__setattr__(value, field.name, "hunter2")
        assert ("hunter2" in repr(value)) == any(one.repr for one in fields(kind)[: fields(kind).index(field) + 1])


MADE_OR_REFUSED = [bt.Transfer, bt.Policy, bt.Credentials, bt.Journal, bt.TransferClient, bt.AsyncTransferClient]


@pytest.mark.parametrize("kind", MADE_OR_REFUSED, ids=lambda kind: kind.__name__)
def test_what_is_half_made_can_be_shown(kind: Any) -> None:
    """A debugger and a traceback show it where its constructor raised."""
    assert kind.__name__ in repr(kind.__new__(kind))

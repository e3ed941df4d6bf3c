"""The errors: which is which, what each says, and that none loses anything on its way to another process."""

import copy
import inspect
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer import errors

TREE: dict[str, tuple[str, ...]] = {
    "TransferError": ("Exception",),
    "NotExecuted": ("TransferError",),
    "InvalidTransfer": ("NotExecuted", "ValueError"),
    "IdempotencyConflict": ("InvalidTransfer",),
    "NotSent": ("NotExecuted",),
    "Rejected": ("NotExecuted",),
    "RateLimited": ("Rejected",),
    "PermissionDenied": ("Rejected",),
    "InsufficientBalance": ("Rejected",),
    "ClockOutOfSync": ("Rejected",),
    "PolicyDenied": ("NotExecuted",),
    "ProvenAbsent": ("NotExecuted",),
    "OutcomeUnknown": ("TransferError",),
    "Ambiguous": ("OutcomeUnknown",),
    # Those that no transfer ends with, and which therefore say nothing about one.
    "ReadFailed": ("TransferError",),
    "JournalFailed": ("TransferError",),
    "ResolutionRefused": ("TransferError", "ValueError"),
}
ADVICE = {  # a word of the advice that each gives
    "TransferError": "Catch", "NotExecuted": "again", "InvalidTransfer": "Correct", "IdempotencyConflict": "key",
    "NotSent": "Check", "Rejected": "Look", "RateLimited": "Send nothing", "PermissionDenied": "Check",
    "InsufficientBalance": "Move less", "ClockOutOfSync": "Call again", "PolicyDenied": "", "ProvenAbsent": "Decide",
    "OutcomeUnknown": "do not send again", "Ambiguous": "Do not send again", "ReadFailed": "again", "JournalFailed": "",
    "ResolutionRefused": "",
}  # fmt: skip

FOUND: dict[str, type[errors.TransferError]] = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.TransferError)
}


def test_the_tree_is_whole() -> None:
    assert sorted(FOUND) == sorted(TREE)


@pytest.mark.parametrize("name", TREE)
def test_an_error_stands_where_it_belongs(name: str) -> None:
    assert tuple(base.__name__ for base in FOUND[name].__bases__) == TREE[name]


@pytest.mark.parametrize("name", TREE)
def test_an_error_is_found_in_the_package(name: str) -> None:
    assert getattr(bt, name) is FOUND[name]


@pytest.mark.parametrize("name", TREE)
def test_a_docstring_tells_what_to_do(name: str) -> None:
    doc = FOUND[name].__doc__ or ""
    assert len(doc.split("\n\n")) > 1
    assert ADVICE[name] in doc


@pytest.mark.parametrize("name", TREE)
def test_a_docstring_is_its_own(name: str) -> None:
    assert [other for other, kind in FOUND.items() if kind.__doc__ == FOUND[name].__doc__] == [name]


def test_what_is_unknown_is_never_not_executed() -> None:
    assert not issubclass(bt.OutcomeUnknown, bt.NotExecuted)


@pytest.mark.parametrize("name", ["ReadFailed", "JournalFailed", "ResolutionRefused", "OutcomeUnknown", "Ambiguous"])
def test_what_says_nothing_about_the_money_is_not_under_not_executed(name: str) -> None:
    assert not issubclass(FOUND[name], bt.NotExecuted)


# --- on the way to another process -----------------------------------------------------------------------------------

ATTEMPT = bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "币", "25.50"), 1_499_827_319_559, 5000)
ROW = bt.TransferRecord(5, "MAIN_UMFUTURE", "币", Decimal("25.5"), "CONFIRMED", 1_499_827_319_000)
FACTS: dict[str, Any] = {"http_status": 429, "retry_after_s": 30, "used_uid_weight_1m": 180_000}
MORE: dict[str, dict[str, Any]] = {
    "Rejected": {"code": -1102, "msg": "币 is wrong"},
    "RateLimited": {"code": -1003, "msg": "too much"},
    "PermissionDenied": {"code": -2015, "msg": "no"},
    "InsufficientBalance": {"code": -5013, "msg": "too little"},
    "ClockOutOfSync": {"code": -1021, "msg": "late"},
    "ProvenAbsent": {"attempt": ATTEMPT},
    "OutcomeUnknown": {"attempt": ATTEMPT, "code": -1007, "msg": "timeout"},
    "Ambiguous": {"attempt": ATTEMPT, "candidates": [ROW, ROW]},
    "ReadFailed": {"code": -1003, "msg": "too much"},
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "pickle-0": lambda value: pickle.loads(pickle.dumps(value, 0)),
}


def sample(name: str, facts: dict[str, Any]) -> Any:
    error = FOUND[name]("what happened", **MORE.get(name, {}), **facts)
    error.add_note("a note")
    return error


def attributes(error: Any) -> dict[str, Any]:
    names = {*vars(error), *FACTS, *MORE.get(type(error).__name__, {})}
    return {name: getattr(error, name) for name in names} | {"args": error.args, "text": str(error)}


@pytest.mark.parametrize("way_to_copy", COPIES)
@pytest.mark.parametrize("name", TREE)
def test_a_copy_is_of_the_same_kind(name: str, way_to_copy: str) -> None:
    assert type(COPIES[way_to_copy](sample(name, FACTS))) is FOUND[name]


@pytest.mark.thorough
@pytest.mark.parametrize("way_to_copy", COPIES)
@pytest.mark.parametrize("name", TREE)
@pytest.mark.parametrize("facts", [FACTS, {}])
def test_a_copy_has_all_attributes(name: str, way_to_copy: str, facts: dict[str, Any]) -> None:
    """Notes included."""
    error = sample(name, facts)
    assert attributes(COPIES[way_to_copy](error)) == attributes(error)


@pytest.mark.parametrize("name", TREE)
def test_a_copy_does_not_share_its_notes(name: str) -> None:
    error = sample(name, FACTS)
    copied = copy.deepcopy(error)
    copied.add_note("another")
    assert error.__notes__ == ["a note"]


@pytest.mark.parametrize("name", TREE)
def test_an_error_carries_what_came_with_the_answer(name: str) -> None:
    error = sample(name, FACTS)
    assert {fact: getattr(error, fact) for fact in FACTS} == FACTS


@pytest.mark.parametrize("name", TREE)
def test_what_did_not_come_is_none(name: str) -> None:
    error = sample(name, {})
    assert {getattr(error, fact) for fact in FACTS} == {None}


@pytest.mark.parametrize("name", TREE)
def test_the_text_is_the_message(name: str) -> None:
    assert str(sample(name, FACTS)) == "what happened"


def test_candidates_are_kept_as_they_are() -> None:
    assert sample("Ambiguous", {}).candidates == (ROW, ROW)


@pytest.mark.parametrize("way_to_copy", COPIES)
@pytest.mark.parametrize(
    "value", [ATTEMPT, ROW, bt.Receipt(5, ATTEMPT, 200, None, 900)], ids=lambda v: type(v).__name__
)
def test_a_copy_of_a_value_is_equal(value: object, way_to_copy: str) -> None:
    """An attempt keeps its id, so that its copy is the same attempt."""
    assert COPIES[way_to_copy](value) == value

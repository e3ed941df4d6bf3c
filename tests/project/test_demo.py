"""The tour finishes well, and does not where anything is not as it should be."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from attrs import evolve

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from demo import __main__ as tour
from demo import books, keys
from demo.calls import CALLS, perform

QUICK = [call for call in CALLS if bt.ProvenAbsent not in call.expected]  # proving absence takes time


def test_it_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert tour.main() == 0
    shown = capsys.readouterr().out
    assert "NOT TRUE" not in shown
    assert shown.count("✓") == 6


def test_a_surprise_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tour, "CALLS", [evolve(QUICK[0], expected=(bt.InsufficientBalance,))])
    assert tour.main() == 1
    assert "NOT TRUE: every call ended as expected" in capsys.readouterr().out


def test_money_that_moves_unseen_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def perform_and_steal(calls: object, sandbox: Sandbox) -> object:
        told = perform(QUICK[:1], sandbox)
        with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as thief:
            thief.transfer("MAIN_FUNDING", "USDT", 1)
        return told

    monkeypatch.setattr(tour, "perform", perform_and_steal)
    assert tour.main() == 1


@pytest.fixture(scope="module")
def receipts() -> Iterator[tuple[list[bt.Receipt], Sandbox]]:
    with Sandbox() as sandbox:
        yield [story.receipt for story in perform(QUICK[:1], sandbox) if story.receipt], sandbox


FALSE_RECEIPTS: list[Callable[[bt.Receipt], list[bt.Receipt]]] = [
    lambda _: [],
    lambda receipt: [receipt, receipt],
    lambda receipt: [evolve(receipt, tran_id=receipt.tran_id + 1)],
    lambda receipt: [evolve(receipt, attempt=evolve(receipt.attempt, transfer=bt.Transfer("MAIN_FUNDING", "BTC", 1)))],
]


@pytest.mark.parametrize("falsify", FALSE_RECEIPTS)
def test_books_that_differ_are_noticed(
    falsify: Callable[[bt.Receipt], list[bt.Receipt]], receipts: tuple[list[bt.Receipt], Sandbox]
) -> None:
    [receipt], sandbox = receipts
    false = falsify(receipt)
    row = bt.TransferRecord(receipt.tran_id, "MAIN_UMFUTURE", "USDT", Decimal("25.5"), "CONFIRMED", 0)
    assert list(books.ledger_problems(false, sandbox.ledger))
    assert list(books.history_problems(false, [row]))


def test_a_wrong_balance_is_named() -> None:
    before = {"spot": {"USDT": Decimal(10)}, "funding": {"USDT": Decimal(0)}}
    after = {"spot": {"USDT": Decimal(9)}, "funding": {"USDT": Decimal(0)}}
    assert list(books.balance_problems([], before, after)) == ["spot should hold 10 USDT and holds 9"]


def test_a_key_that_moved_twice_is_noticed() -> None:
    with Sandbox() as sandbox:
        called = keys.perform(sandbox)
        assert keys.problems(called, sandbox) == []
        with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as careless:
            careless.execute(keys.TRANSFER)
        assert keys.problems(called, sandbox)

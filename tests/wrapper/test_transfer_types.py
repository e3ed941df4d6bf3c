"""The types of transfer and the wallets between which they move."""

import itertools
import re
from typing import get_args

import pytest

import binance_transfer as bt
from binance_transfer.transfer_types import NEEDS_FROM_SYMBOL, NEEDS_TO_SYMBOL, BetweenSharedWallets
from binance_transfer_api.models import TransferTypeBetweenSharedWallets

# In the order of the vendor's page, the two of the Chinese page at the end. Read by hand, apart from the spec.
SPOT, UM, CM, CROSS, ISOLATED, FUNDING, OPTIONS, PORTFOLIO = bt.Wallet
TABLE: list[tuple[str, bt.Wallet, bt.Wallet]] = [
    ("MAIN_UMFUTURE", SPOT, UM),
    ("MAIN_CMFUTURE", SPOT, CM),
    ("MAIN_MARGIN", SPOT, CROSS),
    ("UMFUTURE_MAIN", UM, SPOT),
    ("UMFUTURE_MARGIN", UM, CROSS),
    ("CMFUTURE_MAIN", CM, SPOT),
    ("CMFUTURE_MARGIN", CM, CROSS),
    ("MARGIN_MAIN", CROSS, SPOT),
    ("MARGIN_UMFUTURE", CROSS, UM),
    ("MARGIN_CMFUTURE", CROSS, CM),
    ("ISOLATEDMARGIN_MARGIN", ISOLATED, CROSS),
    ("MARGIN_ISOLATEDMARGIN", CROSS, ISOLATED),
    ("ISOLATEDMARGIN_ISOLATEDMARGIN", ISOLATED, ISOLATED),
    ("MAIN_FUNDING", SPOT, FUNDING),
    ("FUNDING_MAIN", FUNDING, SPOT),
    ("FUNDING_UMFUTURE", FUNDING, UM),
    ("UMFUTURE_FUNDING", UM, FUNDING),
    ("MARGIN_FUNDING", CROSS, FUNDING),
    ("FUNDING_MARGIN", FUNDING, CROSS),
    ("FUNDING_CMFUTURE", FUNDING, CM),
    ("CMFUTURE_FUNDING", CM, FUNDING),
    ("MAIN_OPTION", SPOT, OPTIONS),
    ("OPTION_MAIN", OPTIONS, SPOT),
    ("UMFUTURE_OPTION", UM, OPTIONS),
    ("OPTION_UMFUTURE", OPTIONS, UM),
    ("MARGIN_OPTION", CROSS, OPTIONS),
    ("OPTION_MARGIN", OPTIONS, CROSS),
    ("FUNDING_OPTION", FUNDING, OPTIONS),
    ("OPTION_FUNDING", OPTIONS, FUNDING),
    ("MAIN_PORTFOLIO_MARGIN", SPOT, PORTFOLIO),
    ("PORTFOLIO_MARGIN_MAIN", PORTFOLIO, SPOT),
    ("MAIN_ISOLATED_MARGIN", SPOT, ISOLATED),
    ("ISOLATED_MARGIN_MAIN", ISOLATED, SPOT),
]
CHINESE = {"MAIN_ISOLATED_MARGIN", "ISOLATED_MARGIN_MAIN"}
DIRECT = {(source, target): name for name, source, target in TABLE}
PAIRS = list(itertools.product(bt.Wallet, bt.Wallet))


def test_the_types_are_those_of_the_page_in_its_order() -> None:
    assert list(bt.TRANSFER_TYPES) == [name for name, _, _ in TABLE]


@pytest.mark.parametrize(("name", "source", "target"), TABLE)
def test_a_type_knows_its_wallets(name: str, source: bt.Wallet, target: bt.Wallet) -> None:
    info = bt.TRANSFER_TYPES[name]
    assert (info.name, info.source, info.target) == (name, source, target)


@pytest.mark.parametrize("name", bt.TRANSFER_TYPES)
def test_a_type_knows_on_which_pages_it_stands(name: str) -> None:
    assert bt.TRANSFER_TYPES[name].documented_in == ({"zh"} if name in CHINESE else {"en", "zh"})


@pytest.mark.parametrize("name", bt.TRANSFER_TYPES)
def test_a_symbol_is_needed_for_each_isolated_wallet(name: str) -> None:
    info = bt.TRANSFER_TYPES[name]
    assert (info.needs_from_symbol, info.needs_to_symbol) == (info.source is ISOLATED, info.target is ISOLATED)


def test_the_literal_is_the_same_list() -> None:
    assert {name for part in get_args(bt.TransferType) for name in get_args(part)} == set(bt.TRANSFER_TYPES)


def test_types_between_shared_wallets_are_those_without_symbols() -> None:
    without = set(bt.TRANSFER_TYPES) - NEEDS_FROM_SYMBOL - NEEDS_TO_SYMBOL
    assert set(get_args(TransferTypeBetweenSharedWallets)) == set(get_args(BetweenSharedWallets)) == without


def test_the_mapping_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        bt.TRANSFER_TYPES["X"] = bt.TRANSFER_TYPES["MAIN_MARGIN"]  # type: ignore[index]


def test_a_row_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        bt.TRANSFER_TYPES["MAIN_MARGIN"].source = FUNDING  # type: ignore[misc]


def test_there_are_eight_wallets() -> None:
    names = "SPOT USDM_FUTURES COINM_FUTURES CROSS_MARGIN ISOLATED_MARGIN FUNDING OPTIONS PORTFOLIO_MARGIN"
    assert [wallet.name for wallet in bt.Wallet] == names.split()


# --- finding a type --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "target"), DIRECT)
def test_a_direct_type_is_found(source: bt.Wallet, target: bt.Wallet) -> None:
    assert bt.transfer_type(source, target) == DIRECT[source, target]


def refusal(source: bt.Wallet, target: bt.Wallet) -> str:
    with pytest.raises(bt.InvalidTransfer) as refused:
        bt.transfer_type(source, target)
    return str(refused.value)


NO_DIRECT = [pair for pair in PAIRS if pair not in DIRECT and pair[0] is not pair[1]]
SAME = [(wallet, wallet) for wallet in bt.Wallet if (wallet, wallet) not in DIRECT]


@pytest.mark.parametrize(("source", "target"), NO_DIRECT)
def test_without_a_direct_type_two_hops_are_named_that_lead_there(source: bt.Wallet, target: bt.Wallet) -> None:
    """Both are types, the first starts here, the second ends there, and they meet."""
    message = refusal(source, target)
    first, second = [bt.TRANSFER_TYPES[word] for word in re.findall(r"[A-Z_]+", message) if word in bt.TRANSFER_TYPES]
    assert (first.source, first.target, second.target) == (source, second.source, target)


@pytest.mark.parametrize(("source", "target"), NO_DIRECT)
def test_the_wallet_between_is_neither_end(source: bt.Wallet, target: bt.Wallet) -> None:
    message = refusal(source, target)
    first = next(bt.TRANSFER_TYPES[word] for word in re.findall(r"[A-Z_]+", message) if word in bt.TRANSFER_TYPES)
    assert first.target not in {source, target}


@pytest.mark.parametrize(("source", "target"), [*NO_DIRECT, *SAME])
def test_a_refusal_names_the_wallets(source: bt.Wallet, target: bt.Wallet) -> None:
    message = refusal(source, target)
    assert source.name in message
    assert target.name in message


@pytest.mark.parametrize(("source", "target"), SAME)
def test_from_a_wallet_to_itself_there_is_no_way(source: bt.Wallet, target: bt.Wallet) -> None:
    """No detour either: the money is there already."""
    message = refusal(source, target)
    assert [word for word in re.findall(r"[A-Z_]+", message) if word in bt.TRANSFER_TYPES] == []


def test_all_pairs_are_covered_here() -> None:
    assert len(DIRECT) + len(NO_DIRECT) + len(SAME) == len(PAIRS) == 64


@pytest.mark.parametrize("pair", [("spot", "usdm_futures"), (SPOT, "usdm_futures")])
def test_a_wallet_may_be_named(pair: tuple[bt.Wallet, bt.Wallet]) -> None:
    assert bt.transfer_type(*pair) == "MAIN_UMFUTURE"


@pytest.mark.parametrize("pair", [("spots", UM), (SPOT, None), ("SPOT", UM), (5, UM)])
def test_what_is_no_wallet_is_refused(pair: tuple[bt.Wallet, bt.Wallet]) -> None:
    """With the package's own error, like every other wrong value."""
    with pytest.raises(bt.InvalidTransfer, match="wallet"):
        bt.transfer_type(*pair)

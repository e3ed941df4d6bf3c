"""`build_request` describes a call: order, place, encoding and weight."""

from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, cast, get_args
from urllib.parse import parse_qsl

import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_transfer_api import SERVERS, errors
from binance_transfer_api.api.account import account, api_restrictions
from binance_transfer_api.api.asset import universal_transfer, universal_transfer_history, wallet_balance
from binance_transfer_api.api.system import server_time, system_status
from binance_transfer_api.models import (
    TRANSFER_TYPE_ROWS,
    TRANSFER_TYPE_WALLETS,
    TransferType,
    TransferTypeBetweenSharedWallets,
)
from binance_transfer_api.types import Request, texts

EXAMPLES = settings(deadline=None)  # machines are slow at times

FULL = universal_transfer.build_request(
    timestamp=7,
    recv_window=6000,
    to_symbol="ETHUSDT",
    from_symbol="BTCUSDT",
    amount="1.5",
    asset="USDT",
    type_="ISOLATEDMARGIN_ISOLATEDMARGIN",
)

FULL_ENCODED = (
    "type=ISOLATEDMARGIN_ISOLATEDMARGIN&asset=USDT&amount=1.5&fromSymbol=BTCUSDT&toSymbol=ETHUSDT"
    "&recvWindow=6000&timestamp=7"
)

# Request → method, path, encoded parameters, placement, weight, what it counts by, key, signature.
DESCRIBED: dict[str, tuple[Request, tuple[object, ...]]] = {
    "transfer": (
        FULL,
        (
            "POST",
            "/sapi/v1/asset/transfer",
            FULL_ENCODED,
            *("form", 300, "uid", True, True),
        ),
    ),
    "history": (
        universal_transfer_history.build_request(type_="MAIN_FUNDING", start_time=0, end_time=9, timestamp=7, size=100),
        (
            "GET",
            "/sapi/v1/asset/transfer",
            "type=MAIN_FUNDING&startTime=0&endTime=9&size=100&timestamp=7",
            *("query", 1, "ip", True, True),
        ),
    ),
    "balances": (
        wallet_balance.build_request(timestamp=7, need_balance_detail=True, quote_asset="USDT"),
        (
            "GET",
            "/sapi/v1/asset/wallet/balance",
            "quoteAsset=USDT&needBalanceDetail=true&timestamp=7",
            *("query", 60, "ip", True, True),
        ),
    ),
    "balances without details": (
        wallet_balance.build_request(timestamp=7, need_balance_detail=False),
        ("GET", "/sapi/v1/asset/wallet/balance", "needBalanceDetail=false&timestamp=7", "query", 60, "ip", True, True),
    ),
    "restrictions": (
        api_restrictions.build_request(timestamp=7),
        ("GET", "/sapi/v1/account/apiRestrictions", "timestamp=7", "query", 1, "ip", True, True),
    ),
    "account": (
        account.build_request(timestamp=7, omit_zero_balances=True),
        ("GET", "/api/v3/account", "omitZeroBalances=true&timestamp=7", "query", 20, "ip", True, True),
    ),
    "time": (server_time.build_request(), ("GET", "/api/v3/time", "", "query", 1, "ip", False, False)),
    "status": (system_status.build_request(), ("GET", "/sapi/v1/system/status", "", "query", 1, "ip", False, False)),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_request_describes_the_call_of_the_spec(name: str) -> None:
    request, expected = DESCRIBED[name]
    assert (
        request.method,
        request.path,
        request.encoded(),
        request.placement,
        request.weight,
        request.weight_kind,
        request.needs_api_key,
        request.needs_signature,
    ) == expected


@EXAMPLES
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_encoding_is_ascii_and_exact(values: dict[str, str]) -> None:
    request = Request("GET", "/", tuple(values.items()), "query", 1, "ip", needs_api_key=False, needs_signature=False)
    encoded = request.encoded()
    assert encoded.isascii()
    assert dict(parse_qsl(encoded, keep_blank_values=True)) == values
    assert not set(encoded) & set(" +/'\"<>")


class Word(str, Enum):  # noqa: UP042  # str() of a StrEnum is its value; of this one it is not
    A = "value"


class Number(IntEnum):
    ONE = 1


# A value of a parameter, its text.
TEXTS: list[tuple[str | int | bool, str]] = [
    ("a", "a"),
    (0, "0"),
    (-1, "-1"),
    (True, "true"),
    (False, "false"),
    (Word.A, "value"),
    (Number.ONE, "1"),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_a_value_becomes_text(value: str | int | bool, text: str) -> None:
    assert texts((("name", value),)) == (("name", text),)


def test_none_is_left_out() -> None:
    assert texts((("a", None), ("b", 1))) == (("b", "1"),)


@pytest.mark.parametrize("value", [1.5, Decimal(1), b"1", [1]])
def test_a_value_whose_text_is_not_certain_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="amount must be str, int or bool"):
        texts((("amount", cast("Any", value)),))


def test_a_request_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        FULL.method = "GET"  # type: ignore[misc]


def test_the_rows_are_the_types_in_their_order() -> None:
    assert tuple(row.value for row in TRANSFER_TYPE_ROWS) == get_args(TransferType)


def test_the_types_between_shared_wallets_are_those_without_isolated_margin() -> None:
    shared = tuple(row.value for row in TRANSFER_TYPE_ROWS if "isolated_margin" not in row)
    assert get_args(TransferTypeBetweenSharedWallets) == shared


def test_every_wallet_has_a_title() -> None:
    assert {side for row in TRANSFER_TYPE_ROWS for side in (row.source, row.target)} == set(TRANSFER_TYPE_WALLETS)


def test_the_first_server_is_the_main_one() -> None:
    assert SERVERS[0] == "https://api.binance.com"


def test_an_error_code_is_found_by_its_number() -> None:
    code = errors.ERROR_CODES[-1021]
    assert (code.code, code.outcome, code.kind, code.always) == (-1021, "rejected", "clock", False)


@pytest.mark.parametrize("table", [errors.ERROR_CODES, TRANSFER_TYPE_WALLETS])
def test_a_table_cannot_be_changed(table: Any) -> None:
    with pytest.raises(TypeError):
        table["x"] = "y"

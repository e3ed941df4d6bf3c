# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""
GET /sapi/v1/asset/wallet/balance

Tell what each wallet of the user holds.

For people and for plans. The vendor says that readings may lag, so it proves nothing about a transfer.

Page (en):
https://developers.binance.com/en/docs/catalog/core-trading-wallet/api/rest-api/asset#query-user-wallet-balance
"""

from typing import Final

from ...client import Client, Response
from ...models.api_error import ApiError
from ...models.wallet_balance import WalletBalance
from ...types import Request, Unexpected, array, parse, texts

WEIGHT: Final = 60
WEIGHT_KIND: Final = "ip"
WEIGHT_LIMIT: Final = 12000
USED_WEIGHT_HEADER: Final = "X-SAPI-USED-IP-WEIGHT-1M"
NEED_BALANCE_DETAIL_DEFAULT: Final = False
RECV_WINDOW_DEFAULT: Final = 5000
RECV_WINDOW_MINIMUM: Final = 1
RECV_WINDOW_MAXIMUM: Final = 60000
TIMESTAMP_MINIMUM: Final = 0


def build_request(
    *,
    quote_asset: str | None = None,
    need_balance_detail: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Request:
    """
    Describe the call without making it.

    Args:
        quote_asset: Asset in which the value of a wallet is told, e.g. USDT.
        need_balance_detail: Also list the assets of each wallet.
        recv_window: For how many milliseconds after `timestamp` the server may still begin this request.
        timestamp: When the request was made, in milliseconds since 1970. At most one second ahead of the server.
    """
    return Request(
        method="GET",
        path="/sapi/v1/asset/wallet/balance",
        parameters=texts(
            (
                ("quoteAsset", quote_asset),
                ("needBalanceDetail", need_balance_detail),
                ("recvWindow", recv_window),
                ("timestamp", timestamp),
            )
        ),
        placement="query",
        weight=WEIGHT,
        weight_kind=WEIGHT_KIND,
        needs_api_key=True,
        needs_signature=True,
    )


def parse_response(status: int, body: bytes) -> tuple[WalletBalance, ...] | ApiError | Unexpected:
    """Read an answer. Never raises: what fits neither the operation nor the vendor's error is Unexpected."""
    return parse(status, body, {200: array(WalletBalance.from_json)}, ApiError.from_json)


def sync_detailed(
    *,
    client: Client,
    quote_asset: str | None = None,
    need_balance_detail: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[tuple[WalletBalance, ...] | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return client.call(
        build_request(
            quote_asset=quote_asset,
            need_balance_detail=need_balance_detail,
            recv_window=recv_window,
            timestamp=timestamp,
        ),
        parse_response,
    )


def sync(
    *,
    client: Client,
    quote_asset: str | None = None,
    need_balance_detail: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> tuple[WalletBalance, ...] | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return client.call(
        build_request(
            quote_asset=quote_asset,
            need_balance_detail=need_balance_detail,
            recv_window=recv_window,
            timestamp=timestamp,
        ),
        parse_response,
    ).parsed


async def asyncio_detailed(
    *,
    client: Client,
    quote_asset: str | None = None,
    need_balance_detail: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[tuple[WalletBalance, ...] | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return await client.call_asyncio(
        build_request(
            quote_asset=quote_asset,
            need_balance_detail=need_balance_detail,
            recv_window=recv_window,
            timestamp=timestamp,
        ),
        parse_response,
    )


async def asyncio(
    *,
    client: Client,
    quote_asset: str | None = None,
    need_balance_detail: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> tuple[WalletBalance, ...] | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return (
        await client.call_asyncio(
            build_request(
                quote_asset=quote_asset,
                need_balance_detail=need_balance_detail,
                recv_window=recv_window,
                timestamp=timestamp,
            ),
            parse_response,
        )
    ).parsed

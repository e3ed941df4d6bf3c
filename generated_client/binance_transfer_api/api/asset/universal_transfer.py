# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""
POST /sapi/v1/asset/transfer

Move an asset between two wallets of the same user.

Takes no client-supplied id and is not known to de-duplicate: a call that is not answered may have moved money,
and sending it again may move it twice.

Page (en): https://developers.binance.com/en/docs/catalog/core-trading-wallet/api/rest-api/asset#user-universal-transfer
"""

from typing import Final

from ...client import Client, Response
from ...models.api_error import ApiError
from ...models.transfer_accepted import TransferAccepted
from ...models.transfer_type import TransferType
from ...types import Request, Unexpected, parse, texts

WEIGHT: Final = 300
WEIGHT_KIND: Final = "uid"
WEIGHT_LIMIT: Final = 180000
USED_WEIGHT_HEADER: Final = "X-SAPI-USED-UID-WEIGHT-1M"
PERMISSION: Final = "Permits Universal Transfer"
AMOUNT_PATTERN: Final = "^(?!0+(\\.0+)?\\Z)[0-9]{1,20}(\\.[0-9]{1,8})?\\Z"
RECV_WINDOW_DEFAULT: Final = 5000
RECV_WINDOW_MINIMUM: Final = 1
RECV_WINDOW_MAXIMUM: Final = 60000
TIMESTAMP_MINIMUM: Final = 0


def build_request(
    *,
    type_: TransferType,
    asset: str,
    amount: str,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Request:
    """
    Describe the call without making it.

    Args:
        type_: Which wallet pays and which receives. The order is the vendor's.
        asset: Asset to move, e.g. USDT. Names are not ASCII only.
        amount: How much to move, as fixed-point decimal text greater than zero.
        from_symbol: Trading pair of the isolated margin wallet that pays.
        to_symbol: Trading pair of the isolated margin wallet that receives.
        recv_window: For how many milliseconds after `timestamp` the server may still begin this request.
        timestamp: When the request was made, in milliseconds since 1970. At most one second ahead of the server.
    """
    return Request(
        method="POST",
        path="/sapi/v1/asset/transfer",
        parameters=texts(
            (
                ("type", type_),
                ("asset", asset),
                ("amount", amount),
                ("fromSymbol", from_symbol),
                ("toSymbol", to_symbol),
                ("recvWindow", recv_window),
                ("timestamp", timestamp),
            )
        ),
        placement="form",
        weight=WEIGHT,
        weight_kind=WEIGHT_KIND,
        needs_api_key=True,
        needs_signature=True,
    )


def parse_response(status: int, body: bytes) -> TransferAccepted | ApiError | Unexpected:
    """Read an answer. Never raises: what fits neither the operation nor the vendor's error is Unexpected."""
    return parse(status, body, {200: TransferAccepted.from_json}, ApiError.from_json)


def sync_detailed(
    *,
    client: Client,
    type_: TransferType,
    asset: str,
    amount: str,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[TransferAccepted | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return client.call(
        build_request(
            type_=type_,
            asset=asset,
            amount=amount,
            from_symbol=from_symbol,
            to_symbol=to_symbol,
            recv_window=recv_window,
            timestamp=timestamp,
        ),
        parse_response,
    )


def sync(
    *,
    client: Client,
    type_: TransferType,
    asset: str,
    amount: str,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> TransferAccepted | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return client.call(
        build_request(
            type_=type_,
            asset=asset,
            amount=amount,
            from_symbol=from_symbol,
            to_symbol=to_symbol,
            recv_window=recv_window,
            timestamp=timestamp,
        ),
        parse_response,
    ).parsed


async def asyncio_detailed(
    *,
    client: Client,
    type_: TransferType,
    asset: str,
    amount: str,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[TransferAccepted | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return await client.call_asyncio(
        build_request(
            type_=type_,
            asset=asset,
            amount=amount,
            from_symbol=from_symbol,
            to_symbol=to_symbol,
            recv_window=recv_window,
            timestamp=timestamp,
        ),
        parse_response,
    )


async def asyncio(
    *,
    client: Client,
    type_: TransferType,
    asset: str,
    amount: str,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> TransferAccepted | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return (
        await client.call_asyncio(
            build_request(
                type_=type_,
                asset=asset,
                amount=amount,
                from_symbol=from_symbol,
                to_symbol=to_symbol,
                recv_window=recv_window,
                timestamp=timestamp,
            ),
            parse_response,
        )
    ).parsed

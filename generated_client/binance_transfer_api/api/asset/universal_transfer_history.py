# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""
GET /sapi/v1/asset/transfer

List the universal transfers of one type.

The only way to learn what became of a transfer that was not answered. There is no filter by `tranId`;
rows carry no symbols. Sort order and the lag until a transfer shows up are documented nowhere.

Page (en):
https://developers.binance.com/en/docs/catalog/core-trading-wallet/api/rest-api/asset#query-user-universal-transfer-history
"""

from typing import Final

from ...client import Client, Response
from ...models.api_error import ApiError
from ...models.transfer_history import TransferHistory
from ...models.transfer_type import TransferType
from ...types import Request, Unexpected, parse, texts

WEIGHT: Final = 1
WEIGHT_KIND: Final = "ip"
WEIGHT_LIMIT: Final = 12000
USED_WEIGHT_HEADER: Final = "X-SAPI-USED-IP-WEIGHT-1M"
REACH_MONTHS: Final = 6
DEFAULT_SPAN_DAYS: Final = 7
LONGEST_SPAN_DAYS: Final = 30
STATUS_CONFIRMED: Final = "CONFIRMED"
STATUS_FAILED: Final = "FAILED"
STATUS_PENDING: Final = "PENDING"
START_TIME_MINIMUM: Final = 0
END_TIME_MINIMUM: Final = 0
CURRENT_DEFAULT: Final = 1
CURRENT_MINIMUM: Final = 1
SIZE_DEFAULT: Final = 10
SIZE_MINIMUM: Final = 1
SIZE_MAXIMUM: Final = 100
RECV_WINDOW_DEFAULT: Final = 5000
RECV_WINDOW_MINIMUM: Final = 1
RECV_WINDOW_MAXIMUM: Final = 60000
TIMESTAMP_MINIMUM: Final = 0


def build_request(
    *,
    type_: TransferType,
    start_time: int | None = None,
    end_time: int | None = None,
    current: int | None = None,
    size: int | None = None,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Request:
    """
    Describe the call without making it.

    Args:
        type_: Which wallet pays and which receives. The order is the vendor's.
        start_time: First moment of the window, in milliseconds since 1970.
        end_time: Last moment of the window, in milliseconds since 1970.
        current: Page number, from 1.
        size: Rows a page.
        from_symbol: Trading pair of the isolated margin wallet that paid.
        to_symbol: Trading pair of the isolated margin wallet that received.
        recv_window: For how many milliseconds after `timestamp` the server may still begin this request.
        timestamp: When the request was made, in milliseconds since 1970. At most one second ahead of the server.
    """
    return Request(
        method="GET",
        path="/sapi/v1/asset/transfer",
        parameters=texts(
            (
                ("type", type_),
                ("startTime", start_time),
                ("endTime", end_time),
                ("current", current),
                ("size", size),
                ("fromSymbol", from_symbol),
                ("toSymbol", to_symbol),
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


def parse_response(status: int, body: bytes) -> TransferHistory | ApiError | Unexpected:
    """Read an answer. Never raises: what fits neither the operation nor the vendor's error is Unexpected."""
    return parse(status, body, {200: TransferHistory.from_json}, ApiError.from_json)


def sync_detailed(
    *,
    client: Client,
    type_: TransferType,
    start_time: int | None = None,
    end_time: int | None = None,
    current: int | None = None,
    size: int | None = None,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[TransferHistory | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return client.call(
        build_request(
            type_=type_,
            start_time=start_time,
            end_time=end_time,
            current=current,
            size=size,
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
    start_time: int | None = None,
    end_time: int | None = None,
    current: int | None = None,
    size: int | None = None,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> TransferHistory | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return client.call(
        build_request(
            type_=type_,
            start_time=start_time,
            end_time=end_time,
            current=current,
            size=size,
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
    start_time: int | None = None,
    end_time: int | None = None,
    current: int | None = None,
    size: int | None = None,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[TransferHistory | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return await client.call_asyncio(
        build_request(
            type_=type_,
            start_time=start_time,
            end_time=end_time,
            current=current,
            size=size,
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
    start_time: int | None = None,
    end_time: int | None = None,
    current: int | None = None,
    size: int | None = None,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> TransferHistory | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return (
        await client.call_asyncio(
            build_request(
                type_=type_,
                start_time=start_time,
                end_time=end_time,
                current=current,
                size=size,
                from_symbol=from_symbol,
                to_symbol=to_symbol,
                recv_window=recv_window,
                timestamp=timestamp,
            ),
            parse_response,
        )
    ).parsed

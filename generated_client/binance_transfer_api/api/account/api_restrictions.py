# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""
GET /sapi/v1/account/apiRestrictions

Tell what this API key may do.

Page (en):
https://developers.binance.com/en/docs/catalog/core-trading-wallet/api/rest-api/account#get-api-key-permission
"""

from typing import Final

from ...client import Client, Response
from ...models.api_error import ApiError
from ...models.api_restrictions import ApiRestrictions
from ...types import Request, Unexpected, parse, texts

WEIGHT: Final = 1
WEIGHT_KIND: Final = "ip"
WEIGHT_LIMIT: Final = 12000
USED_WEIGHT_HEADER: Final = "X-SAPI-USED-IP-WEIGHT-1M"
RECV_WINDOW_DEFAULT: Final = 5000
RECV_WINDOW_MINIMUM: Final = 1
RECV_WINDOW_MAXIMUM: Final = 60000
TIMESTAMP_MINIMUM: Final = 0


def build_request(
    *,
    recv_window: int | None = None,
    timestamp: int,
) -> Request:
    """
    Describe the call without making it.

    Args:
        recv_window: For how many milliseconds after `timestamp` the server may still begin this request.
        timestamp: When the request was made, in milliseconds since 1970. At most one second ahead of the server.
    """
    return Request(
        method="GET",
        path="/sapi/v1/account/apiRestrictions",
        parameters=texts(
            (
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


def parse_response(status: int, body: bytes) -> ApiRestrictions | ApiError | Unexpected:
    """Read an answer. Never raises: what fits neither the operation nor the vendor's error is Unexpected."""
    return parse(status, body, {200: ApiRestrictions.from_json}, ApiError.from_json)


def sync_detailed(
    *,
    client: Client,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[ApiRestrictions | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return client.call(build_request(recv_window=recv_window, timestamp=timestamp), parse_response)


def sync(
    *,
    client: Client,
    recv_window: int | None = None,
    timestamp: int,
) -> ApiRestrictions | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return client.call(build_request(recv_window=recv_window, timestamp=timestamp), parse_response).parsed


async def asyncio_detailed(
    *,
    client: Client,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[ApiRestrictions | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return await client.call_asyncio(build_request(recv_window=recv_window, timestamp=timestamp), parse_response)


async def asyncio(
    *,
    client: Client,
    recv_window: int | None = None,
    timestamp: int,
) -> ApiRestrictions | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return (
        await client.call_asyncio(build_request(recv_window=recv_window, timestamp=timestamp), parse_response)
    ).parsed

# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""
GET /api/v3/account

Tell which account this API key belongs to.
"""

from typing import Final

from ...client import Client, Response
from ...models.account import Account
from ...models.api_error import ApiError
from ...types import Request, Unexpected, parse, texts

WEIGHT: Final = 20
WEIGHT_KIND: Final = "ip"
OMIT_ZERO_BALANCES_DEFAULT: Final = False
RECV_WINDOW_DEFAULT: Final = 5000
RECV_WINDOW_MINIMUM: Final = 1
RECV_WINDOW_MAXIMUM: Final = 60000
TIMESTAMP_MINIMUM: Final = 0


def build_request(
    *,
    omit_zero_balances: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Request:
    """
    Describe the call without making it.

    Args:
        omit_zero_balances: Leave out assets without a balance, which keeps the answer small.
        recv_window: For how many milliseconds after `timestamp` the server may still begin this request.
        timestamp: When the request was made, in milliseconds since 1970. At most one second ahead of the server.
    """
    return Request(
        method="GET",
        path="/api/v3/account",
        parameters=texts(
            (
                ("omitZeroBalances", omit_zero_balances),
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


def parse_response(status: int, body: bytes) -> Account | ApiError | Unexpected:
    """Read an answer. Never raises: what fits neither the operation nor the vendor's error is Unexpected."""
    return parse(status, body, {200: Account.from_json}, ApiError.from_json)


def sync_detailed(
    *,
    client: Client,
    omit_zero_balances: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[Account | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return client.call(
        build_request(omit_zero_balances=omit_zero_balances, recv_window=recv_window, timestamp=timestamp),
        parse_response,
    )


def sync(
    *,
    client: Client,
    omit_zero_balances: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Account | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return client.call(
        build_request(omit_zero_balances=omit_zero_balances, recv_window=recv_window, timestamp=timestamp),
        parse_response,
    ).parsed


async def asyncio_detailed(
    *,
    client: Client,
    omit_zero_balances: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Response[Account | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return await client.call_asyncio(
        build_request(omit_zero_balances=omit_zero_balances, recv_window=recv_window, timestamp=timestamp),
        parse_response,
    )


async def asyncio(
    *,
    client: Client,
    omit_zero_balances: bool | None = None,
    recv_window: int | None = None,
    timestamp: int,
) -> Account | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return (
        await client.call_asyncio(
            build_request(omit_zero_balances=omit_zero_balances, recv_window=recv_window, timestamp=timestamp),
            parse_response,
        )
    ).parsed

# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""
GET /sapi/v1/system/status

Tell whether the exchange is under maintenance.

Page (en): https://developers.binance.com/en/docs/catalog/core-trading-wallet/api/rest-api/others#system-status
"""

from typing import Final

from ...client import Client, Response
from ...models.api_error import ApiError
from ...models.system_status import SystemStatus
from ...types import Request, Unexpected, parse

WEIGHT: Final = 1
WEIGHT_KIND: Final = "ip"
STATUS_NORMAL: Final = 0
STATUS_MAINTENANCE: Final = 1


def build_request() -> Request:
    """Describe the call without making it."""
    return Request(
        method="GET",
        path="/sapi/v1/system/status",
        parameters=(),
        placement="query",
        weight=WEIGHT,
        weight_kind=WEIGHT_KIND,
        needs_api_key=False,
        needs_signature=False,
    )


def parse_response(status: int, body: bytes) -> SystemStatus | ApiError | Unexpected:
    """Read an answer. Never raises: what fits neither the operation nor the vendor's error is Unexpected."""
    return parse(status, body, {200: SystemStatus.from_json}, ApiError.from_json)


def sync_detailed(
    *,
    client: Client,
) -> Response[SystemStatus | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return client.call(build_request(), parse_response)


def sync(
    *,
    client: Client,
) -> SystemStatus | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return client.call(build_request(), parse_response).parsed


async def asyncio_detailed(
    *,
    client: Client,
) -> Response[SystemStatus | ApiError | Unexpected]:
    """Call once and return status, headers, body and what was read from them."""
    return await client.call_asyncio(build_request(), parse_response)


async def asyncio(
    *,
    client: Client,
) -> SystemStatus | ApiError | Unexpected:
    """Call once and return what was read from the answer."""
    return (await client.call_asyncio(build_request(), parse_response)).parsed

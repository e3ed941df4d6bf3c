# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""
Binance universal transfer: a low-level client, generated from the spec of 2026.11.25.

``api.<tag>.<operation>`` holds ``build_request`` and ``parse_response``, which do no I/O, and ``sync`` and
``asyncio``, which call the exchange through a ``Client``.
"""

from typing import Final

from .client import Client as Client, Response as Response
from .types import Request as Request, Unexpected as Unexpected

SERVERS: Final = (
    "https://api.binance.com",
    "https://api-gcp.binance.com",
    "https://api1.binance.com",
    "https://api2.binance.com",
    "https://api3.binance.com",
    "https://api4.binance.com",
)
"""The vendor's base URLs, in the order of the spec."""

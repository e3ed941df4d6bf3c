"""
What the server does about an error of its own.

One rule: it tells those who listen, and goes on; it never waits for somebody to read.
"""

import asyncio
import logging
from typing import Any, Final

LOGGER: Final = logging.getLogger("binance_transfer_sandbox")


def report(message: str, error: BaseException | None) -> None:
    """
    Log an error for the handlers that the program has.

    Without any, Python would write to stderr from the server's thread, which then stands still as soon as that is a
    pipe that nobody empties.
    """
    if LOGGER.hasHandlers():
        LOGGER.error(message, exc_info=error)


def report_context(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle what an event loop would log."""
    report(context["message"], context.get("exception"))

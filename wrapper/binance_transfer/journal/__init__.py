"""
Idempotency keys that survive crashes: what is recorded, by which rules, and where.

One rule: the core does not know this folder. A client that has no journal imports no database.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from binance_transfer.journal.journal import Journal


def __getattr__(name: str) -> Any:
    """Import the journal, and with it a database library, only where it is used."""
    if name == "Journal":
        from binance_transfer.journal.journal import Journal

        return Journal
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


__all__ = ["Journal"]

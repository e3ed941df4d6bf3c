"""
Parameter types of click that a shell can complete: transfer types, wallets, profiles, times.

One rule: what is typed is checked by the library, and completion only helps.
"""

import os
from abc import ABC, abstractmethod
from datetime import UTC, datetime

import click
from click.shell_completion import CompletionItem

import binance_transfer as bt
from binance_transfer_cli import profiles, times


class _CompletedText(click.ParamType[str], ABC):
    """A text for which the shell offers some."""

    @abstractmethod
    def offers(self) -> list[str]:
        """Return what may be meant."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Return what begins like that."""
        return [CompletionItem(offer) for offer in self.offers() if offer.startswith(incomplete)]


class TypeName(_CompletedText):
    """The name of a transfer type."""

    name = "type"

    def offers(self) -> list[str]:
        """All types."""
        return list(bt.TRANSFER_TYPES)


class WalletName(_CompletedText):
    """A wallet, as bt.Wallet has it; isolated margin also with its pair."""

    name = "wallet"

    def offers(self) -> list[str]:
        """All wallets."""
        return [wallet.value for wallet in bt.Wallet]


class ProfileName(_CompletedText):
    """The name of a profile."""

    name = "name"

    def offers(self) -> list[str]:
        """Those in the file."""
        return profiles.names(os.environ)


class Time(click.ParamType[datetime]):
    """A moment: ISO 8601 with a zone, a date (UTC), or a span until now."""

    name = "time"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return an aware datetime."""
        if isinstance(value, datetime):
            return value
        try:
            return times.moment(str(value), datetime.now(UTC), end=self._end)
        except ValueError as error:
            self.fail(str(error), param, ctx)

"""
Which account, which exchange, which journal: said before anything is sent.

One rule: money that may be real is announced in capitals.
"""

from attrs import frozen

import binance_transfer as bt
from binance_transfer_cli.screen import Screen
from binance_transfer_cli.settings import Settings

LIVE = "LIVE EXCHANGE: REAL MONEY"


@frozen
class Place:
    """Where something would happen. ``uid`` is None where the exchange did not say; ``problem`` says why."""

    base_url: str
    live: bool
    journal: str
    uid: int | None
    problem: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {"uid": self.uid, "base_url": self.base_url, "live": self.live, "journal": self.journal}


def find(settings: Settings, client: bt.TransferClient) -> Place:
    """Ask the exchange whose key this is."""
    try:
        uid, problem = client.uid(), ""
    except bt.ReadFailed as failed:
        uid, problem = None, f"the account could not be read: {failed}"
    return Place(settings.base_url, settings.live, settings.journal_shown, uid, problem)


def show(screen: Screen, place: Place) -> None:
    """Tell a person."""
    if place.live:
        screen.say(LIVE, "bold red")
    uid = f"uid {place.uid}" if place.uid is not None else f"not known: {place.problem}"
    screen.fields(
        [
            ("account", uid),
            ("exchange", place.base_url if place.live else f"{place.base_url} (this machine)"),
            ("journal", place.journal),
        ]
    )

"""binance-connector, the vendor's older library."""

from typing import Any

from binance.spot import Spot  # type: ignore[import-not-found]  # only in its own environment

from comparison.programs.conversation import Call, converse


def connect(settings: dict[str, Any]) -> Call:
    """Make the client with the address and the timeout that its constructor takes."""
    client = Spot(
        api_key=settings["api_key"],
        api_secret=settings["secret"],
        base_url=settings["base_url"],
        timeout=settings["timeout_s"],
    )

    def call(type_name: str, asset: str, amount: str, _key: str) -> object:
        return client.user_universal_transfer(type_name, asset, amount)

    return call


if __name__ == "__main__":
    converse(connect)

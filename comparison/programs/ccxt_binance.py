"""ccxt, its unified method for transfers."""

from typing import Any

import ccxt  # type: ignore[import-not-found]  # only in its own environment

from comparison.programs.conversation import Call, converse


def connect(settings: dict[str, Any]) -> Call:
    """Make the client with the address and the timeout that its configuration takes; one currency is all it loads."""
    client = ccxt.binance(
        {
            "apiKey": settings["api_key"],
            "secret": settings["secret"],
            "timeout": int(settings["timeout_s"] * 1000),
            "enableRateLimit": False,
            "options": {"maxRetriesOnFailure": settings.get("own_retries", 0)},
        }
    )
    client.urls["api"]["sapi"] = settings["base_url"] + "/sapi/v1"
    client.set_markets([], {"USDT": {"id": "USDT", "code": "USDT", "precision": 1e-8}})

    def call(type_name: str, asset: str, amount: str, _key: str) -> object:
        return client.transfer(asset, float(amount), "spot", "future", {"type": type_name})["id"]

    return call


if __name__ == "__main__":
    converse(connect)

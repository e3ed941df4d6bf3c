"""python-binance."""

from typing import Any

from binance.client import Client  # type: ignore[import-not-found]  # only in its own environment

from comparison.programs.conversation import Call, converse


def connect(settings: dict[str, Any]) -> Call:
    """Make the client. Its constructor has no argument for an address: that is a class attribute."""

    class ClientOfSandbox(Client):  # type: ignore[misc]  # no types are known here
        API_URL = settings["base_url"] + "/api"
        MARGIN_API_URL = settings["base_url"] + "/sapi"

    client = ClientOfSandbox(
        settings["api_key"], settings["secret"], requests_params={"timeout": settings["timeout_s"]}, ping=False
    )

    def call(type_name: str, asset: str, amount: str, _key: str) -> object:
        return client.make_universal_transfer(type=type_name, asset=asset, amount=amount)

    return call


if __name__ == "__main__":
    converse(connect)

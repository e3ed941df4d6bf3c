"""binance-sdk-wallet, the vendor's current library."""

from typing import Any

from binance_common.configuration import ConfigurationRestAPI  # type: ignore[import-not-found]  # as the next
from binance_sdk_wallet.wallet import Wallet  # type: ignore[import-not-found]  # only in its own environment

from comparison.programs.conversation import Call, converse


def connect(settings: dict[str, Any]) -> Call:
    """Make the client with the address and the timeout that its configuration takes."""
    configuration = ConfigurationRestAPI(
        api_key=settings["api_key"],
        api_secret=settings["secret"],
        base_path=settings["base_url"],
        timeout=int(settings["timeout_s"] * 1000),
    )
    client = Wallet(config_rest_api=configuration).rest_api

    def call(type_name: str, asset: str, amount: str, _key: str) -> object:
        return client.user_universal_transfer(type=type_name, asset=asset, amount=float(amount)).data().tran_id

    return call


if __name__ == "__main__":
    converse(connect)

"""The package of this project, with and without a journal."""

from typing import Any

import binance_transfer as bt
from comparison.programs.conversation import Call, converse


def connect(settings: dict[str, Any]) -> Call:
    """Make the client; with a journal each call has its own idempotency key."""
    journal = bt.Journal(settings["journal"], account="comparison") if "journal" in settings else None
    client = bt.TransferClient(
        bt.Credentials(api_key=settings["api_key"], secret=settings["secret"]),
        base_url=settings["base_url"],
        timeout_s=settings["timeout_s"],
        recv_window_ms=settings["recv_window_ms"],
        settle_ms=settings["settle_ms"],
        journal=journal,
    )

    def call(type_name: str, asset: str, amount: str, key: str) -> object:
        transfer = bt.Transfer(type_name, asset, amount)  # type: ignore[arg-type]  # checked when it is made
        return client.execute(transfer, idempotency_key=key if journal else None).tran_id

    return call


if __name__ == "__main__":
    converse(connect)

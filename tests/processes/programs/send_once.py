"""A worker that makes one transfer and says its id."""

import json
import sys
from typing import Any

import binance_transfer as bt


def main(given: dict[str, Any]) -> None:
    with (
        bt.Journal(given["url"], account="treasury") as journal,
        bt.TransferClient(given["credentials"], base_url=given["base_url"], journal=journal) as client,
    ):
        receipt = client.transfer("MAIN_UMFUTURE", "USDT", "25.5", idempotency_key="k")
    sys.stdout.write(json.dumps(receipt.tran_id) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""
Our client against a mock that Prism makes of spec/openapi.yaml: `make mock`.

One rule: Prism knows the spec and nothing of us. What it finds wrong with a request is wrong with the one or the other.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

import binance_transfer as bt
from tests.peers import node

PROJECT = Path(__file__).resolve().parents[2]
PRISM = "@stoplight/prism-cli@5.16.0"

TRANSFERS = (
    bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5"),
    bt.Transfer("MAIN_FUNDING", "BTC", "0.00000001"),
    bt.Transfer("MAIN_FUNDING", "币安人生", 88),
    bt.Transfer("ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", 1, from_symbol="BTCUSDT", to_symbol="ETHUSDT"),
)

NONSENSE = bt.Transfer.unchecked("MAIN_MATTRESS", "USDT", 1)


def copy_of_the_spec() -> str:
    """
    Return the spec as Prism can check it.

    OpenAPI has no word for a signature in a form: there it becomes a property, which has to be there like any other.
    """
    spec = yaml.safe_load((PROJECT / "spec" / "openapi.yaml").read_text(encoding="utf-8"))
    operation = spec["paths"]["/sapi/v1/asset/transfer"]["post"]
    operation["security"] = [{"apiKey": []}]
    form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    form["properties"]["signature"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    form["required"].append("signature")
    return json.dumps(spec)


@contextmanager
def prism(folder: str) -> Iterator[str]:
    """Run Prism on a free port, with a spec in this folder, and give its address."""
    spec = Path(folder) / "openapi.json"
    spec.write_text(copy_of_the_spec(), encoding="utf-8")
    command, environment = node.command(PRISM, "mock", "--port", "0", str(spec))
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        ) as process,
    ):
        try:
            assert process.stdout
            for line in process.stdout:
                if found := re.search(r"listening on (http://[\w.:]+)", line):
                    yield found[1]
                    return
            log.seek(0)
            raise SystemExit(f"Prism did not start:\n{log.read()}")
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def main() -> int:
    """Make all transfers, sync and async; an exception ends it."""
    credentials = bt.Credentials(api_key="k" * 64, secret="s" * 64)
    with tempfile.TemporaryDirectory() as folder, prism(folder) as base_url:
        with bt.TransferClient(credentials, base_url=base_url) as client:
            receipts = [client.execute(transfer) for transfer in TRANSFERS]
            rows = list(client.history("MAIN_UMFUTURE"))
            found = client.preflight()
            with suppress(bt.Rejected):  # in words that Prism takes from the examples of the spec
                raise SystemExit(f"Prism checks nothing: {client.execute(NONSENSE)}")

        async def at_once() -> list[bt.Receipt]:
            async with bt.AsyncTransferClient(credentials, base_url=base_url) as client:
                return await asyncio.gather(*map(client.execute, TRANSFERS))

        receipts += asyncio.run(at_once())
    print(f"{len(receipts)} transfers were accepted by Prism, history has {len(rows)} row(s), {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

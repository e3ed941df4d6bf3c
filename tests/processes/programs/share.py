"""
A worker that transfers under keys which other workers use at the same moment, for a while.

copies: parts of the file that a thread opens and closes all the time. reopens: closes and opens the journal now and
then. journals: how many it has open. Says {"key", "recorded"} for each receipt of its own and {"error"} for each error.
"""

import json
import logging
import random
import sys
import time
from typing import Any

import binance_transfer as bt
from tests.processes.programs.obey import Obedient, transfer_of

A_KEY_S = 0.05


def main(given: dict[str, Any]) -> None:
    logging.disable()
    workers: list[Obedient] = []
    first = Obedient(given)
    first.open({})
    first.close(None)
    if given["copies"]:
        first.copy_always(given["copies"])
    until_s = time.monotonic() + given["within_s"]
    while time.monotonic() < until_s:
        said: dict[str, object]
        try:
            while len(workers) < given["journals"]:
                workers.append(Obedient(given))
                workers[-1].open({})
            worker = random.choice(workers)
            key = f"key-{int(time.time() / A_KEY_S) % 9_000}"
            assert worker.client is not None
            receipt = worker.client.execute(transfer_of(key), idempotency_key=key, resolve_within_s=3)
            said = {"key": key, "recorded": receipt.recorded and not receipt.replayed}
        except bt.TransferError as error:
            said = {"error": type(error).__name__, "message": str(error)}
        if said.get("recorded") or "error" in said:
            sys.stdout.write(json.dumps(said) + "\n")
        if given["reopens"] and random.random() < 0.03:
            workers.pop(0).close(None)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

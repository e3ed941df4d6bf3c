"""
What every program here does: it creates a client, and makes one call for each line on standard input.

One rule: what the caller would see is reported unchanged. Only the standard library is used, since this runs in the
environment of each client.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

RETRIES = 3
PAUSE_S = 0.2

Call = Callable[[str, str, str, str], object]
"""Takes type, asset, amount and key, and returns what the client returns, or its tranId."""


def converse(connect: Callable[[dict[str, Any]], Call]) -> None:
    """Create a client from the first line, confirm that, and answer each further line with the result of its call."""
    settings = json.loads(sys.stdin.readline())
    call = connect(settings)
    _write({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        arguments = (request["type"], request["asset"], request["amount"], request["key"])
        _write(_result(partial(_with_loop(call, settings["loop"]), *arguments)))


def _with_loop(call: Call, loop: str) -> Call:
    """Return a call in a typical retry loop, or as it is if there is to be none."""
    if not loop:
        return call
    caught = _named(loop)

    def again(*arguments: str) -> object:
        for _ in range(RETRIES):
            try:
                return call(*arguments)
            except caught:
                time.sleep(PAUSE_S)
        return call(*arguments)

    return again


def _named(name: str) -> type[Exception]:
    """Return the class of errors that the loop catches: Exception, or one of a module that the program has loaded."""
    module, _, attribute = name.rpartition(".")
    error: type[Exception] = getattr(sys.modules[module or "builtins"], attribute)
    return error


def _result(run: Callable[[], object]) -> dict[str, Any]:
    try:
        result = run()
    except Exception as error:  # noqa: BLE001  # this is what is measured
        return {"raised": type(error).__name__, "bases": [base.__name__ for base in type(error).__mro__]}
    tran_id = result.get("tranId") if isinstance(result, dict) else result
    return {"returned": type(result).__name__, "tran_id": None if tran_id is None else str(tran_id)}


def _write(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()

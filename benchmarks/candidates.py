"""
What other libraries do where money is lost or moved twice: `python -m benchmarks.candidates`.

One rule: a server counts, and a library is believed in nothing. Each makes two calls over one connection: the server
ends the connection during the second one, or has sent an answer that nobody asked for before it.
"""

import json
import subprocess
import sys
import time
from typing import Final

from benchmarks.programs import bare
from comparison import environments
from tests.support.loopback import RECEIPT, Connection, Loopback, Step, close, reset, response

_FALSE_ID: Final = 31337
_RECEIPT: Final = response(200, {"tranId": 13526853623})
_UNASKED: Final = response(200, {"tranId": _FALSE_ID})


def _with_leftover(unasked: bytes, after_s: float) -> Step:
    def step(connection: Connection) -> None:
        connection.send(_RECEIPT + (b"" if after_s else unasked))
        if after_s:
            time.sleep(after_s)
            connection.send(unasked)

    return step


CASES: Final[dict[str, tuple[Step, ...]]] = {
    "the kept connection ends (FIN)": (RECEIPT, close, RECEIPT),
    "the kept connection ends (RST)": (RECEIPT, reset, RECEIPT),
    "an answer that nobody asked for, at once": (_with_leftover(_UNASKED, 0), RECEIPT),
    "the same, a moment later": (_with_leftover(_UNASKED, 0.02), RECEIPT),
}


def main() -> int:
    """Try all and print."""
    python = str(environments.python_of("bare"))
    for way, libraries in (("sync", bare.SYNC), ("asyncio", bare.ASYNCIO)):
        for library in sorted(libraries.keys() - {"httptools"}):  # a parser: it has no connections
            for case, steps in CASES.items():
                print(f"{library + ', ' + way:24}{case:44}{_tried(python, library, way, steps)}", flush=True)
    return 0


def _tried(python: str, library: str, way: str, steps: tuple[Step, ...]) -> str:
    with Loopback(*steps) as server:
        command = [python, "-m", "benchmarks.programs.bare", library, way, server.url, "2"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
        _, second = json.loads(done.stdout)
        requests, connections = len(server.posts), server.connections
    if requests > 2:  # noqa: PLR2004
        return f"SENT AGAIN, {requests} requests"
    if second == _FALSE_ID:
        return "TAKEN for the answer of the second request"
    return f"second call: {second}, {connections} connections"


if __name__ == "__main__":
    sys.exit(main())

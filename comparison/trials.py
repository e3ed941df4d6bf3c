"""
One client, one exchange, all cases.

One rule: what the client said comes from its process, and what happened from the exchange's own books.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TextIO

from attrs import frozen

from binance_transfer_sandbox import Limits, Sandbox, faults
from comparison.cases import CASES, LATE_MS, TIMEOUT_S, Case
from comparison.clients import Client
from comparison.environments import PROJECT

_TYPE: Final = "MAIN_UMFUTURE"
_ASSET: Final = "USDT"
_ENDLESS: Final = Limits(uid_weight_1m=10**12, ip_weight_1m=10**12, spot_ip_weight_1m=10**12)
_STOP_S: Final = 10


class Broken(Exception):
    """A client's program ended where it should have answered. The message is the last thing it wrote."""


@frozen
class Observation:
    """
    What came of one call.

    returned: the class of what the call returned, None where it raised.
    tran_id: the id in it.
    raised: the class of the error; bases: its name and those of its bases.
    posts: how many requests for a transfer reached the exchange.
    moved: the ids under which the exchange moved the money for this call, as often as it did.
    """

    case: Case
    posts: int
    moved: tuple[str, ...]
    returned: str | None = None
    tran_id: str | None = None
    raised: str | None = None
    bases: tuple[str, ...] = ()


def run(client: Client, python: Path, cases: Iterable[Case] = CASES) -> list[Observation]:
    """Let a client meet every case, on an exchange and in a process of its own; raises Broken."""
    with Sandbox(limits=_ENDLESS) as sandbox, tempfile.TemporaryDirectory() as scratch:
        told = {"base_url": sandbox.base_url, **sandbox.credentials, "timeout_s": TIMEOUT_S, "loop": client.loop}
        command = [str(python), "-m", f"comparison.programs.{client.program}"]
        environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(complaints := Path(scratch, "stderr").open("w+")),
            text=True,
            cwd=scratch,
            env=environment,
        ) as process:
            try:
                _ask(process, told | client.settings, complaints)
                return [_observe(sandbox, process, number, case, complaints) for number, case in enumerate(cases)]
            finally:
                _end(process)
                complaints.close()


def _observe(
    sandbox: Sandbox, process: "subprocess.Popen[str]", number: int, case: Case, complaints: TextIO
) -> Observation:
    """Plan the fault, make the call, and look into the books. Each call has an amount of its own: so it is found."""
    amount = f"1.{number:04d}1"
    before = sandbox.exchange.received("transfer")
    if case.fault is not None:
        sandbox.fail_next(case.fault, on=None if isinstance(case.fault, faults.Refuse) else "transfer")
    order = {"type": _TYPE, "asset": _ASSET, "amount": amount, "key": f"case-{number}"}
    answer = _ask(process, order, complaints)
    time.sleep(2 * LATE_MS / 1000 if getattr(case.fault, "late_ms", 0) else 0)
    sandbox.clear_faults()
    executions = sandbox.ledger.executions(type=_TYPE, asset=_ASSET, amount=amount)
    return Observation(
        case,
        sandbox.exchange.received("transfer") - before,
        tuple(str(entry.tran_id) for entry in executions),
        answer.get("returned"),
        answer.get("tran_id"),
        answer.get("raised"),
        tuple(answer.get("bases", ())),
    )


def _ask(process: "subprocess.Popen[str]", message: dict[str, Any], complaints: TextIO) -> dict[str, Any]:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
    try:
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        line = ""
    else:
        line = process.stdout.readline()
    if not line:
        complaints.seek(0)
        last = [text for text in complaints.read().splitlines() if text.strip()]
        raise Broken(last[-1] if last else "its program ended without a word")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _end(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None  # noqa: S101
    process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()

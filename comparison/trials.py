"""
One client, one exchange, all cases.

One rule: what the client reported comes from its process, and what happened from the exchange's own ledger.
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
    """A client's program ended instead of answering. The message is the last line that it wrote."""


@frozen
class Observation:
    """
    The result of one call.

    returned: the class of what the call returned, None if it raised.
    tran_id: the id in it.
    raised: the class of the error; bases: its name and those of its bases.
    posts: how many requests for a transfer reached the exchange.
    moved: the ids of the transfers that the exchange executed for this call.
    """

    case: Case
    posts: int
    moved: tuple[str, ...]
    returned: str | None = None
    tran_id: str | None = None
    raised: str | None = None
    bases: tuple[str, ...] = ()


def run(client: Client, python: Path, cases: Iterable[Case] = CASES) -> list[Observation]:
    """Run every case with a client in its own process, on its own exchange; raises Broken."""
    with Sandbox(limits=_ENDLESS) as sandbox, tempfile.TemporaryDirectory() as scratch:
        settings = {"base_url": sandbox.base_url, **sandbox.credentials, "timeout_s": TIMEOUT_S, "loop": client.loop}
        command = [str(python), "-m", f"comparison.programs.{client.program}"]
        environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(errors := Path(scratch, "stderr").open("w+")),
            text=True,
            cwd=scratch,
            env=environment,
        ) as process:
            try:
                _ask(process, settings | client.settings, errors)
                return [_observe(sandbox, process, number, case, errors) for number, case in enumerate(cases)]
            finally:
                _end(process)
                errors.close()


def _observe(
    sandbox: Sandbox, process: "subprocess.Popen[str]", number: int, case: Case, errors: TextIO
) -> Observation:
    """Plan the fault, make the call, and read the ledger, where each call is found by its own amount."""
    amount = f"1.{number:04d}1"
    before = sandbox.exchange.received("transfer")
    if case.fault is not None:
        sandbox.fail_next(case.fault, on=None if isinstance(case.fault, faults.Refuse) else "transfer")
    request = {"type": _TYPE, "asset": _ASSET, "amount": amount, "key": f"case-{number}"}
    answer = _ask(process, request, errors)
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


def _ask(process: "subprocess.Popen[str]", message: dict[str, Any], errors: TextIO) -> dict[str, Any]:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
    try:
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        line = ""
    else:
        line = process.stdout.readline()
    if not line:
        errors.seek(0)
        last = [text for text in errors.read().splitlines() if text.strip()]
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

"""
Programs that are measured in turns, each in a process and an environment of its own.

One rule: in every round each program has its turn, so that what else the machine does meets all of them alike.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from comparison import environments

PROJECT: Final = Path(__file__).resolve().parents[1]


@frozen
class Program:
    """
    What is run: `python -m benchmarks.programs.MODULE NAME WAY URL`.

    way: "sync", "asyncio", or "together": asyncio, 100 calls at a time.
    """

    module: str
    name: str
    way: str

    def command(self, url: str) -> list[str]:
        """Return the command; raises NotInstalled where the environment cannot be made."""
        environment = {"ours": "user", "bare": "bare"}.get(self.module, self.name)
        python = str(environments.python_of(environment))
        return [python, "-m", f"benchmarks.programs.{self.module}", self.name, self.way, url]


@frozen
class Turn:
    """What a program told after its turn; so_far_s is its processor time since it started, memory what is resident."""

    cpu_s: float
    wall_s: float
    so_far_s: float
    resident_mib: float


def calls(programs: Mapping[str, Program], url: str, rounds: int, count: int) -> dict[str, list[Turn]]:
    """Make so many calls with each program in each round; the first round is not counted."""
    with ExitStack() as stack:
        running = {what: stack.enter_context(_running(program, url)) for what, program in programs.items()}
        turns: dict[str, list[Turn]] = {what: [] for what in running}
        for number in range(rounds + 1):
            for what, process in running.items():
                turn = _ask(process, count)
                if number:
                    turns[what].append(turn)
    return turns


def starts(programs: Mapping[str, Program], url: str, rounds: int) -> dict[str, list[Turn]]:
    """Start each program in each round, for one call; wall_s is the time from its start to its first receipt."""
    turns: dict[str, list[Turn]] = {what: [] for what in programs}
    for number in range(rounds + 1):  # the first round fills the caches of compiled modules
        for what, program in programs.items():
            started_s = time.perf_counter()
            with _running(program, url) as process:
                turn = _ask(process, 1)
                if number:
                    turns[what].append(evolve(turn, wall_s=time.perf_counter() - started_s))
    return turns


@contextmanager
def _running(program: Program, url: str) -> Iterator["subprocess.Popen[str]"]:
    command = program.command(url)
    pipe = subprocess.PIPE
    # Our folders in place of an installation; and compiled modules are kept, as they are for users.
    ours = os.pathsep.join(str(PROJECT / folder) for folder in ("wrapper", "generated_client"))
    environment = os.environ | {"PYTHONPATH": ours, "PYTHONDONTWRITEBYTECODE": ""}
    with subprocess.Popen(  # noqa: S603  # programs of ours
        command, cwd=PROJECT, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _ask(process: "subprocess.Popen[str]", count: int) -> Turn:
    assert process.stdin  # noqa: S101  # both are pipes
    assert process.stdout  # noqa: S101
    process.stdin.write(f"{count}\n")
    process.stdin.flush()
    return Turn(*map(float, process.stdout.readline().split()))

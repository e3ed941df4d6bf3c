"""The comparison: `python -m comparison`, or `make compare`. Exits 1 if our own client reports anything falsely."""

import argparse
import platform
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from comparison import environments, report, trials
from comparison.clients import ALONE, LOOPED, OURS, Client
from comparison.environments import NotInstalled
from comparison.report import Run

_AT_ONCE: Final = 4  # most of the time each of them waits for a timeout


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare all clients and return the exit code."""
    options = _options(arguments)
    clients = (*ALONE, *LOOPED)
    problems = _install({client.name for client in clients})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # Our own clients wait for proofs of absence and take longest, so they begin first.
        first = sorted(clients, key=lambda client: client.name != OURS)
        begun = {id(client): pool.submit(_run, client, problems.get(client.name, "")) for client in first}
    alone, looped = ([begun[id(client)].result() for client in group] for group in (ALONE, LOOPED))
    parts = {
        "comparison": lambda: report.details(alone, looped, _today(), platform.python_version()),
        "comparison summary": lambda: report.summary(alone, looped),
    }
    print(parts["comparison"]())
    for path in options.write:
        path.write_text(report.replaced(path.read_text("utf-8"), parts), "utf-8")
    wrong = list(report.misbehaviour(alone, looped))
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m comparison", description=__doc__)
    parser.add_argument(
        "--write",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="put the report, or its short table, between the markers of a Markdown file; may be repeated",
    )
    return parser.parse_args(arguments)


def _install(names: set[str]) -> dict[str, str]:
    """Create the environments, one after the other, and return the problem of each client that cannot be installed."""
    problems = {}
    for name in sorted(names):
        try:
            environments.python_of(name)
        except NotInstalled as problem:
            problems[name] = str(problem)
    return problems


def _run(client: Client, problem: str) -> Run:
    version = environments.version_of(client.name)
    if problem:
        return Run(client, version, problem=problem)
    print(f"{client.title}{', in a loop' if client.loop else ''} …", file=sys.stderr)
    try:
        return Run(client, version, tuple(trials.run(client, environments.python_of(client.name))))
    except trials.Broken as broken:
        return Run(client, version, problem=str(broken))


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


if __name__ == "__main__":
    sys.exit(main())

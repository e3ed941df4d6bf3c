"""Run simulated transfers, with every rule in place or with one taken out at a time: `python -m simulator --help`."""

import argparse
import sys
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Final

from simulator import world
from simulator.ablation import ABLATIONS
from simulator.batches import Total, batches
from simulator.mistake import Ablation
from simulator.scenario import ROUGHER, USUAL, Kind, Scenario
from simulator.shrink import SECONDS, Shrunk, gravity, shortest, shrink

if TYPE_CHECKING:
    from simulator.checker import Violation

_SHARES: Final[dict[Kind, float]] = {"no-journal": 0.55, "journal": 0.4, "late": 0.05}
"""Of the transfers, where every kind of world is asked for."""
_TOLD: Final[dict[Kind, str]] = {
    "no-journal": "without a journal",
    "journal": "with a journal",
    "late": "with a journal, and a history that hides more than is assumed",
}
_TRANSFERS: Final = 20_000
_ABLATION_TRANSFERS: Final = 6_000
_AT_MOST: Final = 50_000
"""Transfers within which the simulator has to find what is taken out."""
_SHOWN: Final = 5


def main(arguments: list[str] | None = None) -> int:
    """Run and return 0 where nothing was wrong (or, with --ablation, every mistake was found)."""
    options = _parser().parse_args(arguments)
    kinds: Sequence[Kind] = [options.kind] if options.kind else list(_SHARES)
    if options.ablation:
        return _ablate(
            _rows(kinds, options.only),
            options.transfers or _ABLATION_TRANSFERS,
            options.seed,
            aloud=options.shrink is not None,
        )
    if options.shrink is not None:
        found = [_tell_shrunk(kind, options.shrink) for kind in kinds]
        return 1 if any(found) else 0
    return _run(kinds, options.transfers or _TRANSFERS, options.seed, options.workers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--transfers",
        type=int,
        metavar="N",
        help=f"how many at least ({_TRANSFERS}; {_ABLATION_TRANSFERS} for each rule that is taken out)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first world; it repeats a history")
    parser.add_argument("--kind", choices=_SHARES, help="only worlds of this kind; all kinds where nothing is said")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="how many processes (%(default)s)")
    parser.add_argument("--ablation", action="store_true", help="take each rule out in turn and print what broke")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="with --ablation: the rules whose line has this text"
    )
    parser.add_argument(
        "--shrink",
        type=int,
        nargs="?",
        const=0,
        metavar="SEED",
        help="print the smallest history of this seed that still goes wrong; with --ablation, one for each rule",
    )
    return parser


def _run(kinds: Sequence[Kind], transfers: int, seed: int, workers: int) -> int:
    violations: list[tuple[Kind, Violation]] = []
    for kind in kinds:
        share = transfers if len(kinds) == 1 else int(transfers * _SHARES[kind])
        total = Total()
        for batch in batches(kind, share, seed, workers):
            total.merge(batch)
        _tell(kind, total)
        violations.extend((kind, violation) for violation in total.violations)
    print(f"{len(violations)} wrong verdicts")
    if not violations:
        return 0
    kind, first = min(violations, key=lambda found: gravity(found[1]))
    print(f"The smallest history of that kind, sought for up to {SECONDS:.0f} s:", file=sys.stderr)
    _tell_shrunk(kind, first.seed)
    return 1


def _tell(kind: Kind, total: Total) -> None:
    rate = total.transfers / total.seconds * 60
    print(
        f"{_TOLD[kind]}: {total.transfers} transfers in {total.worlds} worlds, {total.seconds:.1f} s of CPU time",
        end="",
    )
    print(f" ({rate:,.0f} a minute on one core)")
    for name, times in total.outcomes.most_common():
        print(f"  {times:8d}  {name}")
    for violation in total.violations[:_SHOWN]:
        print(f"WRONG: {violation} (--kind {kind})", file=sys.stderr)


def _tell_shrunk(kind: Kind, seed: int) -> bool:
    """Print the smallest history of a seed; False where nothing in it is wrong."""
    shrunk = shrink(seed, USUAL[kind])
    if shrunk is None:
        print(f"seed {seed}: nothing is wrong (--kind {kind})")
        return False
    print(f"seed {seed}, {shrunk.violation.kind} (--kind {kind}):")
    print("\n".join(shrunk.story), flush=True)
    return True


def _rows(kinds: Sequence[Kind], only: str) -> list[tuple[Kind, Ablation]]:
    return [(kind, row) for kind in kinds for row in ABLATIONS[kind] if only in f"{row.rule}: {row.instead}"]


def _ablate(rows: Sequence[tuple[Kind, Ablation]], transfers: int, seed: int, *, aloud: bool) -> int:
    if not aloud:
        print("| rule | what is done instead | transfers | wrong | for example |\n| --- | --- | --- | --- | --- |")
    unfound = 0
    for kind, ablation in rows:
        with ablation.applied():
            total = _rough_worlds(ROUGHER[kind], transfers, seed)
            unfound += not total.violations
            if aloud:
                _tell_story(ablation, shortest(total.violations, ROUGHER[kind]))
            else:
                wrong = len(total.violations)
                said = min(total.violations, key=gravity, default="**not found**")
                print(f"| {ablation.rule} | {ablation.instead} | {total.transfers} | {wrong} | {said} |", flush=True)
    return 1 if unfound else 0


def _rough_worlds(scenario: Scenario, transfers: int, seed: int) -> Total:
    total = Total()
    for world_seed in count(seed):
        total.add(world.run(world_seed, scenario))
        if total.transfers >= (transfers if total.violations else _AT_MOST):
            break
    return total


def _tell_story(ablation: Ablation, shrunk: Shrunk | None) -> None:
    print(f"### {ablation.rule}: {ablation.instead}\n")
    told = shrunk.story if shrunk else ["**not found**"]
    print("\n".join(f"    {line}" for line in told), end="\n\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())

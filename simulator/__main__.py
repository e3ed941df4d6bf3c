"""Run simulated transfers, with every rule in place or with one taken out at a time: `python -m simulator --help`."""

import argparse
import sys
from collections.abc import Callable, Iterable
from itertools import count
from typing import Final

from simulator import keyed, world
from simulator.ablation import ABLATIONS, Ablation
from simulator.batches import Kind, Total, batches
from simulator.keyed_ablation import KEYED_ABLATIONS
from simulator.network import ROUGH
from simulator.scenario import TURBULENT
from simulator.world import Report

_ROUGH: Final = world.Scenario(noise=0.02, weather=ROUGH)
_TURBULENT: Final[dict[Kind, Callable[[int], Report]]] = {
    "no-journal": lambda seed: world.run(seed, _ROUGH),
    "journal": lambda seed: keyed.run(seed, TURBULENT),
}
_SHARE: Final = 0.6  # of the transfers are made without a journal, where both are asked for: they cost half
_TRANSFERS: Final = 20_000
_ABLATION_TRANSFERS: Final = 6_000
_SHOWN: Final = 5
_GRAVITY: Final = ("moved 2 times", "moved", "the exchange", "another attempt", "for ever")


def main(arguments: list[str] | None = None) -> int:
    """Run and return 0 where nothing was wrong (or, with --ablation, every mistake was found)."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--transfers",
        type=int,
        metavar="N",
        help=f"how many at least ({_TRANSFERS}; {_ABLATION_TRANSFERS} for each rule that is taken out)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first world; it repeats a history")
    parser.add_argument(
        "--journal",
        action=argparse.BooleanOptionalAction,
        help="only worlds with a journal, or only worlds without; both kinds where nothing is said",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="how many processes (%(default)s)")
    parser.add_argument("--ablation", action="store_true", help="take each rule out in turn and print what broke")
    options = parser.parse_args(arguments)
    kinds: list[Kind] = ["no-journal", "journal"] if options.journal is None else []
    kinds = kinds or ["journal" if options.journal else "no-journal"]
    if options.ablation:
        return _ablate(kinds, options.transfers or _ABLATION_TRANSFERS, options.seed)
    transfers = options.transfers or _TRANSFERS
    wrong = 0
    for kind in kinds:
        share = transfers if len(kinds) == 1 else int(transfers * (_SHARE if kind == "no-journal" else 1 - _SHARE))
        total = Total()
        for batch in batches(kind, share, options.seed, options.workers):
            total.merge(batch)
        _tell(kind, total)
        wrong += len(total.violations)
    print(f"{wrong} wrong verdicts")
    return 1 if wrong else 0


def _tell(kind: Kind, total: Total) -> None:
    rate = total.transfers / total.seconds * 60
    where = "with a journal" if kind == "journal" else "without a journal"
    print(f"{where}: {total.transfers} transfers in {total.worlds} worlds, {total.seconds:.1f} s of CPU time", end="")
    print(f" ({rate:,.0f} a minute on one core)")
    for name, times in total.outcomes.most_common():
        print(f"  {times:8d}  {name}")
    for violation in total.violations[:_SHOWN]:
        print(f"WRONG: {violation} (--{kind})", file=sys.stderr)


def _ablate(kinds: Iterable[Kind], transfers: int, seed: int) -> int:
    print("| rule | what is done instead | transfers | wrong | for example |\n| --- | --- | --- | --- | --- |")
    tables: dict[Kind, tuple[Ablation, ...]] = {"no-journal": ABLATIONS, "journal": KEYED_ABLATIONS}
    unfound = 0
    for kind in kinds:
        for ablation in tables[kind]:
            total = Total()
            with ablation.applied():
                for world_seed in count(seed):
                    total.add(_TURBULENT[kind](world_seed))
                    if total.transfers >= transfers:
                        break
            unfound += not total.violations
            example = min(total.violations, key=_gravity, default="**not found**")
            wrong = len(total.violations)
            print(f"| {ablation.rule} | {ablation.instead} | {total.transfers} | {wrong} | {example} |", flush=True)
    return 1 if unfound else 0


def _gravity(violation: str) -> int:
    return next((place for place, words in enumerate(_GRAVITY) if words in violation), len(_GRAVITY))


if __name__ == "__main__":
    sys.exit(main())

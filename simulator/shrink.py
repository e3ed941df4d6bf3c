"""
The smallest history that still goes wrong in the same way.

One rule: a history is a set of choices that are not calm; whatever can be left out while the same kind of violation
remains is left out, first whole accounts and jobs, then what happens in them, and the numbers that remain are lowered.
"""

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations, groupby
from math import inf
from random import Random
from typing import Final, TypeVar

from attrs import define, frozen

from simulator.chance import EXISTS, Choices, Place, Recorded, Replayed
from simulator.checker import Violation, Wrong
from simulator.scenario import Scenario
from simulator.story import Story
from simulator.world import play

T = TypeVar("T", bound=Hashable)

TRIES: Final = 3_000
SECONDS: Final = 60.0
SHORT: Final = 10
"""Lines of a story that a person reads at once."""

_MARGIN_S: Final = 100.0
_KINDS: Final = list(Wrong)
_FEW: Final = 40  # choices of which all pairs are tried


@frozen
class Shrunk:
    """A violation, the choices that lead to it, and how it comes about, one line an event."""

    violation: Violation
    choices: Choices
    story: tuple[str, ...]
    tries: int


def shortest(found: Iterable[Violation], scenario: Scenario) -> Shrunk | None:
    """Shrink the histories of several violations, the gravest first, until one is short; return the shortest."""
    until_s = time.process_time() + SECONDS
    best: Shrunk | None = None
    wanted = dict.fromkeys((violation.seed, violation.kind) for violation in sorted(found, key=gravity))
    for seed, kind in wanted:
        if best is not None and (len(best.story) <= SHORT or time.process_time() > until_s):
            break
        shrunk = shrink(seed, scenario, kind, seconds=until_s - time.process_time())
        if shrunk and (best is None or len(shrunk.story) < len(best.story)):
            best = shrunk
    return best


def gravity(violation: Violation) -> int:
    """Order violations, the gravest first."""
    return _KINDS.index(violation.kind)


def shrink(
    seed: int, scenario: Scenario, kind: Wrong | None = None, *, tries: int = TRIES, seconds: float = SECONDS
) -> Shrunk | None:
    """
    Shrink the history of a seed; None where nothing in it is wrong.

    kind: of the violation that has to remain; the gravest one where none is named.
    tries, seconds: when to be content with what there is. Only ``tries`` gives the same result on every machine;
    ``seconds`` are those of this process.
    """
    recorded = Recorded(Random(seed))  # noqa: S311  # chance has to repeat itself here
    report, _ = play(seed, scenario, recorded)
    found = [violation for violation in report.violations if kind in {None, violation.kind}]
    if not found:
        return None
    kind = min(found, key=gravity).kind
    search = _Search(seed, scenario, kind, dict(recorded.choices), tries, time.process_time() + seconds)
    search.run()
    return search.result()


@define
class _Search:
    """What is left of a history so far."""

    seed: int
    scenario: Scenario
    kind: Wrong
    choices: Choices
    tries: int
    until_s: float
    tried: int = 0
    enough_s: float = inf
    """A history need not be played any longer: what is wrong happened before."""

    def run(self) -> None:
        """Shrink until nothing more can be left out, or the tries are used up."""
        self._shorten()
        self._leave_out([[place] for place in self.choices if place[1] == EXISTS and "," not in place[0]])
        self._leave_out([[place] for place in self.choices if place[1] == EXISTS])
        before = None
        while before != self.choices and not self._over():
            before = self.choices
            self._shorten()
            self._leave_out(_grouped(self.choices, lambda place: place[0]))
            self._leave_out(_grouped(self.choices, lambda place: place[:2]))
            self._leave_out([[place] for place in self.choices])
            if before == self.choices and len(before) <= _FEW:
                self._leave_out_pairs()
        for place in list(self.choices):
            self._lower(place)

    def _shorten(self) -> None:
        """Find out when it goes wrong. Other ways there may take a while longer."""
        report, story = play(self.seed, self.scenario, Replayed(self.choices), aloud=True)
        self.enough_s = _MARGIN_S + min(
            story.at_s(violation.event) for violation in report.violations if violation.kind == self.kind
        )

    def result(self) -> Shrunk:
        """Play what is left once more, aloud."""
        report, story = play(self.seed, self.scenario, Replayed(self.choices), aloud=True, until_s=self.enough_s)
        found = [violation for violation in report.violations if violation.kind == self.kind]
        violation = min(found, key=lambda violation: story.at_s(violation.event))
        assert isinstance(story, Story)  # noqa: S101  # as asked for
        lines = story.lines(violation.event, f"WRONG: {violation.what}")
        return Shrunk(violation, self.choices, tuple(lines), self.tried)

    def _leave_out(self, groups: Sequence[Sequence[Place]]) -> None:
        """Leave out as many groups of choices as possible: halves first, then ever smaller parts."""
        size = len(groups)
        while size:
            start = 0
            while start < len(groups):
                part = {place for group in groups[start : start + size] for place in group}
                if self._over():
                    return
                if part & self.choices.keys() and not self._try(_without(self.choices, part)):
                    start += size
                else:
                    groups = [*groups[:start], *groups[start + size :]]
            size = min(size // 2, len(groups)) if size > 1 else 0

    def _leave_out_pairs(self) -> None:
        """Leave out two choices at once, where each is needed as long as the other is there."""
        for pair in combinations(self.choices, 2):
            if self._over():
                return
            if set(pair) <= self.choices.keys():
                self._try(_without(self.choices, set(pair)))

    def _lower(self, place: Place) -> None:
        """Make one number small or round."""
        value = self.choices.get(place)
        if value is None or isinstance(value, bool):
            return
        for other in (value / 8, value / 2, float(f"{value:.1g}"), float(f"{value:.2g}")):
            if self._over() or (other != self.choices.get(place) and self._try({**self.choices, place: other})):
                return

    def _try(self, choices: Choices) -> bool:
        """Keep these choices if they lead to the same kind of violation, without those that nobody asks for."""
        self.tried += 1
        chance = Replayed(choices)
        report, _ = play(self.seed, self.scenario, chance, until_s=self.enough_s)
        if all(violation.kind != self.kind for violation in report.violations):
            return False
        self.choices = {place: value for place, value in choices.items() if place in chance.used}
        return True

    def _over(self) -> bool:
        return self.tried >= self.tries or time.process_time() > self.until_s


def _without(choices: Choices, part: set[Place]) -> Choices:
    return {place: value for place, value in choices.items() if place not in part}


def _grouped(choices: Choices, by: Callable[[Place], T]) -> list[list[Place]]:
    return [list(group) for _, group in groupby(sorted(choices), key=by)]

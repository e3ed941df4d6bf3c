"""
Where all chance comes from: drawn from a seed, drawn and recorded, or replayed from a record.

One rule: a choice that is not in the record is the calm one: nothing happens, the first of several, the shortest time.
Each choice is known by who makes it, what it is about and how often that was asked before, so leaving some out makes
a history calmer and does not change what the other choices mean.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, TypeVar

from typing_extensions import override

T = TypeVar("T")

Place = tuple[str, str, int]
"""Who chooses, what about, and how often before."""

Choices = dict[Place, float]
"""The choices of a history that are not calm."""

EXISTS: Final = "exists"
"""What `Chance.exists` asks about: whoever takes something away takes this first, and its other choices go with it."""


class Chance:
    """Draws from a seed. ``stream`` tells who chooses, which only matters to the subclasses."""

    __slots__ = ("_draw", "_random")

    def __init__(self, random: Random) -> None:
        self._random: Final = random
        self._draw: Final = random.random

    def stream(self, who: str) -> "Chance":
        """Return the choices of one worker, job or person. The same name is the same stream."""
        del who
        return self

    def part(self, what: str) -> "Chance":
        """Return a stream of its own for a part of what the owner does."""
        del what
        return self

    def exists(self) -> bool:
        """Tell whether the stream's owner is there at all: always, unless a shorter history is looked for."""
        return True

    def happens(self, what: str, probability: float) -> bool:
        """Tell whether it happens. Calm: no."""
        del what
        return self._draw() < probability

    def which(self, what: str, odds: Sequence[float]) -> int:
        """Return the place, from 1, of what happens, each with its probability; 0 where nothing does. Calm: 0."""
        del what
        rest = self._draw()
        for place, probability in enumerate(odds, 1):
            rest -= probability
            if rest < 0:
                return place
        return 0

    def between(self, what: str, calm: float, other: float) -> float:
        """Return a number from here to there. Calm: the first."""
        del what
        return calm + (other - calm) * self._draw()

    def below(self, what: str, end: int) -> int:
        """Return a whole number from 0 to one below ``end``. Calm: 0."""
        del what
        return int(self._draw() * end)

    def pick(self, what: str, options: Sequence[T]) -> T:
        """Return one of several. Calm: the first."""
        return options[self.below(what, len(options))]

    def moment(self, what: str, now_s: float) -> float:
        """Return when something is to begin: now, or in a replay when it began, though less may lie before it."""
        del what
        return now_s


class Recorded(Chance):
    """Draws what `Chance` draws, and notes each choice that is not calm."""

    __slots__ = ("_asked", "_who", "choices", "streams")

    def __init__(self, random: Random, who: str = "", root: "Recorded | None" = None) -> None:
        super().__init__(random)
        self.choices: Final[Choices] = {} if root is None else root.choices
        self._who: Final = who
        self.streams: Final[dict[str, Recorded]] = {} if root is None else root.streams
        self._asked: Final = Counter[str]()

    @override
    def stream(self, who: str) -> "Recorded":
        if who not in self.streams:
            self.streams[who] = Recorded(self._random, who, self)
        return self.streams[who]

    @override
    def part(self, what: str) -> "Recorded":
        return self.stream(f"{self._who}, {what}")

    @override
    def exists(self) -> bool:
        return self._noted(EXISTS, value=True, calm=False)

    @override
    def happens(self, what: str, probability: float) -> bool:
        return self._noted(what, super().happens(what, probability), calm=False)

    @override
    def which(self, what: str, odds: Sequence[float]) -> int:
        return self._noted(what, super().which(what, odds), calm=0)

    @override
    def between(self, what: str, calm: float, other: float) -> float:
        return self._noted(what, super().between(what, calm, other), calm)

    @override
    def below(self, what: str, end: int) -> int:
        return self._noted(what, super().below(what, end), calm=0)

    @override
    def moment(self, what: str, now_s: float) -> float:
        return self._noted(what, now_s, calm=0.0)

    def _noted(self, what: str, value: T, calm: T) -> T:
        number = self._asked[what]
        self._asked[what] = number + 1
        if value != calm:
            self.choices[self._who, what, number] = value  # type: ignore[assignment]  # bool, int or float
        return value


class Replayed(Chance):
    """
    Chooses what a record says, within what may be chosen at all.

    ``used`` holds the choices that were asked for: the others can be left out.
    """

    __slots__ = ("_asked", "_recorded", "_who", "streams", "used")

    def __init__(self, recorded: Mapping[Place, float], who: str = "", root: "Replayed | None" = None) -> None:
        super().__init__(Random(0))  # noqa: S311  # never asked
        self.used: Final[Choices] = {} if root is None else root.used
        self._recorded: Final = recorded
        self._who: Final = who
        self.streams: Final[dict[str, Replayed]] = {} if root is None else root.streams
        self._asked: Final = Counter[str]()

    @override
    def stream(self, who: str) -> "Replayed":
        if who not in self.streams:
            self.streams[who] = Replayed(self._recorded, who, self)
        return self.streams[who]

    @override
    def part(self, what: str) -> "Replayed":
        return self.stream(f"{self._who}, {what}")

    @override
    def exists(self) -> bool:
        return bool(self._chosen(EXISTS, 0))

    @override
    def happens(self, what: str, probability: float) -> bool:
        return bool(self._chosen(what, 0)) and probability > 0

    @override
    def which(self, what: str, odds: Sequence[float]) -> int:
        place = min(int(self._chosen(what, 0)), len(odds))
        return place if place and odds[place - 1] > 0 else 0

    @override
    def between(self, what: str, calm: float, other: float) -> float:
        return min(max(self._chosen(what, calm), min(calm, other)), max(calm, other))

    @override
    def below(self, what: str, end: int) -> int:
        return min(int(self._chosen(what, 0)), end - 1)

    @override
    def moment(self, what: str, now_s: float) -> float:
        return max(now_s, self._chosen(what, 0.0))

    def _chosen(self, what: str, calm: float) -> float:
        place = (self._who, what, self._asked[what])
        self._asked[what] += 1
        if (value := self._recorded.get(place)) is None:
            return calm
        self.used[place] = value
        return value

"""
A history as lines that a person can read, one an event.

One rule: whoever acts says what happened as it happens; nothing is worded before somebody wants to read it.
"""

import re
from collections.abc import Iterator
from math import inf
from typing import Final

from attrs import define, field, frozen
from typing_extensions import override

from binance_transfer.attempt import Attempt
from simulator.engine import EPOCH_MS, Engine

_RANDOM_KEY: Final = re.compile(r"[0-9a-f]{32}")
"""What a call without a key is given: another one in each run."""


@frozen
class Moment:
    """A time of the exchange, told as seconds since the story began."""

    ms: int


@frozen
class TranId:
    """An id of the exchange, told as a small number."""

    number: int


@define
class Line:
    """Who did what, and when. ``template`` has a pair of braces for each of ``things``."""

    at_s: float
    who: str
    template: str
    things: tuple[object, ...]


class NullStory:
    """Nobody listens: for runs that only count."""

    listens = False

    def tell(self, who: str, template: str, *things: object) -> int:
        """Note an event and return its number, -1 where nobody listens."""
        del who, template, things
        return -1

    def at_s(self, event: int) -> float:
        """Return when an event was; infinity where that is not known."""
        del event
        return inf

    def last(self, attempt_id: str) -> int:
        """Return the number of the last event that named an attempt, -1 where there is none."""
        del attempt_id
        return -1


class Story(NullStory):
    """Notes what it is told."""

    listens = True

    def __init__(self, engine: Engine) -> None:
        self._engine: Final = engine
        self._lines: Final[list[Line]] = []

    @override
    def tell(self, who: str, template: str, *things: object) -> int:
        self._lines.append(Line(self._engine.now_s, who, template, things))
        return len(self._lines) - 1

    @override
    def at_s(self, event: int) -> float:
        return self._lines[event].at_s if event >= 0 else inf

    @override
    def last(self, attempt_id: str) -> int:
        return max(
            (
                number
                for number, line in enumerate(self._lines)
                if any(isinstance(thing, Attempt) and thing.id == attempt_id for thing in line.things)
            ),
            default=-1,
        )

    def lines(self, until: int, remark: str) -> list[str]:
        """Return the story up to an event, -1 for all of it, with a remark at its end."""
        told = self._lines[: until + 1] if until >= 0 else self._lines
        words = _Words(told[0].at_s if told else 0.0)
        merged: list[tuple[Line, str, int, float]] = []
        for line in told:
            text = words.text(line)
            place = next((place for place in range(len(merged) - 1, -1, -1) if merged[place][0].who == line.who), None)
            if place is not None and merged[place][1] == text:
                before, _, times, _ = merged[place]
                merged[place] = (before, text, times + 1, line.at_s)
            else:
                merged.append((line, text, 1, line.at_s))
        texts = list(_texts(words, merged))
        return [*texts[:-1], f"{texts[-1]} - {remark}"] if texts else [remark]


def _texts(words: "_Words", merged: list[tuple[Line, str, int, float]]) -> Iterator[str]:
    for line, text, times, last_s in merged:
        often = f" ({times} times, until {words.moment(last_s)})" if times > 1 else ""
        yield f"{words.moment(line.at_s):>9} {line.who}: {text}{often}"


@define
class _Words:
    """Small names for the attempts and ids of one story, in the order in which they come."""

    start_s: float
    _attempts: dict[str, int] = field(factory=dict)
    _ids: dict[int, int] = field(factory=dict)

    def text(self, line: Line) -> str:
        return line.template.format(*(self._word(thing) for thing in line.things))

    def moment(self, at_s: float) -> str:
        return f"{at_s - self.start_s:+.2f} s"

    def _word(self, thing: object) -> object:
        match thing:
            case Moment(ms):
                return self.moment((ms - EPOCH_MS) / 1000)
            case TranId(number):
                return f"tranId {self._ids.setdefault(number, len(self._ids) + 1)}"
            case Attempt(transfer=transfer):
                known = thing.id in self._attempts
                name = f"attempt {self._attempts.setdefault(thing.id, len(self._attempts) + 1)}"
                symbol = transfer.from_symbol or transfer.to_symbol
                pair = f" {symbol}" if symbol else ""
                return name if known else f"{name} ({transfer.type}{pair} {transfer.amount_text} {transfer.asset})"
            case str() if _RANDOM_KEY.fullmatch(thing):
                return "a key of its own"
            case _:
                return thing

"""
What was measured, as tables for a terminal and for a document.

One rule: a figure is the median of its rounds and stands beside its spread; a ratio is the median of the ratios within
each round, since what else the machine does meets a whole round.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from attrs import field, frozen
from rich import box
from rich.table import Table

Values = Sequence[float]
"""One figure a round."""
Cells = tuple[str, ...]

_WHOLE_FROM: Final = 100


@frozen
class Goal:
    """
    Something that is to be at most, or at least, so much.

    found: None where it was not measured.
    """

    what: str
    limit: float
    found: float | None
    than: str = ""
    at_least: bool = False

    @property
    def cells(self) -> Cells:
        """What it is, the goal, what was found, and whether that is reached."""
        than = f" × {self.than}" if self.than else ""  # noqa: RUF001  # it means "times"
        goal = f"{'≥' if self.at_least else '≤'} {self.limit:,g}{than}"
        if self.found is None:
            return self.what, goal, "not measured", ""
        reached = self.found >= self.limit if self.at_least else self.found <= self.limit
        return self.what, goal, shown(self.found), "yes" if reached else "**no**"


@frozen
class Section:
    """Figures of one kind, in one unit, with the goals that they are held against."""

    title: str
    unit: str
    rows: Mapping[str, Values]
    goals: Sequence[Goal] = field(factory=tuple)

    @property
    def cells(self) -> Iterable[Cells]:
        """Name, median, least and most of each row."""
        for what, values in self.rows.items():
            yield what, shown(median(values)), f"{shown(min(values))} to {shown(max(values))}"


def ratio(values: Values, baseline: Values) -> float:
    """Compare two programs that had their turns together."""
    return median(one / other for one, other in zip(values, baseline, strict=True))


def least(rows: Mapping[str, Values], names: Iterable[str]) -> Values:
    """Return the figures of the best of some rows."""
    return min((rows[name] for name in names), key=median)


def shown(figure: float) -> str:
    """Write a figure with as many digits as it deserves."""
    return f"{figure:,.0f}" if figure >= _WHOLE_FROM else f"{figure:.3g}"


_HEADS: Final = ("", "goal", "found", "reached")


def terminal(title: str, heads: Cells, rows: Iterable[Cells]) -> Table:
    """Return a table for a terminal."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head else "left")
    for row in rows:
        table.add_row(*(cell.replace("**", "") for cell in row))
    return table


def markdown(heads: Cells, rows: Iterable[Cells]) -> str:
    """Return a table for a document."""
    lines = [heads, tuple("---:" if head else "---" for head in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def goals(sections: Iterable[Section]) -> tuple[str, Cells, list[Cells]]:
    """Return the table of all goals."""
    return "Goals", _HEADS, [goal.cells for section in sections for goal in section.goals]


def figures(section: Section) -> tuple[str, Cells, list[Cells]]:
    """Return the table of one section."""
    return section.title, ("", section.unit, "least to most"), list(section.cells)

"""
The results, as numbers and as Markdown.

One rule: a report is compared with what the exchange did. "Unknown" is never a false report; all others can be.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from attrs import frozen

from comparison.clients import OURS, Client
from comparison.trials import Observation

Report = Literal["success", "not executed", "unknown", "error"]
"""What the caller learns. An "error" does not say whether the transfer was executed."""

_NONE: Final = ""
_FIGURES: Final = ("moved twice", "moved, reported failed", "not moved, reported success", "reported unknown")


@frozen
class Run:
    """
    All observations of one client, in the order of the cases.

    problem: why there are none; "" if there are some.
    """

    client: Client
    version: str
    observations: tuple[Observation, ...] = ()
    problem: str = ""


@frozen
class Counts:
    """Totals over all cases of a run; posts is the largest number of requests for one call."""

    calls: int
    failed_but_moved: int
    succeeded_but_not: int
    moved_twice: int
    left_open: int
    posts: int


def reported(client: Client, seen: Observation) -> Report:
    """Return what the caller of a client learns from a call."""
    if seen.raised is None:
        return "success"
    if client.not_executed.intersection(seen.bases):
        return "not executed"
    return "unknown" if client.open_outcome.intersection(seen.bases) else "error"


def is_false(client: Client, seen: Observation) -> bool:
    """Say whether a report is the opposite of what the exchange did. An error that says neither counts as failure."""
    report = reported(client, seen)
    return report != "unknown" and (report == "success") is not bool(seen.moved)


def counted(run: Run) -> Counts:
    """Add up what happened in a run."""
    client, seen = run.client, run.observations
    return Counts(
        calls=len(seen),
        failed_but_moved=sum(is_false(client, each) and bool(each.moved) for each in seen),
        succeeded_but_not=sum(is_false(client, each) and not each.moved for each in seen),
        moved_twice=sum(len(each.moved) > 1 for each in seen),
        left_open=sum(reported(client, each) == "unknown" for each in seen),
        posts=max((each.posts for each in seen), default=0),
    )


def misbehaviour(alone: Iterable[Run], looped: Iterable[Run]) -> Iterator[str]:
    """Yield what is wrong with our own runs. Only this makes the comparison fail."""
    for runs, most_posts in ((alone, 1), (looped, None)):
        for run in runs:
            if not run.client.judged:
                continue
            counts = counted(run)
            if run.problem:
                yield f"{run.client.title}: {run.problem}"
            for seen in run.observations:
                if is_false(run.client, seen) or len(seen.moved) > 1:
                    yield f"{run.client.title}: {_case(seen)}: {cell(run.client, seen)}"
            if most_posts is not None and counts.posts > most_posts:
                yield f"{run.client.title}: {counts.posts} requests for one call"


def cell(client: Client, seen: Observation) -> str:
    """Describe a call in a few words: what was reported, ✗ if that is false, and anything unusual."""
    report = reported(client, seen)
    match report:
        case "success":
            text = "success" + _id(seen)
        case "error":
            text = f"`{seen.raised}`"
        case _:
            text = f"{report} (`{seen.raised}`)"
    notes = [text + (" ✗" if is_false(client, seen) else "")]
    if len(seen.moved) > 1:
        notes.append(f"**moved {len(seen.moved)} times**")
    if seen.posts > 1:
        notes.append(f"{seen.posts} POSTs")
    return ", ".join(notes)


def _id(seen: Observation) -> str:
    """Say what is wrong with the id that a call returned."""
    if seen.tran_id is None:
        return ", `None`" if seen.returned == "NoneType" else ", no id"
    if not seen.moved:
        return ""
    try:
        right = Decimal(seen.tran_id) in map(Decimal, seen.moved)
    except InvalidOperation:
        right = False
    return "" if right else ", wrong id"


def _case(seen: Observation) -> str:
    case = seen.case
    outcome = "executed" if case.executed else "not executed"
    return f"{case.title}{f' ({case.variant})' if case.variant else ''}, {outcome}"


def summary(alone: Sequence[Run], looped: Sequence[Run]) -> str:
    """Return the short table: one line for each client."""
    titles = dict.fromkeys(run.client.title for run in (*alone, *looped))
    calls = max((len(run.observations) for run in alone), default=0)
    columns = " | ".join(f"{how}: {what}" for how in ("once", "in a loop") for what in _FIGURES)
    lines = [f"| {calls} calls | {columns} |", "| --- " + "| ---: " * 2 * len(_FIGURES) + "|"]
    for title in titles:
        figures = [figure for runs in (alone, looped) for figure in _figures(title, runs)]
        lines.append(f"| {title} | {' | '.join(figures)} |")
    return "\n".join(lines)


def _figures(title: str, runs: Sequence[Run]) -> tuple[str, ...]:
    run = next((run for run in runs if run.client.title == title and run.observations), None)
    if run is None:
        return (_NONE,) * len(_FIGURES)
    counts = counted(run)
    figures = (counts.moved_twice, counts.failed_but_moved, counts.succeeded_but_not, counts.left_open)
    return tuple(map(str, figures))


def details(alone: Sequence[Run], looped: Sequence[Run], day: str, python: str) -> str:
    """Return the whole report: what was compared, totals, and each case."""
    return "\n\n".join(
        (
            f"Measured on {day}, with Python {python}.",
            "### What was compared",
            _set_ups(alone),
            "### Totals",
            summary(alone, looped),
            "### One call",
            _matrix(alone),
            "### The same calls with a retry loop around them",
            _set_ups([run for run in looped if run.client.name == OURS]),
            _matrix(looped),
        )
    )


def _set_ups(runs: Iterable[Run]) -> str:
    lines = ["| client | version | setup |", "| --- | --- | --- |"]
    for run in runs:
        what = f"not measured: {run.problem}" if run.problem else run.client.set_up
        lines.append(f"| {run.client.title} | {run.version} | {what} |")
    return "\n".join(lines)


def _matrix(runs: Sequence[Run]) -> str:
    """Return a table with a row for each case; variants of a case with equal results share a row."""
    measured = [run for run in runs if run.observations]
    if not measured:
        return "Nothing was measured."
    variants: dict[tuple[str, bool, tuple[str, ...]], list[str]] = {}
    for seen in zip(*(run.observations for run in measured), strict=True):
        case = seen[0].case
        cells = tuple(cell(run.client, each) for run, each in zip(measured, seen, strict=True))
        variants.setdefault((case.title, case.executed, cells), []).append(case.variant)
    lines = [
        "| the exchange | executed | " + " | ".join(run.client.title for run in measured) + " |",
        "| --- " * (len(measured) + 2) + "|",
    ]
    for (title, executed, cells), names in variants.items():
        what = f"{title}: {', '.join(names)}" if any(names) else title
        lines.append(f"| {what} | {'yes' if executed else 'no'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def replaced(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """Return a document with each part between its markers; raises ValueError if it has no such markers."""
    found = False
    for name, make in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, opened, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if opened and closed:
            text, found = f"{before}{begin}\n\n{make()}\n\n{end}{after}", True
    if not found:
        message = f"no marker like <!-- {next(iter(parts))} --> … <!-- end of {next(iter(parts))} -->"
        raise ValueError(message)
    return text

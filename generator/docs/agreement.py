"""
The sources held against each other.

One rule: where two sources say different things of one fact, both are shown, and neither wins.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from generator.docs.verdict import Finding, Kind, Verdict, alike

Fact = tuple[Kind, str, str]
"""Its kind, its subject, and what of that it is about."""


class Disagreement(NamedTuple):
    """A fact of one operation, and who says what of it; a source that agrees with the project says what that says."""

    operation: str
    kind: str
    subject: str
    said: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        subject = "" if self.subject == self.kind else f" {self.subject}"
        said = "; ".join(f"{name}: {words}" for name, words in self.said)
        return f"{self.operation}, {self.kind}{subject}: the sources disagree ({said})"


def disagreements(verdicts: Sequence[Verdict]) -> Iterator[Disagreement]:
    """Every fact on which two of the sources that could be judged differ."""
    judged = [verdict for verdict in verdicts if verdict.operation and not verdict.refused]
    for name in dict.fromkeys(verdict.operation.name for verdict in judged if verdict.operation):
        about = [verdict for verdict in judged if verdict.operation and verdict.operation.name == name]
        if len({verdict.page for verdict in about}) < 2:  # noqa: PLR2004
            continue
        for fact in dict.fromkeys(_fact(each) for verdict in about for each in verdict.findings):
            yield from _disagreement(name, fact, about)


def _fact(finding: Finding) -> Fact:
    return finding.kind, finding.subject, finding.aspect


def _disagreement(name: str, fact: Fact, about: Sequence[Verdict]) -> Iterator[Disagreement]:
    kind, subject, _ = fact
    findings = {verdict.page: _find(verdict, fact) for verdict in about}
    ours = next((each.ours for each in findings.values() if each), None)
    said = tuple((page, _words(each.page if each else ours)) for page, each in findings.items())
    if not alike(kind, (words for _, words in said)):
        yield Disagreement(name, kind, subject, said)


def _find(verdict: Verdict, fact: Fact) -> Finding | None:
    return next((each for each in verdict.findings if _fact(each) == fact), None)


def _words(said: str | None) -> str:
    return said or "(not there)"

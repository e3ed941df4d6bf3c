"""
What is said about one operation in one source.

One rule: nothing is found where nothing could be concluded; the reason stands in place of findings.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from generator.docs.facts import OPENAPI_TYPE, SourceKind
from generator.docs.project import Operation
from generator.docs.wording import Language

_WEIGHT = re.compile(r"(?P<value>.*?)(?: \((?P<kind>IP|UID)\))?")
_TYPE = re.compile(rf"\b(?:{'|'.join(OPENAPI_TYPE)})\b")
_LIMITS = re.compile(r"(?:, (?:default|maximum|minimum) \S+)+$")

Kind = Literal[
    "type-added", "type-removed", "type-wallets", "parameter-added", "parameter-removed", "parameter-type",
    "parameter-mandatory", "parameter-limit", "method", "path", "weight", "permission", "symbol-rule", "response-field",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference in one language. `page` is what the source says, `ours` what the project says."""

    kind: Kind
    subject: str
    language: Language
    page: str | None
    ours: str | None
    line: int

    @property
    def aspect(self) -> str:
        """What of its subject it is about: two limits of one parameter are two facts."""
        if self.kind != "parameter-limit":
            return ""
        said = self.page or self.ours or ""
        return said.partition(":")[0] if ":" in said else said.partition(" ")[0]


def alike(kind: Kind, said: Iterable[str | None]) -> bool:
    """Whether all say the same of one fact, as far as each says it: a weight may come without its kind."""
    words = {each or "" for each in said}
    if kind == "weight":
        figures = [_WEIGHT.fullmatch(each) for each in words]
        values, kinds = ({found[name] for found in figures if found} for name in ("value", "kind"))
        return len(values) == 1 and len(kinds - {None}) <= 1
    if kind in ("parameter-added", "parameter-type"):
        words = {_TYPE.sub(lambda found: OPENAPI_TYPE[found[0]], _LIMITS.sub("", each)) for each in words}
    return len(words) == 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything about one operation in one source, or about a source in which none could be recognised."""

    page: str
    source: SourceKind = "page"
    operation: Operation | None = None
    languages: tuple[Language, ...] = ()
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    """Differences that the spec lists as faults of the vendor's sources."""
    refused: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 in agreement, 1 different, 2 refused."""
        return 2 if self.refused else 1 if self.findings else 0

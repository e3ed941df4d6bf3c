"""
What is said about one operation in one source.

One rule: nothing is found where nothing could be concluded; the reason stands in place of findings.
"""

from dataclasses import dataclass
from typing import Literal

from generator.docs.facts import SourceKind
from generator.docs.project import Operation
from generator.docs.wording import Language

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

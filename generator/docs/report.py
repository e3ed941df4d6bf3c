"""
What is said about the pages, to a person or to a program.

One rule: a difference comes with both sides, the line on the page, and the file and key to edit.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from generator.docs.project import FORM, SPEC, TABLES, Operation, Project
from generator.docs.verdict import Finding, Verdict
from generator.docs.wording import LANGUAGES

_TITLES = {
    "type-added": "new type",
    "type-removed": "type gone",
    "type-wallets": "wallets of type",
    "parameter-added": "new parameter",
    "parameter-removed": "parameter gone",
    "parameter-type": "type of parameter",
    "parameter-mandatory": "mandatory flag of",
    "parameter-limit": "limit of",
    "symbol-rule": "types that need",
    "response-field": "response field",
}


def as_json(verdicts: Sequence[Verdict]) -> str:
    """One object for each operation in each source; its shape is part of this command's contract."""
    pages = [
        {
            "page": verdict.page,
            "source": verdict.source,
            "operation": verdict.operation.name if verdict.operation else None,
            "languages": list(verdict.languages),
            "findings": [asdict(finding) for finding in verdict.findings],
            "known": [asdict(finding) for finding in verdict.known],
            "refused": verdict.refused,
        }
        for verdict in verdicts
    ]
    return json.dumps(pages, ensure_ascii=False, indent=2)


def as_text(verdicts: Sequence[Verdict], project: Project) -> str:
    """A report to act on."""
    parts = ["\n".join(_page(verdict, project)) for verdict in verdicts]
    if len(verdicts) > 1:
        counts = [sum(verdict.exit_code == code for verdict in verdicts) for code in range(3)]
        parts.append(
            f"{len(verdicts)} comparisons: {counts[0]} in agreement, {counts[1]} different, {counts[2]} refused"
        )
    return "\n\n".join(parts)


def notes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What is said beside the findings."""
    for verdict in verdicts:
        for note in verdict.notes:
            yield f"{verdict.page}: note: {note}"


def _page(verdict: Verdict, project: Project) -> Iterator[str]:
    languages = " and ".join(LANGUAGES[language] for language in verdict.languages)
    about = f"{verdict.operation.name}, {languages}" if verdict.operation else languages
    if verdict.refused:
        yield f"{verdict.page}: REFUSED, nothing is concluded" + (f" ({about})" if about else "")
        for reason in verdict.refused.split("; "):
            yield f"    {reason}"
    elif verdict.findings:
        count = len(verdict.findings)
        yield f"{verdict.page}: {count} difference{'s' if count > 1 else ''} ({about})"
    else:
        yield f"{verdict.page}: in agreement ({about})"
    for note in verdict.notes:
        yield f"    note: {note}"
    if verdict.known:
        yield f"    known faults of this source: {', '.join(f'{each.kind} {each.subject}' for each in verdict.known)}"
    for finding in verdict.findings:
        yield ""
        yield from _difference(finding, verdict, project)


def _difference(finding: Finding, verdict: Verdict, project: Project) -> Iterator[str]:
    operation = verdict.operation
    assert operation is not None  # noqa: S101 - a finding is about an operation
    title = _TITLES.get(finding.kind, finding.kind)
    subject = "" if finding.subject == finding.kind else f" {finding.subject}"
    also = [
        other.language
        for other in verdict.findings
        if (other.kind, other.subject, other.aspect) == (finding.kind, finding.subject, finding.aspect)
    ]
    only = " only" if len(also) < len(verdict.languages) else ""
    yield f"  {verdict.page}:{finding.line}: {title}{subject}, {LANGUAGES[finding.language]}{only} [{finding.kind}]"
    yield f"      source  {finding.page or '(not there)'}"
    yield f"      project {finding.ours or '(not there)'}"
    for place in places(finding, operation, project):
        yield f"      edit  {place}"


def places(finding: Finding, operation: Operation, project: Project) -> Iterator[str]:
    """File and key of what to edit."""
    home = ("paths", operation.path, operation.method.lower())
    match finding.kind:
        case "type-added" | "type-removed" if finding.subject in operation.chinese_page_types:
            yield f"{TABLES}  ChinesePageType, CHINESE_PAGE_TYPES"
        case "type-added" | "type-removed" | "type-wallets":
            yield _place(project, "components", "schemas", operation.lists or "TransferType", "enum")
            yield _place(project, "components", "schemas", operation.lists or "TransferType", "x-enum")
        case "symbol-rule":
            table = {"fromSymbol": "NEEDS_FROM_SYMBOL", "toSymbol": "NEEDS_TO_SYMBOL"}.get(finding.subject)
            yield f"{TABLES}  {table or 'a table like NEEDS_FROM_SYMBOL'}"
        case "weight" | "permission":
            yield _place(project, *home, f"x-{finding.kind}")
        case "method" | "path":
            yield _place(project, *home)
        case "response-field":
            path = (finding.page or finding.ours or "").split()[0].strip(":")
            schema = operation.homes.get(path.rpartition(".")[0]) or next(iter(operation.homes.values()))
            yield _place(project, "components", "schemas", schema, "properties", finding.subject)
        case "parameter-limit" if (finding.page or finding.ours or "").startswith(("reaches back", "default span")):
            yield _place(project, *home, "x-constants")
        case "parameter-mandatory" if "requestBody" in operation.parameter_keys:
            yield _place(project, *home, *operation.parameter_keys[:-1], "required")
        case _:
            yield _place(project, *home, *operation.parameter_keys, finding.subject)


def _place(project: Project, *keys: str) -> str:
    # Of a form's long way down only the two ends tell anything.
    shown = [key for key in keys if key not in ("content", FORM, "schema")]
    return f"{SPEC}:{project.line(*keys)}  {'.'.join(shown)}"

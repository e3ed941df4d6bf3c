"""
Page against project: what differs, or why nothing can be said.

One rule: refuse rather than guess. Each language is judged by itself, and one that is cut, foreign or unreadable
makes the whole page so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from generator.docs.blocks import Unreadable
from generator.docs.facts import Facts, SymbolRule
from generator.docs.ours import Operation, OurParameter, Ours
from generator.docs.page import Page
from generator.docs.vocabulary import LANGUAGES, PARTS, Language, Part

Kind = Literal[
    "type-added", "type-removed", "parameter-added", "parameter-removed", "parameter-type", "parameter-mandatory",
    "parameter-limit", "method", "path", "weight", "permission", "symbol-rule", "response-field",
]  # fmt: skip

_ALIKE = 0.8
_SPAN_SUBJECT = "startTime"  # both spans say what it may be, and what it is when left out
_SPAN_NAMES = {"reach": "reaches back", "default": "default span"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference in one language."""

    kind: Kind
    subject: str
    language: Language
    page: str | None
    ours: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said about a page; nothing is found on one that is refused."""

    page: str
    operation: Operation | None = None
    languages: tuple[Language, ...] = ()
    findings: tuple[Finding, ...] = ()
    refused: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 in agreement, 1 different, 2 refused."""
        return 2 if self.refused else 1 if self.findings else 0


def judge(name: str, page: Page, ours: Ours, expected_language: Language | None = None) -> Verdict:
    """Compare a page with the project."""
    languages: tuple[Language, ...] = tuple(
        language for language in LANGUAGES if any(half.language == language for half in page.halves)
    )
    try:
        operation = identify(page, ours)
    except Unreadable as refusal:
        return Verdict(name, languages=languages, refused=str(refusal))
    notes = tuple(_front_matter(page, operation, ours))
    gaps = [gap for half in page.halves for gap in _gaps(half, operation)]
    if expected_language and languages != (expected_language,):
        found = " and ".join(LANGUAGES[language] for language in languages)
        gaps.insert(0, f"found {found} at the address of the {LANGUAGES[expected_language]} page")
    if gaps:
        return Verdict(name, operation, languages, refused="; ".join(gaps), notes=notes)
    findings = {finding: None for half in page.halves for finding in differences(half, operation)}
    return Verdict(name, operation, languages, tuple(sorted(findings, key=_order)), notes=notes)


def _order(finding: Finding) -> tuple[int, str, str]:
    return finding.line, finding.kind, finding.subject


def identify(page: Page, ours: Ours) -> Operation:
    """Tell by its body which operation a page is about, raising Unreadable."""
    known = ", ".join(operation.name for operation in ours.operations)
    if not page.halves:
        message = f"found no title and none of the headings that a page of the vendor has; expected a page of {known}"
        raise Unreadable(message)
    votes = {operation.name: operation for half in page.halves if (operation := _operation_of(half, ours))}
    if len(votes) > 1:
        message = f"found parts of several pages: {', '.join(votes)}; expected one operation"
        raise Unreadable(message)
    if not votes:
        message = f"found {'; '.join(map(_endpoints, page.halves))}; expected a page of {known}"
        raise Unreadable(message)
    (operation,) = votes.values()
    for half in page.halves:
        if len({endpoint[:2] for endpoint, _ in half.endpoints}) > 1:
            message = f"found {_endpoints(half)}; expected one operation"
            raise Unreadable(message)
        foreign = not _operation_of(half, ours) and half.endpoints
        if foreign and not (_lists_our_types(half, operation) or _likeness(half, operation) >= _ALIKE):
            message = f"found {_endpoints(half)} beside {operation.name}; expected one operation in both languages"
            raise Unreadable(message)
    return operation


def _operation_of(half: Facts, ours: Ours) -> Operation | None:
    """
    Find the operation that one half is about.

    Its method and path say so, unless the types it lists, or the parameters and fields of another method
    on the same path, speak against it: then the method or path is what has changed.
    """
    if len({endpoint[:2] for endpoint, _ in half.endpoints}) != 1:
        return None
    endpoint = half.endpoints[0][0]
    here = [operation for operation in ours.operations if operation.path == endpoint.path]
    exact = [operation for operation in here if operation.method == endpoint.method]
    candidates = exact + [operation for operation in ours.operations if _lists_our_types(half, operation)]
    if not exact or (exact[0].lists and not half.types):
        candidates += [operation for operation in here if not operation.lists and _likeness(half, operation) >= _ALIKE]
    return max(candidates, key=lambda operation: _likeness(half, operation), default=None)


def _lists_our_types(half: Facts, operation: Operation) -> bool:
    names = {each.name for each in half.types}
    types = set(operation.types["en"])
    return bool(types) and 2 * len(types & names) >= len(types)


def _likeness(half: Facts, operation: Operation) -> float:
    """Share of the parameters and fields that both have."""
    words = {f"parameter {each.name}" for each in half.parameters} | {f"field {each.path}" for each in half.fields}
    both = words | operation.vocabulary
    return len(words & operation.vocabulary) / len(both) if both else 0


def _endpoints(half: Facts) -> str:
    names = [f"{endpoint.method} {endpoint.path} (line {line})" for endpoint, line in half.endpoints]
    heading = f"“{half.title}”" if half.title else "a part without a title"
    return " and ".join(dict.fromkeys(names)) or f"no method and path under {heading} (line {half.line})"


def _front_matter(page: Page, operation: Operation, ours: Ours) -> Iterator[str]:
    for address in page.addresses:
        plain = address.split("?")[0].rstrip("/")
        owners = [each.name for each in ours.operations if each.stands_at(plain)]
        if operation.addresses and operation.name not in owners:
            owner = f", which is the page of {owners[0]}" if owners else ""
            yield f"the front matter names {plain}{owner}, but the body is about {operation.name}; the body was judged"


def _gaps(half: Facts, operation: Operation) -> Iterator[str]:
    """Why nothing can be concluded from a half that is about the right operation."""
    language = LANGUAGES[half.language]
    expected: list[Part] = ["weight", "response"]
    if operation.parameters:
        expected.insert(1, "parameters")
    missing = [PARTS[part] for part in expected if part not in half.lines]
    if not half.endpoints:
        missing.insert(0, "method and path")
    if "parameters" in half.lines and operation.parameters and not half.parameters:
        missing.append("table of parameters")
    if operation.lists and not half.types:
        missing.append("list of transfer types")
    if "response" in half.lines and not half.has_example:
        missing.append("JSON in the response example")
    if missing:
        yield (
            f"the {language} half (from line {half.line}) lacks: {', '.join(missing)}; "
            f"every page of {operation.name} has them, so this one may have been cut"
        )
    for problem, line in half.problems:
        yield f"{language}, line {line}: found {problem}"


def differences(half: Facts, operation: Operation) -> Iterator[Finding]:
    """Everything in which one half and the project disagree."""
    yield from _endpoint(half, operation)
    yield from _weight(half, operation)
    yield from _permission(half, operation)
    yield from _parameters(half, operation)
    yield from _spans(half, operation)
    yield from _types(half, operation)
    yield from _rules(half, operation)
    yield from _fields(half, operation)


def _endpoint(half: Facts, operation: Operation) -> Iterator[Finding]:
    for endpoint, line in half.endpoints:
        if endpoint.method != operation.method:
            yield Finding("method", "method", half.language, endpoint.method, operation.method, line)
        if endpoint.path != operation.path:
            yield Finding("path", "path", half.language, endpoint.path, operation.path, line)


def _weight(half: Facts, operation: Operation) -> Iterator[Finding]:
    # The vendor counts everything under /api/ by IP and says so in one place only.
    unsaid = "IP" if operation.path.startswith("/api/") else ""
    stated = {(weight.value, weight.kind or unsaid) for weight in half.weights}
    if stated == {(operation.weight, operation.weight_kind)}:
        return
    same_value = all(weight.value == operation.weight for weight in half.weights)
    first = half.weights[0]
    line = first.kind_line if same_value else first.value_line
    page = " and ".join(dict.fromkeys(map(str, half.weights)))
    ours = f"{operation.weight} ({operation.weight_kind})"
    yield Finding("weight", "weight", half.language, page, ours, line)


def _permission(half: Facts, operation: Operation) -> Iterator[Finding]:
    ours = operation.permissions.get(half.language)
    stated = {_bare(permission.value): permission for permission in half.permissions}
    if set(stated) == ({_bare(ours)} if ours else set()):
        return
    odd = [permission for name, permission in stated.items() if not ours or name != _bare(ours)]
    line = odd[0].line if odd else half.lines.get("request", half.line)
    page = " and ".join(dict.fromkeys(permission.value for permission in stated.values())) or None
    yield Finding("permission", "permission", half.language, page, ours, line)


def _bare(name: str) -> str:
    return "".join(name.split()).lower()


def _parameters(half: Facts, operation: Operation) -> Iterator[Finding]:
    ours = {parameter.name: parameter for parameter in operation.parameters}
    table_line = half.lines.get("parameters", half.line)
    for row in half.parameters:
        if row.name not in ours:
            words = f"{row.name}, {row.type}, mandatory: {row.mandatory}"
            yield Finding("parameter-added", row.name, half.language, words, None, row.line)
            continue
        our = ours[row.name]
        if row.type != our.type:
            yield Finding("parameter-type", row.name, half.language, row.type, our.type, row.type_line)
        if row.mandatory != our.mandatory:
            yield Finding(
                "parameter-mandatory", row.name, half.language, row.mandatory, our.mandatory, row.mandatory_line
            )
        yield from _limits(half, our, row.line)
    names = {row.name for row in half.parameters}
    for our in operation.parameters:
        if our.name not in names:
            words = f"{our.name}, {our.type}, mandatory: {our.mandatory}"
            yield Finding("parameter-removed", our.name, half.language, None, words, table_line)


def _limits(half: Facts, our: OurParameter, row_line: int) -> Iterator[Finding]:
    stated = [limit for limit in half.limits if limit.parameter == our.name]
    for limit in stated:
        if limit.value != our.bounds.get(limit.bound):
            ours = f"{limit.bound} {our.bounds[limit.bound]}" if limit.bound in our.bounds else None
            page = (
                f"a number of unknown meaning: {limit.value}"
                if limit.bound == "unread"
                else f"{limit.bound} {limit.value}"
            )
            yield Finding("parameter-limit", our.name, half.language, page, ours, limit.line)
    for bound in sorted(our.stated - {limit.bound for limit in stated}):
        yield Finding("parameter-limit", our.name, half.language, None, f"{bound} {our.bounds[bound]}", row_line)


def _spans(half: Facts, operation: Operation) -> Iterator[Finding]:
    for role, name in _SPAN_NAMES.items():
        stated = [span for span in half.spans if span.role == role]
        our = operation.spans.get(role)
        if {span.value for span in stated} == ({our} if our else set()):
            continue
        odd = [span for span in stated if span.value != our]
        line = odd[0].line if odd else half.lines.get("parameters", half.line)
        page = " and ".join(dict.fromkeys(span.value for span in stated))
        yield Finding(
            "parameter-limit",
            _SPAN_SUBJECT if any(each.name == _SPAN_SUBJECT for each in operation.parameters) else "parameter-limit",
            half.language,
            f"{name}: {page}" if page else None,
            f"{name}: {our}" if our else None,
            line,
        )


def _types(half: Facts, operation: Operation) -> Iterator[Finding]:
    if not half.types:
        return
    ours = operation.types[half.language]
    first = half.types[0].line
    for each in half.types:
        if each.name not in ours:
            words = f"{each.name} {each.description}".strip()
            yield Finding("type-added", each.name, half.language, words, None, each.line)
    for name in _without(ours, (each.name for each in half.types)):
        yield Finding("type-removed", name, half.language, None, name, first)


def _without(names: Sequence[str], others: Iterable[str]) -> list[str]:
    gone = set(others)
    return [name for name in names if name not in gone]


def _rules(half: Facts, operation: Operation) -> Iterator[Finding]:
    parameters = dict.fromkeys([*operation.needs, *(rule.parameter for rule in half.rules)])
    for parameter in parameters:
        rules = [rule for rule in half.rules if rule.parameter == parameter]
        ours = operation.needs.get(parameter, frozenset())
        # The page says nothing of the types that only its Chinese half lists; ours follow by analogy.
        stated = {_words(rule) for rule in rules}
        expected = ours - (operation.chinese_page_types - stated)
        if stated == expected:
            continue
        odd = [rule for rule in rules if _words(rule) not in ours]
        line = (odd or rules)[0].line if rules else half.lines.get("parameters", half.line)
        yield Finding(
            "symbol-rule",
            parameter,
            half.language,
            ", ".join(sorted(stated)) or None,
            ", ".join(sorted(expected)) or None,
            line,
        )


def _words(rule: SymbolRule) -> str:
    return f"not {rule.type}" if rule.negated else rule.type


def _fields(half: Facts, operation: Operation) -> Iterator[Finding]:
    paths = {each.path for each in half.fields}
    line = half.lines.get("response", half.line)
    for each in half.fields:
        if each.path not in operation.fields:
            yield Finding("response-field", each.name, half.language, each.path, None, each.line)
        elif operation.fields[each.path] and each.present < each.objects:
            page = f"{each.path} in {each.present} of {each.objects} objects"
            yield Finding("response-field", each.name, half.language, page, f"{each.path} always", each.line)
    for path in _without(list(operation.fields), paths):
        yield Finding("response-field", path.rpartition(".")[2], half.language, None, path, line)
    for listed in half.field_values:
        ours = operation.field_values.get(listed.path)
        if ours and listed.values != ours:
            name = listed.path.rpartition(".")[2]
            page, our = (f"{listed.path}: {', '.join(sorted(values))}" for values in (listed.values, ours))
            yield Finding("response-field", name, half.language, page, our, listed.line)

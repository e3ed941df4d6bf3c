"""
A source against the project: what differs.

One rule: each language is judged by itself, and what a source does not state at all is no difference, but for what
every description has: types, parameters, fields, the permission and the symbol rules.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import islice

from generator.docs.blocks import Unreadable
from generator.docs.facts import OPENAPI_TYPE, Facts, Field, Parameter, SourceKind, SymbolRule, TransferType
from generator.docs.matching import Match, gaps, language_gap, match
from generator.docs.project import Operation, Project, ProjectParameter
from generator.docs.verdict import Finding, Verdict
from generator.docs.wallets import is_retired, wallets_of
from generator.docs.wording import LANGUAGES, Language

_SPAN_SUBJECT = "startTime"  # both spans say what it may be, and what it is when left out
SPAN_NAMES = {"reach": "reaches back", "default": "default span"}
IN_ONE_LIST = "(in one of its two lists)"  # of enum and notes
_DEEPEST = 100  # fields around a field; a name may hold full stops, too


def judge(
    name: str,
    parts: Sequence[Facts],
    project: Project,
    *,
    source: SourceKind = "page",
    addresses: Sequence[str] = (),
    expected_language: Language | None = None,
) -> list[Verdict]:
    """Compare the parts of a source with the project: a verdict for each operation that it describes."""
    try:
        matches = match(parts, project)
    except Unreadable as refusal:
        return [Verdict(name, source, languages=_languages(parts), refused=str(refusal))]
    verdicts = [_judge(name, found, project, source, addresses, expected_language) for found in matches]
    if source == "sdk":  # unlike a page, it has a call of every operation
        described = {found.operation.name for found in matches}
        verdicts += [
            Verdict(name, source, each, refused=f"found no call of {each.name}")
            for each in project.operations
            if each.addresses and each.name not in described
        ]
    return verdicts


def _judge(
    name: str,
    found: Match,
    project: Project,
    source: SourceKind,
    addresses: Sequence[str],
    expected_language: Language | None,
) -> Verdict:
    operation, languages = found.operation, _languages(found.parts)
    notes = tuple(_front_matter(addresses, operation, project))
    missing = [gap for part in found.parts for gap in gaps(part, operation, LANGUAGES[part.language])]
    if expected_language and (gap := language_gap(languages, expected_language, LANGUAGES)):
        missing.insert(0, gap)
    if found.contradiction:
        missing.insert(0, found.contradiction)
    if missing:
        return Verdict(name, source, operation, languages, refused="; ".join(missing), notes=notes)
    everything = {finding: None for part in found.parts for finding in differences(part, operation)}
    known = [finding for finding in everything if _is_known(finding, operation, source)]
    findings = [finding for finding in everything if finding not in known]
    return Verdict(
        name,
        source,
        operation,
        languages,
        tuple(sorted(findings, key=_order)),
        tuple(sorted(known, key=_order)),
        notes=notes,
    )


def _languages(parts: Sequence[Facts]) -> tuple[Language, ...]:
    return tuple(language for language in LANGUAGES if any(part.language == language for part in parts))


def _order(finding: Finding) -> tuple[int, str, str]:
    return finding.line, finding.kind, finding.subject


def _is_known(finding: Finding, operation: Operation, source: SourceKind) -> bool:
    return any(
        (fault.kind, fault.subject, fault.says) == (finding.kind, finding.subject, finding.page)
        and source in fault.sources
        for fault in operation.known_faults
    )


def _front_matter(addresses: Sequence[str], operation: Operation, project: Project) -> Iterator[str]:
    for address in addresses:
        plain = address.split("?")[0].rstrip("/")
        owners = [each.name for each in project.operations if each.stands_at(plain)]
        if operation.addresses and operation.name not in owners:
            owner = f", which is the page of {owners[0]}" if owners else ""
            yield f"the front matter names {plain}{owner}, but the body is about {operation.name}; the body was judged"


def differences(facts: Facts, operation: Operation) -> Iterator[Finding]:
    """Everything in which one description and the project disagree."""
    yield from _endpoint(facts, operation)
    yield from _weight(facts, operation)
    yield from _permission(facts, operation)
    yield from _parameters(facts, operation)
    yield from _spans(facts, operation)
    yield from _types(facts, operation)
    yield from _rules(facts, operation)
    yield from _fields(facts, operation)


def _endpoint(facts: Facts, operation: Operation) -> Iterator[Finding]:
    for endpoint, line, path_line in facts.endpoints:
        if endpoint.method != operation.method:
            yield Finding("method", "method", facts.language, endpoint.method, operation.method, line)
        if endpoint.path != operation.path:
            yield Finding("path", "path", facts.language, endpoint.path, operation.path, path_line)


def _weight(facts: Facts, operation: Operation) -> Iterator[Finding]:
    # A weight without its kind is compared by its value.
    stated = {(weight.value, weight.kind or operation.weight_kind) for weight in facts.weights}
    if stated == {(operation.weight, operation.weight_kind)}:
        return
    same_value = all(weight.value == operation.weight for weight in facts.weights)
    first = facts.weights[0]
    line = first.kind_line if same_value else first.value_line
    page = " and ".join(dict.fromkeys(map(str, facts.weights)))
    expected = f"{operation.weight} ({operation.weight_kind})"
    yield Finding("weight", "weight", facts.language, page, expected, line)


def _permission(facts: Facts, operation: Operation) -> Iterator[Finding]:
    expected = operation.permissions.get(facts.language)
    stated = {_bare(permission.value): permission for permission in facts.permissions}
    if set(stated) == ({_bare(expected)} if expected else set()):
        return
    odd = [permission for name, permission in stated.items() if not expected or name != _bare(expected)]
    line = odd[0].line if odd else facts.lines.get("request", facts.line)
    page = " and ".join(dict.fromkeys(permission.value for permission in stated.values())) or None
    yield Finding("permission", "permission", facts.language, page, expected, line)


def _bare(name: str) -> str:
    return "".join(name.split()).lower()


def _parameters(facts: Facts, operation: Operation) -> Iterator[Finding]:
    expected = {parameter.name: parameter for parameter in operation.parameters}
    table_line = facts.lines.get("parameters", facts.line)
    limits: dict[str, list[str]] = {}
    for limit in facts.limits:
        if limit.bound in ("default", "maximum", "minimum"):
            limits.setdefault(limit.parameter, []).append(f", {limit.bound} {limit.value}")
    for row in facts.parameters:
        if row.name not in expected:
            words = f"{row.name}, {row.type}, mandatory: {row.mandatory}{''.join(limits.get(row.name, []))}"
            yield Finding("parameter-added", row.name, facts.language, words, None, row.line)
            continue
        our = expected[row.name]
        if (
            row.type != our.type
            and row.type != OPENAPI_TYPE.get(our.type)
            and not _lists_elsewhere(row, our, facts, operation)
        ):
            yield Finding("parameter-type", row.name, facts.language, row.type, our.type, row.type_line)
        if row.mandatory != our.mandatory:
            yield Finding(
                "parameter-mandatory", row.name, facts.language, row.mandatory, our.mandatory, row.mandatory_line
            )
        yield from _limits(facts, our, row.line)
    names = {row.name for row in facts.parameters}
    for our in operation.parameters:
        if our.name not in names:
            words = f"{our.name}, {our.type}, mandatory: {our.mandatory}"
            yield Finding("parameter-removed", our.name, facts.language, None, words, table_line)


def _lists_elsewhere(row: Parameter, our: ProjectParameter, facts: Facts, operation: Operation) -> bool:
    """Whether a text is an enum whose values stand in the notes of its page, or with another operation."""
    in_notes = facts.source == "page" and bool(facts.types)
    return (row.type, our.type) == ("string", "ENUM") and (in_notes or not operation.lists)


def _limits(facts: Facts, our: ProjectParameter, row_line: int) -> Iterator[Finding]:
    stated = [limit for limit in facts.limits if limit.parameter == our.name]
    for limit in stated:
        if limit.value != our.bounds.get(limit.bound):
            expected = f"{limit.bound} {our.bounds[limit.bound]}" if limit.bound in our.bounds else None
            page = (
                f"a number of unknown meaning: {limit.value}"
                if limit.bound == "unread"
                else f"{limit.bound} {limit.value}"
            )
            yield Finding("parameter-limit", our.name, facts.language, page, expected, limit.line)


def _spans(facts: Facts, operation: Operation) -> Iterator[Finding]:
    for role, name in SPAN_NAMES.items():
        stated = [span for span in facts.spans if span.role == role]
        our = operation.spans.get(role)
        odd = [span for span in stated if span.value != our]
        if not odd:
            continue
        page = " and ".join(dict.fromkeys(span.value for span in stated))
        yield Finding(
            "parameter-limit",
            _SPAN_SUBJECT if any(each.name == _SPAN_SUBJECT for each in operation.parameters) else "parameter-limit",
            facts.language,
            f"{name}: {page}",
            f"{name}: {our}" if our else None,
            odd[0].line,
        )


def _types(facts: Facts, operation: Operation) -> Iterator[Finding]:
    """A type counts as added where either list has it, and as removed where either list that there is lacks it."""
    values = facts.enums.get(operation.enum_parameter, [])
    if not operation.lists or not (facts.types or values):
        return
    expected = _expected_types(facts, operation)
    entries = {each.name: each for each in (*values, *facts.types)}
    # One of the two lists is enough to say that a type is not to be used any more.
    entries |= {each.name: each for each in (*values, *facts.types) if _is_retired(each)}
    in_enum, in_notes = ({each.name for each in listed} for listed in (values, facts.types))
    for name, each in entries.items():
        if name in operation.types[facts.language]:
            yield from _wallets(facts, each, operation)
        elif not each.struck:
            only = "" if not (values and facts.types) or name in in_enum & in_notes else f" {IN_ONE_LIST}"
            words = f"{name} {each.description}".strip() + only
            yield Finding("type-added", name, facts.language, words, None, each.line)
    gone: dict[str, int] = {}
    for listed in (values, facts.types):
        if listed:
            missing = _without(expected, (each.name for each in listed))
            # The vendor's enum may well lack what only its Chinese notes ever had.
            gone |= {
                name: listed[0].line for name in missing if name not in entries.keys() & operation.chinese_page_types
            }
    for name in _without(expected, _without(expected, gone)):
        yield Finding("type-removed", name, facts.language, None, name, gone[name])


def _expected_types(facts: Facts, operation: Operation) -> Sequence[str]:
    # Only pages were seen to list the two further types in Chinese.
    return operation.types[facts.language if facts.source == "page" else "en"]


def _wallets(facts: Facts, each: TransferType, operation: Operation) -> Iterator[Finding]:
    expected = operation.wallets[each.name]
    ours = " to ".join(expected)
    stated = wallets_of(each.description)
    if _is_retired(each):
        words = f"struck out: {each.name} {each.description}".strip()
        yield Finding("type-wallets", each.name, facts.language, words, ours, each.line)
    elif stated and stated != expected:
        yield Finding("type-wallets", each.name, facts.language, " to ".join(stated), ours, each.line)


def _is_retired(each: TransferType) -> bool:
    return each.struck or is_retired(each.description)


def _without(names: Sequence[str], others: Iterable[str]) -> list[str]:
    gone = set(others)
    return [name for name in names if name not in gone]


def _rules(facts: Facts, operation: Operation) -> Iterator[Finding]:
    by_parameter: dict[str, list[SymbolRule]] = {parameter: [] for parameter in operation.needs}
    for rule in facts.rules:
        by_parameter.setdefault(rule.parameter, []).append(rule)
    for parameter, rules in by_parameter.items():
        expected = operation.needs.get(parameter, frozenset())
        # The page says nothing of the types that only its Chinese facts lists; expected follow by analogy.
        stated = {_words(rule) for rule in rules}
        expected = expected - (operation.chinese_page_types - stated)
        if stated == expected:
            continue
        odd = [rule for rule in rules if _words(rule) not in expected]
        line = (odd or rules)[0].line if rules else facts.lines.get("parameters", facts.line)
        yield Finding(
            "symbol-rule",
            parameter,
            facts.language,
            ", ".join(sorted(stated)) or None,
            ", ".join(sorted(expected)) or None,
            line,
        )


def _words(rule: SymbolRule) -> str:
    return f"not {rule.type}" if rule.negated else rule.type


def _fields(facts: Facts, operation: Operation) -> Iterator[Finding]:
    line = facts.lines.get("response", facts.line)
    expected = {path: path.rpartition(".")[2] for path in operation.fields}
    expected_names = set(expected.values())
    listed = {each.name for each in facts.listed_fields}
    stated = {each.path for each in facts.fields}
    # What is in a field that is no list or no object any more went or came with that.
    changed = {
        each.path for each in facts.fields if _odd_types(each, {operation.field_types.get(each.path, "")} - {""})
    }
    surplus = _outermost({each.path for each in facts.fields} - expected.keys(), changed)
    for each in facts.fields:
        if each.path in surplus:
            yield Finding("response-field", each.name, facts.language, each.path, None, each.line)
        elif each.path in expected and operation.fields[each.path] and each.present < each.objects:
            page = f"{each.path} in {each.present} of {each.objects} objects"
            yield Finding("response-field", each.name, facts.language, page, f"{each.path} always", each.line)
    names = {each.name for each in facts.fields}
    for each in facts.listed_fields:
        if each.name not in expected_names and each.name not in names:
            yield Finding("response-field", each.name, facts.language, each.path, None, each.line)
    missing = {path for path, name in expected.items() if path not in stated and name not in listed}
    outermost = _outermost(missing, changed)
    for path in (path for path in expected if path in outermost):
        yield Finding("response-field", expected[path], facts.language, None, path, line)
    yield from _field_types(facts, operation)
    for values in facts.field_values:
        our = operation.field_values.get(values.path)
        if our and values.values != our:
            name = values.path.rpartition(".")[2]
            page, words = (f"{values.path}: {', '.join(sorted(each))}" for each in (values.values, our))
            yield Finding("response-field", name, facts.language, page, words, values.line)


def _outermost(paths: Set[str], others: Set[str]) -> set[str]:
    """Those that are not within another one of them, or of some others."""
    return {path for path in paths if not any(outer in paths or outer in others for outer in _around(path))}


def _around(path: str) -> Iterator[str]:
    """Every field that encloses another: `rows[]` and `rows` of `rows[].asset`."""
    for found in islice(re.finditer(r"\.", path), _DEEPEST):
        outer = path[: found.start()]
        yield outer
        yield outer.removesuffix("[]")


def _field_types(facts: Facts, operation: Operation) -> Iterator[Finding]:
    """A field whose values are of another type: reading it strictly would fail."""
    told = set()
    for each in (*facts.fields, *facts.listed_fields):
        expected = {
            type_ for path, type_ in operation.field_types.items() if each.path in (path, path.rpartition(".")[2])
        }
        odd = _odd_types(each, expected)
        if odd and each.name not in told:
            told.add(each.name)
            page, ours = (
                f"{each.name}: {' or '.join(types)}"
                for types in (dict.fromkeys(type_ for type_, _ in each.types if type_), sorted(expected))
            )
            yield Finding("response-field", each.name, facts.language, page, ours, odd[0])


def _odd_types(field: Field, expected: Set[str]) -> list[int]:
    """The lines of those of a field's types that are not as expected; every integer is a number."""
    fit = {*expected, "integer"} if "number" in expected else expected
    return [line for type_, line in field.types if expected and type_ and type_ not in fit]

"""
A source against the project: what differs.

One rule: each language is judged by itself, and what a source does not state at all is no difference, but for what
every description has: types, parameters, fields, the permission and the symbol rules.
"""

from collections.abc import Iterable, Iterator, Sequence

from generator.docs.blocks import Unreadable
from generator.docs.facts import Facts, SourceKind, SymbolRule, TransferType
from generator.docs.matching import Match, gaps, language_gap, match
from generator.docs.ours import Operation, OurParameter, Ours
from generator.docs.verdict import Finding, Verdict
from generator.docs.vocabulary import LANGUAGES, Language
from generator.docs.wallets import is_retired, wallets_of

_SPAN_SUBJECT = "startTime"  # both spans say what it may be, and what it is when left out
_SPAN_NAMES = {"reach": "reaches back", "default": "default span"}
# What a type of OpenAPI may be called in the words of the old pages.
_SAME_TYPE = {"integer": ("LONG", "INT"), "string": ("STRING",), "boolean": ("BOOLEAN",), "enum": ("ENUM",)}


def judge(
    name: str,
    parts: Sequence[Facts],
    ours: Ours,
    *,
    source: SourceKind = "page",
    addresses: Sequence[str] = (),
    expected_language: Language | None = None,
) -> list[Verdict]:
    """Compare the parts of a source with the project: a verdict for each operation that it describes."""
    try:
        matches = match(parts, ours)
    except Unreadable as refusal:
        return [Verdict(name, source, languages=_languages(parts), refused=str(refusal))]
    return [_judge(name, found, ours, source, addresses, expected_language) for found in matches]


def _judge(
    name: str,
    found: Match,
    ours: Ours,
    source: SourceKind,
    addresses: Sequence[str],
    expected_language: Language | None,
) -> Verdict:
    operation, languages = found.operation, _languages(found.parts)
    notes = tuple(_front_matter(addresses, operation, ours))
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


def _front_matter(addresses: Sequence[str], operation: Operation, ours: Ours) -> Iterator[str]:
    for address in addresses:
        plain = address.split("?")[0].rstrip("/")
        owners = [each.name for each in ours.operations if each.stands_at(plain)]
        if operation.addresses and operation.name not in owners:
            owner = f", which is the page of {owners[0]}" if owners else ""
            yield f"the front matter names {plain}{owner}, but the body is about {operation.name}; the body was judged"


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
    for endpoint, line, path_line in half.endpoints:
        if endpoint.method != operation.method:
            yield Finding("method", "method", half.language, endpoint.method, operation.method, line)
        if endpoint.path != operation.path:
            yield Finding("path", "path", half.language, endpoint.path, operation.path, path_line)


def _weight(half: Facts, operation: Operation) -> Iterator[Finding]:
    # A weight without its kind is compared by its value.
    stated = {(weight.value, weight.kind or operation.weight_kind) for weight in half.weights}
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
        if row.type != our.type and our.type not in _SAME_TYPE.get(row.type, ()):
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


def _spans(half: Facts, operation: Operation) -> Iterator[Finding]:
    for role, name in _SPAN_NAMES.items():
        stated = [span for span in half.spans if span.role == role]
        our = operation.spans.get(role)
        odd = [span for span in stated if span.value != our]
        if not odd:
            continue
        page = " and ".join(dict.fromkeys(span.value for span in stated))
        yield Finding(
            "parameter-limit",
            _SPAN_SUBJECT if any(each.name == _SPAN_SUBJECT for each in operation.parameters) else "parameter-limit",
            half.language,
            f"{name}: {page}",
            f"{name}: {our}" if our else None,
            odd[0].line,
        )


def _types(half: Facts, operation: Operation) -> Iterator[Finding]:
    """A type counts as added where either list has it, and as removed where either list that there is lacks it."""
    values = half.enums.get(operation.enum_parameter, [])
    if not operation.lists or not (half.types or values):
        return
    ours = _expected_types(half, operation)
    struck = {each.name for each in (*values, *half.types) if each.struck}
    for each in {each.name: each for each in (*values, *half.types)}.values():
        if each.name not in operation.types[half.language]:
            words = f"{each.name} {each.description}".strip()
            yield Finding("type-added", each.name, half.language, words, None, each.line)
        else:
            yield from _wallets(half, each._replace(struck=each.name in struck), operation)
    gone: dict[str, int] = {}
    for listed in (values, half.types):
        if listed:
            gone |= dict.fromkeys(_without(ours, (each.name for each in listed)), listed[0].line)
    for name in _without(ours, _without(ours, gone)):
        yield Finding("type-removed", name, half.language, None, name, gone[name])


def _expected_types(half: Facts, operation: Operation) -> Sequence[str]:
    # Only pages were seen to list the two further types in Chinese.
    return operation.types[half.language if half.source == "page" else "en"]


def _wallets(half: Facts, each: TransferType, operation: Operation) -> Iterator[Finding]:
    expected = operation.wallets[each.name]
    ours = " to ".join(expected)
    stated = wallets_of(each.description)
    if each.struck or is_retired(each.description):
        words = f"struck out: {each.name} {each.description}".strip()
        yield Finding("type-wallets", each.name, half.language, words, ours, each.line)
    elif stated and stated != expected:
        yield Finding("type-wallets", each.name, half.language, " to ".join(stated), ours, each.line)


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
    line = half.lines.get("response", half.line)
    ours = {path: path.rpartition(".")[2] for path in operation.fields}
    listed = {each.name for each in half.listed_fields}
    stated = {each.path for each in half.fields}
    plain = [path for path, type_ in operation.field_types.items() if type_ not in ("array", "object")]
    surplus = _outermost([each.path for each in half.fields if each.path not in ours])
    surplus = [path for path in surplus if not any(_encloses(outer, path) for outer in plain)]
    for each in half.fields:
        if each.path in surplus:
            yield Finding("response-field", each.name, half.language, each.path, None, each.line)
        elif each.path in ours and operation.fields[each.path] and each.present < each.objects:
            page = f"{each.path} in {each.present} of {each.objects} objects"
            yield Finding("response-field", each.name, half.language, page, f"{each.path} always", each.line)
    names = {each.name for each in half.fields}
    for each in half.listed_fields:
        if each.name not in ours.values() and each.name not in names:
            yield Finding("response-field", each.name, half.language, each.path, None, each.line)
    missing = [path for path, name in ours.items() if path not in stated and name not in listed]
    for path in _outermost(missing):
        yield Finding("response-field", ours[path], half.language, None, path, line)
    yield from _field_types(half, operation)
    for values in half.field_values:
        our = operation.field_values.get(values.path)
        if our and values.values != our:
            name = values.path.rpartition(".")[2]
            page, words = (f"{values.path}: {', '.join(sorted(each))}" for each in (values.values, our))
            yield Finding("response-field", name, half.language, page, words, values.line)


def _outermost(paths: Sequence[str]) -> list[str]:
    """Those that are not within another one of them."""
    return [path for path in paths if not any(_encloses(other, path) for other in paths)]


def _encloses(outer: str, path: str) -> bool:
    return path.startswith((f"{outer}.", f"{outer}[]."))


def _field_types(half: Facts, operation: Operation) -> Iterator[Finding]:
    """A field whose values are of another type: reading it strictly would fail."""
    told = set()
    for each in (*half.fields, *half.listed_fields):
        expected = {
            type_ for path, type_ in operation.field_types.items() if each.path in (path, path.rpartition(".")[2])
        }
        for type_, line in each.types:
            if type_ and expected and type_ not in expected and each.name not in told:
                told.add(each.name)
                ours = f"{each.name}: {' or '.join(sorted(expected))}"
                yield Finding("response-field", each.name, half.language, f"{each.name}: {type_}", ours, line)

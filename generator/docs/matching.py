"""
Which operation of the spec each part of a source is about.

One rule: refuse rather than guess. What is somebody else's operation is passed over; a description that may be one of
ours but is incomplete or contradicts itself is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from generator.docs.blocks import Unreadable
from generator.docs.facts import Facts
from generator.docs.project import Operation, Project
from generator.docs.wording import PARTS, Language

_ALIKE = 0.8


@dataclass(slots=True)
class Match:
    """The parts of a source that are about one operation."""

    operation: Operation
    parts: list[Facts] = field(default_factory=list)
    contradiction: str | None = None


def match(parts: Sequence[Facts], project: Project) -> list[Match]:
    """Sort the parts of a source by operation, in the order of the spec; raises Unreadable where there is none."""
    parts = [part for index, part in enumerate(parts) if not _is_footer(part, parts[:index])]
    matches: dict[str, Match] = {}
    strangers: list[Facts] = []
    for part in parts:
        operation = _operation_of(part, project)
        if operation:
            found = matches.setdefault(operation.name, Match(operation))
            found.parts.append(part)
            # The SDK names it in its call and in its documentation: where one of them differs, that is a finding.
            if part.source == "page" and len({at.endpoint[:2] for at in part.endpoints}) > 1:
                found.contradiction = f"found {_endpoints(part)}; expected one operation"
        else:
            strangers.append(part)
    if not matches:
        known = "; ".join(operation.name for operation in project.operations)
        found_instead = "; ".join(map(_endpoints, parts)) or "nothing that describes an operation"
        message = f"found {found_instead}; expected a description of {known}"
        raise Unreadable(message)
    for part in strangers:
        if owner := _owner(part, matches, only_one_described=len(parts) - len(strangers) == 1 == len(strangers)):
            owner.parts.append(part)
    return [matches[each.name] for each in project.operations if each.name in matches]


def _is_footer(part: Facts, before: Sequence[Facts]) -> bool:
    """A heading of the site's own behind everything: no part of a description, in a language that was there already."""
    return (
        bool(before) and not part.lines and not part.endpoints and part.language in {each.language for each in before}
    )


def _operation_of(part: Facts, project: Project) -> Operation | None:
    """
    Find the operation that one part is about.

    Its method and path say so, unless the types it lists, or the parameters and fields of another method
    on the same path, speak against it: then the method or path is what has changed.
    """
    named = {at.endpoint[:2] for at in part.endpoints}
    if len(named) != 1:
        mine = [each for each in project.operations if (each.method, each.path) in named or lists_types(part, each)]
        return max(mine, key=lambda operation: _likeness(part, operation)) if mine and (named or part.lines) else None
    ((method, path),) = named
    here = [operation for operation in project.operations if operation.path == path]
    exact = [operation for operation in here if operation.method == method]
    candidates = exact + [operation for operation in project.operations if lists_types(part, operation)]
    if not exact or (exact[0].lists and not part.types and not part.enums):
        candidates += [operation for operation in here if not operation.lists and _likeness(part, operation) >= _ALIKE]
    return max(candidates, key=lambda operation: _likeness(part, operation), default=None)


def _owner(part: Facts, matches: dict[str, Match], *, only_one_described: bool) -> Match | None:
    """The operation of which a part without a known method and path may be the other language, or the rest of one."""
    for found in matches.values():
        other_language = part.language not in {each.language for each in found.parts}
        if part.endpoints and other_language and _likeness(part, found.operation) >= _ALIKE:
            return found
        if not part.endpoints and (lists_types(part, found.operation) or (only_one_described and _says_anything(part))):
            return found
    return None


def _says_anything(part: Facts) -> bool:
    return bool(part.lines or part.parameters or part.fields or part.title)


def lists_types(part: Facts, operation: Operation) -> bool:
    """Whether a part names at least half of the types that an operation takes."""
    types = set(operation.types["en"])
    named = {each.name for each in (*part.types, *part.enums.get(operation.enum_parameter, ()))}
    return bool(types) and 2 * len(types & named) >= len(types)


def _likeness(part: Facts, operation: Operation) -> float:
    """Share of the parameters and fields that both have."""
    words = {f"parameter {each.name}" for each in part.parameters} | {f"field {each.path}" for each in part.fields}
    both = words | operation.words
    return len(words & operation.words) / len(both) if both else 0


def _endpoints(part: Facts) -> str:
    names = [f"{at.endpoint.method} {at.endpoint.path} (line {at.line})" for at in part.endpoints]
    heading = f"“{part.title}”" if part.title else "a part without a title"
    return " and ".join(dict.fromkeys(names)) or f"no method and path under {heading} (line {part.line})"


def gaps(part: Facts, operation: Operation, language: str) -> Iterator[str]:
    """Why nothing can be concluded from a part that is about the right operation."""
    missing = []
    if not part.endpoints:
        missing.append("method and path")
    if not part.weights:
        missing.append(PARTS["weight"])
    if operation.parameters and not part.parameters:
        missing.append("table of parameters" if "parameters" in part.lines else PARTS["parameters"])
    if operation.lists and not part.types and not part.enums.get(operation.enum_parameter):
        missing.append("list of transfer types")
    if not (part.has_example or part.listed_fields):
        missing.append("JSON in the response example" if "response" in part.lines else PARTS["response"])
    if missing:
        yield (
            f"line {part.line}: the {language} description lacks: {', '.join(missing)}; "
            f"every description of {operation.name} has them, so this one may have been cut"
        )
    for each in part.fields:
        if each.path in operation.field_types and not all(type_ for type_, _ in each.types):
            yield f"{language}, line {each.line}: found no type of {each.path} in the response that can be read"
    for problem, line in part.problems:
        yield f"{language}, line {line}: found {problem}"


def language_gap(found: Sequence[Language], expected: Language, names: dict[Language, str]) -> str | None:
    """Why a page that was asked for in one language cannot be judged, if it is in another."""
    if tuple(found) == (expected,):
        return None
    words = " and ".join(names[language] for language in found)
    return f"found {words} at the address of the {names[expected]} page"

"""
From one description of a page to its facts.

One rule: what looks like a fact and cannot be read is a problem, and a description with a problem is never in agreement.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from generator.docs import wording
from generator.docs.blocks import Block
from generator.docs.bounds import read_limits, read_spans
from generator.docs.example import is_example
from generator.docs.facts import EndpointAt, Facts, Limit, Parameter, Span, Stated, Weight
from generator.docs.fields import type_of
from generator.docs.portal_facts import add_example, read_portal_parameters, read_portal_response
from generator.docs.sections import Description
from generator.docs.sentences import read_permissions, read_rules
from generator.docs.text import Text
from generator.docs.type_lists import is_type_table, read_types
from generator.docs.wording import Column

_WORDS = re.compile(r"[A-Za-z0-9_]+")
_NAME = re.compile(r"\w[\w.\[\]-]*")
_TYPE_CELL = re.compile(r"\w[\w<>\[\], ·]*")
_OPENAPI = re.compile(r"(?:string|integer|number|boolean)\b")
_TYPE_PARAMETER = "type"  # stands in the sentences that say what its values need
_PIPES_OF_A_ROW = 2


def read_description(description: Description, permission: str | None) -> Facts:
    """
    Read everything a description states.

    `permission` is the name that an unmarked sentence may hold.
    """
    facts = Facts(description.language, title=description.title, line=description.line)
    for section in description.sections:
        if section.part:
            facts.lines.setdefault(section.part, section.line)
    _read_endpoints(description, facts)
    _read_weights(description, facts)
    if description.layout == "portal":
        read_portal_parameters(description, facts)
        read_portal_response(description, facts)
    else:
        _read_response(description, facts)
    _read_parameters(description, facts)
    read_prose(description, facts, permission)
    return facts


def read_prose(description: Description, facts: Facts, permission: str | None) -> None:
    """Add what sentences and lists of types state."""
    _read_sentences(description, facts, permission)
    read_types(description, facts)


def _read_endpoints(description: Description, facts: Facts) -> None:
    blocks = [block for section in description.of("request") for block in section.blocks]
    blocks = blocks or [block for _, block in description.prose()]
    texts = [text for block in blocks for text in _texts(block)]
    found = [(wording.endpoint_of(text.plain, at_start=True), text) for text in texts]
    if not any(endpoint for endpoint, _ in found) and description.of("request"):
        found = [(wording.endpoint_of(text.plain, at_start=False), text) for text in texts]
    facts.endpoints = [
        EndpointAt(endpoint, text.line_at(endpoint.offset), text.line_at(endpoint.path_offset))
        for endpoint, text in found
        if endpoint
    ]


def _texts(block: Block) -> Iterator[Text]:
    if block.text.plain:
        yield block.text
    for line, row in block.code:
        yield Text(row, ((0, line),))
    for cells in block.rows:
        yield Text(" ".join(cell.plain for cell in cells), ((0, cells[0].line),))


def _read_weights(description: Description, facts: Facts) -> None:
    for section in description.of("weight"):
        texts = [Text(section.heading, ((0, section.line),))]
        texts += [text for block in section.blocks for text in _texts(block)]
        if stated := [weight for text in texts for weight in read_weights(text)]:
            facts.weights.extend(stated)
            continue
        numbers = [
            (wording.number(found[0]), text.line) for text in texts for found in wording.NUMBER.finditer(text.plain)
        ]
        kinds = [(kind.upper(), text.line) for text in texts for kind in wording.KINDS.findall(text.plain)]
        if not numbers:
            continue
        values = {value for value, _ in numbers}
        value = numbers[0][0] if len(values) == 1 else " ".join(text.plain for text in texts[1:])
        kind = "/".join(dict.fromkeys(kind for kind, _ in kinds))
        facts.weights.append(Weight(value, kind, numbers[0][1], kinds[0][1] if kinds else section.line))
    if not description.of("weight"):
        everywhere = [text for _, block in description.prose() for text in _texts(block)]
        facts.weights = [weight for text in everywhere for weight in read_weights(text, also_bare=True)]
    if description.of("weight") and not facts.weights:
        facts.problems.append(Stated("a request weight without a number", description.of("weight")[0].line))


def read_weights(text: Text, *, also_bare: bool = False) -> Iterator[Weight]:
    """
    Weights in one phrase with their kind, `IP Weight1500` or `Weight(UID): 300`, or also without it, `Weight: 900`.

    Whatever else on its line has a figure, as in `300 (600 with details)`, belongs to the value.
    """
    phrases = list((wording.BARE_WEIGHT if also_bare else wording.WEIGHT).finditer(text.plain))
    for found, following in zip_longest(phrases, phrases[1:]):
        line = text.line_at(found.start())
        end = text.line_end(found.end() - 1)
        rest = text.plain[found.end() : min(end, following.start()) if following else end]
        rest = wording.SENTENCE_END.split(rest, maxsplit=1)[0]
        value = wording.number(found["value"]) + (rest.rstrip(" *") if re.search(r"\d", rest) else "")
        kind = found["before"] or found["behind"] or ""
        yield Weight(value, kind.upper(), line, line)


def _read_parameters(description: Description, facts: Facts) -> None:
    for section in description.of("parameters"):
        for block in section.blocks:
            if block.kind == "table":
                _read_table(block, facts)
            elif block.kind in ("text", "item") and block.text.plain.count("|") >= _PIPES_OF_A_ROW:
                facts.problems.append(Stated(f"a row outside of its table: {block.text.plain}", block.line))


def _read_table(table: Block, facts: Facts) -> None:
    columns = _columns(table.rows[0])
    if not {"name", "type", "mandatory"} <= set(columns):
        if not is_type_table(table):
            head = " | ".join(cell.plain for cell in table.rows[0])
            facts.problems.append(Stated(f"a table of parameters with unknown columns: {head}", table.line))
        return
    for row in table.rows[1:]:
        if any(cell.plain for cell in row):
            _read_row(row, columns, facts)


def _columns(head: Sequence[Text]) -> list[Column | None]:
    return [
        next((column for column, words in wording.COLUMNS.items() if cell.plain.lower().strip(" :?*") in words), None)
        for cell in head
    ]


def _read_row(row: Sequence[Text], columns: Sequence[Column | None], facts: Facts) -> None:
    by_column = dict(zip(columns, row, strict=False))
    name, type_, mandatory = (by_column.get(column, Text()) for column in ("name", "type", "mandatory"))
    line = row[0].line
    if name.is_struck:
        return
    spoken = mandatory.plain.lower().strip(" .*")
    flag = wording.MANDATORY.get(spoken, mandatory.plain.upper())
    if (
        None in columns[: len(row)]
        or not _NAME.fullmatch(name.plain)
        or not _TYPE_CELL.fullmatch(type_.plain)
        or not spoken
        or " " in flag
    ):
        facts.problems.append(Stated(f"a row that cannot be read: {' | '.join(cell.plain for cell in row)}", line))
        return
    facts.parameters.append(
        Parameter(name.plain, _type_words(type_.plain), flag, name.line, type_.line or line, mandatory.line or line)
    )
    surplus = [cell for cell in row[len(columns) :] if cell.plain]
    for text in (by_column.get("description", Text()), *surplus):
        for reading in read_limits(text.plain):
            facts.limits.append(Limit(name.plain, reading.bound, reading.value, text.line_at(reading.offset)))
        facts.spans.extend(Span(role, value, text.line_at(offset)) for role, value, offset in read_spans(text.plain))
        facts.rules.extend(read_rules(text, (), subject=name.plain))
    if (default := by_column.get("default", Text())).plain:
        facts.limits.append(Limit(name.plain, "default", wording.number(default.plain).lower(), default.line))


def _type_words(words: str) -> str:
    """A type in the words of the old pages, or of OpenAPI where a table has those."""
    found = type_of(words) if words.islower() else None
    if not found or not (_OPENAPI.match(words) or "·" in words):
        return words.upper()
    type_, is_enum, _ = found
    return "enum" if is_enum else type_


def _read_sentences(description: Description, facts: Facts, permission: str | None) -> None:
    names = {
        parameter.name
        for parameter in facts.parameters
        if parameter.name != _TYPE_PARAMETER and (parameter.type not in ("ENUM", "enum") or "Symbol" in parameter.name)
    }
    for section, block in description.prose():
        text = block.text
        if section.part == "weight" or block.kind not in ("text", "item"):
            continue
        facts.permissions.extend(read_permissions(text, permission))
        facts.rules.extend(read_rules(text, names))
        facts.spans.extend(Span(role, value, text.line_at(offset)) for role, value, offset in read_spans(text.plain))
        if section.part == "parameters":
            for name in sorted(names.intersection(_WORDS.findall(text.plain))):
                facts.limits.extend(
                    Limit(name, bound, value, text.line_at(offset))
                    for bound, value, offset in read_limits(text.plain)
                    if bound != "unread"
                )


def _read_response(description: Description, facts: Facts) -> None:
    for section in description.of("response"):
        for block in section.blocks:
            rows: Sequence[tuple[int, str]] = block.code
            if block.text.plain.startswith(("{", "[")):
                rows = block.text.by_line()
            if not is_example(rows):
                if block.code and not facts.has_example and not wording.endpoint_of(block.code[0][1], at_start=True):
                    facts.problems.append(Stated("code in the response example that is no JSON", block.line))
                continue
            add_example(rows, facts)

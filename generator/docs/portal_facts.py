"""
From an operation on the portal to its facts, as far as they stand in lists of fields.

One rule: what was read as a field is taken out of its section, so that nothing is read twice.
"""

import re
from collections.abc import Iterator, Sequence

from generator.docs import wording
from generator.docs.blocks import Block
from generator.docs.bounds import read_limits, read_spans
from generator.docs.example import BrokenExample, is_example, read_example
from generator.docs.facts import Bound, Facts, Field, Limit, Parameter, Span, Stated
from generator.docs.fields import Field as ListedField, number_of, read_fields
from generator.docs.sections import Description
from generator.docs.sentences import read_rules
from generator.docs.text import Text

_BOUNDS: dict[str, Bound] = {"default": "default", "minimum": "minimum", "maximum": "maximum"}
_PLAIN_VALUE = re.compile(r"-?\d+(?:\.\d+)?|true|false")
_SNIPPET = re.compile(r"(?:GET|POST|PUT|DELETE|PATCH)\s*/|curl\s|Loading", re.IGNORECASE)
_REQUEST_EXAMPLE = re.compile(r"request (?:body|example)|example request|请求.{0,4}示例|示例请求", re.IGNORECASE)
_RESPONSE_EXAMPLE = re.compile(
    r"example (?:success )?respon|response example|respon\w* body|响应.{0,4}示例|示例响应", re.IGNORECASE
)
_STATUS = re.compile(r"[1-5](?:\d\d|XX)(?:\s.{0,40})?|default", re.IGNORECASE)


def read_portal_parameters(description: Description, facts: Facts) -> None:
    """Take the parameters of an operation out of its sections."""
    for section in description.of("parameters"):
        fields, section.blocks = read_fields(section.blocks)
        for each in fields:
            add_parameter(each, facts)


def add_parameter(each: ListedField, facts: Facts) -> None:
    """Add one parameter with all that is said of it."""
    mandatory = "YES" if each.required else "NO"
    type_ = "enum" if each.is_enum else each.type
    facts.parameters.append(Parameter(each.name, type_, mandatory, each.line, each.type_line, each.type_line))
    if each.values:
        facts.enums[each.name] = each.values
    for label, stated in each.labelled:
        if label in _BOUNDS and _PLAIN_VALUE.fullmatch(number_of(stated)):
            facts.limits.append(Limit(each.name, _BOUNDS[label], number_of(stated), stated.line))
    for stated in each.prose:
        add_prose(each.name, stated, facts)


def add_prose(name: str, stated: Stated, facts: Facts) -> None:
    """Add what a sentence about one parameter states."""
    text = Text(stated.value, ((0, stated.line),))
    plain = wording.EXAMPLE.sub(lambda found: " " * len(found[0]), text.plain)
    for reading in read_limits(plain):
        facts.limits.append(Limit(name, reading.bound, reading.value, stated.line))
    facts.spans.extend(Span(role, value, stated.line) for role, value, _ in read_spans(plain))
    facts.rules.extend(read_rules(text, (), subject=name))


def read_portal_response(description: Description, facts: Facts) -> None:
    """Read the fields and the example of a successful answer."""
    for section in description.of("response"):
        listed = list(_successful(section.blocks))
        fields, _ = read_fields(listed)
        for each in fields:
            name = each.name.replace("[]", "").rpartition(".")[2]
            facts.listed_fields.append(Field(name, each.line, types=((each.type, each.type_line),)))
        _read_examples(section.blocks, facts)


def _successful(blocks: list[Block]) -> Iterator[Block]:
    """The blocks up to the snippets, without those of other answers than a success."""
    success = True
    for block in blocks:
        plain = block.text.plain
        if _SNIPPET.match(plain) or _REQUEST_EXAMPLE.search(plain) or _RESPONSE_EXAMPLE.search(plain):
            return
        if block.kind == "text" and _STATUS.fullmatch(plain):
            success = plain.startswith("2")
        if success:
            yield block


def _read_examples(blocks: list[Block], facts: Facts) -> None:
    of_response = success = True
    for block in blocks:
        plain = block.text.plain
        if block.kind in ("text", "heading") and _REQUEST_EXAMPLE.search(plain) and not plain.startswith(("{", "[")):
            of_response = False
        elif _RESPONSE_EXAMPLE.search(plain) and not plain.startswith(("{", "[")):
            of_response = success = True
        elif block.kind == "text" and _STATUS.fullmatch(plain):
            success = plain.startswith("2")
        rows = block.code or (block.text.by_line() if plain.startswith(("{", "[")) else ())
        if of_response and success and is_example(rows):
            add_example(rows, facts)


def add_example(rows: Sequence[tuple[int, str]], facts: Facts) -> None:
    """Add what the lines of a response example show; one that is cut or broken is a problem."""
    facts.has_example = True
    try:
        example = read_example(rows)
    except BrokenExample as broken:
        problem, line = broken.args
        facts.problems.append(Stated(f"a response example that is cut or broken: {problem}", line))
        return
    facts.fields.extend(example.fields)
    facts.field_values.extend(example.values)

"""
The vendor's schema: OpenAPI 3.0, in YAML or JSON.

One rule: keywords and the words of descriptions are read alike, and a reference is followed within the document only.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import unquote

from generator.docs import wording
from generator.docs.blocks import Block, Unreadable, moved
from generator.docs.example import type_of_word
from generator.docs.facts import (
    VALUE_TYPES,
    Bound,
    EndpointAt,
    Facts,
    Field,
    Limit,
    Parameter,
    Stated,
    TransferType,
    ValueType,
    Weight,
)  # fmt: skip
from generator.docs.markdown import read_markdown
from generator.docs.page_facts import read_prose, read_weights
from generator.docs.portal_facts import add_prose
from generator.docs.sections import Description, Section
from generator.docs.text import han_count
from generator.docs.wording import Endpoint, Language
from generator.docs.yaml_lines import Tree, read_tree

_METHODS = ("get", "post", "put", "delete", "patch")
_BOUNDS: Mapping[str, Bound] = {"default": "default", "minimum": "minimum", "maximum": "maximum"}
_EXCLUSIVE: Mapping[str, Bound] = {"maximum": "below", "minimum": "above"}
_NOT_OURS = ("signature",)  # a security scheme in the spec
_MOST_HOPS = 20
_MOST_FIELDS = 2_000
_MOST_STEPS = 200_000
_KEYWORDS = (
    "type",
    "nullable",
    "enum",
    "items",
    "properties",
    "description",
    *_BOUNDS,
    "exclusiveMaximum",
    "exclusiveMinimum",
)
_IMPLIED: Mapping[str, ValueType] = {
    "items": "array",
    "properties": "object",
    "enum": "string",
}  # where no type is said
_BEGINS = re.compile(r"\s*(?:#[^\n]*\n\s*|---[ \t]*\n\s*)*(?:[\"']?(?:openapi|swagger)[\"']?\s*:|\{\s*\"[\w-]+\"\s*:)")


def begins_like_schema(source: str) -> bool:
    """Whether a text is a document of OpenAPI rather than a page."""
    return _BEGINS.match(source.removeprefix("\ufeff")[:100_000]) is not None


def read_schema(source: str, permissions: Mapping[Language, str]) -> tuple[Facts, ...]:
    """Read every operation of a document, raising Unreadable."""
    root = read_tree(source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    paths = root.get("paths")
    if paths is None or not paths.members:
        message = "found no `paths`, expected a document of OpenAPI with them"
        raise Unreadable(message)
    return tuple(facts for path, item in paths.members.items() for facts in _path_item(root, path, item, permissions))


def _path_item(root: Tree, path: str, item: Tree, permissions: Mapping[Language, str]) -> Iterator[Facts]:
    try:
        resolved = _resolve(root, item)
    except Unreadable as refusal:  # whatever is there is not read; it may be ours or not
        for method in _METHODS:
            yield _unread(Endpoint(method.upper(), path, 0), item.line, refusal)
        return
    for method, operation in resolved.members.items():
        if method.lower() in _METHODS:
            yield from _Operation(root, path, method, resolved, operation).facts(permissions)


def _unread(endpoint: Endpoint, line: int, refusal: Unreadable) -> Facts:
    problem = Stated(str(refusal), line)
    return Facts("en", "schema", line=line, endpoints=[EndpointAt(endpoint, line, line)], problems=[problem])


class _Operation:
    """One of them, with the document that its references lead into."""

    def __init__(self, root: Tree, path: str, method: str, item: Tree, operation: Tree) -> None:
        self.root, self.item, self.operation = root, item, operation
        self.endpoint = Endpoint(method.upper(), path, 0)

    def facts(self, permissions: Mapping[Language, str]) -> Iterator[Facts]:
        """In English, and in Chinese where an extension carries texts in it."""
        operation = self.operation
        texts = [text for key in ("summary", "description") if (text := operation.get(key)) and text.text]
        try:
            english = self._read("en", texts, permissions)
        except Unreadable as refusal:
            yield _unread(self.endpoint, operation.line, refusal)
            return
        yield english
        chinese = [
            text
            for text in _extension_texts(operation)
            if 2 * han_count(text.text or "") > len((text.text or "").split())
        ]
        if chinese:
            translated = self._read("zh", chinese, permissions)
            if translated.permissions or translated.rules or translated.types or translated.spans:
                yield translated  # a title alone states nothing, and lacks nothing

    def _read(self, language: Language, texts: list[Tree], permissions: Mapping[Language, str]) -> Facts:
        line = self.operation.line
        facts = Facts(language, "schema", self.operation.words("summary"), line)
        path_line = _key_line(self.root, self.endpoint.path, line)
        facts.endpoints.append(EndpointAt(self.endpoint, line, path_line))
        self._read_parameters(facts, language)
        self._read_answer(facts)
        blocks = [block for text in texts for block in _blocks(text)]
        read_prose(
            Description("", line, [Section("request", "", line, 1, language, blocks)]), facts, permissions.get(language)
        )
        self._read_weight(facts, blocks)
        return facts

    def _read_weight(self, facts: Facts, blocks: list[Block]) -> None:
        for key, value in self.operation.members.items():
            if not (key.startswith("x-") and "weight" in key.lower()):
                continue
            kind = "/".join(found.upper() for found in ("ip", "uid") if found in re.split(r"[^a-z]+", key.lower()))
            stated = value.text or value.words("value")
            kind = kind or (value.words("kind") or value.words("type")).upper()
            if re.fullmatch(r"0*[1-9]\d*", stated):
                facts.weights.append(Weight(stated, kind, value.line, value.line))
        if not facts.weights:
            for block in blocks:
                facts.weights += read_weights(block.text, also_bare=True)

    def _read_parameters(self, facts: Facts, language: Language) -> None:
        for holder in (self.item, self.operation):
            parameters = holder.get("parameters")
            for given in parameters.items if parameters else ():
                parameter = _resolve(self.root, given)
                if parameter.words("in") in ("query", ""):
                    facts.lines.setdefault("parameters", parameter.line)
                    required = parameter.words("required") == "true"
                    self._read_parameter(facts, language, parameter.words("name"), parameter, required=required)
        body = self.operation.get("requestBody")
        content = _resolve(self.root, body).get("content") if body else None
        schemas = [schema for media in (content.members.values() if content else ()) if (schema := media.get("schema"))]
        schema = next((schema for schema in schemas if _properties(self.root, schema)), None)
        if schema:
            required_names = _required(self.root, schema)
            for name, given in _properties(self.root, schema).items():
                facts.lines.setdefault("parameters", given.line)
                self._read_parameter(facts, language, name, given, required=name in required_names)

    def _read_parameter(self, facts: Facts, language: Language, name: str, given: Tree, *, required: bool) -> None:
        if not name or name in _NOT_OURS:
            return
        node = given.get("schema") or given
        schema = _merged(self.root, node)
        line = given.line
        values = schema.get("enum")
        types = {type_: at for type_, at in _types(self.root, node) if type_ != "null"}
        if not all(types):
            facts.problems.append(Stated(f"the parameter {name} without a type that can be read", line))
            return
        type_line = values.line if values else min(types.values(), default=line)
        type_ = "enum" if values else " or ".join(types)
        facts.parameters.append(Parameter(name, type_, "YES" if required else "NO", line, type_line, line))
        if values:
            facts.enums[name] = [TransferType(each.text or "", "", each.line) for each in values.items]
        for key, bound in _limits(schema):
            stated = schema.get(key)
            value = wording.number(stated.text or "").lower() if stated else ""
            if stated and re.fullmatch(r"-?\d+(?:\.0*)?|-?\d+\.\d+|true|false", value):
                facts.limits.append(Limit(name, bound, value.removesuffix(".0"), stated.line))
        if language == "en":
            for described in (given.get("description"), schema.get("description")):
                for block in _blocks(described) if described and described.text else ():
                    add_prose(name, Stated(block.text.plain, block.line), facts)

    def _read_answer(self, facts: Facts) -> None:
        responses = self.operation.get("responses")
        success = (
            next((value for key, value in responses.members.items() if key[:1] == "2"), None) if responses else None
        )
        content = _resolve(self.root, success).get("content") if success else None
        media = next(iter(content.members.values()), None) if content else None
        schema = media.get("schema") if media else None
        if success:
            facts.lines["response"] = success.line
        if media and schema:
            facts.fields = list(islice(_fields(self.root, schema, "", 0), _MOST_FIELDS))
            facts.has_example = bool(facts.fields)
            self._read_examples(facts, media)

    def _read_examples(self, facts: Facts, media: Tree) -> None:
        """Add what the examples of an answer show beyond its schema."""
        examples = media.get("examples")
        shown = [media.get("example"), *(each.get("value") for each in (examples.members.values() if examples else ()))]
        stated = {each.path: {type_ for type_, _ in each.types} for each in facts.fields}
        for example in shown:
            for each in islice(_shown(self.root, example, ""), _MOST_FIELDS) if example else ():
                types = {type_ for type_, _ in each.types}
                if each.path not in stated or not types <= stated[each.path]:
                    facts.fields.append(each)
                    stated[each.path] = types | stated.get(each.path, set())


def _limits(schema: Tree) -> Iterator[tuple[str, Bound]]:
    """Keywords of a limit: `exclusiveMaximum` is one of its own in OpenAPI 3.1, and a switch in 3.0."""
    for key, bound in _BOUNDS.items():
        exclusive = f"exclusive{key.capitalize()}"
        is_switch = schema.words(exclusive) in ("true", "false")
        yield key, _EXCLUSIVE[key] if schema.words(exclusive) == "true" else bound
        if key in _EXCLUSIVE and not is_switch:
            yield exclusive, _EXCLUSIVE[key]


def _resolve(root: Tree, node: Tree) -> Tree:
    for _ in range(_MOST_HOPS):
        root.steps += 1
        if root.steps > _MOST_STEPS:
            message = f"found more than {_MOST_STEPS} steps from reference to reference"
            raise Unreadable(message)
        reference = node.get("$ref")
        if reference is None or reference.text is None:
            return node
        if not reference.text.startswith("#/"):
            message = f"line {reference.line}: found a reference out of the document: {reference.text[:200]}"
            raise Unreadable(message)
        keys = [unquote(key).replace("~1", "/").replace("~0", "~") for key in reference.text[2:].split("/")]
        found = root
        for key in keys:
            following = found.members.get(key) or (
                found.items[int(key)] if key.isdigit() and int(key) < len(found.items) else None
            )
            if following is None:
                message = f"line {reference.line}: found a reference to {reference.text[:200]}, which is not there"
                raise Unreadable(message)
            found = following
        node = found
    message = f"line {node.line}: found a reference that leads back to itself"
    raise Unreadable(message)


def _parts(root: Tree, node: Tree, hops: int = 0) -> Iterator[Tree]:
    """A schema, and those that its `allOf`, or the only choice of its `oneOf` and `anyOf`, brings in."""
    node = _resolve(root, node)
    yield node
    for key in ("allOf", "oneOf", "anyOf"):
        choices = [choice for choice in _items(node, key) if not _is_null(root, choice)]
        if hops < _MOST_HOPS and (key == "allOf" or len(choices) == 1):
            for choice in choices:
                yield from _parts(root, choice, hops + 1)


def _items(node: Tree, key: str) -> list[Tree]:
    found = node.get(key)
    return found.items if found else []


def _is_null(root: Tree, node: Tree) -> bool:
    return _resolve(root, node).words("type") == "null"


def _merged(root: Tree, node: Tree) -> Tree:
    """A schema with the keywords of all its parts; the outer ones count."""
    merged = Tree(_resolve(root, node).line)
    for part in _parts(root, node):
        merged.members = {key: part.members[key] for key in _KEYWORDS if key in part.members} | merged.members
    return merged


def _properties(root: Tree, schema: Tree) -> dict[str, Tree]:
    properties: dict[str, Tree] = {}
    for part in _parts(root, schema):
        own = part.get("properties")
        properties |= {name: given for name, given in (own.members if own else {}).items() if name not in properties}
    return properties


def _required(root: Tree, schema: Tree) -> set[str]:
    return {name.text or "" for part in _parts(root, schema) for name in _items(part, "required")}


def _types(root: Tree, given: Tree, hops: int = 0) -> Iterator[tuple[ValueType, int]]:
    """Every type that a value may have, each with its line; an empty one where it cannot be read."""
    schema = _merged(root, given)
    choices = [choice for key in ("oneOf", "anyOf") for choice in _items(_resolve(root, given), key)]
    implied: ValueType | None = next((_IMPLIED[key] for key in schema.members if key in _IMPLIED), None)
    if written := schema.get("type"):
        for each in written.items or [written]:
            yield VALUE_TYPES.get(each.text or "", ""), each.line
    elif implied:
        yield implied, given.line
    elif choices and hops < _MOST_HOPS:
        for choice in choices:
            yield from _types(root, choice, hops + 1)
    else:
        yield "", given.line
    if schema.words("nullable") == "true" or (
        (written or implied) and any(_is_null(root, choice) for choice in choices)
    ):
        yield "null", given.line


def _fields(root: Tree, schema: Tree, prefix: str, depth: int) -> Iterator[Field]:
    if depth > _MOST_HOPS:
        return
    if items := _merged(root, schema).get("items"):
        yield from _fields(root, items, f"{prefix}[]", depth + 1)
    for name, given in _properties(root, schema).items():
        path = f"{prefix}.{name}" if prefix else name
        yield Field(path, given.line, types=tuple(_types(root, given)))
        yield from _fields(root, given, path, depth + 1)


def _shown(root: Tree, node: Tree, prefix: str) -> Iterator[Field]:
    """The fields of an example, and the types of their values."""
    node = _resolve(root, node)
    for item in node.items:
        yield from _shown(root, item, f"{prefix}[]")
    for name, value in node.members.items():
        path = f"{prefix}.{name}" if prefix else name
        type_: ValueType = "array" if value.items else "object"
        if value.text is not None:
            type_ = "string" if value.is_quoted or value.is_literal else type_of_word(value.text)
        yield Field(path, value.line, types=((type_, value.line),))
        yield from _shown(root, value, path)


def _extension_texts(operation: Tree) -> Iterator[Tree]:
    """Every text under the extensions of an operation."""
    waiting = [value for key, value in operation.members.items() if key.startswith("x-")]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.text:
            yield node
        waiting += [*node.members.values(), *node.items]


def _blocks(text: Tree) -> list[Block]:
    """The Markdown of a description, with lines of the file where they can be told."""
    first = text.line if text.is_literal else text.line - 1
    blocks = read_markdown("\n".join(row.rstrip() for row in (text.text or "").split("\n")))
    return [moved(block, lambda line: first + (line if text.is_literal else 1)) for block in blocks]


def _key_line(root: Tree, path: str, line: int) -> int:
    item = root.get("paths", path)
    return min(line, item.line) if item else line

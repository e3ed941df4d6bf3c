"""
What this project believes, in the same words as a page.

One rule: facts come from spec/openapi.yaml and from the wrapper's two tables, read as text. Neither is executed,
so that a page can be compared while the generated client waits to be made anew.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from generator.docs.blocks import Unreadable
from generator.docs.facts import Bound, Role
from generator.docs.wording import Language
from generator.docs.yaml_lines import Tree, plain, read_tree

SPEC = "spec/openapi.yaml"
TABLES = "wrapper/binance_transfer/transfer_types.py"
FORM = "application/x-www-form-urlencoded"
_TABLE_NAMES = ("CHINESE_PAGE_TYPES", "NEEDS_FROM_SYMBOL", "NEEDS_TO_SYMBOL")
_INTEGER_TYPES = {None: "LONG", "int64": "LONG", "int32": "INT"}
_PLAIN_TYPES = {"string": "STRING", "boolean": "BOOLEAN", "number": "DECIMAL"}
_BOUNDS: dict[str, Bound] = {"default": "default", "maximum": "maximum", "minimum": "minimum"}
# Constants of the spec that are stretches of time: what each is for, and in what unit.
SPANS: Mapping[str, tuple[Role, str]] = {"REACH_MONTHS": ("reach", "months"), "DEFAULT_SPAN_DAYS": ("default", "days")}

Node = Any  # a YAML document has no narrower type


class InvalidProject(Exception):
    """The spec or the wrapper's tables cannot be read. The text says what to do."""


@dataclass(frozen=True, slots=True)
class ProjectParameter:
    """A parameter as the spec has it."""

    name: str
    type: str
    mandatory: str
    bounds: Mapping[Bound, str]
    stated: frozenset[Bound]
    """The bounds that the operation's page states; others come from pages that hold for every operation."""


@dataclass(frozen=True, slots=True)
class KnownFault:
    """A difference of the vendor's sources that was looked at once and is no drift."""

    kind: str
    subject: str
    says: str
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the spec."""

    method: str
    path: str
    addresses: Mapping[Language, str]
    former_addresses: frozenset[str]
    """Where its pages stood before."""
    weight: str
    weight_kind: str
    permissions: Mapping[Language, str]
    parameters: tuple[ProjectParameter, ...]
    lists: str
    """Name of the schema whose values the page lists, or nothing."""
    types: Mapping[Language, tuple[str, ...]]
    chinese_page_types: frozenset[str]
    needs: Mapping[str, frozenset[str]]
    wallets: Mapping[str, tuple[str, str]]
    """Source and target of each type."""
    enum_parameter: str
    """The parameter that takes those types, or nothing."""
    fields: Mapping[str, bool]
    """Path of each field of the response and whether it is always there."""
    field_types: Mapping[str, str]
    """Path of each field of the response and its type in JSON."""
    known_faults: tuple[KnownFault, ...]
    field_values: Mapping[str, frozenset[str]]
    spans: Mapping[str, str]
    homes: Mapping[str, str]
    """Name of the schema that describes each object of the response, by the path of the object."""
    parameter_keys: tuple[str, ...]
    """Where in the operation its parameters stand."""

    @property
    def name(self) -> str:
        """As in `POST /sapi/v1/asset/transfer`."""
        return f"{self.method} {self.path}"

    def stands_at(self, address: str) -> bool:
        """Whether an address is, or was, that of its page; without a fragment it means every operation there."""
        known = {*self.addresses.values(), *self.former_addresses}
        return address in known or address in {each.partition("#")[0] for each in known}

    @property
    def words(self) -> frozenset[str]:
        """Its parameters and fields, by which a page of it can be told."""
        return frozenset(
            [*(f"parameter {each.name}" for each in self.parameters), *(f"field {path}" for path in self.fields)]
        )


@dataclass(frozen=True, slots=True)
class Project:
    """Every operation, and where in the spec things stand."""

    operations: tuple[Operation, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where the vendor's schema is, and the name of its SDK."""
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def permissions(self) -> dict[Language, str]:
        """Names by which the permissions of any operation are known."""
        return {language: name for operation in self.operations for language, name in operation.permissions.items()}

    def line(self, *keys: str) -> int:
        """Line of a place in the spec, or of the nearest thing around it."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)


def read_project(spec: Path, tables: Path) -> Project:
    """Read both files, raising InvalidProject."""
    document, lines = _read_yaml(spec)
    rules = _read_tables(tables)
    try:
        operations = tuple(
            _operation(document, path, method, operation, rules)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        )
    except (KeyError, TypeError, AttributeError) as error:
        message = f"{spec}: something that every operation has is missing: {error!r}; `make` says more"
        raise InvalidProject(message) from error
    return Project(operations, document.get("x-sources", {}), lines)


def _read_yaml(spec: Path) -> tuple[Node, dict[tuple[str, ...], int]]:
    try:
        tree = read_tree(spec.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        message = f"{spec} cannot be read: {error}"
        raise InvalidProject(message) from error
    return plain(tree), dict(_lines(tree, ()))


def _lines(tree: Tree, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The line of every place. An item of a list goes by its name, its value, or itself."""
    for key, value in tree.members.items():
        yield (*keys, key), value.line
        yield from _lines(value, (*keys, key))
    for item in tree.items:
        name = item.words("name") or item.words("value") or item.text
        if name:
            yield (*keys, name), item.line
            yield from _lines(item, (*keys, name))


class _Tables(NamedTuple):
    """The wrapper's tables: wallets of the types that only a Chinese page lists, and which types need which symbol."""

    wallets: dict[str, tuple[str, str]]
    needs: dict[str, frozenset[str]]


def _read_tables(tables: Path) -> _Tables:
    """
    Read the three names that are compared.

    A table is made of string literals and of other names of the module that are.
    """
    try:
        module = ast.parse(tables.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        message = f"{tables} cannot be read: {error}"
        raise InvalidProject(message) from error
    values: dict[str, ast.expr] = {}
    for statement in module.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            values[statement.target.id] = statement.value
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = statement.value
    for name in _TABLE_NAMES:
        if name not in values:
            message = f"{tables}: {name} is not there, and without it no page can be judged"
            raise InvalidProject(message)
    chinese, from_symbol, to_symbol = (values[name] for name in _TABLE_NAMES)
    wallets = {}
    for node in ast.walk(chinese):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                wallets.update(dict.fromkeys(_strings(key, values), tuple(_strings(value, values))[:2]))
    return _Tables(
        {name: (sides[0], sides[1]) for name, sides in wallets.items()},
        {"fromSymbol": frozenset(_strings(from_symbol, values)), "toSymbol": frozenset(_strings(to_symbol, values))},
    )


def _strings(value: ast.AST | None, values: Mapping[str, ast.expr]) -> Iterator[str]:
    match value:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Dict(keys=keys):
            for key in keys:
                yield from _strings(key, values)
        case ast.Name(id=name):
            yield from _strings(values.get(name), values)
        case ast.AST():
            for child in ast.iter_child_nodes(value):
                yield from _strings(child, values)


def _operation(document: Node, path: str, method: str, operation: Node, rules: _Tables) -> Operation:
    form = operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema")
    parameters = tuple(_parameters(document, operation, form))
    lists = operation.get("x-lists", "")
    enum = document["components"]["schemas"][lists] if lists else {}
    types = tuple(enum.get("enum", ()))
    constants = operation.get("x-constants", {})
    success = operation["responses"]["200"]["content"]["application/json"]["schema"]
    fields = list(_fields(document, success, "", always=True))
    names = {parameter.name for parameter in parameters}
    chinese = tuple(rules.wallets)
    return Operation(
        method=method.upper(),
        path=path,
        addresses=operation.get("x-documentation", {}),
        former_addresses=frozenset(operation.get("x-former-documentation", {}).values()),
        weight=str(operation["x-weight"]["value"]),
        weight_kind=operation["x-weight"]["kind"].upper(),
        permissions=operation.get("x-permission", {}),
        parameters=parameters,
        lists=lists,
        types={"en": types, "zh": (*types, *chinese) if lists else ()},
        chinese_page_types=frozenset(chinese),
        needs={name: types for name, types in rules.needs.items() if name in names},
        wallets={row["value"]: (row["source"], row["target"]) for row in enum.get("x-enum", ())} | rules.wallets,
        enum_parameter=next((each.name for each in parameters if lists and each.type == "ENUM"), ""),
        fields={path: always for path, always, _ in fields},
        field_types={path: type_ for path, _, type_ in fields},
        known_faults=tuple(
            KnownFault(row["kind"], row["subject"], row["says"], frozenset(row["sources"]))
            for row in operation.get("x-known-faults", ())
        ),
        field_values={path: values for path, *_ in fields if (values := _values(path, constants))},
        spans=_spans(constants),
        homes=dict(_homes(document, success, "")),
        parameter_keys=("parameters",) if form is None else ("requestBody", "content", FORM, "schema", "properties"),
    )


def _resolve(document: Node, schema: Node) -> Node:
    while "$ref" in schema:
        node = document
        for key in schema["$ref"].removeprefix("#/").split("/"):
            node = node[key]
        schema = node
    return schema


def _parameters(document: Node, operation: Node, form: Node) -> Iterator[ProjectParameter]:
    if form is not None:
        form = _resolve(document, form)
        rows = [(name, schema, name in form.get("required", ())) for name, schema in form["properties"].items()]
    else:
        rows = [
            (each["name"], each["schema"], each.get("required") == "true") for each in operation.get("parameters", ())
        ]
    for name, schema, mandatory in rows:
        full = _resolve(document, schema)
        bounds: dict[Bound, str] = {bound: full[key] for key, bound in _BOUNDS.items() if key in full}
        # A minimum is this project's own, and a shared schema's bounds come from the vendor's general pages.
        stated: frozenset[Bound] = frozenset(bound for bound in bounds if bound != "minimum" and "$ref" not in schema)
        yield ProjectParameter(name, _vendor_type(full), "YES" if mandatory else "NO", bounds, stated)


def _vendor_type(schema: Node) -> str:
    if "x-vendor-type" in schema:
        return str(schema["x-vendor-type"])
    if "enum" in schema:
        return "ENUM"
    if schema["type"] == "integer":
        return _INTEGER_TYPES[schema.get("format")]
    return _PLAIN_TYPES.get(schema["type"], str(schema["type"]).upper())


def _fields(document: Node, schema: Node, prefix: str, *, always: bool) -> Iterator[tuple[str, bool, str]]:
    schema = _resolve(document, schema)
    if schema.get("type") == "array":
        yield from _fields(document, schema["items"], f"{prefix}[]", always=always)
    for name, item in schema.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        yield path, name in schema.get("required", ()), str(_resolve(document, item)["type"])
        yield from _fields(document, item, path, always=always)


def _homes(document: Node, schema: Node, prefix: str) -> Iterator[tuple[str, str]]:
    while schema.get("type") == "array":
        schema, prefix = schema["items"], f"{prefix}[]"
    if "$ref" in schema:
        yield prefix, schema["$ref"].rpartition("/")[2]
    for name, item in _resolve(document, schema).get("properties", {}).items():
        yield from _homes(document, item, f"{prefix}.{name}" if prefix else name)


def _values(path: str, constants: Mapping[str, object]) -> frozenset[str]:
    """Constants are named after the field whose values they are: `STATUS_CONFIRMED`."""
    prefix = path.rpartition(".")[2].upper() + "_"
    return frozenset(str(value) for name, value in constants.items() if name.startswith(prefix))


def _spans(constants: Mapping[str, object]) -> dict[str, str]:
    return {role: f"{constants[name]} {unit}" for name, (role, unit) in SPANS.items() if name in constants}

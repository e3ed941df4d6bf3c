"""
The vendor's own SDK for Python, read as source.

One rule: its files are parsed and never imported or run, whatever they hold.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from generator.docs.archive import read_archive
from generator.docs.blocks import Unreadable
from generator.docs.facts import EndpointAt, Facts, Field, FieldValues, Parameter, Stated, TransferType, ValueType
from generator.docs.markdown import read_markdown
from generator.docs.page_facts import read_prose, read_weights
from generator.docs.portal_facts import add_prose
from generator.docs.sections import Description, Section
from generator.docs.wording import Language, endpoint_of

_TYPES: Mapping[str, ValueType] = {
    "str": "string", "StrictStr": "string", "int": "integer", "StrictInt": "integer", "float": "number",
    "StrictFloat": "number", "Decimal": "number", "bool": "boolean", "StrictBool": "boolean", "dict": "object", "Dict": "object",
    "List": "array", "list": "array", "Set": "array",
}  # fmt: skip
_NO_TYPE = frozenset(("Optional", "Union", "None", "Annotated", "ClassVar", "Any", "Literal"))
_ADDED_WHEN_SIGNED = "timestamp"
_MOST_HOPS = 10
_ARGUMENT = re.compile(r"\s*(?P<name>\w{1,80}) \((?P<type>.*?)\):\s*(?P<words>.*)")
_VERSION = re.compile(r"-(?P<version>\d[\w.]*?)(?:-py|\.tar|\.zip|-)")


class Sdk(NamedTuple):
    """Facts of each operation, and the version as the file's name has it."""

    parts: tuple[Facts, ...]
    version: str


def read_sdk(file: Path, permissions: Mapping[Language, str]) -> Sdk:
    """Read a wheel or an sdist, raising Unreadable."""
    parts = read_modules(read_archive(file), permissions)
    if not parts:
        message = "found no call of a REST endpoint in it, expected the vendor's SDK for Python"
        raise Unreadable(message)
    found = _VERSION.search(file.name)
    return Sdk(parts, found["version"] if found else "")


def read_modules(files: Mapping[str, str], permissions: Mapping[Language, str]) -> tuple[Facts, ...]:
    """Read the source of the modules by their names, raising Unreadable."""
    modules = dict(_modules(files))
    classes = {node.name: node for module in modules.values() for node in module.body if isinstance(node, ast.ClassDef)}
    return tuple(
        facts
        for name, module in modules.items()
        if "/api/" in f"/{name}"
        for function in _methods(module)
        if (facts := _Method(function, classes).facts(permissions))
    )


def _modules(files: Mapping[str, str]) -> Iterator[tuple[str, ast.Module]]:
    for name, text in sorted(files.items()):
        try:
            yield name, ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            message = f"{name} is no Python that can be read: {type(error).__name__}"
            raise Unreadable(message) from error


def _methods(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for each in module.body:
        if isinstance(each, ast.ClassDef):
            yield from (node for node in each.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


class _Method:
    """One method of the SDK, with the classes that its annotations may name."""

    def __init__(self, function: ast.FunctionDef | ast.AsyncFunctionDef, classes: Mapping[str, ast.ClassDef]) -> None:
        self.function, self.classes = function, classes
        self.call: dict[str, ast.expr] = next(
            (
                {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and {"method", "path"} <= {keyword.arg for keyword in node.keywords}
            ),
            {},
        )

    def facts(self, permissions: Mapping[Language, str]) -> Facts | None:
        """What it states, or None where it calls no endpoint."""
        method, path = (_text(self.call.get(key)) for key in ("method", "path"))
        endpoint = endpoint_of(f"{method} {path}", at_start=True) if method and path else None
        if endpoint is None:
            return None
        line = self.function.lineno
        facts = Facts("en", "sdk", self.function.name, line)
        facts.endpoints.append(EndpointAt(endpoint, self.call["method"].lineno, self.call["path"].lineno))
        documentation, arguments, first = self._docstring()
        for number, row in enumerate(documentation):
            if (stated := endpoint_of(row.strip(), at_start=True)) and stated[:2] != endpoint[:2]:
                facts.endpoints.append(EndpointAt(stated, first + number, first + number))
            facts.weights += read_weights(row, first + number, also_bare=True)
            if row.strip().startswith("https://"):
                facts.address = row.strip()
        self._read_arguments(facts, arguments, first + len(documentation))
        self._read_answer(facts)
        prose = [row.strip() if endpoint_of(row.strip(), at_start=True) is None else "" for row in documentation]
        read_prose(_description_of(prose, first), facts, permissions.get("en"))
        return facts

    def _docstring(self) -> tuple[list[str], list[str], int]:
        """The lines before `Args:`, those from there to `Returns:`, and the line of the first one."""
        body = self.function.body
        if not (body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)):
            return [], [], self.function.lineno
        rows = str(body[0].value.value).split("\n")
        words = [row.strip() for row in rows]
        begin = words.index("Args:") if "Args:" in words else len(rows)
        end = next(
            (index for index, row in enumerate(words) if index > begin and row in ("Returns:", "Raises:")), len(rows)
        )
        return rows[:begin], rows[begin:end], body[0].lineno

    def _read_arguments(self, facts: Facts, rows: list[str], first: int) -> None:
        arguments = self.function.args
        positional = [each for each in (*arguments.posonlyargs, *arguments.args) if each.arg not in ("self", "cls")]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(
            arguments.defaults
        )
        given = [
            *zip(positional, defaults, strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        facts.lines["parameters"] = self.function.lineno
        for argument, default in given:
            name, line = _camel(argument.arg), argument.lineno
            type_, enum = self._type(argument.annotation)
            # Old versions write `asset: str = None` for what they require.
            required = default is None or "Optional" not in _names(argument.annotation)
            facts.parameters.append(Parameter(name, type_, "YES" if required else "NO", line, line, line))
            if enum:
                facts.enums[name] = list(_values(enum))
        signed = self.call.get("is_signed")
        if isinstance(signed, ast.Constant) and signed.value is True:
            facts.parameters.append(
                Parameter(_ADDED_WHEN_SIGNED, "integer", "YES", signed.lineno, signed.lineno, signed.lineno)
            )
        name = ""
        for number, row in enumerate(rows):
            if found := _ARGUMENT.fullmatch(row):
                name, words = _camel(found["name"]), found["words"]
            else:
                words = row.strip()
            if name and words:
                add_prose(name, Stated(words, first + number), facts)

    def _type(self, annotation: ast.expr | None) -> tuple[str, ast.ClassDef | None]:
        for name in _names(annotation):
            if name in self.classes and any(base in _ENUM_BASES for base in _bases(self.classes[name])):
                return "enum", self.classes[name]
            if name in _TYPES:
                return _TYPES[name], None
        return "object", None

    def _read_answer(self, facts: Facts) -> None:
        model = self.call.get("response_model")
        names = _names(model)
        node = next((self.classes[name] for name in names if name in self.classes), None)
        if node is None:
            return
        facts.lines["response"] = node.lineno
        prefix = "[]" if any(name in ("List", "list") for name in names) or _is_array(node) else ""
        for each, values in self._fields(node, prefix, 0):
            facts.fields.append(each)
            if values:
                facts.field_values.append(FieldValues(each.path, values, each.line))
        facts.has_example = bool(facts.fields)

    def _fields(self, node: ast.ClassDef, prefix: str, depth: int) -> Iterator[tuple[Field, frozenset[str]]]:
        if depth > _MOST_HOPS:
            return
        for base in _bases(node):
            if base in self.classes:
                yield from self._fields(self.classes[base], prefix, depth + 1)
        for statement in node.body:
            if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
                continue
            names = _names(statement.annotation)
            if (
                statement.target.id.startswith("_")
                or "ClassVar" in names
                or statement.target.id == "additional_properties"
            ):
                continue
            keywords = _keywords(statement.value)
            name = _text(keywords.get("alias")) or statement.target.id
            path = f"{prefix}.{name}" if prefix else name
            inner = next((self.classes[each] for each in names if each in self.classes), None)
            type_ = _value_type(names, is_model=inner is not None)
            yield Field(path, statement.lineno, types=((type_, statement.lineno),)), _listed(keywords)
            if inner:
                yield from self._fields(inner, f"{path}[]" if type_ == "array" else path, depth + 1)


_ENUM_BASES = frozenset(("Enum", "StrEnum", "IntEnum"))


def _description_of(rows: list[str], first: int) -> Description:
    blocks = read_markdown("\n" * (first - 1) + "\n".join(rows))
    return Description("", first, [Section("request", "", first, 1, "en", blocks)])


def _values(node: ast.ClassDef) -> Iterator[TransferType]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and (value := _text(statement.value)):
            yield TransferType(value, "", statement.lineno)


def _value_type(names: list[str], *, is_model: bool) -> ValueType:
    for name in names:
        if name in _TYPES:
            return _TYPES[name]
    return "object" if is_model else ""


def _listed(keywords: Mapping[str, ast.expr]) -> frozenset[str]:
    from generator.docs.example import listed_values  # noqa: PLC0415

    return listed_values(_text(keywords.get("description")))


def _keywords(value: ast.expr | None) -> dict[str, ast.expr]:
    return {each.arg: each.value for each in value.keywords if each.arg} if isinstance(value, ast.Call) else {}


def _bases(node: ast.ClassDef) -> list[str]:
    return [name for base in node.bases for name in _names(base)]


def _is_array(node: ast.ClassDef) -> bool:
    """Whether `is_array` of a model returns True, by which the SDK tells a list from an object."""
    return any(
        isinstance(statement, ast.FunctionDef)
        and statement.name == "is_array"
        and any(
            isinstance(each, ast.Return) and isinstance(each.value, ast.Constant) and each.value.value is True
            for each in statement.body
        )
        for statement in node.body
    )


def _names(annotation: ast.expr | None) -> list[str]:
    """Every name in an annotation, from the outside in. Texts are annotations too."""
    if annotation is None:
        return []
    found = []
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += re.findall(r"\w+", node.value)
    return [name for name in found if name not in _NO_TYPE - {"Optional", "ClassVar"}]


def _text(value: ast.expr | None) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)

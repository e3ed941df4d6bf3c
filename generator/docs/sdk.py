"""
The vendor's own SDK for Python, read as source.

One rule: its files are parsed and never imported or run, whatever they hold.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from generator.docs.archive import read_archive
from generator.docs.blocks import Unreadable, moved
from generator.docs.facts import EndpointAt, Facts, Field, FieldValues, Parameter, Stated, TransferType, ValueType
from generator.docs.markdown import read_markdown
from generator.docs.page_facts import read_prose, read_weights
from generator.docs.portal_facts import add_prose
from generator.docs.sections import Description, Section
from generator.docs.text import Text
from generator.docs.wording import Language, endpoint_of

_TYPES: Mapping[str, ValueType] = {
    "str": "string", "StrictStr": "string", "int": "integer", "StrictInt": "integer", "float": "number",
    "StrictFloat": "number", "Decimal": "number", "bool": "boolean", "StrictBool": "boolean", "dict": "object", "Dict": "object",
    "List": "array", "list": "array", "Set": "array",
}  # fmt: skip
_NO_TYPE = frozenset(("Optional", "Union", "None", "Annotated", "ClassVar", "Any", "Literal"))
_ADDED_WHEN_SIGNED = "timestamp"
_MOST_FIELDS = 2_000
_MOST_CLASSES = 100
_READ = (ast.FunctionDef, ast.AsyncFunctionDef, ast.AnnAssign, ast.Assign)
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
    classes = {node.name: node for nodes in modules.values() for node in nodes}
    return tuple(
        facts
        for name, nodes in modules.items()
        if "/api/" in f"/{name}"
        for node in nodes
        for function in node.body
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        if (facts := _Method(function, classes).facts(permissions))
    )


def _modules(files: Mapping[str, str]) -> Iterator[tuple[str, list[ast.ClassDef]]]:
    """The classes of each module; whatever else it holds is not kept, since a tree takes a hundred times its text."""
    for name, text in sorted(files.items()):
        try:
            classes = [node for node in ast.parse(text.removeprefix("\ufeff")).body if isinstance(node, ast.ClassDef)]
            for node in classes:
                node.body = [each for each in node.body if isinstance(each, _READ)]
            yield name, classes
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            message = f"{name} is no Python that can be read: {type(error).__name__}"
            raise Unreadable(message) from error


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
        if self.call and not (method and path):
            message = f"the method or path that {self.function.name} calls (line {self.function.lineno}) is no text"
            raise Unreadable(message)
        endpoint = endpoint_of(f"{method} {path}", at_start=True)
        if endpoint is None:
            return None
        line = self.function.lineno
        facts = Facts("en", "sdk", self.function.name, line)
        facts.endpoints.append(EndpointAt(endpoint, self.call["method"].lineno, self.call["path"].lineno))
        documentation, arguments, first = self._docstring()
        for number, row in enumerate(documentation):
            if (stated := endpoint_of(row.strip(), at_start=True)) and stated[:2] != endpoint[:2]:
                facts.endpoints.append(EndpointAt(stated, first + number, first + number))
            facts.weights += read_weights(Text(row, ((0, first + number),)), also_bare=True)
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
            types = dict.fromkeys(self._types(argument.annotation))
            enum = next((self.classes[each] for each in _names(argument.annotation) if self._is_enum(each)), None)
            if not types or not all(types):
                facts.problems.append(Stated(f"the parameter {name} without a type that can be read", line))
                continue
            type_ = "enum" if enum else " or ".join(types)
            # Old versions write `asset: str = None` for what they require.
            required = default is None or not _may_be_none(argument.annotation)
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

    def _is_enum(self, name: str) -> bool:
        return name in self.classes and not _ENUM_BASES.isdisjoint(_bases(self.classes[name]))

    def _types(self, annotation: ast.expr | None) -> Iterator[ValueType]:
        """Every type that an annotation allows but None, an empty one for what is not known."""
        match annotation:
            case ast.Constant(value=None):
                return
            case ast.Constant(value=str(words)):
                yield from self._types(_parsed(words))
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                yield from self._types(left)
                yield from self._types(right)
            case ast.Subscript(value=ast.Name(id="Optional" | "Union" | "Annotated") as outer, slice=inner):
                allowed = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                for each in allowed[:1] if outer.id == "Annotated" else allowed:
                    yield from self._types(each)
            case ast.Subscript(value=outer):
                yield from self._types(outer)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                known: ValueType = "string" if self._is_enum(name) else "object" if name in self.classes else ""
                yield _TYPES.get(name, known)
            case _:
                yield ""

    def _read_answer(self, facts: Facts) -> None:
        model = self.call.get("response_model")
        names = _names(model)
        node = next((self.classes[name] for name in names if name in self.classes), None)
        if node is None:
            return
        facts.lines["response"] = node.lineno
        prefix = "[]" if any(name in ("List", "list") for name in names) or _is_array(node) else ""
        for each, values in islice(self._fields(node, prefix, frozenset()), _MOST_FIELDS):
            facts.fields.append(each)
            if values:
                facts.field_values.append(FieldValues(each.path, values, each.line))
        facts.has_example = bool(facts.fields)

    def _fields(
        self, node: ast.ClassDef, prefix: str, around: frozenset[str]
    ) -> Iterator[tuple[Field, frozenset[str]]]:
        """Fields of a model, and of those in them but for the models that are around it."""
        around |= {node.name}
        for statement in (each for model in self._lineage(node) for each in model.body):
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
            types = dict.fromkeys(self._types(statement.annotation))
            yield (
                Field(path, statement.lineno, types=tuple((each, statement.lineno) for each in types)),
                _listed(keywords),
            )
            inner = next(
                (self.classes[each] for each in names if each in self.classes and not self._is_enum(each)), None
            )
            if inner and inner.name not in around:
                yield from self._fields(inner, f"{path}[]" if "array" in types else path, around)

    def _lineage(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        """A class and those that it is derived from, each once."""
        found = {node.name: node}
        waiting = [node]
        while waiting and len(found) < _MOST_CLASSES:
            for base in _bases(waiting.pop()):
                if base in self.classes and base not in found:
                    found[base] = self.classes[base]
                    waiting.append(self.classes[base])
        return list(found.values())[::-1]


_ENUM_BASES = frozenset(("Enum", "StrEnum", "IntEnum"))


def _description_of(rows: list[str], first: int) -> Description:
    blocks = [moved(block, lambda line: line + first - 1) for block in read_markdown("\n".join(rows))]
    return Description("", first, [Section("request", "", first, 1, "en", blocks)])


def _values(node: ast.ClassDef) -> Iterator[TransferType]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and (value := _text(statement.value)):
            yield TransferType(value, "", statement.lineno)


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


def _parsed(words: str) -> ast.expr | None:
    try:
        return ast.parse(words.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _may_be_none(annotation: ast.expr | None) -> bool:
    if words := _text(annotation):
        annotation = _parsed(words)
    return "Optional" in _names(annotation) or any(
        isinstance(node, ast.Constant) and node.value is None for node in ast.walk(annotation or ast.Pass())
    )


def _text(value: ast.expr | None) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)

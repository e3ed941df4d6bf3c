"""
The words that the templates write: Python names, types and literals for what the spec describes.

One rule: no text of the spec gets into a source file except as one of these.
"""

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from attrs import frozen
from openapi_python_client.strings import ClassName, PythonIdentifier

from generator.specification import JsonObject, Specification

PREFIX: Final = "field_"
WIDTH: Final = 120
_TYPES: Final = {"integer": "int", "string": "str", "boolean": "bool"}


def identifier(name: str) -> str:
    """Return the name of an argument, an attribute or a module."""
    return PythonIdentifier(name, PREFIX)


def class_name(name: str) -> str:
    """Return the name of a class."""
    return ClassName(name, PREFIX)


def constant_name(name: str) -> str:
    """Return the name of a constant."""
    return identifier(name).rstrip("_").upper()


def literal(value: object) -> str:
    """Return a Python literal. Quotes, backslashes and braces in a text are only text there."""
    return repr(tuple(value) if isinstance(value, list) else value)


def docstring(text: str, indent: int = 0) -> str:
    """Return a docstring that a text cannot end early, on one line where it fits."""
    escaped = "\n".join(
        wrapped.replace("\\", "\\\\").replace('"""', r"\"\"\"")
        for line in text.strip().splitlines()
        for wrapped in _wrapped(line, WIDTH - indent) or [""]
    )
    if "\n" in escaped or len(escaped) + indent + 6 > WIDTH:
        return textwrap.indent(f'"""\n{escaped}\n"""', " " * indent).lstrip()
    return f'"""{escaped[:-1]}\\""""' if escaped.endswith('"') else f'"""{escaped}"""'


def _wrapped(line: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def python_pattern(pattern: str) -> str:
    r"""Return a pattern of JSON Schema as one of `re`, where the end of the text is \Z: $ allows a newline behind it."""
    return re.sub(r"\\.|\[(?:\\.|[^\]])*\]|\$", lambda part: r"\Z" if part[0] == "$" else part[0], pattern)


@frozen
class Parameter:
    """An argument of a generated function, and what it is called on the wire."""

    name: str
    identifier: str
    annotation: str
    required: bool
    description: str
    constants: tuple[tuple[str, object], ...]

    def documentation(self) -> str:
        """Return the lines of the argument under `Args:` of a docstring."""
        text = " ".join(self.description.split()) or "As the vendor documents it."
        return "\n".join(_wrapped(f"{self.identifier}: {text}", WIDTH - 8, indent="    "))


@frozen
class Operation:
    """An operation of the spec in the words of a generated module."""

    method: str
    path: str
    documentation: str
    answer: str
    answer_checker: str
    classes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    constants: tuple[tuple[str, object], ...]
    placement: Literal["query", "form"]
    needs_api_key: bool
    needs_signature: bool

    def request_documentation(self) -> str:
        """Return what the docstring of build_request says."""
        lines = "\n".join(parameter.documentation() for parameter in self.parameters)
        arguments = "\n\nArgs:\n" + textwrap.indent(lines, "    ") if lines else ""
        return f"Describe the call without making it.{arguments}"


@frozen
class Naming:
    """Translates the parts of one spec."""

    specification: Specification

    def is_class(self, schema: Mapping[str, Any]) -> bool:
        """Tell a reference to a model or an enum from all other schemas."""
        target = self.specification.resolve(schema)
        return "$ref" in schema and (target["type"] == "object" or "enum" in target)

    def classes(self, schemas: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        """Return the names of the models and enums that these schemas refer to."""
        items = (schema.get("items", schema) for schema in schemas)
        return tuple(sorted({_referred(item) for item in items if self.is_class(item)}))

    def annotation(self, schema: Mapping[str, Any]) -> str:
        """Return the Python type of a schema."""
        if self.is_class(schema):
            return _referred(schema)
        target = self.specification.resolve(schema)
        if target["type"] == "array":
            return f"tuple[{self.annotation(target['items'])}, ...]"
        return _TYPES[target["type"]]

    def checker(self, schema: Mapping[str, Any]) -> str:
        """Return the expression of types.py that checks a JSON value against a schema."""
        if self.is_class(schema):
            return f"{_referred(schema)}.from_json"
        target = self.specification.resolve(schema)
        match target["type"]:
            case "array":
                return f"array({self.checker(target['items'])})"
            case "boolean":
                return "boolean"
            case "integer":
                return f"integer({_keywords(target, minimum='minimum', maximum='maximum')})"
            case _:
                limits = target | ({"pattern": python_pattern(target["pattern"])} if "pattern" in target else {})
                return f"string({_keywords(limits, minLength='min_length', pattern='pattern')})"

    def operation(self, path: str, method: str) -> Operation:
        """Describe one operation."""
        raw = self.specification.openapi["paths"][path][method]
        parameters = tuple(self._parameter(parameter) for parameter in self.specification.parameters(raw))
        answer = raw["responses"]["200"]["content"]["application/json"]["schema"]
        classes = self.classes([answer, *(parameter["schema"] for parameter in self.specification.parameters(raw))])
        places = {scheme["in"] for scheme in self.security_schemes(raw)}
        return Operation(
            method=method.upper(),
            path=path,
            documentation=_documentation(f"{method.upper()} {path}", raw),
            answer=self.annotation(answer),
            answer_checker=self.checker(answer),
            classes=tuple(sorted({"ApiError", *classes})),
            parameters=parameters,
            constants=_constants(raw, parameters),
            placement="query" if self.specification.form(raw) is None else "form",
            needs_api_key="header" in places,
            needs_signature="query" in places,
        )

    def security_schemes(self, operation: Mapping[str, Any]) -> list[JsonObject]:
        """Return what an operation has to be sent with."""
        defined = self.specification.openapi["components"]["securitySchemes"]
        return [defined[name] for requirement in operation["security"] for name in requirement]

    def _parameter(self, parameter: Mapping[str, Any]) -> Parameter:
        schema = self.specification.resolve(parameter["schema"])
        name = constant_name(parameter["name"])
        limits: JsonObject = {key: schema[key] for key in ("default", "minimum", "maximum") if key in schema}
        if "pattern" in schema:
            limits["pattern"] = python_pattern(schema["pattern"])
        return Parameter(
            name=parameter["name"],
            identifier=identifier(parameter["name"]),
            annotation=self.annotation(parameter["schema"]),
            required=parameter["required"],
            description=parameter.get("description") or schema.get("description", ""),
            constants=tuple((f"{name}_{key.upper()}", value) for key, value in limits.items()),
        )


def _referred(schema: Mapping[str, Any]) -> str:
    name: str = schema["$ref"].rsplit("/", 1)[-1]
    return name


def _keywords(limits: Mapping[str, object], **names: str) -> str:
    return ", ".join(f"{ours}={literal(limits[theirs])}" for theirs, ours in names.items() if theirs in limits)


def _documentation(call: str, operation: Mapping[str, Any]) -> str:
    pages = [f"Page ({language}): {url}" for language, url in operation.get("x-documentation", {}).items()]
    parts = [call, operation["summary"], operation.get("description", "").strip(), "\n".join(pages)]
    return "\n\n".join(filter(None, parts))


def _constants(operation: Mapping[str, Any], parameters: Iterable[Parameter]) -> tuple[tuple[str, object], ...]:
    weight = operation["x-weight"]
    return (
        ("WEIGHT", weight["value"]),
        ("WEIGHT_KIND", weight["kind"]),
        *([("WEIGHT_LIMIT", weight["limit"])] if "limit" in weight else []),
        *([("USED_WEIGHT_HEADER", weight["header"])] if "header" in weight else []),
        *([("PERMISSION", operation["x-permission"]["en"])] if "x-permission" in operation else []),
        *operation.get("x-constants", {}).items(),
        *(constant for parameter in parameters for constant in parameter.constants),
    )

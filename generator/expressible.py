"""
What fits the dialect and still cannot become correct code.

One rule: a name that would be taken, a reference to the wrong kind of thing or a table that contradicts itself is
refused here, with its place, rather than generated wrongly.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from openapi_spec_validator import OpenAPIV31SpecValidator

from generator.naming import Naming, class_name, identifier, python_pattern
from generator.specification import FORM, InvalidSpec, JsonObject, Place, Problem, Specification

# What the templates themselves call by these names in a module with arguments, models or fields of the spec.
_ARGUMENTS_TAKEN: Final = {"client", "texts", "build_request", "parse_response", "sync_detailed", "asyncio_detailed"}
_FIELDS_TAKEN: Final = {"from_json"}
_CLASSES_TAKEN: Final = {
    *("Client", "Request", "Response", "Unexpected"),
    *("Final", "Literal", "Mapping", "MappingProxyType", "NamedTuple"),
}
_ENUM_SUFFIXES: Final = ("Row", "BetweenSharedWallets")


def require_expressible(specification: Specification) -> None:
    """Raise InvalidSpec where the generator cannot express the spec, or the spec is no OpenAPI."""
    # The validator of OpenAPI comes last: it tells less of the place, and fails on what was refused before.
    for problems in (_problems(specification), _openapi_problems(specification)):
        if found := list(problems):
            raise InvalidSpec.at(specification.file, found)


def _openapi_problems(specification: Specification) -> Iterator[Problem]:
    for error in OpenAPIV31SpecValidator(specification.openapi).iter_errors():
        yield tuple(error.absolute_path), error.message


def _problems(specification: Specification) -> Iterator[Problem]:
    naming = Naming(specification)
    for index, tag in enumerate(specification.openapi["tags"]):
        yield from _named_like(("tags", index), tag["name"], identifier(tag["name"]))
    operations: list[tuple[Place, str]] = []
    for path, method, operation in specification.operations():
        place: Place = ("paths", path, method)
        operations.append(((*place, "operationId"), operation["operationId"]))
        found = list(_operation_problems(naming, place, operation))
        yield from found
        if not found:
            words = naming.operation(path, method)
            yield from _taken(((place, name) for name, _ in words.constants), words.classes)
    yield from _taken(operations)
    schemas = specification.openapi["components"]["schemas"]
    for name, schema in schemas.items():
        yield from _schema_problems(naming, ("components", "schemas", name), name, schema)
    yield from _taken((("components", "schemas", name), identifier(name)) for name in schemas)
    tables = {name + suffix for name, schema in schemas.items() if "x-enum" in schema for suffix in _ENUM_SUFFIXES}
    yield from _taken(((("components", "schemas", name), name) for name in schemas), _CLASSES_TAKEN | tables)
    if schemas["ApiError"].get("type") != "object":
        yield ("components", "schemas", "ApiError"), "expected an object"


def _schema_problems(naming: Naming, place: Place, name: str, schema: JsonObject) -> Iterator[Problem]:
    yield from _named_like(place, name, class_name(name))
    if "enum" in schema:
        yield from _enum_problems(place, schema)
    elif schema["type"] == "object":
        yield from _model_problems(naming, place, name, schema)
    else:
        yield from _scalar_problems(place, schema)


def _operation_problems(naming: Naming, place: Place, operation: JsonObject) -> Iterator[Problem]:
    specification = naming.specification
    if operation["tags"][0] not in [tag["name"] for tag in specification.openapi["tags"]]:
        yield (*place, "tags"), f"{operation['tags'][0]} is not described under the top-level `tags`"
    name = operation["operationId"]
    yield from _named_like((*place, "operationId"), name, identifier(name))
    lists = operation.get("x-lists")
    if lists is not None and "enum" not in specification.openapi["components"]["schemas"].get(lists, {}):
        yield (*place, "x-lists"), f"{lists} is no enum under components/schemas"
    form = specification.form(operation)
    if form is not None and operation.get("parameters"):
        yield (*place, "parameters"), "an operation has a form or query parameters, not both"
    success: Place = (*place, "responses", "200", "content", "application/json", "schema")
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    model = answer.get("items", answer)
    if specification.resolve(model).get("type") != "object":
        yield success, f"{model['$ref']} is no object"
    yield from _parameter_problems(naming, place, operation)
    yield from _security_problems(naming, place, operation, "query" if form is None else "form")


def _parameter_problems(naming: Naming, place: Place, operation: JsonObject) -> Iterator[Problem]:
    specification = naming.specification
    named: list[tuple[Place, str]] = []
    if (form := specification.form(operation)) is not None:
        place = (*place, "requestBody", "content", FORM, "schema")
        yield from _unknown_names(place, form)
    for index, parameter in enumerate(specification.parameters(operation)):
        where: Place = (*place, "properties", parameter["name"]) if form else (*place, "parameters", index)
        named.append((where, identifier(parameter["name"])))
        if specification.resolve(parameter["schema"])["type"] == "object":
            yield where, "a parameter is a string, an integer, a boolean or an enum"
        yield from _scalar_problems(where, parameter["schema"])
    yield from _taken(named, _ARGUMENTS_TAKEN)


def _security_problems(naming: Naming, place: Place, operation: JsonObject, placement: str) -> Iterator[Problem]:
    defined = naming.specification.openapi["components"]["securitySchemes"]
    for name in (name for requirement in operation["security"] for name in requirement):
        if name not in defined:
            yield (*place, "security"), f"{name} is not under components/securitySchemes"
            continue
        scheme = defined[name]
        if scheme["in"] == "query" and scheme.get("x-placement", "query") != placement:
            yield (*place, "security"), f"the parameters go into the {placement}, the signature {name} does not"
        ours = defined["apiKey" if scheme["in"] == "header" else "signature"]
        if scheme["name"] != ours["name"]:
            yield (*place, "security"), f"{name} is called {scheme['name']}; only {ours['name']} is supported there"


def _enum_problems(place: Place, schema: JsonObject) -> Iterator[Problem]:
    if "x-enum" not in schema:
        return
    rows, wallets = schema["x-enum"], schema["x-wallets"]
    for index, row in enumerate(rows):
        for side in ("source", "target"):
            if row[side] not in wallets:
                yield (*place, "x-enum", index), f"{side} {row[side]!r} is none of x-wallets: {', '.join(wallets)}"
    if (values := [row["value"] for row in rows]) != schema["enum"]:
        odd = sorted(set(values) ^ set(schema["enum"]))
        yield (*place, "x-enum"), f"`enum` and `x-enum` differ: {', '.join(odd) or 'in their order'}"
    shared = {name for name, wallet in wallets.items() if "per-symbol" not in wallet}
    if not any({row["source"], row["target"]} <= shared for row in rows):
        yield (*place, "x-enum"), "at least one value has to be between two wallets that are not per-symbol"


def _model_problems(naming: Naming, place: Place, name: str, schema: JsonObject) -> Iterator[Problem]:
    for field, item in schema["properties"].items():
        where: Place = (*place, "properties", field)
        value = item.get("items", item)
        if "enum" in naming.specification.resolve(value):
            yield where, "an answer holds no enum: a value that is added tomorrow must not make it unreadable"
        yield from _scalar_problems(where, value)
    if name in _reachable(naming, name):
        yield place, "contains itself"
    yield from _unknown_names(place, schema)
    yield from _taken(
        (((*place, "properties", field), identifier(field)) for field in schema["properties"]), _FIELDS_TAKEN
    )


def _reachable(naming: Naming, name: str) -> set[str]:
    """Return the models that a model's fields refer to, and those that theirs refer to."""
    found: set[str] = set()
    schemas: Any = naming.specification.openapi["components"]["schemas"]
    waiting = [name]
    while waiting:
        fields = schemas[waiting.pop()].get("properties", {}).values()
        new = set(naming.classes(fields)) - found
        found |= new
        waiting += new
    return found


def _scalar_problems(place: Place, schema: JsonObject) -> Iterator[Problem]:
    try:
        re.compile(python_pattern(schema.get("pattern", "")))
    except re.error as error:
        yield place, f"{schema['pattern']} is no regular expression: {error}"
    if schema.get("type") == "integer" and "default" in schema:
        default = schema["default"]
        if not schema.get("minimum", default) <= default <= schema.get("maximum", default):
            yield place, f"the default {default} is out of bounds"


def _unknown_names(place: Place, schema: JsonObject) -> Iterator[Problem]:
    for name in schema.get("required", ()):
        if name not in schema["properties"]:
            yield (*place, "required"), f"{name} is not among the properties"


def _named_like(place: Place, name: str, expected: str) -> Iterator[Problem]:
    if name != expected:
        yield place, f"expected a name like {expected}"


def _taken(named: Iterable[tuple[Place, str]], taken: Iterable[str] = ()) -> Iterator[Problem]:
    seen = set(taken)
    for place, name in named:
        if name in seen:
            yield place, f"the name {name} is taken"
        seen.add(name)

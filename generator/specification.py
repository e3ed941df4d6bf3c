"""
Reading spec/.

One rule: whatever is wrong is found before anything is written, and is said with its file, line and place.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from jsonschema import Draft202012Validator, validators  # type: ignore[import-untyped]
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

JsonObject = dict[str, Any]  # a YAML document has no narrower type
Place = tuple[str | int, ...]
Problem = tuple[Place, str]

DIALECT: Final = Path(__file__).parent / "dialect"
FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_MESSAGE: Final = 300  # jsonschema quotes whole values


class InvalidSpec(Exception):
    """The spec cannot be used. The text names file, line and place of everything that is wrong."""

    @classmethod
    def at(cls, file: Path, problems: Iterable[Problem]) -> "InvalidSpec":
        """Say where in a readable YAML file each problem is."""
        document = YAML().load(file.read_text(encoding="utf-8"))
        found = sorted({(_line(document, place), _pointer(place), problem) for place, problem in problems})
        return cls("\n".join(f"{file}:{line}: at {pointer}: {problem}" for line, pointer, problem in found))


@frozen
class Specification:
    """The two documents of spec/, of which the templates can rely on what dialect/ says."""

    openapi: JsonObject
    error_codes: Sequence[JsonObject]
    file: Path

    def resolve(self, node: Mapping[str, Any]) -> JsonObject:
        """Follow a reference, if it is one. What it refers to is none."""
        if "$ref" not in node:
            return dict(node)
        target: Any = self.openapi
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return dict(target)

    def operations(self) -> Iterator[tuple[str, str, JsonObject]]:
        """Path, method and operation, in the order of the file."""
        for path, item in self.openapi["paths"].items():
            for method, operation in item.items():
                yield path, method, operation

    def parameters(self, operation: Mapping[str, Any]) -> list[JsonObject]:
        """Name, schema, `required` and maybe `description` of each parameter, in the order of the wire."""
        form = self.form(operation)
        if form is None:
            return [{"required": False} | parameter for parameter in operation.get("parameters", ())]
        required = form.get("required", ())
        return [
            {"name": name, "schema": schema, "required": name in required}
            | ({"description": schema["description"]} if "description" in schema else {})
            for name, schema in form["properties"].items()
        ]

    def form(self, operation: Mapping[str, Any]) -> JsonObject | None:
        """Schema of the form body, or None for an operation whose parameters go into the query string."""
        if "requestBody" not in operation:
            return None
        schema: JsonObject = operation["requestBody"]["content"][FORM]["schema"]
        return schema


def read_specification(folder: Path) -> Specification:
    """Read spec/ and check that it fits dialect/. Raises InvalidSpec."""
    file, codes_file = folder / "openapi.yaml", folder / "error_codes.yaml"
    openapi = _read(file)
    _refuse(file, _reference_problems(openapi))
    _refuse(file, _dialect_problems(openapi, "openapi.yaml"))
    codes = _read(codes_file)
    _refuse(codes_file, _dialect_problems(codes, "error_codes.yaml"))
    _refuse(codes_file, _repeated_codes(codes["codes"]))
    return Specification(openapi, codes["codes"], file)


@cache
def dialect(name: str) -> JsonObject:
    """Return the JSON Schema that one file of spec/ has to fit."""
    schema: JsonObject = YAML(typ="safe", pure=True).load((DIALECT / name).read_text(encoding="utf-8"))
    return schema


def _refuse(file: Path, problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise InvalidSpec.at(file, found)


def _read(file: Path) -> JsonObject:
    text = ""
    try:
        text = file.read_text(encoding="utf-8")
        document = YAML(typ="safe", pure=True).load(text)
        problems = list(_text_problems((), document))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        message = f"{file}: cannot be read: {error}"
        raise InvalidSpec(message) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        message = f"{file}{where}: not YAML: {error.problem or error.context}"
        raise InvalidSpec(message) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"{file}:{line}: not YAML: it holds the character {error.character!r}"
        raise InvalidSpec(message) from error
    if not isinstance(document, dict):
        message = f"{file}:1: expected a mapping at the top"
        raise InvalidSpec(message)
    _refuse(file, problems)
    return document


def _text_problems(place: Place, node: object) -> Iterator[Problem]:
    """Texts go into source files: what cannot be seen there could hide something, or break the file."""
    match node:
        case dict():
            for key, value in node.items():
                if not isinstance(key, str):
                    yield (*place, key), f"the key {key!r} is no text: quote it"
                else:
                    yield from _text_problems((*place, key), key)
                    yield from _text_problems((*place, key), value)
        case list():
            for index, item in enumerate(node):
                yield from _text_problems((*place, index), item)
        case str():
            visible = node.replace("\n", "") if place[-1:] == ("description",) else node
            if not visible.isprintable():
                odd = next(character for character in visible if not character.isprintable())
                yield place, f"the character U+{ord(odd):04X} cannot be seen and is not supported"
        case None | int() | float():
            pass
        case _:
            yield place, f"{type(node).__name__} is not supported: quote it"


def _reference_problems(openapi: JsonObject) -> Iterator[Problem]:
    def target(reference: str) -> object:
        node: Any = openapi
        for part in reference.removeprefix("#/").split("/"):
            node = node.get(part) if isinstance(node, dict) else None
        return node

    def search(place: Place, node: object) -> Iterator[Problem]:
        if isinstance(node, list):
            for index, item in enumerate(node):
                yield from search((*place, index), item)
        if isinstance(node, dict):
            for key, value in node.items():
                if key != "$ref":
                    yield from search((*place, key), value)
                elif not isinstance(value, str) or not value.startswith("#/components/"):
                    yield (*place, key), f"{value} is not under #/components/ of this file"
                elif not isinstance(found := target(value), dict):
                    yield (*place, key), f"{value} does not exist"
                elif "$ref" in found:
                    yield (*place, key), f"{value} is a reference itself: refer to what it refers to"

    return search((), openapi)


# JSON Schema takes 900.0 for an integer; in Python code it would be a float.
_StrictValidator: Final = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def _dialect_problems(document: JsonObject, name: str) -> Iterator[Problem]:
    for error in _StrictValidator(dialect(name)).iter_errors(document):
        yield tuple(error.absolute_path), textwrap.shorten(error.message, _LONGEST_MESSAGE, placeholder=" …")


def _repeated_codes(rows: Sequence[JsonObject]) -> Iterator[Problem]:
    first: dict[int, int] = {}
    for index, row in enumerate(rows):
        if first.setdefault(row["code"], index) != index:
            yield ("codes", index), f"{row['code']} stands here twice"


def _pointer(place: Place) -> str:
    return "#/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in place)


def _line(document: Any, place: Place) -> int:
    """Line of a place, or of the nearest thing around it that is there."""
    node: Any = document
    line = 0
    for part in place:
        try:
            line, node = node.lc.data[part][0], node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line + 1

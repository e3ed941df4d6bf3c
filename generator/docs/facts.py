"""
The facts that one source states of one operation in one language.

One rule: a fact is what a program depends on; wording, order and example values are none. Each knows its line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from generator.docs.wording import Endpoint, Language, Part

SourceKind = Literal["page", "schema", "sdk"]
ValueType = Literal["string", "integer", "number", "boolean", "array", "object", "null", ""]
VALUE_TYPES: Final[Mapping[str, ValueType]] = {
    "string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "array": "array", "object": "object", "null": "null",
}  # fmt: skip
# What the old pages call a type, and OpenAPI does.
OPENAPI_TYPE: Final[Mapping[str, ValueType | Literal["enum"]]] = {
    "LONG": "integer", "INT": "integer", "STRING": "string", "BOOLEAN": "boolean", "ENUM": "enum",
}  # fmt: skip
Bound = Literal["default", "maximum", "minimum", "below", "above", "unread"]
Role = Literal["reach", "default"]


class Stated(NamedTuple):
    """A value and the line that states it."""

    value: str
    line: int


class Limit(NamedTuple):
    """What a parameter's value is when left out, or may be at most or at least."""

    parameter: str
    bound: Bound
    value: str
    line: int


class Span(NamedTuple):
    """A stretch of time: how far back something reaches, or what is taken when nothing is said."""

    role: Role
    value: str
    line: int


class EndpointAt(NamedTuple):
    """A method and a path, and the line of each."""

    endpoint: Endpoint
    line: int
    path_line: int


class Weight(NamedTuple):
    """What a call costs and whom it is counted against: IP, UID or not said."""

    value: str
    kind: str
    value_line: int
    kind_line: int

    def __str__(self) -> str:
        return f"{self.value} ({self.kind})" if self.kind else self.value


class Parameter(NamedTuple):
    """A parameter. Its type is in capitals in the words of the old pages, in small letters in those of OpenAPI."""

    name: str
    type: str
    mandatory: str
    line: int
    type_line: int = 0
    mandatory_line: int = 0


class TransferType(NamedTuple):
    """A type and how the page explains it."""

    name: str
    description: str
    line: int
    struck: bool = False


class SymbolRule(NamedTuple):
    """A parameter must be sent with a type; or, negated, a sentence says that it need not or must not."""

    parameter: str
    type: str
    line: int
    negated: bool = False


class Field(NamedTuple):
    """A field of the response, e.g. `rows[].asset`, and in how many of the objects that could hold it it stands."""

    path: str
    line: int
    present: int = 1
    objects: int = 1
    types: tuple[tuple[ValueType, int], ...] = ()
    """Types of its values as JSON has them, each with the line where it was first seen."""

    @property
    def name(self) -> str:
        """The field without what is around it."""
        return self.path.rpartition(".")[2]


class FieldValues(NamedTuple):
    """The values of a field that a comment in the example lists."""

    path: str
    values: frozenset[str]
    line: int


@dataclass(slots=True)
class Facts:
    """All of them."""

    language: Language
    source: SourceKind = "page"
    title: str = ""
    line: int = 1
    lines: dict[Part, int] = field(default_factory=dict)
    """Where each part begins."""
    endpoints: list[EndpointAt] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)
    permissions: list[Stated] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    types: list[TransferType] = field(default_factory=list)
    enums: dict[str, list[TransferType]] = field(default_factory=dict)
    """Values that a parameter may have, for each that has a list of its own."""
    rules: list[SymbolRule] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    listed_fields: list[Field] = field(default_factory=list)
    """Fields of the response that stand in a list without saying where in the answer they are."""
    field_values: list[FieldValues] = field(default_factory=list)
    address: str = ""
    """The page that the source names as its own."""
    has_example: bool = False
    problems: list[Stated] = field(default_factory=list)
    """What could not be read; nothing is concluded from a description that has any."""

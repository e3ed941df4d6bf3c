"""
Checks of the values that a user or a test sets.

One rule: what is refused is named together with what would be taken, as a ValueError.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar

from attrs import Attribute, AttrsInstance, fields

_MOST: Final = 2**53
"""The largest whole number that every JSON reader takes, in milliseconds 285 000 years."""

Kind = TypeVar("Kind", bound=AttrsInstance)
Check = Callable[[object, "Attribute[Any]", Any], None]


def whole(least: int = 0, most: int = _MOST) -> Check:
    """Take whole numbers from `least` to `most`."""

    def check(_owner: object, attribute: "Attribute[Any]", value: object) -> None:
        if type(value) is not int or not least <= value <= most:
            limits = f"of at least {least}" if most == _MOST else f"from {least} to {most}"
            raise ValueError(f"{attribute.name} must be a whole number {limits}, not {_shown(value)}")

    return check


def signed(_owner: object, attribute: "Attribute[Any]", value: object) -> None:
    """Take whole numbers, negative ones too."""
    if type(value) is not int or abs(value) > _MOST:
        raise ValueError(f"{attribute.name} must be a whole number, not {_shown(value)}")


def flag(_owner: object, attribute: "Attribute[Any]", value: object) -> None:
    """Take True and False."""
    if type(value) is not bool:
        raise ValueError(f"{attribute.name} must be true or false, not {_shown(value)}")


def text(_owner: object, attribute: "Attribute[Any]", value: object) -> None:
    """Take a text that is not empty and can be sent as UTF-8."""
    if not isinstance(value, str) or not value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{attribute.name} must be a text, not {_shown(value)}")


def header(_owner: object, attribute: "Attribute[Any]", value: object) -> None:
    """Take a text that can stand in a header: visible ASCII."""
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable()):
        raise ValueError(f"{attribute.name} must be a text of visible ASCII characters, not {_shown(value)}")


def one_of(choices: Collection[object]) -> Check:
    """Take one of these."""

    def check(_owner: object, attribute: "Attribute[Any]", value: object) -> None:
        # Compared one by one: what comes from JSON need not be hashable, and True equals 1.
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            named = ", ".join(map(str, choices))
            raise ValueError(f"{attribute.name} must be one of {named}; not {_shown(value)}")

    return check


def construct(kind: type[Kind], values: Mapping[str, Any], name: str | None = None) -> Kind:
    """Make a value from JSON ones, calling it `name`. ValueError names what is unknown, missing or wrong."""
    name = kind.__name__ if name is None else name
    if not isinstance(values, Mapping):
        raise ValueError(f"{name} must be a JSON object, not {_shown(values)}")  # noqa: TRY004  as all bad input
    known = {attribute.name for attribute in fields(kind)}
    if unknown := values.keys() - known:
        raise ValueError(f"{name} has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
    try:
        return kind(**values)
    except TypeError as unfit:  # a required field is missing, or a value has the wrong type
        raise ValueError(f"{name}: {unfit.args[0]}") from unfit


def _shown(value: object) -> str:
    written = ascii(value)
    return written if len(written) <= 80 else written[:80] + "…"  # noqa: PLR2004  enough to recognize it

"""Which cases of a table are for the exhaustive tests alone."""

from typing import Any

import pytest


def thorough(*values: object) -> list[Any]:
    """Return values for `parametrize` that only `make thorough` tries."""
    return [pytest.param(value, marks=pytest.mark.thorough) for value in values]

"""The server that the tests of the low-level client talk to."""

from collections.abc import Iterator

import pytest

from tests.generated.exchange import Exchange, running


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """A running server on loopback."""
    with running() as served:
        yield served

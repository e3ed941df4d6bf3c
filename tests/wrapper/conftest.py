"""Fixtures that most tests of the package use."""

from collections.abc import Iterator
from typing import cast

import pytest

from binance_transfer_sandbox import Sandbox
from tests.wrapper import calls


@pytest.fixture(params=calls.WAYS)
def way(request: pytest.FixtureRequest) -> calls.Way:
    """Each test that asks for it runs with the sync client and with the async one."""
    return cast("calls.Way", request.param)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An exchange of its own for each test."""
    with Sandbox(seed=1) as running:
        yield running

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


@pytest.fixture(params=calls.WAYS)
def httpx_way(request: pytest.FixtureRequest) -> calls.Way:
    """The same, in modules whose tests run over each transport: what only httpx has."""
    return cast("calls.Way", request.param)


@pytest.fixture(params=calls.SYNC)
def sync_way(request: pytest.FixtureRequest) -> calls.Way:
    """Each transport for threads."""
    return cast("calls.Way", request.param)


@pytest.fixture(params=calls.ASYNCIO)
def asyncio_way(request: pytest.FixtureRequest) -> calls.Way:
    """Each transport for asyncio."""
    return cast("calls.Way", request.param)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An exchange of its own for each test."""
    with Sandbox(seed=1) as running:
        yield running

"""
A pytest fixture with a fresh exchange for each test.

    def test_sweep_survives_a_lost_answer(binance_sandbox):
        binance_sandbox.fail_next(faults.Drop(executes=True))
        with pytest.raises(OutcomeUnknown):
            sweep(base_url=binance_sandbox.base_url, **binance_sandbox.credentials)
        assert len(binance_sandbox.ledger.executions()) == 1

What `Sandbox` takes can be given by a marker, on a test, a class or a module; the nearest wins:

    @pytest.mark.binance_sandbox(transfer_weight=900, symbols=["SOLUSDT"])
    def test_the_pace_of_last_year(binance_sandbox): ...

One rule: importing this costs nothing, since pytest does so at every start once the package is installed.
"""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from binance_transfer_sandbox import Sandbox


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known to pytest."""
    config.addinivalue_line(
        "markers", "binance_sandbox(**arguments): what the fixture binance_sandbox gives to Sandbox, e.g. admin=True"
    )


@pytest.fixture
def binance_sandbox(request: pytest.FixtureRequest) -> "Iterator[Sandbox]":
    """Give the test a `binance_transfer_sandbox.Sandbox` of its own, running, as its markers say."""
    from binance_transfer_sandbox import Sandbox  # the server is loaded by the tests that need it

    arguments: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("binance_sandbox"))):
        if marker.args:
            raise TypeError("the marker binance_sandbox takes named arguments only, those of Sandbox")
        arguments |= marker.kwargs
    with Sandbox(**arguments) as sandbox:
        yield sandbox

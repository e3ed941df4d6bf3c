"""
A pytest fixture with a fresh exchange for each test.

    def test_sweep_survives_a_lost_answer(binance_sandbox):
        binance_sandbox.fail_next(faults.Drop(executes=True))
        with pytest.raises(OutcomeUnknown):
            sweep(base_url=binance_sandbox.base_url, **binance_sandbox.credentials)
        assert len(binance_sandbox.ledger.executions()) == 1

One rule: importing this costs nothing, since pytest does so at every start once the package is installed.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from binance_transfer_sandbox import Sandbox


@pytest.fixture
def binance_sandbox() -> "Iterator[Sandbox]":
    """Give the test a `binance_transfer_sandbox.Sandbox` of its own, running."""
    from binance_transfer_sandbox import Sandbox  # the server is loaded by the tests that need it

    with Sandbox() as sandbox:
        yield sandbox

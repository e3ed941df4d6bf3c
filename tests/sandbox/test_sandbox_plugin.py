"""The pytest fixture, and what importing the package costs."""

import os
import subprocess
import sys

import httpx
import pytest

from binance_transfer_sandbox import Sandbox
from binance_transfer_sandbox import __all__ as public
from binance_transfer_sandbox.pytest_plugin import binance_sandbox  # noqa: F401  pytest finds it by name

seen: list[str] = []


@pytest.mark.parametrize("_round", [1, 2])
def test_each_test_gets_an_exchange_of_its_own(binance_sandbox: Sandbox, _round: int) -> None:  # noqa: F811
    assert httpx.get(f"{binance_sandbox.base_url}/api/v3/time", trust_env=False, verify=False).status_code == 200
    assert binance_sandbox.credentials.api_key not in seen
    seen.append(binance_sandbox.credentials.api_key)


def test_the_weight_is_todays(binance_sandbox: Sandbox) -> None:  # noqa: F811
    assert binance_sandbox.exchange.limits.transfer_weight == 300


@pytest.mark.binance_sandbox(transfer_weight=900, admin=True)
class TestMarked:
    def test_a_marker_tells_what_the_sandbox_is_made_of(self, binance_sandbox: Sandbox) -> None:  # noqa: F811
        assert binance_sandbox.exchange.limits.transfer_weight == 900

    @pytest.mark.binance_sandbox(transfer_weight=1, symbols=["SOLUSDT"])
    def test_the_nearest_marker_wins_and_the_others_still_count(self, binance_sandbox: Sandbox) -> None:  # noqa: F811
        assert binance_sandbox.exchange.limits.transfer_weight == 1
        assert "SOLUSDT" in binance_sandbox.exchange.symbols
        url = f"{binance_sandbox.base_url}/sandbox/ledger"
        assert httpx.get(url, trust_env=False, verify=False).status_code == 200


def test_the_plugin_loads_no_server() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import binance_transfer_sandbox.pytest_plugin;"
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('binance_transfer_sandbox')))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_all_public_names_are_there() -> None:
    import binance_transfer_sandbox

    assert all(getattr(binance_transfer_sandbox, name) for name in public)
    with pytest.raises(AttributeError, match="no attribute 'Bank'"):
        binance_transfer_sandbox.Bank  # noqa: B018  the error is what is asked for

"""
An exchange on this machine, for trying out and testing transfers between wallets without an account.

    with Sandbox() as sandbox:
        ...  # sandbox.base_url, sandbox.credentials
        sandbox.fail_next(faults.Drop(executes=True))
        ...
        assert len(sandbox.ledger.executions()) == 1

One rule: it imports nothing of the client that it tests. Names are loaded when they are first used, since pytest
imports this package at every start of a user's tests.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from binance_transfer_sandbox import faults
    from binance_transfer_sandbox.exchange import Exchange
    from binance_transfer_sandbox.history import HistoryBehaviour
    from binance_transfer_sandbox.keys import SandboxCredentials
    from binance_transfer_sandbox.ledger import Entry, Ledger
    from binance_transfer_sandbox.limits import Limits
    from binance_transfer_sandbox.server import Sandbox
    from binance_transfer_sandbox.spelling import Spelling

_HOMES = {
    "Entry": "ledger",
    "Exchange": "exchange",
    "HistoryBehaviour": "history",
    "Ledger": "ledger",
    "Limits": "limits",
    "Sandbox": "server",
    "SandboxCredentials": "keys",
    "Spelling": "spelling",
}

__all__ = [
    "Entry",
    "Exchange",
    "HistoryBehaviour",
    "Ledger",
    "Limits",
    "Sandbox",
    "SandboxCredentials",
    "Spelling",
    "faults",
]


def __getattr__(name: str) -> object:
    if name == "faults":
        return import_module(f"{__name__}.faults")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

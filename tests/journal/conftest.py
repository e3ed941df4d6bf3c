"""The fixtures of tests/support/journals.py, which the tests of processes share."""

from tests.support.journals import (
    Asyncio,
    Connect,
    Database,
    OpenJournal,
    Wire,
    client,
    clock,
    connect,
    database,
    journal,
    open_journal,
    sandbox,
    url,
    wire,
    worker,
)

__all__ = [
    "Asyncio",
    "Connect",
    "Database",
    "OpenJournal",
    "Wire",
    "client",
    "clock",
    "connect",
    "database",
    "journal",
    "open_journal",
    "sandbox",
    "url",
    "wire",
    "worker",
]

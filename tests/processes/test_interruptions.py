"""A transaction may be interrupted anywhere: its lock is given up at once, and the interruption passes unchanged."""

import pytest

from tests.processes.conftest import Start


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "SystemExit"])
def test_an_interrupted_transaction_keeps_no_lock(kind: str, start: Start, url: str) -> None:
    """At random moments, without a garbage collection: a thousand times in a file, some dozens on a server."""
    [said] = start("interrupt", url=url, kind=kind, for_s=6, at_least=21).finish()
    assert (said["odd"], said["held"], said["logged"]) == ([], 0, [])
    assert said["interrupted"] >= 21

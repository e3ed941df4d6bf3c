"""
A primary whose standby does not confirm: a COMMIT waits for it, and the server may give that wait up with a warning.

Such a COMMIT is not relied upon: it is lost if the standby takes over. There is no standby in these tests, so every
COMMIT of a session that asks for one waits until somebody ends the wait.
"""

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from tests.processes.conftest import PostgreSQL
from tests.processes.test_silent_server import Hooked, in_time

SWEEP = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")
TIMEOUT_S = 1.5
WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


class Standby:
    """What the primary believes of its standby, and who ends waits for it."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._over = threading.Event()
        self._ending: threading.Thread | None = None

    def lose(self) -> None:
        self._set("'nobody'")

    def wait_no_more(self) -> None:
        self._set("''")

    def _set(self, names: str) -> None:
        # The administrator's own commits would wait too.
        self._server.administer(f"ALTER SYSTEM SET synchronous_standby_names = {names}")
        self._server.administer("SELECT pg_reload_conf()")
        until_s = time.monotonic() + 20
        with psycopg.connect(self._server.uri, autocommit=True) as connection:
            while connection.execute("SHOW synchronous_standby_names").fetchone() != (names.strip("'"),):
                assert time.monotonic() < until_s
                time.sleep(0.01)

    def end_waits(self, how: str) -> None:
        """Let an administrator end every wait for the standby that there is or will be."""

        def end() -> None:
            with psycopg.connect(self._server.uri, autocommit=True) as connection:
                while not self._over.wait(0.02):
                    connection.execute(f"SELECT {how}(pid) {WAITING}".encode())

        self._ending = threading.Thread(target=end, daemon=True)
        self._ending.start()

    def end(self) -> None:
        self._over.set()
        if self._ending:
            self._ending.join(20)
        self.wait_no_more()
        self._server.administer(f"SELECT pg_cancel_backend(pid) {WAITING}")


@pytest.fixture
def standby(postgresql: PostgreSQL) -> Iterator[Standby]:
    standby = Standby(postgresql)
    yield standby
    standby.end()


@pytest.fixture
def journal(postgresql: PostgreSQL, standby: Standby) -> Iterator[bt.Journal]:
    del standby  # its end comes after the journal's
    with bt.Journal(postgresql.new_url(), account="treasury") as journal:
        yield journal


Call = Callable[..., bt.Receipt]


@pytest.fixture
def call(journal: bt.Journal, sandbox: Sandbox) -> Call:
    def run(key: str, *, answered: Callable[[], None] = lambda: None, resolve_within_s: float = 0) -> bt.Receipt:
        with bt.TransferClient(
            sandbox.credentials,
            base_url=sandbox.base_url,
            journal=journal,
            transport=Hooked(answered),
            timeout_s=TIMEOUT_S,
            recv_window_ms=1_000,
            settle_ms=500,
        ) as client:
            client.server_time()
            return in_time(lambda: client.execute(SWEEP, idempotency_key=key, resolve_within_s=resolve_within_s))

    run("before")
    return run


def moved(sandbox: Sandbox) -> int:
    return len(sandbox.ledger.executions()) - 1  # but for "before"


def until_it_moves(call: Call, key: str) -> bt.Receipt:
    for _ in range(3):
        try:
            return call(key, resolve_within_s=8)
        except bt.ProvenAbsent:
            continue
    raise AssertionError(key)


@pytest.mark.parametrize(
    ("how", "told"), [("pg_cancel_backend", "did not confirm the COMMIT"), ("pg_terminate_backend", "check that")]
)
def test_an_intent_that_no_standby_confirmed_is_not_sent(
    how: str, told: str, call: Call, journal: bt.Journal, standby: Standby, sandbox: Sandbox
) -> None:
    """It is committed on the primary, as all can see, and may be gone with it."""
    standby.lose()
    standby.end_waits(how)
    with pytest.raises(bt.JournalFailed, match=told):
        call("k")
    entry = journal.get("k")
    assert entry is not None
    assert entry.state == "open"
    assert moved(sandbox) == 0
    standby.end()
    until_it_moves(call, "k")
    assert moved(sandbox) == 1


def test_an_intent_whose_standby_never_answers_is_not_sent(call: Call, standby: Standby, sandbox: Sandbox) -> None:
    """The COMMIT waits for ever; the call does not."""
    standby.lose()
    with pytest.raises(bt.JournalFailed, match="did not answer"):
        call("k")
    assert moved(sandbox) == 0
    standby.end()
    until_it_moves(call, "k")
    assert moved(sandbox) == 1


@pytest.mark.parametrize("how", ["", "pg_cancel_backend", "pg_terminate_backend"])
def test_a_verdict_that_no_standby_confirmed_does_not_count_as_recorded(
    how: str, call: Call, standby: Standby, sandbox: Sandbox
) -> None:
    """The receipt is returned, and says so; nor does it help that the next try finds the verdict on the primary."""

    def answered() -> None:
        standby.lose()
        if how:
            standby.end_waits(how)

    receipt = call("k", answered=answered)
    assert not receipt.recorded
    standby.end()
    again = call("k", resolve_within_s=8)
    assert (again.tran_id, again.replayed) == (receipt.tran_id, True)
    assert moved(sandbox) == 1

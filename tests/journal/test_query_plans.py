"""
What a transaction asks while others wait for it costs the same in a journal of ten keys and of a million.

Every statement of a journal's life is taken down as it runs, and its plan is read: each table is searched by an index,
and by more of it than the account, whose rows may be all there are.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.journal.conftest import Connect, Wire
from tests.journal.test_journal_keys import SWEEP
from tests.support.clock import ManualClock

Statement = tuple[str, Any]
TABLES = ("v2_accounts", "v2_api_keys", "v2_keys", "v2_attempts", "v2_answers", "v2_verdicts")


class Listener:
    """Takes down what is run on a journal's database."""

    def __init__(self, journal: bt.Journal) -> None:
        database: Any = journal._database
        self.engine = database._engine
        self.heard: dict[str, Any] = {}
        event.listen(self.engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        self.heard.setdefault(statement, parameters[0] if many else parameters)

    def statements(self) -> Iterator[Statement]:
        for statement, parameters in list(self.heard.items()):
            if statement.startswith(("SELECT", "UPDATE", "INSERT")) and any(table in statement for table in TABLES):
                yield statement, parameters

    def plan(self, statement: str, parameters: Any) -> list[str]:
        """Return how each table would be searched: "SCAN …" for all of it, else with the conditions of its index."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                return [str(row[3]) for row in rows]
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            return [line.strip(" ->").replace("Seq Scan", "SCAN") for line in plan]


def live(connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock) -> None:
    """Let a journal see everything that can happen to it."""
    worker = connect(journal, transport=wire, policy=bt.Policy(max_per_day={"USDT": 10_000}))
    worker.transfer(*SWEEP, idempotency_key="moved")
    worker.transfer(*SWEEP, idempotency_key="moved")
    with pytest.raises(bt.InsufficientBalance):
        worker.transfer("MAIN_UMFUTURE", "BTC", "99999999", idempotency_key="refused")
    sandbox.fail_next(faults.Drop(executes=True))
    worker.transfer("MAIN_UMFUTURE", "USDT", "2", idempotency_key="found")
    sandbox.fail_next(faults.Drop(executes=False))
    with pytest.raises(bt.ProvenAbsent):
        worker.transfer("MAIN_UMFUTURE", "USDT", "3", idempotency_key="absent")
    for key in ("open", "resolved"):
        sandbox.fail_next(faults.Drop(executes=True))
        with pytest.raises(bt.OutcomeUnknown):
            worker.transfer(
                "MAIN_UMFUTURE", "USDT", "4" if key == "open" else "5", idempotency_key=key, resolve_within_s=0
            )
    worker.transfer("MAIN_UMFUTURE", "USDT", "4", idempotency_key="identical")
    clock.sleep(60)

    def judge_too_soon() -> None:
        clock.sleep(60)
        journal.resolve("late", not_executed=True)

    wire.after = judge_too_soon
    worker.transfer("MAIN_UMFUTURE", "USDT", "6", idempotency_key="late")
    wire.after = lambda: None
    clock.sleep(60)
    worker.resolve("resolved", tran_id=sandbox.ledger.executions(amount="5")[0].tran_id)
    journal.correct("resolved", not_executed=True, note="it was not")
    worker.reconcile_all()
    attempt = worker.prepare(bt.Transfer("MAIN_UMFUTURE", "USDT", "7"))
    worker.execute(attempt, idempotency_key="prepared")
    with pytest.raises(bt.IdempotencyConflict):
        worker.execute(attempt, idempotency_key="another")
    journal.halt("a look")
    journal.resume()
    journal.adopt("looked at")
    worker.audit(0)
    list(journal.entries(state="open"))
    journal.get("moved")


_MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"


def grown(listening: Listener) -> None:
    """Give the account some thousands of keys: a planner reads a small table in whatever way it likes."""
    some = f"{_MANY} SELECT {{}} FROM (SELECT * FROM binance_transfer_v2_{{}} LIMIT 1) one, n"
    columns = {
        "keys": "account, 'key ' || i, type, asset, amount, from_symbol, to_symbol, checked",
        "attempts": "account, 'id ' || i, 'key ' || i, 1, opened_ms + i, timestamp_ms + i, recv_window_ms, "
        "window_start_ms + i, window_end_ms + i, 1, 'moved', -i, 'asset ' || i % 50, 'alike ' || i, "
        "'query ' || i % 50, answered",
        "answers": "account, 'id ' || i, 1, at_ms, outcome, http_status, code, msg, -i",
        "verdicts": "account, 'id ' || i, 1, at_ms, verdict, state, -i, note",
    }
    with listening.engine.begin() as connection:
        for table, values in columns.items():
            statement = f"INSERT INTO binance_transfer_v2_{table} {some.format(values, table)}"
            connection.exec_driver_sql(
                statement.replace("%", "%%") if connection.dialect.name != "sqlite" else statement
            )
    if listening.engine.dialect.name == "postgresql":
        with listening.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


@pytest.fixture
def listener(connect: Connect, journal: bt.Journal, sandbox: Sandbox, wire: Wire, clock: ManualClock) -> Listener:
    listening = Listener(journal)
    live(connect, journal, sandbox, wire, clock)
    heard = dict(listening.heard)
    grown(listening)
    listening.heard = heard
    return listening


def searched(step: str) -> int | None:
    """By how many columns an index is searched; None for a step that looks at no table."""
    if step.startswith("SEARCH"):
        return len(re.findall(r"[=<>]", step))
    if step.startswith("Index Cond"):
        return len(re.findall(r" = | > | >= | < | <= ", step))
    return None


def test_no_table_is_read_from_one_end_to_the_other(listener: Listener) -> None:
    scanned = {
        statement: [step for step in listener.plan(statement, parameters) if re.match(r"SCAN (?!\d+ CONSTANT)", step)]
        for statement, parameters in listener.statements()
    }
    assert {statement: steps for statement, steps in scanned.items() if steps and "CONSTANT" not in steps[0]} == {}


def test_no_table_is_searched_by_the_account_alone(listener: Listener) -> None:
    """An account may own every row. Its own row is the exception, and there is one."""
    by_account = {
        statement: [step for step in listener.plan(statement, parameters) if searched(step) == 1]
        for statement, parameters in listener.statements()
        if not re.search(r"(FROM|UPDATE) binance_transfer_v2_accounts", statement)
    }
    assert {statement: steps for statement, steps in by_account.items() if steps} == {}


def test_nothing_is_sorted_that_could_be_long(listener: Listener) -> None:
    """The newest canary and the pages of a reader come from an index in their order."""
    ordered = [(statement, parameters) for statement, parameters in listener.statements() if "LIMIT" in statement]
    assert len(ordered) >= 2
    for statement, parameters in ordered:
        assert not [
            step for step in listener.plan(statement, parameters) if re.search("TEMP B-TREE FOR ORDER|^Sort", step)
        ]


def test_the_statements_are_those_of_every_kind(listener: Listener) -> None:
    """Or the plans above would prove little."""
    told = " ".join(statement for statement, _ in listener.statements())
    assert [table for table in TABLES if table not in told] == []
    assert len(list(listener.statements())) > 25

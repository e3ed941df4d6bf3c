"""What is counted as what, and how it is written down."""

from typing import Any

import pytest

from binance_transfer_sandbox import faults
from comparison import report
from comparison.cases import CASES, Case
from comparison.clients import ALONE, LOOPED, OURS, Client
from comparison.report import Counts, Run
from comparison.trials import Observation

pytestmark = pytest.mark.thorough

PEER = Client("peer", "", "peer", "as it is", open_outcome=frozenset({"TimedOut"}))
MINE = Client(
    OURS, "x", "ours", "as it is", open_outcome=frozenset({"Open"}), not_executed=frozenset({"Not"}), judged=True
)


def case(title: str = "lost", variant: str = "", executed: bool = True) -> Case:
    return Case(title, variant, executed, faults.Drop(executes=executed))


def returned(tran_id: str | None, *moved: str, kind: str = "dict", posts: int = 1, **of: Any) -> Observation:
    return Observation(case(**of), posts, moved, returned=kind, tran_id=tran_id)


def raised(*bases: str, moved: tuple[str, ...] = (), posts: int = 1, **of: Any) -> Observation:
    return Observation(case(**of), posts, moved, raised=bases[0], bases=bases)


# What a client did → what it reported, whether that is false, and the cell of the table.
VERDICTS = [
    (PEER, returned("7", "7"), "success", False, "success"),
    (PEER, returned("7.0", "7"), "success", False, "success"),
    (PEER, returned("8", "7"), "success", False, "success, wrong id"),
    (PEER, returned("odd", "7"), "success", False, "success, wrong id"),
    (PEER, returned(None, "7"), "success", False, "success, no id"),
    (PEER, returned(None, "7", kind="NoneType"), "success", False, "success, `None`"),
    (PEER, returned("1"), "success", True, "success ✗"),
    (PEER, returned("7", "6", "7", posts=2), "success", False, "success, **moved 2 times**, 2 POSTs"),
    (PEER, raised("Boom"), "error", False, "`Boom`"),
    (PEER, raised("Boom", moved=("7",)), "error", True, "`Boom` ✗"),
    (PEER, raised("Sub", "TimedOut", moved=("7",)), "unknown", False, "unknown (`Sub`)"),
    (MINE, raised("Refused", "Not"), "not executed", False, "not executed (`Refused`)"),
    (MINE, raised("Refused", "Not", moved=("7",)), "not executed", True, "not executed (`Refused`) ✗"),
    (MINE, raised("Open"), "unknown", False, "unknown (`Open`)"),
]


@pytest.mark.parametrize(("client", "seen", "reported", "false", "cell"), VERDICTS)
def test_a_report_is_held_against_the_books(
    client: Client, seen: Observation, reported: str, false: bool, cell: str
) -> None:
    is_false = report.is_false(client, seen)
    assert (report.reported(client, seen), is_false, report.cell(client, seen)) == (reported, false, cell)


def test_counts() -> None:
    seen = (raised("Boom", moved=("1",)), returned("1"), returned("2", "1", "2", posts=3), raised("TimedOut"))
    counts = report.counted(Run(PEER, "1.0", seen))
    assert counts == Counts(calls=4, failed_but_moved=1, succeeded_but_not=1, moved_twice=1, left_open=1, posts=3)


@pytest.mark.parametrize(
    "seen",
    [returned("1"), raised("Not", moved=("1",)), returned("2", "1", "2"), returned("1", "1", posts=2)],
)
def test_a_fault_of_ours_is_misbehaviour(seen: Observation) -> None:
    """A false report, money moved twice, a second request for a call."""
    assert list(report.misbehaviour([Run(MINE, "1.0", (seen,))], []))


def test_that_ours_was_not_measured_is_misbehaviour() -> None:
    assert list(report.misbehaviour([], [Run(MINE, "1.0", problem="died")]))


def test_faults_of_others_are_not_misbehaviour() -> None:
    assert not list(report.misbehaviour([Run(PEER, "1.0", (returned("1"),)), Run(PEER, "1.0", problem="died")], []))


def test_a_second_request_in_a_loop_is_what_a_loop_is_for() -> None:
    assert not list(report.misbehaviour([], [Run(MINE, "1.0", (returned("1", "1", posts=2),))]))


def test_the_summary_has_a_line_for_each_client() -> None:
    alone, looped = [Run(PEER, "1.0", (raised("Boom", moved=("1",)),))], [Run(MINE, "1.0", (returned("1", "1"),))]
    assert report.summary(alone, looped).splitlines()[2:] == [
        "| peer | 0 | 1 | 0 | 0 |  |  |  |  |",
        "| **this client**, x |  |  |  |  | 0 | 0 | 0 | 0 |",
    ]


def test_variants_that_went_alike_share_a_row() -> None:
    seen = (
        raised("Boom", variant="FIN"),
        raised("Else", variant="RST"),
        raised("Boom", variant="EOF"),
        raised("Boom", executed=False),
    )
    lines = report.details([Run(PEER, "1.0", seen)], [], "2026-01-02", "3.11").splitlines()
    assert [line for line in lines if line.startswith("| lost")] == [
        "| lost: FIN, EOF | yes | `Boom` |",
        "| lost: RST | yes | `Else` |",
        "| lost | no | `Boom` |",
    ]


def test_a_client_that_cannot_be_had_is_listed() -> None:
    text = report.details([Run(PEER, "1.0", problem="no such version")], [], "2026-01-02", "3.11")
    assert "| peer | 1.0 | not measured: no such version |" in text


def test_a_part_goes_between_its_markers() -> None:
    text = "a\n<!-- x -->old<!-- end of x -->\nb\n"
    once = report.replaced(text, {"x": lambda: "new", "y": lambda: "other"})
    assert once == "a\n<!-- x -->\n\nnew\n\n<!-- end of x -->\nb\n"
    assert report.replaced(once, {"x": lambda: "new"}) == once


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="no marker"):
        report.replaced("text", {"x": lambda: "new"})


def test_the_cases_are_all_faults_in_both_outcomes() -> None:
    """Every fault of the sandbox that hides or replaces the answer to a transfer, or refuses it."""
    about_rows = {faults.Hide, faults.Settle, faults.Respell, faults.Stamp}
    about_history = {kind for kind in faults.KINDS.values() if kind.target == "history"}
    real_answers = {faults.Encoded, faults.Trailing}  # compressed, or with leftovers behind it
    kinds = {type(each.fault) for each in CASES if each.fault}
    assert kinds == set(faults.KINDS.values()) - about_rows - about_history - real_answers - {faults.Together}
    hiding = {
        (each.title, each.variant, each.executed) for each in CASES if getattr(each.fault, "executes", None) is not None
    }
    lonely = {(title, variant) for title, variant, executed in hiding if (title, variant, not executed) not in hiding}
    assert lonely == {("connection closed, executed later", "")}


def test_our_set_ups_are_judged_but_for_the_one_that_is_misused() -> None:
    mine = [client for client in (*ALONE, *LOOPED) if client.name == OURS]
    assert [client.title for client in mine if not client.judged] == ["**this client**, no journal, misused"]

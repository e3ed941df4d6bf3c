"""Our own rows, measured: no false report, nothing moved twice. The peers are for `make compare`."""

import sys
from pathlib import Path

import pytest

from comparison import __main__ as command
from comparison import report, trials
from comparison.cases import CASES, Case
from comparison.clients import ALONE, LOOPED, Client
from comparison.report import Run

pytestmark = pytest.mark.thorough

PYTHON = Path(sys.executable)
KEYED, BARE = ALONE[:2]
KEYED_IN_A_LOOP, BARE_IN_A_LOOP, MISUSED = LOOPED[:3]

# One of each title: proving that nothing moved takes two seconds a case.
ONE_OF_EACH = tuple({(case.title, case.executed): case for case in reversed(CASES)}.values())
LOST = tuple(case for case in ONE_OF_EACH if case.title.startswith("connection"))


@pytest.mark.parametrize(
    ("client", "cases"),
    [(KEYED, ONE_OF_EACH), (BARE, CASES), (KEYED_IN_A_LOOP, LOST), (BARE_IN_A_LOOP, LOST)],
    ids=["key", "bare", "key-in-a-loop", "bare-in-a-loop"],
)
def test_no_report_is_false_and_nothing_moves_twice(client: Client, cases: tuple[Case, ...]) -> None:
    run = Run(client, "", tuple(trials.run(client, PYTHON, cases)))
    assert list(report.misbehaviour([] if client.loop else [run], [run])) == []
    assert len(run.observations) == len(cases)
    if "journal" in client.settings:  # then nothing is left open either
        assert report.counted(run).left_open == 0


def test_what_the_misused_client_does_is_noticed() -> None:
    """The same measurement does find money that moved twice."""
    lost = [case for case in LOST if case.executed][:1]
    (seen,) = trials.run(MISUSED, PYTHON, lost)
    assert (len(seen.moved), seen.posts) == (2, 2)


def test_a_program_that_dies_is_reported_with_its_last_line() -> None:
    missing = Client("missing", "", "missing", "")
    with pytest.raises(trials.Broken, match=r"No module named comparison\.programs\.missing"):
        trials.run(missing, PYTHON, CASES[:1])


def test_the_command_writes_both_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ALONE", (BARE,))
    monkeypatch.setattr(command, "LOOPED", ())
    for name in ("comparison", "comparison summary"):
        (tmp_path / name).write_text(f"<!-- {name} --><!-- end of {name} -->")
    paths = [str(tmp_path / name) for name in ("comparison", "comparison summary")]
    assert command.main(["--write", paths[0], "--write", paths[1]]) == 0
    assert "### One call" in Path(paths[0]).read_text("utf-8")
    assert Path(paths[1]).read_text("utf-8").count("this client") == 1
    assert "### Totals" in capsys.readouterr().out


def test_the_command_fails_where_ours_misbehaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ALONE", ())
    monkeypatch.setattr(command, "LOOPED", (KEYED_IN_A_LOOP,))

    def died(*_: object) -> list[trials.Observation]:
        raise trials.Broken("died")

    monkeypatch.setattr(trials, "run", died)
    assert command.main([]) == 1

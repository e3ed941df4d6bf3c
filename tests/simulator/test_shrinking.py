"""Shrinking: a failing seed becomes a story of a few lines, of the same kind of violation, the same one each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain
from random import Random

import pytest

from simulator import world
from simulator.__main__ import main
from simulator.ablation import ABLATIONS
from simulator.chance import Chance, Recorded, Replayed
from simulator.checker import Wrong
from simulator.scenario import ROUGHER, Kind
from simulator.shrink import Shrunk, shrink

pytestmark = pytest.mark.thorough

_ENDLESS_S = 1e9  # only the number of tries ends a search, so that a slow machine finds the same
_MOST = 10

# What is done instead of a rule, and what goes wrong then.
CASES: list[tuple[Kind, str, Wrong]] = [
    ("no-journal", "no answer counts as not executed", Wrong.DENIED),
    ("no-journal", "the window ends with recvWindow", Wrong.DENIED),
    ("no-journal", "a failed row counts as moved", Wrong.INVENTED),
    ("no-journal", "ids claimed by others are not left out", Wrong.WRONG_ERROR),
    ("journal", "it is sent before it is recorded", Wrong.MOVED_TWICE),
    ("journal", "an open key is sent again", Wrong.MOVED_TWICE),
    ("journal", "a key that moved is sent again", Wrong.MOVED_TWICE),
]


@contextmanager
def _without_rule(instead: str) -> Iterator[None]:
    ablation = next(ablation for ablation in chain.from_iterable(ABLATIONS.values()) if ablation.instead == instead)
    with ablation.applied():
        yield


@cache
def _case(kind: Kind, instead: str, wrong: Wrong) -> Shrunk:
    with _without_rule(instead):
        return _shrunk(kind, wrong)


def _shrunk(kind: Kind, wrong: Wrong) -> Shrunk:
    for seed in range(20):
        if (shrunk := shrink(seed, ROUGHER[kind], wrong, seconds=_ENDLESS_S)) is not None:
            return shrunk
    raise AssertionError(wrong)


@pytest.mark.parametrize(("kind", "instead", "wrong"), CASES, ids=[instead for _, instead, _ in CASES])
def test_a_missing_rule_is_a_short_story(kind: Kind, instead: str, wrong: Wrong) -> None:
    """Ten events at most, whatever else happened in that world."""
    assert len(_case(kind, instead, wrong).story) <= _MOST


@pytest.mark.parametrize(("kind", "instead", "wrong"), CASES, ids=[instead for _, instead, _ in CASES])
def test_what_is_left_still_goes_wrong(kind: Kind, instead: str, wrong: Wrong) -> None:
    """The choices that are left lead to the same kind of violation."""
    shrunk = _case(kind, instead, wrong)
    with _without_rule(instead):
        report, _ = world.play(shrunk.violation.seed, ROUGHER[kind], Replayed(shrunk.choices))
    assert wrong in {violation.kind for violation in report.violations}


@pytest.mark.parametrize(("kind", "instead", "wrong"), CASES, ids=[instead for _, instead, _ in CASES])
def test_what_is_left_needs_its_mistake(kind: Kind, instead: str, wrong: Wrong) -> None:
    """With the rule in place the same history goes well."""
    shrunk = _case(kind, instead, wrong)
    report, _ = world.play(shrunk.violation.seed, ROUGHER[kind], Replayed(shrunk.choices))
    assert report.violations == ()


def test_shrinking_is_deterministic() -> None:
    """The same seed and the same mistake have the same story."""
    with _without_rule("an open key is sent again"):
        assert _shrunk("journal", Wrong.MOVED_TWICE).story == _shrunk("journal", Wrong.MOVED_TWICE).story


def test_a_story_can_be_read() -> None:
    """Who did what and when, in plain words, and what is wrong at the end."""
    with _without_rule("no answer counts as not executed"):
        sent, told = _shrunk("no-journal", Wrong.DENIED).story
    transfer = "(MAIN_UMFUTURE 100 USDT)"
    assert (
        sent == f"  +0.00 s worker B: sends attempt 1 {transfer}; the exchange makes it as tranId 1, the answer is lost"
    )
    wrong = "WRONG: NotSent for transfer-5 MAIN_UMFUTURE 100: the exchange made it"
    assert told == f" +10.00 s worker B: is told NotSent for transfer-5 - {wrong}"


def test_nothing_is_shrunk_where_nothing_is_wrong() -> None:
    """A seed that goes well has no story."""
    assert shrink(1, ROUGHER["journal"]) is None


@pytest.mark.parametrize("kind", ["no-journal", "journal"])
def test_a_record_repeats_its_history(kind: Kind) -> None:
    """All choices of a history, replayed, are that history: shrinking begins with what the seed did."""
    recorded = Recorded(Random(7))
    report, _ = world.play(7, ROUGHER[kind], recorded)
    assert world.play(7, ROUGHER[kind], Replayed(recorded.choices))[0] == report


def test_recording_changes_nothing() -> None:
    """A history that is recorded is the one that the seed makes without."""
    assert world.play(7, ROUGHER["journal"], Recorded(Random(7)))[0] == world.run(7, ROUGHER["journal"])


@pytest.mark.parametrize("kind", ["no-journal", "journal"])
def test_no_choice_at_all_is_the_calmest_history(kind: Kind) -> None:
    """Nothing is sent and nothing goes wrong where every choice is the calm one."""
    report, _ = world.play(7, ROUGHER[kind], Replayed({}))
    assert (report.transfers, report.violations) == (0, ())


def test_calm_choices() -> None:
    """What is not recorded is: nothing happens, the first, the shortest, at once."""
    calm: Chance = Replayed({}).stream("somebody")
    asked = (
        calm.exists(),
        calm.happens("it", 1.0),
        calm.which("of these", (0.5, 0.5)),
        calm.between("here and there", 3.0, 7.0),
        calm.below("so many", 9),
        calm.pick("one", ("first", "second")),
        calm.moment("begins", 2.5),
    )
    assert asked == (False, False, 0, 3.0, 0, "first", 2.5)


def test_a_choice_keeps_its_meaning_when_another_one_goes() -> None:
    """The second time that something is asked is the second time, whatever was chosen the first time."""
    replayed = Replayed({("somebody", "fault", 1): True}).stream("somebody")
    assert [replayed.happens("fault", 0.5) for _ in range(3)] == [False, True, False]


def test_what_cannot_happen_does_not_happen_in_a_replay_either() -> None:
    """A choice is kept within what the scenario permits: shrinking invents no weather."""
    replayed = Replayed({("somebody", "fault", 0): 2, ("somebody", "pause", 0): 90.0}).stream("somebody")
    assert (replayed.which("fault", (0.5, 0.0)), replayed.between("pause", 1.0, 60.0)) == (0, 60.0)


def test_the_command_says_that_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m simulator --shrink SEED` for a seed that goes well."""
    assert main(["--shrink", "1", "--kind", "journal"]) == 0
    assert capsys.readouterr().out == "seed 1: nothing is wrong (--kind journal)\n"


def test_the_command_prints_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    """And for one that does not."""
    with _without_rule("an open key is sent again"):
        assert main(["--shrink", "0", "--kind", "journal"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert (told[0], "WRONG" in told[-1]) == ("seed 0, moved twice (--kind journal):", True)

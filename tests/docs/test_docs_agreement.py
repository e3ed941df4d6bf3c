"""Sources held against each other: what one does not say is no contradiction, nor is another word for the same."""

import pytest

from generator.docs.agreement import disagreements
from generator.docs.verdict import Finding, Kind, Verdict
from tests.docs.conftest import OURS

# Kind of a fact, what each of two sources says of it, and whether they disagree.
SAID: dict[str, tuple[Kind, tuple[str, ...], tuple[str, ...], bool]] = {
    "weight-without-its-kind": ("weight", ("600 (UID)",), ("600",), False),
    "weight-of-another-kind": ("weight", ("600 (UID)",), ("600 (IP)",), True),
    "weight": ("weight", ("600 (UID)",), ("900",), True),
    "weight-with-a-condition": ("weight", ("600 (UID)",), ("600 (900 with details) (UID)",), True),
    "type-in-other-words": ("parameter-added", ("x, string, mandatory: NO",), ("x, STRING, mandatory: NO",), False),
    "limits-in-one": ("parameter-added", ("x, integer, mandatory: NO",), ("x, INT, mandatory: NO, default 1",), False),
    "flag": ("parameter-added", ("x, string, mandatory: NO",), ("x, STRING, mandatory: YES",), True),
    "limits-in-any-order": ("parameter-limit", ("maximum 500", "default 20"), ("default 20", "maximum 500"), False),
    "one-of-two-limits": ("parameter-limit", ("maximum 500", "default 20"), ("maximum 400", "default 20"), True),
    "spans": ("parameter-limit", ("reaches back: 3 months", "default span: 1 days"),
              ("default span: 1 days", "reaches back: 3 months"), False),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_only_what_contradicts_is_a_disagreement(name: str) -> None:
    kind, *said, expected = SAID[name]
    verdicts = [
        Verdict(
            page,
            operation=OURS.operations[0],
            findings=tuple(Finding(kind, "x", "en", each, None, 1) for each in words),
        )
        for page, words in zip("ab", said, strict=True)
    ]
    assert bool(list(disagreements(verdicts))) == expected

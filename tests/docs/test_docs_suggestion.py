"""What is suggested, applied to a copy of the spec, is what the page says."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from generator.docs import PROJECT
from generator.docs.project import SPEC, TABLES, Project, read_project
from generator.docs.sources import read_source
from generator.docs.suggestion import Suggestion, suggest
from generator.expressible import require_expressible
from generator.specification import InvalidSpec, read_specification
from tests.docs.conftest import OURS, verdict_of, verdicts_of
from tests.docs.openapi_words import ONLY_ENUM, ONLY_NOTES, modern
from tests.docs.patches import apply
from tests.docs.portal_page import portal
from tests.docs.schema_document import schema
from tests.docs.vendor_page import PageFacts, Row, both, render

pytestmark = pytest.mark.thorough

TRANSFER = "POST /sapi/v1/asset/transfer"
HISTORY = "GET /sapi/v1/asset/transfer"


def _row(name: str, /, **changes: object) -> Callable[[PageFacts], PageFacts]:
    def apply(facts: PageFacts) -> PageFacts:
        return replace(
            facts,
            rows=tuple(replace(row, **changes) if row.name == name else row for row in facts.rows),  # type: ignore[arg-type]
        )

    return apply


def _rows(change: Callable[[tuple[Row, ...]], tuple[Row, ...]]) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, rows=change(facts.rows))


def _types(
    change: Callable[[tuple[tuple[str, str], ...]], tuple[tuple[str, str], ...]],
) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, types=change(facts.types))


# Name → operation, change in both languages, lines that the diff takes out, lines that it puts in.
MECHANICAL: dict[str, tuple[str, Callable[[PageFacts], PageFacts], int, int]] = {
    "weight": (TRANSFER, lambda facts: replace(facts, weight="900"), 1, 1),
    "weight-kind": (HISTORY, lambda facts: replace(facts, kind="UID"), 1, 1),
    "type-new": (TRANSFER, _types(lambda types: (*types, ("MAIN_EARN", "…"))), 0, 2),
    "type-new-of-known-wallets": (TRANSFER, _types(lambda types: (*types, ("FUNDING_PORTFOLIO_MARGIN", "…"))), 0, 2),
    "type-gone": (TRANSFER, _types(lambda types: types[:4] + types[5:]), 2, 0),
    "type-gone-last": (
        TRANSFER,
        _types(lambda types: tuple(each for each in types if each[0] != "PORTFOLIO_MARGIN_MAIN")),
        2,
        0,
    ),
    "parameter-new-in-form": (
        TRANSFER,
        _rows(lambda rows: (*rows, Row("clientTranId", "STRING", mandatory=False))),
        0,
        1,
    ),
    "parameter-new-in-query": (HISTORY, _rows(lambda rows: (*rows, Row("tranId", "LONG", mandatory=True))), 0, 4),
    "parameter-gone-from-form": (
        TRANSFER,
        _rows(lambda rows: tuple(row for row in rows if row.name != "recvWindow")),
        2,
        0,
    ),
    "parameter-gone-from-query": (
        HISTORY,
        _rows(lambda rows: tuple(row for row in rows if row.name != "endTime")),
        4,
        0,
    ),
    "parameter-type": (HISTORY, _row("startTime", type="STRING"), 1, 1),
    "mandatory-in-form": (TRANSFER, _row("fromSymbol", mandatory=True), 1, 1),
    "mandatory-no-more-in-form": (TRANSFER, _row("asset", mandatory=False), 1, 1),
    "mandatory-in-query": (HISTORY, _row("startTime", mandatory=True), 0, 1),
    "mandatory-no-more-in-query": (HISTORY, _row("timestamp", mandatory=False), 1, 0),
    "parameter-new-with-limits": (
        HISTORY,
        _rows(lambda rows: (*rows, Row("page", "INT", mandatory=False, limits=(("default", "1"), ("maximum", "9"))))),
        0,
        3,
    ),
    "maximum": (HISTORY, _row("size", limits=(("default", "10"), ("maximum", "500"))), 1, 1),
    "default-and-maximum": (HISTORY, _row("size", limits=(("default", "20"), ("maximum", "500"))), 1, 1),
    "reach": (HISTORY, lambda facts: replace(facts, reach_months=12), 1, 1),
    "span": (HISTORY, lambda facts: replace(facts, default_days=30), 1, 1),
    "permission": (
        TRANSFER,
        lambda facts: replace(facts, permission={"en": "Permits It", "zh": "允许"}[facts.language]),
        1,
        1,
    ),
}


def _suggest(pages: list[str]) -> Suggestion:
    return suggest([verdict_of(page) for page in pages], PROJECT / SPEC)


def _apply(diff: str, folder: Path) -> Path:
    """Apply a diff as a user would, and return the spec."""
    spec = folder / SPEC
    spec.parent.mkdir(parents=True)
    spec.write_bytes((PROJECT / SPEC).read_bytes())
    (spec.parent / "error_codes.yaml").write_bytes((PROJECT / "spec" / "error_codes.yaml").read_bytes())
    spec.write_text(apply(diff, spec.read_text()))
    return spec


def _ours(spec: Path) -> Project:
    return read_project(spec, PROJECT / TABLES)


@pytest.mark.parametrize("name", MECHANICAL)
def test_a_suggestion_makes_the_spec_agree_and_touches_nothing_else(name: str, tmp_path: Path) -> None:
    """Applied to a copy: the page agrees with it, and only the lines in question have changed."""
    operation, change, removed, added = MECHANICAL[name]
    page = render([change(half) for half in both(OURS, operation)])
    diff = _suggest([page]).diff
    lines = [line for line in diff.split("\n") if not line.startswith(("---", "+++"))]
    assert (sum(line.startswith("-") for line in lines), sum(line.startswith("+") for line in lines)) == (
        removed,
        added,
    )
    ours = _ours(_apply(diff, tmp_path))
    verdict = verdicts_of(page, ours=ours)[0]
    assert (verdict.refused, verdict.findings) == (None, ())


@pytest.mark.parametrize("operation", [TRANSFER, HISTORY])
def test_suggestions_are_a_spec_that_the_generator_takes(operation: str, tmp_path: Path) -> None:
    """All of them together; whatever is left to decide, what was written is valid."""
    halves: list[PageFacts] = list(both(OURS, operation))
    for name, (of, change, *_) in MECHANICAL.items():
        if of == operation and name != "type-new":
            halves = [change(half) for half in halves]
    require_expressible(read_specification(_apply(_suggest([render(halves)]).diff, tmp_path).parent))


def test_a_type_of_several_words_is_suggested_as_it_stands() -> None:
    page = render(
        [replace(half, rows=(*half.rows, Row("x1", "ENUM, STRING", mandatory=True))) for half in both(OURS, HISTORY)]
    )
    assert "x-vendor-type: 'ENUM, STRING'" in _suggest([page]).diff


def test_a_type_with_an_unknown_wallet_has_to_be_decided(tmp_path: Path) -> None:
    """The generator refuses the spec until somebody has."""
    _, change, *_ = MECHANICAL["type-new"]
    suggestion = _suggest([render([change(half) for half in both(OURS, TRANSFER)])])
    assert "DECIDE" in suggestion.decisions[0]
    specification = read_specification(_apply(suggestion.diff, tmp_path).parent)
    with pytest.raises(InvalidSpec, match="DECIDE"):
        require_expressible(specification)


def test_wallets_are_guessed_where_the_names_are_known() -> None:
    """FUNDING and PORTFOLIO_MARGIN are sides of other types."""
    _, change, *_ = MECHANICAL["type-new-of-known-wallets"]
    suggestion = _suggest([render([change(half) for half in both(OURS, TRANSFER)])])
    assert "source: funding, target: portfolio_margin, description: Funding to portfolio margin" in suggestion.diff
    assert "guessed from its name" in suggestion.decisions[0]


def test_a_type_of_an_isolated_wallet_asks_for_its_symbol() -> None:
    """A type that touches the wallet of one pair needs a rule of the wrapper."""
    new = _types(lambda types: (*types, ("ISOLATEDMARGIN_FUNDING", "…")))
    suggestion = _suggest([render([new(half) for half in both(OURS, TRANSFER)])])
    assert any("which symbol" in decision for decision in suggestion.decisions)


# Changes that no program should make. Change per language, words of the advice.
DECISIONS: dict[str, tuple[str, dict[str, Callable[[PageFacts], PageFacts]], str]] = {
    "type-in-chinese-only": (
        TRANSFER,
        {"zh": _types(lambda types: (*types, ("MAIN_EARN", "…")))},
        "CHINESE_PAGE_TYPES",
    ),
    "type-in-english-only": (
        TRANSFER,
        {"en": _types(lambda types: (*types, ("MAIN_EARN", "…")))},
        "the Chinese description does not say so",
    ),
    "chinese-type-in-english": (
        TRANSFER,
        {"en": _types(lambda types: (*types, ("MAIN_ISOLATED_MARGIN", "…")))},
        "move MAIN_ISOLATED_MARGIN",
    ),
    "chinese-type-gone": (TRANSFER, {"zh": _types(lambda types: types[:-1])}, "take ISOLATED_MARGIN_MAIN out"),
    "languages-differ": (
        TRANSFER,
        {"en": lambda facts: replace(facts, weight="1"), "zh": lambda facts: replace(facts, weight="2")},
        "they do not say the same",
    ),
    "one-language": (TRANSFER, {"en": lambda facts: replace(facts, weight="1")}, "find out which is right"),
    "symbol-rule": (
        TRANSFER,
        dict.fromkeys(("en", "zh"), lambda facts: replace(facts, rules={**facts.rules, "toSymbol": ("MAIN_FUNDING",)})),
        TABLES,
    ),
    "path": (
        TRANSFER,
        dict.fromkeys(("en", "zh"), lambda facts: replace(facts, path="/sapi/v2/x")),
        "tried before it is trusted",
    ),
    "field": (
        TRANSFER,
        dict.fromkeys(("en", "zh"), lambda facts: replace(facts, response={"tranId": 1, "x": 1})),
        "always there",
    ),
    "type-that-its-limits-do-not-fit": (
        HISTORY,
        dict.fromkeys(("en", "zh"), _row("size", type="STRING")),
        "its limits, default 10 and maximum 100",
    ),
    "shared-schema": (TRANSFER, dict.fromkeys(("en", "zh"), _row("recvWindow", limits=(("maximum", "9"),))), "share"),
    "permission-gone": (
        TRANSFER,
        dict.fromkeys(("en", "zh"), lambda facts: replace(facts, permission=None)),
        "preflight",
    ),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_what_needs_a_person_is_said_and_not_written(name: str) -> None:
    """No diff, and advice instead."""
    operation, changes, advice = DECISIONS[name]
    halves = [changes[half.language](half) if half.language in changes else half for half in both(OURS, operation)]
    suggestion = _suggest([render(halves)])
    assert suggestion.diff == ""
    assert any(advice in decision for decision in suggestion.decisions)


SPANS = {
    "reach-in-days": ("last 6 months", "last 90 days", "近 6 个月", "近 90 天"),
    "reach-in-hours": ("last 6 months", "last 90 hours", "近 6 个月", "近 90 小时"),
    "span-in-months": ("last 7 days", "last 1 month", "最近7天", "最近1个月"),
}


@pytest.mark.parametrize("name", SPANS)
def test_a_span_in_another_unit_is_left_to_a_person(name: str) -> None:
    """Each constant of the spec has its unit; none takes what is said of the other."""
    text = render(both(OURS, HISTORY))
    english, new, chinese, new_chinese = SPANS[name]
    chinese = chinese if chinese in text else chinese.replace(" ", "")
    assert english in text
    assert chinese.replace("近", "最近", 1) in text or chinese in text
    suggestion = _suggest([text.replace(english, new).replace(chinese, new_chinese)])
    assert (suggestion.diff, len(suggestion.decisions)) == ("", 1)


def test_a_flag_that_is_no_flag_is_left_to_a_person() -> None:
    page = render(both(OURS, TRANSFER)).replace("recvWindow| LONG", "x1| STRING| CONDITIONAL| \nrecvWindow| LONG")
    suggestion = _suggest([page])
    assert (suggestion.diff, len(suggestion.decisions)) == ("", 1)


@pytest.mark.parametrize("words", [ONLY_ENUM, ONLY_NOTES])
def test_a_type_in_one_list_of_a_source_is_left_to_a_person(words: str) -> None:
    """Once it were in the spec, the other list would lack it."""
    facts = modern(both(OURS, TRANSFER)[0])
    page = portal([replace(facts, types=(*facts.types, ("OPTION_FUNDING_X", words)))])
    suggestion = _suggest([page])
    assert (suggestion.diff, len(suggestion.decisions)) == ("", 1)


def test_a_float_is_left_to_a_person(tmp_path: Path) -> None:
    """No parameter of the spec is one."""
    file = tmp_path / "schema.yaml"
    file.write_text(schema([modern(_row("startTime", type="number")(both(OURS, HISTORY)[0]))]))
    suggestion = suggest(read_source(str(file), OURS), PROJECT / SPEC)
    assert (suggestion.diff, len(suggestion.decisions)) == ("", 1)


def test_the_most_exact_source_is_followed(tmp_path: Path) -> None:
    """One states a weight with its kind, the other without."""
    facts = modern(both(OURS, TRANSFER)[0])
    for name, kind in (("a.yaml", ""), ("b.yaml", "IP")):
        (tmp_path / name).write_text(schema([replace(facts, weight="600", kind=kind)]))
    verdicts = [each for name in ("a.yaml", "b.yaml") for each in read_source(str(tmp_path / name), OURS)]
    assert "value: 600, kind: ip" in suggest(verdicts, PROJECT / SPEC).diff


def test_the_two_languages_may_come_as_two_pages() -> None:
    """As --fetch reads them."""
    pages = [render([replace(half, weight="900")]) for half in both(OURS, TRANSFER)]
    assert "value: 900" in _suggest(pages).diff


def test_pages_that_agree_leave_nothing_to_suggest() -> None:
    """The round trip through YAML changes no byte."""
    assert _suggest([render(both(OURS, operation.name)) for operation in OURS.operations]) == Suggestion("", ())

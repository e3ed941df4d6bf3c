"""The same facts in any dialect are the same facts."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.docs.facts import Facts
from generator.docs.page import read_page
from tests.docs.conftest import OURS, Judge, verdict_of
from tests.docs.dialects import ANY, NAMED
from tests.docs.vendor_page import Dialect, PageFacts, Row, both, render

pytestmark = pytest.mark.thorough

if TYPE_CHECKING:
    from generator.docs.wording import Language

EXAMPLES = settings(deadline=None)
OPERATIONS = [operation.name for operation in OURS.operations]
HALVES = {"en": (0,), "zh": (1,), "both": (0, 1), "swapped": (1, 0)}


@pytest.mark.parametrize("operation", OPERATIONS[:4])
@pytest.mark.parametrize("dialect", NAMED)
def test_a_page_that_agrees_is_in_agreement(dialect: str, operation: str, judged: Judge) -> None:
    """Each dialect by name, each operation that the vendor has a page for."""
    verdict = judged(render(both(OURS, operation), NAMED[dialect]))
    assert (verdict.refused, verdict.findings, verdict.operation and verdict.operation.name) == (None, (), operation)


@pytest.mark.parametrize("dialect", ["as-crawled", "same-level-headings", "bold-labels", "setext", "html"])
@pytest.mark.parametrize("halves", HALVES)
def test_the_languages_are_told_apart(halves: str, dialect: str, judged: Judge) -> None:
    """An English page is compared as English only."""
    facts = both(OURS, OPERATIONS[0])
    verdict = judged(render([facts[index] for index in HALVES[halves]], NAMED[dialect]))
    languages = tuple(facts[index].language for index in sorted(HALVES[halves]))
    assert (verdict.languages, verdict.exit_code) == (languages, 0)


@EXAMPLES
@given(dialect=ANY, operation=st.sampled_from(OPERATIONS), halves=st.sampled_from(sorted(HALVES)))
def test_form_and_wording_are_no_difference(dialect: Dialect, operation: str, halves: str) -> None:
    """Any dialect, in any mixture."""
    facts = both(OURS, operation)
    verdict = verdict_of(render([facts[index] for index in HALVES[halves]], dialect))
    assert (verdict.refused, verdict.findings) == (None, ())


@EXAMPLES
@given(dialects=st.tuples(ANY, ANY))
def test_the_order_of_rows_types_and_fields_is_no_difference(dialects: tuple[Dialect, Dialect]) -> None:
    """Everything backwards, and each half in a dialect of its own."""
    first, second = (replace(dialect, markup="markdown", bom=False, newline="\n") for dialect in dialects)
    english, chinese = (_backwards(half) for half in both(OURS, OPERATIONS[0]))
    second = replace(second, front_matter="none", levels=first.levels, setext=first.setext)
    verdict = verdict_of(render([english], first) + "\n---\n\n" + render([chinese], second))
    assert (verdict.refused, verdict.findings) == (None, ())


def _backwards(facts: PageFacts) -> PageFacts:
    return replace(
        facts,
        rows=facts.rows[::-1],
        types=facts.types[::-1],
        rules={key: facts.rules[key][::-1] for key in facts.rules},
    )


_WORD = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)
_TYPE = st.builds(lambda first, rest: "_".join([f"T{first}", *rest]), _WORD, st.lists(_WORD, min_size=1, max_size=3))
_CAMEL = st.from_regex(r"[a-z]{2,8}[A-Z][a-z]{1,8}", fullmatch=True)
_NAME = st.from_regex(r"[a-z]{3,10}", fullmatch=True) | _CAMEL
_LIMITS = st.lists(
    st.tuples(st.sampled_from(["default", "maximum", "minimum"]), st.integers(0, 10**9).map(str)),
    unique_by=lambda limit: limit[0],
    max_size=3,
)
_ROWS = st.lists(
    st.builds(
        lambda name, type_, mandatory, limits: Row(name, type_, mandatory, tuple(limits)),
        _NAME,
        st.sampled_from(["STRING", "LONG", "INT", "ENUM", "DECIMAL", "BOOLEAN", "ARRAY", "LIST<STRING>"]),
        st.booleans(),
        _LIMITS,
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row.name,
)
_RESPONSE = st.dictionaries(_NAME, st.just(1), min_size=1, max_size=6).flatmap(
    lambda flat: st.sampled_from(
        [flat, flat | {"inside": [dict(flat), dict(flat)]}, flat | {"one": {"deep": dict(flat)}}]
    )
)


@st.composite
def _facts(draw: st.DrawFn) -> PageFacts:
    types = draw(st.lists(_TYPE, min_size=2, max_size=12, unique=True))
    language: Language = draw(st.sampled_from(["en", "zh"]))
    permission, words = {
        "en": ("Permits Something New", "one wallet to another"),
        "zh": ("允许某事", "一个钱包转向另一个"),
    }[language]
    return PageFacts(
        language=language,
        method=draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"])),
        path=draw(st.from_regex(r"/[a-z]{1,5}/v[1-3](/[a-zA-Z-]{2,12}){1,3}", fullmatch=True)).rstrip("-"),
        weight=str(draw(st.integers(1, 200_000))),
        kind=draw(st.sampled_from(["IP", "UID"])),
        rows=tuple(draw(_ROWS)),
        response=draw(_RESPONSE),
        permission=draw(st.sampled_from([None, permission])),
        types=tuple((name, words) for name in types),
        rules=draw(
            st.dictionaries(
                _CAMEL, st.lists(st.sampled_from(types), min_size=1, max_size=3, unique=True).map(tuple), max_size=2
            )
        ),
        reach_months=draw(st.none() | st.integers(1, 24)),
        default_days=draw(st.none() | st.integers(1, 90)),
    )


@EXAMPLES
@given(facts=_facts(), dialect=ANY)
def test_random_facts_come_back(facts: PageFacts, dialect: Dialect) -> None:
    """What was written is what is read, whatever it is and however it was written."""
    # The name of a permission that nothing sets off from its sentence is found by knowing it, in judging only.
    permission = facts.permission if dialect.names == "plain" else None
    known: dict[Language, str] = {facts.language: permission} if permission else {}
    page = read_page(render([facts], dialect), html=False, permissions=known)
    (half,) = page.parts
    assert half.problems == []
    assert _read(half) == _written(facts)


def _read(half: Facts) -> dict[str, object]:
    return {
        "language": half.language,
        "endpoint": [(endpoint.method, endpoint.path) for endpoint, *_ in half.endpoints],
        "weight": [(weight.value, weight.kind) for weight in half.weights],
        "permission": [permission.value for permission in half.permissions],
        "rows": [(row.name, row.type, row.mandatory) for row in half.parameters],
        "limits": {(limit.parameter, limit.bound, limit.value) for limit in half.limits},
        "types": [(each.name, each.description) for each in half.types],
        "rules": {(rule.parameter, rule.type, rule.negated) for rule in half.rules},
        "spans": {(span.role, span.value) for span in half.spans},
        "fields": {field.path for field in half.fields},
    }


def _written(facts: PageFacts) -> dict[str, object]:
    spans = {("reach", f"{facts.reach_months} months")} if facts.reach_months is not None else set()
    spans |= {("default", f"{facts.default_days} days")} if facts.default_days is not None else set()
    return {
        "language": facts.language,
        "endpoint": [(facts.method, facts.path)],
        "weight": [(facts.weight, facts.kind)],
        "permission": [facts.permission] if facts.permission else [],
        "rows": [(row.name, row.type, "YES" if row.mandatory else "NO") for row in facts.rows],
        "limits": {(row.name, bound, value) for row in facts.rows for bound, value in row.limits},
        "types": list(facts.types),
        "rules": {(name, type_, False) for name, types in facts.rules.items() for type_ in types},
        "spans": spans,
        "fields": set(_paths(facts.response, "")),
    }


def _paths(response: object, prefix: str) -> list[str]:
    if isinstance(response, list):
        return [path for item in response for path in _paths(item, f"{prefix}[]")]
    if not isinstance(response, dict):
        return []
    paths = []
    for name, value in response.items():
        path = f"{prefix}.{name}" if prefix else name
        paths += [path, *_paths(value, path)]
    return paths

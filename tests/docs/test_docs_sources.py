"""The portal, the schema and the SDK: the same facts, the same findings, and none for what is no fact."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_transfer.transfer_types import CHINESE_PAGE_TYPES
from generator.docs.sources import read_source
from generator.docs.verdict import Verdict
from tests.docs.conftest import OURS, verdicts_of
from tests.docs.openapi_words import ONLY_ENUM, ONLY_NOTES, described, modern
from tests.docs.portal_page import FORMS, Form, portal, stranger
from tests.docs.schema_document import schema
from tests.docs.test_docs_archives import rewritten
from tests.docs.vendor_page import PageFacts, Row, both
from tests.docs.vendor_sources import SOURCES
from tests.support.marks import thorough

EXAMPLES = settings(deadline=None, max_examples=500)
TRANSFER, HISTORY = "POST /sapi/v1/asset/transfer", "GET /sapi/v1/asset/transfer"
BALANCE, RESTRICTIONS = "GET /sapi/v1/asset/wallet/balance", "GET /sapi/v1/account/apiRestrictions"
STATUS = "GET /sapi/v1/system/status"
NAMES = (TRANSFER, HISTORY, BALANCE, RESTRICTIONS, STATUS)
EVERYTHING = [modern(both(OURS, name)[0]) for name in NAMES]
CHINESE = [modern(both(OURS, name)[1]) for name in NAMES]
KNOWN = {(TRANSFER, "parameter-type", "amount")}


def found(verdicts: list[Verdict]) -> set[tuple[str, str, str]]:
    """Operation, kind and subject of every finding; a refusal is an error."""
    assert [each.refused for each in verdicts if each.refused] == []
    return {
        (each.operation.name, finding.kind, finding.subject)
        for each in verdicts
        if each.operation
        for finding in each.findings
    }


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_that_agrees_is_in_agreement(source: str, tmp_path: Path) -> None:
    """Five operations of ours; what the vendor is known to get wrong stands beside."""
    verdicts = read_source(str(SOURCES[source](EVERYTHING, tmp_path)), OURS)
    assert found(verdicts) == set()
    assert [each.operation and each.operation.name for each in verdicts] == list(NAMES)
    known = {
        (str(each.operation and each.operation.name), fault.kind, fault.subject)
        for each in verdicts
        for fault in each.known
    }
    assert known == KNOWN
    assert {each.source for each in verdicts} == {source.split("-", maxsplit=1)[0].replace("portal", "page")}


class Change(NamedTuple):
    """A change to one fact of one operation, and what must be found."""

    operation: str
    apply: Callable[[PageFacts], PageFacts]
    kind: str
    subject: str


def _row(name: str, **changes: Any) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(
        facts, rows=tuple(replace(row, **changes) if row.name == name else row for row in facts.rows)
    )


def _types(change: Callable[[dict[str, str]], object]) -> Callable[[PageFacts], PageFacts]:
    def apply(facts: PageFacts) -> PageFacts:
        types = dict(facts.types)
        change(types)
        return replace(facts, types=tuple(types.items()))

    return apply


def _answer(change: Callable[[Any], object]) -> Callable[[PageFacts], PageFacts]:
    def apply(facts: PageFacts) -> PageFacts:
        import copy

        response = copy.deepcopy(facts.response)
        change(response)
        return replace(facts, response=response)

    return apply


def _rule(parameter: str, *types: str) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, rules={**facts.rules, parameter: types})


def _facts(**changes: Any) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, **changes)


CHANGES: dict[str, Change] = {
    "weight": Change(TRANSFER, _facts(weight="900"), "weight", "weight"),
    "weight-kind": Change(BALANCE, _facts(kind="UID"), "weight", "weight"),
    "path": Change(TRANSFER, _facts(path="/sapi/v2/asset/transfer"), "path", "path"),
    "method": Change(TRANSFER, _facts(method="PUT"), "method", "method"),
    "permission": Change(TRANSFER, _facts(permission="Permits Transfer"), "permission", "permission"),
    "permission-gone": Change(TRANSFER, _facts(permission=None), "permission", "permission"),
    "permission-new": Change(BALANCE, _facts(permission="Permits Universal Transfer"), "permission", "permission"),
    "type-new": Change(TRANSFER, _types(lambda it: it.update(MAIN_EARN="Spot → Earn")), "type-added", "MAIN_EARN"),
    "type-new-in-the-enum": Change(
        TRANSFER, _types(lambda it: it.update(MAIN_EARN=ONLY_ENUM)), "type-added", "MAIN_EARN"
    ),
    "type-new-in-the-notes": Change(
        TRANSFER, _types(lambda it: it.update(MAIN_EARN=ONLY_NOTES)), "type-added", "MAIN_EARN"
    ),
    "type-gone": Change(TRANSFER, _types(lambda it: it.pop("MAIN_OPTION")), "type-removed", "MAIN_OPTION"),
    "wallets": Change(
        TRANSFER, _types(lambda it: it.update(MAIN_FUNDING="Spot → Options")), "type-wallets", "MAIN_FUNDING"
    ),
    "wallets-new": Change(
        TRANSFER, _types(lambda it: it.update(MAIN_FUNDING="Spot → Earn")), "type-wallets", "MAIN_FUNDING"
    ),
    "parameter-new": Change(
        TRANSFER,
        lambda facts: replace(facts, rows=(Row("clientTranId", "STRING", mandatory=False), *facts.rows)),
        "parameter-added",
        "clientTranId",
    ),
    "parameter-gone": Change(
        HISTORY,
        lambda facts: replace(facts, rows=tuple(row for row in facts.rows if row.name != "size")),
        "parameter-removed",
        "size",
    ),
    "parameter-type": Change(TRANSFER, _row("asset", type="LONG"), "parameter-type", "asset"),
    "parameter-type-of-a-time": Change(HISTORY, _row("startTime", type="STRING"), "parameter-type", "startTime"),
    "mandatory": Change(TRANSFER, _row("fromSymbol", mandatory=True), "parameter-mandatory", "fromSymbol"),
    "mandatory-no-more": Change(HISTORY, _row("type", mandatory=False), "parameter-mandatory", "type"),
    "maximum": Change(HISTORY, _row("size", limits=(("maximum", "500"),)), "parameter-limit", "size"),
    "default": Change(HISTORY, _row("size", limits=(("default", "20"),)), "parameter-limit", "size"),
    "limit-new": Change(HISTORY, _row("current", limits=(("maximum", "50"),)), "parameter-limit", "current"),
    "reach": Change(HISTORY, _facts(reach_months=3), "parameter-limit", "startTime"),
    "rule": Change(TRANSFER, _rule("toSymbol", "MAIN_MARGIN"), "symbol-rule", "toSymbol"),
    "rules-gone": Change(TRANSFER, _rule("fromSymbol"), "symbol-rule", "fromSymbol"),
    "id-as-text": Change(TRANSFER, _answer(lambda it: it.update(tranId="1")), "response-field", "tranId"),
    "field-as-number": Change(
        HISTORY, _answer(lambda it: [row.update(amount=1) for row in it["rows"]]), "response-field", "amount"
    ),
    "field-new": Change(TRANSFER, _answer(lambda it: it.update(status="OK")), "response-field", "status"),
    "field-gone": Change(RESTRICTIONS, _answer(lambda it: it.pop("enableFutures")), "response-field", "enableFutures"),
    "field-gone-with-what-is-in-it": Change(
        BALANCE, _answer(lambda it: [row.pop("assetBalances") for row in it]), "response-field", "assetBalances"
    ),
}  # fmt: skip


def changed(name: str) -> list[PageFacts]:
    change = CHANGES[name]
    return [
        change.apply(facts) if of == change.operation else facts for of, facts in zip(NAMES, EVERYTHING, strict=True)
    ]


@pytest.mark.parametrize(
    "source", ["portal", "sdk", *thorough(*(name for name in SOURCES if name not in {"portal", "sdk"}))]
)
@pytest.mark.parametrize("name", CHANGES)
def test_a_single_change_is_the_only_finding(name: str, source: str, tmp_path: Path) -> None:
    verdicts = read_source(str(SOURCES[source](changed(name), tmp_path)), OURS)
    change = CHANGES[name]
    assert found(verdicts) == {(change.operation, change.kind, change.subject)}


@pytest.mark.thorough
@EXAMPLES
@given(name=st.sampled_from([None, *CHANGES]), form=FORMS)
def test_no_form_of_the_portal_hides_a_change(name: str | None, form: Form) -> None:
    verdicts = verdicts_of(portal(changed(name) if name else EVERYTHING, form))
    expected = set() if name is None else {(CHANGES[name].operation, CHANGES[name].kind, CHANGES[name].subject)}
    assert found(verdicts) == expected


@pytest.mark.parametrize("form", [Form(), Form(markup="html"), Form(joined=True)])
def test_a_chinese_page_of_the_portal_is_read_as_chinese(form: Form) -> None:
    verdicts = verdicts_of(portal(CHINESE, form))
    assert found(verdicts) == set()
    assert {each.languages for each in verdicts} == {("zh",)}


def test_chinese_texts_of_a_schema_are_judged_by_themselves(tmp_path: Path) -> None:
    """The two types that only a page lists are not asked of them."""
    english, chinese = EVERYTHING[0], replace(CHINESE[0], types=CHINESE[0].types[:31])
    file = tmp_path / "schema.yaml"
    file.write_text(schema([english, chinese]))
    (verdict,) = read_source(str(file), OURS)
    assert (verdict.languages, verdict.findings, verdict.refused) == (("en", "zh"), (), None)
    file.write_text(schema([english, replace(chinese, permission="允许划转")]))
    (verdict,) = read_source(str(file), OURS)
    assert [(each.kind, each.language) for each in verdict.findings] == [("permission", "zh")]


def test_a_chinese_type_may_stand_in_the_notes_alone() -> None:
    """The enum comes from a schema that never had it; gone from both it is a difference."""
    types = dict(CHINESE[0].types)
    own = replace(CHINESE[0], types=tuple((types | dict.fromkeys(CHINESE_PAGE_TYPES, ONLY_NOTES)).items()))
    gone = replace(own, types=tuple(each for each in own.types if each[0] != "MAIN_ISOLATED_MARGIN"))
    assert found(verdicts_of(portal([own]))) == set()
    assert found(verdicts_of(portal([gone]))) == {(TRANSFER, "type-removed", "MAIN_ISOLATED_MARGIN")}


@pytest.mark.parametrize("form", [Form(), Form(markup="html")])
def test_a_page_may_list_the_types_in_its_notes_alone(form: Form) -> None:
    own = replace(EVERYTHING[0], types=tuple((name, words) for name, words in EVERYTHING[0].types))
    text = portal([own], form).replace("string · enum · required", "string · required")
    begin = text.index("Enum values:")
    end = text.index("Words about it.", begin)
    text = text[:begin] + text[end:] if form.markup == "markdown" else text
    assert found(verdicts_of(text)) == set()


@pytest.mark.parametrize("source", SOURCES)
def test_the_name_of_the_types_parameter_may_stand_out(source: str, tmp_path: Path) -> None:
    """`type` is no symbol that a type needs."""
    file = SOURCES[source](EVERYTHING, tmp_path)
    if source != "sdk":
        marked = "<code>type</code>" if "html" in source else "`type`"
        file.write_text(file.read_text().replace("when type is", f"when {marked} is"))
    assert found(read_source(str(file), OURS)) == set()


def test_a_chinese_title_in_a_schema_states_nothing(tmp_path: Path) -> None:
    file = SOURCES["schema-yaml"](EVERYTHING, tmp_path)
    file.write_text(file.read_text().replace("summary: Does it", "summary: Does it\n      x-summary-zh: 用户万向划转"))
    assert {each.languages for each in read_source(str(file), OURS)} == {("en",)}


# What may follow a figure and makes another one of it.
MORE_FIGURES = (" (600 with details)", "-600", " ~ 600", ".5", ", from March on 1800")


@pytest.mark.parametrize("source", ["portal", "portal-html", "sdk", "schema-yaml"])
@pytest.mark.parametrize("words", MORE_FIGURES)
def test_a_weight_with_further_figures_is_none_of_ours(words: str, source: str, tmp_path: Path) -> None:
    facts = [replace(EVERYTHING[0], weight=f"300{words}"), *EVERYTHING[1:]]
    if source == "schema-yaml":
        file = SOURCES[source](EVERYTHING, tmp_path)
        text = file.read_text().replace("x-uid-weight: 300", "x-note: 300")
        file.write_text(text.replace("Does it.", f"Does it.\n\n        Weight(UID): 300{words}", 1))
    else:
        file = SOURCES[source](facts, tmp_path)
    assert found(read_source(str(file), OURS)) == {(TRANSFER, "weight", "weight")}


@pytest.mark.parametrize("heading", ["4XX", "5xx", "default", "400"])
def test_fields_of_a_failure_are_none_of_the_answer(heading: str) -> None:
    text = portal(EVERYTHING)
    end = text.index("POST/sapi/v1/asset/transfer\n\nLoading")
    failed = f"{heading}\n\nFailed.\n\n`code`\n\ninteger\n\nExample: 1\n\n"
    assert found(verdicts_of(text[:end] + failed + text[end:])) == set()


# Line of the enum, and what is found.
ENUM_LINES = {
    "MAIN\\_FUNDING (deprecated)": {(TRANSFER, "type-wallets", "MAIN_FUNDING")},
    "MAIN\\_FUNDING New": set(),
    "MAIN\\_FUNDING\n\nMAIN\\_EARN New": {(TRANSFER, "type-added", "MAIN_EARN")},
}


@pytest.mark.parametrize("line", ENUM_LINES)
def test_a_badge_in_an_enum_is_no_value(line: str) -> None:
    assert found(verdicts_of(portal(EVERYTHING).replace("\nMAIN\\_FUNDING\n", f"\n{line}\n", 1))) == ENUM_LINES[line]


def test_an_operation_that_the_sdk_does_not_call_is_refused(tmp_path: Path) -> None:
    verdicts = read_source(str(SOURCES["sdk"](EVERYTHING[1:], tmp_path)), OURS)
    assert [(each.operation and each.operation.name, each.exit_code) for each in verdicts] == [
        *((name, 0) for name in NAMES[1:]),
        (TRANSFER, 2),
    ]


# The identifier may be a text, or nothing at all; old and new source of its type.
SCHEMA_IDS = {
    "type: [string, integer]": "tranId: integer or string",
    "type: [integer, 'null']": "tranId: integer or null",
    "oneOf: [{type: string}, {type: integer}]": "tranId: integer or string",
    "anyOf: [{type: integer}, {type: 'null'}]": "tranId: integer or null",
    "{type: integer, nullable: true}": "tranId: integer or null",
    "format: int64": None,
}
SDK_IDS = {
    "Union[StrictInt, StrictStr, None]": "tranId: integer or string",
    "StrictInt | StrictStr | None": "tranId: integer or string",
    "Optional[Any]": None,
    "Optional[Elsewhere]": None,
}


@pytest.mark.parametrize("words", SCHEMA_IDS)
def test_a_schema_that_lets_an_identifier_be_something_else_is_never_in_agreement(words: str, tmp_path: Path) -> None:
    file = SOURCES["schema-yaml"](EVERYTHING, tmp_path)
    text = file.read_text()
    old = "tranId:\n                    type: integer"
    assert old in text
    written = words if words.startswith("{") else f"{{{words}}}"
    file.write_text(text.replace(old, f"tranId: {written}", 1))
    _check_identifier(read_source(str(file), OURS)[0], SCHEMA_IDS[words])


@pytest.mark.parametrize("words", SDK_IDS)
def test_an_sdk_that_lets_an_identifier_be_something_else_is_never_in_agreement(words: str, tmp_path: Path) -> None:
    file = rewritten(SOURCES["sdk"](EVERYTHING, tmp_path), "tran_id: Optional[StrictInt]", f"tran_id: {words}")
    _check_identifier(read_source(str(file), OURS)[0], SDK_IDS[words])


def _check_identifier(verdict: Verdict, says: str | None) -> None:
    if says is None:
        assert "no type of tranId" in str(verdict.refused)
        return
    (finding,) = verdict.findings
    assert finding.page is not None
    assert (finding.subject, sorted(finding.page.split()[1::2])) == ("tranId", sorted(says.split()[1::2]))


@pytest.mark.parametrize("key", ["example: {tranId: '13'}", "examples: {one: {value: {tranId: '13'}}}"])
def test_an_example_that_contradicts_its_schema_is_found(key: str, tmp_path: Path) -> None:
    file = SOURCES["schema-yaml"](EVERYTHING, tmp_path)
    text = file.read_text()
    file.write_text(text.replace("application/json:\n", f"application/json:\n              {key}\n", 1))
    assert found(read_source(str(file), OURS)) == {(TRANSFER, "response-field", "tranId")}


def test_a_page_of_strangers_alone_is_refused() -> None:
    (verdict,) = verdicts_of(portal([stranger(5)]))
    assert (verdict.exit_code, verdict.operation) == (2, None)


@pytest.mark.parametrize("part", ["Request Weight", "Request Body", "Responses"])
def test_an_operation_that_lacks_a_part_is_refused(part: str) -> None:
    """The others on the page are judged all the same."""
    text = portal(EVERYTHING)
    begin = text.index(f"\u203a {part}", text.index("## Post transfer"))
    begin = text.rindex("###", 0, begin)
    end = text.index("\n#", begin)
    verdicts = verdicts_of(text[:begin] + text[end + 1 :])
    assert [each.exit_code for each in verdicts] == [2, 0, 0, 0, 0]


def test_a_type_that_is_struck_out_on_the_portal_is_found() -> None:
    text = portal(EVERYTHING)
    words = f"`MAIN_FUNDING`: {described('MAIN_FUNDING')}"
    assert found(verdicts_of(text.replace(words, f"~~{words}~~"))) == {(TRANSFER, "type-wallets", "MAIN_FUNDING")}


@pytest.mark.parametrize("source", ["schema-yaml", "sdk"])
def test_a_source_without_its_texts_is_never_in_agreement(source: str, tmp_path: Path) -> None:
    """Permission and symbol rules stand in texts alone."""
    bare = replace(
        EVERYTHING[0], permission=None, rules={}, types=tuple((name, ONLY_ENUM) for name, _ in EVERYTHING[0].types)
    )
    verdicts = read_source(str(SOURCES[source]([bare, *EVERYTHING[1:]], tmp_path)), OURS)
    assert found(verdicts) == {
        (TRANSFER, "permission", "permission"),
        (TRANSFER, "symbol-rule", "fromSymbol"),
        (TRANSFER, "symbol-rule", "toSymbol"),
    }


def test_the_line_of_a_finding_is_that_of_the_file(tmp_path: Path) -> None:
    """In a page of the portal down to the line within its example, in a schema to the keyword."""
    text = portal(changed("id-as-text"))
    (finding,) = verdicts_of(text)[0].findings
    lines = text.split("\n")
    assert '"tranId": "1"' in lines[finding.line - 1]
    file = SOURCES["schema-yaml"](changed("weight"), tmp_path)
    (finding,) = read_source(str(file), OURS)[0].findings
    assert file.read_text().split("\n")[finding.line - 1].strip() == "x-uid-weight: 900"

"""One changed fact is exactly one finding, in any dialect: its kind, subject, language and line."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.docs.verdict import Verdict
from tests.docs.conftest import OURS, verdict_of
from tests.docs.dialects import ANY, NAMED
from tests.docs.vendor_page import Dialect, Json, PageFacts, Row, both, render

TRANSFER = "POST /sapi/v1/asset/transfer"
HISTORY = "GET /sapi/v1/asset/transfer"
RESTRICTIONS = "GET /sapi/v1/account/apiRestrictions"
STATUS = "GET /sapi/v1/system/status"


class Change(NamedTuple):
    """What to do to the facts of one language, and what must be found there."""

    operation: str
    apply: Callable[[PageFacts], PageFacts]
    kind: str
    subject: str
    needle: str
    """What stands on the line of the finding; for something that is gone, a word near its old place."""


def _row(name: str, /, **changes: object) -> Callable[[PageFacts], PageFacts]:
    def apply(facts: PageFacts) -> PageFacts:
        return replace(
            facts,
            rows=tuple(replace(row, **changes) if row.name == name else row for row in facts.rows),  # type: ignore[arg-type]
        )

    return apply


def _add_row(row: Row) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, rows=(*facts.rows[:3], row, *facts.rows[3:]))


def _drop_row(name: str) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, rows=tuple(row for row in facts.rows if row.name != name))


def _add_type(name: str) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, types=(*facts.types[:9], (name, "…"), *facts.types[9:]))


def _describe(name: str, english: str, chinese: str) -> Callable[[PageFacts], PageFacts]:
    def apply(facts: PageFacts) -> PageFacts:
        words = {"en": english, "zh": chinese}[facts.language]
        types = tuple((each, words if each == name else described) for each, described in facts.types)
        return replace(facts, types=types)

    return apply


def _drop_type(name: str) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, types=tuple(each for each in facts.types if each[0] != name))


def _rules(**rules: tuple[str, ...]) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, rules={**facts.rules, **rules})


def _response(change: Callable[[Json], object]) -> Callable[[PageFacts], PageFacts]:
    def apply(facts: PageFacts) -> PageFacts:
        response = {
            key: [dict(row) for row in value] if isinstance(value, list) else value
            for key, value in facts.response.items()
        }
        change(response)
        return replace(facts, response=response)

    return apply


def _each_row(change: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda response: [change(row) for row in response["rows"]]


def _facts(**changes: object) -> Callable[[PageFacts], PageFacts]:
    return lambda facts: replace(facts, **changes)  # type: ignore[arg-type]


BETWEEN, OUT, IN = "ISOLATEDMARGIN_ISOLATEDMARGIN", "ISOLATEDMARGIN_MARGIN", "MARGIN_ISOLATEDMARGIN"

CHANGES = {
    "weight": Change(TRANSFER, _facts(weight="1800"), "weight", "weight", "800"),
    "weight-by-one": Change(TRANSFER, _facts(weight="901"), "weight", "weight", "901"),
    "weight-kind": Change(TRANSFER, _facts(kind="IP"), "weight", "weight", "IP"),
    "weight-kind-history": Change(HISTORY, _facts(kind="UID"), "weight", "weight", "UID"),
    "weight-status": Change(STATUS, _facts(weight="10"), "weight", "weight", "10"),
    "permission-renamed": Change(
        TRANSFER, _facts(permission="Permits Something"), "permission", "permission", "Permits Something"
    ),
    "permission-longer": Change(
        TRANSFER, _facts(permission="Permits Universal Transfer V2"), "permission", "permission", "V2"
    ),
    "permission-gone": Change(TRANSFER, _facts(permission=None), "permission", "permission", ""),
    "permission-new": Change(
        HISTORY, _facts(permission="Enable Reading"), "permission", "permission", "Enable Reading"
    ),
    "type-new": Change(TRANSFER, _add_type("MAIN_EARN"), "type-added", "MAIN_EARN", "MAIN_EARN"),
    "type-new-one-letter": Change(TRANSFER, _add_type("MAIN_FUNDINGS"), "type-added", "MAIN_FUNDINGS", "MAIN_FUNDINGS"),
    "type-retired": Change(TRANSFER, _add_type("MAIN_C2C"), "type-added", "MAIN_C2C", "MAIN_C2C"),
    "type-gone": Change(TRANSFER, _drop_type("MARGIN_OPTION"), "type-removed", "MARGIN_OPTION", ""),
    "type-gone-first": Change(TRANSFER, _drop_type("MAIN_UMFUTURE"), "type-removed", "MAIN_UMFUTURE", ""),
    "type-gone-last": Change(
        TRANSFER, _drop_type("PORTFOLIO_MARGIN_MAIN"), "type-removed", "PORTFOLIO_MARGIN_MAIN", ""
    ),
    "parameter-new": Change(
        TRANSFER,
        _add_row(Row("clientTranId", "STRING", mandatory=False)),
        "parameter-added",
        "clientTranId",
        "clientTranId",
    ),
    "parameter-new-history": Change(
        HISTORY, _add_row(Row("asset", "STRING", mandatory=False)), "parameter-added", "asset", "asset"
    ),
    "parameter-new-status": Change(
        STATUS, _facts(rows=(Row("region", "STRING", mandatory=True),)), "parameter-added", "region", "region"
    ),
    "parameter-gone": Change(TRANSFER, _drop_row("recvWindow"), "parameter-removed", "recvWindow", ""),
    "parameter-gone-history": Change(HISTORY, _drop_row("startTime"), "parameter-removed", "startTime", ""),
    "parameter-type": Change(TRANSFER, _row("recvWindow", type="STRING"), "parameter-type", "recvWindow", "STRING"),
    "parameter-type-int": Change(HISTORY, _row("size", type="LONG"), "parameter-type", "size", "LONG"),
    "parameter-type-decimal": Change(TRANSFER, _row("amount", type="STRING"), "parameter-type", "amount", "STRING"),
    "mandatory": Change(TRANSFER, _row("fromSymbol", mandatory=True), "parameter-mandatory", "fromSymbol", ""),
    "mandatory-no-more": Change(TRANSFER, _row("asset", mandatory=False), "parameter-mandatory", "asset", ""),
    "mandatory-history": Change(HISTORY, _row("startTime", mandatory=True), "parameter-mandatory", "startTime", ""),
    "maximum": Change(
        HISTORY, _row("size", limits=(("default", "10"), ("maximum", "500"))), "parameter-limit", "size", "500"
    ),
    "default": Change(
        HISTORY, _row("size", limits=(("default", "20"), ("maximum", "100"))), "parameter-limit", "size", "20"
    ),
    "maximum-new": Change(
        HISTORY, _row("current", limits=(("default", "1"), ("maximum", "99"))), "parameter-limit", "current", "99"
    ),
    "minimum-new": Change(TRANSFER, _row("amount", limits=(("minimum", "5"),)), "parameter-limit", "amount", "5"),
    "window": Change(
        TRANSFER, _row("recvWindow", limits=(("maximum", "30000"),)), "parameter-limit", "recvWindow", "30000"
    ),
    "reach": Change(HISTORY, _facts(reach_months=3), "parameter-limit", "startTime", "3"),
    "span": Change(HISTORY, _facts(default_days=30), "parameter-limit", "startTime", "30"),
    "field-of-another-type": Change(
        TRANSFER, _response(lambda it: it.update(tranId="1")), "response-field", "tranId", "tranId"
    ),
    "field-of-another-type-in-one-row": Change(
        HISTORY, _response(lambda it: it["rows"][1].update(tranId="1")), "response-field", "tranId", "tranId"
    ),
    "field-that-is-a-number-now": Change(
        HISTORY, _response(_each_row(lambda it: it.update(amount=1.5))), "response-field", "amount", "amount"
    ),
    "field-that-is-a-text-now": Change(
        RESTRICTIONS, _response(lambda it: it.update(enableReading="true")), "response-field", "enableReading", "enable"
    ),
    "field-that-is-an-object-now": Change(
        STATUS, _response(lambda it: it.update(msg={"en": "x"})), "response-field", "msg", "msg"
    ),
    "wallets-of-a-type": Change(
        TRANSFER,
        _describe("MAIN_FUNDING", "Spot account to Earn account", "现货钱包转向理财钱包"),
        "type-wallets",
        "MAIN_FUNDING",
        "MAIN_FUNDING",
    ),
    "wallets-swapped": Change(
        TRANSFER,
        _describe("MAIN_FUNDING", "Funding → Spot", "资金钱包转向现货钱包"),
        "type-wallets",
        "MAIN_FUNDING",
        "MAIN_FUNDING",
    ),
    "type-no-longer-supported": Change(
        TRANSFER,
        _describe("MAIN_OPTION", "Spot to Options (deprecated)", "现货钱包转向期权钱包(已下线)"),
        "type-wallets",
        "MAIN_OPTION",
        "MAIN_OPTION",
    ),
    "rule-type-more": Change(
        TRANSFER, _rules(toSymbol=(IN, BETWEEN, "MAIN_MARGIN")), "symbol-rule", "toSymbol", "MAIN_MARGIN"
    ),
    "rule-type-less": Change(TRANSFER, _rules(fromSymbol=(OUT,)), "symbol-rule", "fromSymbol", OUT),
    "rule-type-other": Change(
        HISTORY, _rules(fromSymbol=(OUT, "FUNDING_MARGIN")), "symbol-rule", "fromSymbol", "FUNDING_MARGIN"
    ),
    "rule-gone": Change(TRANSFER, _rules(toSymbol=()), "symbol-rule", "toSymbol", ""),
    "rule-new": Change(TRANSFER, _rules(clientTranId=("MAIN_FUNDING",)), "symbol-rule", "clientTranId", "MAIN_FUNDING"),
    "field-new": Change(
        TRANSFER, _response(lambda it: it.update(clientTranId=1)), "response-field", "clientTranId", "clientTranId"
    ),
    "field-gone": Change(STATUS, _response(lambda it: it.pop("msg")), "response-field", "msg", ""),
    "field-gone-restrictions": Change(
        RESTRICTIONS, _response(lambda it: it.pop("enableFutures")), "response-field", "enableFutures", ""
    ),
    "field-new-nested": Change(
        HISTORY, _response(_each_row(lambda it: it.update(fee=1))), "response-field", "fee", "fee"
    ),
    "field-gone-nested": Change(
        HISTORY, _response(_each_row(lambda it: it.pop("status"))), "response-field", "status", ""
    ),
    "field-gone-from-one-row": Change(
        HISTORY, _response(lambda it: it["rows"][0].pop("status")), "response-field", "status", "status"
    ),
    "method": Change(TRANSFER, _facts(method="PUT"), "method", "method", "PUT"),
    "method-of-a-sibling": Change(TRANSFER, _facts(method="GET"), "method", "method", "GET"),
    "method-history": Change(HISTORY, _facts(method="POST"), "method", "method", "POST"),
    "path": Change(TRANSFER, _facts(path="/sapi/v2/asset/transfer"), "path", "path", "/sapi/v2/asset/transfer"),
}


def _pages(change: Change) -> dict[str, tuple[PageFacts, ...]]:
    """The change in English, in Chinese, and on pages of one language."""
    english, chinese = both(OURS, change.operation)
    return {
        "en": (change.apply(english), chinese),
        "zh": (english, change.apply(chinese)),
        "en-alone": (change.apply(english),),
        "zh-alone": (change.apply(chinese),),
    }


def _check(verdict: Verdict, text: str, change: Change, language: str) -> None:
    found = [(finding.kind, finding.subject, finding.language) for finding in verdict.findings]
    assert verdict.refused is None
    assert found == [(change.kind, change.subject, language)]
    assert verdict.operation is not None
    assert verdict.operation.name == change.operation
    line = text.replace("\r\n", "\n").split("\n")[verdict.findings[0].line - 1]
    plain = line.replace("\\", "").replace("<wbr>", "").replace(",", "")
    assert change.needle in plain


@pytest.mark.parametrize("where", ["en-alone", "zh-alone"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found(name: str, where: str) -> None:
    """Each change in each language, on the page as it is crawled."""
    change = CHANGES[name]
    text = render(_pages(change)[where])
    _check(verdict_of(text), text, change, where[:2])


@settings(deadline=None)
@given(
    name=st.sampled_from(sorted(CHANGES)),
    dialect=ANY | st.sampled_from(list(NAMED.values())),
    where=st.sampled_from(["en", "zh"]),
)
def test_a_change_is_found_in_any_dialect(name: str, dialect: Dialect, where: str) -> None:
    """The same in any dialect; a name that nothing sets off from a sentence is not asked for."""
    change = CHANGES[name]
    dialect = replace(dialect, names="code") if change.kind in ("permission", "symbol-rule") else dialect
    # A sentence that is wrapped has its needle on any of its lines.
    text = render(_pages(change)[where], replace(dialect, wrap=None))
    _check(verdict_of(text), text, change, where)


def test_a_rename_is_one_gone_and_one_new() -> None:
    """For a type and for a parameter."""
    english, _ = both(OURS, TRANSFER)
    renamed = _add_type("MAIN_WALLET")(_drop_type("MAIN_FUNDING")(english))
    renamed = _row("fromSymbol", name="fromPair")(renamed)
    found = {(finding.kind, finding.subject) for finding in verdict_of(render([renamed])).findings}
    assert found == {
        ("type-added", "MAIN_WALLET"),
        ("type-removed", "MAIN_FUNDING"),
        ("parameter-added", "fromPair"),
        ("parameter-removed", "fromSymbol"),
    }


@pytest.mark.parametrize("name", ["MAIN_ISOLATED_MARGIN", "ISOLATED_MARGIN_MAIN"])
def test_a_type_of_the_chinese_page_that_goes_is_found(name: str) -> None:
    """The Chinese half no longer lists one of the two."""
    english, chinese = both(OURS, TRANSFER)
    (finding,) = verdict_of(render([english, _drop_type(name)(chinese)])).findings
    assert (finding.kind, finding.subject, finding.language) == ("type-removed", name, "zh")


@pytest.mark.parametrize("name", ["MAIN_ISOLATED_MARGIN", "ISOLATED_MARGIN_MAIN"])
def test_a_type_of_the_chinese_page_that_turns_up_in_english_is_found(name: str) -> None:
    """The English half lists one of the two."""
    english, chinese = both(OURS, TRANSFER)
    (finding,) = verdict_of(render([_add_type(name)(english), chinese])).findings
    assert (finding.kind, finding.subject, finding.language) == ("type-added", name, "en")


def test_a_rule_that_the_wrapper_has_by_analogy_may_be_stated() -> None:
    """A page that comes to say what the wrapper has assumed is no difference."""
    english, chinese = both(OURS, TRANSFER)
    stated = _rules(toSymbol=(IN, BETWEEN, "MAIN_ISOLATED_MARGIN"))(chinese)
    assert verdict_of(render([english, stated])).exit_code == 0


def test_a_rule_that_contradicts_the_analogy_is_found() -> None:
    """A page that names the other symbol for such a type."""
    english, chinese = both(OURS, TRANSFER)
    stated = _rules(fromSymbol=(OUT, BETWEEN, "MAIN_ISOLATED_MARGIN"))(chinese)
    (finding,) = verdict_of(render([english, stated])).findings
    assert (finding.kind, finding.subject) == ("symbol-rule", "fromSymbol")


# Sentences for facts that the template has no words for. Old text on the page, new text, what is found.
EDITS = {
    "negated-rule": (
        TRANSFER,
        "must be sent when",
        "must not be sent when",
        {("symbol-rule", "fromSymbol"), ("symbol-rule", "toSymbol")},
    ),
    "optional-rule": (
        TRANSFER,
        "must be sent when",
        "may be sent when",
        {("symbol-rule", "fromSymbol"), ("symbol-rule", "toSymbol")},
    ),
    "rule-with-an-exception": (
        TRANSFER,
        "must be sent when",
        "must be sent unless",
        {("symbol-rule", "fromSymbol"), ("symbol-rule", "toSymbol")},
    ),
    "time-on-a-page-without-one": (
        TRANSFER,
        "Moves something",
        "Ten calls in 5 minutes. Moves something",
        {("parameter-limit", "parameter-limit")},
    ),
    "key-with-a-full-stop": (TRANSFER, '"tranId": 1', '"tranId": 1, "a.b": 2', {("response-field", "b")}),
    "second-weight": (TRANSFER, "**300**", "**300**\n\n## Request Weight(IP)\n\n**1**", {("weight", "weight")}),
    "weight-with-a-condition": (TRANSFER, "**300**", "**300**, from March on 1800", {("weight", "weight")}),
    "weight-in-one-phrase": (TRANSFER, "**300**", "Weight(UID): 900", {("weight", "weight")}),
    "weight-glued": (TRANSFER, "**300**", "IP Weight300", {("weight", "weight")}),
    "value-that-is-null": (TRANSFER, '"tranId": 1', '"tranId": null', {("response-field", "tranId")}),
    "type-struck-out": (
        TRANSFER,
        "* MAIN_FUNDING one wallet to another",
        "* ~~MAIN_FUNDING one wallet to another~~",
        {("type-wallets", "MAIN_FUNDING")},
    ),
    "type-struck-out-in-html": (
        TRANSFER,
        "* MAIN_FUNDING one",
        "* <del>MAIN_FUNDING</del> one",
        {("type-wallets", "MAIN_FUNDING")},
    ),
    "second-permission": (
        TRANSFER,
        "of the API Key to be enabled.",
        "and the `Enable Withdrawals` option of the API Key to be enabled.",
        {("permission", "permission")},
    ),
    "permission-no-longer": (TRANSFER, "This needs the", "This no longer needs the", {("permission", "permission")}),
    "limit-in-a-sentence": (
        HISTORY,
        "* Only the last",
        "* `current` must not exceed 50\n  * Only the last",
        {("parameter-limit", "current")},
    ),
    "unexplained-number": (
        HISTORY,
        "Default 10, Max 100",
        "Default 10, Max 100, steps of 25",
        {("parameter-limit", "size")},
    ),
    "interval": (
        HISTORY,
        "* Only the last 6 months",
        "* At most 30 days apart\n  * Only the last 6 months",
        {("parameter-limit", "startTime")},
    ),
    "weeks-are-days": (HISTORY, "last 7 days", "last 2 weeks", {("parameter-limit", "startTime")}),
    "status-in-a-comment": (
        HISTORY,
        '"status": "1",  // what this is for',
        '"status": "1",  // CONFIRMED / FAILED / PENDING / FROZEN',
        {("response-field", "status")},
    ),
    "status-number-in-a-comment": (
        STATUS,
        '"status": 1,  // what this is for',
        '"status": 1,  // 0: open, 1: closed, 2: half open',
        {("response-field", "status")},
    ),
    "mandatory-neither-yes-nor-no": (
        TRANSFER,
        "fromSymbol| STRING| NO",
        "fromSymbol| STRING| CONDITIONAL",
        {("parameter-mandatory", "fromSymbol")},
    ),
    "type-with-a-foreign-letter": (
        TRANSFER,
        "MAIN_FUNDING one",
        "M\N{CYRILLIC CAPITAL LETTER A}IN_FUNDING one",
        {("type-removed", "MAIN_FUNDING"), ("type-added", "M\N{CYRILLIC CAPITAL LETTER A}IN_FUNDING")},
    ),
    "type-in-small-letters": (
        TRANSFER,
        "MAIN_FUNDING one",
        "main_funding one",
        {("type-removed", "MAIN_FUNDING"), ("type-added", "main_funding")},
    ),
    "type-with-a-hyphen": (
        TRANSFER,
        "MAIN_FUNDING one",
        "MAIN-FUNDING one",
        {("type-removed", "MAIN_FUNDING"), ("type-added", "MAIN-FUNDING")},
    ),
    "contradicting-rows": (
        TRANSFER,
        "asset| STRING| YES| ",
        "asset| STRING| YES| \nasset| STRING| NO| ",
        {("parameter-mandatory", "asset")},
    ),
    "surplus-cell": (HISTORY, "Default 10, Max 100", "Default 10 | Max 500", {("parameter-limit", "size")}),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_by_hand_is_found(name: str) -> None:
    """Changes to single places of an English page."""
    operation, old, new, expected = EDITS[name]
    text = render([both(OURS, operation)[0]])
    assert old in text
    verdict = verdict_of(text.replace(old, new))
    assert {(finding.kind, finding.subject) for finding in verdict.findings} == expected


# How a page says that something is not, or no longer, needed.
NO_NEED = (
    "is ignored for", "will be ignored for", "is not supported when type is", "is deprecated for", "must be empty for",
    "should be omitted for", "is unnecessary for", "isn't required for", "is no longer needed for",
    "has been removed for", "may be sent for", "can be left out for",
)  # fmt: skip


@pytest.mark.parametrize("words", NO_NEED)
def test_a_sentence_without_a_need_states_none(words: str) -> None:
    text = render([both(OURS, TRANSFER)[0]])
    assert "`fromSymbol` must be sent when the type is" in text
    verdict = verdict_of(text.replace("`fromSymbol` must be sent when the type is", f"`fromSymbol` {words}"))
    assert [(each.kind, each.subject) for each in verdict.findings] == [("symbol-rule", "fromSymbol")]


NO_PERMISSION = {
    "en": (
        "The {} option of the API Key was removed.",
        "The {} option of the API Key has been deprecated.",
        "You need to disable {} for the API Key.",
        "The API key doesn't need {}.",
        "{} isn't required of the API key.",
    ),
    "zh": ("api key {}权限已取消。", "调用此接口不需要API Key开启{}权限。", "需要api key {}权限,该权限已取消。"),
}


@pytest.mark.parametrize(("language", "words"), [(key, words) for key, each in NO_PERMISSION.items() for words in each])
def test_a_permission_that_is_no_longer_needed_is_found(language: str, words: str) -> None:
    (facts,) = (each for each in both(OURS, TRANSFER) if each.language == language)
    text = render([facts])
    sentence = next(line for line in text.split("\n") if f"`{facts.permission}`" in line)
    verdict = verdict_of(text.replace(sentence, words.format(f"`{facts.permission}`")))
    assert [(each.kind, each.subject) for each in verdict.findings] == [("permission", "permission")]


# What may stand before a type in its list.
BADGES = ("(new) ", "New: ", "[NEW] ", "**New** ", "From December on: ", "BETA ")


@pytest.mark.parametrize("dialect", ["as-crawled", "html"])
@pytest.mark.parametrize("badge", BADGES)
def test_a_new_type_behind_a_badge_is_found(badge: str, dialect: str) -> None:
    english = _add_type("MAIN_EARN")(both(OURS, TRANSFER)[0])
    text = render([english], NAMED[dialect])
    badge = badge if dialect == "as-crawled" else f'<span class="badge">{badge.strip(" *")}</span> '
    verdict = verdict_of(text.replace("MAIN_EARN", f"{badge}MAIN_EARN"))
    assert [(each.kind, each.subject) for each in verdict.findings] == [("type-added", "MAIN_EARN")]


def test_a_known_type_behind_a_badge_is_not_gone() -> None:
    text = render([both(OURS, TRANSFER)[0]])
    (finding,) = verdict_of(text.replace("* MAIN_FUNDING ", "* (deprecated) MAIN_FUNDING ")).findings
    assert (finding.kind, finding.subject) == ("type-wallets", "MAIN_FUNDING")
    assert verdict_of(text.replace("* MAIN_FUNDING ", "* (new) MAIN_FUNDING ")).findings == ()


def test_a_line_among_types_that_names_several_is_refused() -> None:
    text = render([both(OURS, TRANSFER)[0]])
    verdict = verdict_of(text.replace("* MAIN_FUNDING ", "* As well as MAIN_EARN and EARN_MAIN: MAIN_FUNDING "))
    assert "names several" in str(verdict.refused)


# Edits that change no fact. Old text on the page, new text.
HARMLESS = {
    "duplicated-bullet": (TRANSFER, "* MAIN_FUNDING one", "* MAIN_FUNDING one wallet\n    * MAIN_FUNDING one"),
    "title": (TRANSFER, "Some Page of the Wallet", "Another Name for It"),
    "remark": (
        TRANSFER,
        "Moves something somewhere.",
        "It moves. See `GET /sapi/v1/asset/transfer` for what was moved.",
    ),
    "default-that-is-not-stated": (HISTORY, "current| INT| NO| Default 1", "current| INT| NO| "),
    "maximum-that-is-not-stated": (HISTORY, "Default 10, Max 100", "Default 10"),
    "reach-that-is-not-stated": (HISTORY, "  * Only the last 6 months can be asked for\n", ""),
    "weight-without-its-kind": (TRANSFER, "Request Weight(UID)", "Request Weight"),
    "weight-in-one-phrase": (TRANSFER, "**300**", "Weight(UID): 300"),
    "method-with-a-colon": (TRANSFER, "POST `", "POST: `"),
    "waves-that-strike-nothing": (TRANSFER, "Moves something", "Costs ~5 to ~10 coins, 5~10. Moves something"),
    "weight-glued": (TRANSFER, "**300**", "UID Weight300"),
    "weight-glued-in-chinese": (TRANSFER, "**300**", "UID 权重300"),
    "wallets-in-other-words": (
        TRANSFER,
        "* MAIN_FUNDING one wallet to another",
        "* MAIN_FUNDING: Spot → Funding (P2P)",
    ),
    "wallets-the-other-way-round": (
        TRANSFER,
        "MAIN_FUNDING one wallet to another",
        "MAIN_FUNDING To funding from spot",
    ),
    "half-a-year": (HISTORY, "last 6 months", "last half year"),
    "a-week": (HISTORY, "last 7 days", "last week"),
    "window-as-the-general-page-has-it": (
        TRANSFER,
        "recvWindow| LONG| NO| ",
        "recvWindow| LONG| NO| The value cannot be greater than 60,000",
    ),
    "address-before-the-path": (TRANSFER, "`/sapi/v1", "`https://api.binance.com/sapi/v1"),
    "signature-scheme": (TRANSFER, "asset/transfer`", "asset/transfer` (HMAC SHA256)"),
    "another-example-number": (TRANSFER, '"tranId": 1', '"tranId": 99887766'),
    "bare-key": (TRANSFER, '"tranId"', "tranId"),
    "status-in-a-comment": (
        HISTORY,
        '"status": "1",  // what this is for',
        '"status": "1",  // PENDING or CONFIRMED or FAILED',
    ),
    "block-comment": (HISTORY, '"status": "1",  // what', '"status": "1",  /* one\n     two */ // what'),
    "rule-as-a-double-negation": (TRANSFER, "must be sent when", "cannot be omitted when"),
    "rule-with-an-otherwise": (
        TRANSFER,
        "is ISOLATEDMARGIN",
        "is one of these, otherwise it is optional: ISOLATEDMARGIN",
    ),
    "rule-with-an-exception": (TRANSFER, "must be sent when", "is optional unless"),
    "permission-without-a-key": (
        TRANSFER,
        "This needs the `Permits Universal Transfer` option of the API Key to be enabled.",
        "Tick “Permits Universal Transfer” in the settings first.",
    ),
    "permission-as-a-condition": (
        TRANSFER,
        "This needs the `Permits Universal Transfer` option of the API Key to be enabled.",
        "An API key cannot call this unless it has `Permits Universal Transfer`.",
    ),
    "link-in-the-permission": (TRANSFER, "to be enabled.", "to be enabled in [the settings](https://docs.example/x)."),
    "footer": (TRANSFER, "    }\n", "    }\n\n> Source: [here](https://docs.example/some/page)\n"),
    "heading-below-the-parameters": (TRANSFER, "  * Values of the enum:", "### Values\n\n  * Values of the enum:"),
    "remark-section": (TRANSFER, "## Response Example", "## Notes\n\nNothing more.\n\n## Response Example"),
    "untranslated-heading": (TRANSFER, "## Request Weight(UID)", "## 请求权重(UID)"),
    "escaped-pipe": (HISTORY, "Default 10, Max 100", "Default 10 \\| Max 100"),
    "emphasised-need": (TRANSFER, "must be sent", "**must** be sent"),
    "bare-link": (TRANSFER, "Moves something", "<https://docs.example/a> Moves something"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_fact_is_no_difference(name: str) -> None:
    """Changes to single places of an English page that leave its facts alone."""
    operation, old, new = HARMLESS[name]
    text = render([both(OURS, operation)[0]])
    assert old in text
    verdict = verdict_of(text.replace(old, new))
    assert (verdict.refused, verdict.findings) == (None, ())


def test_an_english_label_may_repeat_a_chinese_heading() -> None:
    text = render([both(OURS, TRANSFER)[1]])
    verdict = verdict_of(text.replace("**300**", "Weight(UID): 300"))
    assert (verdict.refused, verdict.findings) == (None, ())


@pytest.mark.parametrize("language", [0, 1])
def test_of_a_list_that_became_an_object_only_the_outermost_is_found(language: int) -> None:
    facts = both(OURS, HISTORY)[language]
    response = {**facts.response, "rows": facts.response["rows"][0]}
    (finding,) = verdict_of(render([replace(facts, response=response)])).findings
    assert (finding.kind, finding.subject, finding.page) == ("response-field", "rows", "rows: object")

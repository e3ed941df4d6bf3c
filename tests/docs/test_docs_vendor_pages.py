# ruff: noqa: RUF001 - Chinese text is written with Chinese punctuation
"""
The vendor's own pages, from a folder that the environment variable VENDOR_PAGES names.

Without the variable none of this is collected: the project carries no copy of those pages.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

from tests.docs.conftest import OURS, verdict_of, verdicts_of
from tests.docs.openapi_words import modern
from tests.docs.portal_page import portal
from tests.docs.vendor_page import both

FOLDER = Path(os.environ["VENDOR_PAGES"])
PAGES = sorted(FOLDER.glob("*.md"))
TRANSFER, HISTORY = "user-universal-transfer.md", "query-user-universal-transfer.md"
KEY, STATUS = "api-key-permission.md", "system-status.md"


# These copies are of 2026-01-15. The vendor has lowered the transfer's weight since, and changed nothing else.
OUTDATED = {TRANSFER: [("weight", "weight", "900 (UID)", "300 (UID)")]}


def text_of(page: str) -> str:
    """The page as it would stand today, so that a mutation is its only difference."""
    return (FOLDER / page).read_text(encoding="utf-8").replace("**900**", "**300**")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_old_page_differs_in_exactly_the_weight(page: Path) -> None:
    """In both languages, without a word on its front matter."""
    verdict = verdict_of(page.read_text(encoding="utf-8"))
    found = [(each.language, (each.kind, each.subject, each.page, each.ours)) for each in verdict.findings]
    assert found == [(language, fact) for language in ("en", "zh") for fact in OUTDATED.get(page.name, [])]
    assert (verdict.refused, verdict.notes, verdict.languages) == (None, (), ("en", "zh"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_as_html_is_in_agreement(page: Path) -> None:
    """The same text through another door."""
    body = re.sub(r"\A---\n.*?\n---\n", "", text_of(page.name), flags=re.DOTALL)
    rendered = MarkdownIt("commonmark").enable("table").render(body)
    verdict = verdict_of(f"<!doctype html>\n<html><body><article>{rendered}</article></body></html>")
    assert (verdict.refused, verdict.findings) == (None, ())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_one_language_alone_is_in_agreement(page: Path) -> None:
    """Cut where the second title stands."""
    english, rule, chinese = text_of(page.name).rpartition("\n---\n")
    assert rule
    assert [verdict_of(half).exit_code for half in (english, chinese, f"{chinese}\n\n{english}")] == [0, 0, 0]


class Mutation(NamedTuple):
    """A change to one place, or to all with `times=0`, and what must be found; no kinds for a refusal."""

    page: str
    old: str
    new: str
    found: set[tuple[str, str, str]]
    times: int = 1


def _both(kind: str, subject: str) -> set[tuple[str, str, str]]:
    return {(kind, subject, "en"), (kind, subject, "zh")}


MUTATIONS = [
    Mutation(TRANSFER, "**300**", "**900**", {("weight", "weight", "en")}),
    Mutation(TRANSFER, "**300**", "**9,000**", _both("weight", "weight"), 0),
    Mutation(TRANSFER, "Request Weight(UID)", "Request Weight(IP)", {("weight", "weight", "en")}),
    Mutation(TRANSFER, "请求权重(UID)", "请求权重(IP)", {("weight", "weight", "zh")}),
    Mutation(TRANSFER, "POST `", "PUT `", {("method", "method", "en")}),
    Mutation(TRANSFER, "POST `", "GET `", _both("method", "method"), 0),
    Mutation(TRANSFER, "`/sapi/v1/asset/transfer`", "`/sapi/v2/asset/transfer`", _both("path", "path"), 0),
    Mutation(TRANSFER, "`Permits Universal Transfer`", "`Permits Transfer`", {("permission", "permission", "en")}),
    Mutation(TRANSFER, "`允许万向划转`", "`允许划转`", {("permission", "permission", "zh")}),
    Mutation(TRANSFER, "您需要开通api key `允许万向划转`权限来调用此接口。", "", {("permission", "permission", "zh")}),
    Mutation(TRANSFER, "amount| DECIMAL| YES|", "amount| DECIMAL| NO|", {("parameter-mandatory", "amount", "en")}),
    Mutation(TRANSFER, "timestamp| LONG|", "timestamp| STRING|", _both("parameter-type", "timestamp"), 0),
    Mutation(TRANSFER, "toSymbol| STRING| NO|   \n", "", {("parameter-removed", "toSymbol", "en")}),
    Mutation(
        TRANSFER, "recvWindow| LONG| NO| ", "recvWindow| LONG| NO| Max 5000", {("parameter-limit", "recvWindow", "en")}
    ),
    Mutation(
        TRANSFER,
        "timestamp| LONG| YES|   \n",
        "timestamp| LONG| YES|   \nclientTranId| STRING| NO|   \n",
        _both("parameter-added", "clientTranId"),
        0,
    ),
    Mutation(
        TRANSFER,
        "    * MAIN_OPTION Spot",
        "    * MAIN_EARN Spot account transfer to Earn account\n    * MAIN_OPTION Spot",
        {("type-added", "MAIN_EARN", "en")},
    ),
    Mutation(TRANSFER, "    * MAIN_OPTION 现货钱包转向期权钱包\n", "", {("type-removed", "MAIN_OPTION", "zh")}),
    Mutation(
        TRANSFER,
        "* OPTION_MARGIN Options",
        "* OPTIONS_MARGIN Options",
        {("type-removed", "OPTION_MARGIN", "en"), ("type-added", "OPTIONS_MARGIN", "en")},
    ),
    Mutation(
        TRANSFER,
        "    * MAIN_ISOLATED_MARGIN 现货钱包转向逐仓账户钱包\n",
        "",
        {("type-removed", "MAIN_ISOLATED_MARGIN", "zh")},
    ),
    Mutation(
        TRANSFER,
        "    * PORTFOLIO_MARGIN_MAIN Portfolio",
        "    * ISOLATED_MARGIN_MAIN Isolated margin to Spot\n    * PORTFOLIO_MARGIN_MAIN Portfolio",
        {("type-added", "ISOLATED_MARGIN_MAIN", "en")},
    ),
    Mutation(
        TRANSFER,
        "type are MARGIN_ISOLATEDMARGIN and",
        "type are MARGIN_ISOLATEDMARGIN, MAIN_MARGIN and",
        {("symbol-rule", "toSymbol", "en")},
    ),
    Mutation(
        TRANSFER,
        "ISOLATEDMARGIN_MARGIN 和 ISOLATEDMARGIN_ISOLATEDMARGIN",
        "ISOLATEDMARGIN_MARGIN",
        {("symbol-rule", "fromSymbol", "zh")},
    ),
    Mutation(
        TRANSFER,
        "  * `toSymbol` must be sent when type are MARGIN_ISOLATEDMARGIN and ISOLATEDMARGIN_ISOLATEDMARGIN\n",
        "",
        {("symbol-rule", "toSymbol", "en")},
    ),
    Mutation(
        TRANSFER,
        "  * ENUM of",
        "  * `fromSymbol` must be sent when type is FUNDING_MAIN\n\n  * ENUM of",
        {("symbol-rule", "fromSymbol", "en")},
    ),
    Mutation(
        TRANSFER,
        '"tranId":13526853623',
        '"tranId":13526853623,\n        "status":"OK"',
        _both("response-field", "status"),
        0,
    ),
    Mutation(TRANSFER, "## Request Parameters", "## Errata", set()),
    Mutation(TRANSFER, "**300**", "", set()),
    Mutation(TRANSFER, "asset| STRING| YES|", "asset STRING YES", set()),
    Mutation(
        TRANSFER, "`/sapi/v1/asset/transfer`", "`/sapi/v1/sub-account/universalTransfer`", _both("path", "path"), 0
    ),
    Mutation(HISTORY, "Default 10, Max 100", "Default 10, Max 500", {("parameter-limit", "size", "en")}),
    Mutation(HISTORY, "默认 10, 最大 100", "默认 20, 最大 100", {("parameter-limit", "size", "zh")}),
    Mutation(HISTORY, "last 6 months", "last 3 months", {("parameter-limit", "startTime", "en")}),
    Mutation(HISTORY, "半年（6个月）", "三个月", {("parameter-limit", "startTime", "zh")}),
    Mutation(HISTORY, "半年（6个月）", "半年（3个月）", {("parameter-limit", "startTime", "zh")}),
    Mutation(HISTORY, "last 7 days", "last 30 days", {("parameter-limit", "startTime", "en")}),
    Mutation(HISTORY, "最近7天", "最近一个月", {("parameter-limit", "startTime", "zh")}),
    Mutation(HISTORY, "size| INT|", "size| LONG|", _both("parameter-type", "size"), 0),
    Mutation(HISTORY, "type| ENUM| YES|", "type| ENUM| NO|", {("parameter-mandatory", "type", "en")}),
    Mutation(HISTORY, '                "status": "CONFIRMED",  \n', "", {("response-field", "status", "en")}),
    Mutation(
        HISTORY, '"total":2,', '"count":2,', {("response-field", "count", "en"), ("response-field", "total", "en")}
    ),
    Mutation(
        HISTORY,
        "CONFIRMED / FAILED / PENDING",
        "CONFIRMED / FAILED / PENDING / REVERTED",
        {("response-field", "status", "en")},
    ),
    Mutation(HISTORY, "GET `", "POST `", _both("method", "method"), 0),
    Mutation(HISTORY, "`/sapi/v1/asset/transfer`", "`/sapi/v1/margin/transfer`", set(), 0),
    Mutation(HISTORY, "        ]  \n", "", set()),
    Mutation(KEY, '      "enableFixReadOnly": true,  \n', "", {("response-field", "enableFixReadOnly", "en")}),
    Mutation(
        KEY,
        '"permitsUniversalTransfer"',
        '"permitUniversalTransfer"',
        _both("response-field", "permitsUniversalTransfer") | _both("response-field", "permitUniversalTransfer"),
        0,
    ),
    Mutation(KEY, "**1**", "**10**", {("weight", "weight", "en")}),
    Mutation(KEY, "请求权重(IP)", "请求权重(UID)", {("weight", "weight", "zh")}),
    Mutation(KEY, "`/sapi/v1/account/apiRestrictions`", "`/sapi/v1/account/status`", set(), 0),
    Mutation(
        STATUS,
        '"msg": "normal" ',
        '"message": "normal" ',
        {("response-field", "msg", "en"), ("response-field", "message", "en")},
    ),
    Mutation(
        STATUS,
        "0: normal，1：system maintenance",
        "0: normal，1：system maintenance, 2: cancel only",
        {("response-field", "status", "en")},
    ),
    Mutation(STATUS, "GET `/sapi/v1/system/status`", "GET `/sapi/v1/account/apiTradingStatus`", set(), 0),
]


@pytest.mark.parametrize(
    "mutation", MUTATIONS, ids=lambda mutation: f"{mutation.page}: {mutation.old[:30]!r} to {mutation.new[:30]!r}"
)
def test_a_single_change_is_detected(mutation: Mutation) -> None:
    """Exactly that change, or a refusal where nothing can be said."""
    text = text_of(mutation.page)
    assert mutation.old in text
    verdict = verdict_of(text.replace(mutation.old, mutation.new, mutation.times or -1))
    assert {(finding.kind, finding.subject, finding.language) for finding in verdict.findings} == mutation.found
    assert verdict.exit_code == (1 if mutation.found else 2)


@pytest.mark.parametrize("line", [">   * Support query within the last 6 months only\n", "| 默认 1  "])
def test_a_limit_that_is_not_stated_is_no_difference(line: str) -> None:
    text = text_of(HISTORY)
    assert line in text
    assert verdict_of(text.replace(line, "")).exit_code == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_with_a_fact_can_go_unnoticed(page: Path) -> None:
    """Each line of the parameters, the weight and the response is taken out in turn, but for those of limits alone."""
    lines = text_of(page.name).split("\n")
    facts = re.compile(
        r"^\w+\| |^\*\*\d|^(>| )+\* +`?\w+_?\w*`? (?!of)|^ +\"\w+\"|^#+ .*(Weight|Param|Resp|权重|参数|示例)"
    )
    introduced = re.compile(r"ENUM of|划转类型:|\d ?(?:months|days|天)|个月")
    for index, line in enumerate(lines):
        if facts.search(line) and not introduced.search(line):
            assert verdict_of("\n".join(lines[:index] + lines[index + 1 :])).exit_code, line


CAPTURES = sorted((FOLDER / "portal").glob("*.md"))
OWN = [modern(both(OURS, operation.name)[0]) for operation in OURS.operations[:5]]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda page: page.name)
def test_a_page_of_the_portal_without_any_of_ours_is_refused(capture: Path) -> None:
    """It says what was found."""
    verdict = verdict_of(capture.read_text(encoding="utf-8"))
    assert (verdict.exit_code, verdict.operation) == (2, None)
    assert "line 17" in str(verdict.refused)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda page: page.name)
@pytest.mark.parametrize("place", ["before", "between", "behind"])
def test_ours_are_found_among_the_portals_own(capture: Path, place: str) -> None:
    """Five operations of ours, at the places where the portal separates its own."""
    head, *others = capture.read_text(encoding="utf-8").split("\n---\n")
    ours = portal(OWN).split("\n---\n", 1)[1]
    at = {"before": 0, "between": 1, "behind": len(others)}[place]
    text = "\n---\n".join([head, *others[:at], ours, *others[at:]])
    verdicts = verdicts_of(text)
    assert [(each.refused, each.findings) for each in verdicts] == [(None, ())] * 5
    changed = verdicts_of(text.replace("UID Weight300", "UID Weight900"))
    found = [[(finding.kind, finding.page) for finding in each.findings] for each in changed]
    assert found == [[("weight", "900 (UID)")], [], [], [], []]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_operation_with_an_address_is_there(page: Path) -> None:
    """The folder holds a page of each; its name ends the address."""
    names = {Path(address).name for operation in OURS.operations for address in operation.former_addresses}
    assert page.stem in names

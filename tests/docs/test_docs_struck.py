"""What is struck out is no longer said, in whatever it stands; a type that is struck out is a finding of its own."""

import re
from pathlib import Path

import pytest

from generator.docs.sources import read_source
from tests.docs.conftest import OURS, verdict_of, verdicts_of
from tests.docs.dialects import NAMED
from tests.docs.openapi_words import modern
from tests.docs.portal_page import portal
from tests.docs.sdk_package import sdk
from tests.docs.test_docs_archives import rewritten
from tests.docs.vendor_page import both, render

TRANSFER, HISTORY = "POST /sapi/v1/asset/transfer", "GET /sapi/v1/asset/transfer"
BETWEEN, OUT = "ISOLATEDMARGIN_ISOLATEDMARGIN", "ISOLATEDMARGIN_MARGIN"
ENABLED = "This needs the `Permits Universal Transfer` option of the API Key to be enabled."
PERMISSION = {("permission", "permission")}
EVERYTHING = [modern(both(OURS, operation.name)[0]) for operation in OURS.operations[:5]]

# Operation, old text, new text, what is found. `{}` is the old text.
FACTS = {
    "weight": (TRANSFER, "**300**", "~~300~~ **600**", {("weight", "weight")}),
    "weight-of-before": (TRANSFER, "**300**", "~~900~~ {}", set()),
    "weights-in-cells": (TRANSFER, "**300**", "|a|b|\n|-|-|\n|300|600|", {("weight", "weight")}),
    "permission": (TRANSFER, ENABLED, "~~{}~~", PERMISSION),
    "permission-in-chinese": (TRANSFER, "调用前须为 api key 开通`允许万向划转`权限。", "<del>{}</del>", PERMISSION),
    "rule": (TRANSFER, f"`fromSymbol` must be sent when the type is {BETWEEN} and {OUT}",
             "~~{}~~", {("symbol-rule", "fromSymbol")}),
    "part-of-a-rule": (TRANSFER, f"{BETWEEN} and {OUT}", f"~~{BETWEEN} and~~ {OUT}", {("symbol-rule", "fromSymbol")}),
    "row": (TRANSFER, "asset| STRING| YES| ", "~~asset~~| STRING| YES| ", {("parameter-removed", "asset")}),
    "row-with-a-tag": (TRANSFER, "asset| STRING", "<del>asset</del>| STRING", {("parameter-removed", "asset")}),
    "type-of-before": (TRANSFER, "asset| STRING| YES| ", "asset| ~~LONG~~ STRING| YES| ", set()),
    "limit-of-before": (HISTORY, "Default 10, Max 100", "Default 10, ~~Max 50~~ Max 100", set()),
    "span-of-before": (HISTORY, "last 6 months", "last ~~3~~ 6 months", set()),
    "type-that-was-never-ours": (TRANSFER, "* MAIN_FUNDING", "* ~~MAIN_C2C one wallet to another~~\n    {}", set()),
}  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
def test_what_is_struck_out_is_not_said(name: str) -> None:
    operation, old, new, expected = FACTS[name]
    text = render(both(OURS, operation)[name.endswith("chinese") :])
    assert old in text
    verdict = verdict_of(text.replace(old, new.format(old), 1))
    assert verdict.refused is None
    assert {(each.kind, each.subject) for each in verdict.findings} == expected


def test_a_field_of_the_portal_that_is_struck_out_is_gone() -> None:
    (verdict, *_) = verdicts_of(portal(EVERYTHING).replace("`asset`", "~~`asset`~~", 1))
    assert [(each.kind, each.subject) for each in verdict.findings] == [("parameter-removed", "asset")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<li>MAIN_FUNDING one wallet to another", "<li><del>MAIN_FUNDING one wallet to another</del>"),
        ("<li>MAIN_FUNDING", '<li style="text-decoration: line-through">MAIN_FUNDING'),
        ("<li>MAIN_FUNDING", '<li><span style="text-decoration:line-through">MAIN_FUNDING</span>'),
    ],
)
def test_a_type_that_html_strikes_out_is_found(old: str, new: str) -> None:
    text = render([both(OURS, TRANSFER)[0]], NAMED["html"])
    assert old in text
    assert [(each.kind, each.subject) for each in verdict_of(text.replace(old, new, 1)).findings] == [
        ("type-wallets", "MAIN_FUNDING")
    ]


def test_a_sentence_of_the_sdk_that_is_struck_out_is_gone(tmp_path: Path) -> None:
    old = "Enable `Permits Universal Transfer` for the API Key that sends this."
    verdict = read_source(str(rewritten(sdk(EVERYTHING, tmp_path), old, f"~~{old}~~")), OURS)[0]
    assert [(each.kind, each.subject) for each in verdict.findings] == [("permission", "permission")]


NAMES = dict(both(OURS, TRANSFER)[0].types)
# Forms of the list: before it, each of its lines, after it.
LISTS = {
    "bullets": ("", "* {} {}", ""),
    "table": ("| Type | Meaning |\n|---|---|", "| {} | {} |", ""),
    "lines": ("", "{} {}  ", ""),
    "html": ("<p>", "{} {}<br>", "</p>"),
}
STRUCK = {
    "name": ("~~{}~~", "{}"),
    "description": ("{}", "~~{}~~"),
    "both": ("~~{}~~", "~~{}~~"),
    "with-single-tildes": ("~{}~", "{}"),
}


@pytest.mark.parametrize("how", STRUCK)
@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("name", ["MAIN_FUNDING", "CMFUTURE_MAIN"])
def test_a_type_that_is_struck_out_is_found_in_any_list(name: str, form: str, how: str) -> None:
    english = both(OURS, TRANSFER)[0]
    text = render([english], NAMED["as-crawled"])
    first, last = (text.index(f"    * {each} ") for each in (next(iter(NAMES)), list(NAMES)[-1]))
    before, line, after = LISTS[form]
    rows = []
    for each in NAMES:
        cells: tuple[str, ...] = (each, "COIN-M Futures to Spot" if each == name else "one wallet to another")
        if each == name:
            cells = tuple(mark.format(cell) for mark, cell in zip(STRUCK[how], cells, strict=True))
        rows.append(line.format(*cells))
    listed = "\n".join(["\n", before, *rows, after, "\n"]) if before else "\n".join(["\n", *rows, "\n"])
    if form == "html":
        listed = re.sub("~+([^~]+)~+", r"<del>\1</del>", listed)
    text = text[:first] + listed + text[text.index("\n", last) :]
    verdict = verdict_of(text)
    assert verdict.refused is None
    assert [(each.kind, each.subject) for each in verdict.findings] == [("type-wallets", name)]
    assert name in text.split("\n")[verdict.findings[0].line - 1]

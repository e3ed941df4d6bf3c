"""Pages of the vendor's portal, of this project's own making."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.docs.openapi_words import OPENAPI, enum_of, listed_types, notes_of, type_of
from tests.docs.vendor_page import Json, PageFacts, Row


@dataclass(frozen=True)
class Form:
    """How a source is written. None of this is a fact."""

    markup: str = "markdown"
    weight: str = "{kind} Weight{value}"
    kind_in_prose: bool = True
    titled: bool = True
    one_line: bool = False
    joined: bool = False
    enum_inline: bool = False
    chips: bool = False
    anchor: bool = False
    notes: str = "nested"
    example: bool = True
    strangers: int = 1
    footer: bool = False
    newline: str = "\n"


FORMS = st.builds(
    Form,
    markup=st.sampled_from(["markdown", "html", "spans"]),
    weight=st.sampled_from(
        ["{kind} Weight{value}", "{kind} Weight {value}", "Weight({kind}): {value}", "{kind} Weight\n\n{value}"]
    ),
    kind_in_prose=st.booleans(),
    joined=st.booleans(),
    titled=st.booleans(),
    one_line=st.booleans(),
    enum_inline=st.booleans(),
    chips=st.booleans(),
    anchor=st.booleans(),
    notes=st.sampled_from(["nested", "flat"]),
    example=st.booleans(),
    strangers=st.integers(0, 2),
    footer=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
)


def portal(parts: Sequence[PageFacts], form: Form | None = None) -> str:
    """One page with all of them, and somebody else's operations around."""
    form = form or Form()
    chinese = parts[0].language == "zh"
    blocks: list[str] = [
        "3. [REST API](/en/docs)",
        "# 资产" if chinese else "# Asset",
        "Endpoint",
        "https://api.example",
    ]
    strangers = [stranger(number, parts[0].language) for number in range(form.strangers)]
    for facts in [*strangers[:1], *parts, *strangers[1:]]:
        blocks += ["---", *_Portal(facts, form).blocks()]
    if form.footer:
        blocks += ["---", "# About", "Cookies. 2026.", "| a | b |\n| --- | --- |\n| c | d |"]
    text = "\n\n".join(blocks) + "\n"
    if form.markup != "markdown":
        text = _as_html(blocks, form)
    return text.replace("\n", form.newline)


def stranger(number: int, language: Any = "en") -> PageFacts:
    """An operation that is not ours, and looks like one."""
    return PageFacts(
        language, "POST", f"/sapi/v1/some/where{number}", "1500", "IP",
        (Row("amount", "DECIMAL", mandatory=True), Row("timestamp", "LONG", mandatory=True)), {"tranId": 1},
    )  # fmt: skip


class _Portal:
    def __init__(self, facts: PageFacts, form: Form) -> None:
        self.facts, self.form = facts, form
        self.chinese = facts.language == "zh"
        self.title = f"{facts.method.title()} {facts.path.rpartition('/')[2]} (USER\\_DATA)"
        if self.chinese:
            self.title = f"查询或划转{facts.path.rpartition('/')[2]} (USER\\_DATA)"

    def heading(self, english: str, chinese: str) -> str:
        words = chinese if self.chinese else english
        return f"### {self.title} \u203a {words}" if self.form.titled else f"### {words}"

    def blocks(self) -> list[str]:
        facts, chinese = self.facts, self.chinese
        blocks = [f"## {self.title}", "做一件事。" if chinese else "Does it."]
        blocks += [f"{facts.method}{facts.path}"] if self.form.joined else [facts.method, facts.path]
        blocks += ["https://api.example", self.heading("Request Weight", "请求权重")]
        if self.form.kind_in_prose:
            blocks += [
                f"本接口消耗 {facts.kind} 权重。" if chinese else f"This endpoint consumes {facts.kind}-based weight."
            ]
        blocks += self.form.weight.format(kind=facts.kind, value=facts.weight).split("\n\n")
        blocks += [self.heading("Headers", "请求头"), "`X-MBX-APIKEY`", "string · required", "Example: API\\_KEY"]
        if facts.rows:
            blocks += [self.heading("Request Body" if facts.method == "POST" else "Query Parameters", "请求参数")]
            blocks += [block for row in facts.rows for block in self.field(row)]
        blocks += self.notes()
        blocks += [self.heading("Responses", "响应"), "200", "做完了。" if chinese else "Done."]
        blocks += self.answer_fields(facts.response)
        blocks += [f"{facts.method}{facts.path}", "Loading…", "`curl --request X \\\n --data a=1`"]
        if facts.method == "POST":
            blocks += [
                "请求示例" if chinese else "Example Request Body",
                '`{\n "amount": "1.0",\n "odd": 1\n}`',
                "json",
            ]
        if self.form.example or isinstance(facts.response, list):
            written = json.dumps(facts.response, indent=1)
            blocks += [
                "响应示例" if chinese else "Example Responses",
                "200",
                f"`{written}`",
                "json",
                "application/json",
            ]
        return blocks

    def field(self, row: Row) -> list[str]:
        type_, format_ = OPENAPI.get(row.type, (row.type.lower(), ""))
        is_enum = row.type == "ENUM" and bool(self.facts.types)
        marks = [type_, "enum" if is_enum else format_, "required" if row.mandatory else ""]
        blocks = [f"`{row.name}`", " · ".join(mark for mark in marks if mark)]
        if self.form.one_line:
            blocks = [" ".join(blocks)]
        if is_enum:
            values = [name.replace("_", "\\_") for name in enum_of(self.facts)]
            blocks += ["Enum values: " + ", ".join(values)] if self.form.enum_inline else ["Enum values:", *values]
        blocks += ["Words about it.", "Example: 1770736694138"]
        words = {"default": "Default: {}", "maximum": "Maximum: {}", "minimum": "Minimum: {}"}
        return blocks + [words[bound].format(value) for bound, value in row.limits]

    def notes(self) -> list[str]:
        types = listed_types(self.facts)
        lines = [f"* {note}" for note in notes_of(self.facts)]
        if types:
            lines += ["* 划转类型:" if self.chinese else "* Values of the enum:"]
            lines += [f"{'  ' if self.form.notes == 'nested' else ''}* {each}" for each in types]
        return ["\n".join(lines)] if lines else []

    def answer_fields(self, value: Json) -> list[str]:
        if isinstance(value, list):
            return self.answer_fields(value[0])
        blocks: list[str] = []
        for name, inner in value.items():
            field = [f"`{name}`", type_of(inner)]
            blocks += [" ".join(field)] if self.form.one_line else field
            blocks += ["What it is.", "Example: 1"]
            if isinstance(inner, list | dict) and inner:
                blocks += self.answer_fields(inner)
        return blocks


def _as_html(blocks: Sequence[str], form: Form) -> str:
    rows = ["<!DOCTYPE html>", "<html><body><nav>Menu</nav><main>"]
    for block in blocks:
        if found := re.match(r"(#+) ", block):
            level = len(found[1])
            anchor = '<a href="#x">#</a>' if form.anchor and level == 2 else ""
            rows.append(f"<h{level}>{_inline(block[level + 1 :])}{anchor}</h{level}>")
        elif block.startswith("* "):
            rows.append("<ul>" + "".join(f"<li>{_inline(row.strip()[2:])}</li>" for row in block.split("\n")) + "</ul>")
        elif block.startswith(("`{", "`[")):
            rows.append(f"<pre><code>{html.escape(block.strip('`'), quote=False)}</code></pre>")
        elif block == "---":
            rows.append("<hr>")
        elif form.chips and (types := re.fullmatch(r"Enum values: (.*)", block)):
            chips = "".join(f"<code>{name}</code>" for name in types[1].replace("\\_", "_").split(", "))
            rows.append(f"<div>Enum values: {chips}</div>")
        elif form.chips and re.fullmatch(r"(string|integer|number|boolean)( · \w+)*", block):
            rows.append("<p>" + "".join(f"<span>{word}</span>" for word in block.split(" · ")) + "</p>")
        elif form.markup == "spans" and re.fullmatch(r"`\w+`", block):
            rows.append(f"<div><span><span>{block.strip('`')}</span></span></div>")
        else:
            rows.append(f"<div><p>{_inline(block)}</p></div>")
    return "\n".join([*rows, "</main><footer>2026</footer></body></html>"])


def _inline(words: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(words.replace("\\_", "_"), quote=False))

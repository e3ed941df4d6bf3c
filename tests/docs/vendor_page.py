# ruff: noqa: RUF001 - Chinese text is written with Chinese punctuation
"""
Pages of this project's own making: facts in, a page in one of the dialects that the vendor's copies come in out.

Every sentence here is the project's own; only names, numbers and table heads are the vendor's.
"""

import html
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from generator.docs.project import Operation, Project
from generator.docs.wording import Language

Json = Any


@dataclass(frozen=True)
class Row:
    """A row of the table of parameters; limits as (bound, value)."""

    name: str
    type: str
    mandatory: bool
    limits: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PageFacts:
    """All that one language of a page says. `rules` maps a parameter to the types that need it."""

    language: Language
    method: str
    path: str
    weight: str
    kind: str
    rows: tuple[Row, ...]
    response: Json
    permission: str | None = None
    types: tuple[tuple[str, str], ...] = ()
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reach_months: int | None = None
    default_days: int | None = None


@dataclass(frozen=True)
class Dialect:
    """How a page is written. None of this is a fact."""

    markup: Literal["markdown", "html"] = "markdown"
    outer_pipes: bool = False
    align: Literal["---", ":---", ":---:"] = "---"
    padded: bool = False
    bullet: Literal["*", "-", "+"] = "*"
    lists: Literal["nested", "flat", "quoted", "loose"] = "nested"
    escaped: bool = False
    wrap: int | None = None
    anchors: Literal["none", "zero-width", "hash"] = "zero-width"
    full_width: bool = False
    names: Literal["plain", "code", "bold"] = "code"
    newline: Literal["\n", "\r\n"] = "\n"
    bom: bool = False
    levels: tuple[int, int] = (1, 2)
    setext: bool = False
    labels: bool = False
    response_first: bool = False
    code: Literal["indented", "fenced", "tilde"] = "indented"
    comments: bool = True
    commas: Literal["right", "missing", "trailing"] = "right"
    one_line: bool = False
    trailing_blanks: bool = True
    front_matter: Literal["none", "vendor"] = "vendor"
    grouped: bool = False
    wording: int = 0
    kind_place: Literal["heading", "value"] = "heading"
    invisible: bool = False


_TITLES = {"en": "Some Page of the Wallet (USER_DATA)", "zh": "钱包的某个页面(USER_DATA)"}
_HEADINGS: dict[Language, tuple[dict[str, str], ...]] = {
    "en": (
        {
            "description": "API Description",
            "request": "HTTP Request",
            "weight": "Request Weight",
            "parameters": "Request Parameters",
            "response": "Response Example",
        },
        {
            "description": "Description",
            "request": "HTTP request",
            "weight": "Weight",
            "parameters": "Parameters",
            "response": "Response",
        },
    ),
    "zh": (
        {
            "description": "接口描述",
            "request": "HTTP请求",
            "weight": "请求权重",
            "parameters": "请求参数",
            "response": "响应示例",
        },
        {"description": "描述", "request": "HTTP 请求", "weight": "权重", "parameters": "参数", "response": "返回示例"},
    ),
}
_HEADS = {
    "en": (("Name", "Type", "Mandatory", "Description"), ("Parameter", "Type", "Required", "Description")),
    "zh": (("名称", "类型", "是否必需", "描述"), ("参数名", "数据类型", "是否必须", "说明")),
}
_FLAGS = {"en": (("NO", "YES"), ("No", "Yes")), "zh": (("NO", "YES"), ("否", "是"))}
_LIMITS = {
    "en": (
        {"default": "Default {}", "maximum": "Max {}", "minimum": "Min {}"},
        {"default": "default value is {}", "maximum": "must not be greater than {}", "minimum": "at least {}"},
    ),
    "zh": (
        {"default": "默认 {}", "maximum": "最大 {}", "minimum": "最小 {}"},
        {"default": "默认值：{}", "maximum": "不能超过 {}", "minimum": "不小于 {}"},
    ),
}
_RULES = {
    "en": ("{} must be sent when the type is {}", "For the types {1} the parameter {0} is mandatory"),
    "zh": ("{} 必须发送，如果类型是 {}", "当类型为 {1} 时，必须填写 {0}"),
}
_JOINTS = {"en": (" and ", ", ", " or "), "zh": (" 和 ", "、", " 或 ")}
_REACH = {
    "en": ("Only the last {} months can be asked for", "Rows older than {} months are not returned"),
    "zh": ("只能查询最近{}个月的数据", "支持查询近 {} 个月"),
}
_SPAN = {
    "en": (
        "Without `startTime`and `endTime` the last {} days are the default",
        "By default the past {} days are covered",
    ),
    "zh": ("没有`startTime`和`endTime`时，默认为最近{}天", "缺省返回最近 {} 天"),
}
_PERMISSIONS = {
    "en": ("This needs the {} option of the API Key to be enabled.", "Enable {} for your API key before you call it."),
    "zh": ("调用前须为 api key 开通{}权限。", "API Key 需要勾选{}权限。"),
}
_INTRO = {"en": ("Values of the enum:", "Supported transfers"), "zh": ("支持的划转类型：", "划转类型")}
_REMARK = {"en": "Moves something somewhere.", "zh": "把某物移到某处。"}
_COMMENT = {"en": "// what this is for", "zh": "// 用途"}


def facts_of(operation: Operation, language: Language) -> PageFacts:
    """What a page would say that agrees with the spec."""
    chinese = operation.chinese_page_types
    return PageFacts(
        language=language,
        method=operation.method,
        path=operation.path,
        weight=operation.weight,
        kind=operation.weight_kind,
        rows=tuple(
            Row(
                each.name,
                each.type,
                each.mandatory == "YES",
                tuple((bound, each.bounds[bound]) for bound in ("default", "maximum") if bound in each.stated),
            )
            for each in operation.parameters
        ),
        response=_response(operation),
        permission=operation.permissions.get(language),
        types=tuple(
            (name, {"en": "one wallet to another", "zh": "一个钱包转向另一个"}[language])
            for name in operation.types[language]
        ),
        rules={name: tuple(sorted(types - chinese)) for name, types in operation.needs.items()},
        reach_months=int(operation.spans["reach"].split()[0]) if operation.spans else None,
        default_days=int(operation.spans["default"].split()[0]) if operation.spans else None,
    )


_VALUES: dict[str, Json] = {"string": "1", "integer": 1, "boolean": True}


def _response(operation: Operation) -> Json:
    response: Json = [{}, {}] if next(iter(operation.fields)).startswith("[]") else {}
    for path in operation.fields:
        is_list = any(other.startswith(f"{path}[]") for other in operation.fields)
        *outer, name = path.removeprefix("[].").split(".")
        objects = list(response) if isinstance(response, list) else [response]
        for key in outer:
            objects = [row for each in objects for row in each[key.removesuffix("[]")]]
        for each in objects:
            each[name] = [{}, {}] if is_list else _VALUES[operation.field_types[path]]
    return response


def both(ours: Project, name: str) -> tuple[PageFacts, PageFacts]:
    """English and Chinese facts of an operation such as `POST /sapi/v1/asset/transfer`."""
    operation = next(each for each in ours.operations if each.name == name)
    return facts_of(operation, "en"), facts_of(operation, "zh")


def render(halves: Sequence[PageFacts], dialect: Dialect | None = None) -> str:
    """Write the page."""
    dialect = dialect or Dialect()
    if dialect.markup == "html":
        body = "\n".join(_Html(half, dialect).text() for half in halves)
        page = (
            f"<!DOCTYPE html>\n<html><head><title>Wallet</title></head>\n<body><main>\n{body}\n</main></body></html>\n"
        )
    else:
        page = "\n\n---\n\n".join(_Markdown(half, dialect).text() for half in halves) + "\n"
        if dialect.front_matter == "vendor":
            page = "---\nexchange: an exchange\nsource_url: https://docs.example/some/page\n---\n\n" + page
    return ("\ufeff" if dialect.bom else "") + page.replace("\n", dialect.newline)


class _Writer:
    """Sentences in the wording of the dialect."""

    def __init__(self, half: PageFacts, dialect: Dialect) -> None:
        self.half = half
        self.dialect = dialect
        self.language = half.language

    def pick(self, choices: Mapping[Any, Sequence[Any]]) -> Any:
        return choices[self.language][self.dialect.wording % len(choices[self.language])]

    def name(self, name: str) -> str:
        raise NotImplementedError

    def plain(self, words: str) -> str:
        raise NotImplementedError

    def wide(self, words: str) -> str:
        if self.dialect.full_width:
            return words.translate(str.maketrans("(),:", "（），：")).replace("， ", "，")
        return words

    def heading(self, part: str) -> str:
        words: str = self.pick(_HEADINGS)[part]
        if part == "weight" and self.dialect.kind_place == "heading":
            words += f"({self.half.kind})"
        return self.wide(words)

    def cost(self) -> str:
        value = f"{int(self.half.weight):,}" if self.dialect.grouped else self.half.weight
        return value if self.dialect.kind_place == "heading" else f"{value} ({self.half.kind})"

    def limits(self, row: Row) -> str:
        return self.wide(", ".join(self.pick(_LIMITS)[bound].format(value) for bound, value in row.limits))

    def notes(self) -> list[str]:
        sentences = []
        for parameter, types in self.half.rules.items():
            if types:
                listed = self.pick(_JOINTS).join(self.plain(each) for each in types)
                sentences.append(self.pick(_RULES).format(self.name(parameter), listed))
        if self.half.reach_months is not None:
            sentences.append(self.pick(_REACH).format(self.half.reach_months))
        if self.half.default_days is not None:
            sentences.append(self.pick(_SPAN).format(self.half.default_days))
        return [self.wide(sentence) for sentence in sentences]

    def types(self) -> list[str]:
        return [self.wide(f"{self.plain(name)} {words}") for name, words in self.half.types]

    def permission(self) -> str | None:
        if self.half.permission is None:
            return None
        words: str = self.pick(_PERMISSIONS).format(self.name(self.half.permission))
        return words

    def endpoint(self) -> str:
        return f"{self.half.method} {self.name(self.half.path)}"

    def example(self) -> list[str]:
        if self.dialect.one_line:
            return [json.dumps(self.half.response)]
        lines = json.dumps(self.half.response, indent=4).split("\n")
        if self.dialect.commas == "missing":
            at = next((index for index, line in enumerate(lines) if line.endswith(",")), 0)
            lines[at] = lines[at].rstrip(",")
        elif self.dialect.commas == "trailing":
            lines = [f"{line}," if line.strip()[-1:].isdigit() else line for line in lines]
        if self.dialect.comments:
            lines = [f"{line}  {_COMMENT[self.language]}" if '": ' in line else line for line in lines]
        return lines


class _Markdown(_Writer):
    def name(self, name: str) -> str:
        return {"code": f"`{name}`", "bold": f"**{self.plain(name)}**", "plain": self.plain(name)}[self.dialect.names]

    def plain(self, words: str) -> str:
        return words.replace("_", r"\_") if self.dialect.escaped else words

    def text(self) -> str:
        lines = [*self.title(), _REMARK[self.language], ""]
        parts = {
            "request": self.request,
            "weight": self.weight,
            "parameters": self.parameters,
            "response": self.response,
        }
        order = sorted(parts, key=lambda part: part != "response") if self.dialect.response_first else parts
        for part in order:
            write = parts[part]
            if part != "parameters" or self.half.rows:
                lines += [*self.begin(part), *write(), ""]
        if self.dialect.trailing_blanks:
            lines = [line + ("  " if line.endswith(("|", "{", ",")) else "") for line in lines]
        return "\n".join(lines)

    def title(self) -> list[str]:
        title = self.wide(_TITLES[self.language])
        if self.dialect.setext:
            return [title, "=" * 12, ""]
        return [f"{'#' * self.dialect.levels[0]} {title}", "", *self.begin("description")]

    def begin(self, part: str) -> list[str]:
        words = self.heading(part)
        if self.dialect.labels:
            unlabelled = ("description", "request") if self.dialect.response_first else ("description",)
            return [f"**{words}:**", ""] if part not in unlabelled else []
        words += {
            "zero-width": f'[\u200b](/docs/page#{part} "{_TITLES[self.language]}")',
            "hash": f"[#](https://docs.example/page#{part})",
            "none": "",
        }[self.dialect.anchors]
        if self.dialect.setext:
            return [words, "-" * 10, ""]
        return [f"{'#' * self.dialect.levels[1]} {words}", ""]

    def request(self) -> list[str]:
        permission = self.permission()
        return [self.endpoint(), *(["", *self.wrapped(permission)] if permission else [])]

    def weight(self) -> list[str]:
        return [f"**{self.cost()}**"]

    def parameters(self) -> list[str]:
        flags = self.pick(_FLAGS)
        cells = [list(self.pick(_HEADS)), [self.dialect.align] * 4]
        cells += [
            [
                self.name(row.name) if self.dialect.wording else row.name,
                row.type,
                flags[row.mandatory],
                self.limits(row),
            ]
            for row in self.half.rows
        ]
        if self.dialect.padded:
            widths = [max(len(row[column]) for row in cells) for column in range(4)]
            cells = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
            cells[1] = [
                self.dialect.align.replace("---", "-" * (width - self.dialect.align.count(":"))) for width in widths
            ]
        if self.dialect.outer_pipes:
            table = [f"| {' | '.join(row)} |" for row in cells]
        else:
            table = ["|".join(row) if number == 1 else "| ".join(row) for number, row in enumerate(cells)]
        return [*table, "", *self.bullets()]

    def bullets(self) -> list[str]:
        notes, types = self.notes(), self.types()
        intro = self.wide(self.pick(_INTRO))
        bullet = f"{self.dialect.bullet} "
        lines: list[str] = []
        if self.dialect.lists == "flat":
            for sentence in notes:
                lines += self.wrapped(sentence, bullet)
            if types:
                lines += ["", intro, ""]
            for sentence in types:
                lines += self.wrapped(sentence, bullet)
            return lines
        indent = "  " if self.dialect.lists != "quoted" else "> "
        for sentence in [*notes, *([intro] if types else [])]:
            lines += self.wrapped(sentence, indent + bullet)
            lines += [""] if self.dialect.lists == "loose" else []
        for sentence in types:
            lines += self.wrapped(sentence, indent + "  " + bullet)
        if self.dialect.lists == "quoted" and lines:
            lines = [*(line if line.startswith(">") else f"> {line}" for line in lines), "> "]
        return lines

    def wrapped(self, sentence: str, start: str = "") -> list[str]:
        if not self.dialect.wrap:
            return [start + sentence]
        rest = "".join(character if character == ">" else " " for character in start)
        return textwrap.wrap(
            sentence,
            self.dialect.wrap,
            initial_indent=start,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def response(self) -> list[str]:
        lines = self.example()
        if self.dialect.code == "indented":
            return ["    ", "    ", *(f"    {line}" for line in lines)]
        fence = {"fenced": "```", "tilde": "~~~"}[self.dialect.code]
        return [f"{fence}json" if self.dialect.comments else fence, *lines, fence]


class _Html(_Writer):
    def name(self, name: str) -> str:
        tag = {"code": "code", "bold": "strong", "plain": "span"}[self.dialect.names]
        return f"<{tag}>{self.plain(name)}</{tag}>"

    def plain(self, words: str) -> str:
        return html.escape(words).replace("_", "_<wbr>" if self.dialect.invisible else "_")

    def heading_line(self, part: str) -> str:
        level = self.dialect.levels[1]
        anchor = {"zero-width": '<a href="#x" title="Direct link">\u200b</a>', "hash": '<a href="#x">#</a>', "none": ""}
        return f"<h{level} id={part}>{self.heading(part)}{anchor[self.dialect.anchors]}</h{level}>"

    def text(self) -> str:
        level = self.dialect.levels[0]
        lines = [f"<h{level}>{self.wide(_TITLES[self.language])}</h{level}>", self.heading_line("description")]
        lines += [f"<p>{_REMARK[self.language]}</p>", self.heading_line("request"), f"<p>{self.endpoint()}</p>"]
        if permission := self.permission():
            lines += [f"<p>{permission}</p>"]
        lines += [self.heading_line("weight"), f"<p><strong>{self.cost()}</strong></p>"]
        if self.half.rows:
            lines += [self.heading_line("parameters"), *self.table(), *self.bullets()]
        lines += [self.heading_line("response"), *self.response()]
        return "\n".join(lines)

    def table(self) -> list[str]:
        flags = self.pick(_FLAGS)
        head = "".join(f"<th>{cell}</th>" for cell in self.pick(_HEADS))
        lines = ["<table><thead>", f"<tr>{head}</tr>", "</thead><tbody>"]
        for row in self.half.rows:
            cells = [row.name, html.escape(row.type), flags[row.mandatory], self.limits(row)]
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        return [*lines, "</tbody></table>"]

    def bullets(self) -> list[str]:
        lines = ["<ul>", *(f"<li>{sentence}</li>" for sentence in self.notes())]
        if self.half.types:
            lines += [f"<li>{self.pick(_INTRO)}", "<ul>"]
            lines += [f"<li>{sentence}</li>" for sentence in self.types()]
            lines += ["</ul>", "</li>"]
        return [*lines, "</ul>"] if len(lines) > 1 else []

    def response(self) -> list[str]:
        lines = [html.escape(line, quote=False) for line in self.example()]
        if self.dialect.code == "indented":
            return ["<pre><code>" + lines[0], *lines[1:], "</code></pre>"]
        shown = "".join(f'<span class="token-line">{line}<br></span>' for line in lines)
        return [f'<div><pre class="prism-code"><code>{shown}</code></pre><button>Copy</button></div>']


def without(facts: PageFacts, part: str) -> PageFacts:
    """The same page with one parameter, type or field less."""
    return replace(
        facts,
        rows=tuple(row for row in facts.rows if row.name != part),
        types=tuple(each for each in facts.types if each[0] != part),
    )

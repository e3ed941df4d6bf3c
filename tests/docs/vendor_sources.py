"""
The portal's page, the schema and the SDK, written from the same facts as the old pages.

Every sentence here is the project's own; only names, numbers and marks of the layout are the vendor's.
"""

import html
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.docs.vendor_page import Json, PageFacts, Row

_OPENAPI = {
    "LONG": ("integer", "int64"),
    "INT": ("integer", "int64"),
    "STRING": ("string", ""),
    "DECIMAL": ("number", "float"),
    "BOOLEAN": ("boolean", ""),
    "ENUM": ("string", ""),
}
_WALLETS = {
    "MAIN": "Spot",
    "UMFUTURE": "USDⓈ-M Futures",
    "CMFUTURE": "COIN-M Futures",
    "MARGIN": "Margin (cross)",
    "ISOLATEDMARGIN": "Isolated margin",
    "FUNDING": "Funding",
    "OPTION": "Options",
    "PORTFOLIO_MARGIN": "Portfolio Margin",
}
_CHINESE_WALLETS = {
    "MAIN": "现货钱包",
    "UMFUTURE": "U本位合约钱包",
    "CMFUTURE": "币本位合约钱包",
    "MARGIN": "杠杆全仓钱包",
    "ISOLATEDMARGIN": "杠杆逐仓钱包",
    "ISOLATED_MARGIN": "逐仓钱包",
    "FUNDING": "资金钱包",
    "OPTION": "期权钱包",
    "PORTFOLIO_MARGIN": "统一账户钱包",
}


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
    notes=st.sampled_from(["nested", "flat"]),
    example=st.booleans(),
    strangers=st.integers(0, 2),
    footer=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
)


def described(name: str, language: str = "en") -> str:
    """The wallets of a type, in the words of the newer sources."""
    wallets = _WALLETS if language == "en" else _CHINESE_WALLETS
    sides = "|".join(sorted(wallets, key=len, reverse=True))
    found = re.fullmatch(f"({sides})_({sides})", name)
    if not found:
        return "Something → something else"
    arrow = " → " if language == "en" else "转向"
    return f"{wallets[found[1]]}{arrow}{wallets[found[2]]}"


def modern(facts: PageFacts) -> PageFacts:
    """The same facts with descriptions that name the wallets."""
    return replace(facts, types=tuple((name, described(name, facts.language)) for name, _ in facts.types))


# --- what all of them say ---

ONLY_ENUM, ONLY_NOTES = "(enum only)", "(notes only)"


def enum_of(facts: PageFacts) -> list[str]:
    return [name for name, words in facts.types if words != ONLY_NOTES]


def notes_of(facts: PageFacts) -> list[str]:
    chinese = facts.language == "zh"
    notes = []
    if facts.permission:
        notes.append(
            f"API Key 需要勾选 `{facts.permission}` 权限。" if chinese
            else f"Enable `{facts.permission}` for the API Key that sends this."
        )  # fmt: skip
    for parameter, types in facts.rules.items():
        if types:
            listed = (" 或 " if chinese else " or ").join(f"`{each}`" for each in types)
            notes.append(
                f"当类型为 {listed} 时必须发送 `{parameter}`。" if chinese
                else f"`{parameter}` must be sent when type is {listed}."
            )  # fmt: skip
    if facts.reach_months:
        notes.append(
            f"支持查询近 {facts.reach_months} 个月" if chinese else f"Only the last {facts.reach_months} months"
        )
    if facts.default_days:
        notes.append(
            f"默认为最近{facts.default_days}天" if chinese else f"The last {facts.default_days} days are the default"
        )
    return notes


def listed_types(facts: PageFacts) -> list[str]:
    return [f"`{name}`: {words}" for name, words in facts.types if words != ONLY_ENUM]


# --- the portal ---


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
        text = _as_html(blocks, spans=form.markup == "spans")
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
        type_, format_ = _OPENAPI.get(row.type, (row.type.lower(), ""))
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
            lines += ["* 划转类型：" if self.chinese else "* Values of the enum:"]
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


def type_of(value: Json) -> str:
    names = {str: "string", bool: "boolean", int: "integer · int64", float: "number", list: "array", dict: "object"}
    return names[type(value)]


def _as_html(blocks: Sequence[str], *, spans: bool) -> str:
    rows = ["<!DOCTYPE html>", "<html><body><nav>Menu</nav><main>"]
    for block in blocks:
        if found := re.match(r"(#+) ", block):
            level = len(found[1])
            rows.append(f"<h{level}>{_inline(block[level + 1 :])}</h{level}>")
        elif block.startswith("* "):
            rows.append("<ul>" + "".join(f"<li>{_inline(row.strip()[2:])}</li>" for row in block.split("\n")) + "</ul>")
        elif block.startswith("`{") or block.startswith("`["):
            rows.append(f"<pre><code>{html.escape(block.strip('`'), quote=False)}</code></pre>")
        elif block == "---":
            rows.append("<hr>")
        elif spans and re.fullmatch(r"`\w+`", block):
            rows.append(f"<div><span><span>{block.strip('`')}</span></span></div>")
        else:
            rows.append(f"<div><p>{_inline(block)}</p></div>")
    return "\n".join([*rows, "</main><footer>2026</footer></body></html>"])


def _inline(words: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(words.replace("\\_", "_"), quote=False))


# --- the schema ---


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(
    str, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, "|" if "\n" in value else None)
)


def schema(parts: Sequence[PageFacts], *, as_json: bool = False, references: bool = False) -> str:
    """A document with all of them in English; a Chinese part adds texts under an extension."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for facts in parts:
        item = paths.setdefault(facts.path, {})
        if facts.language == "zh":
            item[facts.method.lower()]["x-i18n"] = {"zh-CN": {"description": _description(facts)}}
        else:
            item[facts.method.lower()] = _operation(facts, schemas if references else None)
    document = {"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths}
    if schemas:
        document["components"] = {"schemas": schemas}
    if as_json:
        return json.dumps(document, indent="\t", ensure_ascii=False)
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _description(facts: PageFacts) -> str:
    return "\n".join(["Does it.", "", *(f"- {row}" for row in (*notes_of(facts), *listed_types(facts)))]) + "\n"


def _operation(facts: PageFacts, schemas: dict[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{facts.method.lower()}{facts.path.rpartition('/')[2]}",
        "summary": "Does it",
        "description": _description(facts),
        f"x-{facts.kind.lower()}-weight" if facts.kind else "x-weight": int(facts.weight),
        "parameters": [{"name": "X-MBX-APIKEY", "in": "header", "required": True, "schema": {"type": "string"}}],
    }
    properties = {row.name: _schema_of(row, facts) for row in facts.rows}
    if facts.method == "POST":
        form = {
            "type": "object",
            "required": [row.name for row in facts.rows if row.mandatory],
            "properties": properties,
        }
        operation["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": _put(schemas, form)}}}
    else:
        operation["parameters"] += [
            {"name": row.name, "in": "query", "required": row.mandatory, "schema": _put(schemas, properties[row.name])}
            for row in facts.rows
        ]
    answer = {
        "description": "OK",
        "content": {"application/json": {"schema": _put(schemas, _json_schema(facts.response))}},
    }
    return operation | {"responses": {"200": answer}}


def _put(schemas: dict[str, Any] | None, schema: dict[str, Any]) -> dict[str, Any]:
    if schemas is None:
        return schema
    schemas[f"S{len(schemas)}"] = schema
    return {"$ref": f"#/components/schemas/S{len(schemas) - 1}"}


def _schema_of(row: Row, facts: PageFacts) -> dict[str, Any]:
    type_, format_ = _OPENAPI.get(row.type, (row.type.lower(), ""))
    enum = {"enum": enum_of(facts)} if row.type == "ENUM" and facts.types else {}
    bounds = {bound: json.loads(value) for bound, value in row.limits}
    return {"type": type_} | ({"format": format_} if format_ else {}) | enum | bounds | {"example": 5000}


def _json_schema(value: Json) -> dict[str, Any]:
    if isinstance(value, list):
        return {"type": "array", "items": _json_schema(value[0])}
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: _json_schema(inner) for name, inner in value.items()}}
    return {"type": type_of(value).split(" ")[0]}


# --- the SDK ---

_ANNOTATIONS = {"integer": "int", "string": "str", "number": "float", "boolean": "bool"}


def sdk(parts: Sequence[PageFacts], folder: Path, version: str = "99.0.0") -> Path:
    """A wheel whose source says what the facts say, and which fails when it is imported."""
    wheel = folder / f"binance_sdk_wallet-{version}-py3-none-any.whl"
    enums: list[str] = []
    models: list[str] = []
    methods = [_method(facts, enums, models) for facts in parts]
    files = {
        "binance_sdk_wallet/__init__.py": "raise SystemExit('imported')\n",
        "binance_sdk_wallet/rest_api/api/asset_api.py": "raise SystemExit('run')\n\n\nclass AssetApi:\n"
        + "\n".join(methods),
        "binance_sdk_wallet/rest_api/models/enums.py": "from enum import Enum\n\n\n" + "\n\n".join(enums) + "\n",
        "binance_sdk_wallet/rest_api/models/answers.py": "\n\n".join(models) + "\n",
        f"binance_sdk_wallet-{version}.dist-info/METADATA": f"Name: binance-sdk-wallet\nVersion: {version}\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)


def _method(facts: PageFacts, enums: list[str], models: list[str]) -> str:
    name = f"{facts.method.lower()}_{_snake(facts.path.rpartition('/')[2])}"
    camel = "".join(part.title() for part in name.split("_"))
    arguments = []
    for row in facts.rows:
        if row.name == "timestamp":
            continue
        type_ = _ANNOTATIONS.get(_OPENAPI.get(row.type, ("object", ""))[0], "dict")
        if row.type == "ENUM" and facts.types:
            type_ = f"{camel}TypeEnum"
            values = "".join(f'    {value} = "{value}"\n' for value in enum_of(facts))
            enums.append(f"class {type_}(Enum):\n{values}")
        annotation = f"Union[{type_}, None]" if row.mandatory else f"Optional[{type_}] = None"
        arguments.append((row, annotation))
    ordered = sorted(arguments, key=lambda each: not each[0].mandatory)
    signature = "".join(f"        {_snake(row.name)}: {words},\n" for row, words in ordered)
    limits = {
        row.name: ", ".join(f"{'max' if bound == 'maximum' else bound} {value}" for bound, value in row.limits)
        for row in facts.rows
    }
    weight = f"Weight({facts.kind}): {facts.weight}" if facts.kind else f"Weight: {facts.weight}"
    rows = [
        "Does It (USER_DATA)", f"{facts.method} {facts.path}", "https://docs.example/a#b", "", "Does it", "", weight, "",
        "Notes:", *(f"- {row}" for row in (*notes_of(facts), *listed_types(facts))), "", "Args:",
        *(f"    {_snake(row.name)} ({words}): {limits[row.name]}" for row, words in ordered), "", "Returns:", "    An answer",
    ]  # fmt: skip
    documentation = "\n".join(f"        {row}" for row in rows)
    signed = "            is_signed=True,\n" if any(row.name == "timestamp" for row in facts.rows) else ""
    _model(f"{camel}Response", facts.response, models)
    return (
        f'    def {name}(\n        self,\n{signature}    ) -> object:\n        """\n{documentation}\n        """\n'
        f'        return send_request(\n            method="{facts.method}",\n            path="{facts.path}",\n'
        f"            response_model={camel}Response,\n{signed}        )\n"
    )


def _model(name: str, value: Json, models: list[str]) -> None:
    if isinstance(value, list):
        _model(f"{name}Inner", value[0], models)
        models.append(
            f"class {name}({name}Inner):\n    @classmethod\n    def is_array(cls) -> bool:\n        return True\n"
        )
        return
    strict = {str: "StrictStr", bool: "StrictBool", int: "StrictInt", float: "StrictFloat"}
    rows = []
    for key, inner in value.items():
        annotation = strict.get(type(inner), "")
        if isinstance(inner, list | dict):
            annotation = f"{name}{key.title()}Inner"
            _model(annotation, inner[0] if isinstance(inner, list) else inner, models)
            annotation = f"List[{annotation}]" if isinstance(inner, list) else annotation
        rows.append(f'    {_snake(key)}: Optional[{annotation}] = Field(default=None, alias="{key}")\n')
    models.append(f"class {name}(BaseModel):\n{''.join(rows)}    additional_properties: Dict[str, Any] = {{}}\n")


Write = Callable[[Sequence[PageFacts], Path], Path]


def _file(name: str, write: Callable[[Sequence[PageFacts]], str]) -> Write:
    def to(parts: Sequence[PageFacts], folder: Path) -> Path:
        file = folder / name
        file.write_bytes(write(parts).encode())
        return file

    return to


SOURCES: Mapping[str, Write] = {
    "portal": _file("portal.md", portal),
    "portal-html": _file("portal.html", lambda parts: portal(parts, Form(markup="html"))),
    "schema-yaml": _file("schema.yaml", schema),
    "schema-json": _file("schema.json", lambda parts: schema(parts, as_json=True)),
    "schema-with-references": _file("schema.yaml", lambda parts: schema(parts, references=True)),
    "sdk": sdk,
}

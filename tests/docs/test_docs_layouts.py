"""Pages that are laid out otherwise: lists within cells, tables that only place things, text pasted from a browser."""

import pytest

from tests.docs.conftest import OURS, verdict_of
from tests.docs.dialects import NAMED
from tests.docs.openapi_words import described
from tests.docs.vendor_page import both, render

ENGLISH = both(OURS, "POST /sapi/v1/asset/transfer")[0]
NAMES = [name for name, _ in ENGLISH.types]
LINES = [f"{name} {described(name)}" for name in NAMES]
HTML = render([ENGLISH], NAMED["html"])
_LIST = HTML[HTML.index("<li>Values of the enum") : HTML.index("</li>\n</ul>")]
_CELL = "<td>type</td><td>ENUM</td><td>YES</td><td></td>"

# How the types may stand in the cell that describes their parameter.
CELLS = {
    "table": "<table><tr><th>Value</th><th>Meaning</th></tr>"
    + "".join(f"<tr><td>{name}</td><td>{described(name)}</td></tr>" for name in NAMES)
    + "</table>",
    "list": "<ul>" + "".join(f"<li>{line}</li>" for line in LINES) + "</ul>",
    "line-breaks": "<br>".join(LINES),
    "paragraphs": "".join(f"<p>{line}</p>" for line in LINES),
    "divisions": "".join(f"<div><code>{name}</code> {described(name)}</div>" for name in NAMES),
}  # fmt: skip


def with_cell(cell: str) -> str:
    assert _CELL in HTML
    return HTML.replace(_LIST, "<li>").replace(_CELL, _CELL.replace("<td></td>", f"<td>{cell}</td>"))


@pytest.mark.parametrize("name", CELLS)
def test_types_in_a_cell_are_read(name: str) -> None:
    verdict = verdict_of(with_cell(CELLS[name]))
    assert (verdict.refused, verdict.findings) == (None, ())


@pytest.mark.parametrize("name", CELLS)
def test_a_new_type_in_a_cell_is_found(name: str) -> None:
    verdict = verdict_of(with_cell(CELLS[name].replace("MAIN_OPTION", "MAIN_OPTIONS")))
    assert {(each.kind, each.subject) for each in verdict.findings} == {
        ("type-added", "MAIN_OPTIONS"),
        ("type-removed", "MAIN_OPTION"),
    }


def test_a_table_that_only_places_things_is_looked_through() -> None:
    text = HTML.replace("<main>", "<main><table><tr><td>Menu</td><td>").replace("</main>", "</td></tr></table></main>")
    verdict = verdict_of(text)
    assert (verdict.refused, verdict.findings) == (None, ())


PASTED = "\n".join(
    [
        "Some Page (USER_DATA)", "API Description", "Moves something", "", "HTTP Request",
        "POST /sapi/v1/asset/transfer", "", "Enable Permits Universal Transfer for your API key first.", "",
        "Request Weight(UID)", "300", "", "Request Parameters", "Name\tType\tMandatory\tDescription",
        *(f"{row.name}\t{row.type}\t{'YES' if row.mandatory else 'NO'}\t" for row in ENGLISH.rows), "",
        *(f"{name} must be sent when type is {' or '.join(types)}" for name, types in ENGLISH.rules.items()),
        "Values:", *LINES, "", "Response Example", "{", '    "tranId":1', "}", "", "Previous", "Next", "Copyright 2026",
    ]
)  # fmt: skip


def test_a_page_that_was_pasted_from_a_browser_is_read() -> None:
    """Tabs between cells, and headings without any mark."""
    verdict = verdict_of(PASTED)
    assert (verdict.refused, verdict.findings) == (None, ())


def test_a_change_in_a_pasted_table_is_found_on_its_line() -> None:
    text = PASTED.replace("asset\tSTRING\tYES", "asset\tSTRING\tNO")
    (finding,) = verdict_of(text).findings
    assert (finding.kind, finding.subject) == ("parameter-mandatory", "asset")
    assert text.split("\n")[finding.line - 1].startswith("asset\t")


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize("language", [0, 1])
def test_a_list_that_was_pasted_as_lines_is_read_line_by_line(language: int, gap: str) -> None:
    """Without full stops; what one line denies holds for no other."""
    facts = both(OURS, "GET /sapi/v1/asset/transfer")[language]
    marked = render([facts])
    example = marked[marked.index("{") :].split("\n")
    lists = [line.strip(" *").replace("`", "") for line in marked.split("\n") if line.startswith("  * ")]
    lines = ["Title", "HTTP Request", f"GET {facts.path}", "Request Weight(IP)", facts.weight]
    table = ["Name\tType\tMandatory\tDescription"]
    for row in facts.rows:
        limits = ", ".join(f"{bound} {value}" for bound, value in row.limits)
        table.append(f"{row.name}\t{row.type}\t{'YES' if row.mandatory else 'NO'}\t{limits}")
    lines += [
        "Request Parameters",
        "\n".join(table),
        "",
        *lists,
        "It cannot be asked for anything else",
        "",
        "Response Example",
    ]
    verdict = verdict_of(gap.join(lines) + "\n" + "\n".join(line.strip() for line in example))
    assert len(lists) == 4
    assert (verdict.refused, verdict.findings) == (None, ())


def test_a_pasted_heading_may_name_both_kinds_of_weight() -> None:
    verdict = verdict_of(PASTED.replace("Request Weight(UID)", "Request Weight(IP/UID)"))
    assert [(each.kind, each.page) for each in verdict.findings] == [("weight", "300 (IP/UID)")]


@pytest.mark.parametrize("name", ["MAINEARN", "MAIN-EARN", "Main_Earn", "MAIN_EARN"])
def test_a_new_type_in_a_pasted_list_is_found_however_it_is_written(name: str) -> None:
    verdict = verdict_of(PASTED.replace("\nMAIN_FUNDING ", f"\n{name} Spot to Earn\nMAIN_FUNDING "))
    assert [(each.kind, each.subject) for each in verdict.findings] == [("type-added", name)]


FOOTERS = {
    "words": "Last updated in March.",
    "links": "[Previous](/a) [Next](/b)\n\n* [About](/c)",
    "rule": "---\n\nCopyright 2026",
    "heading": "# About this site\n\nCookies.",
    "heading-of-a-part's-rank": "## More\n\nSee also.",
    "table": "| Product | Link |\n| --- | --- |\n| Wallet | here |",
    "code": "```\nnpm install\n```",
    "tabs": "Docs\tBlog\tStatus",
}


@pytest.mark.parametrize("name", FOOTERS)
def test_a_footer_behind_the_example_is_no_reason_to_refuse(name: str) -> None:
    verdict = verdict_of(f"{render([ENGLISH])}\n\n{FOOTERS[name]}\n")
    assert (verdict.refused, verdict.findings) == (None, ())


REASONS = {
    "row": ("asset| STRING| YES| ", "asset STRING YES"),
    "weight": ("**300**", "**three hundred**"),
    "example": ('"tranId": 1', '"tranId": [1'),
    "part": ("## Response Example", "## Errata"),
}


@pytest.mark.parametrize("name", REASONS)
def test_the_reason_of_a_refusal_names_the_line(name: str) -> None:
    old, new = REASONS[name]
    text = render([ENGLISH])
    assert old in text
    assert "line " in str(verdict_of(text.replace(old, new)).refused)

"""Refuse rather than guess: a page that is foreign, cut or unreadable is never in agreement."""

from dataclasses import replace
from pathlib import Path

import pytest

from generator.docs.sources import read_source
from tests.docs.conftest import OURS, Judge, verdicts_of
from tests.docs.dialects import NAMED
from tests.docs.vendor_page import PageFacts, Row, both, render

TRANSFER = "POST /sapi/v1/asset/transfer"
HISTORY = "GET /sapi/v1/asset/transfer"
OPERATIONS = [operation.name for operation in OURS.operations]

# Operations of the same vendor that look like ours and are none.
FOREIGN = {
    "sub-account-transfer": PageFacts(
        "en",
        "POST",
        "/sapi/v1/sub-account/universalTransfer",
        "360",
        "UID",
        (
            Row("fromEmail", "STRING", mandatory=False),
            Row("toEmail", "STRING", mandatory=False),
            Row("fromAccountType", "STRING", mandatory=True),
            Row("toAccountType", "STRING", mandatory=True),
            Row("clientTranId", "STRING", mandatory=False),
            Row("asset", "STRING", mandatory=True),
            Row("amount", "DECIMAL", mandatory=True),
            Row("recvWindow", "LONG", mandatory=False),
            Row("timestamp", "LONG", mandatory=True),
        ),
        {"tranId": 1, "clientTranId": 1},
    ),
    "margin-history": PageFacts(
        "en",
        "GET",
        "/sapi/v1/margin/transfer",
        "1",
        "IP",
        (
            Row("asset", "STRING", mandatory=False),
            Row("startTime", "LONG", mandatory=False),
            Row("endTime", "LONG", mandatory=False),
            Row("current", "LONG", mandatory=False, limits=(("default", "1"),)),
            Row("size", "LONG", mandatory=False, limits=(("default", "10"), ("maximum", "100"))),
            Row("recvWindow", "LONG", mandatory=False),
            Row("timestamp", "LONG", mandatory=True),
        ),
        {"rows": [{"amount": 1, "asset": 1, "status": 1, "timestamp": 1, "txId": 1, "type": 1}], "total": 1},
    ),
    "key-permission-elsewhere": replace(
        both(OURS, "GET /sapi/v1/account/apiRestrictions")[0], path="/sapi/v1/sub-account/subAccountApi/ipRestriction"
    ),
    "status-elsewhere": replace(both(OURS, "GET /sapi/v1/system/status")[0], path="/sapi/v1/account/status"),
    "history-elsewhere": replace(both(OURS, HISTORY)[0], path="/sapi/v1/futures/transfer"),
}


@pytest.mark.parametrize("dialect", ["as-crawled", "html", "bold-labels", "setext"])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_page_of_another_operation_is_refused(name: str, dialect: str, judged: Judge) -> None:
    """It says what was found, and what was expected."""
    verdict = judged(render([FOREIGN[name]], NAMED[dialect]))
    assert verdict.exit_code == 2
    assert verdict.operation is None
    assert FOREIGN[name].path in str(verdict.refused)
    assert TRANSFER in str(verdict.refused)


def test_front_matter_does_not_make_a_foreign_page_ours(judged: Judge) -> None:
    """It names the page of the transfer; the body does not."""
    address = OURS.operations[0].addresses["en"]
    text = render([FOREIGN["sub-account-transfer"]]).replace("https://docs.example/some/page", address, 1)
    assert judged(text).exit_code == 2


def test_front_matter_that_disagrees_with_a_known_body_is_said(judged: Judge) -> None:
    """The body is judged."""
    history = next(each for each in OURS.operations if each.name == HISTORY)
    text = render([both(OURS, TRANSFER)[0]]).replace("https://docs.example/some/page", min(history.former_addresses))
    verdict = judged(text)
    assert verdict.exit_code == 0
    assert HISTORY in verdict.notes[0]


def test_front_matter_that_agrees_is_not_mentioned(judged: Judge) -> None:
    """Either address of the page."""
    address = min(OURS.operations[0].former_addresses)
    text = render(both(OURS, TRANSFER)).replace("https://docs.example/some/page", address)
    assert judged(text).notes == ()


def test_a_rule_in_the_text_is_no_front_matter(judged: Judge) -> None:
    """Front matter that is never closed does not swallow the first half."""
    text = render(both(OURS, TRANSFER)).replace("---\n\n#", "\n\n#", 1)
    assert judged(text).languages == ("en", "zh")


@pytest.mark.parametrize("foreign", ["sub-account-transfer", "margin-history"])
@pytest.mark.parametrize("first", [True, False])
def test_somebody_elses_operation_on_a_page_is_passed_over(foreign: str, first: bool, judged: Judge) -> None:
    """Project is judged by what is there of it."""
    halves = [FOREIGN[foreign], both(OURS, TRANSFER)[1]]
    verdict = judged(render(halves if first else halves[::-1]))
    assert (verdict.exit_code, verdict.languages, verdict.operation and verdict.operation.name) == (
        0,
        ("zh",),
        TRANSFER,
    )


def test_the_reason_names_the_line_of_what_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_bytes(b"# A\n\nb\xff\n")
    assert str(read_source(str(file), OURS)[0].refused).startswith("line 3: found bytes that are no UTF-8")


def test_two_operations_of_ours_on_one_page_are_judged_each() -> None:
    verdicts = verdicts_of(render([both(OURS, HISTORY)[0], both(OURS, TRANSFER)[1]]))
    found = [(each.operation and each.operation.name, each.languages, each.exit_code) for each in verdicts]
    assert found == [(TRANSFER, ("zh",), 0), (HISTORY, ("en",), 0)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n",
        "\ufeff",
        "# A title\n",
        "just words\n",
        "---\na: b\n---\n",
        "{}",
        "<html></html>",
        "\0\0\0",
        "404 Not Found",
    ],
)
def test_what_is_no_page_is_refused(text: str, judged: Judge) -> None:
    """Empty, or something else."""
    assert judged(text).exit_code == 2


@pytest.mark.parametrize("dialect", ["as-crawled", "wrapped-quoted", "html"])
@pytest.mark.parametrize("operation", OPERATIONS[:5])
def test_a_page_that_is_cut_anywhere_is_never_in_agreement(operation: str, dialect: str, judged: Judge) -> None:
    """Cut after every seventh line; only a cut that leaves out nothing, or the whole second half, may agree."""
    whole = render(both(OURS, operation), NAMED[dialect])
    first = render(both(OURS, operation)[:1], NAMED[dialect])
    lines = whole.split("\n")
    for end in range(0, len(lines), 7):
        text = "\n".join(lines[:end])
        if judged(text).exit_code == 0:
            last = (text + "\n").rstrip().splitlines()[-1]
            assert last in (*first.rstrip().splitlines()[-4:], "---", *lines[-5:])


@pytest.mark.parametrize(
    "heading",
    ["Request Weight(UID)", "Request Parameters", "Response Example", "请求权重(UID)", "请求参数", "响应示例"],
)
def test_a_page_without_a_part_that_every_page_has_is_refused(heading: str, judged: Judge) -> None:
    """With its heading the part is gone, whatever is left of it."""
    lines = render(both(OURS, TRANSFER)).split("\n")
    kept = [line for line in lines if not line.startswith(f"## {heading}")]
    assert len(kept) == len(lines) - 1
    verdict = judged("\n".join(kept))
    assert verdict.exit_code == 2
    assert verdict.operation is not None


def test_a_page_without_its_types_is_refused(judged: Judge) -> None:
    """The list is a part that every such page has."""
    english, chinese = both(OURS, TRANSFER)
    assert judged(render([english, replace(chinese, types=())])).exit_code == 2


def test_halves_that_were_cut_together_are_refused(judged: Judge) -> None:
    """The end of the English half and the beginning of the Chinese one are gone."""
    lines = render(both(OURS, "GET /sapi/v1/system/status")).split("\n")
    begin = next(index for index, line in enumerate(lines) if line.startswith("## Request Weight"))
    end = next(index for index, line in enumerate(lines) if line.startswith("## 请求权重"))
    assert judged("\n".join(lines[:begin] + lines[end:])).exit_code == 2


# Old text on an English page, new text: each makes something unreadable.
UNREADABLE = {
    "row-without-pipes": (TRANSFER, "recvWindow| LONG| NO| ", "recvWindow LONG NO"),
    "row-with-a-pipe-lost": (TRANSFER, "asset| STRING| YES| ", "asset STRING| YES| "),
    "row-without-a-flag": (TRANSFER, "asset| STRING| YES| ", "asset| STRING| | "),
    "row-without-a-name": (TRANSFER, "asset| STRING| YES| ", "| | STRING| YES| |"),
    "name-of-two-words": (TRANSFER, "asset| STRING", "asset name| STRING"),
    "flag-of-many-words": (TRANSFER, "asset| STRING| YES| ", "asset| STRING| YES unless told otherwise| "),
    "table-torn-apart": (TRANSFER, "asset| STRING| YES| ", "\nasset| STRING| YES| "),
    "table-without-its-second-line": (TRANSFER, "---|---|---|---\n", ""),
    "unknown-column": (TRANSFER, "Name| Type| Mandatory| Description", "Name| Type| Sometimes| Description"),
    "weight-in-words": (TRANSFER, "**300**", "**three hundred**"),
    "brace-lost": (TRANSFER, "    }\n", "\n"),
    "bracket-lost": (HISTORY, "        ]\n", "\n"),
    "brace-too-many": (TRANSFER, "    }\n", "    }}\n"),
    "no-json": (TRANSFER, "    {  \n", "    see below\n"),
    "two-endpoints": (
        TRANSFER,
        "POST `/sapi/v1/asset/transfer`",
        "POST `/sapi/v1/asset/transfer`\n\nPOST `/sapi/v2/asset/transfer`",
    ),
    "no-endpoint": (TRANSFER, "POST `/sapi/v1/asset/transfer`", "See the overview."),
    "no-method": (TRANSFER, "POST `/sapi", "`/sapi"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused(name: str, judged: Judge) -> None:
    """Each edit leaves the rest of the page as it was."""
    operation, old, new = UNREADABLE[name]
    text = render([both(OURS, operation)[0]])
    assert old in text
    text = text.replace(old, new, 1) if name != "brace-lost" else text.replace(old, new)
    assert judged(text).exit_code == 2


@pytest.mark.parametrize(
    "text",
    ["<div>" * 3000, "> " * 1000 + "x", "[" * 2000, "* " * 1000, "`" * 20000, "| a " * 2000 + "\n" + "|---" * 2000],
)
def test_hostile_pages_are_refused_in_time(text: str, judged: Judge) -> None:
    """Neither a traceback nor a minute."""
    assert judged(f"<html><body>{text}" if text.startswith("<") else text).exit_code == 2

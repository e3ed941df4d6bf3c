"""`python -m generator docs`: exit codes, both formats, files and addresses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main
from generator.docs import PROJECT
from generator.docs.project import SPEC
from generator.docs.verdict import Kind
from tests.docs.conftest import OURS
from tests.docs.dialects import NAMED
from tests.docs.vendor_page import both, render

PageFile = Callable[..., Path]
TRANSFER = "POST /sapi/v1/asset/transfer"
KINDS = {
    "type-added",
    "type-removed",
    "type-wallets",
    "parameter-added",
    "parameter-removed",
    "parameter-type",
    "parameter-mandatory",
    "parameter-limit",
    "method",
    "path",
    "weight",
    "permission",
    "symbol-rule",
    "response-field",
}


def docs(*arguments: str | Path) -> int:
    return main(["docs", *map(str, arguments)])


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    docs("--format", "json", *arguments)
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def agreeing(page_file: PageFile) -> Path:
    return page_file(render(both(OURS, TRANSFER)), "agreeing.md")


@pytest.fixture
def differing(page_file: PageFile) -> Path:
    english, chinese = both(OURS, TRANSFER)
    return page_file(render([replace(english, weight="900"), chinese]), "differing.md")


@pytest.fixture
def foreign(page_file: PageFile) -> Path:
    english, chinese = both(OURS, "GET /sapi/v1/system/status")
    elsewhere = [replace(half, path="/sapi/v1/else/where") for half in (english, chinese)]
    return page_file(render(elsewhere), "foreign.md")


def test_the_exit_code_is_that_of_the_worst_page(agreeing: Path, differing: Path, foreign: Path) -> None:
    assert [docs(*pages) for pages in ([agreeing], [agreeing, differing], [foreign, differing, agreeing])] == [0, 1, 2]


def test_json_of_a_page_that_differs(differing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = differing.read_text().split("\n").index("**900**") + 1
    assert as_json(capsys, differing) == [
        {
            "page": str(differing),
            "source": "page",
            "operation": TRANSFER,
            "languages": ["en", "zh"],
            "findings": [
                {
                    "kind": "weight",
                    "subject": "weight",
                    "language": "en",
                    "page": "900 (UID)",
                    "ours": "300 (UID)",
                    "line": line,
                }
            ],
            "known": [],
            "refused": None,
        }
    ]


def test_json_of_a_page_that_is_refused(foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (page,) = as_json(capsys, foreign)
    assert (page["operation"], page["findings"]) == (None, [])
    assert "/sapi/v1/else/where" in page["refused"]


def test_json_has_one_object_a_page(agreeing: Path, foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [page["page"] for page in as_json(capsys, agreeing, foreign)] == [str(agreeing), str(foreign)]


def test_kinds_are_those_of_the_contract() -> None:
    assert set(Kind.__args__) == KINDS  # type: ignore[attr-defined]


def test_the_report_names_both_sides_the_line_and_the_key(differing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs(differing)
    report = capsys.readouterr().out
    key = f"{SPEC}:{OURS.line('paths', '/sapi/v1/asset/transfer', 'post', 'x-weight')}"
    assert all(words in report for words in (f"{differing}:", "300 (UID)", "900 (UID)", "English only", key))


def test_front_matter_that_disagrees_is_said_beside_the_json(
    page_file: PageFile, capsys: pytest.CaptureFixture[str]
) -> None:
    address = next(iter(OURS.operations[1].former_addresses))
    page = page_file(render(both(OURS, TRANSFER)).replace("https://docs.example/some/page", address, 1))
    assert docs("--format", "json", page) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)[0]["refused"] is None
    assert address in captured.err


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"", b"GIF89a\x00\x01"])
def test_a_file_that_is_no_page_is_refused(content: bytes | None, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    if content is not None:
        page.write_bytes(content)
    assert docs(page) == 2


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert docs(tmp_path) == 2


@pytest.mark.parametrize("arguments", [[], ["--fetch", "page.md"]])
def test_pages_or_fetch_and_not_both(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert docs(*arguments) == 2
    assert "--fetch" in capsys.readouterr().err


def test_a_spec_that_cannot_be_read_is_said(agreeing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "openapi.yaml"
    broken.write_text("a: [")
    assert docs("--spec", tmp_path, agreeing) == 2
    assert str(broken) in capsys.readouterr().err


def test_an_address_is_fetched_and_read_as_what_the_server_calls_it(site: dict[str, tuple[int, str, str]]) -> None:
    site["/page"] = (200, "text/html; charset=utf-8", render(both(OURS, TRANSFER), NAMED["html"]))
    site["/page.md"] = (200, "text/markdown", render(both(OURS, TRANSFER)))
    assert docs(site["/"][2] + "/page", site["/"][2] + "/page.md") == 0


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_address_that_answers_with_an_error_is_refused(status: int, site: dict[str, tuple[int, str, str]]) -> None:
    site["/page"] = (status, "text/html", render(both(OURS, TRANSFER), NAMED["html"]))
    assert docs(site["/"][2] + "/page") == 2


def test_without_a_network_the_report_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs("http://127.0.0.1:9/page") == 2
    assert "without a network, give a saved page" in capsys.readouterr().out


def _spec_at(site: dict[str, tuple[int, str, str]], folder: Path) -> Path:
    """The spec with its pages' addresses on this machine's site."""
    text = (PROJECT / SPEC).read_text().replace("https://developers.binance.com", site["/"][2])
    text = (
        text.replace("x-sources:", "x-none:")
        .replace(" x-documentation:", " x-portal:")
        .replace("x-former-documentation:", "x-documentation:")
    )
    spec = folder / "openapi.yaml"
    spec.write_text(text)
    return spec


def test_fetch_reads_the_pages_that_the_spec_records(
    site: dict[str, tuple[int, str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for operation in OURS.operations:
        for address in operation.former_addresses:
            half = both(OURS, operation.name)["zh-CN" in address]
            path = address.removeprefix("https://developers.binance.com")
            site[path] = (200, "text/html", render([half], NAMED["html"]))
    pages = as_json(capsys, "--fetch", "--spec", _spec_at(site, tmp_path))
    assert len(pages) == 8
    assert [page for page in pages if page["findings"] or page["refused"]] == []


def test_fetch_refuses_a_page_in_the_wrong_language(site: dict[str, tuple[int, str, str]], tmp_path: Path) -> None:
    """A translation that is missing is served in English, and then nobody has read the Chinese page."""
    for operation in OURS.operations:
        for address in operation.former_addresses:
            path = address.removeprefix("https://developers.binance.com")
            site[path] = (200, "text/html", render([both(OURS, operation.name)[0]], NAMED["html"]))
    assert docs("--fetch", "--spec", _spec_at(site, tmp_path)) == 2


def test_the_command_runs_by_itself(agreeing: Path) -> None:
    """As a process of its own, without the wrapper or the generated client being importable."""
    command = [sys.executable, "-m", "generator", "docs", str(agreeing)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "in agreement" in done.stdout


def test_a_reader_may_stop_reading(agreeing: Path) -> None:
    """As in `python -m generator docs page.md | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "generator", "docs", str(agreeing)]
    done = subprocess.run(command, cwd=PROJECT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")

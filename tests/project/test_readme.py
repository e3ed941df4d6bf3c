"""The examples of the README, and of the pages that go on with it, run in their order against the sandbox."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox, faults
from tests.project.places import PROJECT

PAGES = {
    page: (PROJECT / page).read_text(encoding="utf-8")
    for page in ("README.md", "docs/journal.md", "docs/without_a_journal.md", "docs/settings.md", "docs/events.md")
}
GOING_ON = ("README.md", "docs/without_a_journal.md", "docs/settings.md")
EXAMPLES = [
    (page, PAGES[page][: found.start()].count("\n") + 2, found[1])
    for page in GOING_ON
    for found in re.finditer(r"^```python\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)
]
TESTS = [example for _, _, example in EXAMPLES if "\ndef test_" in example]


class Reader:
    """Somebody who pastes the examples one after the other, with the sandbox in the environment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, sandbox: Sandbox) -> None:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("BINANCE_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("BINANCE_API_KEY", sandbox.credentials.api_key)
        monkeypatch.setenv("BINANCE_API_SECRET", sandbox.credentials.secret)
        self.sandbox = sandbox
        self.names: dict[str, Any] = {"__name__": "readme"}

    def paste(self, examples: list[tuple[str, int, str]]) -> None:
        for page, line, example in examples:
            exec(compile("\n" * (line - 1) + example, page, "exec"), self.names)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Reader]:
    with Sandbox() as sandbox:
        reader = Reader(monkeypatch, tmp_path, sandbox)
        yield reader
        reader.names["client"].close()
        if "database" in reader.names:
            reader.names["database"].close()


def test_all_examples_run_and_move_what_they_say(reader: Reader) -> None:
    reader.paste(EXAMPLES)
    moved = [(entry.type, str(entry.amount)) for entry in reader.sandbox.ledger.executions()]
    assert sorted(moved) == [
        ("ISOLATEDMARGIN_ISOLATEDMARGIN", "10"),
        ("ISOLATEDMARGIN_MARGIN", "10"),
        ("MAIN_FUNDING", "1"),
        ("MAIN_OPTION", "5"),
        ("MAIN_UMFUTURE", "12.5"),
        ("MAIN_UMFUTURE", "25.5"),
        ("MAIN_UMFUTURE", "7.25"),
        ("MARGIN_ISOLATEDMARGIN", "10"),
        ("UMFUTURE_MAIN", "2"),
    ]


def test_the_first_example_says_what_moved(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    reader.paste(EXAMPLES[:1])
    [entry] = reader.sandbox.ledger.executions()
    assert capsys.readouterr().out == f"moved: {entry.tran_id}\n"


def test_the_first_example_survives_a_lost_answer(reader: Reader) -> None:
    reader.sandbox.fail_next(faults.Drop(executes=True))
    reader.paste(EXAMPLES[:1])
    assert [entry.tran_id for entry in reader.sandbox.ledger.executions()] == [reader.names["receipt"].tran_id]


def test_a_stored_attempt_is_settled_after_a_crash(reader: Reader) -> None:
    reader.paste(EXAMPLES)
    reader.sandbox.fail_next(faults.Drop(executes=True))
    with pytest.raises(bt.OutcomeUnknown):
        reader.names["send"](bt.Transfer("MAIN_FUNDING", "ETH", 3))
    reader.names["finish_open_attempts"]()
    rows = reader.names["database"].execute("SELECT state, tran_id FROM attempts ORDER BY rowid").fetchall()
    sent = [entry for entry in reader.sandbox.ledger.executions() if str(entry.amount) in {"7.25", "3"}]
    assert rows == [("moved", entry.tran_id) for entry in sent]


def test_the_test_in_it_passes(tmp_path: Path) -> None:
    [example] = TESTS
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "test_example.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", bt.__all__)
def test_every_public_name_is_mentioned(name: str) -> None:
    assert any(re.search(rf"`[^`]*\b{name}\b|bt\.{name}\b", text) for text in PAGES.values())


@pytest.mark.parametrize("target", re.findall(r"^([a-z-]+):.*##", (PROJECT / "Makefile").read_text(), re.MULTILINE))
def test_every_target_is_mentioned(target: str) -> None:
    assert f"`make {target}" in (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "document", sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]), ids=lambda path: path.name
)
def test_links_and_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [document.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)", text)]
    paths = re.findall(r"`((?:spec|generator|generated_client|wrapper|sandbox|benchmarks|tests)/[\w./-]*)`", text)
    missing = [path for path in [*links, *(PROJECT / path for path in paths)] if not path.exists()]
    assert missing == []

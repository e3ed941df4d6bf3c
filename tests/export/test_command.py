"""`python -m binance_transfer.export`: what it writes, for whom, and how it says no."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import binance_transfer as bt
from binance_transfer.export.__main__ import main
from binance_transfer_sandbox import Sandbox
from tests.export.journals import NOW_MS


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A journal with one key that moved."""
    url = f"sqlite:///{tmp_path}/journal.db"
    with Sandbox() as sandbox, bt.Journal(url, account="treasury") as journal:
        client = bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal)
        client.transfer("MAIN_UMFUTURE", "USDT", "25.5", idempotency_key="sweep-1")
        client.close()
    return url


def export(url: str, form: str, output: Path, account: str = "treasury") -> int:
    return main([url, "--account", account, "--format", form, "--output", str(output)], now_ms=lambda: NOW_MS)


@pytest.mark.parametrize(("form", "begins"), [("csv", "key,"), ("jsonl", '{"key": "sweep-1"'), ("html", "<!DOCTYPE")])
def test_a_file_is_written_for_its_owner_alone(url: str, form: str, begins: str, tmp_path: Path) -> None:
    output = tmp_path / "export"
    before = os.umask(0)
    try:
        assert export(url, form, output) == 0
    finally:
        os.umask(before)
    assert output.read_text("utf-8").startswith(begins)
    if os.name == "posix":
        assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_an_older_export_is_replaced_and_its_rights_with_it(url: str, tmp_path: Path) -> None:
    output = tmp_path / "export"
    output.write_text("older")
    output.chmod(0o644)
    assert export(url, "jsonl", output) == 0
    assert json.loads(output.read_text())["key"] == "sweep-1"
    if os.name == "posix":
        assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_without_a_file_it_goes_to_standard_output(url: str) -> None:
    command = [sys.executable, "-m", "binance_transfer.export", url, "--account", "treasury", "--format", "jsonl"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert (json.loads(done.stdout)["state"], done.stderr) == ("moved", b"")


def test_no_journal_is_made_where_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "typo.db"
    assert export(f"sqlite:///{path}", "csv", tmp_path / "export") == 2
    assert (f"there is no file {path}" in capsys.readouterr().err, path.exists()) == (True, False)


def test_a_mistyped_account_is_refused(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(url, "html", tmp_path / "export", account="treasry") == 2
    assert "is not in this journal, which holds 'treasury'" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["mysql://host/database", "not a url", "sqlite://"])
def test_what_cannot_be_a_journal_is_refused(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(url, "csv", tmp_path / "export") == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look like one" * 100)
    assert export(f"sqlite:///{path}", "csv", tmp_path / "export") == 2
    assert "file is not a database" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_refused(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(url, "csv", tmp_path / "missing" / "export") == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_nothing_is_left_behind_where_writing_fails(url: str, tmp_path: Path) -> None:
    """A directory stands where the file should be."""
    output = tmp_path / "export"
    output.mkdir()
    assert export(url, "csv", output) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    "name", ["journal.db", "journal.db-wal", "journal.db-shm", "link", "fifo", "-", "", "/dev/null"]
)
def test_neither_the_journal_nor_what_is_no_file_is_replaced(
    url: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("journal.db")
    os.mkfifo(tmp_path / "fifo")
    before = (tmp_path / "journal.db").read_bytes()
    assert main([url, "--account", "treasury", "--format", "csv", f"--output={name}"]) == 2
    assert (tmp_path / "journal.db").read_bytes() == before


@pytest.mark.parametrize(("redirection", "code"), [("| true", 0), (">/dev/full", 2)])
def test_a_reader_that_ends_is_no_error_and_a_full_disk_is(url: str, redirection: str, code: int) -> None:
    words = f"{sys.executable} -m binance_transfer.export {url} --account treasury --format csv"
    command = ["bash", "-c", f"set -o pipefail; {words} {redirection}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Exception" in done.stderr) == (code, False), done.stderr


@pytest.mark.parametrize("arguments", [[], ["sqlite:///x.db"], ["sqlite:///x.db", "--account", "a", "--format", "xml"]])
def test_a_wrong_call_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2


def test_the_export_is_imported_only_when_asked_for() -> None:
    code = "import binance_transfer, sys; sys.exit(any('export' in name for name in sys.modules if 'binance' in name))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

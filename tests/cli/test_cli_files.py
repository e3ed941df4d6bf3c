"""Files that commands write: what they may replace, and what is said where they cannot be written."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from binance_transfer_sandbox import Sandbox
from tests.cli.conftest import Cli, Terminal

PLAN = "key,type,asset,amount\nk1,MAIN_FUNDING,USDT,5\n"


@pytest.fixture
def folder(cli: Cli, tmp_path: Path) -> Path:
    """A folder with a plan, a profile, a journal and names that lead to them or are no files."""
    assert cli("send", "MAIN_FUNDING", "USDT", "1", "--yes").code == 0
    (tmp_path / "plan.csv").write_text(PLAN)
    (tmp_path / "config.toml").write_text("[profiles.p]\n")
    (tmp_path / "config.toml").chmod(0o600)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "circle").symlink_to("circle")
    for name, target in (("to_plan", "plan.csv"), ("to_journal", "transfers.db"), ("to_wal", "transfers.db-wal")):
        (tmp_path / name).symlink_to(target)
    os.link(tmp_path / "plan.csv", tmp_path / "same_plan")
    return tmp_path


# Names of files; those of PLANS are in use where there is a plan.
UNFIT = ["", "-", ".", "folder", "fifo", "circle", "/dev/null", "nowhere/out", "transfers.db", "./transfers.db"]
UNFIT += ["transfers.db-wal", "transfers.db-shm", "to_journal", "to_wal", "config.toml"]
PLANS = ["plan.csv", "to_plan", "same_plan"]
WRITERS: dict[str, Callable[[str], list[str]]] = {
    "run": lambda name: ["run", "plan.csv", "--yes", f"--results={name}"],
    "export": lambda name: ["journal", "export", f"--output={name}"],
    "backup": lambda name: ["journal", "backup", "--", name],
}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_must_not_be_replaced_is_refused(writer: str, folder: Path, cli: Cli, sandbox: Sandbox) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file() and "-" not in path.name}
    names = UNFIT + PLANS * (writer == "run")
    ended = {name: cli("--profile", "p", *WRITERS[writer](name)) for name in names}
    assert {name: each.err for name, each in ended.items() if each.code != 2 or "Traceback" in each.err} == {}
    assert {path: path.read_bytes() for path in folder.iterdir() if path in before} == before
    assert len(sandbox.ledger.executions()) == 1


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("writer", ["run", "export"])
def test_a_symbolic_link_is_followed(writer: str, there: bool, folder: Path, cli: Cli) -> None:
    (folder / "out").symlink_to("folder/target")
    if there:
        (folder / "folder" / "target").write_text("older")
    assert cli(*WRITERS[writer]("out")).code == 0
    assert (folder / "out").is_symlink()
    assert "k1" in (folder / "folder" / "target").read_text() or writer == "export"


def test_a_backup_replaces_nothing(folder: Path, cli: Cli) -> None:
    (folder / "older.db").write_text("older")
    assert cli("journal", "backup", "older.db").code == 2
    assert (folder / "older.db").read_text() == "older"


def test_postgresql_is_backed_up_otherwise(cli: Cli) -> None:
    url = "postgresql+psycopg://u@127.0.0.1:1/d"
    assert cli("--journal", url, "journal", "backup", "copy.db").code == 2


def test_results_that_cannot_be_written_are_1_after_the_summary(
    folder: Path, terminal: Callable[..., Terminal], sandbox: Sandbox
) -> None:
    shown = terminal("run", "plan.csv", "--results", "folder/r.jsonl", columns=200)
    shown.wait_for("[y/N]")
    (folder / "folder").rmdir()
    shown.type("y\n")
    assert shown.end() == 1
    assert "could not be written" in shown.screen.partition("not known")[2]
    assert len(sandbox.ledger.executions()) == 2


def test_what_is_unknown_stays_3_where_results_cannot_be_written(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binance_transfer_cli import results

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def settle(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(results, "replace_file", full)
    monkeypatch.setattr("binance_transfer.TransferClient.settle", settle)
    ended = cli("--json", "run", "plan.csv", "--yes", "--results", "r.jsonl")
    assert (ended.code, ended.rows[0]["outcome"]) == (3, "unknown")
    assert "No space left on device" in ended.err


def test_an_export_takes_names_that_look_like_options(folder: Path, cli: Cli) -> None:
    assert cli("journal", "export", "--format", "jsonl", "--output=-x").code == 0
    assert json.loads((folder / "-x").read_text().splitlines()[0])["state"] == "moved"
    ended = cli("--account=-x", "journal", "export")
    assert (ended.code, "usage" in ended.err, "is not in this journal" in ended.err) == (2, False, True)

"""`send`: what is asked, what is said, and how it ends."""

import shlex
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from binance_transfer_sandbox import Sandbox, faults
from tests.cli.conftest import Cli, Terminal

SEND = ("send", "MAIN_UMFUTURE", "USDT", "25.5")
FIELDS = ["line", "key", "outcome", "tran_id", "replayed", "error", "message"]


def profile(folder: Path, **values: object) -> None:
    """Write a profile "quick" without credentials."""
    file = folder / "config.toml"
    lines = [f"{name} = {value}" for name, value in values.items()]
    file.write_text("\n".join(["[profiles.quick]", *lines, ""]))
    file.chmod(0o600)


def test_the_answer_has_the_names_of_a_result(cli: Cli) -> None:
    ended = cli("--json", *SEND, "--yes", "--key", "k")
    assert list(ended.json) == FIELDS
    assert (ended.json["key"], ended.json["outcome"], ended.json["line"]) == ("k", "moved", None)


def test_the_same_key_moves_once(cli: Cli, sandbox: Sandbox) -> None:
    first, second = (cli("--json", *SEND, "--yes", "--key", "k") for _ in range(2))
    [entry] = sandbox.ledger.executions()
    assert [first.json["tran_id"], second.json["tran_id"], second.json["replayed"]] == [entry.tran_id] * 2 + [True]


def test_another_transfer_under_the_key_is_refused(cli: Cli) -> None:
    cli(*SEND, "--yes", "--key", "k")
    ended = cli("--json", "send", "MAIN_UMFUTURE", "USDT", "1", "--yes", "--key", "k")
    assert (ended.code, ended.json["error"]) == (1, "IdempotencyConflict")


def test_without_a_terminal_nobody_can_be_asked(cli: Cli, sandbox: Sandbox) -> None:
    assert cli(*SEND).code == 2
    assert sandbox.ledger.executions() == ()


@pytest.mark.parametrize(
    "words",
    [
        ["send", "MAIN_UMFUTURE", "USDT"],
        ["send", "MAIN_UMFUTURES", "USDT", "1"],
        ["send", "MAIN_UMFUTURE", "usdt", "1"],
        ["send", "MAIN_UMFUTURE", "USDT", "0"],
        ["send", "MAIN_UMFUTURE", "USDT", "1", "--to-symbol", "BTCUSDT"],
        ["send", "--from", "spot", "USDT", "1"],
        ["send", "--from", "spot", "--to", "nowhere", "USDT", "1"],
        ["send", "--from", "spot:BTCUSDT", "--to", "funding", "USDT", "1"],
        ["send", "--from", "spot", "--to", "isolated_margin", "USDT", "1"],
        ["send", "--from", "spot", "--to", "isolated_margin:BTCUSDT", "--to-symbol", "ETHUSDT", "USDT", "1"],
        ["send", "MAIN_UMFUTURE", "USDT", "1", "--key", " k"],
        ["send", "MAIN_UMFUTURE", "USDT", "1", "--secret", "hunter2"],
    ],
)
def test_what_cannot_be_meant_ends_with_2(words: list[str], cli: Cli, sandbox: Sandbox, tmp_path: Path) -> None:
    assert cli(*words, "--yes").code == 2
    assert sandbox.ledger.executions() == ()
    assert not (tmp_path / "transfers.db").exists()


def test_a_dry_run_sends_and_makes_nothing(cli: Cli, sandbox: Sandbox, tmp_path: Path) -> None:
    ended = cli("--json", *SEND, "--dry-run")
    assert (ended.code, ended.json["path"], ended.json["parameters"]["amount"]) == (
        0,
        "/sapi/v1/asset/transfer",
        "25.5",
    )
    assert (ended.json["live"], ended.json["base_url"]) == (False, sandbox.base_url)
    assert sandbox.ledger.executions() == ()
    assert list(tmp_path.iterdir()) == []


def test_without_a_journal_it_sends_and_says_that_nothing_remembers(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BINANCE_TRANSFER_JOURNAL")
    ended = cli(*SEND, "--yes")
    assert ended.code == 0
    assert "without a journal nothing remembers it" in ended.out


def test_a_key_needs_a_journal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BINANCE_TRANSFER_JOURNAL")
    assert cli(*SEND, "--yes", "--key", "k").code == 2


def test_a_lost_answer_is_found(cli: Cli, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Drop(executes=True))
    ended = cli("--json", *SEND, "--yes")
    [entry] = sandbox.ledger.executions()
    assert (ended.code, ended.json["tran_id"]) == (0, entry.tran_id)


def test_a_refusal_says_what_to_do(cli: Cli) -> None:
    ended = cli("send", "MAIN_UMFUTURE", "USDT", "10000000", "--yes")
    assert ended.code == 1
    assert "Move less, or fill it." in ended.out


def test_unknown_gives_a_command_to_paste(cli: Cli, sandbox: Sandbox, tmp_path: Path) -> None:
    profile(tmp_path, timeout_s=1.0, resolve_within_s=0)
    sandbox.fail_next(faults.Drop(executes=True))
    sandbox.exchange.plan(faults.Firewall(), on="history", times=None)
    ended = cli("--profile", "quick", *SEND, "--yes", "--key", "k 1")
    assert ended.code == 3
    assert "binance-transfer --profile quick reconcile 'k 1'" in ended.out


def pasted(text: str) -> list[list[str]]:
    """The words of the commands that are offered to be pasted."""
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("  binance-transfer")]


@pytest.mark.parametrize("journal", [True, False])
@pytest.mark.parametrize(
    "words",
    [
        ("MAIN_UMFUTURE", "USDT", "25.5"),
        ("MARGIN_ISOLATEDMARGIN", "USDT", "5", "--to-symbol", "BTCUSDT"),
        ("ISOLATEDMARGIN_MARGIN", "USDT", "5", "--from-symbol", "BTCUSDT"),
        ("ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "5", "--from-symbol", "BTCUSDT", "--to-symbol", "ETHUSDT"),
    ],
)
@pytest.mark.parametrize("key", ["k 1", "--yes"])
def test_what_is_to_be_pasted_works(
    key: str,
    words: tuple[str, ...],
    journal: bool,
    cli: Cli,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not journal:
        monkeypatch.delenv("BINANCE_TRANSFER_JOURNAL")
    profile(tmp_path, timeout_s=1.0, resolve_within_s=0)
    sandbox.fail_next(faults.Drop(executes=True))
    sandbox.exchange.plan(faults.Firewall(), on="history", times=None)
    ended = cli("--profile", "quick", "send", *words, "--yes", *(["--key", key] if journal else []))
    assert ended.code == 3, ended.err
    commands = pasted(ended.out)
    assert len(commands) == (2 if journal else 1)
    sandbox.clear_faults()
    for command in commands:
        again = cli("--json", *command, *(["--yes"] if "send" in command else []))
        assert (again.code, len(again.rows)) == (0, 1), again.err
    assert len(sandbox.ledger.executions()) == 1


def test_a_journal_that_fails_is_unknown_for_a_key_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "transfers.db").write_bytes(b"no database, whatever its name says" * 100)
    ended = cli("--json", *SEND, "--yes", "--key", "k")
    assert (ended.code, ended.json["outcome"], ended.json["error"]) == (3, "unknown", "JournalFailed")


def test_a_journal_that_fails_has_nothing_of_a_new_key(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "transfers.db").write_bytes(b"no database, whatever its name says" * 100)
    ended = cli("--json", *SEND, "--yes")
    assert (ended.code, ended.json["outcome"], ended.json["error"]) == (1, "not_moved", "JournalFailed")


def test_a_limit_of_the_profile_holds_without_a_journal(
    cli: Cli, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BINANCE_TRANSFER_JOURNAL")
    profile(tmp_path, policy='{ max_amount = { USDT = "5" } }')
    ended = cli("--profile", "quick", "--json", *SEND, "--yes")
    assert (ended.code, ended.json["error"]) == (1, "PolicyDenied")
    assert sandbox.ledger.executions() == ()


Start = Callable[..., Terminal]


@pytest.mark.parametrize("answer", ["\n", "n\n", "\x04"])
def test_anything_but_yes_is_no(answer: str, terminal: Start, sandbox: Sandbox) -> None:
    shown = terminal(*SEND)
    shown.wait_for("Send it? [y/N]")
    assert "holds 100000 USDT free" in shown.screen
    assert "holds 50000 USDT free" in shown.screen
    shown.type(answer)
    assert shown.end() == 1
    assert sandbox.ledger.executions() == ()


def test_yes_sends(terminal: Start, sandbox: Sandbox) -> None:
    shown = terminal(*SEND)
    shown.wait_for("Send it? [y/N]")
    shown.type("y\n")
    assert shown.end() == 0
    assert len(sandbox.ledger.executions()) == 1


def test_ctrl_c_at_the_question_is_1(terminal: Start, sandbox: Sandbox) -> None:
    shown = terminal(*SEND)
    shown.wait_for("Send it? [y/N]")
    shown.interrupt()
    assert shown.end() == 1
    assert sandbox.ledger.executions() == ()


def test_ctrl_c_while_sending_is_3_and_names_the_key(terminal: Start, sandbox: Sandbox) -> None:
    sandbox.fail_next(faults.Hang(executes=True))
    shown = terminal(*SEND, "--yes", "--key", "interrupted-1")
    shown.wait_for("interrupted-1")
    while not sandbox.ledger.executions():
        pass
    shown.interrupt()
    assert shown.end() == 3
    assert "reconcile interrupted-1" in shown.screen
    assert "--key interrupted-1" in shown.screen


def test_balances_that_are_not_known_stop_nothing(cli: Cli, sandbox: Sandbox) -> None:
    sandbox.exchange.plan(faults.Firewall(), on="wallet_balance", times=None)
    ended = cli(*SEND, "--yes")
    assert ended.code == 0
    assert "not known" in ended.out


def test_no_colour_where_nobody_wants_it(terminal: Start) -> None:
    shown = terminal(*SEND, "--yes", NO_COLOR="1")
    assert shown.end() == 0
    assert "\x1b[32m" not in shown.screen
    assert "\x1b[1;32m" not in shown.screen


@pytest.mark.parametrize("fault", [faults.Refuse(duration_ms=300), faults.RateLimited(retry_after_s=1)])
def test_what_passes_is_waited_for(fault: object, cli: Cli, sandbox: Sandbox) -> None:
    cli(*SEND, "--yes")
    sandbox.fail_next(fault)  # type: ignore[arg-type]
    assert cli("send", "MAIN_UMFUTURE", "USDT", "1", "--yes").code == 0


def test_the_journal_is_for_its_owner_alone(cli: Cli, tmp_path: Path) -> None:
    cli(*SEND, "--yes")
    assert stat.S_IMODE((tmp_path / "transfers.db").stat().st_mode) == 0o600

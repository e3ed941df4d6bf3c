"""Settings and where: environment, profiles, and what is refused of them."""

import os
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from binance_transfer.sealed import Sealed
from binance_transfer_cli import place
from binance_transfer_cli.screen import Screen
from binance_transfer_cli.settings import GlobalOptions, Settings
from binance_transfer_cli.times import moment
from binance_transfer_sandbox import Sandbox
from tests.cli.conftest import COMMAND, Cli, python_path

SECRET = "hunter2hunter2"


@pytest.fixture
def config(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Path]:
    def write(text: str, mode: int = 0o600) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text)
        file.chmod(mode)
        return file

    return write


Write = Callable[..., Path]


@pytest.fixture
def without_credentials(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BINANCE_API_KEY", "BINANCE_API_SECRET"):
        monkeypatch.delenv(name)


def credentials(sandbox: Sandbox) -> str:
    return f'api_key = "{sandbox.credentials.api_key}"\nsecret = "{sandbox.credentials.secret}"\n'


@pytest.mark.usefixtures("without_credentials")
def test_a_profile_says_who_and_where(
    config: Write, cli: Cli, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("BINANCE_BASE_URL", "BINANCE_TRANSFER_JOURNAL", "BINANCE_TRANSFER_ACCOUNT"):
        monkeypatch.delenv(name)
    where = f'base_url = "{sandbox.base_url}"\njournal = "sqlite:///{tmp_path}/other.db"\naccount = "other"\n'
    config(f"[profiles.p]\n{where}{credentials(sandbox)}timeout_s = 5\nrecv_window_ms = 4000\n")
    ended = cli("--profile", "p", "--json", "send", "MAIN_FUNDING", "USDT", "1", "--dry-run")
    assert ended.json["parameters"]["recvWindow"] == "4000"
    assert cli("--profile", "p", "send", "MAIN_FUNDING", "USDT", "1", "--yes").code == 0
    assert (tmp_path / "other.db").exists()


@pytest.mark.usefixtures("without_credentials")
def test_a_private_key_lies_beside_the_file(config: Write, cli: Cli, sandbox: Sandbox, tmp_path: Path) -> None:
    held = sandbox.credentials_for("ed25519")
    (tmp_path / "key.pem").write_text(held.private_key)
    config(f'[profiles.p]\napi_key = "{held.api_key}"\nprivate_key = "key.pem"\n')
    assert cli("--profile", "p", "balances").code == 0


def test_options_beat_the_profile_and_the_profile_the_environment(
    config: Write, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINANCE_TRANSFER_JOURNAL", f"sqlite:///{tmp_path}/environment.db")
    config(f'[profiles.p]\njournal = "sqlite:///{tmp_path}/profile.db"\n')
    send = ("send", "MAIN_FUNDING", "USDT", "1", "--yes")
    assert cli(*send).code == 0
    assert cli("--profile", "p", *send).code == 0
    assert cli("--profile", "p", "--journal", f"sqlite:///{tmp_path}/option.db", *send).code == 0
    assert {path.stem for path in tmp_path.glob("*.db")} == {"environment", "profile", "option"}


def test_two_sources_of_credentials_are_refused(config: Write, cli: Cli, sandbox: Sandbox) -> None:
    config(f"[profiles.p]\n{credentials(sandbox)}")
    ended = cli("--profile", "p", "balances")
    assert ended.code == 2
    assert "both hold credentials" in ended.err
    assert sandbox.credentials.secret not in ended.err


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644])
def test_a_file_that_others_reach_is_refused(mode: int, config: Write, cli: Cli) -> None:
    config("[profiles.p]\n", mode)
    ended = cli("--profile", "p", "balances")
    assert (ended.code, "chmod 600" in ended.err) == (2, True)


# What stands in the file. None of it may be shown but names.
REFUSED = [
    f'[profiles.p]\nsecrte = "{SECRET}"\n',
    f'[profiles.p]\n{SECRET} = "x"\n',
    f'{SECRET} = "x"\n[profiles.p]\n',
    f'[profile.p]\nsecret = "{SECRET}"\n',
    f'[profiles.q]\nsecret = "{SECRET}"\n',
    f'[profiles.p]\nsecret = "{SECRET}\n',
    f"[profiles.p]\nsecret = {SECRET}\n",
    "[profiles.p]\nsecret = 12345678\n",
    '[profiles.p]\nsecret = ""\n',
    f'[profiles.p]\njournal = "postgres://u:{SECRET}@h:x/d"\naccount = "a"\n',
    f'[profiles.p]\nbase_url = "https://u:{SECRET}@api.binance.com"\n',
    '[profiles.p]\ntimeout_s = "10"\n',
    "[profiles.p]\ntimeout_s = -1\n",
    "[profiles.p]\nresolve_within_s = true\n",
    "[profiles.p]\nrecv_window_ms = 90000\n",
    "[profiles.p]\npolicy = 5\n",
    '[profiles.p.policy]\nmax_amounts = { USDT = "5" }\n',
    "[profiles.p.policy]\nmax_amount = { USDT = 5.5 }\n",
    '[profiles.p.policy]\nmax_amount = { usdt = "5" }\n',
    '[profiles.p.policy]\ntypes = "MAIN_FUNDING"\n',
    '[profiles.p.policy]\ntypes = ["MAIN_FUNDIN"]\n',
    "[profiles.p.policy]\ntypes = 5\n",
    "[profiles.p.policy]\nmax_amount = 5\n",
    "[profiles.p.policy]\nmax_per_day = 5\n",
    f'[profiles.p]\ntimeout_s = "{SECRET}"\n',
    f'[profiles.p]\nsettle_ms = "{SECRET}"\n',
    f'[profiles.p]\nrecv_window_ms = "{SECRET}"\n',
    f'[profiles.p]\nresolve_within_s = "{SECRET}"\n',
    f'[profiles.p]\nextra_rejected_codes = ["{SECRET}"]\n',
    f'[profiles.p]\nextra_rejected_codes = "{SECRET}"\n',
    '[profiles.p]\napi_key = "k"\nprivate_key = "~nosuch/key.pem"\n',
    '[profiles.p]\nbase_url = ""\n',
    '[profiles.p]\njournal = ""\n',
    '[profiles.p]\naccount = ""\n',
    f"x = {'[' * 5000}\n",
]
SEND = ("send", "MAIN_FUNDING", "USDT", "1")


@pytest.mark.parametrize("words", [(*SEND, "--yes"), (*SEND, "--dry-run"), ("preflight",)])
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_with_a_profile_is_refused_and_not_shown(
    text: str, words: tuple[str, ...], config: Write, cli: Cli, sandbox: Sandbox
) -> None:
    config(text)
    ended = cli("--profile", "p", *words)
    assert ended.code == 2, ended.out + ended.err
    assert SECRET not in ended.out + ended.err
    assert "Traceback" not in ended.err
    assert sandbox.ledger.executions() == ()


@pytest.mark.parametrize("words", [(*SEND, "--yes"), (*SEND, "--dry-run"), ("preflight",), ("balances",)])
@pytest.mark.parametrize("options", [("--base-url",), ("--journal",), ("--account",), ("--profile",)])
def test_an_empty_option_is_refused(options: tuple[str, ...], words: tuple[str, ...], cli: Cli) -> None:
    """As a shell leaves it of a variable that is not set."""
    for empty in ("", " "):
        ended = cli(*options, empty, *words)
        assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize(
    "name", ["BINANCE_BASE_URL", "BINANCE_TRANSFER_JOURNAL", "BINANCE_TRANSFER_ACCOUNT", "BINANCE_TRANSFER_CONFIG"]
)
@pytest.mark.parametrize("empty", ["", " ", "~nosuch/x"])
def test_an_empty_variable_is_refused(name: str, empty: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, empty)
    options = ("--profile", "p") if name.endswith("CONFIG") else ()
    if not (name.endswith("ACCOUNT") and empty.strip()):
        ended = cli(*options, *SEND, "--yes")
        assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err


@pytest.mark.parametrize("words", [(*SEND, "--yes"), (*SEND, "--dry-run"), ("preflight",)])
def test_a_daily_limit_needs_a_journal(
    words: tuple[str, ...], config: Write, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BINANCE_TRANSFER_JOURNAL")
    config('[profiles.p.policy]\nmax_per_day = { USDT = "5" }\n[profiles.p]\n')
    ended = cli("--profile", "p", *words)
    assert (ended.code, "needs a journal" in ended.err) == (2, True)


def test_preflight_is_bad_where_a_send_would_fail_for_its_journal(
    cli: Cli, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli(*SEND, "--yes")
    said = {}
    with Sandbox(seed=7) as other:
        said["belongs to http"] = cli("--base-url", other.base_url, "--json", "preflight")
    said["folder"] = cli("--journal", f"sqlite:///{tmp_path}/nowhere/x.db", "--json", "preflight")
    with closing(sqlite3.connect(tmp_path / "transfers.db")) as database, database:
        database.execute("UPDATE binance_transfer_v2_accounts SET uid = uid + 1")
    said["belongs to uid"] = cli("--json", "preflight")
    for words, ended in said.items():
        assert ended.code == 1, words
        assert [problem for problem in ended.json["problems"] if words in problem]


def test_no_file_is_said_with_the_variable_that_names_one(cli: Cli) -> None:
    assert "BINANCE_TRANSFER_CONFIG" in cli("--profile", "p", "balances").err


@pytest.mark.usefixtures("without_credentials")
def test_without_credentials_nothing_is_begun(cli: Cli, tmp_path: Path) -> None:
    assert cli("send", "MAIN_FUNDING", "USDT", "1", "--yes").code == 2
    assert list(tmp_path.iterdir()) == []


WORDS = [
    ["--api-secret=hunter2hunter2", "balances"],
    ["--journal", f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/d", "journal", "list"],
    ["--journal", f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/d", "send", "MAIN_FUNDING", "USDT", "1", "--yes"],
    ["--journal", f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/d?password={SECRET}", "preflight"],
    ["--journal", f"nonsense://u:{SECRET}@h/d", "run", "plan.csv", "--yes"],
    ["--base-url", f"https://u:{SECRET}@api.binance.com", "balances"],
]


@pytest.mark.parametrize("words", WORDS)
def test_no_output_holds_a_secret(words: list[str], cli: Cli) -> None:
    ended = cli(*words)
    assert ended.code != 0
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize(
    ("base_url", "live"),
    [
        ("https://api.binance.com", True),
        ("https://api-gcp.binance.com", True),
        ("https://proxy.example.com", True),
        ("http://localhost:9000", False),
        ("https://127.0.0.1", False),
    ],
)
def test_whatever_is_not_on_this_machine_may_be_real_money(base_url: str, live: bool) -> None:
    assert Settings.of(GlobalOptions(base_url=base_url), {}).live is live


def test_real_money_is_announced_in_capitals(capsys: pytest.CaptureFixture[str]) -> None:
    place.show(Screen(as_json=False), place.Place("https://api.binance.com", True, "none", 7))
    assert capsys.readouterr().out.startswith("LIVE EXCHANGE: REAL MONEY\n")


def test_a_dead_exchange_is_bad_news_for_preflight(cli: Cli) -> None:
    ended = cli("--base-url", "http://127.0.0.1:1", "--json", "preflight")
    assert (ended.code, ended.json["clock_offset_ms"]) == (1, None)


def test_preflight_has_the_names_of_the_library(cli: Cli) -> None:
    names = {"clock_offset_ms", "reading_enabled", "permits_universal_transfer", "ip_restricted", "system_normal"}
    assert names <= cli("--json", "preflight").json.keys()


def test_an_account_that_is_misspelt_halts_nobody(cli: Cli) -> None:
    cli("send", "MAIN_FUNDING", "USDT", "1", "--yes")
    assert cli("--account", "treasurey", "journal", "halt", "stop").code == 2


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIMES = [
    ("36h", NOW - timedelta(hours=36)),
    ("7d", NOW - timedelta(days=7)),
    ("90m", NOW - timedelta(minutes=90)),
    ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ("2026-11-20T08:30:00Z", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
    ("2026-11-20T08:30:00+02:00", datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("text", "meant"), TIMES)
def test_times(text: str, meant: datetime) -> None:
    assert moment(text, NOW) == meant


def test_a_date_at_the_end_is_all_of_that_day() -> None:
    assert moment("2026-11-20", NOW, end=True) == datetime(2026, 11, 20, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-20T08:30:00", "7", "7y", "2026-13-01", "999999w", "1700000000"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|longer|zone"):
        moment(text, NOW)


@pytest.mark.parametrize("text", ["20261122", "2026-W47-1", "2026-11-20T08:30:00", "20261120T083000"])
def test_the_time_that_a_message_proposes_is_one(text: str) -> None:
    with pytest.raises(ValueError, match="no time zone") as refused:
        moment(text, NOW)
    for proposed in re.findall(r"\S+(?:Z|\+02:00)(?!\S)", str(refused.value)):
        assert moment(proposed, NOW).tzinfo is not None
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|\+02:00)", proposed)


@pytest.mark.parametrize("options", [[], ["--profile", "p"]])
def test_a_command_to_paste_leads_to_the_same_place_without_a_password(options: list[str], config: Write) -> None:
    config("[profiles.p]\n")
    url = f"postgresql+psycopg://u:{SECRET}@db.example.com:5433/d"
    given = GlobalOptions("p" if options else None, "https://127.0.0.1:1", Sealed(url), "treasury")
    settings = Settings.of(given, os.environ)
    words = ["--journal", url, "--account=treasury", "run", "p.csv"]
    for shown in (settings.command("reconcile", "k"), settings.same_command(words)):
        assert SECRET not in " ".join(shown)
        assert "postgresql+psycopg://u@db.example.com:5433/d" in shown
    assert "without its password" in settings.left_out


def test_a_shell_completes_types(environment: dict[str, str]) -> None:
    asked = {
        "_BINANCE_TRANSFER_COMPLETE": "bash_complete",
        "COMP_WORDS": "binance-transfer send MAIN_UM",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [*COMMAND], env=os.environ | asked | {"PYTHONPATH": python_path()}, capture_output=True, text=True, check=False
    )
    assert "MAIN_UMFUTURE" in done.stdout

"""`python -m binance_transfer_sandbox`, as a user runs it."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from binance_transfer_sandbox import Sandbox
from binance_transfer_sandbox.__main__ import main

COMMAND = [sys.executable, "-W", "error", "-m", "binance_transfer_sandbox"]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@contextmanager
def running(*arguments: str, end: signal.Signals = signal.SIGINT) -> Iterator[dict[str, str]]:
    """Run the command until it has said what to export, then end it and expect a clean exit."""
    with subprocess.Popen(
        [*COMMAND, *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        exports = [process.stdout.readline().removeprefix("export ").strip() for _ in range(3)]
        try:
            yield dict(line.split("=", 1) for line in exports)
        finally:
            process.send_signal(end)
            try:
                _, messages = process.communicate(timeout=5)
            finally:
                process.kill()  # or leaving the block would wait for one that does not end
    assert process.returncode == 0
    assert "Ctrl-C ends it" in messages
    assert "Traceback" not in messages


def test_it_prints_what_to_paste_and_serves() -> None:
    credentials = Sandbox(seed=7).credentials
    with running("--admin", "--seed", "7") as variables:
        url = variables.pop("BINANCE_BASE_URL")
        assert variables == {"BINANCE_API_KEY": credentials.api_key, "BINANCE_API_SECRET": credentials.secret}
        assert httpx.get(f"{url}/api/v3/time", trust_env=False, verify=False).status_code == 200
        assert httpx.get(f"{url}/sandbox/ledger", trust_env=False, verify=False).json() == {"executions": []}


def test_a_private_key_is_a_private_file_that_goes_with_the_sandbox() -> None:
    with running("--key", "ed25519", end=signal.SIGTERM) as variables:
        file = Path(variables["BINANCE_PRIVATE_KEY"])
        assert file.read_text().startswith("-----BEGIN PRIVATE KEY-----")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert (
            httpx.get(f"{variables['BINANCE_BASE_URL']}/sandbox/ledger", trust_env=False, verify=False).status_code
            == 404
        )
    assert not file.parent.exists()


def test_pairs_and_the_weight_are_taken() -> None:
    with running("--admin", "--symbol", "SOLUSDT", "--symbol", "A/B", "--transfer-weight", "900") as variables:
        url = variables["BINANCE_BASE_URL"]
        symbols = httpx.get(f"{url}/sandbox/symbols", trust_env=False, verify=False).json()["symbols"]
        limits = httpx.get(f"{url}/sandbox/limits", trust_env=False, verify=False).json()
    assert (symbols["SOLUSDT"], symbols["AB"], limits["transfer_weight"]) == (["SOL", "USDT"], ["A", "B"], 900)


def test_a_taken_port_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    with Sandbox() as sandbox:
        port = sandbox.base_url.rsplit(":", 1)[1]
        code = main(["--port", port])
    output = capsys.readouterr()
    assert (code, output.out) == (1, "")
    assert output.err == f"Cannot listen on 127.0.0.1:{port}: Address already in use. Try another --port.\n"
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--help"], 0, "play money"),
        (["--port", "65536"], 2, "argument --port: not a port number: '65536'"),
        (["--port", "http"], 2, "argument --port: not a port number: 'http'"),
        (["--key", "dsa"], 2, "invalid choice"),
        (["--seed", "x"], 2, "argument --seed"),
        (["--transfer-weight", "-1"], 2, "not a weight"),
        (["--transfer-weight", "9" * 5000], 2, "not a weight"),
        (["--port", "9" * 5000], 2, "not a port number"),
        (["--symbol", "SOL"], 2, "Write it as BASE/QUOTE"),
        (["--help"], 0, "--transfer-weight N"),
        (["--help"], 0, "/sandbox/history"),
    ],
)
def test_its_arguments_are_explained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, text: str
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    output = capsys.readouterr()
    assert exit_.value.code == code
    assert text in output.out + output.err

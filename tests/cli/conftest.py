"""A sandbox, its environment, and the command line over pipes and pseudo-terminals."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from binance_transfer_cli.__main__ import run
from binance_transfer_sandbox import Sandbox

COMMAND: Final = (sys.executable, "-m", "binance_transfer_cli")
SEVERAL: Final = (sys.executable, str(Path(__file__).parent / "programs" / "several.py"))
OURS: Final = ("BINANCE_", "NO_COLOR", "FORCE_COLOR", "COLUMNS")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def environment_for(sandbox: Sandbox, folder: Path, **more: str) -> dict[str, str]:
    """What the sandbox prints to paste, and a journal."""
    return {
        "BINANCE_BASE_URL": sandbox.base_url,
        "BINANCE_API_KEY": sandbox.credentials.api_key,
        "BINANCE_API_SECRET": sandbox.credentials.secret,
        "BINANCE_TRANSFER_JOURNAL": f"sqlite:///{folder / 'transfers.db'}",
        "BINANCE_TRANSFER_ACCOUNT": "treasury",
        "BINANCE_TRANSFER_CONFIG": str(folder / "config.toml"),
    } | more


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set the environment of this process, and return it."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    made = environment_for(sandbox, tmp_path)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return made


class Ended:
    """What a command said and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Ended]


@pytest.fixture
def cli(environment: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command in this process, without a terminal."""

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["binance-transfer", *words])
        capsys.readouterr()
        code = run(words)
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return call


class Terminal:
    """A command at a pseudo-terminal."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path, columns: int = 80) -> None:
        ours, theirs = pty.openpty()
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=clean | environment | {"TERM": "xterm-256color", "COLUMNS": str(columns), "PYTHONPATH": python_path()},
            start_new_session=True,
        )
        os.close(theirs)
        self._fd = ours
        self.screen = ""

    def wait_for(self, text: str, timeout_s: float = 30) -> None:
        """Read until a text is there."""
        until_s = time.monotonic() + timeout_s
        while text not in self.screen:
            assert time.monotonic() < until_s, self.screen
            self._read(0.1)

    def _read(self, within_s: float) -> bool:
        if not select.select([self._fd], [], [], within_s)[0]:
            return True
        try:
            chunk = os.read(self._fd, 65536)
        except OSError:  # the other end is closed
            return False
        self.screen += chunk.decode(errors="replace")
        return bool(chunk)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, no quicker than a person: Python loses one in the moment in which it begins to read."""
        time.sleep(0.3)
        self.process.send_signal(signal.SIGINT)

    def end(self, timeout_s: float = 60) -> int:
        """Read until it ends; returns the exit code."""
        until_s = time.monotonic() + timeout_s
        while self._read(0.2) and (self.process.poll() is None):
            assert time.monotonic() < until_s, self.screen
        code = self.process.wait(timeout_s)
        while self._read(0.05) and select.select([self._fd], [], [], 0)[0]:
            pass
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._fd)


def python_path() -> str:
    return os.pathsep.join(sys.path)


@pytest.fixture
def terminal(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start a command at a terminal."""
    opened: list[Terminal] = []

    def start(*words: str, columns: int = 80, **more: str) -> Terminal:
        opened.append(Terminal([*COMMAND, *words], environment | more, tmp_path, columns))
        return opened[-1]

    yield start
    for each in opened:
        each.close()

"""Whoever only builds requests and reads answers pays for no HTTP library, and imports nothing else of ours."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import binance_transfer_api

SOURCE = Path(binance_transfer_api.__file__).parent.parent
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(binance_transfer_api.__path__, f"{binance_transfer_api.__name__}.")
)


def test_importing_every_module_imports_no_http_library_and_nothing_of_ours() -> None:
    program = (
        "import sys, importlib\n"
        f"for name in {MODULES}: importlib.import_module(name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=SOURCE, capture_output=True, text=True, check=True)
    assert len(MODULES) > 20
    assert (
        set(done.stdout.split())
        & {
            *("httpx", "httpcore", "anyio", "ssl", "http", "requests"),
            *("binance_transfer", "binance_transfer_sandbox", "generator"),
        }
        == set()
    )

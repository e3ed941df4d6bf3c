"""
Wheel and sdist: built, looked at, and used in an environment that has nothing else: `make dist`.

One rule: what is checked is what would be published, not the folders beside it.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DIST = PROJECT / "dist"
LOCK = PROJECT / "locks" / "base.txt"
PACKAGES = ("wrapper/binance_transfer", "generated_client/binance_transfer_api", "sandbox/binance_transfer_sandbox")
IN_SDIST = {"spec/openapi.yaml", "generator/__main__.py", "tests/project/distribution.py", "LICENSE", "CHANGELOG.md"}

# Runs with the wheel and its run-time dependencies alone. The server below is not the sandbox: that is an extra.
BARE = """
import importlib.util, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import binance_transfer as bt

assert importlib.util.find_spec("starlette") is None, "the sandbox's dependencies are here"

class Exchange(BaseHTTPRequestHandler):
    def answer(self, body):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(b'{"serverTime": 1499827319559}')

    def do_POST(self):
        self.answer(b'{"tranId": 13526853623}')

    def log_message(self, *_):
        pass

with HTTPServer(("127.0.0.1", 0), Exchange) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with bt.TransferClient(bt.Credentials(api_key="key", secret="secret"), base_url=url) as client:
        receipt = client.transfer("MAIN_UMFUTURE", "USDT", "25.5")
    server.shutdown()
print("without extras:", receipt.transfer.type, receipt.tran_id)
"""

WITH_SANDBOX = """
import binance_transfer as bt
from binance_transfer_sandbox import Sandbox

with Sandbox() as sandbox, bt.TransferClient(sandbox.credentials_for("ed25519"), base_url=sandbox.base_url) as client:
    receipt = client.transfer("MAIN_UMFUTURE", "USDT", "25.5")
    assert [entry.tran_id for entry in sandbox.ledger.executions()] == [receipt.tran_id]
print("with the sandbox:", receipt.transfer.type, receipt.tran_id)
"""


def main() -> int:
    """Do all of it; an assertion or a command that fails ends it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, PROJECT)  # the wheel is made from the sdist
    [wheel], [sdist] = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    check_wheel(wheel)
    check_sdist(sdist)
    with tempfile.TemporaryDirectory() as folder:
        python, files = Path(folder, "bin", "python"), Path(folder, "files")
        venv.create(folder, with_pip=True)
        pip = (python, "-m", "pip", "-qq", "--disable-pip-version-check")
        run(*pip, "download", "--only-binary", ":all:", "--require-hashes", "--dest", files, "--requirement", LOCK)
        for requirement, program in ((str(wheel), BARE), (f"{wheel}[sandbox]", WITH_SANDBOX)):
            run(*pip, "install", "--no-index", "--find-links", files, requirement, cwd=folder)
            run(*pip, "check", cwd=folder)
            run(python, "-I", "-W", "error", "-c", program, cwd=folder)
    return 0


def check_wheel(wheel: Path) -> None:
    """Three packages as they stand in the project, with their type markers, the licence, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    packaged = {name for name in names if ".dist-info/" not in name}
    there = {
        path.relative_to((PROJECT / package).parent).as_posix()
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packaged == there, packaged ^ there
    assert {f"{Path(package).name}/py.typed" for package in PACKAGES} <= packaged
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names), names
    print(f"{wheel.name}: {len(names)} files, {wheel.stat().st_size // 1024} kB")


def check_sdist(sdist: Path) -> None:
    """All that is needed to make and test it again."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= IN_SDIST, IN_SDIST - names
    assert not [name for name in names if name.startswith(".venv") or "__pycache__" in name]
    print(f"{sdist.name}: {len(names)} files, {sdist.stat().st_size // 1024} kB")


def run(*command: str | Path, cwd: str | Path = PROJECT) -> None:
    """Run a command that has to succeed."""
    subprocess.run(command, cwd=cwd, check=True)


if __name__ == "__main__":
    sys.exit(main())

"""
Wheel and sdist: built, looked at, and used in an environment that has nothing else: `make dist`.

One rule: what is checked is what would be published, not the folders beside it. It is what git has, and nothing else.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.project.places import PROJECT, pyproject

DIST = PROJECT / "dist"
LOCK = PROJECT / "locks" / "base.txt"

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
    """Build both, compare them with git, use the wheel; return the exit code."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, PROJECT)  # the wheel is made from the sdist
    [wheel], [sdist] = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    known, packed = tracked(), {sdist: in_sdist(sdist), wheel: in_wheel(wheel)}
    problems = [
        *differences(sdist.name, packed[sdist], wanted_in_sdist(known)),
        *differences(wheel.name, packed[wheel], wanted_in_wheel(known)),
    ]
    for path, names in packed.items():
        print(f"{path.name}: {len(names)} files, {path.stat().st_size // 1024} kB")
    if problems:
        print(*problems, sep="\n")
        return 1
    use(wheel)
    return 0


def use(wheel: Path) -> None:
    """Install the wheel as users do, but from files whose hashes are locked, and make transfers with it."""
    with tempfile.TemporaryDirectory() as folder:
        python, files = Path(folder, "bin", "python"), Path(folder, "files")
        venv.create(folder, with_pip=True)
        pip = (python, "-m", "pip", "-qq", "--disable-pip-version-check")
        run(*pip, "download", "--only-binary", ":all:", "--require-hashes", "--dest", files, "--requirement", LOCK)
        for requirement, program in ((str(wheel), BARE), (f"{wheel}[sandbox]", WITH_SANDBOX)):
            run(*pip, "install", "--no-index", "--find-links", files, requirement, cwd=folder)
            run(*pip, "check", cwd=folder)
            run(python, "-I", "-W", "error", "-c", program, cwd=folder)


def tracked() -> set[str]:
    """Return what git has. A file that is new is not published before it is added."""
    listing = ["git", "ls-files", "--cached", "-z"]
    done = subprocess.run(listing, cwd=PROJECT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split("\0") if (PROJECT / name).is_file()}


def wanted_in_sdist(known: set[str]) -> set[str]:
    """All that is needed to make and test it again; what is about the repository itself begins with a dot."""
    return {name for name in known if not name.startswith(".") or name == ".gitignore"}  # hatchling always packs that


def wanted_in_wheel(known: set[str]) -> set[str]:
    """The packages of the source roots, as they stand there, but for what describes a root."""
    roots = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["sources"]
    below = (name.partition("/") for name in known)
    return {path for root, _, path in below if root in roots and "/" in path}


def in_sdist(sdist: Path) -> set[str]:
    """Return the files of an sdist, but for the metadata that the build adds."""
    with tarfile.open(sdist) as archive:
        return {member.name.partition("/")[2] for member in archive if member.isfile()} - {"PKG-INFO"}


def in_wheel(wheel: Path) -> set[str]:
    """Return the files of a wheel, but for the metadata that the build adds; the licence is part of it."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names), names
    return {name for name in names if ".dist-info/" not in name}


def differences(archive: str, packed: set[str], wanted: set[str]) -> Iterator[str]:
    """Yield what an archive has and should not have, and what it lacks, a line each."""
    for name in sorted(packed - wanted):
        yield f"{archive}: {name} is packed, and git does not have it (or it is not wanted)"
    for name in sorted(wanted - packed):
        yield f"{archive}: {name} is missing: list its kind in pyproject.toml, under tool.hatch.build"


def run(*command: str | Path, cwd: str | Path = PROJECT) -> None:
    """Run a command that has to succeed."""
    subprocess.run(command, cwd=cwd, check=True)


if __name__ == "__main__":
    sys.exit(main())

"""The rules about imports, and that a breach of each is noticed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.places import PROJECT, pyproject

CONTRACTS = {contract["id"]: contract for contract in pyproject()["tool"]["importlinter"]["contracts"]}

# Contract, module, what is added to it, what is reported.
BREACHES = [
    (
        "generated-client",
        "generated_client/binance_transfer_api/types.py",
        "import binance_transfer",
        "binance_transfer_api.types -> binance_transfer ",
    ),
    (
        "sandbox",
        "sandbox/binance_transfer_sandbox/wallets.py",
        "import binance_transfer_api",
        "binance_transfer_sandbox.wallets -> binance_transfer_api ",
    ),
    (
        "wrapper",
        "wrapper/binance_transfer/clock.py",
        "import binance_transfer_sandbox",
        "binance_transfer.clock -> binance_transfer_sandbox ",
    ),
    ("http", "wrapper/binance_transfer/session.py", "import httpx", "binance_transfer.session -> httpx "),
    ("pure", "wrapper/binance_transfer/wire/outcome.py", "import time", "binance_transfer.wire.outcome -> time "),
    (
        "pure",
        "wrapper/binance_transfer/flows/reconcile.py",
        "def read():\n    import sqlite3",
        "binance_transfer.flows.reconcile -> sqlite3 ",
    ),
    (
        "layers",
        "wrapper/binance_transfer/transfer.py",
        "from binance_transfer.client import TransferClient",
        "binance_transfer.transfer -> binance_transfer.client ",
    ),
    (
        "layers",
        "wrapper/binance_transfer/flows/calls.py",
        "from binance_transfer.journal import rules",
        "binance_transfer.flows.calls -> binance_transfer.journal.rules ",
    ),
    (
        "layers",
        "wrapper/binance_transfer/wire/answer.py",
        "from binance_transfer.flows import effects",
        "binance_transfer.wire.answer -> binance_transfer.flows.effects ",
    ),
]


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lint-imports says about a copy in which every rule is broken."""
    root = tmp_path_factory.mktemp("breaches")
    for folder in ("wrapper", "generated_client", "sandbox", "generator"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for _, module, breach, _ in BREACHES:
        with (root / module).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{breach}\n")
    packages = [str(root / name) for name in ("wrapper", "generated_client", "sandbox", ".")]
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(
        [*command, "--config", str(PROJECT / "pyproject.toml")],
        cwd=root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(packages), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    return done.stdout


@pytest.mark.parametrize(("contract", "found"), [(row[0], row[3]) for row in BREACHES])
def test_a_breach_is_noticed(contract: str, found: str, verdict: str) -> None:
    assert f"{CONTRACTS[contract]['name']} BROKEN" in verdict
    assert found in verdict


def test_each_contract_has_a_breach() -> None:
    assert {row[0] for row in BREACHES} == set(CONTRACTS)


def test_each_module_of_the_wrapper_has_its_layer() -> None:
    """A new module at the top of the package is to be put into a layer."""
    root = PROJECT / "wrapper" / "binance_transfer"
    there = {path.name.removesuffix(".py") for path in root.iterdir() if path.suffix == ".py" or path.is_dir()}
    named = {name for layer in CONTRACTS["layers"]["layers"] for name in re.split(r"[ :]+", layer)}
    assert there - {"__init__", "__pycache__", "py.typed"} == named


# It runs the tests of another folder again, on another database.
SAME_TESTS = PROJECT / "tests" / "processes" / "test_rules_on_postgresql.py"


def foreign_imports(path: Path) -> list[str]:
    """Return what a test imports from the folder of other tests: what several need is in tests/support/."""
    folder = path.relative_to(PROJECT / "tests").parts[0]
    imported = re.findall(r"^\s*from (tests\.(\w+)\b\S*) import", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [module for module, other in imported if other not in {folder, "support"}]


@pytest.mark.parametrize("folder", sorted(path.name for path in (PROJECT / "tests").iterdir() if path.is_dir()))
def test_no_test_imports_from_the_folder_of_other_tests(folder: str) -> None:
    modules = set((PROJECT / "tests" / folder).rglob("*.py")) - {SAME_TESTS}
    assert {path.name: foreign for path in modules if (foreign := foreign_imports(path))} == {}


def test_such_an_import_would_be_found() -> None:
    assert foreign_imports(SAME_TESTS)

"""
From a changed page to a client that knows the new type, as CONTRIBUTING.md walks through it.

The steps are done on a copy of the project, by the commands that the text names.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from generator.docs import PROJECT
from generator.docs.project import SPEC
from tests.docs.conftest import OURS
from tests.docs.patches import apply
from tests.docs.vendor_page import both, render

pytestmark = pytest.mark.thorough

NEW = "FUNDING_PORTFOLIO_MARGIN"
EXPLAINED = {"en": "Funding wallet to portfolio margin wallet", "zh": "资金钱包转向统一账户钱包"}
SOURCES = ("generator", "spec", "wrapper", "generated_client", "sandbox")
ROUTES = Path("sandbox") / "binance_transfer_sandbox" / "wallets.py"

USE = f"""
from decimal import Decimal

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox

assert bt.transfer_type(bt.Wallet.FUNDING, bt.Wallet.PORTFOLIO_MARGIN) == "{NEW}"
with Sandbox(seed=1) as exchange:
    exchange.deposit("funding", "USDT", 10)
    before = exchange.balance("portfolio_margin", "USDT")
    credentials = bt.Credentials(api_key=exchange.credentials.api_key, secret=exchange.credentials.secret)
    with bt.TransferClient(credentials, base_url=exchange.base_url) as client:
        receipt = client.transfer("{NEW}", "USDT", "2.5")
    assert exchange.balance("portfolio_margin", "USDT") == before + Decimal("2.5")
print(receipt.transfer.type, receipt.tran_id > 0, bt.__file__)
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources of the project, without what was built from them."""
    for folder in SOURCES:
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, with the copy's packages before any that are installed."""
    roots = [str(copy / folder) for folder in ("wrapper", "generated_client", "sandbox")]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_new_type_on_both_pages_takes_two_edits(copy: Path) -> None:
    """Page, difference, edit one, edit two, generate, transfer, agreement."""
    halves = [
        replace(half, types=(*half.types, (NEW, EXPLAINED[half.language])))
        for half in both(OURS, OURS.operations[0].name)
    ]
    (copy / "page.md").write_text(render(halves), encoding="utf-8")

    found = _python(copy, "-m", "generator", "docs", "page.md", "--format", "json")
    findings = [
        (finding["kind"], finding["subject"], finding["language"])
        for finding in json.loads(found.stdout)[0]["findings"]
    ]
    assert (found.returncode, findings) == (1, [("type-added", NEW, "en"), ("type-added", NEW, "zh")])

    # Edit one: the spec, by applying what is suggested.
    suggested = _python(copy, "-m", "generator", "docs", "page.md", "--suggest").stdout
    spec = copy / SPEC
    spec.write_text(apply(suggested[suggested.index("--- a/") :], spec.read_text(encoding="utf-8")), encoding="utf-8")

    # Edit two: the sandbox's own table, written from the page.
    routes = copy / ROUTES
    last = '        "PORTFOLIO_MARGIN_MAIN": Route(Wallet.PORTFOLIO_MARGIN, Wallet.SPOT),\n'
    row = f'        "{NEW}": Route(Wallet.FUNDING, Wallet.PORTFOLIO_MARGIN),\n'
    routes.write_text(routes.read_text(encoding="utf-8").replace(last, last + row), encoding="utf-8")

    generated = _python(copy, "-m", "generator", "generate")
    assert generated.returncode == 0, generated.stderr
    assert _python(copy, "-m", "generator", "check").returncode == 0

    used = _python(copy, "-c", USE)
    assert used.stdout.split()[:2] == [NEW, "True"], used.stderr
    assert str(copy) in used.stdout

    assert _python(copy, "-m", "generator", "docs", "page.md").returncode == 0


def test_the_tables_of_the_copy_are_the_ones_that_count(copy: Path) -> None:
    """A type that the copy's wrapper no longer carries is a difference there, and there only."""
    page = copy / "page.md"
    page.write_text(render(both(OURS, OURS.operations[0].name)), encoding="utf-8")
    tables = copy / "wrapper" / "binance_transfer" / "transfer_types.py"
    text = tables.read_text(encoding="utf-8")
    row = '        "MAIN_ISOLATED_MARGIN": ("spot", "isolated_margin"),\n'
    assert row in text
    tables.write_text(text.replace(row, ""), encoding="utf-8")
    found = _python(copy, "-m", "generator", "docs", "page.md", "--format", "json")
    findings = [
        (finding["kind"], finding["subject"], finding["language"])
        for finding in json.loads(found.stdout)[0]["findings"]
    ]
    assert ("type-added", "MAIN_ISOLATED_MARGIN", "zh") in findings

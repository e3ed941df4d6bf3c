"""What is added to the spec can be used in the generated code, with nothing edited by hand."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from generator.__main__ import PROJECT, main
from generator.client import COPIED, RUNTIME, TEMPLATES

# A type between a new wallet and spot, and a parameter: text of the real spec → what stands there instead.
ADDITIONS = {
    "        portfolio_margin: {title: Portfolio margin}": """
        portfolio_margin: {title: Portfolio margin}
        alpha: {title: Alpha}
""",
    "        - PORTFOLIO_MARGIN_MAIN": """
        - PORTFOLIO_MARGIN_MAIN
        - MAIN_ALPHA
""",
    "description: Portfolio margin to spot}": """
          description: Portfolio margin to spot}
        - {value: MAIN_ALPHA, source: spot, target: alpha, description: Spot to Alpha}
""",
    "                fromSymbol:": """
                clientTranId:
                  type: string
                  description: The caller's own id of the transfer.
                fromSymbol:
""",
}

USE = textwrap.dedent(
    """
    from typing import get_args
    from extended.api.asset import universal_transfer
    from extended.models import (
        TRANSFER_TYPE_ROWS, TRANSFER_TYPE_WALLETS, TransferType, TransferTypeBetweenSharedWallets,
    )
    request = universal_transfer.build_request(
        type_="MAIN_ALPHA", asset="USDT", amount="1", client_tran_id="a b", timestamp=1,
    )
    print(request.encoded())
    print("MAIN_ALPHA" in get_args(TransferType), "MAIN_ALPHA" in get_args(TransferTypeBetweenSharedWallets))
    print(*TRANSFER_TYPE_ROWS[-1], TRANSFER_TYPE_WALLETS["alpha"], sep="|")
    print("The caller's own id" in universal_transfer.build_request.__doc__)
    """
)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package made from a copy of the real spec with a type, a wallet and a parameter more."""
    folder = tmp_path_factory.mktemp("pipeline")
    spec = folder / "spec"
    shutil.copytree(PROJECT / "spec", spec)
    text = (spec / "openapi.yaml").read_text(encoding="utf-8")
    for old, new in ADDITIONS.items():
        assert f"{old}\n" in text
        text = text.replace(f"{old}\n", new, 1)
    (spec / "openapi.yaml").write_text(text, encoding="utf-8")
    assert main(["generate", "--spec", str(spec), "--output", str(folder / "extended")]) == 0
    return folder


def test_an_added_type_and_parameter_are_used_by_a_program(extended: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USE], env={"PYTHONPATH": str(extended)}, capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.stdout.splitlines()) == (
        "",
        [
            "type=MAIN_ALPHA&asset=USDT&amount=1&clientTranId=a%20b&timestamp=1",
            "True True",
            "MAIN_ALPHA|spot|alpha|Spot to Alpha|Alpha",
            "True",
        ],
    )


def test_every_generated_file_starts_with_the_banner(committed: Path) -> None:
    banner = "# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate`"
    files = list(committed.rglob("*.py"))
    assert len(files) > 20
    assert [file for file in files if not file.read_text(encoding="utf-8").startswith(banner)] == []


def test_the_package_says_that_it_is_typed(committed: Path) -> None:
    assert (committed / "py.typed").is_file()


def test_the_readme_says_of_every_template_what_it_changes() -> None:
    readme = (PROJECT / "generator" / "README.md").read_text(encoding="utf-8")
    templates = {file.name.removesuffix(".py.jinja") for file in TEMPLATES.iterdir()}
    assert {name for name in templates if f"`{name}`" not in readme} == set()


def test_no_stock_template_is_used() -> None:
    """What openapi-python-client would write itself, it writes from a template of this project."""
    always = {"api_init", "endpoint_init", "endpoint_module", "errors", "literal_enum", "model"}
    ours = {file.name.removesuffix(".py.jinja") for file in TEMPLATES.iterdir()}
    assert ours == always | {"models_init", "package_init", "security"}
    assert set(COPIED) == {"client.py", "types.py"}


@pytest.mark.parametrize("name", COPIED)
def test_a_copied_module_differs_in_its_banner_alone(name: str, committed: Path) -> None:
    """But for the order and form of imports, which follow the generator's own configuration of ruff."""
    source, written = ((folder / name).read_text(encoding="utf-8") for folder in (RUNTIME, committed))
    assert "{{" not in source
    assert source.split("\n\n\n", 1)[1].split() == written.split("\n\n\n", 1)[1].split()

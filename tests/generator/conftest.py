"""A small spec that uses all that the generator knows, and one client made from the real one."""

import shutil
from pathlib import Path

import pytest

from generator.__main__ import PROJECT, main
from tests.generator.packages import MINIMAL


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A copy of the small spec, to be changed."""
    return Path(shutil.copytree(MINIMAL, tmp_path / "spec"))


@pytest.fixture(scope="session")
def minimal_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package that the small spec makes; not to be changed."""
    package = tmp_path_factory.mktemp("generated") / "minimal_client"
    assert main(["generate", "--spec", str(MINIMAL), "--output", str(package)]) == 0
    return package


@pytest.fixture
def client(minimal_client: Path, tmp_path: Path) -> Path:
    """A copy of the package that the small spec makes, to be changed."""
    return Path(shutil.copytree(minimal_client, tmp_path / "output" / "minimal_client"))


@pytest.fixture(scope="session")
def committed() -> Path:
    """The package in the repository."""
    return PROJECT / "generated_client" / "binance_transfer_api"

"""`--fetch`, `--require` and `history`: what can be reached, and what could not be."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main
from generator.docs import PROJECT
from generator.docs.agreement import disagreements
from generator.docs.project import SPEC
from generator.docs.sources import read_source
from generator.docs.suggestion import suggest
from tests.docs.conftest import OURS
from tests.docs.openapi_words import modern
from tests.docs.portal_page import portal
from tests.docs.schema_document import schema
from tests.docs.sdk_package import sdk
from tests.docs.vendor_page import both
from tests.docs.vendor_sources import SOURCES

NAMES = [operation.name for operation in OURS.operations[:5]]
EVERYTHING = [modern(both(OURS, name)[0]) for name in NAMES]
OTHER = [replace(facts, weight="900") if facts.permission else facts for facts in EVERYTHING]
PORTAL = "/en/docs/catalog/core-trading-wallet/api/rest-api"
Site = dict[str, tuple[int, str, str]]


@pytest.fixture
def reachable(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Put the vendor's sources on this machine, and return the options that lead there."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def prepare(*, pages: bool = True, with_schema: bool = True, with_sdk: bool = True, other: str = "") -> list[str]:
        for path, names in (("asset", NAMES[:3]), ("account", NAMES[3:4]), ("others", NAMES[4:])):
            facts = [
                each
                for each, name in zip(OTHER if other == "page" else EVERYTHING, NAMES, strict=True)
                if name in names
            ]
            site[f"{PORTAL}/{path}"] = (200, "text/markdown", portal(facts)) if pages else (202, "text/html", "")
        if with_schema:
            site[f"{PORTAL}/1.0.0/schema.yaml"] = (200, "text/yaml", schema(OTHER if other == "schema" else EVERYTHING))
        if with_sdk:
            sdk(OTHER if other == "sdk" else EVERYTHING, wheels)
        spec = tmp_path / "openapi.yaml"
        spec.write_text((PROJECT / SPEC).read_text().replace("https://developers.binance.com", site["/"][2]))
        return ["docs", "--fetch", "--spec", str(spec)]

    return prepare


def test_all_three_kinds_are_reached(reachable: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*reachable(), "--format", "json"]) == 0
    found: list[Any] = json.loads(capsys.readouterr().out)
    assert sorted({each["source"] for each in found}) == ["page", "schema", "sdk"]
    assert len(found) == 15


@pytest.mark.parametrize(
    ("missing", "kind"), [({"pages": False}, "page"), ({"with_schema": False}, "schema"), ({"with_sdk": False}, "sdk")]
)
@pytest.mark.thorough
def test_what_is_not_reached_is_said_and_may_be_required(
    missing: dict[str, bool], kind: str, reachable: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = reachable(**missing)
    assert main(arguments) == 0
    assert "not reached: " in capsys.readouterr().out
    assert main([*arguments, "--require", kind]) == 2
    others = [word for other in ("page", "schema", "sdk") if other != kind for word in ("--require", other)]
    assert main([*arguments, *others]) == 0


def test_an_operation_without_any_source_is_never_in_agreement(reachable: Callable[..., list[str]], site: Site) -> None:
    arguments = reachable(with_schema=False, with_sdk=False)
    site[f"{PORTAL}/others"] = (200, "text/html", "<!doctype html><html><body><div id=root></div></body></html>")
    assert main(arguments) == 2


def test_nothing_reached_is_2(reachable: Callable[..., list[str]], site: Site) -> None:
    assert main(reachable(pages=False, with_schema=False, with_sdk=False)) == 2


@pytest.mark.parametrize("other", ["page", "schema", "sdk"])
@pytest.mark.thorough
def test_a_source_that_disagrees_with_the_others_is_shown(
    other: str, reachable: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Both sides, and no suggestion that follows one of them."""
    assert main([*reachable(other=other), "--suggest"]) == 1
    told = capsys.readouterr().out
    assert "the sources disagree" in told
    assert "900 (UID)" in told
    assert "300 (UID)" in told
    assert "value: 900" not in told


def test_sources_that_agree_with_each_other_are_followed(tmp_path: Path) -> None:
    """Three voices, one diff."""
    verdicts = [
        verdict
        for number, source in enumerate(("portal", "schema-yaml", "sdk"))
        for verdict in read_source(str(SOURCES[source](OTHER, _folder(tmp_path, number))), OURS)
    ]
    suggestion = suggest(verdicts, PROJECT / SPEC)
    assert "+      x-weight: {value: 900, kind: uid" in suggestion.diff
    assert list(disagreements(verdicts)) == []


def _folder(tmp_path: Path, number: int) -> Path:
    folder = tmp_path / str(number)
    folder.mkdir()
    return folder


@pytest.mark.parametrize("source", ["portal", "schema-yaml", "sdk"])
def test_what_a_source_says_can_be_suggested(source: str, tmp_path: Path) -> None:
    """A type with its wallets, and a parameter."""
    transfer = EVERYTHING[0]
    more = replace(transfer, types=(*transfer.types, ("FUNDING_PORTFOLIO_MARGIN", "Funding → Portfolio Margin")))
    verdicts = read_source(str(SOURCES[source]([more], tmp_path)), OURS)
    suggestion = suggest(verdicts, PROJECT / SPEC)
    assert "value: FUNDING_PORTFOLIO_MARGIN, source: funding, target: portfolio_margin" in suggestion.diff


def test_history_tells_what_changed_from_version_to_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = sdk(OTHER, tmp_path, "1.0.0"), sdk(EVERYTHING, tmp_path, "2.0.0")
    assert main(["history", str(first), str(second)]) == 0
    *_, row = capsys.readouterr().out.splitlines()
    assert row == f"|  | 2.0.0 | {NAMES[0]} | weight | 900 (UID) | 300 (UID) |"


def test_history_of_what_is_no_sdk_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.whl"
    file.write_bytes(b"x")
    assert main(["history", str(file)]) == 2
    assert "no readable archive" in capsys.readouterr().err


def test_the_sdk_is_downloaded_without_its_dependencies_and_never_built() -> None:
    """Building an sdist would run what is in it."""
    text = (PROJECT / "generator" / "docs" / "packages.py").read_text()
    assert '"--no-deps", "--only-binary=:all:"' in text


def test_the_command_takes_a_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generator", "docs", str(sdk(EVERYTHING, tmp_path))]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

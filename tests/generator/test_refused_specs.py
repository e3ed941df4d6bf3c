"""A spec that cannot become correct code is refused with its place, and nothing is written."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from generator.__main__ import main
from tests.generator.packages import contents

pytestmark = pytest.mark.thorough

OPENAPI = "openapi.yaml"
CODES = "error_codes.yaml"

REFUSED = YAML(typ="safe", pure=True).load(Path(__file__).with_name("refused_specs.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: str(row["what"]))
def test_a_spec_that_cannot_be_expressed_is_refused_with_its_place(
    row: dict[str, str], spec: Path, minimal_client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = spec / row["file"]
    original = file.read_text(encoding="utf-8")
    assert row["replace"] in original, "the row no longer fits the minimal spec"
    changed = original.replace(row["replace"], row["by"], 1)
    file.write_text(changed, encoding="utf-8")
    before = contents(minimal_client.parent)

    code = main(["generate", "--spec", str(spec), "--output", str(minimal_client)])

    told = capsys.readouterr().err
    lines = {
        int(found[1]) for line in told.splitlines() if row["says"] in line and (found := re.search(r":(\d+):", line))
    }
    assert code == 1
    assert any(row["at"] in changed.splitlines()[line - 1] for line in lines), told
    assert told.endswith("Nothing was written.\n")
    assert contents(minimal_client.parent) == before


# What a file holds, part of what is told.
UNREADABLE: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "cannot be read"),
    "empty": (b"", "expected a mapping"),
    "not UTF-8": (b"title: \xff\n", "cannot be read"),
    "a list": (b"- a\n", "expected a mapping"),
    "a text": (b"hello\n", "expected a mapping"),
    "two documents": (b"a: 1\n---\nb: 1\n", "not YAML"),
    "a tag of another program": (b"a: !!python/object:os.system {}\n", "not YAML"),
    "an alias of what is not there": (b"a: *b\n", "not YAML"),
    "a node that contains itself": (b"a: &a\n  b: *a\n", "cannot be read"),
    "deep nesting": (b"[" * 1000, "cannot be read"),
}


@pytest.mark.parametrize("file", [OPENAPI, CODES])
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_named(
    name: str, file: str, spec: Path, minimal_client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, message = UNREADABLE[name]
    before = contents(minimal_client.parent)
    (spec / file).unlink()
    if content is not None:
        (spec / file).write_bytes(content)

    assert main(["generate", "--spec", str(spec), "--output", str(minimal_client)]) == 1

    told = capsys.readouterr().err
    assert str(spec / file) in told
    assert message in told
    assert contents(minimal_client.parent) == before


def test_all_problems_of_a_file_are_told_at_once(
    spec: Path, minimal_client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = spec / OPENAPI
    file.write_text(file.read_text().replace("kind: ip", "kind: gas").replace("kind: uid", "kind: oil"))
    main(["generate", "--spec", str(spec), "--output", str(minimal_client)])
    lines = capsys.readouterr().err.splitlines()
    assert ["'oil'" in lines[0], "'gas'" in lines[1]] == [True, True]


def test_check_refuses_what_generate_refuses(
    spec: Path, minimal_client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (spec / OPENAPI).unlink()
    assert main(["check", "--spec", str(spec), "--output", str(minimal_client)]) == 1
    assert "cannot be read" in capsys.readouterr().err

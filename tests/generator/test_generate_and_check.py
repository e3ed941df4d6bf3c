"""`python -m generator generate` and `check`: exit codes, messages, and what they leave alone."""

import shutil
from pathlib import Path

import pytest

from generator import client as generator_client
from generator.__main__ import main
from generator.specification import InvalidSpec, read_specification
from tests.generator.packages import MINIMAL, contents


def run(command: str, output: Path, spec: Path = MINIMAL) -> int:
    return main([command, "--spec", str(spec), "--output", str(output)])


def test_generating_twice_changes_nothing(client: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(client)
    assert run("generate", client) == 0
    assert (contents(client), capsys.readouterr().out) == (before, "minimal_client: nothing changed\n")


def test_generating_removes_what_is_superfluous_and_restores_what_was_edited(
    client: Path, minimal_client: Path
) -> None:
    (client / "extra.py").write_text("x = 1\n")
    (client / "types.py").write_text("x = 1\n")
    assert run("generate", client) == 0
    assert contents(client) == contents(minimal_client)


def test_generating_leaves_nothing_beside_the_package(client: Path) -> None:
    (client / "types.py").unlink()
    assert run("generate", client) == 0
    assert [path.name for path in client.parent.iterdir()] == [client.name]


def test_check_of_a_current_package_is_0(minimal_client: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", minimal_client) == 0
    assert capsys.readouterr() == ("minimal_client is current\n", "")


def test_check_of_an_edited_package_is_1_with_a_diff_and_writes_nothing(
    client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = client / "api" / "wallet" / "move.py"
    edited.write_text(edited.read_text().replace("WEIGHT: Final = 2\n", "WEIGHT: Final = 1\n"))
    before = contents(client.parent)
    assert run("check", client) == 1
    told = capsys.readouterr()
    assert "-WEIGHT: Final = 1\n+WEIGHT: Final = 2\n" in told.out
    assert "run `make generate`" in told.err
    assert contents(client.parent) == before


def test_check_of_a_package_that_is_not_there_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", tmp_path / "missing") == 1
    assert "types.py: missing" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_changed_spec_is_seen_by_check_and_written_by_generate(
    spec: Path, client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = spec / "openapi.yaml"
    file.write_text(file.read_text().replace("{value: 2, kind: uid", "{value: 3, kind: uid"))
    codes = [run(command, client, spec) for command in ("check", "generate", "check")]
    assert (codes, "1 files changed" in capsys.readouterr().out) == ([1, 0, 0], True)


def test_a_folder_that_was_not_generated_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert run("generate", tmp_path) == 1
    assert "no package that this generator wrote" in capsys.readouterr().err
    assert contents(tmp_path) == {"mine.txt": b"mine"}


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert run("generate", tmp_path / "file" / "package") == 1
    assert capsys.readouterr().err.endswith("Nothing was written.\n")


def test_a_failing_formatter_leaves_the_old_tree(
    client: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "ruff.toml"
    broken.write_text("line-length = 'long'\n")
    monkeypatch.setattr(generator_client, "FORMATTER_CONFIG", broken)
    (client / "types.py").write_text("x = 1\n")
    before = contents(client.parent)
    assert run("generate", client) == 1
    assert "line-length" in capsys.readouterr().err
    assert contents(client.parent) == before


def test_an_interrupted_run_leaves_the_old_tree_and_no_scratch_folder(
    client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(package: Path) -> None:
        assert package.is_dir()
        raise KeyboardInterrupt

    monkeypatch.setattr(generator_client, "_format", interrupted)
    (client / "types.py").write_text("x = 1\n")
    before = contents(client.parent)
    with pytest.raises(KeyboardInterrupt):
        run("generate", client)
    assert contents(client.parent) == before
    assert [path.name for path in client.parent.iterdir()] == [client.name]


def test_what_a_template_needs_and_the_spec_does_not_say_is_told(
    client: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    templates = Path(shutil.copytree(generator_client.TEMPLATES, tmp_path / "templates"))
    (templates / "api_init.py.jinja").write_text("{{ spec.info.nothing }}")
    monkeypatch.setattr(generator_client, "TEMPLATES", templates)
    before = contents(client.parent)
    assert run("generate", client) == 1
    assert "no attribute 'nothing'" in capsys.readouterr().err
    assert contents(client.parent) == before


# What openapi-python-client only warns of, or cannot read: where in the minimal spec, what stands there instead.
LEFT_OUT: list[tuple[tuple[str, ...], object]] = [
    (("paths", "/move", "post", "requestBody", "content"), {"text/odd": {"schema": {"type": "string"}}}),
    (("components", "schemas", "Moved", "properties", "note"), {"type": "array"}),
    (("openapi",), "2.0"),
]


@pytest.mark.parametrize(("place", "value"), LEFT_OUT, ids=lambda part: str(part)[:40])
def test_what_openapi_python_client_would_leave_out_is_an_error(
    place: tuple[str, ...], value: object, tmp_path: Path
) -> None:
    specification = read_specification(MINIMAL)
    node = specification.openapi
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = value
    with pytest.raises(InvalidSpec, match="openapi-python-client cannot express the spec"):
        generator_client._write(specification, tmp_path / "package")

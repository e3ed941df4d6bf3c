"""A tree of generated files is replaced whole or not at all."""

from pathlib import Path

import pytest

from generator import tree
from tests.generator.packages import contents


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"{tree.BANNER}\nold = 1\n")
    return folder


@pytest.fixture
def new(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch" / "package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(f"{tree.BANNER}\nnew = 1\n")
    return folder


def test_a_new_tree_takes_the_place_of_the_old_one(old: Path, new: Path) -> None:
    expected = contents(new)
    tree.replace(old, new)
    assert contents(old) == expected


def test_a_new_tree_goes_where_there_is_none(tmp_path: Path, new: Path) -> None:
    expected = contents(new)
    tree.replace(tmp_path / "elsewhere", new)
    assert contents(tmp_path / "elsewhere") == expected


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, OSError])
@pytest.mark.parametrize("before", [True, False], ids=["before it", "after it"])
@pytest.mark.parametrize("step", [1, 2])
def test_a_tree_stands_whatever_interrupts_either_rename(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch, step: int, before: bool, failure: type[BaseException]
) -> None:
    whole = [contents(old), contents(new)]
    rename, calls = Path.rename, 0

    def interrupted(path: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == step and before:
            raise failure
        moved = rename(path, target)
        if calls == step:
            raise failure
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(failure):
        tree.replace(old, new)
    assert contents(old) in whole


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.txt", "mine"), ("__init__.py", "mine = 1\n"), ("__init__.py", "")],
    ids=["a file of somebody", "a package of somebody", "an empty package"],
)
def test_a_folder_that_was_not_generated_is_never_replaced(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(tree.ForeignFolder):
        tree.require_ours(tmp_path)


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(tree.ForeignFolder):
        tree.require_ours(tmp_path / "file")


def test_a_generated_an_empty_and_a_missing_folder_may_be_replaced(tmp_path: Path, old: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (old, tmp_path / "empty", tmp_path / "missing"):
        tree.require_ours(folder)


# Old content, new content, a line of what is shown.
DIFFERENCES: dict[str, tuple[bytes | None, bytes | None, str]] = {
    "changed line": (b"a = 1\n", b"a = 2\n", "+a = 2"),
    "missing file": (None, b"a = 1\n", "file.py: missing"),
    "superfluous file": (b"a = 1\n", None, "file.py: superfluous"),
    "missing empty file": (None, b"", "file.py: missing"),
    "superfluous empty file": (b"", None, "file.py: superfluous"),
    "line ends": (b"a = 1\r\n", b"a = 1\n", "-a = 1\r"),
    "no line end at the end": (b"a = 1", b"a = 1\n", "file.py: differs"),
    "not UTF-8": (b"a = '\xff'\n", b"a = ''\n", "-a = '\\xff'"),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_every_difference_is_shown(name: str, tmp_path: Path) -> None:
    before, after, line = DIFFERENCES[name]
    for folder, content in (("old", before), ("new", after)):
        (tmp_path / folder).mkdir()
        if content is not None:
            (tmp_path / folder / "file.py").write_bytes(content)
    shown = tree.differences(tmp_path / "old", tmp_path / "new")
    assert line in shown["file.py"].split("\n")


def test_bytecode_is_no_difference(old: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "__init__.py").write_bytes((old / "__init__.py").read_bytes())
    (old / "__pycache__").mkdir()
    (old / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert tree.differences(old, tmp_path / "new") == {}

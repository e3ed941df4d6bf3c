"""The SDK comes as an archive from somebody else: bounded, parsed, and never run."""

import gzip
import io
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.docs.sdk import read_modules
from generator.docs.sources import read_source
from generator.docs.verdict import Verdict
from tests.docs.conftest import OURS
from tests.docs.openapi_words import modern
from tests.docs.sdk_package import sdk
from tests.docs.vendor_page import both

API = "binance_sdk_wallet/rest_api/api/asset_api.py"
EVERYTHING = [modern(both(OURS, operation.name)[0]) for operation in OURS.operations[:5]]


def judged(file: Path) -> list[Verdict]:
    return read_source(str(file), OURS)


def as_sdist(wheel: Path) -> Path:
    """The same files as an sdist has them: gzipped, in a folder of their own."""
    file = wheel.with_name("binance_sdk_wallet-99.0.0.tar.gz")
    with zipfile.ZipFile(wheel) as archive, tarfile.open(file, "w:gz") as packed:
        for name in archive.namelist():
            content = archive.read(name)
            info = tarfile.TarInfo(f"binance_sdk_wallet-99.0.0/src/{name}")
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return file


def test_an_sdist_is_read_like_a_wheel(tmp_path: Path) -> None:
    verdicts = judged(as_sdist(sdk(EVERYTHING, tmp_path)))
    assert [(each.source, each.exit_code) for each in verdicts] == [("sdk", 0)] * 5


@pytest.mark.parametrize("name", ["a.WHL", "a.Zip", "a.tgz", "a.TAR.GZ"])
def test_an_archive_is_known_by_its_name_in_any_case(name: str, tmp_path: Path) -> None:
    wheel = sdk(EVERYTHING, tmp_path)
    file = (as_sdist(wheel) if "g" in name.lower() else wheel).rename(tmp_path / name)
    assert [(each.source, each.exit_code) for each in judged(file)] == [("sdk", 0)] * 5


# Old and new source of a signature; the exit code of the transfer.
SIGNATURES = {
    "union": ("recv_window: Optional[int] = None", "recv_window: int | None = None", 0),
    "union-in-words": ("recv_window: Optional[int] = None", "recv_window: 'int | None' = None", 0),
    "two-types": ("asset: Union[str, None]", "asset: Union[int, str, None]", 1),
    "unknown-class": ("asset: Union[str, None]", "asset: Union[Elsewhere, None]", 2),
    "no-annotation": ("asset: Union[str, None]", "asset", 2),
    "no-enums": ("class PostTransferTypeEnum(Enum)", "class Renamed(Enum)", 2),
    "byte-order-mark": ("from enum import Enum", "\ufefffrom enum import Enum", 0),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_type_of_a_parameter_is_read_or_the_sdk_is_refused(name: str, tmp_path: Path) -> None:
    old, new, code = SIGNATURES[name]
    assert judged(rewritten(sdk(EVERYTHING, tmp_path), old, new))[0].exit_code == code


def test_nothing_of_it_is_imported_or_run(tmp_path: Path) -> None:
    """Its modules end the program when they are imported."""
    before = set(sys.modules)
    assert {each.exit_code for each in judged(sdk(EVERYTHING, tmp_path))} == {0}
    assert [name for name in set(sys.modules) - before if "binance_sdk" in name] == []


def rewritten(wheel: Path, old: str, new: str) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert any(old in text for text in files.values())
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text.replace(old, new))
    return wheel


# What the call says, what its documentation says, and the finding.
TWO_PLACES = {
    "path-of-the-call": ('path="/sapi/v1/asset/transfer"', 'path="/sapi/v2/asset/transfer"', "path"),
    "path-in-words": ("POST /sapi/v1/asset/transfer", "POST /sapi/v2/asset/transfer", "path"),
    "method-of-the-call": ('method="POST"', 'method="PUT"', "method"),
    "method-in-words": ("POST /sapi/v1/asset/transfer", "GET /sapi/v1/asset/transfer", "method"),
}


@pytest.mark.parametrize("name", TWO_PLACES)
def test_call_and_documentation_are_both_held_against_the_spec(name: str, tmp_path: Path) -> None:
    old, new, kind = TWO_PLACES[name]
    verdict = judged(rewritten(sdk(EVERYTHING, tmp_path), old, new))[0]
    assert [finding.kind for finding in verdict.findings] == [kind]


def _zip(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w", compression) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)

    return write


def _tar(entries: dict[str, bytes]) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        with tarfile.open(file, "w:gz", compresslevel=1) as archive:
            for name, content in entries.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))

    return write


def _link(file: Path) -> None:
    with tarfile.open(file, "w:gz") as archive:
        info = tarfile.TarInfo(API)
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)


def _claims_less(file: Path) -> None:
    """A zip whose directory says that a large file is small."""
    _zip({API: b"#" * 3_000_000})(file)
    content = bytearray(file.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    file.write_bytes(content)


def _python(source: str) -> Callable[[Path], None]:
    return _zip({API: source.encode()})


HOSTILE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "no-zip": ("a.whl", lambda file: file.write_bytes(b"hello"), "no readable archive"),
    "empty": ("a.whl", lambda file: file.write_bytes(b""), "no readable archive"),
    "no-gzip": ("a.tar.gz", lambda file: file.write_bytes(b"hello"), "archive"),
    "gzip-of-nothing": ("a.tar.gz", lambda file: file.write_bytes(gzip.compress(b"x" * 10)), "archive"),
    "other-package": ("a.whl", _zip({"x.py": b"a = 1"}), "no call of a REST endpoint"),
    "bomb": ("a.whl", _zip({API: b" " * 50_000_000}), "larger than"),
    "syntax-tree": ("a.whl", _python("a=[]\n" * 400_000), "larger than"),
    "syntax-trees": ("a.whl", _zip({f"x/rest_api/{n}.py": b"a=[]\n" * 50_000 for n in range(5)}), "bytes of Python"),
    "bomb-beside": ("a.whl", _zip({f"x/rest_api/{n}.py": b" " * 290_000 for n in range(60)}), "more than"),
    "bomb-in-a-tar": ("a.tar.gz", _tar({"x.bin": bytes(120_000_000), API: b""}), "more than"),
    "large-file-in-a-tar": ("a.tar.gz", _tar({API: b" " * 3_000_000}), "larger than"),
    "many-files": ("a.whl", _zip({f"{n}": b"" for n in range(10_001)}, zipfile.ZIP_STORED), "10001 files"),
    "claims-less": ("a.whl", _claims_less, ""),
    "link": ("a.tar.gz", _link, "no call of a REST endpoint"),
    "no-python": ("a.whl", _python("def (:"), "no Python"),
    "null": ("a.whl", _python("a = 1\0"), "no Python"),
    "deep": ("a.whl", _python("(" * 5_000), "no Python"),
    "deep-operators": ("a.whl", _python("a = " + "-" * 100_000 + "1"), "no Python"),
    "deep-attributes": ("a.whl", _python("a" + ".b" * 100_000), ""),
    "odd-methods": (
        "a.whl",
        _python("class A:\n  def a(self, *, b: 'Optional[int]' = None): send_request(method=1, path=f'{b}')\n"),
        "is no text",
    ),
    "path-with-a-name": ("a.whl", _python("class A:\n  def a(self): send(method='GET', path=PATH)\n"), "is no text"),
}


# Models that hold or extend themselves or each other: source of their classes.
KNOTS = {
    "itself": "class B(M):\n" + "".join(f"  f{n}: Optional[List[B]] = None\n" for n in range(9)),
    "each-other": "".join(
        f"class B{n or ''}(M):\n" + "".join(f"  f{m}: Optional[B{m}] = None\n" for m in range(1, 12)) for n in range(12)
    ),
    "own-base": "class B(B, B, B, B, B):\n  a: int\n",
    "bases": "".join(f"class B{n or ''}({', '.join([f'B{n + 1}'] * 9)}):\n  a: int\n" for n in range(12)),
}


@pytest.mark.parametrize("name", KNOTS)
def test_models_that_name_themselves_end(name: str) -> None:
    call = "class A:\n  def a(self): return send(method='GET', path='/x', response_model=B)\n"
    (facts,) = read_modules({"x/rest_api/api/a.py": call, "x/rest_api/models/b.py": KNOTS[name]}, {})
    assert 0 < len(facts.fields) <= 2_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused(name: str, tmp_path: Path) -> None:
    """In one sentence that says why, without filling the memory or the disk."""
    file_name, write, reason = HOSTILE[name]
    write(tmp_path / file_name)
    (verdict,) = judged(tmp_path / file_name)
    assert (verdict.exit_code, verdict.source, verdict.operation) == (2, "sdk", None)
    assert reason in str(verdict.refused)
    assert [file.name for file in tmp_path.iterdir()] == [file_name]


def test_an_archive_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (verdict,) = judged(tmp_path / "missing.whl")
    assert "cannot be read" in str(verdict.refused)

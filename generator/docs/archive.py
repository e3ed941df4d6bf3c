"""
The Python files of a wheel or an sdist that somebody else has packed.

One rule: nothing is unpacked to disk and nothing is run; what comes out of an archive is bounded, whatever it claims.
"""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from generator.docs.blocks import Unreadable

_TAR_SUFFIXES = (".tar.gz", ".tgz")
_SUFFIXES = (".whl", ".zip", *_TAR_SUFFIXES)
_LARGEST_ARCHIVE_BYTES = 20_000_000
_LARGEST_BYTES = 100_000_000
# Its syntax tree takes some hundred times the memory of a text; the vendor's SDK has 0.6 MB of it.
_LARGEST_PYTHON_BYTES = 1_000_000
_LARGEST_FILE_BYTES = 300_000
_MOST_FILES = 10_000


def is_archive(name: str) -> bool:
    """Whether a file is one, by its name."""
    return name.lower().endswith(_SUFFIXES)


def read_archive(file: Path) -> dict[str, str]:
    """Name → text of each Python file that has to do with the REST API, raising Unreadable."""
    try:
        if file.stat().st_size > _LARGEST_ARCHIVE_BYTES:
            message = f"the archive is larger than {_LARGEST_ARCHIVE_BYTES} bytes"
            raise Unreadable(message)
        members = _tar(file) if file.name.lower().endswith(_TAR_SUFFIXES) else _zip(file)
        files: dict[str, str] = {}
        total = 0
        for name, content in members:
            total += len(content)
            _require(
                total <= _LARGEST_PYTHON_BYTES, f"the archive holds more than {_LARGEST_PYTHON_BYTES} bytes of Python"
            )
            files[name] = content.decode("utf-8", "replace")
        return files
    except OSError as error:
        message = f"the archive cannot be read: {error.strerror or error}"
        raise Unreadable(message) from error
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        message = f"found no readable archive: {error}"
        raise Unreadable(message) from error


def _is_wanted(name: str) -> bool:
    return name.endswith(".py") and "/rest_api/" in f"/{name}" and "/test" not in f"/{name}"


def _zip(file: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        _require(len(infos) <= _MOST_FILES, f"the archive holds {len(infos)} files, expected at most {_MOST_FILES}")
        for info in infos:
            if _is_wanted(info.filename) and not info.is_dir():
                with archive.open(info) as stream:  # the size that it claims is not believed
                    content = stream.read(_LARGEST_FILE_BYTES + 1)
                _require(
                    len(content) <= _LARGEST_FILE_BYTES, f"{info.filename} is larger than {_LARGEST_FILE_BYTES} bytes"
                )
                yield info.filename, content


def _tar(file: Path) -> Iterator[tuple[str, bytes]]:
    with gzip.open(file) as stream, tarfile.open(fileobj=_Bounded(stream), mode="r|") as archive:
        for count, member in enumerate(archive, 1):
            _require(count <= _MOST_FILES, f"the archive holds more than {_MOST_FILES} files")
            if not (member.isreg() and _is_wanted(member.name)):
                continue
            _require(member.size <= _LARGEST_FILE_BYTES, f"{member.name} is larger than {_LARGEST_FILE_BYTES} bytes")
            content = archive.extractfile(member)
            if content:
                yield member.name, content.read()


class _Bounded(io.RawIOBase):
    """What is read of a stream, up to a size."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._left = _LARGEST_BYTES

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(content)
        _require(self._left >= 0, f"the archive holds more than {_LARGEST_BYTES} bytes")
        return content


def _require(condition: bool, message: str) -> None:  # noqa: FBT001
    if not condition:
        raise Unreadable(message)

"""
Where a page comes from: a file or an address.

One rule: whatever goes wrong on the way is said in one sentence and is never taken for an empty page.
"""

from pathlib import Path
from typing import NamedTuple

from generator.docs.blocks import Unreadable

_TIMEOUT_S = 20.0
_OK = 200
_HTML_SUFFIXES = (".html", ".htm", ".xhtml")


class Source(NamedTuple):
    """Text of a page, and whether its name or its server calls it HTML."""

    text: str
    html: bool


def is_address(page: str) -> bool:
    """Whether a page is to be fetched."""
    return page.startswith(("http://", "https://"))


def load(page: str) -> Source:
    """Read a file or fetch an address, raising Unreadable."""
    return _fetch(page) if is_address(page) else _read(Path(page))


def _read(file: Path) -> Source:
    try:
        return Source(file.read_bytes().decode("utf-8"), file.suffix.lower() in _HTML_SUFFIXES)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        raise Unreadable(message) from error
    except UnicodeDecodeError as error:
        message = f"found bytes that are no UTF-8 text (at byte {error.start}), expected a Markdown or HTML page"
        raise Unreadable(message) from error


def _fetch(address: str) -> Source:
    import httpx  # noqa: PLC0415 - files are the usual case, and its import takes longer than reading one

    try:
        response = httpx.get(
            address, timeout=_TIMEOUT_S, follow_redirects=True, headers={"Accept": "text/html, text/*"}
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = (
            f"the address cannot be fetched ({type(error).__name__}: {error}); without a network, give a saved page"
        )
        raise Unreadable(message) from error
    if response.status_code != _OK:
        message = f"the server answered {response.status_code} {response.reason_phrase}, expected a page"
        raise Unreadable(message)
    return Source(response.text, "html" in response.headers.get("content-type", ""))

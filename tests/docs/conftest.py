"""What this project believes, and pages judged against it."""

import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from generator.docs import PROJECT
from generator.docs.blocks import Unreadable
from generator.docs.comparison import judge
from generator.docs.page import read_page
from generator.docs.project import SPEC, TABLES, Project, read_project
from generator.docs.verdict import Verdict

Judge = Callable[[str], Verdict]

OURS = read_project(PROJECT / SPEC, PROJECT / TABLES)

# Tests that compare the vendor's own pages are collected only where a folder with copies of them is named.
VENDOR_PAGES = os.environ.get("VENDOR_PAGES")
collect_ignore = [] if VENDOR_PAGES else ["test_docs_vendor_pages.py"]


def verdict_of(text: str, name: str = "page") -> Verdict:
    """Judge the text of a page about one operation as the command would."""
    (verdict,) = verdicts_of(text, name)
    return verdict


def verdicts_of(text: str, name: str = "page", ours: Project = OURS) -> list[Verdict]:
    """Judge the text of a page as the command would."""
    try:
        page = read_page(text, html=False, permissions=ours.permissions())
    except Unreadable as refusal:
        return [Verdict(name, refused=str(refusal))]
    return judge(name, page.parts, ours, addresses=page.addresses)


@pytest.fixture(scope="session")
def ours() -> Project:
    """Facts of the spec and the wrapper's tables."""
    return OURS


@pytest.fixture
def judged() -> Judge:
    """Judge the text of a page."""
    return verdict_of


@pytest.fixture
def page_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a page to a file."""

    def write(text: str, name: str = "page.md") -> Path:
        file = tmp_path / name
        file.write_bytes(text.encode())
        return file

    return write


@pytest.fixture
def site() -> Iterator[dict[str, tuple[int, str, str]]]:
    """A server on this machine: path → status, content type and text. Its own address is under `/`."""
    pages: dict[str, tuple[int, str, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content_type, text = pages.get(self.path, (404, "text/plain", "nothing here"))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        pages["/"] = (200, "text/plain", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield pages
        server.shutdown()
        thread.join()

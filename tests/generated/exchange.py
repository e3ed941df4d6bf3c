"""A server on loopback that keeps the bytes of every request and gives one answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attrs import define, field


@define
class Exchange:
    """What was received, and what to answer."""

    base_url: str
    status: int = 200
    headers: dict[str, str] = field(factory=dict)
    body: bytes = b""
    received: list[tuple[str, dict[str, str], bytes]] = field(factory=list)


@contextmanager
def running() -> Iterator[Exchange]:
    """Serve until the block ends. `received` holds request line, headers and body of each request."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            served.received.append(
                (self.requestline, {name.lower(): text for name, text in self.headers.items()}, sent)
            )
            self.send_response(served.status)
            for name, text in served.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(served.body)))
            self.end_headers()
            self.wfile.write(served.body)

        do_GET = do_POST = answer  # noqa: N815  # the names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Exchange(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        server.shutdown()
        thread.join()

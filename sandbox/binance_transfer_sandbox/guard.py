"""
Who may use the admin interface.

One rule: programs of this machine may, and no web page that a browser of this machine shows.

A page cannot set these headers: a name that was made to resolve to 127.0.0.1 (DNS rebinding) stands in `Host`, a page
of another site in `Origin` and `Sec-Fetch-Site`, and a form cannot send JSON. Before it sends anything else a browser
asks for permission by CORS, and does not get it.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
_OWN_SITES: Final = frozenset({"same-origin", "none"})


class Guarded:
    """Answers 403 or 415 in place of an application."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        refusal = _refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._application)(scope, receive, send)


def _refusal(method: str, headers: Headers) -> JSONResponse | None:
    host = headers.get("host", "")
    if _hostname(host) not in _THIS_MACHINE:
        return _error(403, "the Host header must name this machine: 127.0.0.1 or localhost")
    origin = headers.get("origin", f"http://{host}")
    if origin != f"http://{host}" or headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        return _error(403, "web pages may not use the admin interface")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method in _WRITES and media_type != "application/json":
        return _error(415, "the Content-Type header must be application/json")
    return None


def _hostname(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        plain = parts.netloc == host and "@" not in host and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts.hostname if plain else None


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status)

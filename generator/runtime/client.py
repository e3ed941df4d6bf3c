"""A small httpx client for the operations. It signs what it sends, follows no redirect and repeats nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from urllib.parse import quote

from attrs import define, field, frozen

from .types import API_KEY_HEADER, SIGNATURE_PARAMETER, Request

if TYPE_CHECKING:
    import httpx

Parsed = TypeVar("Parsed")
Read = TypeVar("Read", covariant=True)


@frozen
class Response(Generic[Read]):
    """An answer and what was read from it. Names of headers are found in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    parsed: Read


@define(eq=False, kw_only=True)
class Client:
    """
    Where and as whom to call. Use it in one thread or one event loop, and close it, or use it in a ``with``.

    ``sign`` gets the percent-encoded parameters and returns the signature as text: hex for HMAC, base64 for RSA and
    Ed25519. ``options`` go to httpx.Client and httpx.AsyncClient as they are (proxy, verify, transport, limits).
    An answer of any status and any body is returned; where there is none, an httpx.RequestError reaches the caller.
    """

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    sign: Callable[[bytes], str] | None = field(default=None, repr=False)
    timeout_s: float = 10.0
    options: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    _sync: httpx.Client | None = field(default=None, init=False, repr=False)
    _asyncio: httpx.AsyncClient | None = field(default=None, init=False, repr=False)

    def call(self, request: Request, read: Callable[[int, bytes], Parsed]) -> Response[Parsed]:
        """Send a request once and read what comes back."""
        if self._sync is None:
            import httpx  # not at the top: whoever only builds and reads has no need of it

            self._sync = httpx.Client(timeout=self.timeout_s, **self.options)
        answer = self._sync.send(self._signed(request, self._sync), follow_redirects=False)
        return Response(answer.status_code, answer.headers, answer.content, read(answer.status_code, answer.content))

    async def call_asyncio(self, request: Request, read: Callable[[int, bytes], Parsed]) -> Response[Parsed]:
        """Send a request once and read what comes back."""
        if self._asyncio is None:
            import httpx

            self._asyncio = httpx.AsyncClient(timeout=self.timeout_s, **self.options)
        answer = await self._asyncio.send(self._signed(request, self._asyncio), follow_redirects=False)
        return Response(answer.status_code, answer.headers, answer.content, read(answer.status_code, answer.content))

    def _signed(self, request: Request, session: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        text = request.encoded()
        headers: dict[str, str] = {}
        if request.needs_api_key:
            if self.api_key is None:
                message = f"{request.method} {request.path} needs an API key"
                raise ValueError(message)
            if not re.fullmatch("[!-~]+", self.api_key):  # httpx would quote the key in its exception
                message = "the API key holds a character that cannot be part of one"
                raise ValueError(message)
            headers[API_KEY_HEADER] = self.api_key
        if request.needs_signature:
            if self.sign is None:
                message = f"{request.method} {request.path} needs a signature"
                raise ValueError(message)
            text += f"&{SIGNATURE_PARAMETER}={quote(self.sign(text.encode('ascii')), safe='')}"
        url = self.base_url.rstrip("/") + request.path
        if request.placement == "form":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return session.build_request(request.method, url, headers=headers, content=text.encode("ascii"))
        return session.build_request(request.method, f"{url}?{text}" if text else url, headers=headers)

    def close(self) -> None:
        """Close the connections of the sync functions."""
        if self._sync is not None:
            self._sync.close()

    async def aclose(self) -> None:
        """Close the connections of the asyncio functions."""
        if self._asyncio is not None:
            await self._asyncio.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

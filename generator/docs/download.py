"""
Fetching an address that somebody else controls.

One rule: a server decides neither how long this takes, nor how much memory it costs, nor where it leads. Bytes are taken
as they come (nothing is decompressed), up to a size, up to a moment, over a few redirects, and those lead to https only.
"""

import asyncio
from urllib.parse import urljoin

import httpx

from generator.docs.blocks import Unreadable

TIMEOUT_S = 20.0
_MOST_REDIRECTS = 5
_OK = 200
_PAGES = "text/html, text/*, */*;q=0.1"


def download(
    address: str, *, largest_bytes: int, timeout_s: float = TIMEOUT_S, accept: str = _PAGES
) -> tuple[bytes, str]:
    """Return the body behind an address and its content type, raising Unreadable."""
    try:
        return asyncio.run(_download(address, largest_bytes, timeout_s, accept))
    except TimeoutError as error:
        message = f"the address was not read within {timeout_s:g} s; without a network, give a saved page"
        raise Unreadable(message) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = (
            f"the address cannot be fetched ({type(error).__name__}: {error}); without a network, give a saved page"
        )
        raise Unreadable(message) from error


async def _download(address: str, largest_bytes: int, timeout_s: float, accept: str) -> tuple[bytes, str]:
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    async with asyncio.timeout(timeout_s), httpx.AsyncClient(headers=headers, timeout=timeout_s) as client:
        for _ in range(1 + _MOST_REDIRECTS):
            async with client.stream("GET", address, follow_redirects=False) as response:
                if not response.has_redirect_location:
                    return await _body(response, largest_bytes), response.headers.get("content-type", "")
                address = urljoin(address, response.headers["location"])
            if not address.startswith("https://"):
                message = f"the server redirects to {address[:200]!r}; only https is followed"
                raise Unreadable(message)
    message = f"the server redirects more than {_MOST_REDIRECTS} times"
    raise Unreadable(message)


async def _body(response: httpx.Response, largest_bytes: int) -> bytes:
    if response.status_code != _OK:
        message = f"the server answered {response.status_code} {response.reason_phrase}, expected a page"
        raise Unreadable(message)
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        message = f"the server sends the content encoding {encoding[:50]!r}, expected none"
        raise Unreadable(message)
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > largest_bytes:
            message = f"the server sends more than {largest_bytes} bytes, expected one page"
            raise Unreadable(message)
    return bytes(content)

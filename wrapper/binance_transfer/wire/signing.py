"""
From a request to the bytes that leave, and what must not come back.

One rule: percent-encode, sign that, send exactly that; the signature ends the parameters. Since 2026-01-15 the vendor
answers -1022 to a payload that was signed before encoding.
"""

import re
from typing import Final
from urllib.parse import quote

from attrs import field, frozen

from binance_transfer.version import __version__
from binance_transfer.visible import sound_repr
from binance_transfer.wire.credentials import Credentials
from binance_transfer_api.types import API_KEY_HEADER, SIGNATURE_PARAMETER, Request

USER_AGENT: Final = f"binance-universal-transfer/{__version__}"
FORM: Final = "application/x-www-form-urlencoded"

# How a character of a key or signature may come back in an echo: as URLs, JSON and HTML escape it, several times over
# (a proxy that quotes a URL) or with the backslashes that a repr adds (a library that quotes a broken line). Each
# alternative takes a whole run of what repeats, so that the time is linear in the text.
_ESCAPED: Final = re.compile(
    r"%(?:25)*([0-9a-f]{2})|\\+(?:u00([0-9a-f]{2})|(/))?|&#x0*([0-9a-f]{2});|&#0*([0-9]{2,3});|&(plus|sol|equals);",
    re.IGNORECASE,
)
_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_NAMED: Final = {"plus": "+", "sol": "/", "equals": "="}

# Real ones have 64 characters and more. A shorter one, in somebody's test, would be found in innocent words.
_SHORTEST_SECRET: Final = 8
_LONGEST: Final = 16 * 1024  # a text of the exchange has some hundred characters; a part of a longer one may hide more


@frozen
class SignedRequest:
    """
    A request as it leaves. Its repr shows nothing that is secret, so a traceback may hold it.

    answer_s: what must be left of its time when its first byte leaves; where less is, it is not sent.
    """

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    answer_s: float = 0.0
    __repr__ = sound_repr

    def redact(self, text: str) -> str:
        """Mask the API key and the signature wherever a text echoes them, escaped or not. What is too long is cut."""
        if len(text) > _LONGEST:
            text = f"({len(text)} characters)"
        unescaped = _ESCAPED.sub(_unescaped, text)
        lower = unescaped.lower()
        echoed = [secret for secret in self.secrets if len(secret) >= _SHORTEST_SECRET and secret.lower() in lower]
        for secret in echoed:
            unescaped = re.sub(re.escape(secret), "***", unescaped, flags=re.IGNORECASE)
        return unescaped if echoed else text


def _unescaped(found: re.Match[str]) -> str:
    percent, json, slash, hexadecimal, decimal, name = found.groups()
    if code := percent or json or hexadecimal:
        character = chr(int(code, 16))
    elif decimal:
        character = chr(int(decimal))
    elif name:
        character = _NAMED[name.lower()]
    else:
        character = slash or ""
    return character if character in _BASE64 else found[0]


def signed(request: Request, credentials: Credentials, base_url: str, answer_s: float = 0.0) -> SignedRequest:
    """Encode and sign a request for the exchange at ``base_url``, which has no slash at its end."""
    text = request.encoded()
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    secrets: tuple[str, ...] = ()
    if request.needs_api_key:
        headers[API_KEY_HEADER] = credentials.api_key
        secrets = (credentials.api_key,)
    if request.needs_signature:
        signature = credentials.sign(text.encode("ascii"))
        text = f"{text}&{SIGNATURE_PARAMETER}={quote(signature, safe='')}"
        secrets = (signature, *secrets)
    url = base_url + request.path
    if request.placement == "form":
        headers["Content-Type"] = FORM
        return SignedRequest(request.method, url, headers, text.encode("ascii"), secrets, answer_s)
    return SignedRequest(request.method, f"{url}?{text}" if text else url, headers, b"", secrets, answer_s)

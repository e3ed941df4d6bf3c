"""
Signatures of requests.

One rule: what is verified is the bytes that came, in the order in which they came: query, then body, nothing between.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from binance_transfer_sandbox import errors

Verifier = Callable[[bytes, bytes], bool]
"""Takes the payload and the signature as it stood in the request; tells whether they belong together."""

# What may stand in a query or form once it is percent-encoded. The vendor refuses payloads that are not since
# 2026-01-15: https://developers.binance.com/docs/wallet/change-log
_ENCODED: Final = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
# Base64 has three characters that mean something else in a query; they must arrive encoded.
_BARE_BASE64: Final = re.compile(rb"[+/=]")


def separate(query: bytes, body: bytes) -> tuple[bytes, bytes]:
    """
    Return payload and signature.

    The `signature` parameter may stand in either place, at any position; the payload is everything else.
    Missing: -1102. Twice: -1101. Not percent-encoded: -1022.
    """
    signatures: list[bytes] = []
    kept = []
    for place in (query, body):
        parts = place.split(b"&")
        signatures += [part.removeprefix(b"signature=") for part in parts if part.startswith(b"signature=")]
        kept.append(b"&".join(part for part in parts if not part.startswith(b"signature=")))
    if len(signatures) > 1:
        raise errors.duplicated()
    if not signatures or not signatures[0]:
        raise errors.missing("signature")
    payload = b"".join(kept)
    if _ENCODED.fullmatch(payload) is None:
        raise errors.bad_signature()
    return payload, signatures[0]


def hmac_verifier(secret: str) -> Verifier:
    """HMAC-SHA256, in hexadecimal of either case."""
    key = secret.encode()

    def verify(payload: bytes, signature: bytes) -> bool:
        expected = hmac.new(key, payload, hashlib.sha256).hexdigest().encode()
        return hmac.compare_digest(expected, signature.lower())

    return verify


def rsa_verifier(key: rsa.RSAPublicKey) -> Verifier:
    """RSASSA-PKCS1-v1_5 with SHA-256, in percent-encoded base64."""

    def verify(payload: bytes, signature: bytes) -> bool:
        try:
            key.verify(_decode(signature), payload, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    return verify


def ed25519_verifier(key: ed25519.Ed25519PublicKey) -> Verifier:
    """Ed25519, in percent-encoded base64."""

    def verify(payload: bytes, signature: bytes) -> bool:
        try:
            key.verify(_decode(signature), payload)
        except InvalidSignature:
            return False
        return True

    return verify


def _decode(signature: bytes) -> bytes:
    if _BARE_BASE64.search(signature):
        raise InvalidSignature
    try:
        return base64.b64decode(unquote(signature.decode("latin-1")), validate=True)
    except (binascii.Error, ValueError) as unreadable:
        raise InvalidSignature from unreadable

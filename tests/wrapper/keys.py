"""
Keys of all three kinds, made for this run, and a second opinion on what they sign.

One rule: signatures are verified with the public halves here, never with code of the package under test.
"""

import base64
import hashlib
import hmac
from functools import cache
from typing import Literal
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

import binance_transfer as bt

Kind = Literal["hmac", "rsa", "ed25519"]
KINDS: tuple[Kind, ...] = ("hmac", "rsa", "ed25519")

API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
PASSPHRASE = "correct-horse-battery-staple"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


@cache
def pem(kind: Kind, *, passphrase: str | None = None) -> str:
    """A private key as PKCS#8 PEM text."""
    key = rsa_key() if kind == "rsa" else ed25519_key()
    encryption: KeySerializationEncryption = (
        NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def material(text: str) -> list[str]:
    """The lines of a PEM that must not show up anywhere."""
    return [line for line in text.splitlines() if line and not line.startswith("-")]


@cache
def credentials(kind: Kind = "hmac") -> bt.Credentials:
    """The same ones each time: reading an RSA key takes longer than a whole call."""
    if kind == "hmac":
        return bt.Credentials(api_key=API_KEY, secret=SECRET)
    return bt.Credentials(api_key=API_KEY, private_key=pem(kind))


def verifies(kind: Kind, payload: bytes, wire_signature: bytes) -> bool:
    """Tell whether a percent-encoded signature belongs to the bytes."""
    signature = unquote_to_bytes(wire_signature)
    if kind == "hmac":
        return hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest().encode() == signature
    try:
        if kind == "rsa":
            decoded = base64.b64decode(signature, validate=True)
            rsa_key().public_key().verify(decoded, payload, padding.PKCS1v15(), hashes.SHA256())
        else:
            ed25519_key().public_key().verify(base64.b64decode(signature, validate=True), payload)
    except InvalidSignature:
        return False
    return True

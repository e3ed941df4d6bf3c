"""
API keys.

One rule: the exchange keeps what verifies, the caller gets what signs.
"""

import string
from collections.abc import Iterator, Mapping
from random import Random
from typing import Literal

from attrs import field, frozen
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from binance_transfer_sandbox import signature

KeyKind = Literal["hmac", "rsa", "ed25519"]

_ALPHABET = string.ascii_letters + string.digits
_KEY_LENGTH = 64


@frozen
class ApiKey:
    """What the exchange knows of a key."""

    api_key: str = field(repr=False)
    uid: int
    kind: KeyKind
    verify: signature.Verifier = field(repr=False)
    create_time_ms: int
    reading_enabled: bool = True
    permits_universal_transfer: bool = True
    ip_restricted: bool = False


class SandboxCredentials(Mapping[str, str]):
    """
    What a client needs to sign: an immutable mapping, made to be unpacked: `Credentials(**sandbox.credentials)`.

    HMAC keys have `api_key` and `secret`; RSA and Ed25519 keys have `api_key` and `private_key` (PKCS#8 PEM text).
    """

    __slots__ = ("_values", "kind")

    def __init__(self, kind: KeyKind, values: Mapping[str, str]) -> None:
        self.kind = kind
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"SandboxCredentials(kind={self.kind!r}, {', '.join(f'{name}=…' for name in self._values)})"

    @property
    def api_key(self) -> str:
        """The key for the `X-MBX-APIKEY` header."""
        return self._values["api_key"]

    @property
    def secret(self) -> str:
        """The secret of an HMAC key. KeyError for the other kinds."""
        return self._values["secret"]

    @property
    def private_key(self) -> str:
        """The PEM text of an RSA or Ed25519 key. KeyError for HMAC."""
        return self._values["private_key"]


def well_formed(api_key: str) -> bool:
    """Tell whether this could be a key at all."""
    return len(api_key) == _KEY_LENGTH and api_key.isascii() and api_key.isalnum()


def generate(kind: KeyKind, random: Random) -> tuple[SandboxCredentials, signature.Verifier]:
    """Make a key: what signs, and what verifies. All but RSA come from the seed."""
    api_key = "".join(random.choices(_ALPHABET, k=_KEY_LENGTH))
    if kind == "hmac":
        secret = "".join(random.choices(_ALPHABET, k=_KEY_LENGTH))
        return SandboxCredentials(kind, {"api_key": api_key, "secret": secret}), signature.hmac_verifier(secret)
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if kind == "rsa":
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        verify = signature.rsa_verifier(private.public_key())
    elif kind == "ed25519":
        private = ed25519.Ed25519PrivateKey.from_private_bytes(random.randbytes(32))
        verify = signature.ed25519_verifier(private.public_key())
    else:
        raise ValueError(f"no such kind of key: {kind!r}; there are hmac, rsa and ed25519")
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SandboxCredentials(kind, {"api_key": api_key, "private_key": pem.decode()}), verify

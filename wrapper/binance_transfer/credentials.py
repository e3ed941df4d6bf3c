"""
Who calls: an API key and what signs for it.

One rule: key material goes in and only signatures come out. Nothing here shows it, pickles it or puts it into an error.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NoReturn, Self

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

Sign = Callable[[bytes], str]

_PEM_MARK: Final = "-----BEGIN"


class Credentials:
    """
    An API key with its secret (HMAC) or its private key (RSA or Ed25519, told from the key).

    api_key: as Binance shows it.
    secret: the HMAC secret that came with it.
    private_key: PEM as text, bytes or the Path of a file; PKCS#8, encrypted or not.
    passphrase: for an encrypted private key.

    Raises ValueError, which never shows key material. A RSA signature is RSASSA-PKCS1-v1_5 with SHA-256 (the vendor's
    spot REST page, "SIGNED Endpoint Examples").
    """

    __slots__ = ("_api_key", "_kind", "_sign")

    def __init__(
        self,
        *,
        api_key: str,
        secret: str | None = None,
        private_key: str | bytes | Path | None = None,
        passphrase: str | bytes | None = None,
    ) -> None:
        _check_printable("api_key", api_key)
        if (secret is None) == (private_key is None):
            message = "give either secret (HMAC) or private_key (RSA, Ed25519), and not both"
            raise ValueError(message)
        self._api_key = api_key
        self._kind: Literal["hmac", "rsa", "ed25519"]
        if secret is not None:
            if passphrase is not None:
                message = "a passphrase belongs to a private_key, not to a secret"
                raise ValueError(message)
            _check_printable("secret", secret)
            self._kind, self._sign = "hmac", _hmac_signer(secret)
        elif private_key is not None:
            self._kind, self._sign = _key_signer(_pem(private_key), passphrase)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """
        Read them from the environment.

        BINANCE_API_KEY comes with BINANCE_API_SECRET, or with BINANCE_PRIVATE_KEY (PEM or the path of a file) and
        perhaps BINANCE_PRIVATE_KEY_PASSPHRASE. Raises ValueError naming the variable that is missing or too many.
        """
        api_key = environ.get("BINANCE_API_KEY")
        secret = environ.get("BINANCE_API_SECRET") or None
        private_key = environ.get("BINANCE_PRIVATE_KEY") or None
        if not api_key:
            message = "BINANCE_API_KEY is not set"
            raise ValueError(message)
        if (secret is None) == (private_key is None):
            message = "set either BINANCE_API_SECRET (HMAC) or BINANCE_PRIVATE_KEY (RSA, Ed25519), and not both"
            raise ValueError(message)
        return cls(
            api_key=api_key,
            secret=secret,
            private_key=private_key if private_key is None or _PEM_MARK in private_key else Path(private_key),
            passphrase=environ.get("BINANCE_PRIVATE_KEY_PASSPHRASE") or None,
        )

    @property
    def api_key(self) -> str:
        """The API key, for the header of a request."""
        return self._api_key

    @property
    def kind(self) -> Literal["hmac", "rsa", "ed25519"]:
        """How signatures are made."""
        return self._kind

    def sign(self, payload: bytes) -> str:
        """Sign bytes: hex for HMAC, base64 for RSA and Ed25519, not percent-encoded."""
        return self._sign(payload)

    def __repr__(self) -> str:
        return f"<Credentials {self._kind}>"

    def __reduce__(self) -> NoReturn:
        message = "credentials are not written anywhere: make them anew where they are needed"
        raise TypeError(message)


def _check_printable(name: str, value: object) -> None:
    """Refuse what cannot be a key, without showing it: a pasted line break would end a header."""
    if not isinstance(value, str):
        message = f"{name} must be a str, not {type(value).__name__}"
        raise ValueError(message)  # noqa: TRY004  # every refusal at construction is a ValueError
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        message = f"{name} is empty or holds a blank, a line break or another character that no key has"
        raise ValueError(message)


def _hmac_signer(secret: str) -> Sign:
    key = secret.encode("ascii")
    return lambda payload: hmac.digest(key, payload, hashlib.sha256).hex()


def _pem(private_key: object) -> bytes:
    match private_key:
        case Path():
            try:
                return private_key.read_bytes()
            except OSError as error:
                reason = error.strerror
            # The path is not shown: it may be a key that lost its BEGIN line and was taken for one.
            message = f"the file that private_key names cannot be read ({reason}); key text begins with -----BEGIN"
            raise ValueError(message)
        case str() if _PEM_MARK in private_key:
            return private_key.encode("utf-8", errors="replace")
        case bytes():
            return private_key
        case str():
            message = "a private_key given as str must be PEM text (-----BEGIN …); for a file give a pathlib.Path"
        case _:
            message = f"private_key must be str, bytes or Path, not {type(private_key).__name__}"
    raise ValueError(message)


def _key_signer(pem: bytes, passphrase: str | bytes | None) -> tuple[Literal["rsa", "ed25519"], Sign]:
    # Late: only these kinds of key need the library, and it is the heaviest import of all.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

    # What is no text is a wrong passphrase; the exception for it would hold all of it.
    secret = passphrase.encode("utf-8", errors="replace") if isinstance(passphrase, str) else passphrase
    key = _load(pem, secret)
    match key:
        case ed25519.Ed25519PrivateKey():
            return "ed25519", lambda payload: base64.b64encode(key.sign(payload)).decode("ascii")
        case rsa.RSAPrivateKey():
            scheme, digest = padding.PKCS1v15(), hashes.SHA256()
            return "rsa", lambda payload: base64.b64encode(key.sign(payload, scheme, digest)).decode("ascii")
        case _:
            message = (
                f"{type(key).__name__.removesuffix('PrivateKey')} keys are not supported: give an RSA or Ed25519 key"
            )
            raise ValueError(message)


def _load(pem: bytes, passphrase: bytes | None) -> "PrivateKeyTypes":
    """Read a private key. What the library says is not passed on: it may quote what it read."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"PRIVATE KEY-----" not in pem:
        kind = (
            "a public key" if b"PUBLIC KEY-----" in pem else "a certificate" if b"CERTIFICATE-----" in pem else "no PEM"
        )
        message = f"private_key is {kind}: give the private key, PEM text with BEGIN PRIVATE KEY"
        raise ValueError(message)
    encrypted = b"ENCRYPTED" in pem
    try:
        return load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    if encrypted and passphrase is None:
        message = "the private key is encrypted: give its passphrase"
    elif encrypted:
        message = "the private key cannot be decrypted: the passphrase is wrong or the PEM is damaged"
    elif passphrase is not None:
        message = "the private key is not encrypted, or damaged: leave out the passphrase"
    else:
        message = "the private key cannot be read: it is damaged or of a kind that is not supported"
    raise ValueError(message)

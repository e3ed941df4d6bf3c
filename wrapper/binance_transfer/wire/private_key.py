"""
Private keys as people store them, and what signs with one.

One rule: nothing here raises. What is wrong with a key is returned as text, so that no frame of a traceback holds it;
what a library says about a key is not passed on, since it may quote what it read.
"""

import base64
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from binance_transfer.visible import exact_str

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PEM_MARK: Final = "-----BEGIN"
_FILE_LIMIT: Final = 1 << 20

_BLOCK: Final = re.compile(rb"(-----BEGIN [A-Z0-9 ]+-----)([^-]*)(-----END [A-Z0-9 ]+-----)")
_OPENSSH: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_OPENSSH_PLAIN: Final = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"  # "openssh-key-v1" with the cipher "none", in base64

# What people take for a private key of ours → what it is. The first that fits counts.
_OTHERS: Final = {
    rb"BEGIN EC (PRIVATE KEY|PARAMETERS)": "EC keys are not supported: give an RSA or Ed25519 key",
    rb"BEGIN DSA (PRIVATE KEY|PARAMETERS)": "DSA keys are not supported: give an RSA or Ed25519 key",
    rb"PuTTY-User-Key-File": "private_key is in PuTTY's own form: export it in OpenSSH's with puttygen",
    rb"BEGIN PGP": "private_key is a PGP key: give an RSA or Ed25519 key as PEM",
    rb"PUBLIC KEY|^\s*(ssh|ecdsa)-": "private_key is a public key: give the private one, with BEGIN PRIVATE KEY",
    rb"CERTIFICATE REQUEST": "private_key is a certificate request: give the key, PEM text with BEGIN PRIVATE KEY",
    rb"CERTIFICATE": "private_key is a certificate: give the private key, PEM text with BEGIN PRIVATE KEY",
    rb"^\s*$": "private_key is empty",
    rb"^\x30[\x80-\x84]": "private_key is binary (DER): convert it to PEM, e.g. with openssl pkey -inform der",
    rb"": "private_key is no PEM: give the private key, PEM text with BEGIN PRIVATE KEY",
}
_OURS: Final = re.compile(rb"-----BEGIN (RSA |ENCRYPTED |OPENSSH )?PRIVATE KEY-----")


class Ed25519Signer:
    """Signs with an Ed25519 key."""

    __slots__ = ("_key",)
    kind: Literal["ed25519"] = "ed25519"

    def __init__(self, key: "Ed25519PrivateKey") -> None:
        self._key: Final = key

    def sign(self, payload: bytes) -> str:
        """Sign bytes, in base64."""
        return base64.b64encode(self._key.sign(payload)).decode("ascii")


class RsaSigner:
    """Signs with an RSA key, RSASSA-PKCS1-v1_5 with SHA-256."""

    __slots__ = ("_digest", "_key", "_scheme")
    kind: Literal["rsa"] = "rsa"

    def __init__(self, key: "RSAPrivateKey") -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        self._key: Final = key
        self._scheme, self._digest = padding.PKCS1v15(), hashes.SHA256()

    def sign(self, payload: bytes) -> str:
        """Sign bytes, in base64."""
        return base64.b64encode(self._key.sign(payload, self._scheme, self._digest)).decode("ascii")


def signer(private_key: object, passphrase: object) -> Ed25519Signer | RsaSigner | str:
    """Return what signs with a key, or what is wrong with the key; PEM as text, bytes or the Path of a file."""
    if isinstance(passphrase, str):
        # What is no text is a wrong passphrase; the exception for it would hold all of it.
        passphrase = exact_str(passphrase).encode("utf-8", errors="replace")
    if passphrase is not None and not isinstance(passphrase, bytes):
        return f"passphrase must be str or bytes, not {type(passphrase).__name__}"
    pem = _read(private_key) if isinstance(private_key, Path) else _given(private_key)
    return pem if isinstance(pem, str) else _signer(_in_lines(pem), passphrase)


def _read(path: Path) -> bytes | str:
    try:
        with path.expanduser().open("rb") as file:
            pem = file.read(_FILE_LIMIT + 1)
    except Exception as error:  # noqa: BLE001  # a name with a NUL, no home folder, no file
        reason = getattr(error, "strerror", None) or "it is no name of a file"
        # The path is not shown: it may be a key that lost its BEGIN line and was taken for one.
        return f"the file that private_key names cannot be read ({reason}); key text begins with -----BEGIN"
    return pem if len(pem) <= _FILE_LIMIT else "the file that private_key names is too large for a key"


def _given(private_key: object) -> bytes | str:
    match private_key:
        case bytes():
            return private_key
        case str() if PEM_MARK in (text := exact_str(private_key)) or _is_foreign(text):
            return text.encode("utf-8", errors="replace")
        case str():
            return "a private_key given as str must be PEM text (-----BEGIN …); for a file give a pathlib.Path"
        case _:
            return f"private_key must be str, bytes or Path, not {type(private_key).__name__}"


def _is_foreign(text: str) -> bool:
    return text.lstrip().startswith(("ssh-", "ecdsa-", "PuTTY-"))


def _in_lines(pem: bytes) -> bytes:
    r"""Give a PEM its lines back, where a file of variables has made one line of it: by a literal \n or a blank."""
    pem = pem.replace(rb"\r", b"").replace(rb"\n", b"\n")
    return _BLOCK.sub(lambda block: b"\n".join([block[1], *block[2].split(), block[3]]), pem)


def _signer(pem: bytes, passphrase: bytes | None) -> Ed25519Signer | RsaSigner | str:
    # Late: only these kinds of key need the library, and it is the heaviest import of all.
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    if not _OURS.search(pem):
        return next(reason for sign, reason in _OTHERS.items() if re.search(sign, pem))
    match _loaded(load_ssh_private_key if _OPENSSH in pem else load_pem_private_key, pem, passphrase):
        case None:
            return _refusal(pem, passphrase)
        case ed25519.Ed25519PrivateKey() as key:
            return Ed25519Signer(key)
        case rsa.RSAPrivateKey() as key:
            return RsaSigner(key)
        case key:
            kind = type(key).__name__.removesuffix("PrivateKey")
            return f"{kind} keys are not supported: give an RSA or Ed25519 key"


def _loaded(load: Callable[..., Any], pem: bytes, passphrase: bytes | None) -> Any:
    try:
        return load(pem, passphrase)
    except Exception:  # noqa: BLE001  # whatever the library says, it is not passed on
        return None
    except BaseException as panic:
        # cryptography's Rust panics over damage that it did not expect, and pyo3 makes no Exception of that.
        if type(panic).__name__ != "PanicException":
            raise
        return None


def _refusal(pem: bytes, passphrase: bytes | None) -> str:
    openssh = _OPENSSH in pem
    encrypted = _OPENSSH_PLAIN not in pem if openssh else b"ENCRYPTED" in pem
    if encrypted and passphrase is None:
        return "the private key is encrypted: give its passphrase"
    if encrypted and openssh and find_spec("bcrypt") is None:
        return (
            "the private key is encrypted in OpenSSH's form, which needs the package bcrypt: install that, "
            "or convert the key with ssh-keygen -p -m PKCS8"
        )
    if encrypted:
        return "the private key cannot be decrypted: the passphrase is wrong or the PEM is damaged"
    if passphrase is not None:
        return "the private key is not encrypted, or damaged: leave out the passphrase"
    return "the private key cannot be read: it is damaged or of a kind that is not supported"

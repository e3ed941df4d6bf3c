"""
Who calls: an API key and what signs for it.

One rule: key material goes in and only signatures come out. Nothing here shows it, pickles it or puts it into an error
or into a variable that a traceback shows.
"""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, Protocol, Self

from binance_transfer.sealed import Sealed, without_traceback
from binance_transfer.visible import exact_str
from binance_transfer.wire.private_key import PEM_MARK, signer

Kind = Literal["hmac", "rsa", "ed25519"]

_ARGUMENTS: Final = frozenset({"api_key", "secret", "private_key", "passphrase"})


class Signer(Protocol):
    """What signs. Its repr shows nothing."""

    @property
    def kind(self) -> Kind:
        """How signatures are made."""
        ...

    def sign(self, payload: bytes, /) -> str:
        """Sign bytes."""
        ...


class Credentials:
    """
    An API key with its secret (HMAC) or its private key (RSA or Ed25519, told from the key).

    api_key: as Binance shows it.
    secret: the HMAC secret that came with it.
    private_key: PEM as text, bytes or the Path of a file; PKCS#8 or OpenSSH's form, encrypted or not.
    passphrase: for an encrypted private key.

    Raises ValueError, which never shows key material, nor do the variables in its traceback. A RSA signature is
    RSASSA-PKCS1-v1_5 with SHA-256 (the vendor's spot REST page, "SIGNED Endpoint Examples").
    """

    __slots__ = ("_api_key", "_signer")

    def __init__(
        self,
        *,
        api_key: str,
        secret: str | None = None,
        private_key: str | bytes | Path | None = None,
        passphrase: str | bytes | None = None,
    ) -> None:
        given = Sealed((api_key, secret, private_key, passphrase))
        del api_key, secret, private_key, passphrase
        try:
            made = _made(*given.open())
        except BaseException as error:  # noqa: BLE001  # an interruption passes, without what it interrupted
            raise without_traceback(error) from None
        if isinstance(made, str):
            raise ValueError(made)  # noqa: TRY004  # a text is what is wrong
        self._api_key: str
        self._signer: Signer
        self._api_key, self._signer = made.open()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """
        Read them from the environment.

        BINANCE_API_KEY comes with BINANCE_API_SECRET, or with BINANCE_PRIVATE_KEY (PEM, also in one line, or the path
        of a file) and perhaps BINANCE_PRIVATE_KEY_PASSPHRASE. Raises ValueError naming the variable that is missing or
        too many.

        environ: the variables; without it, those of this process.
        """
        given = _from_environment(os.environ if environ is None else environ)
        del environ
        if isinstance(given, str):
            raise ValueError(given)  # noqa: TRY004
        return cls(**given.open())

    @classmethod
    def of(cls, given: Sealed[Any]) -> "Credentials":
        """Return credentials as they are, or make them of a mapping with their arguments; raises ValueError."""
        if isinstance(given.open(), Credentials):
            return given.open()  # type: ignore[no-any-return]
        if problem := _no_arguments(given.open()):
            raise ValueError(problem)
        return cls(**given.open())

    @property
    def api_key(self) -> str:
        """The API key, for the header of a request."""
        return self._api_key

    @property
    def kind(self) -> Kind:
        """How signatures are made."""
        return self._signer.kind

    def sign(self, payload: bytes) -> str:
        """Sign bytes: hex for HMAC, base64 for RSA and Ed25519, not percent-encoded."""
        return self._signer.sign(payload)

    def __repr__(self) -> str:
        return f"<Credentials {self.kind if hasattr(self, '_signer') else '(not made)'}>"

    def __reduce__(self) -> NoReturn:
        message = "credentials are not written anywhere: make them anew where they are needed"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


class _HmacSigner:
    """Signs with HMAC and SHA-256; hex. Holds the state of the hash, not the secret."""

    __slots__ = ("_keyed",)
    kind: Literal["hmac"] = "hmac"

    def __init__(self, secret: str) -> None:
        self._keyed: Final = hmac.new(secret.encode("ascii"), digestmod="sha256")

    def sign(self, payload: bytes) -> str:
        mac = self._keyed.copy()
        mac.update(payload)
        return mac.hexdigest()


# --- what follows returns what is wrong and raises nothing: its variables are secrets ---


def _made(api_key: Any, secret: Any, private_key: object, passphrase: object) -> Sealed[tuple[str, Signer]] | str:
    """Return API key and signer, or what is wrong with them."""
    if problem := _unprintable("api_key", api_key):
        return problem
    if (secret is None) == (private_key is None):
        return "give either secret (HMAC) or private_key (RSA, Ed25519), and not both"
    if private_key is not None:
        return _tried(api_key, signer(private_key, passphrase))
    if passphrase is not None:
        return "a passphrase belongs to a private_key, not to a secret"
    return _unprintable("secret", secret) or _tried(api_key, _HmacSigner(exact_str(secret)))


def _tried(api_key: str, made: Signer | str) -> Sealed[tuple[str, Signer]] | str:
    """Return both once the signer has signed something, so that it does not fail when a transfer is to be sent."""
    if isinstance(made, str):
        return made
    try:
        made.sign(b"")
    except Exception:  # noqa: BLE001  # too small a key, or a damaged one
        return f"the {made.kind} key cannot sign: it is too small or damaged"
    return Sealed((exact_str(api_key), made))


def _unprintable(name: str, value: object) -> str:
    """Say why a value cannot be a key, without showing it: a pasted line break would end a header."""
    if not isinstance(value, str):
        return f"{name} must be a str, not {type(value).__name__}"
    text = exact_str(value)
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        return f"{name} is empty or holds a blank, a line break or another character that no key has"
    return ""


def _from_environment(environ: Any) -> Sealed[dict[str, Any]] | str:
    """Return the arguments that the environment holds, or what is wrong with it."""
    if not issubclass(type(environ), Mapping):
        return f"environ must be a mapping, not {type(environ).__name__}"
    api_key = environ.get("BINANCE_API_KEY")
    secret = environ.get("BINANCE_API_SECRET") or None
    private_key = environ.get("BINANCE_PRIVATE_KEY") or None
    if not api_key:
        return "BINANCE_API_KEY is not set"
    if (secret is None) == (private_key is None):
        return "set either BINANCE_API_SECRET (HMAC) or BINANCE_PRIVATE_KEY (RSA, Ed25519), and not both"
    if isinstance(private_key, str) and PEM_MARK not in private_key:
        private_key = Path(private_key)
    passphrase = environ.get("BINANCE_PRIVATE_KEY_PASSPHRASE") or None
    return Sealed({"api_key": api_key, "secret": secret, "private_key": private_key, "passphrase": passphrase})


def _no_arguments(given: Any) -> str:
    """Say why something is no mapping with the arguments of Credentials. Names are not shown: one may be a secret."""
    if not issubclass(type(given), Mapping):
        return f"credentials must be Credentials or a mapping with their arguments, not {type(given).__name__}"
    if "api_key" not in given:
        return "credentials lack api_key"
    if set(given) - _ARGUMENTS:
        return f"credentials hold a name that is none of {', '.join(sorted(_ARGUMENTS))}"
    return ""

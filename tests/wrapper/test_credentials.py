"""Which keys are taken, which are refused, and that no refusal and no copy shows one."""

import base64
import copy
import pickle
import traceback
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

import binance_transfer as bt
from tests.support.marks import thorough
from tests.wrapper import certificates, keys

ENVIRONMENT = ("BINANCE_API_KEY", "BINANCE_API_SECRET", "BINANCE_PRIVATE_KEY", "BINANCE_PRIVATE_KEY_PASSPHRASE")


def made(**arguments: Any) -> bt.Credentials:
    return bt.Credentials(**{"api_key": keys.API_KEY, **arguments})


# --- keys that are taken ---------------------------------------------------------------------------------------------


def as_text(pem: str, folder: Path) -> object:
    return pem


def as_bytes(pem: str, folder: Path) -> object:
    return pem.encode()


def as_path(pem: str, folder: Path) -> object:
    path = folder / "key.pem"
    path.write_bytes(pem.encode())
    return path


def crlf(pem: str) -> str:
    return pem.replace("\n", "\r\n")


def surrounded(pem: str) -> str:
    return f"\n\nBag Attributes\n    friendlyName: treasury\n{pem}\n\n"


SHAPES: dict[str, Callable[[str], str]] = {
    "as-written": str,
    "crlf": crlf,
    "no-newline-at-the-end": str.rstrip,
    "blank-lines-around": lambda pem: f"\n\n{pem}\n\n",
    "attributes-around": surrounded,
    "backslash-n": lambda pem: pem.replace("\n", "\\n"),
    "backslash-n-without-the-last": lambda pem: pem.strip().replace("\n", "\\n"),
    "backslash-r-backslash-n": lambda pem: pem.replace("\n", "\\r\\n"),
    "in-one-line": lambda pem: pem.replace("\n", " "),
    "in-quotes": lambda pem: f'"{pem}"',
    "indented": lambda pem: pem.replace("\n", "\n    "),
    "tabs-for-newlines": lambda pem: pem.replace("\n", "\t"),
}


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("given_as", [as_text, *thorough(as_bytes, as_path)])
def test_the_kind_is_told_from_the_key(
    kind: keys.Kind, shape: str, given_as: Callable[[str, Path], object], tmp_path: Path
) -> None:
    assert made(private_key=given_as(SHAPES[shape](keys.pem(kind)), tmp_path)).kind == kind


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("passphrase", [keys.PASSPHRASE, keys.PASSPHRASE.encode()])
@pytest.mark.parametrize("shape", ["as-written", "crlf"])
def test_an_encrypted_key_opens_with_its_passphrase(kind: keys.Kind, shape: str, passphrase: str | bytes) -> None:
    pem = SHAPES[shape](keys.pem(kind, passphrase=keys.PASSPHRASE))
    signature = made(private_key=pem, passphrase=passphrase).sign(b"a=1")
    assert keys.verifies(kind, b"a=1", signature.encode())


def test_an_rsa_key_in_its_older_form_is_taken() -> None:
    pem = keys.rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert made(private_key=pem).kind == "rsa"


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_key_in_openssh_form_is_taken(kind: keys.Kind, shape: str) -> None:
    signature = made(private_key=SHAPES[shape](openssh(kind))).sign(b"a=1")
    assert keys.verifies(kind, b"a=1", signature.encode())


def test_an_encrypted_key_in_its_older_form_is_taken_in_one_line() -> None:
    """Its header lines keep their line breaks."""
    encryption = BestAvailableEncryption(keys.PASSPHRASE.encode())
    pem = keys.rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption).decode()
    assert made(private_key=pem.replace("\n", "\\n"), passphrase=keys.PASSPHRASE).kind == "rsa"


def test_a_tilde_in_a_path_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key.pem").write_text(keys.pem("ed25519"))
    assert made(private_key=Path("~/key.pem")).kind == "ed25519"


def test_a_tilde_of_nobody_is_refused() -> None:
    assert "cannot be read" in str(refusal(private_key=Path("~nobody-of-this-name/key.pem")))


def test_a_file_that_is_no_key_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert "too large" in str(refusal(private_key=path))


def test_a_secret_makes_hmac_credentials() -> None:
    assert made(secret=keys.SECRET).kind == "hmac"


@pytest.mark.parametrize("kind", keys.KINDS)
def test_the_signature_is_verified_by_the_other_half(kind: keys.Kind) -> None:
    assert keys.verifies(kind, b"a=1", keys.credentials(kind).sign(b"a=1").encode())


# --- keys that are refused -------------------------------------------------------------------------------------------


@cache
def other_kinds() -> dict[str, str]:
    """PEMs of keys that are none that the exchange takes."""

    def text(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
        return str(key.private_bytes(Encoding.PEM, form, NoEncryption()).decode())

    return {
        "ec": text(ec.generate_private_key(ec.SECP256R1())),
        "ec-older-form": text(ec.generate_private_key(ec.SECP256K1()), PrivateFormat.TraditionalOpenSSL),
        "dsa": text(dsa.generate_private_key(1024)),
        "ed448": text(ed448.Ed448PrivateKey.generate()),
        "x25519": text(x25519.X25519PrivateKey.generate()),
        "ec-openssh": text(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.OpenSSH),
        "dsa-older-form": text(dsa.generate_private_key(1024), PrivateFormat.TraditionalOpenSSL),
    }


EC_PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBgUrgQQACg==\n-----END EC PARAMETERS-----\n"


@cache
def openssh(kind: keys.Kind) -> str:
    key = keys.rsa_key() if kind == "rsa" else keys.ed25519_key()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def openssh_encrypted() -> str:
    """A key in OpenSSH's form whose header says that it is encrypted."""
    raw = base64.b64decode("".join(keys.material(openssh("ed25519"))))
    plain_header = b"\0\0\0\x04none\0\0\0\x04none\0\0\0\0"
    header = b"\0\0\0\x0aaes256-ctr\0\0\0\x06bcrypt\0\0\0\x18\0\0\0\x10" + 16 * b"s" + b"\0\0\0\x10"
    text = base64.encodebytes(raw.replace(plain_header, header)).decode()
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}-----END OPENSSH PRIVATE KEY-----\n"


def public_openssh() -> str:
    return keys.ed25519_key().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def public(kind: keys.Kind) -> str:
    key = keys.rsa_key() if kind == "rsa" else keys.ed25519_key()
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def cut(pem: str, lines: slice) -> str:
    return "\n".join(pem.splitlines()[lines])


def swapped(pem: str) -> str:
    """A PEM with one character of its base64 changed."""
    lines = pem.splitlines()
    lines[1] = lines[1][:20] + ("A" if lines[1][20] != "A" else "B") + lines[1][21:]
    return "\n".join(lines)


REFUSED: dict[str, Callable[[], dict[str, Any]]] = {
    "kind-ec": lambda: {"private_key": other_kinds()["ec"]},
    "kind-ec-older-form": lambda: {"private_key": other_kinds()["ec-older-form"]},
    "kind-dsa": lambda: {"private_key": other_kinds()["dsa"]},
    "kind-ed448": lambda: {"private_key": other_kinds()["ed448"]},
    "kind-x25519": lambda: {"private_key": other_kinds()["x25519"]},
    "kind-ec-openssh": lambda: {"private_key": other_kinds()["ec-openssh"]},
    "kind-ec-with-parameters": lambda: {"private_key": EC_PARAMETERS + other_kinds()["ec-older-form"]},
    "kind-dsa-older-form": lambda: {"private_key": other_kinds()["dsa-older-form"]},
    "public-openssh": lambda: {"private_key": public_openssh()},
    "public-openssh-as-bytes": lambda: {"private_key": public_openssh().encode()},
    "putty": lambda: {"private_key": f"PuTTY-User-Key-File-3: ssh-ed25519\n{keys.material(keys.pem('ed25519'))[0]}"},
    "pgp": lambda: {"private_key": keys.pem("ed25519").replace("PRIVATE KEY", "PGP PRIVATE KEY BLOCK")},
    "certificate-request": lambda: {"private_key": keys.pem("rsa").replace("PRIVATE KEY", "CERTIFICATE REQUEST")},
    "binary": lambda: {"private_key": base64.b64decode("".join(keys.material(keys.pem("rsa"))))},
    "openssh-encrypted": lambda: {"private_key": openssh_encrypted(), "passphrase": keys.PASSPHRASE},
    "openssh-encrypted-without-passphrase": lambda: {"private_key": openssh_encrypted()},
    "openssh-damaged": lambda: {"private_key": cut(openssh("rsa"), slice(0, 8))},
    "openssh-superfluous-passphrase": lambda: {"private_key": openssh("ed25519"), "passphrase": keys.PASSPHRASE},
    "public-rsa": lambda: {"private_key": public("rsa")},
    "public-ed25519": lambda: {"private_key": public("ed25519")},
    "certificate": lambda: {"private_key": certificates.authority("right").cert_pem.bytes()},
    "cut-at-the-end": lambda: {"private_key": cut(keys.pem("rsa"), slice(0, -2))},
    "cut-in-the-middle": lambda: {"private_key": cut(keys.pem("rsa"), slice(0, 10))},
    "cut-at-the-start": lambda: {"private_key": cut(keys.pem("rsa"), slice(1, None))},
    "lines-lost": lambda: {"private_key": "\n".join([*keys.pem("rsa").splitlines()[:3], "-----END PRIVATE KEY-----"])},
    "ed25519-cut": lambda: {"private_key": keys.pem("ed25519").replace("\n-----END", "")[:-40]},
    "no-line-breaks": lambda: {"private_key": keys.pem("rsa").replace("\n", "")[:-200]},
    "characters-lost": lambda: {"private_key": keys.pem("rsa").replace("A", "?")},
    "marks-only": lambda: {"private_key": "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"},
    "base64-without-marks": lambda: {"private_key": "".join(keys.material(keys.pem("ed25519")))},
    "base64-as-bytes": lambda: {"private_key": "".join(keys.material(keys.pem("ed25519"))).encode()},
    "base64-as-path": lambda: {"private_key": Path("".join(keys.material(keys.pem("ed25519"))))},
    "long-base64-as-path": lambda: {"private_key": Path("".join(keys.material(keys.pem("rsa"))))},
    "pem-as-path": lambda: {"private_key": Path(keys.pem("ed25519"))},
    "nul-in-path": lambda: {"private_key": Path("\0" + keys.material(keys.pem("ed25519"))[0])},
    "path-as-text": lambda: {"private_key": "/tmp/key.pem"},
    "no-passphrase": lambda: {"private_key": keys.pem("rsa", passphrase=keys.PASSPHRASE)},
    "empty-passphrase": lambda: {"private_key": keys.pem("rsa", passphrase=keys.PASSPHRASE), "passphrase": ""},
    "wrong-passphrase": lambda: {
        "private_key": keys.pem("ed25519", passphrase=keys.PASSPHRASE), "passphrase": f"not-{keys.PASSPHRASE}"},
    "superfluous-passphrase": lambda: {"private_key": keys.pem("ed25519"), "passphrase": keys.PASSPHRASE},
    "passphrase-of-another-type": lambda: {"private_key": keys.pem("ed25519"), "passphrase": [keys.PASSPHRASE]},
    "passphrase-that-is-not-text": lambda: {
        "private_key": keys.pem("rsa", passphrase=keys.PASSPHRASE), "passphrase": f"{keys.PASSPHRASE}\udcff"},
    "passphrase-of-half-characters": lambda: {
        "private_key": keys.pem("rsa", passphrase=keys.PASSPHRASE), "passphrase": f"{keys.PASSPHRASE}\ud800"},
    "endless-passphrase": lambda: {
        "private_key": keys.pem("rsa", passphrase=keys.PASSPHRASE), "passphrase": keys.PASSPHRASE * 1000},
    "passphrase-for-a-secret": lambda: {"secret": keys.SECRET, "passphrase": keys.PASSPHRASE},
    "neither": dict,
    "both": lambda: {"secret": keys.SECRET, "private_key": keys.pem("ed25519")},
    "both-empty": lambda: {"secret": "", "private_key": ""},
    "empty-secret": lambda: {"secret": ""},
    "empty-key": lambda: {"private_key": ""},
    "empty-key-as-bytes": lambda: {"private_key": b""},
    "secret-is-bytes": lambda: {"secret": keys.SECRET.encode()},
    "secret-is-a-number": lambda: {"secret": 12345},
    "key-is-a-number": lambda: {"private_key": 12345},
    "secret-with-newline": lambda: {"secret": f"{keys.SECRET}\n"},
    "secret-with-blank": lambda: {"secret": f" {keys.SECRET}"},
    "secret-with-bom": lambda: {"secret": f"\ufeff{keys.SECRET}"},
    "secret-with-nul": lambda: {"secret": f"{keys.SECRET}\0"},
    "secret-is-a-pem": lambda: {"secret": keys.pem("ed25519")},
    "api-key-empty": lambda: {"api_key": "", "secret": keys.SECRET},
    "api-key-is-none": lambda: {"api_key": None, "secret": keys.SECRET},
    "api-key-is-bytes": lambda: {"api_key": keys.API_KEY.encode(), "secret": keys.SECRET},
    "api-key-with-newline": lambda: {"api_key": f"{keys.API_KEY}\n", "secret": keys.SECRET},
    "api-key-with-header": lambda: {"api_key": f"{keys.API_KEY}\r\nX-Evil: 1", "secret": keys.SECRET},
    "api-key-with-blank": lambda: {"api_key": f"{keys.API_KEY} ", "secret": keys.SECRET},
    "api-key-with-tab": lambda: {"api_key": f"\t{keys.API_KEY}", "secret": keys.SECRET},
    "api-key-not-ascii": lambda: {"api_key": f"{keys.API_KEY}é", "secret": keys.SECRET},
    "api-key-with-delete": lambda: {"api_key": f"{keys.API_KEY}\x7f", "secret": keys.SECRET},
}  # fmt: skip


def refusal(**arguments: Any) -> ValueError:
    with pytest.raises(ValueError, match=r".") as refused:
        made(**arguments)
    return refused.value


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_a_plain_value_error(case: str) -> None:
    """And not a subclass such as UnicodeEncodeError, which keeps what it could not encode."""
    assert type(refusal(**REFUSED[case]())) is ValueError


def hidden() -> list[str]:
    whole = [keys.API_KEY, keys.SECRET, keys.PASSPHRASE]
    return whole + [line[:24] for kind in ("rsa", "ed25519") for line in keys.material(keys.pem(kind))]


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_shows_no_key_material(case: str) -> None:
    error = refusal(**REFUSED[case]())
    texts = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    given = [str(line) for value in REFUSED[case]().values() for line in str(value).splitlines() if len(line) > 30]
    assert [text for text in hidden() + given if any(text in shown for shown in texts)] == []


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_no_cause_that_could_show_it(case: str) -> None:
    error = refusal(**REFUSED[case]())
    assert (error.__cause__, error.__context__) == (None, None)


SAYS: dict[str, str] = {
    "kind-ec": "EC keys are not supported",
    "kind-dsa": "DSA keys are not supported",
    "public-rsa": "a public key",
    "certificate": "a certificate",
    "kind-ec-older-form": "EC keys are not supported",
    "kind-ec-openssh": "EC",
    "kind-ec-with-parameters": "EC keys are not supported",
    "kind-dsa-older-form": "DSA keys are not supported",
    "kind-ed448": "Ed448 keys are not supported",
    "kind-x25519": "X25519 keys are not supported",
    "public-openssh": "a public key",
    "public-openssh-as-bytes": "a public key",
    "public-ed25519": "a public key",
    "putty": "PuTTY",
    "pgp": "PGP",
    "certificate-request": "a certificate request",
    "binary": "DER",
    "empty-key-as-bytes": "empty",
    "openssh-encrypted": "passphrase" if find_spec("bcrypt") else "bcrypt",
    "openssh-encrypted-without-passphrase": "give its passphrase",
    "openssh-damaged": "damaged",
    "openssh-superfluous-passphrase": "leave out the passphrase",
    "passphrase-of-another-type": "passphrase must be str or bytes",
    "no-passphrase": "give its passphrase",
    "wrong-passphrase": "passphrase is wrong",
    "superfluous-passphrase": "leave out the passphrase",
    "cut-in-the-middle": "damaged",
    "path-as-text": "pathlib.Path",
    "neither": "either secret",
    "both": "not both",
    "passphrase-for-a-secret": "passphrase",
    "api-key-with-newline": "api_key",
    "secret-with-newline": "secret",
}


@pytest.mark.parametrize("case", SAYS)
def test_a_refusal_says_what_is_wrong(case: str) -> None:
    assert SAYS[case] in str(refusal(**REFUSED[case]()))


@pytest.mark.parametrize("make", ["missing", "directory", "empty", "text"])
def test_a_file_without_a_key_is_refused(make: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    if make == "directory":
        path.mkdir()
    elif make != "missing":
        path.write_text("" if make == "empty" else "no key here")
    assert type(refusal(private_key=path)) is ValueError


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert "No such file" in str(refusal(private_key=tmp_path / "key.pem"))


# --- from the environment --------------------------------------------------------------------------------------------

PEM = keys.pem("ed25519")
LOCKED = keys.pem("rsa", passphrase=keys.PASSPHRASE)
KEY = {"BINANCE_API_KEY": keys.API_KEY}

TAKEN: list[tuple[dict[str, str], str]] = [
    ({"BINANCE_API_SECRET": keys.SECRET}, "hmac"),
    ({"BINANCE_PRIVATE_KEY": PEM}, "ed25519"),
    ({"BINANCE_PRIVATE_KEY": crlf(PEM)}, "ed25519"),
    ({"BINANCE_PRIVATE_KEY": PEM.replace("\n", "\\n")}, "ed25519"),
    ({"BINANCE_PRIVATE_KEY": PEM.replace("\n", " ")}, "ed25519"),
    ({"BINANCE_PRIVATE_KEY": LOCKED, "BINANCE_PRIVATE_KEY_PASSPHRASE": keys.PASSPHRASE}, "rsa"),
    ({"BINANCE_API_SECRET": keys.SECRET, "BINANCE_PRIVATE_KEY": ""}, "hmac"),
    ({"BINANCE_PRIVATE_KEY": PEM, "BINANCE_API_SECRET": ""}, "ed25519"),
    ({"BINANCE_PRIVATE_KEY": PEM, "BINANCE_PRIVATE_KEY_PASSPHRASE": ""}, "ed25519"),
]

LACKING: list[tuple[dict[str, str], str]] = [
    ({}, "BINANCE_API_KEY"),
    ({"BINANCE_API_SECRET": keys.SECRET}, "BINANCE_API_KEY"),
    ({"BINANCE_API_KEY": "", "BINANCE_API_SECRET": keys.SECRET}, "BINANCE_API_KEY"),
    (KEY, "BINANCE_API_SECRET"),
    (KEY, "BINANCE_PRIVATE_KEY"),
    ({**KEY, "BINANCE_API_SECRET": ""}, "BINANCE_API_SECRET"),
    ({**KEY, "BINANCE_API_SECRET": keys.SECRET, "BINANCE_PRIVATE_KEY": PEM}, "not both"),
    ({**KEY, "BINANCE_PRIVATE_KEY": LOCKED}, "passphrase"),
    ({**KEY, "BINANCE_API_SECRET": keys.SECRET, "BINANCE_PRIVATE_KEY_PASSPHRASE": "x"}, "passphrase"),
    ({**KEY, "BINANCE_PRIVATE_KEY": "/nowhere/key.pem"}, "cannot be read"),
    ({**KEY, "BINANCE_PRIVATE_KEY": "".join(keys.material(PEM))}, "cannot be read"),
]


@pytest.mark.parametrize(("environment", "kind"), TAKEN)
def test_credentials_come_from_a_mapping(environment: dict[str, str], kind: str) -> None:
    assert bt.Credentials.from_env({**KEY, **environment}).kind == kind


@pytest.mark.parametrize(("environment", "kind"), TAKEN)
def test_credentials_come_from_the_environment(
    environment: dict[str, str], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**KEY, **environment}.items():
        monkeypatch.setenv(name, value)
    assert bt.Credentials.from_env().kind == kind


def test_a_tilde_in_the_environment_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key.pem").write_text(PEM)
    assert bt.Credentials.from_env({**KEY, "BINANCE_PRIVATE_KEY": "~/key.pem"}).kind == "ed25519"


def test_a_path_in_the_environment_is_read(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(PEM)
    assert bt.Credentials.from_env({**KEY, "BINANCE_PRIVATE_KEY": str(path)}).kind == "ed25519"


@pytest.mark.parametrize(("environment", "said"), LACKING)
def test_what_is_missing_or_too_many_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bt.Credentials.from_env(environment)


@pytest.mark.parametrize(("environment", "said"), LACKING)
def test_a_bad_environment_shows_no_key_material(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        bt.Credentials.from_env(environment)
    text = "".join(traceback.format_exception(refused.value))
    assert [secret for secret in hidden() if secret in text] == []


# --- once they are made ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", keys.KINDS)
@pytest.mark.parametrize(
    "show", [str, repr, lambda credentials: f"{credentials}", lambda credentials: f"{[credentials]}"]
)
def test_credentials_show_only_their_kind(kind: keys.Kind, show: Callable[[bt.Credentials], str]) -> None:
    assert show(keys.credentials(kind)).strip("[]") == f"<Credentials {kind}>"


@pytest.mark.parametrize("kind", keys.KINDS)
@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, vars, dict, list])
def test_credentials_cannot_be_taken_along(kind: keys.Kind, take: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        take(keys.credentials(kind))


@pytest.mark.parametrize("kind", keys.KINDS)
def test_no_attribute_holds_a_secret(kind: keys.Kind) -> None:
    credentials = keys.credentials(kind)
    values = [repr(getattr(credentials, name)) for name in dir(credentials) if name != "api_key"]
    assert [secret for secret in hidden()[1:] if any(secret in value for value in values)] == []


@pytest.mark.parametrize("name", ["api_key", "kind"])
def test_credentials_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(keys.credentials(), name, "x")


@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
@pytest.mark.parametrize("case", ["both", "neither", "empty-secret", "api-key-with-newline", "wrong-passphrase"])
def test_a_client_refuses_the_same(client: Callable[..., object], case: str) -> None:
    """A client takes credentials or a mapping with their arguments."""
    with pytest.raises(ValueError, match=r".") as refused:
        client({"api_key": keys.API_KEY, **REFUSED[case]()})
    assert [secret for secret in hidden() if secret in str(refused.value)] == []


def test_an_encrypted_key_of_either_cipher_is_taken() -> None:
    encryption = BestAvailableEncryption(keys.PASSPHRASE.encode())
    pem = keys.rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption)
    assert made(private_key=pem, passphrase=keys.PASSPHRASE).kind == "rsa"

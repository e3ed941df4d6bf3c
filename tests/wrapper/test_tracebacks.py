"""
No secret stands in a variable that a traceback can show: rich, loguru and the standard library show all of them.

One rule: what the caller's own frames hold is the caller's; every frame of this package is looked at.
"""

import base64
import os
import pickle
import pydoc
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer.sealed import Sealed
from tests.support import tracebacks
from tests.support.tracebacks import WAYS_TO_SHOW, inside
from tests.wrapper import keys
from tests.wrapper.test_credentials import KEY, LACKING, REFUSED, hidden

pytestmark = pytest.mark.thorough


def seen(error: BaseException, given: Mapping[str, Any]) -> list[str]:
    """Which pieces of what was given can be seen, in any way."""
    pieces = {piece for value in given.values() for piece in pieces_of(value)} | set(hidden())
    shown = {way: show(error, inside(error)) for way, show in WAYS_TO_SHOW.items()}
    return sorted(f"{way}: {piece[:6]}" for way, text in shown.items() for piece in pieces if piece in text)


def pieces_of(value: object) -> list[str]:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return [line[:24] for line in text.splitlines() if len(line) > 20 and not line.startswith("-")]


def refusal(make: Callable[[], object]) -> ValueError:
    with pytest.raises(ValueError, match=r".") as refused:
        make()
    return refused.value


def test_the_search_of_these_tests_finds_a_secret_in_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(secret: str) -> None:
        raise ValueError(len(secret))

    monkeypatch.setattr(tracebacks, "PACKAGE", __file__)
    found = seen(refusal(lambda: careless(keys.SECRET)), {})
    assert found == [f"{way}: {keys.SECRET[:6]}" for way in sorted(WAYS_TO_SHOW)]


# Paths that the table of refused keys does not have.
MORE: dict[str, Callable[[], dict[str, Any]]] = {
    "good-key-bad-secret": lambda: {"secret": f"{keys.SECRET} "},
    "path-in-place-of-a-secret": lambda: {"secret": Path(keys.SECRET)},
    "secret-in-a-list": lambda: {"secret": [keys.SECRET]},
    "key-in-a-list": lambda: {"private_key": [keys.pem("rsa")]},
    "pem-as-api-key": lambda: {"api_key": keys.pem("ed25519"), "secret": keys.SECRET},
    "damaged-encrypted-pem": lambda: {"private_key": shortened_vector(), "passphrase": keys.PASSPHRASE},
}


def shortened_vector() -> str:
    """An encrypted key in its older form whose initial vector is too short, which cryptography panics over."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    encryption = BestAvailableEncryption(keys.PASSPHRASE.encode())
    pem = keys.rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption).decode()
    lines = pem.splitlines()
    return "\n".join([*lines[:2], lines[2][:-2], *lines[3:]])


CASES = {**REFUSED, **MORE}


@pytest.mark.parametrize("case", CASES)
def test_a_refused_key_is_in_no_variable(case: str) -> None:
    arguments = {"api_key": keys.API_KEY, **CASES[case]()}
    assert seen(refusal(lambda: bt.Credentials(**arguments)), arguments) == []


@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
@pytest.mark.parametrize("case", CASES)
def test_a_client_that_is_given_a_refused_key_holds_it_in_no_variable(client: Callable[..., Any], case: str) -> None:
    arguments = {"api_key": keys.API_KEY, **CASES[case]()}
    assert seen(refusal(lambda: client(arguments)), arguments) == []


@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
@pytest.mark.parametrize(
    "options",
    [{"base_url": "http://exchange.example"}, {"recv_window_ms": 0}, {"timeout_s": -1}, {"settle_ms": -1},
     {"extra_rejected_codes": {-1007}}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", keys.KINDS)
def test_a_client_that_is_refused_for_something_else_holds_no_key_in_a_variable(
    client: Callable[..., Any], options: dict[str, Any], kind: keys.Kind
) -> None:
    secret = {"secret": keys.SECRET} if kind == "hmac" else {"private_key": keys.pem(kind)}
    given = {"api_key": keys.API_KEY, **secret}
    assert seen(refusal(lambda: client(given, **options)), given) == []


@pytest.mark.parametrize(
    "given",
    [None, 5, "text", [keys.SECRET], {}, {"secret": keys.SECRET}, {keys.API_KEY: keys.SECRET},
     {"api_key": keys.API_KEY, "secret": keys.SECRET, "pasphrase": keys.PASSPHRASE},
     {"api_key": keys.API_KEY, "secret": keys.SECRET, keys.SECRET: 1}, {"api_key": keys.API_KEY, 5: keys.SECRET}],
    ids=lambda given: type(given).__name__,
)  # fmt: skip
@pytest.mark.parametrize("client", [bt.TransferClient, bt.AsyncTransferClient])
def test_what_is_no_mapping_of_arguments_is_refused_and_not_shown(client: Callable[..., Any], given: Any) -> None:
    error = refusal(lambda: client(given))
    assert (type(error), seen(error, {})) == (ValueError, [])


@pytest.mark.parametrize(("environment", "said"), LACKING)
def test_a_refused_environment_is_in_no_variable(environment: dict[str, str], said: str) -> None:
    error = refusal(lambda: bt.Credentials.from_env(environment))
    assert seen(error, environment) == []


@pytest.mark.parametrize("client", [bt.Credentials, bt.TransferClient, bt.AsyncTransferClient])
@pytest.mark.parametrize(("environment", "said"), LACKING)
def test_the_process_environment_is_in_no_variable(
    client: Any, environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BINANCE_API_KEY", "BINANCE_API_SECRET", "BINANCE_PRIVATE_KEY", "BINANCE_PRIVATE_KEY_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "ANOTHER_SECRET": "of-somebody-elses-program"}.items():
        monkeypatch.setenv(name, value)
    error = refusal(client.from_env)
    assert seen(error, {**environment, "another": "of-somebody-elses-program"}) == []


@pytest.mark.parametrize(
    "environment", [5, "text", [KEY], {"BINANCE_API_KEY": 5, "BINANCE_API_SECRET": b"x"}], ids=repr
)
def test_what_is_no_environment_is_refused(environment: Any) -> None:
    assert type(refusal(lambda: bt.Credentials.from_env(environment))) is ValueError


@pytest.mark.parametrize("payload", [None, "text", 5, ["a"]], ids=repr)
@pytest.mark.parametrize("kind", keys.KINDS)
def test_signing_that_fails_shows_no_key(kind: keys.Kind, payload: Any) -> None:
    with pytest.raises(TypeError) as failed:
        keys.credentials(kind).sign(payload)
    assert seen(failed.value, {}) == []


# --- what is not foreseen --------------------------------------------------------------------------------------------


class Interrupting(type(Path())):  # type: ignore[misc]  # Path itself cannot be subclassed before 3.12
    """A path that is interrupted when it is read, with a secret in a variable."""

    def expanduser(self) -> "Interrupting":
        held = keys.SECRET
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError(len(held))


def test_an_interruption_passes_without_what_it_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt) as interrupted:
        bt.Credentials(api_key=keys.API_KEY, private_key=Interrupting("key.pem"), passphrase=keys.PASSPHRASE)
    assert seen(interrupted.value, {}) == []
    assert (interrupted.value.__cause__, interrupted.value.__context__) == (None, None)


def test_a_damaged_encrypted_key_is_a_value_error() -> None:
    """Not the BaseException that a panic of cryptography's Rust becomes, which no `except Exception` stops."""
    error = refusal(lambda: bt.Credentials(api_key="a", private_key=shortened_vector(), passphrase=keys.PASSPHRASE))
    assert "damaged" in str(error)


# --- without raising -------------------------------------------------------------------------------------------------

HELP = """
import inspect, pydoc, binance_transfer as bt, binance_transfer.wire.credentials, binance_transfer.client
import binance_transfer.session, binance_transfer.journal, binance_transfer_api
for module in (bt, bt.wire.credentials, bt.client, bt.session, bt.journal, binance_transfer_api):
    print(pydoc.render_doc(module))
for value in vars(bt).values():
    if inspect.isclass(value):
        print(pydoc.render_doc(value))
        for name, method in inspect.getmembers(value, callable):
            try:
                print(name, inspect.signature(method))
            except ValueError:
                pass
"""


def test_help_and_signatures_show_no_environment() -> None:
    environment = {**os.environ, "BINANCE_API_KEY": keys.API_KEY, "BINANCE_API_SECRET": keys.SECRET}
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True, env=environment)
    assert "from_env" in done.stdout
    assert [secret for secret in (keys.API_KEY, keys.SECRET) if secret in done.stdout] == []


def test_help_is_about_something() -> None:
    assert "passphrase" in pydoc.render_doc(bt.Credentials)


@pytest.mark.parametrize("kind", keys.KINDS)
@pytest.mark.parametrize("take", ["__reduce__", "__getstate__"])
def test_no_protocol_of_copying_gives_a_key_away(kind: keys.Kind, take: str) -> None:
    with pytest.raises(TypeError):
        getattr(keys.credentials(kind), take)()


@pytest.mark.parametrize("take", [pickle.dumps, lambda sealed: sealed.__getstate__(), vars])
def test_what_is_sealed_is_not_given_away(take: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        take(Sealed(keys.SECRET))


def test_what_is_sealed_shows_nothing() -> None:
    assert (repr(Sealed(keys.SECRET)), str(Sealed(keys.SECRET))) == ("<sealed>", "<sealed>")


def test_the_pieces_of_these_tests_are_there() -> None:
    """The key material that is looked for is what the keys are made of."""
    assert base64.b64decode("".join(keys.material(keys.pem("rsa"))))[:1] == b"0"

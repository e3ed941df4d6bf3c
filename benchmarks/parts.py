"""The steps of a call that need no network, each measured alone, in microseconds."""

import timeit
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

import binance_transfer as bt
from binance_transfer.wire.answer import Answer
from binance_transfer.wire.outcome import judge
from binance_transfer.wire.signing import signed

_REPEAT: Final = 5


def measure() -> dict[str, float]:
    """Return step → microseconds, the best of five."""
    transfer = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5")
    attempt = bt.Attempt(transfer, 1_499_827_319_559, 5_000)
    accepted = Answer(200, {}, b'{"tranId":13526853623}')
    steps: Mapping[str, Callable[[], object]] = {
        "make and check a Transfer": lambda: bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5"),
        "describe the request": attempt.request,
        "encode it": attempt.request().encoded,
        **{f"describe, encode and sign it: {name}": partial(_sign, attempt, key) for name, key in _keys().items()},
        "judge an answer": lambda: judge(attempt, accepted),
    }
    return {step: _microseconds(run) for step, run in steps.items()}


def _sign(attempt: bt.Attempt, key: bt.Credentials) -> object:
    return signed(attempt.request(), key, "https://exchange")


def _microseconds(run: Callable[[], object]) -> float:
    timer = timeit.Timer(run)
    count, _ = timer.autorange()
    return min(timer.repeat(_REPEAT, max(1, count // 4))) / max(1, count // 4) * 1e6


def _keys() -> dict[str, bt.Credentials]:
    def of(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bt.Credentials:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return bt.Credentials(api_key="k" * 64, private_key=pem)

    return {
        "HMAC": bt.Credentials(api_key="k" * 64, secret="s" * 64),
        "Ed25519": of(ed25519.Ed25519PrivateKey.generate()),
        "RSA, 2048 bits": of(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    }

"""
Which transport a client takes, and that whole calls work over the fast one.

One rule: the fast one is taken where it is installed and does all that is asked for; else httpx.
"""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

import binance_transfer as bt
from binance_transfer.wire.fast import Arriving, Idle
from binance_transfer.wire.round_trip import RoundTrip
from binance_transfer_sandbox import Sandbox, faults
from tests.support.loopback import RECEIPT, Loopback, hang, raw
from tests.wrapper import calls, certificates, keys
from tests.wrapper.calls import Way

HTTPS = "https://exchange.invalid"
HERE = "http://127.0.0.1:1"
FAST: tuple[Way, ...] = ("sync, fast", "asyncio, fast")
fast = pytest.mark.parametrize("way", FAST)
KINDS: dict[str, Any] = {"": bt.TransferClient, "Async": bt.AsyncTransferClient}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def shown(kind: str, base_url: str, **options: Any) -> str:
    return repr(KINDS[kind](keys.credentials(), base_url=base_url, **options))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base_url", [HTTPS, HERE])
def test_the_fast_transport_is_taken_where_it_is_installed(kind: str, base_url: str) -> None:
    assert shown(kind, base_url) == f"<{kind}TransferClient {base_url} over {kind}FastTransport>"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_httpx_is_taken_where_there_is_a_proxy(kind: str, name: str, clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv(name, "http://127.0.0.1:3128")
    assert shown(kind, HTTPS).endswith(f" over {kind}HttpxTransport>")


@pytest.mark.parametrize("base_url", ["HTTPS://exchange.invalid", "Https://EXCHANGE.invalid:8443"])
def test_how_the_scheme_is_written_changes_nothing(base_url: str, clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert shown("", base_url).endswith(" over HttpxTransport>")


@fast
def test_https_is_verified_however_it_is_written(way: Way) -> None:
    with Loopback(tls=certificates.serving()) as server:
        base_url = server.url.replace("https", "HTTPS")
        options = {"verify": certificates.trusting()}
        assert calls.execute(way, base_url=base_url, httpx_options=options).tran_id == 13526853623
        options = {"verify": certificates.trusting("wrong")}
        assert type(calls.failure(way, base_url=base_url, httpx_options=options)) is bt.NotSent


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"])
def test_plain_http_needs_no_proxy(name: str, clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv(name, "http://127.0.0.1:3128")
    assert shown("", HERE).endswith(" over FastTransport>")


@pytest.mark.parametrize(
    ("name", "value"), [("HTTPS_PROXY", ""), ("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "*")]
)
def test_what_is_no_proxy_for_https_changes_nothing(
    name: str, value: str, clean_environment: pytest.MonkeyPatch
) -> None:
    clean_environment.setenv(name, value)
    assert shown("", HTTPS).endswith(" over FastTransport>")


@pytest.mark.parametrize("way", [*calls.SYNC, *calls.ASYNCIO])
def test_the_transport_that_is_given_is_taken(way: Way) -> None:
    given = calls.transport(way)
    kind = "" if way in calls.SYNC else "Async"
    assert shown(kind, HTTPS, transport=given).endswith(f" over {type(given).__name__}>")


def test_a_repr_shows_of_a_transport_its_class_alone() -> None:
    class Own:
        send = close = print

        def __repr__(self) -> str:
            return "a password"

    assert shown("", HERE, transport=Own()) == f"<TransferClient {HERE} over Own>"


@pytest.mark.parametrize("kind", [bt.FastTransport, bt.AsyncFastTransport])
@pytest.mark.parametrize(
    "options",
    [{"verify": False}, {"verify": "bundle.pem"}, *({"max_connections": number} for number in (0, -1, True, 1.5, "8"))],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(kind: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        kind(**({"verify": calls.TRUSTS_NOBODY} | options))


# --- with and without the extra --------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, sys, types
if sys.argv[2] == "missing":
    sys.modules["httptools"] = None
elif sys.argv[2] == "too old":
    sys.modules["httptools"] = types.SimpleNamespace(__version__="0.6.1")
import binance_transfer as bt

ORDER = bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", 1), 1, 5000)
options = {"base_url": sys.argv[1]}

async def main():
    async with bt.AsyncTransferClient({"api_key": "k", "secret": "s"}, **options) as client:
        return client, await client.execute(ORDER)

with bt.TransferClient({"api_key": "k", "secret": "s"}, **options) as client:
    print(type(client._transport).__name__, client.execute(ORDER).tran_id)
client, receipt = asyncio.run(main())
print(type(client._transport).__name__, receipt.tran_id)
print(*sorted({"httpx", "httpcore", "anyio", "h11", "httptools"} & {name for name in sys.modules if sys.modules[name]}))
from binance_transfer import *
try:
    print(bt.FastTransport.__name__)
except ImportError as error:
    print(error)
"""


def told(state: str) -> list[str]:
    with Loopback(RECEIPT) as server:
        command = [sys.executable, "-W", "error", "-c", PROGRAM, server.url, state]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_with_the_extra_httpx_is_not_imported() -> None:
    assert told("installed") == [
        "FastTransport 13526853623",
        "AsyncFastTransport 13526853623",
        "httptools",
        "FastTransport",
    ]


@pytest.mark.parametrize("state", ["missing", "too old"])
def test_without_the_extra_httpx_is_the_transport(state: str) -> None:
    *over_httpx, libraries, hint = told(state)
    assert over_httpx == ["HttpxTransport 13526853623", "AsyncHttpxTransport 13526853623"]
    assert {"httpx", "httpcore"} <= set(libraries.split())
    assert "pip install 'binance-universal-transfer[fast]'" in hint


# --- whole calls -----------------------------------------------------------------------------------------------------


async def itself(result: Any) -> Any:
    return await result


def sequence(way: Way, sandbox: Sandbox, use: Any, **options: Any) -> Any:
    """Run a coroutine function that is handed a client, and what awaits the client's results if they are to be."""

    def at_once(client: bt.TransferClient) -> Any:
        async def given(result: Any) -> Any:
            return result

        return asyncio.run(use(client, given))

    return calls.with_client(
        way,
        at_once,
        lambda client: use(client, itself),
        base_url=sandbox.base_url,
        credentials=bt.Credentials(**sandbox.credentials),
        **options,
    )


@fast
def test_a_transfer_moves_money_once(way: Way, sandbox: Sandbox) -> None:
    async def use(client: Any, now: Any) -> int:
        assert (await now(client.preflight())).permits_universal_transfer
        return int((await now(client.transfer("MAIN_UMFUTURE", "USDT", "25.5"))).tran_id)

    assert [sequence(way, sandbox, use)] == [entry.tran_id for entry in sandbox.ledger.executions()]


@fast
def test_a_lost_answer_is_found_again(way: Way, sandbox: Sandbox) -> None:
    async def use(client: Any, now: Any) -> int:
        sandbox.fail_next(faults.Drop(executes=True))
        with pytest.raises(bt.OutcomeUnknown) as unknown:
            await now(client.transfer("MAIN_UMFUTURE", "USDT", "25.5"))
        return int((await now(client.reconcile(unknown.value.attempt))).tran_id)

    assert [sequence(way, sandbox, use)] == [entry.tran_id for entry in sandbox.ledger.executions()]


@fast
def test_what_did_not_happen_is_proven_absent(way: Way, sandbox: Sandbox) -> None:
    async def use(client: Any, now: Any) -> None:
        sandbox.fail_next(faults.Drop(executes=False))
        with pytest.raises(bt.OutcomeUnknown) as unknown:
            await now(client.transfer("MAIN_UMFUTURE", "USDT", "25.5"))
        with pytest.raises(bt.ProvenAbsent):
            await now(client.reconcile(unknown.value.attempt))

    sequence(way, sandbox, use, recv_window_ms=300, settle_ms=300)
    assert list(sandbox.ledger.executions()) == []


@fast
def test_a_key_moves_money_once(way: Way, sandbox: Sandbox, tmp_path: Any) -> None:
    async def use(client: Any, now: Any) -> tuple[int, bool]:
        sandbox.fail_next(faults.Drop(executes=True))
        first = await now(client.transfer("MAIN_UMFUTURE", "USDT", "25.5", idempotency_key="a"))
        again = await now(client.transfer("MAIN_UMFUTURE", "USDT", "25.5", idempotency_key="a"))
        assert (await now(client.audit(0))).clean
        return first.tran_id, again.replayed and again.tran_id == first.tran_id

    with bt.Journal(f"sqlite:///{tmp_path}/transfers.db", account="a") as journal:
        tran_id, replayed = sequence(way, sandbox, use, journal=journal)
    assert ([tran_id], replayed) == ([entry.tran_id for entry in sandbox.ledger.executions()], True)


# --- what only the fast one has to prove -----------------------------------------------------------------------------


@fast
@pytest.mark.parametrize("version", ["0.9", "2.0"])
def test_an_answer_of_another_version_is_not_read(way: Way, version: str) -> None:
    """The parser knows them, and what they mean here nobody does."""
    with Loopback(raw(f"HTTP/{version} 200 OK\r\nContent-Length: 12\r\n\r\n".encode() + b'{"tranId":1}')) as server:
        error = calls.failure(way, bt.Attempt(calls.ORDER, 1, 5000), base_url=server.url)
    assert type(error) is bt.OutcomeUnknown


@pytest.mark.parametrize("callback", ["on_header", "on_headers_complete", "on_body", "on_message_complete"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interruption_inside_of_the_parser_passes_through(
    callback: str, kind: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """httptools turns whatever a callback raises into an error of its own."""

    def interrupted(*_: object) -> None:
        raise kind("enough")

    monkeypatch.setattr(Arriving, callback, interrupted)
    with Loopback() as server, pytest.raises(kind) as caught:
        calls.execute("sync, fast", bt.Attempt(calls.ORDER, 1, 5000), base_url=server.url)
    assert caught.value.args == ("enough",)
    assert len(server.posts) == 1


def test_an_answer_leaves_nothing_for_the_garbage_collector() -> None:
    import gc
    import weakref

    gc.disable()
    try:
        answer = Arriving(RoundTrip())
        answer.end()
        gone = weakref.ref(answer)
        del answer
        assert gone() is None
    finally:
        gc.enable()


def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may be about to close it."""
    monkeypatch.setattr("binance_transfer.wire.fast._IDLE_S", 0.0)
    with Loopback() as server:
        calls.with_client(
            "sync, fast",
            lambda client: [client.execute(calls.ORDER) for _ in range(3)],
            lambda client: client.execute(calls.ORDER),
            base_url=server.url,
        )
        assert server.connections == 4


async def test_a_closed_transport_keeps_no_connection() -> None:
    """Not even one whose call ends afterwards."""
    transport = bt.FastTransport(verify=calls.TRUSTS_NOBODY)
    with Loopback(hang) as server:
        client = bt.TransferClient(keys.credentials(), base_url=server.url, transport=transport, timeout_s=0.3)
        running = asyncio.create_task(asyncio.to_thread(client.execute, bt.Attempt(calls.ORDER, 1, 5000)))
        while not server.posts:  # noqa: ASYNC110  # the server is a thread
            await asyncio.sleep(0.005)
        client.close()
        with pytest.raises(bt.OutcomeUnknown):
            await running
    idle: Idle[Any] = transport._idle
    assert not any(idle._waiting.values())


@fast
def test_tls_connections_are_used_again(way: Way) -> None:
    """Session tickets that come behind the handshake are no leftovers."""
    with Loopback(tls=certificates.serving()) as server:

        def use(client: bt.TransferClient) -> None:
            for _ in range(4):
                client.execute(calls.ORDER)

        async def use_asyncio(client: bt.AsyncTransferClient) -> None:
            for _ in range(4):
                await client.execute(calls.ORDER)

        options = {"verify": certificates.trusting()}
        calls.with_client(way, use, use_asyncio, base_url=server.url, httpx_options=options)
        assert server.connections == 1

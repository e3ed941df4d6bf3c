"""
No secret, API key or signature ever comes out: not in an error, a traceback, a log or a repr.

Servers here are spiteful: they send back what they were sent, wherever an answer has room for it and in every spelling.
"""

import asyncio
import contextlib
import html
import logging
import pickle
import re
import signal
import traceback
from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import quote, unquote

import httpx
import pytest

import binance_transfer as bt
from binance_transfer.wire.signing import signed
from tests.support.loopback import (
    Connection,
    Loopback,
    Seen,
    Step,
    answer,
    close,
    closed_port,
    hang,
    raw,
    reset,
    response,
)
from tests.support.marks import thorough
from tests.wrapper import calls, certificates, keys
from tests.wrapper.calls import Way


@pytest.fixture(params=[*calls.SYNC, *calls.ASYNCIO])
def way(request: pytest.FixtureRequest) -> Way:
    """Each client, over each transport."""
    return cast("Way", request.param)


# --- how a signature may be spelt ------------------------------------------------------------------------------------

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded-lower": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text, safe="")),
    "percent-encoded-twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent-encoded-throughout": lambda text: "".join(f"%{ord(character):02X}" for character in text),
    "json-slash": lambda text: text.replace("/", r"\/"),
    "json-escaped": lambda text: re.sub("[+/=]", lambda found: f"\\u{ord(found[0]):04x}", text),
    "json-escaped-upper": lambda text: re.sub("[+/=]", lambda found: f"\\u{ord(found[0]):04X}", text),
    "json-escaped-throughout": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "html-decimal": lambda text: re.sub("[+/=]", lambda found: f"&#{ord(found[0])};", text),
    "html-hexadecimal": lambda text: re.sub("[+/=]", lambda found: f"&#x{ord(found[0]):X};", text),
    "html-named": lambda text: text.replace("+", "&plus;").replace("/", "&sol;").replace("=", "&equals;"),
    "other-case": lambda text: text.swapcase() if re.fullmatch("[0-9a-f]+", text) else text,
}


def despelt(text: str) -> str:
    """Undo every spelling, and the backslashes that a repr adds."""
    for _ in range(3):
        text = re.sub(r"\\+u(00[0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), text)
        text = re.sub(r"\\+/", "/", html.unescape(unquote(text)))
    return text


def leaks(texts: list[str], secrets: list[str]) -> list[str]:
    """The secrets that can be found in the texts."""
    whole = "\n".join(texts)
    spelt = [whole.lower(), despelt(whole).lower()]
    return [secret[:6] for secret in secrets if any(secret.lower() in text for text in spelt)]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("signature", ["a+b/c==", "0a1b2c3d"])
def test_the_search_of_these_tests_finds_each_spelling(signature: str, spelling: str) -> None:
    assert leaks([repr([f"x{SPELLINGS[spelling](signature)}y"])], [signature]) == [signature[:6]]


def sent_secrets(request: Seen) -> list[str]:
    return [unquote(request.signed_part()[1].decode()), keys.API_KEY, keys.SECRET, *private_lines()]


def private_lines() -> list[str]:
    return keys.material(keys.pem("rsa")) + keys.material(keys.pem("ed25519"))


# --- everything that shows -------------------------------------------------------------------------------------------


def shown(value: object) -> list[str]:
    """All that a value can show of itself: texts, attributes, causes, tracebacks with local variables."""
    texts = [str(value), repr(value), repr(getattr(value, "__dict__", None))]
    with contextlib.suppress(TypeError, AttributeError):
        texts.append(pickle.dumps(value, 0).decode("latin-1"))
    if isinstance(value, BaseException):
        texts += [repr(value.args), repr(getattr(value, "__notes__", None))]
        texts += traceback.format_exception(value)
        texts += traceback.TracebackException.from_exception(value, capture_locals=True).format()
        for other in (value.__cause__, value.__context__):
            texts += [] if other is None else shown(other)
    return texts


def logged(records: list[logging.LogRecord]) -> list[str]:
    return [text for record in records for text in (record.getMessage(), repr(vars(record)))]


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every logger that exists tells everything."""
    names = ["", *logging.Logger.manager.loggerDict, "httpx", "httpcore", "asyncio", "binance_transfer", "urllib3"]
    names += [f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")]
    with contextlib.ExitStack() as levels:
        for name in dict.fromkeys(names):
            levels.enter_context(caplog.at_level(logging.DEBUG, logger=name or None))
        yield caplog


# --- what a server may do --------------------------------------------------------------------------------------------

Echo = Callable[[str], bytes]
LONG = "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"

ECHOES: dict[str, Echo] = {
    "text-of-a-refusal": lambda echo: response(400, f'{{"code":-1022,"msg":"signature {echo} is not valid"}}'),
    "text-of-an-unlisted-code": lambda echo: response(400, f'{{"code":-9999,"msg":"{echo}"}}'),
    "text-under-a-5xx": lambda echo: response(503, f'{{"code":-1007,"msg":"{echo}"}}'),
    "text-of-a-limit": lambda echo: response(429, f'{{"code":-1003,"msg":"{echo}"}}'),
    "firewall-page": lambda echo: response(403, f"<html>{echo}</html>", [("Content-Type", "text/html")]),
    "error-page": lambda echo: response(502, f"<html>{echo}</html>", [("Content-Type", "text/html")]),
    "body-of-a-200": lambda echo: response(200, echo),
    "name-of-a-field": lambda echo: response(200, f'{{"{echo}":1}}'),
    "beside-the-id": lambda echo: response(200, f'{{"tranId":5,"echo":"{echo}"}}'),
    "header": lambda echo: response(500, "", [("X-Echo", echo)]),
    "name-of-a-header": lambda echo: response(500, "", [(re.sub("[^A-Za-z0-9%-]", "", echo), "x")]),
    "content-type": lambda echo: response(403, "x", [("Content-Type", f"text/html; {echo}")]),
    "retry-after": lambda echo: response(429, "", [("Retry-After", echo)]),
    "weight": lambda echo: response(400, "{}", [("X-SAPI-USED-UID-WEIGHT-1M", echo)]),
    "cookie": lambda echo: response(500, "", [("Set-Cookie", f"a={echo}")]),
    "encoding": lambda echo: response(200, "{}", [("Content-Encoding", echo)]),
    "broken-gzip": lambda echo: response(200, echo, [("Content-Encoding", "gzip")]),
    "reason": lambda echo: response(500, "", reason=echo),
    "location": lambda echo: response(307, "", [("Location", f"https://evil.example/?signature={echo}")]),
    "broken-location": lambda echo: response(307, "", [("Location", f"http://[{echo}")]),
    "status-line": lambda echo: f"{echo}\r\n\r\n".encode(),
    "status": lambda echo: f"HTTP/1.1 {echo} OK\r\n\r\n".encode(),
    "header-line": lambda echo: f"HTTP/1.1 200 OK\r\n{echo}\r\n\r\n".encode(),
    "content-length": lambda echo: f"HTTP/1.1 200 OK\r\nContent-Length: {echo}\r\n\r\n".encode(),
    "transfer-encoding": lambda echo: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {echo}\r\n\r\n".encode(),
    "chunk-size": lambda echo: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{echo}\r\n".encode(),
    "version": lambda echo: f"HTTP/{echo} 200 OK\r\n\r\n".encode(),
    "informational": lambda echo: f"HTTP/1.1 103 {echo}\r\nLink: <{echo}>\r\n\r\nHTTP/1.1 500 x\r\n{LONG}".encode(),
    "truncated": lambda echo: f"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{echo}".encode(),
}


def echoing(echo: Echo, spelling: str) -> Step:
    """Send the signature back, spelt somehow, and then the whole request where there is room."""

    def step(connection: Connection) -> None:
        signature = unquote(connection.request.signed_part()[1].decode())
        raw(echo(SPELLINGS[spelling](signature)))(connection)

    return step


def outcome(way: Way, **options: Any) -> object:
    try:
        return calls.execute(way, **options)
    except bt.TransferError as error:
        return error


@pytest.mark.parametrize("kind", keys.KINDS)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("quoted", [str, *thorough(repr, lambda text: repr(repr(text)))])
def test_every_spelling_is_masked(kind: keys.Kind, spelling: str, quoted: Callable[[str], str]) -> None:
    """Also where a library quotes what it read, with backslashes of its own."""
    request = signed(bt.Attempt(calls.ORDER, 1, 5000).request(), keys.credentials(kind), "https://api.binance.com")
    signature = request.secrets[0]
    assert leaks([request.redact(quoted(f"<{SPELLINGS[spelling](signature)}>"))], [signature]) == []


@pytest.mark.parametrize("secret", ["a", "k", "code", "tranId", "1", "5"])
def test_a_key_as_short_as_a_word_breaks_no_answer(way: Way, secret: str) -> None:
    """Nobody's real key, but many a test's: masking it would tear answers apart."""
    with Loopback(answer(200, {"tranId": 15})) as server:
        credentials = bt.Credentials(api_key=secret, secret="s")
        assert calls.execute(way, base_url=server.url, credentials=credentials).tran_id == 15


# Every place with a few spellings over the wire; all of them are above.
KEYS_AND_SPELLINGS: list[tuple[keys.Kind, str]] = [
    ("hmac", "plain"),
    ("rsa", "percent-encoded"),
    ("ed25519", "json-escaped"),
    ("rsa", "json-slash"),
]


@pytest.mark.parametrize("place", ECHOES)
def test_an_echo_shows_nowhere(way: Way, place: str, everything_logged: pytest.LogCaptureFixture) -> None:
    """Whatever the key, and however the server spells it."""
    found = {}
    for kind, spelling in KEYS_AND_SPELLINGS:
        with Loopback(echoing(ECHOES[place], spelling)) as server:
            result = outcome(way, base_url=server.url, credentials=keys.credentials(kind))
        texts = shown(result) + logged(everything_logged.records)
        everything_logged.clear()
        if leaked := leaks(texts, sent_secrets(server.posts[0])):
            found[kind, spelling] = leaked
    assert found == {}


def whole_request(connection: Connection) -> None:
    request = connection.request
    raw(response(400, b"<html>" + request.head + b"\r\n\r\n" + request.body))(connection)


def whole_request_as_json(connection: Connection) -> None:
    request = connection.request
    text = f"{request.head.decode()} {request.body.decode()} {dict(request.headers)}"
    raw(response(400, {"code": -1022, "msg": text}))(connection)


QUIET_ENDS: dict[str, Step] = {
    "success": answer(200, {"tranId": 5}),
    "refusal": answer(400, {"code": -1102, "msg": "Mandatory parameter 'asset' was not sent"}),
    "whole-request": whole_request,
    "whole-request-as-json": whole_request_as_json,
    "timeout": hang,
    "fin": close,
    "reset": reset,
    "no-http": raw(b"\x00\x01\x02"),
    "firewall": answer(403, "<html>"),
}


@pytest.mark.parametrize("kind", keys.KINDS)
@pytest.mark.parametrize("end", QUIET_ENDS)
def test_no_end_of_a_call_shows_a_secret(
    way: Way, end: str, kind: keys.Kind, everything_logged: pytest.LogCaptureFixture
) -> None:
    with Loopback(QUIET_ENDS[end]) as server:
        timeout_s = 0.5 if end == "timeout" else 10.0
        result = outcome(way, base_url=server.url, credentials=keys.credentials(kind), timeout_s=timeout_s)
    assert leaks(shown(result) + logged(everything_logged.records), sent_secrets(server.posts[0])) == []


@contextlib.contextmanager
def not_listening() -> Iterator[dict[str, Any]]:
    with closed_port() as url:
        yield {"base_url": url}


@contextlib.contextmanager
def bad_tls() -> Iterator[dict[str, Any]]:
    with Loopback(tls=certificates.serving()) as server:
        yield {"base_url": server.url, "httpx_options": {"verify": certificates.trusting("wrong")}}


@contextlib.contextmanager
def proxied() -> Iterator[dict[str, Any]]:
    with Loopback(answer(407, "", reason="who are you")) as middle:
        yield {"base_url": "https://exchange.invalid", "httpx_options": {"verify": False, "proxy": middle.url}}


@pytest.mark.parametrize("kind", keys.KINDS)
@pytest.mark.parametrize(("way", "case"), [
    *((way, case) for way in (*calls.SYNC, *calls.ASYNCIO) for case in (not_listening, bad_tls)),
    *((way, proxied) for way in calls.WAYS),
])  # fmt: skip
def test_a_call_without_connection_shows_no_secret(
    way: Way,
    case: Callable[[], contextlib.AbstractContextManager[dict[str, Any]]],
    kind: keys.Kind,
    everything_logged: pytest.LogCaptureFixture,
) -> None:
    """What would have been sent: an attempt is signed the same way each time, RSA and Ed25519 included."""
    attempt = bt.Attempt(calls.ORDER, 1_499_827_319_559, 5000)
    credentials = keys.credentials(kind)
    with case() as options:
        result = outcome(way, order=attempt, credentials=credentials, **options)
    signature = credentials.sign(attempt.request().encoded().encode())
    texts = shown(result) + logged(everything_logged.records)
    assert leaks(texts, [signature, keys.API_KEY, keys.SECRET, *private_lines()]) == []


READS: dict[str, Step] = {
    "history": answer(200, {"total": 0, "rows": []}),
    "refused": answer(400, {"code": -2015, "msg": "Invalid API-key"}),
    "no-http": raw(b"nonsense\r\n\r\n"),
    "fin": close,
}


@pytest.mark.parametrize("end", [*READS, "text-of-a-refusal", "header-line", "location", "broken-location", "reason"])
def test_a_read_whose_url_is_signed_shows_nothing(
    way: Way, end: str, everything_logged: pytest.LogCaptureFixture
) -> None:
    """A signed query stands in the URL, and libraries like to log URLs."""
    kind: keys.Kind = "ed25519"
    step = READS[end] if end in READS else echoing(ECHOES[end], "percent-encoded")
    result: object = None
    with Loopback(step) as server:
        try:
            calls.history(way, "MAIN_UMFUTURE", base_url=server.url, credentials=keys.credentials(kind))
        except bt.TransferError as error:
            result = error
    assert leaks(shown(result) + logged(everything_logged.records), sent_secrets(server.reads[0])) == []


# --- interruptions, and what people look at --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", keys.KINDS)
async def test_a_cancelled_call_shows_nothing(
    asyncio_way: Way, kind: keys.Kind, everything_logged: pytest.LogCaptureFixture
) -> None:
    with Loopback(hang) as server:
        transport = calls.transport(asyncio_way)
        async with bt.AsyncTransferClient(keys.credentials(kind), base_url=server.url, transport=transport) as client:
            task = asyncio.create_task(client.execute(calls.ORDER))
            while not server.posts:  # noqa: ASYNC110  # the server is a thread
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await task
    texts = shown(cancelled.value) + logged(everything_logged.records)
    assert leaks(texts, sent_secrets(server.posts[0])) == []


def signed_queries(server: Loopback) -> list[str]:
    return [secret for read in server.reads for secret in sent_secrets(read)]


async def test_a_cancelled_reading_shows_nothing(asyncio_way: Way, everything_logged: pytest.LogCaptureFixture) -> None:
    """Its URL is signed, and whatever holds the URL must not be a variable of a frame that the caller sees."""
    with Loopback(hang) as server:
        transport = calls.transport(asyncio_way)
        async with bt.AsyncTransferClient(keys.credentials(), base_url=server.url, transport=transport) as client:
            task = asyncio.ensure_future(anext(client.history("MAIN_UMFUTURE")))
            while not server.reads:  # noqa: ASYNC110  # the server is a thread
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await task
        assert leaks(shown(cancelled.value) + logged(everything_logged.records), signed_queries(server)) == []


def test_an_interrupted_reading_shows_nothing(sync_way: Way, everything_logged: pytest.LogCaptureFixture) -> None:
    with Loopback(hang) as server:

        def interrupt(number: int, frame: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with pytest.raises(KeyboardInterrupt) as interrupted:
                calls.history(sync_way, "MAIN_UMFUTURE", base_url=server.url)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        texts = shown(interrupted.value) + logged(everything_logged.records)
        assert signed_queries(server)
        assert leaks(texts, signed_queries(server)) == []


@pytest.mark.parametrize("kind", keys.KINDS)
def test_an_unexpected_exception_shows_nothing(httpx_way: Way, kind: keys.Kind) -> None:
    """A transport of the user's own that throws the request itself at the caller."""

    def throw(request: httpx.Request) -> httpx.Response:
        raise RuntimeError(request.content, request.headers)

    attempt = bt.Attempt(calls.ORDER, 1_499_827_319_559, 5000)
    credentials = keys.credentials(kind)
    result = outcome(httpx_way, order=attempt, credentials=credentials, transport=httpx.MockTransport(throw))
    signature = credentials.sign(attempt.request().encoded().encode())
    assert leaks(shown(result), [signature, keys.API_KEY]) == []


@pytest.mark.parametrize("kind", keys.KINDS)
def test_what_people_print_shows_nothing(sync_way: Way, kind: keys.Kind) -> None:
    """Clients, credentials, attempts, receipts."""
    with Loopback() as server:
        transport = calls.transport(sync_way)
        with bt.TransferClient(keys.credentials(kind), base_url=server.url, transport=transport) as client:
            attempt = client.prepare(calls.ORDER)
            receipt = client.execute(attempt)
            texts = [text for value in (client, attempt, receipt, keys.credentials(kind)) for text in shown(value)]
    assert leaks(texts, sent_secrets(server.posts[0])) == []


def test_masking_leaves_a_receipt_as_it_is(way: Way) -> None:
    with Loopback(echoing(ECHOES["beside-the-id"], "plain")) as server:
        assert calls.execute(way, base_url=server.url).tran_id == 5


def test_masking_leaves_a_refusal_as_it_is(way: Way) -> None:
    with Loopback(echoing(ECHOES["text-of-a-refusal"], "json-escaped-throughout")) as server:
        error = calls.failure(way, base_url=server.url)
    assert (type(error), getattr(error, "code", None), getattr(error, "msg", None)) == (
        bt.Rejected,
        -1022,
        "signature *** is not valid",
    )


def test_a_text_without_echo_is_not_touched(way: Way) -> None:
    """Masking must not decode what it does not mask."""
    msg = "100%25 of a\\u002b &#43; \\/ 币"
    with Loopback(answer(400, {"code": -1102, "msg": msg})) as server:
        error = calls.failure(way, base_url=server.url)
    assert getattr(error, "msg", None) == msg


# --- other users of the same libraries -------------------------------------------------------------------------------


def test_what_others_log_with_httpx_is_still_logged(everything_logged: pytest.LogCaptureFixture) -> None:
    with Loopback(hang, answer(200, {})) as server, httpx.Client(verify=False) as other:
        outcome("sync", base_url=server.url, timeout_s=0.2)
        everything_logged.clear()
        other.get(f"{server.url}/other")
    assert any("/other" in record.getMessage() for record in everything_logged.records if record.name == "httpx")


async def test_what_others_log_meanwhile_is_still_logged(everything_logged: pytest.LogCaptureFixture) -> None:
    """Another task of the same program, while a transfer is under way."""
    with Loopback(hang, answer(200, {})) as server:
        transport = bt.AsyncHttpxTransport(verify=False)
        async with (
            bt.AsyncTransferClient(keys.credentials(), base_url=server.url, transport=transport) as client,
            httpx.AsyncClient(verify=False) as other,
        ):
            task = asyncio.create_task(client.execute(calls.ORDER))
            while not server.posts:  # noqa: ASYNC110  # the server is a thread
                await asyncio.sleep(0.005)
            await other.get(f"{server.url}/other")
            task.cancel()
            await asyncio.wait([task])
    names = {record.name for record in everything_logged.records}
    assert {"httpx", "httpcore.http11"} <= names


def test_whoever_tells_the_time_is_sent_no_secret(way: Way) -> None:
    with Loopback() as server:
        calls.execute(way, base_url=server.url)
    assert leaks([server.seen[0].head.decode()], sent_secrets(server.posts[0])) == []

"""
Each way in which a call can fail on the network, and what it means for the money.

NotSent only where it is certain that no byte of the request reached anybody; else OutcomeUnknown. And whatever
happens, the exchange sees at most one request.
"""

import asyncio
import contextlib
import gzip
import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any, cast

import httpx
import pytest

import binance_transfer as bt
from binance_transfer.wire.answer import NoAnswer
from binance_transfer.wire.signing import SignedRequest
from binance_transfer_sandbox import Sandbox
from tests.support.loopback import (
    RECEIPT,
    Connection,
    Loopback,
    Step,
    answer,
    close,
    closed_port,
    full_listener,
    hang,
    raw,
    reset,
    response,
    trickle,
    tunnel,
)
from tests.wrapper import calls, certificates, keys
from tests.wrapper.calls import Way


@pytest.fixture(params=[*calls.SYNC, *calls.ASYNCIO])
def way(request: pytest.FixtureRequest) -> Way:
    """Each client, over each transport."""
    return cast("Way", request.param)


# For what hangs until the deadline; all other cases get time enough for a machine that is busy.
TIMEOUT_S = 0.3
HANGING = {
    "connection-timeout", "tls-handshake-hangs", "proxy-hangs", "no-answer", "body-trickle", "chunk-trickle",
    "header-trickle", "status-line-trickle", "continue-trickle", "endless-continue",
}  # fmt: skip
Options = dict[str, Any]


def timeout_s(case: str) -> float:
    return TIMEOUT_S if case in HANGING else 10.0


def attempt() -> bt.Attempt:
    """An attempt of now, so that no clock is read first."""
    return bt.Attempt(calls.ORDER, time.time_ns() // 1_000_000, 5000)


# --- nothing was sent ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def refused() -> Iterator[Options]:
    with closed_port() as url:
        yield {"base_url": url}


@contextlib.contextmanager
def no_such_name() -> Iterator[Options]:
    yield {"base_url": "https://exchange.invalid"}


@contextlib.contextmanager
def blackhole() -> Iterator[Options]:
    with full_listener() as url:
        yield {"base_url": url}


def tls(host: str = "127.0.0.1", trust: str = "right") -> Callable[[], AbstractContextManager[Options]]:
    @contextlib.contextmanager
    def case() -> Iterator[Options]:
        with Loopback(tls=certificates.serving(host)) as server:
            yield {"base_url": server.url, "httpx_options": {"verify": certificates.trusting(trust)}}

    return case


def not_tls(greet: Callable[[socket.socket], None]) -> Callable[[], AbstractContextManager[Options]]:
    @contextlib.contextmanager
    def case() -> Iterator[Options]:
        with Loopback(on_connect=greet) as server:
            url = server.url.replace("http://", "https://")
            yield {"base_url": url, "httpx_options": {"verify": certificates.trusting()}}

    return case


def greet_in_plain_text(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def say_nothing(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def leave(sock: socket.socket) -> None:
    sock.recv(1)
    sock.shutdown(socket.SHUT_RDWR)


def proxy(step: Step) -> Callable[[], AbstractContextManager[Options]]:
    @contextlib.contextmanager
    def case() -> Iterator[Options]:
        with Loopback(step) as middle:
            yield {"base_url": "https://exchange.invalid", "httpx_options": {"verify": False, "proxy": middle.url}}

    return case


@contextlib.contextmanager
def proxy_refused() -> Iterator[Options]:
    with closed_port() as url:
        yield {"base_url": "https://exchange.invalid", "httpx_options": {"verify": False, "proxy": url}}


@contextlib.contextmanager
def untrusted_behind_a_proxy() -> Iterator[Options]:
    with Loopback(tls=certificates.serving()) as server, Loopback(tunnel) as middle:
        httpx_options = {"verify": certificates.trusting("wrong"), "proxy": middle.url}
        yield {"base_url": server.url, "httpx_options": httpx_options}


NOTHING_SENT: dict[str, Callable[[], AbstractContextManager[Options]]] = {
    "refused": refused,
    "no-such-name": no_such_name,
    "connection-timeout": blackhole,
    "unknown-authority": tls(trust="wrong"),
    "certificate-of-another-host": tls("other.example"),
    "plain-text-where-tls-was-expected": not_tls(greet_in_plain_text),
    "tls-handshake-hangs": not_tls(say_nothing),
    "tls-handshake-ends": not_tls(leave),
}
BEHIND_A_PROXY: dict[str, Callable[[], AbstractContextManager[Options]]] = {
    "proxy-refuses-403": proxy(answer(403, "<html>")),
    "proxy-refuses-407": proxy(answer(407, "", [("Proxy-Authenticate", "Basic")])),
    "proxy-refuses-502": proxy(answer(502, "<html>")),
    "proxy-refuses-200-not": proxy(answer(500)),
    "proxy-leaves": proxy(close),
    "proxy-resets": proxy(reset),
    "proxy-hangs": proxy(hang),
    "proxy-speaks-no-http": proxy(raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")),
    "proxy-redirects": proxy(answer(302, "", [("Location", "http://elsewhere.example/")])),
    "proxy-not-there": proxy_refused,
    "untrusted-behind-a-proxy": untrusted_behind_a_proxy,
}


@pytest.mark.parametrize("case", NOTHING_SENT)
def test_without_a_connection_nothing_moved(way: Way, case: str) -> None:
    with NOTHING_SENT[case]() as options:
        error = calls.failure(way, attempt(), timeout_s=timeout_s(case), **options)
    assert type(error) is bt.NotSent


@pytest.mark.parametrize("case", BEHIND_A_PROXY)
def test_without_a_connection_through_a_proxy_nothing_moved(httpx_way: Way, case: str) -> None:
    with BEHIND_A_PROXY[case]() as options:
        error = calls.failure(httpx_way, attempt(), timeout_s=timeout_s(case), **options)
    assert type(error) is bt.NotSent


@pytest.mark.parametrize("case", ["refused", "unknown-authority", "connection-timeout"])
def test_without_a_connection_the_clock_cannot_be_read_either(way: Way, case: str) -> None:
    """A reading that fails must not turn a transfer that was not sent into anything else."""
    with NOTHING_SENT[case]() as options:
        error = calls.failure(way, calls.ORDER, timeout_s=timeout_s(case), **options)
    assert type(error) is bt.NotSent


def test_without_a_proxy_the_clock_cannot_be_read_either(httpx_way: Way) -> None:
    with BEHIND_A_PROXY["proxy-refuses-403"]() as options:
        error = calls.failure(httpx_way, calls.ORDER, **options)
    assert type(error) is bt.NotSent


@pytest.mark.parametrize("case", ["unknown-authority", "certificate-of-another-host"])
def test_a_server_that_is_not_trusted_sees_no_request(way: Way, case: str) -> None:
    hosts = {"unknown-authority": "127.0.0.1", "certificate-of-another-host": "other.example"}
    trust = {"unknown-authority": "wrong", "certificate-of-another-host": "right"}
    with Loopback(tls=certificates.serving(hosts[case])) as server:
        httpx_options = {"verify": certificates.trusting(trust[case])}
        calls.failure(way, calls.ORDER, base_url=server.url, httpx_options=httpx_options)
    assert server.seen == []


@pytest.mark.parametrize("case", ["connection-timeout", "tls-handshake-hangs"])
def test_connecting_is_bounded_by_the_deadline(way: Way, case: str) -> None:
    """Reading the clock, connecting, all of it: one deadline."""
    with NOTHING_SENT[case]() as options:
        started_s = time.monotonic()
        calls.failure(way, calls.ORDER, timeout_s=TIMEOUT_S, **options)
        assert time.monotonic() - started_s < TIMEOUT_S + 1


def test_connecting_to_a_proxy_is_bounded_by_the_deadline(httpx_way: Way) -> None:
    with BEHIND_A_PROXY["proxy-hangs"]() as options:
        started_s = time.monotonic()
        calls.failure(httpx_way, calls.ORDER, timeout_s=TIMEOUT_S, **options)
        assert time.monotonic() - started_s < TIMEOUT_S + 1


def test_a_name_with_several_addresses_has_one_deadline(way: Way) -> None:
    """Each address is tried, but not each for the whole time. Here: all that localhost has."""
    with full_listener() as url, contextlib.ExitStack() as listeners:
        port = int(url.rpartition(":")[2])
        with contextlib.suppress(OSError):  # a machine without IPv6
            other = listeners.enter_context(socket.create_server(("::1", port), family=socket.AF_INET6, backlog=0))
            for _ in range(4):
                filler = listeners.enter_context(socket.socket(socket.AF_INET6))
                filler.setblocking(False)
                filler.connect_ex(other.getsockname())
        started_s = time.monotonic()
        calls.failure(way, attempt(), base_url=f"http://localhost:{port}", timeout_s=1.0)
        assert time.monotonic() - started_s < 1.6


def test_the_second_address_of_a_name_is_tried(way: Way) -> None:
    """The server listens on 127.0.0.1 only, and localhost may mean ::1 first."""
    with Loopback() as server:
        receipt = calls.execute(way, attempt(), base_url=f"http://localhost:{server.port}")
    assert receipt.tran_id == 13526853623


def test_what_connects_too_late_for_an_answer_is_not_sent(way: Way) -> None:
    """Nine tenths of the time are gone: an answer could not be waited for, and the outcome would be unknown."""
    with Loopback(tls=certificates.serving(), on_connect=lambda _: time.sleep(0.9)) as server:
        httpx_options = {"verify": certificates.trusting()}
        error = calls.failure(way, attempt(), base_url=server.url, timeout_s=1.0, httpx_options=httpx_options)
        time.sleep(0.05)
        assert (type(error), server.seen) == (bt.NotSent, [])


def test_what_connects_in_time_for_an_answer_is_sent(way: Way) -> None:
    with Loopback(tls=certificates.serving(), on_connect=lambda _: time.sleep(0.5)) as server:
        httpx_options = {"verify": certificates.trusting()}
        receipt = calls.execute(way, attempt(), base_url=server.url, timeout_s=1.5, httpx_options=httpx_options)
    assert receipt.tran_id == 13526853623


def test_a_reading_may_take_all_of_its_time(way: Way) -> None:
    """Its answer decides nothing."""
    with Loopback(on_connect=lambda _: time.sleep(0.8)) as server:
        calls.with_client(
            way, lambda client: client.server_time(), lambda client: client.server_time(),
            base_url=server.url, timeout_s=1.0,
        )  # fmt: skip


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "127.0.0.1/", "http://", "https://[::1", "http://127.0.0.1:99999/"]
)
def test_a_url_that_is_refused_was_not_sent(sync_way: Way, url: str) -> None:
    request = SignedRequest("POST", url, {}, b"a=1", ())
    transport = calls.transport(sync_way)
    reply = transport.send(request, 1.0)
    transport.close()
    assert isinstance(reply, NoAnswer)
    assert not reply.sent


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\0b", "\u00e9\u4e2d"])
@pytest.mark.parametrize("place", ["header", "URL"])
def test_what_would_be_taken_for_another_header_is_not_sent(sync_way: Way, place: str, value: str) -> None:
    """Credentials and requests are checked long before; this is the last look."""
    with Loopback() as server:
        url, headers = (server.url + "/" + value, {}) if place == "URL" else (server.url + "/", {"X-A": value})
        transport = calls.transport(sync_way)
        reply = transport.send(SignedRequest("POST", url, headers, b"a=1", ()), 1.0)
        transport.close()
    assert all(name != "x-other" for request in server.seen for name, _ in request.headers)
    assert reply.sent is False if isinstance(reply, NoAnswer) else server.seen[0].target.isascii()


ONE_CONNECTION: dict[Way, Callable[[], Any]] = {
    "sync": lambda: bt.HttpxTransport(verify=False, limits=httpx.Limits(max_connections=1)),
    "asyncio": lambda: bt.AsyncHttpxTransport(verify=False, limits=httpx.Limits(max_connections=1)),
    "sync, fast": lambda: bt.FastTransport(verify=calls.TRUSTS_NOBODY, max_connections=1),
    "asyncio, fast": lambda: bt.AsyncFastTransport(verify=calls.TRUSTS_NOBODY, max_connections=1),
}


def test_no_free_connection_means_not_sent(sync_way: Way) -> None:
    transport = ONE_CONNECTION[sync_way]()
    with Loopback(hang) as server, ThreadPoolExecutor(1) as pool:
        patient = bt.TransferClient(keys.credentials(), base_url=server.url, timeout_s=0.8, transport=transport)
        hasty = bt.TransferClient(keys.credentials(), base_url=server.url, timeout_s=0.2, transport=transport)
        waiting = pool.submit(patient.execute, attempt())
        while not server.posts:
            time.sleep(0.005)
        with pytest.raises(bt.NotSent):
            hasty.execute(attempt())
        with pytest.raises(bt.OutcomeUnknown):
            waiting.result()
        transport.close()


def slowly(connection: Connection) -> None:
    time.sleep(0.9)
    connection.send(response(200, BODY))


def test_a_connection_that_is_free_too_late_for_an_answer_means_not_sent(sync_way: Way) -> None:
    transport = ONE_CONNECTION[sync_way]()
    with Loopback(slowly) as server, ThreadPoolExecutor(1) as pool:
        client = bt.TransferClient(keys.credentials(), base_url=server.url, timeout_s=1.0, transport=transport)
        first = pool.submit(client.execute, attempt())
        while not server.posts:
            time.sleep(0.005)
        with pytest.raises(bt.NotSent):
            client.execute(attempt())
        assert (first.result().tran_id, len(server.posts)) == (13526853623, 1)
        client.close()


async def test_a_connection_that_is_free_too_late_for_an_answer_means_not_sent_asyncio(asyncio_way: Way) -> None:
    transport = ONE_CONNECTION[asyncio_way]()
    with Loopback(slowly) as server:
        client = bt.AsyncTransferClient(keys.credentials(), base_url=server.url, timeout_s=1.0, transport=transport)
        first = asyncio.create_task(client.execute(attempt()))
        await seen(server)
        with pytest.raises(bt.NotSent):
            await client.execute(attempt())
        assert ((await first).tran_id, len(server.posts)) == (13526853623, 1)
        await client.aclose()


async def test_no_free_connection_means_not_sent_asyncio(asyncio_way: Way) -> None:
    transport = ONE_CONNECTION[asyncio_way]()
    with Loopback(hang) as server:
        patient = bt.AsyncTransferClient(keys.credentials(), base_url=server.url, timeout_s=0.6, transport=transport)
        hasty = bt.AsyncTransferClient(keys.credentials(), base_url=server.url, timeout_s=0.2, transport=transport)
        waiting = asyncio.create_task(patient.execute(attempt()))
        await seen(server)
        with pytest.raises(bt.NotSent):
            await hasty.execute(attempt())
        with pytest.raises(bt.OutcomeUnknown):
            await waiting
        await transport.aclose()


def test_a_place_is_free_again_after_each_end_of_a_call(way: Way) -> None:
    """Whatever ended it: with one connection at a time, the last call still gets through."""
    steps = [close, reset, raw(b"nonsense"), RECEIPT]
    transport = ONE_CONNECTION[way]()

    def use(client: bt.TransferClient) -> int:
        for _ in steps[:-1]:
            with pytest.raises(bt.OutcomeUnknown):
                client.execute(attempt())
        return client.execute(attempt()).tran_id

    async def use_asyncio(client: bt.AsyncTransferClient) -> int:
        for _ in steps[:-1]:
            with pytest.raises(bt.OutcomeUnknown):
                await client.execute(attempt())
        return (await client.execute(attempt())).tran_id

    with Loopback(*steps) as server:
        tran_id = calls.with_client(way, use, use_asyncio, base_url=server.url, transport=transport)
    assert tran_id == 13526853623


# --- something may have been sent ------------------------------------------------------------------------------------

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'{"tranId":13526853623}'


def endless(head: bytes, piece: bytes) -> Step:
    """Never stop sending."""

    def step(connection: Connection) -> None:
        connection.end()
        connection.send(head)
        while True:
            connection.send(piece)

    return step


def redirect(status: int, location: str) -> Step:
    return answer(status, "", [("Location", location)])


SOMETHING_SENT: dict[str, Step] = {
    "no-answer": hang,
    "fin-without-answer": close,
    "reset-without-answer": reset,
    "half-a-status-line": raw(b"HTTP/1.1 20"),
    "half-a-header": raw(OK_HEAD + b"X-Mbx"),
    "headers-only": raw(OK_HEAD + b"Content-Length: 22\r\n\r\n"),
    "body-shorter-than-announced": raw(OK_HEAD + b"Content-Length: 99\r\n\r\n" + BODY),
    "body-cut-inside-the-number": raw(OK_HEAD + b"Content-Length: 22\r\n\r\n" + BODY[:15]),
    "body-longer-than-announced": raw(OK_HEAD + b"Content-Length: 5\r\n\r\n" + BODY),
    "chunk-without-end": raw(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n16\r\n" + BODY + b"\r\n"),
    "chunk-of-garbage": raw(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk-of-negative-size": raw(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "two-lengths": raw(OK_HEAD + b"Content-Length: 22\r\nContent-Length: 23\r\n\r\n" + BODY),
    "length-is-no-number": raw(OK_HEAD + b"Content-Length: many\r\n\r\n" + BODY),
    "not-gzip": raw(OK_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 22\r\n\r\n" + BODY),
    "half-a-gzip": answer(200, gzip.compress(BODY)[:20], [("Content-Encoding", "gzip")]),
    "no-http": raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "tls-where-plain-text-was-expected": raw(b"\x15\x03\x01\x00\x02\x02\x50"),
    "status-of-two-digits": raw(b"HTTP/1.1 20 OK\r\n\r\n"),
    "header-without-name": raw(b"HTTP/1.1 200 OK\r\n: x\r\n\r\n"),
    "nul-in-header": raw(b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n"),
    "switching-protocols": raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + BODY),
    "header-flood": endless(b"HTTP/1.1 200 OK\r\n", b"X-Flood: " + b"x" * 4096 + b"\r\n"),
    "one-endless-header": endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
    "endless-continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless-body": endless(OK_HEAD + b"Content-Length: 1000000000000\r\n\r\n", b" " * 1_000_000),
    "gzip-bomb": answer(200, gzip.compress(b" " * 40_000_000, 1), [("Content-Encoding", "gzip")]),
    "body-trickle": trickle(OK_HEAD + b"Content-Length: 1000\r\n\r\n", b" ", 0.05),
    "chunk-trickle": trickle(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.05),
    "header-trickle": trickle(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05),
    "status-line-trickle": trickle(b"HTTP/1.1 200 ", b"x", 0.05),
    "continue-trickle": trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
    "moved-301": redirect(301, "/elsewhere"),
    "found-302": redirect(302, "http://127.0.0.1:1/"),
    "see-other-303": redirect(303, "/sapi/v1/asset/transfer"),
    "temporary-307": redirect(307, "/sapi/v1/asset/transfer"),
    "permanent-308": redirect(308, "/sapi/v1/asset/transfer"),
    "redirect-to-nowhere": answer(307),
    "redirect-to-garbage": redirect(308, "http://[::1"),
    "length-and-chunks": raw(OK_HEAD + b"Content-Length: 22\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY),
    "coded-for-the-transfer": raw(
        OK_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n16\r\n" + BODY + b"\r\n0\r\n\r\n"
    ),
    "no-known-coding": raw(OK_HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + BODY),
    "empty-coding": raw(OK_HEAD + b"Transfer-Encoding:\r\nContent-Length: 22\r\n\r\n" + BODY),
    "length-with-a-sign": raw(OK_HEAD + b"Content-Length: +22\r\n\r\n" + BODY),
    "blank-before-a-colon": raw(OK_HEAD + b"Content-Length : 22\r\n\r\n" + BODY),
    "status-000": raw(b"HTTP/1.1 000 OK\r\nContent-Length: 22\r\n\r\n" + BODY),
    "interim-answer-only": raw(b"HTTP/1.1 103 Early Hints\r\nContent-Length: 22\r\n\r\n" + BODY),
    "no-content": raw(b"HTTP/1.1 204 No Content\r\nContent-Length: 22\r\n\r\n" + BODY),
}


@pytest.mark.parametrize("case", SOMETHING_SENT)
def test_without_a_whole_answer_it_may_have_moved(way: Way, case: str) -> None:
    with Loopback(SOMETHING_SENT[case]) as server:
        error = calls.failure(way, attempt(), base_url=server.url, timeout_s=timeout_s(case))
        assert (type(error), len(server.posts)) == (bt.OutcomeUnknown, 1)


@pytest.mark.parametrize("case", ["no-answer", "body-trickle", "header-trickle", "continue-trickle"])
def test_waiting_for_an_answer_is_bounded_by_the_deadline(way: Way, case: str) -> None:
    with Loopback(SOMETHING_SENT[case]) as server:
        started_s = time.monotonic()
        calls.failure(way, attempt(), base_url=server.url, timeout_s=TIMEOUT_S)
        assert time.monotonic() - started_s < TIMEOUT_S + 1


def test_a_reset_before_the_request_may_come_after_it(way: Way) -> None:
    """The connection is there, the request is written, and only then is the reset seen: nobody knows who was first."""

    def slam(sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()

    with Loopback(on_connect=slam) as server:
        error = calls.failure(way, attempt(), base_url=server.url, timeout_s=TIMEOUT_S)
    assert type(error) in {bt.OutcomeUnknown, bt.NotSent}
    assert server.posts == []


def test_a_clock_that_is_not_read_in_time_is_left_while_there_is_time_to_send(way: Way) -> None:
    """A quarter of the time is kept for the transfer, so nothing is begun after the other three."""
    began_s = time.monotonic()
    with Loopback(clock=hang) as server:
        error = calls.failure(way, base_url=server.url, timeout_s=1.0)
    assert (type(error), server.posts, time.monotonic() - began_s < 1.0) == (bt.NotSent, [], True)


def test_an_answer_in_chunks_is_an_answer(way: Way) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, BODY[at : at + 1]) for at in range(len(BODY)))
    step = raw(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    with Loopback(step) as server:
        assert calls.execute(way, attempt(), base_url=server.url).tran_id == 13526853623


def test_an_answer_that_ends_with_its_connection_is_an_answer(way: Way) -> None:
    """As servers of HTTP/1.0 do it, without a length."""
    with Loopback(raw(OK_HEAD + b"\r\n" + BODY)) as server:
        assert calls.execute(way, attempt(), base_url=server.url).tran_id == 13526853623


def test_a_header_behind_the_body_says_nothing(way: Way) -> None:
    """A trailer is read by those that asked for it (RFC 9110, section 6.5)."""
    trailer = b"1\r\n{\r\n0\r\nRetry-After: 9\r\n\r\n"
    with Loopback(raw(b"HTTP/1.1 429 x\r\nTransfer-Encoding: chunked\r\n\r\n" + trailer)) as server:
        assert calls.failure(way, attempt(), base_url=server.url).retry_after_s is None


def test_a_header_that_came_twice_is_not_half_believed(way: Way) -> None:
    with Loopback(answer(429, "", [("Retry-After", "9"), ("Retry-After", "90")])) as server:
        assert calls.failure(way, attempt(), base_url=server.url).retry_after_s is None


def test_a_connection_that_the_answer_ends_is_not_used_again(way: Way) -> None:
    with Loopback(answer(200, BODY, [("Connection", "close")])) as server:
        several(way, server, 2)
        assert [post.connection for post in server.posts] == [1, 2]


def test_an_answer_after_100_continue_is_an_answer(way: Way) -> None:
    with Loopback(raw(b"HTTP/1.1 100 Continue\r\n\r\n" + response(200, BODY))) as server:
        assert calls.execute(way, attempt(), base_url=server.url).tran_id == 13526853623


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_plain_http_never_meets_a_proxy(way: Way, clean_environment: pytest.MonkeyPatch) -> None:
    """It would see the key and the signature, and could answer with a receipt of its own."""
    with Loopback() as server, Loopback(answer(200, {"tranId": 666})) as middle:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            clean_environment.setenv(name, middle.url)
        receipt = calls.execute(way, base_url=server.url)
    assert (receipt.tran_id, middle.seen) == (13526853623, [])


def test_plain_http_never_meets_the_proxy_of_an_option(httpx_way: Way) -> None:
    with Loopback() as server, Loopback(answer(200, {"tranId": 666})) as middle:
        httpx_options = {"verify": False, "proxy": middle.url}
        receipt = calls.execute(httpx_way, base_url=server.url, httpx_options=httpx_options)
    assert (receipt.tran_id, middle.seen) == (13526853623, [])


def test_plain_http_is_not_sent_where_all_that_there_is_is_a_proxy(httpx_way: Way) -> None:
    with Loopback() as server, Loopback() as middle:
        transport = OWN[httpx_way](verify=False, proxy=middle.url)
        error = calls.failure(httpx_way, attempt(), base_url=server.url, transport=transport)
    assert (type(error), middle.seen, server.seen) == (bt.NotSent, [], [])


# --- transports of the user's own ------------------------------------------------------------------------------------

NOT_CONNECTED: list[type[httpx.TransportError]] = [
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
]
OTHER_FAILURES: list[type[Exception]] = [
    httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.ProxyError,
    httpx.RemoteProtocolError, httpx.LocalProtocolError, httpx.DecodingError, httpx.TooManyRedirects,
    httpx.NetworkError, httpx.TransportError, RuntimeError, ValueError, OSError, TimeoutError, ConnectionError,
    KeyError,
]  # fmt: skip


def failing(kind: type[Exception]) -> httpx.MockTransport:
    """A transport that reports no steps: it just fails, after having done who knows what."""

    def handle(request: httpx.Request) -> httpx.Response:
        raise kind("something went wrong")

    return httpx.MockTransport(handle)


@pytest.mark.parametrize("kind", NOT_CONNECTED)
def test_a_foreign_transport_that_could_not_connect_did_not_send(httpx_way: Way, kind: type[Exception]) -> None:
    assert type(calls.failure(httpx_way, attempt(), transport=failing(kind))) is bt.NotSent


@pytest.mark.parametrize("kind", OTHER_FAILURES)
def test_a_foreign_transport_that_fails_otherwise_may_have_sent(httpx_way: Way, kind: type[Exception]) -> None:
    """Its silence about what it did proves nothing."""
    assert type(calls.failure(httpx_way, attempt(), transport=failing(kind))) is bt.OutcomeUnknown


@pytest.mark.parametrize("kind", OTHER_FAILURES)
def test_a_wrapped_foreign_transport_is_not_trusted_either(httpx_way: Way, kind: type[Exception]) -> None:
    error = calls.failure(httpx_way, attempt(), httpx_options={"transport": failing(kind)})
    assert type(error) is bt.OutcomeUnknown


@pytest.mark.parametrize("kind", OTHER_FAILURES)
def test_a_mounted_foreign_transport_is_not_trusted_either(httpx_way: Way, kind: type[Exception]) -> None:
    httpx_options = {"verify": False, "mounts": {"all://": failing(kind)}}
    assert type(calls.failure(httpx_way, attempt(), httpx_options=httpx_options)) is bt.OutcomeUnknown


class SlowTransport(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError(request)


def test_a_foreign_transport_that_hangs_may_have_sent() -> None:
    error = calls.failure("asyncio", attempt(), transport=SlowTransport(), timeout_s=0.1)
    assert type(error) is bt.OutcomeUnknown


def test_a_foreign_transport_s_answer_counts(httpx_way: Way) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"tranId": 7}))
    assert calls.execute(httpx_way, attempt(), transport=transport).tran_id == 7


OWN: dict[Way, type[Any]] = {"sync": httpx.HTTPTransport, "asyncio": httpx.AsyncHTTPTransport}


def test_httpx_s_own_transport_tells_what_was_not_sent(httpx_way: Way) -> None:
    with closed_port() as url:
        error = calls.failure(httpx_way, attempt(), base_url=url, transport=OWN[httpx_way](verify=False))
    assert type(error) is bt.NotSent


@pytest.mark.parametrize("case", ["fin-without-answer", "body-trickle", "header-trickle"])
def test_httpx_s_own_transport_may_have_sent(httpx_way: Way, case: str) -> None:
    """Within the deadline, which bounds it as well."""
    with Loopback(SOMETHING_SENT[case]) as server:
        started_s = time.monotonic()
        transport = OWN[httpx_way](verify=False)
        error = calls.failure(httpx_way, attempt(), base_url=server.url, timeout_s=timeout_s(case), transport=transport)
        assert type(error) is bt.OutcomeUnknown
        assert time.monotonic() - started_s < 2


@pytest.mark.parametrize("case", ["moved-301", "temporary-307", "permanent-308"])
def test_no_redirect_is_followed(way: Way, case: str) -> None:
    with Loopback(SOMETHING_SENT[case], RECEIPT) as server:
        error = calls.failure(way, attempt(), base_url=server.url)
    assert (type(error), len(server.seen)) == (bt.OutcomeUnknown, 1)


def test_tries_to_connect_are_bounded_by_the_deadline(httpx_way: Way) -> None:
    """httpx waits longer and longer between them."""
    with closed_port() as url:
        started_s = time.monotonic()
        transport = OWN[httpx_way](verify=False, retries=10)
        error = calls.failure(httpx_way, attempt(), base_url=url, timeout_s=1.0, transport=transport)
        assert (type(error), time.monotonic() - started_s < 1.5) == (bt.NotSent, True)


@pytest.mark.parametrize("case", ["fin-without-answer", "reset-without-answer", "no-http", "headers-only"])
def test_no_option_makes_it_send_again(httpx_way: Way, case: str) -> None:
    """httpx repeats what could not connect, if told so; what was sent it must not repeat."""
    with Loopback(SOMETHING_SENT[case], RECEIPT) as server:
        error = calls.failure(
            httpx_way, attempt(), base_url=server.url, transport=OWN[httpx_way](verify=False, retries=3)
        )
    assert (type(error), len(server.posts)) == (bt.OutcomeUnknown, 1)


# --- connections -----------------------------------------------------------------------------------------------------


def several(way: Way, server: Loopback, count: int, **options: Any) -> list[bt.Receipt]:
    """Make calls one after another with one client, waiting for connections that the server closes."""

    def one_by_one(client: bt.TransferClient) -> list[bt.Receipt]:
        return [client.execute(calls.ORDER) for _ in range(count)]

    async def one_by_one_asyncio(client: bt.AsyncTransferClient) -> list[bt.Receipt]:
        return [await client.execute(calls.ORDER) for _ in range(count)]

    return calls.with_client(way, one_by_one, one_by_one_asyncio, base_url=server.url, **options)


def test_calls_share_a_connection(way: Way) -> None:
    with Loopback() as server:
        several(way, server, 5)
        assert (server.connections, len(server.posts)) == (1, 5)


def test_a_connection_that_the_server_closed_is_not_used_again(way: Way) -> None:
    """The server closes without having announced it; the next call opens another connection."""
    with Loopback(raw(response(200, BODY)), RECEIPT) as server:

        def use(client: bt.TransferClient) -> int:
            client.execute(attempt())
            server.over.wait(5)
            return client.execute(attempt()).tran_id

        async def use_asyncio(client: bt.AsyncTransferClient) -> int:
            await client.execute(attempt())
            await asyncio.to_thread(server.over.wait, 5)
            await asyncio.sleep(0.02)
            return (await client.execute(attempt())).tran_id

        tran_id = calls.with_client(way, use, use_asyncio, base_url=server.url)
    assert (tran_id, server.connections, len(server.posts)) == (13526853623, 2, 2)


@pytest.mark.parametrize("end", [close, reset, raw(b"HTTP/1.1 2"), hang], ids=["fin", "reset", "half", "silence"])
def test_nothing_is_sent_again_when_a_kept_connection_dies(way: Way, end: Step) -> None:
    """Many a library sends once more here, since the server may have closed before it read. Or after."""
    with Loopback(RECEIPT, end, RECEIPT) as server:

        def use(client: bt.TransferClient) -> None:
            client.execute(attempt())
            with pytest.raises(bt.OutcomeUnknown):
                client.execute(attempt())

        async def use_asyncio(client: bt.AsyncTransferClient) -> None:
            await client.execute(attempt())
            with pytest.raises(bt.OutcomeUnknown):
                await client.execute(attempt())

        calls.with_client(way, use, use_asyncio, base_url=server.url, timeout_s=TIMEOUT_S if end is hang else 10.0)
        assert [(post.connection, post.method) for post in server.seen] == [(1, "POST"), (1, "POST")]


@pytest.mark.parametrize("end", [close, reset], ids=["fin", "reset"])
def test_a_reading_is_not_sent_again_either(way: Way, end: Step) -> None:
    with Loopback(RECEIPT, end, answer(200, {"total": 0, "rows": []})) as server:

        def use(client: bt.TransferClient) -> None:
            client.execute(calls.ORDER)
            with pytest.raises(bt.ReadFailed):
                list(client.history("MAIN_UMFUTURE"))

        async def use_asyncio(client: bt.AsyncTransferClient) -> None:
            await client.execute(calls.ORDER)
            with pytest.raises(bt.ReadFailed):
                _ = [record async for record in client.history("MAIN_UMFUTURE")]

        calls.with_client(way, use, use_asyncio, base_url=server.url)
        assert (server.connections, len(server.reads)) == (1, 1)


@pytest.mark.parametrize("case", ["body-shorter-than-announced", "no-answer", "chunk-of-garbage", "two-lengths"])
def test_a_connection_on_which_an_answer_is_missing_is_not_used_again(way: Way, case: str) -> None:
    """Its answer, should it come late, would be taken for that of the next request."""
    with Loopback(SOMETHING_SENT[case], RECEIPT) as server:

        def use(client: bt.TransferClient) -> None:
            with pytest.raises(bt.OutcomeUnknown):
                client.execute(attempt())
            client.execute(attempt())

        async def use_asyncio(client: bt.AsyncTransferClient) -> None:
            with pytest.raises(bt.OutcomeUnknown):
                await client.execute(attempt())
            await client.execute(attempt())

        calls.with_client(way, use, use_asyncio, base_url=server.url, timeout_s=timeout_s(case))
        assert [post.connection for post in server.posts] == [1, 2]


def test_cookies_are_not_kept(way: Way) -> None:
    """What a server asks to be remembered would tie calls together, and travel in clear in logs."""
    with Loopback(answer(200, BODY, [("Set-Cookie", "tracked=1")])) as server:
        several(way, server, 2)
    assert [name for post in server.posts for name, _ in post.headers if name == "cookie"] == []


def test_threads_share_a_client(sandbox: Sandbox) -> None:
    """Eight threads, twenty transfers each: every one executed, none twice."""
    with bt.TransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url) as client:

        def work(number: int) -> list[int]:
            return [client.transfer("MAIN_UMFUTURE", "USDT", f"{number}.{turn:02}1").tran_id for turn in range(20)]

        with ThreadPoolExecutor(8) as pool:
            ids = [tran_id for chunk in pool.map(work, range(8)) for tran_id in chunk]
    assert sorted(ids) == sorted(entry.tran_id for entry in sandbox.ledger.executions())


async def test_tasks_share_a_client(sandbox: Sandbox) -> None:
    async with bt.AsyncTransferClient(bt.Credentials(**sandbox.credentials), base_url=sandbox.base_url) as client:
        amounts = [f"1.{number:03}1" for number in range(60)]
        receipts = await asyncio.gather(*(client.transfer("MAIN_UMFUTURE", "USDT", amount) for amount in amounts))
    executed = {str(entry.amount): entry.tran_id for entry in sandbox.ledger.executions()}
    assert executed == {receipt.transfer.amount_text: receipt.tran_id for receipt in receipts}


# --- certificates and proxies ----------------------------------------------------------------------------------------


def test_an_authority_of_one_s_own_is_trusted_where_given(way: Way) -> None:
    with Loopback(tls=certificates.serving()) as server:
        httpx_options = {"verify": certificates.trusting()}
        receipt = calls.execute(way, base_url=server.url, httpx_options=httpx_options)
    assert receipt.tran_id == 13526853623


def test_an_authority_of_one_s_own_is_taken_from_the_environment(
    way: Way, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(certificates.authority("right").cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with Loopback(tls=certificates.serving()) as server:
        receipt = calls.execute(way, base_url=server.url, httpx_options={})
    assert receipt.tran_id == 13526853623


def test_a_proxy_is_taken_from_the_environment(httpx_way: Way, clean_environment: pytest.MonkeyPatch) -> None:
    with Loopback(tls=certificates.serving()) as server, Loopback(tunnel) as middle:
        clean_environment.setenv("HTTPS_PROXY", middle.url)
        httpx_options = {"verify": certificates.trusting()}
        calls.execute(httpx_way, base_url=server.url, httpx_options=httpx_options)
    assert [(request.method, request.target) for request in middle.seen] == [("CONNECT", f"127.0.0.1:{server.port}")]


def test_a_proxy_sees_neither_key_nor_parameters(httpx_way: Way) -> None:
    with Loopback(tls=certificates.serving()) as server, Loopback(tunnel) as middle:
        httpx_options = {"verify": certificates.trusting(), "proxy": middle.url}
        calls.execute(httpx_way, base_url=server.url, httpx_options=httpx_options)
    assert keys.API_KEY.encode() not in b"".join(request.head + request.body for request in middle.seen)


# --- a proxy that is spoken to over TLS: TLS inside of TLS -----------------------------------------------------------


@contextlib.contextmanager
def behind_a_tls_proxy(server: Loopback, step: Step = tunnel) -> Iterator[Options]:
    with Loopback(step, tls=certificates.serving()) as middle:
        proxy = httpx.Proxy(middle.url, ssl_context=certificates.trusting())
        yield {"base_url": server.url, "httpx_options": {"verify": certificates.trusting(), "proxy": proxy}}


def test_an_answer_through_a_tls_proxy_counts(httpx_way: Way) -> None:
    """Head and body of the request are two writes, and the second one is no reason to doubt the first."""
    with Loopback(tls=certificates.serving()) as server, behind_a_tls_proxy(server) as options:
        receipt = calls.execute(httpx_way, **options)
        assert (receipt.tran_id, len(server.posts), server.connections) == (13526853623, 1, 1)


def test_what_a_tls_proxy_passes_too_early_is_no_answer(httpx_way: Way) -> None:
    """The clock's answer, and behind it a receipt that nobody has asked for."""

    def clock(connection: Connection) -> None:
        connection.send(response(200, {"serverTime": time.time_ns() // 1_000_000}) + response(200, {"tranId": 31337}))

    with Loopback(tls=certificates.serving(), clock=clock) as server, behind_a_tls_proxy(server) as options:
        receipt = calls.execute(httpx_way, **options)
        assert (receipt.tran_id, [post.connection for post in server.posts]) == (13526853623, [2])


def dripping(connection: Connection) -> None:
    """Agree to the tunnel, then begin a record of TLS and go on byte by byte."""
    trickle(b"HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x03\x20\x00", b"\x02", 0.1)(connection)


def test_agreeing_on_tls_behind_a_tls_proxy_is_bounded_by_the_deadline(httpx_way: Way) -> None:
    """A byte now and then would renew a timeout that is for each read alone."""
    with Loopback() as server, behind_a_tls_proxy(server, dripping) as options:
        started_s = time.monotonic()
        error = calls.failure(
            httpx_way, attempt(), timeout_s=TIMEOUT_S, **options | {"base_url": "https://127.0.0.1:1"}
        )
        assert (type(error), time.monotonic() - started_s < TIMEOUT_S + 1) == (bt.NotSent, True)


# --- interruptions ---------------------------------------------------------------------------------------------------

NOTE = "interrupted while a transfer was being sent: whether it was made is unknown, reconcile the attempt"


async def seen(server: Loopback, count: int = 1) -> None:
    while len(server.seen) < count:  # noqa: ASYNC110  # the server is a thread
        await asyncio.sleep(0.005)


async def cancelled(way: Way, server: Loopback, order: bt.Transfer | bt.Attempt) -> BaseException:
    """Cancel a call once its first request has arrived, and return what came of it."""
    transport = calls.transport(way)
    async with bt.AsyncTransferClient(keys.credentials(), base_url=server.url, transport=transport) as client:
        task = asyncio.create_task(client.execute(order))
        await seen(server)
        task.cancel("enough")
        try:
            await task
        except asyncio.CancelledError as error:
            return error
    raise AssertionError("not cancelled")


async def test_cancellation_passes_through_with_a_note(asyncio_way: Way) -> None:
    with Loopback(hang) as server:
        error = await cancelled(asyncio_way, server, attempt())
    assert (error.args, getattr(error, "__notes__", [])) == (("enough",), [NOTE])


async def test_cancellation_while_the_clock_is_read_needs_no_note(asyncio_way: Way) -> None:
    """The transfer had not been sent."""
    with Loopback(clock=hang) as server:
        error = await cancelled(asyncio_way, server, calls.ORDER)
    assert getattr(error, "__notes__", []) == []


async def test_a_cancelled_call_s_connection_is_not_used_again(asyncio_way: Way) -> None:
    with Loopback(hang, RECEIPT) as server:
        transport = calls.transport(asyncio_way)
        async with bt.AsyncTransferClient(keys.credentials(), base_url=server.url, transport=transport) as client:
            task = asyncio.create_task(client.execute(attempt()))
            await seen(server)
            task.cancel()
            await asyncio.wait([task])
            await client.execute(attempt())
    assert [post.connection for post in server.posts] == [1, 2]


async def test_a_timeout_of_the_caller_s_own_cancels(asyncio_way: Way) -> None:
    with Loopback(hang) as server:
        transport = calls.transport(asyncio_way)
        async with bt.AsyncTransferClient(keys.credentials(), base_url=server.url, transport=transport) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.execute(attempt())


async def test_cancellation_makes_no_noise(asyncio_way: Way, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Loopback(hang) as server:
        await cancelled(asyncio_way, server, attempt())
    assert caplog.records == []


@contextlib.contextmanager
def interruption_after(seconds: float, kind: type[BaseException]) -> Iterator[None]:
    """Raise something in the main thread after a while, as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise kind("enough")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interruption_passes_through_with_a_note(sync_way: Way, kind: type[BaseException]) -> None:
    with Loopback(hang) as server, pytest.raises(kind) as interrupted, interruption_after(0.1, kind):
        calls.execute(sync_way, attempt(), base_url=server.url)
    assert (interrupted.value.args, getattr(interrupted.value, "__notes__", [])) == (("enough",), [NOTE])


def test_an_interrupted_call_s_connection_is_not_used_again(sync_way: Way) -> None:
    with Loopback(hang, RECEIPT) as server:
        transport = calls.transport(sync_way)
        with bt.TransferClient(keys.credentials(), base_url=server.url, transport=transport) as client:
            with pytest.raises(KeyboardInterrupt), interruption_after(0.1, KeyboardInterrupt):
                client.execute(attempt())
            client.execute(attempt())
    assert [post.connection for post in server.posts] == [1, 2]


CTRL_C = """
import asyncio, os, signal, sys, threading
import binance_transfer as bt
from tests.wrapper import calls, keys

async def main():
    client = bt.AsyncTransferClient(keys.credentials(), base_url=sys.argv[1], transport=calls.transport(sys.argv[2]))
    threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
    await client.execute(bt.Attempt(bt.Transfer("MAIN_UMFUTURE", "USDT", 1), 1, 5000))

asyncio.run(main())
"""


def program(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program with this interpreter, warnings being errors."""
    command = [sys.executable, "-W", "error", "-c", text, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_ctrl_c_ends_an_asyncio_program_as_it_should(asyncio_way: Way) -> None:
    """With KeyboardInterrupt at the end of its output, and without complaints about tasks."""
    with Loopback(hang) as server:
        done = program(CTRL_C, server.url, asyncio_way)
    assert done.stderr.strip().endswith("KeyboardInterrupt")
    assert "never retrieved" not in done.stderr


@pytest.mark.parametrize("prepared", [False, True], ids=["transfer", "attempt"])
@pytest.mark.parametrize("name", ["answer", "verdict"])
@pytest.mark.parametrize("body", [BODY, b'{"code":-1102,"msg":"x"}'], ids=["accepted", "refused"])
def test_an_interruption_after_the_answer_knows_the_attempt(way: Way, name: str, body: bytes, prepared: bool) -> None:
    """Whoever is told of the answer is slow, and Ctrl-C comes: the money may have moved."""

    def listen(event: bt.Event) -> None:
        if event.name == name:
            raise KeyboardInterrupt

    order = attempt() if prepared else calls.ORDER
    with Loopback(answer(200 if body == BODY else 400, body)) as server, pytest.raises(KeyboardInterrupt) as raised:
        calls.execute(way, order, base_url=server.url, on_event=listen)
    known = bt.interrupted_attempt(raised.value)
    assert known is not None
    assert (known.transfer, known == order) == (calls.ORDER, prepared)


# --- forks and loops -------------------------------------------------------------------------------------------------

FORK = """
import os, sys
import binance_transfer as bt
from tests.wrapper import calls, keys

client = bt.TransferClient(keys.credentials(), base_url=sys.argv[1], transport=calls.transport(sys.argv[2]))
client.transfer("MAIN_UMFUTURE", "USDT", 1)
child = os.fork()
if not child:
    try:
        client.transfer("MAIN_UMFUTURE", "USDT", 2)
    except bt.TransferError as error:
        print(type(error).__name__, flush=True)
    os._exit(0)
os.waitpid(child, 0)
client.transfer("MAIN_UMFUTURE", "USDT", 3)
client.close()
"""


def test_after_a_fork_only_the_parent_is_heard(sync_way: Way) -> None:
    """Two processes that write to one connection would mix their requests: the child gets NotSent."""
    with Loopback() as server:
        done = program(FORK, server.url, sync_way)
    amounts = [post.body.split(b"&")[2] for post in server.posts]
    assert (done.returncode, done.stdout.split(), amounts) == (0, ["NotSent"], [b"amount=1", b"amount=3"])


def test_an_asyncio_client_refuses_another_loop(asyncio_way: Way) -> None:
    with Loopback(answer(200, BODY, [("Connection", "close")]), RECEIPT) as server:
        transport = calls.transport(asyncio_way)
        client = bt.AsyncTransferClient(keys.credentials(), base_url=server.url, transport=transport)
        asyncio.run(client.execute(attempt()))
        with pytest.raises(bt.NotSent):
            asyncio.run(client.execute(attempt()))
        asyncio.run(client.aclose())
    assert len(server.posts) == 1


def test_calls_of_several_threads_do_not_wait_for_one_another(sync_way: Way) -> None:
    """A call that hangs must not hold up the others."""
    with Loopback(hang, RECEIPT) as server, ThreadPoolExecutor(1) as pool:
        transport = calls.transport(sync_way)
        with bt.TransferClient(keys.credentials(), base_url=server.url, transport=transport, timeout_s=1.0) as client:
            stuck = pool.submit(client.execute, attempt())
            while not server.posts:
                time.sleep(0.005)
            client.execute(attempt())
            assert not stuck.done()
            assert isinstance(stuck.exception(), bt.OutcomeUnknown)

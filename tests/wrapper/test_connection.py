"""
Bytes that were there before the question, and what else a connection can hold that is no answer.

One rule: an answer counts only if it began after its request had left whole, and a connection on which anything is left
over is not used again.
"""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import httpx
import pytest

import binance_transfer as bt
from tests.support.loopback import RECEIPT, Connection, Loopback, Step, answer, closed_port, response
from tests.support.tracebacks import WAYS_TO_SHOW, inside
from tests.wrapper import calls, certificates, keys
from tests.wrapper.calls import Way


@pytest.fixture(params=[*calls.SYNC, *calls.ASYNCIO])
def way(request: pytest.FixtureRequest) -> Way:
    """Each client, over each transport."""
    return cast("Way", request.param)


TRUE_ID = 13526853623
FALSE_ID = 31337

UNASKED: dict[str, bytes] = {
    "receipt": response(200, {"tranId": FALSE_ID}),
    "refusal": response(400, {"code": -5002, "msg": "You have insufficient balance."}),
    "empty history": response(200, {"total": 0, "rows": []}),
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a status line": b"HTT",
    "head that swallows the next one": b"HTTP/1.1 400 Bad Request\r\nX-Old: ",
    "line breaks": b"\r\n\r\n",
    "receipt in chunks": response(200, b'e\r\n{"tranId":313}\r\n0\r\n\r\n', [("Transfer-Encoding", "chunked")]),
}


def clock_reading() -> bytes:
    return response(200, {"serverTime": time.time_ns() // 1_000_000})


def in_one_segment(unasked: bytes) -> Step:
    return lambda connection: connection.send(clock_reading() + unasked)


def in_two_segments(unasked: bytes) -> Step:
    def step(connection: Connection) -> None:
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.send(clock_reading())
        connection.send(unasked)

    return step


def after_chunks(unasked: bytes) -> Step:
    body = json.dumps({"serverTime": time.time_ns() // 1_000_000}).encode()
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return lambda connection: connection.send(
        response(200, chunked, [("Transfer-Encoding", "chunked")]) + unasked,
    )


WAYS_TO_ARRIVE: dict[str, Callable[[bytes], Step]] = {
    "in one segment": in_one_segment,
    "in two segments": in_two_segments,
    "after chunks": after_chunks,
}


@pytest.mark.parametrize("arrival", WAYS_TO_ARRIVE)
@pytest.mark.parametrize("unasked", UNASKED)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_bytes_left_over_are_no_answer_to_the_next_request(way: Way, tls: bool, unasked: str, arrival: str) -> None:
    """The clock is read; what comes behind its answer must not become the receipt."""
    clock = WAYS_TO_ARRIVE[arrival](UNASKED[unasked])

    def use(client: bt.TransferClient) -> int:
        attempt = client.prepare(calls.ORDER)
        time.sleep(0.03)  # what arrives in the very moment of sending cannot be told apart
        return client.execute(attempt).tran_id

    async def use_asyncio(client: bt.AsyncTransferClient) -> int:
        attempt = await client.prepare(calls.ORDER)
        time.sleep(0.03)  # noqa: ASYNC251  # the loop does not get to see it either
        return (await client.execute(attempt)).tran_id

    with Loopback(clock=clock, tls=certificates.serving() if tls else None) as server:
        options: dict[str, Any] = {"httpx_options": {"verify": certificates.trusting()}} if tls else {}
        tran_id = calls.with_client(way, use, use_asyncio, base_url=server.url, **options)
        assert (tran_id, [post.connection for post in server.posts]) == (TRUE_ID, [2])


def test_what_hides_behind_a_head_of_bare_line_breaks_is_no_answer(httpx_way: Way) -> None:
    """h11 takes the clock's answer for complete; the one behind it has to be seen as one behind it."""

    def clock(connection: Connection) -> None:
        head, _, body = clock_reading().partition(b"\r\n\r\n")
        bare = head.replace(b"\r\n", b"\n") + b"\n\n" + body
        connection.send(bare + response(200, {"tranId": FALSE_ID}))

    with Loopback(clock=clock) as server:
        tran_id = calls.execute(httpx_way, base_url=server.url).tran_id
        assert (tran_id, [post.connection for post in server.posts]) == (TRUE_ID, [2])


def test_a_connection_without_leftovers_is_used_again(way: Way) -> None:
    """The counterpart: only the leftovers cost a connection."""
    with Loopback(clock=in_one_segment(b"")) as server:
        calls.execute(way, base_url=server.url)
        assert server.connections == 1


def test_an_empty_history_left_over_proves_no_absence(way: Way) -> None:
    """The last of the false answers: an attempt whose window is long over, and a reading that nobody made."""
    history = {"total": 1, "rows": [{"asset": "USDT", "amount": "25.5", "type": "MAIN_UMFUTURE",
               "status": "CONFIRMED", "tranId": TRUE_ID, "timestamp": 1_700_000_000_000}]}  # fmt: skip
    attempt = bt.Attempt(calls.ORDER, 1_700_000_000_000, 5000)
    now = response(200, {"serverTime": 1_700_000_100_000})
    empty = response(200, {"total": 0, "rows": []})
    with Loopback(answer(200, history), clock=lambda connection: connection.send(now + empty)) as server:
        receipt = calls.with_client(
            way,
            lambda client: client.reconcile(attempt, deadline_s=5),
            lambda client: client.reconcile(attempt, deadline_s=5),
            base_url=server.url,
        )
    assert receipt.tran_id == TRUE_ID


# --- encoded and endless bodies --------------------------------------------------------------------------------------


@cache
def nested_bomb() -> bytes:
    data = b" " * 50_000_000
    for _ in range(2):
        data = gzip.compress(data, 9)
    return data


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "deflate", "br", "zstd", "x-unknown", "identity, gzip"])
def test_an_encoded_body_is_not_unpacked(way: Way, coding: str) -> None:
    with Loopback(answer(200, nested_bomb(), [("Content-Encoding", coding)])) as server:
        error = calls.failure(way, base_url=server.url)
    assert (type(error), error.http_status) == (bt.OutcomeUnknown, 200)


@pytest.mark.parametrize("coding", ["identity", "IDENTITY", ""])
def test_a_body_that_is_said_not_to_be_encoded_is_read(way: Way, coding: str) -> None:
    with Loopback(answer(200, {"tranId": TRUE_ID}, [("Content-Encoding", coding)])) as server:
        assert calls.execute(way, base_url=server.url).tran_id == TRUE_ID


@pytest.mark.parametrize(("length", "kind"), [(1024 * 1024, bt.Receipt), (1024 * 1024 + 1, bt.OutcomeUnknown)])
def test_a_body_may_have_one_mebibyte(way: Way, length: int, kind: type) -> None:
    body = b'{"tranId":5}'
    with Loopback(answer(200, body + b" " * (length - len(body)))) as server:
        try:
            result: object = calls.execute(way, base_url=server.url)
        except bt.TransferError as error:
            result = error
    assert type(result) is kind


@pytest.mark.parametrize("status", [403, 429, 451, 418])
def test_a_body_that_is_cut_keeps_what_its_head_said(way: Way, status: int) -> None:
    """The status alone refuses nothing, and the silence that it asks for is known."""
    head = f"HTTP/1.1 {status} x\r\nRetry-After: 9\r\nContent-Length: 50\r\n\r\n".encode()

    def cut(connection: Connection) -> None:
        connection.send(head + b"{")
        connection.end()

    with Loopback(cut) as server:
        error = calls.failure(way, base_url=server.url)
    assert (type(error), error.http_status, error.retry_after_s) == (bt.OutcomeUnknown, status, 9)


# --- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{"headers": {"X-A": "b"}}, {"cookies": {"a": "b"}}, {"params": {"a": "b"}}, {"auth": ("a", "b")}, {"timeout": 5},
     {"base_url": "https://x.example"}, {"event_hooks": {"request": []}}, {"http2": True}, {"nonsense": 1},
     {"follow_redirects": True}, {"max_redirects": 3}, {"http1": False}, {"proxy": "socks5://127.0.0.1:1"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", [bt.HttpxTransport, bt.AsyncHttpxTransport])
def test_an_option_that_would_do_nothing_is_refused(kind: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options)).replace("proxy", "SOCKS")):
        kind(verify=False, **options)


PASSWORD = "hunter2"
WRONG_SETTINGS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "proxy": ({"proxy": 5}, {}),
    "limits": ({"limits": 5}, {}),
    "mounts": ({"mounts": 5}, {}),
    "bundle": ({"verify": "/nope"}, {}),
    "certificate": ({"cert": "/nope"}, {}),
    "port of a proxy": ({"proxy": f"http://user:{PASSWORD}@127.0.0.1:port"}, {}),
    "scheme of a proxy": ({"proxy": f"ftp://user:{PASSWORD}@127.0.0.1"}, {}),
    "HTTPS_PROXY": ({}, {"HTTPS_PROXY": f"http://user:{PASSWORD}@127.0.0.1:port"}),
    "ALL_PROXY": ({}, {"ALL_PROXY": f"http://user:{PASSWORD}@[::1"}),
    "NO_PROXY": ({}, {"NO_PROXY": "[::1", "HTTPS_PROXY": f"http://user:{PASSWORD}@127.0.0.1:1"}),
    "SSL_CERT_FILE": ({}, {"SSL_CERT_FILE": "/nope"}),
    "no certificates": ({}, {"SSL_CERT_FILE": __file__}),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_SETTINGS)
@pytest.mark.parametrize("kind", [bt.HttpxTransport, bt.AsyncHttpxTransport])
def test_what_httpx_cannot_use_is_a_value_error_that_shows_no_password(
    kind: Any, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, environment = WRONG_SETTINGS[case]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"httpx cannot connect|certificates cannot be read") as refused:
        kind(**options)
    assert type(refused.value) is ValueError
    shown = [show(refused.value, inside(refused.value)) for show in WAYS_TO_SHOW.values()]
    assert PASSWORD not in " ".join([*shown, str(refused.value)])


@pytest.mark.parametrize("case", ["HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "no certificates"])
@pytest.mark.parametrize("kind", [bt.TransferClient, bt.AsyncTransferClient])
def test_an_environment_that_no_transport_can_use_is_a_value_error(
    kind: Any, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in WRONG_SETTINGS[case][1].items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"httpx cannot connect|certificates cannot be read"):
        kind(keys.credentials())


@pytest.mark.parametrize("kind", [bt.HttpxTransport, bt.AsyncHttpxTransport])
@pytest.mark.parametrize("place", ["transport", "mounts"])
@pytest.mark.parametrize("given", [42, httpx.HTTPTransport, "the other kind"], ids=str)
def test_what_httpx_would_send_with_is_of_the_right_kind(kind: Any, place: str, given: Any) -> None:
    if given == "the other kind":
        given = httpx.AsyncHTTPTransport() if kind is bt.HttpxTransport else httpx.HTTPTransport()
    with pytest.raises(ValueError, match="BaseTransport"):
        kind(verify=False, **{place: given if place == "transport" else {"all://": given}})


@pytest.mark.parametrize("kind", [bt.TransferClient, bt.AsyncTransferClient])
@pytest.mark.parametrize(
    "transport",
    [42, "httpx", httpx.HTTPTransport, httpx.AsyncHTTPTransport, bt.HttpxTransport, bt.AsyncHttpxTransport, {}],
    ids=str,
)
def test_what_cannot_send_is_no_transport(kind: Any, transport: Any) -> None:
    with pytest.raises(ValueError, match="transport must have"):
        kind(keys.credentials(), transport=transport)


@pytest.mark.parametrize("way", [*calls.SYNC, *calls.ASYNCIO, "httpx", "asyncio, httpx"])
def test_a_transport_of_the_other_kind_sends_nothing(way: Any) -> None:
    """It would send, and its answer would be lost on a client that awaits it, or does not."""
    other = {"httpx": httpx.HTTPTransport, "asyncio, httpx": httpx.AsyncHTTPTransport}
    transport = other[way](verify=False) if way in other else calls.transport(way)
    kind: Any = bt.TransferClient if way.startswith("asyncio") else bt.AsyncTransferClient
    with pytest.raises(ValueError, match="transport"):
        kind(keys.credentials(), transport=transport)


def test_a_socks_proxy_from_the_environment_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ValueError, match=r"httpx\[socks\]"):
        bt.TransferClient(keys.credentials())


def test_requests_name_the_package_and_its_version(way: Way) -> None:
    with Loopback(RECEIPT) as server:
        calls.execute(way, base_url=server.url)
    assert {request.header("user-agent") for request in server.seen} == {"binance-universal-transfer/0.2.0"}


def test_a_resolver_that_hangs_is_bounded_by_the_deadline(sync_way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's look-up knows no deadline: it is left behind."""
    held = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [held.wait(20)][1:])
    started_s = time.monotonic()
    attempt = bt.Attempt(calls.ORDER, time.time_ns() // 1_000_000, 5000)
    with closed_port():
        error = calls.failure(sync_way, attempt, base_url="https://slow.example", timeout_s=0.3)
    held.set()
    assert (type(error), time.monotonic() - started_s < 2) == (bt.NotSent, True)


def broken_lock(*_: object) -> list[str]:
    """What threading.Condition makes of Ctrl-C, if that comes at the wrong moment."""
    try:
        raise KeyboardInterrupt  # noqa: TRY301
    except KeyboardInterrupt:
        raise RuntimeError("release unlocked lock")  # noqa: B904


ATTEMPT = bt.Attempt(calls.ORDER, 1_700_000_000_000, 5000)


def test_an_interruption_that_comes_out_as_another_error_passes(sync_way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for a failed connection, it would be lost, and the program would go on."""
    monkeypatch.setattr("binance_transfer.wire.connection.addresses", broken_lock)
    with pytest.raises(KeyboardInterrupt):
        calls.execute(sync_way, ATTEMPT, base_url="https://slow.example")


def test_an_interruption_that_was_handled_before_is_not_raised_again(sync_way: Way) -> None:
    """Who tidies up after Ctrl-C, and has no connection, is told just that."""
    try:
        raise KeyboardInterrupt  # noqa: TRY301
    except KeyboardInterrupt:
        with closed_port() as url:
            error = calls.failure(sync_way, ATTEMPT, base_url=url)
    assert type(error) is bt.NotSent

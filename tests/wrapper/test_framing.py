"""Where an answer ends: only bytes that are exactly one answer leave a connection that may be used again."""

import time

import pytest

from binance_transfer.wire.framing import is_one_answer

HEAD = b"HTTP/1.1 200 OK\r\n"
BODY = b'{"tranId":7}'
LENGTH = HEAD + b"Content-Length: 12\r\n\r\n" + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\nc\r\n" + BODY + b"\r\n0\r\n\r\n"

ONE = [
    LENGTH,
    CHUNKED,
    HEAD + b"content-length:12\r\n\r\n" + BODY,
    HEAD + b"X: Content-Length: 99\r\nContent-Length: \t12 \r\nY: z\r\n\r\n" + BODY,
    HEAD + b"Content-Length: 0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH,
    b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + CHUNKED,
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n{\r\n" * 30 + b"0\r\n\r\n",
]

NOT_ONE = [
    b"",
    LENGTH + b"x",
    LENGTH + b"\r\n",
    LENGTH + LENGTH,
    LENGTH + b"HTTP/1.1 200 OK\r\nContent-Le",
    CHUNKED + LENGTH,
    CHUNKED + CHUNKED,
    CHUNKED + b"\r\n",
    LENGTH[:-1],
    CHUNKED[:-1],
    HEAD + b"\r\n" + BODY,
    HEAD + b"Content-Length: 12\r\nContent-Length: 12\r\n\r\n" + BODY,
    HEAD + b"Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY,
    HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Content-Length: +12\r\n\r\n" + BODY,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    b"HTTP/1.1 101 Switching\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\n" + BODY,
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"x" + LENGTH,
    LENGTH.replace(b"\r\n", b"\n"),
]


@pytest.mark.parametrize("received", ONE)
def test_one_answer_leaves_nothing(received: bytes) -> None:
    assert is_one_answer(received)


@pytest.mark.parametrize("received", NOT_ONE)
def test_anything_else_may_have_left_something(received: bytes) -> None:
    assert not is_one_answer(received)


@pytest.mark.parametrize("received", [LENGTH, CHUNKED])
def test_every_part_of_an_answer_is_not_one(received: bytes) -> None:
    assert not any(is_one_answer(received[:length]) for length in range(len(received)))


@pytest.mark.parametrize("received", [one for one in ONE if b"\r\n\r\n" in one])
def test_a_bare_line_break_in_a_head_makes_its_end_doubtful(received: bytes) -> None:
    """A parser may take it for a line break, and two of them for the end of the head."""
    head_end = received.index(b"\r\n\r\n") + 4
    breaks = [at for at in range(head_end) if received[at : at + 2] == b"\r\n"]
    assert not any(is_one_answer(received[:at] + received[at + 1 :]) for at in breaks)


def test_an_answer_of_bare_line_breaks_hides_none_behind_it() -> None:
    assert not is_one_answer(LENGTH.replace(b"\r\n", b"\n") + LENGTH)


def test_an_answer_in_very_many_pieces_is_not_counted_out() -> None:
    """Such a connection is closed, and its caller does not wait for the count."""
    started_s = time.perf_counter()
    assert not is_one_answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n{\r\n" * 300_000 + b"0\r\n\r\n")
    assert time.perf_counter() - started_s < 1

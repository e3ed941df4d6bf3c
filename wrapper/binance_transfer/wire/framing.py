"""
Where an HTTP/1.1 answer ends.

One rule: a connection is used again only where the bytes that came are one whole answer and nothing behind it. What is
left over would be read as the answer to the next request: a false receipt, a false refusal, a false absence.
"""

import re
from typing import Final

_END_OF_HEAD: Final = b"\r\n\r\n"
_BARE_BREAK: Final = re.compile(rb"(?<!\r)\n")  # parsers take it for a line break, and so for an end of the head too
_STATUS: Final = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9])[ \r]")
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_LENGTHS: Final = re.compile(rb"\r\ncontent-length[ \t]*:", re.IGNORECASE)
_CODING: Final = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_CHUNK_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*\r\n")
_WITHOUT_BODY: Final = frozenset({204, 304})
_SWITCHING: Final = 101
_MOST_CHUNKS: Final = 1_000  # an answer in more pieces costs a new connection, not the time to count them


def is_one_answer(received: bytes | bytearray) -> bool:
    """
    Tell whether bytes are exactly one answer, interim ones (1xx) before it included (RFC 9112, sections 2 and 6).

    False where the end cannot be told for sure: such a connection is closed, which costs time and nothing else.
    """
    start = 0
    while True:
        status = _STATUS.match(received, start)
        head_end = received.find(_END_OF_HEAD, start)
        if status is None or head_end < 0 or _BARE_BREAK.search(received, start, head_end):
            return False
        body_start = head_end + len(_END_OF_HEAD)
        code = int(status[1])
        if code >= 200:  # noqa: PLR2004  # the first class of statuses that ends an exchange
            break
        if code == _SWITCHING:
            return False
        start = body_start
    if code in _WITHOUT_BODY:
        return body_start == len(received)
    head_stop = head_end + 2  # with the line break that ends the last field
    lengths = _LENGTHS.findall(received, start, head_stop)
    if _CODING.search(received, start, head_stop):
        chunked = len(lengths) == 0 and _CHUNKED.search(received, start, head_stop)
        return bool(chunked) and _end_of_chunks(received, body_start) == len(received)
    length = _LENGTH.search(received, start, head_stop)
    return length is not None and len(lengths) == 1 and body_start + int(length[1]) == len(received)


def _end_of_chunks(received: bytes | bytearray, start: int) -> int | None:
    """Return where a chunked body ends; None where that cannot be told."""
    for _ in range(_MOST_CHUNKS):
        size_line = _CHUNK_SIZE.match(received, start)
        if size_line is None:
            return None
        size = int(size_line[1], 16)
        start = size_line.end() + size + 2
        if received[start - 2 : start] != b"\r\n":
            return None
        if size == 0:
            return start
    return None

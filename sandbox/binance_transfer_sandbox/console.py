"""
What the command tells its user.

One rule: a pipe that nobody reads keeps nobody waiting.
"""

import os
from threading import Thread
from typing import Final, TextIO

_PATIENCE_S: Final = 1.0


def tell(stream: TextIO | None, text: str) -> None:
    """
    Write to stdout or stderr, in a thread of its own where that is a real file.

    Waits a second at most. What is then still to be written is written when there is room, unless the program has
    ended. A reader that has gone misses it.
    """
    if stream is None:
        return
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # replaced by something in memory, as tests do
        stream.write(text)
        return
    data = text.encode(stream.encoding or "utf-8", "backslashreplace")
    # Not through `stream`: Python flushes that one when it ends, and would wait for the thread.
    writer = Thread(target=_write, args=(number, data), name="binance-sandbox-console", daemon=True)
    writer.start()
    writer.join(_PATIENCE_S)


def _write(number: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(number, data) :]
    except OSError:
        pass

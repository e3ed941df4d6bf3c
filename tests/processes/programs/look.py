"""
Uses a journal as a user without rights, and says what came of it, one after another.

Says {"open", "read", "export"}: for each "" or the error that it was told; opening is to write something.
"""

import contextlib
import io
import json
import os
import sys
from typing import Any

import binance_transfer as bt
from binance_transfer.export.__main__ import main as export

NOBODY = 65_534


def open_and_write(url: str) -> None:
    with bt.Journal(url, account="treasury") as journal:
        journal.halt("to write something")


def read(url: str) -> None:
    with bt.Journal.for_reading(url, account="treasury") as journal:
        assert [entry.key for entry in journal.entries()] == ["k"]


def exported(url: str) -> None:
    out, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = export([url, "--account", "treasury", "--format", "csv"])
    if code:
        raise bt.JournalFailed(errors.getvalue())
    assert b"MAIN_UMFUTURE" in out.buffer.getvalue()


def main(given: dict[str, Any]) -> None:
    bt.Journal.for_reading(given["warm"], account="treasury").close()  # modules are loaded, while they can be
    if os.getuid() == 0:  # rights do not bind root
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    said = {}
    for name, do in {"open": open_and_write, "read": read, "export": exported}.items():
        try:
            do(given["url"])
        except bt.JournalFailed as failed:
            said[name] = str(failed)
        else:
            said[name] = ""
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

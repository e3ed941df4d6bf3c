"""
A worker that sends in threads and forks meanwhile; each child opens a journal of its own and sends a few keys.

how: "os.fork" or "daemon" (the child forks again and ends, as a daemon does). Keys are shared with
the other workers. Says {"longest_s"}: how long a fork took, {"refused"}: how many children were, {"failed"}: what
threads and children were told otherwise, and {"recorded"}: how many receipts there were.
"""

import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import binance_transfer as bt
from tests.processes.programs.obey import Obedient, transfer_of

A_KEY_S = 0.1
KEYS_OF_A_CHILD = 3
OTHERS = 9_000


def key_now() -> str:
    return f"key-{int(time.time() / A_KEY_S) % OTHERS}"


def send(worker: Obedient, key: str) -> bool:
    assert worker.client is not None
    receipt = worker.client.execute(transfer_of(key), idempotency_key=key, resolve_within_s=3)
    return receipt.recorded


def child(given: dict[str, Any], report: int) -> None:
    said: list[str] = []
    try:
        worker = Obedient(given)
        worker.open({})
        for _ in range(KEYS_OF_A_CHILD):
            said.append("recorded" if send(worker, key_now()) else "not recorded")
            time.sleep(A_KEY_S)
        worker.close(None)
    except bt.JournalFailed as failed:
        said.append("refused" if "was forked" in str(failed) else f"child: {failed}")
    except BaseException:  # noqa: BLE001  # a child has nobody else to tell
        said.append("child: " + traceback.format_exc())
    os.write(report, "".join(json.dumps(line) + "\n" for line in said).encode())


def forked(given: dict[str, Any], report: int) -> None:
    pid = os.fork()
    if pid == 0:
        child(given, report)
        os._exit(0)
    os.waitpid(pid, 0)


def as_daemon(given: dict[str, Any], report: int) -> None:
    """The daemon outlives its parent, and is waited for by what it reports."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            child(given, report)
        os._exit(0)
    os.waitpid(pid, 0)


HOW: dict[str, Callable[[dict[str, Any], int], None]] = {
    "os.fork": forked,
    "daemon": as_daemon,
}


def main(given: dict[str, Any]) -> None:
    logging.disable()
    worker = Obedient(given)
    worker.open({})
    failed: list[str] = []
    recorded = 0
    until_s = time.monotonic() + given["within_s"]

    def work() -> None:
        nonlocal recorded
        while time.monotonic() < until_s:
            try:
                recorded += send(worker, key_now())
            except bt.TransferError as error:
                failed.append(str(error))
            time.sleep(0.01)

    threads = [threading.Thread(target=work) for _ in range(given["threads"])]
    for thread in threads:
        thread.start()
    longest_s, forks = 0.0, 0
    reader, writer = os.pipe()
    began: list[float] = []
    ended: list[float] = []
    os.register_at_fork(
        before=lambda: began.append(time.monotonic()), after_in_parent=lambda: ended.append(time.monotonic())
    )
    while time.monotonic() < until_s:
        HOW[given["how"]](given, writer)
        forks += 1
    longest_s = max(end - begin for begin, end in zip(began, ended, strict=True))
    for thread in threads:
        thread.join()
    os.close(writer)
    said = [json.loads(line) for line in os.fdopen(reader)]
    worker.close(None)
    told = {
        "longest_s": longest_s,
        "forks": forks,
        "refused": said.count("refused"),
        "recorded": recorded + said.count("recorded"),
        "failed": failed + [line for line in said if line not in {"refused", "recorded"}],
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""
Ctrl-C at each place of a call where Python delivers a signal.

One rule: wherever it comes, it passes through, the attempt that may have moved money is known, no frame shows a secret,
and the client's next call ends in its time.
"""

import dis
import gc
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import httpx
import pytest

import binance_transfer as bt
from tests.support.loopback import RECEIPT, Loopback, Seen, answer
from tests.support.marks import thorough
from tests.wrapper import calls, keys
from tests.wrapper.calls import Way

pytestmark = [
    pytest.mark.no_cover,  # it uses the same hook
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

A_SIGNATURE = re.compile(r"\bsignature=[0-9a-f]{8}")
EVERY = [37, *thorough(1)]

# A single one, so that a place that is not given back is missed at once.
ONE_CONNECTION: dict[Way, Callable[[], Any]] = {
    "sync": lambda: bt.HttpxTransport(verify=False, limits=httpx.Limits(max_connections=1)),
    "sync, fast": lambda: bt.FastTransport(verify=calls.TRUSTS_NOBODY, max_connections=1),
}


class Interruption:
    """A trace function that raises KeyboardInterrupt at the entry of the n-th function."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.at = ""

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not delivers_signals(frame):
            return
        self._left -= 1
        if self._left == 0:
            self.at = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_name}"  # noqa: PTH119
            raise KeyboardInterrupt


def delivers_signals(frame: FrameType) -> bool:
    """Tell whether a signal can arrive there: not where a generator goes on behind ``yield from`` or ``await``."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return at < 0 or code[at] != dis.opmap["RESUME"] or code[at + 1] & 3 < 2


def interrupted(number: int, call: Callable[[], object]) -> tuple[BaseException | None, str]:
    """Make a call with an interruption in it; return what came out and where it was, "" if it came nowhere."""
    interruption, before = Interruption(number), sys.gettrace()
    sys.settrace(interruption)
    try:
        call()
    except BaseException as error:  # noqa: BLE001
        return error, interruption.at
    finally:
        sys.settrace(before)
    return None, interruption.at


def fault_of(call: Callable[[], object]) -> str:
    """Say what is wrong with a call of another thread, "" where it does what it is for in its time."""
    result = "it waits"

    def run() -> None:
        nonlocal result
        try:
            call()
        except Exception as error:  # noqa: BLE001
            result = repr(error)
        else:
            result = ""

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(5)
    return result


def secrets_of(request: Seen) -> list[str]:
    return [keys.SECRET, keys.API_KEY, request.signed_part()[1].decode()]


WHAT: dict[str, Callable[[bt.TransferClient], object]] = {
    "transfer": lambda client: client.execute(calls.ORDER),
    "history": lambda client: list(client.history("MAIN_UMFUTURE")),
}


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("what", WHAT)
def test_wherever_it_comes_nothing_is_lost_shown_or_stuck(sync_way: Way, what: str, every: int) -> None:
    step = RECEIPT if what == "transfer" else answer(200, {"total": 0, "rows": []})
    wrong: list[tuple[str, str]] = []
    number, at = 1, "somewhere"
    with Loopback(step) as server:
        while at:
            at, found = tried(number, server, sync_way, what)
            wrong += [(at, fault) for fault in found]
            number += every
    gc.collect()  # connections whose making was interrupted are left to the collector: not in another test
    assert wrong == []


def tried(number: int, server: Loopback, way: Way, what: str) -> tuple[str, list[str]]:
    """Interrupt a call at one place; return where that was, "" behind the last one, and what is wrong."""
    client = bt.TransferClient(keys.credentials(), base_url=server.url, timeout_s=2.0, transport=ONE_CONNECTION[way]())
    client.server_time()
    before = len(server.posts) + len(server.reads)
    error, at = interrupted(number, lambda: WHAT[what](client))
    time.sleep(0.001)  # what has been sent is about to arrive
    sent = [*server.posts, *server.reads][before:]
    return at, faults(error, sent, client, what)


def variables(error: BaseException) -> Iterator[object]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        yield from frame.f_locals.values()


def shown_by(value: object) -> str:
    """What a traceback shows of a variable; half-made values of others may have no repr."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001
        ours = type(value).__module__.startswith("binance_transfer.")
        return f"{'unsound: ' if ours else ''}{type(value).__name__}"


def faults(error: BaseException | None, sent: list[Seen], client: bt.TransferClient, what: str) -> list[str]:
    """Say what an interruption has done that it must not."""
    found: list[str] = []
    if error is not None:
        if not isinstance(error, KeyboardInterrupt):
            found.append(f"it came out as {type(error).__name__}")
        if what == "transfer" and sent and bt.interrupted_attempt(error) is None:
            found.append("nobody knows the attempt")
        shown = [shown_by(value) for value in variables(error)]
        found += [text for text in shown if text.startswith("unsound: ")]
        secrets = {secret for request in sent for secret in secrets_of(request)}
        if any(A_SIGNATURE.search(text) or any(secret in text for secret in secrets) for text in shown):
            found.append("a secret is shown")
    for name, call in (("next call", lambda: WHAT[what](client)), ("close", client.close)):
        if fault := fault_of(call):
            found.append(f"{name}: {fault}")
    return found


def test_the_hook_of_these_tests_interrupts_by_number() -> None:
    def one() -> None: ...

    def two() -> None:
        one()

    places = [interrupted(number, two)[1].rpartition(":")[2] for number in (1, 2, 3)]
    assert places == ["two", "one", ""]

"""
What tracebacks show of local variables, in each way that people look at them.

One rule: what the caller's own frames hold is the caller's; every frame of the package is looked at.
"""

import inspect
import io
import os
import sys
import traceback
from collections.abc import Callable
from types import TracebackType

import loguru
from rich.console import Console
from rich.traceback import Traceback

import binance_transfer as bt

PACKAGE = os.path.dirname(inspect.getfile(bt))  # noqa: PTH120  # compared with names of files in frames


def inside(error: BaseException) -> TracebackType:
    """The part of a traceback that begins with the first frame of the package."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(PACKAGE):
            return trace
        trace = trace.tb_next
    raise AssertionError("no frame of the package in the traceback")


def by_standard_library(error: BaseException, trace: TracebackType) -> str:
    return "".join(traceback.TracebackException(type(error), error, trace, capture_locals=True).format())


def by_rich(error: BaseException, trace: TracebackType) -> str:
    console = Console(file=io.StringIO(), width=2000)
    shown = Traceback.from_exception(
        type(error), error, trace, show_locals=True, locals_max_length=sys.maxsize, locals_max_string=sys.maxsize,
        locals_hide_dunder=False, locals_hide_sunder=False, width=2000,
    )  # fmt: skip
    console.print(shown)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def by_loguru(error: BaseException, trace: TracebackType) -> str:
    lines: list[str] = []
    handler = loguru.logger.add(lines.append, diagnose=True, backtrace=False, format="{message}")
    try:
        loguru.logger.opt(exception=(type(error), error, trace)).error("failed")
    finally:
        loguru.logger.remove(handler)
    return "".join(lines)


def by_hand(error: BaseException, trace: TracebackType) -> str:
    """Every variable of every frame, and what the objects in them hold in plain sight."""
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    values = [value for frame in frames for value in frame.f_locals.values()]
    return repr([(value, getattr(value, "__dict__", None)) for value in values])


WAYS_TO_SHOW: dict[str, Callable[[BaseException, TracebackType], str]] = {
    "traceback": by_standard_library,
    "rich": by_rich,
    "loguru": by_loguru,
    "by-hand": by_hand,
}

loguru.logger.remove()

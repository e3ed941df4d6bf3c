"""
What the exchange does to a request, and whether it executes the transfer nevertheless.

One rule: a case is about one call. Only its first request for the transfer meets the fault.
"""

from collections.abc import Callable, Iterator
from typing import Final, get_args

from attrs import frozen

from binance_transfer_sandbox import faults
from binance_transfer_sandbox.faults import Fault

TIMEOUT_S: Final = 1.0
"""How long every client waits for an answer."""

LATE_MS: Final = 300
"""How long after the request the exchange executes a late transfer."""


@frozen
class Case:
    """
    One thing that happens to one call.

    title: for people; variant distinguishes cases with the same title, "" if there is only one.
    executed: whether the exchange moves the money for the request that meets the fault.
    fault: None for an exchange that works.
    """

    title: str
    variant: str
    executed: bool
    fault: Fault | None


# Faults that hide the outcome: each is tried twice, with the transfer executed and not executed.
_HIDING: Final[tuple[tuple[str, str, Callable[[bool], Fault]], ...]] = (
    ("connection closed without an answer", "FIN", lambda executes: faults.Drop(executes=executes)),
    ("connection closed without an answer", "RST", lambda executes: faults.Drop(executes=executes, reset=True)),
    ("no answer, the client times out", "", lambda executes: faults.Hang(executes=executes)),
    *(
        ("5xx with a web page", str(status), lambda executes, status=status: _gateway(executes, status))
        for status in (500, 502, 503, 504, 520)
    ),
    *(
        ("code -1007, outcome unknown", str(status), lambda executes, status=status: _backend(executes, status))
        for status in (400, 408, 504)
    ),
    *(
        ("redirect", str(status), lambda executes, status=status: _redirect(executes, status))
        for status in (301, 302, 303, 307, 308)
    ),
    *(
        ("200 with a wrong body", form.replace("_", " "), lambda executes, form=form: _broken(executes, form))
        for form in get_args(faults.Form)
    ),
)

_NOT_EXECUTING: Final[tuple[tuple[str, str, Fault], ...]] = (
    ("connection refused", "", faults.Refuse(duration_ms=300)),
    ("firewall, 403 with a web page", "", faults.Firewall()),
    ("over the limit, Retry-After: 1", "429", faults.RateLimited(status=429, retry_after_s=1)),
    ("over the limit, Retry-After: 1", "418", faults.RateLimited(status=418, retry_after_s=1)),
    ("timestamp refused, -1021", "server ahead", faults.ClockSkew(offset_ms=30_000)),
    ("timestamp refused, -1021", "server behind", faults.ClockSkew(offset_ms=-30_000)),
    ("key refused, -2015", "", faults.Rejection(code=-2015, msg="Invalid API-key, IP, or permissions for action.")),
)


def _gateway(executes: bool, status: int) -> Fault:  # noqa: FBT001  # a column of the table
    return faults.GatewayError(executes=executes, status=status)


def _backend(executes: bool, status: int) -> Fault:  # noqa: FBT001
    return faults.BackendTimeout(executes=executes, status=status)


def _redirect(executes: bool, status: int) -> Fault:  # noqa: FBT001
    return faults.Redirect(executes=executes, status=status)


def _broken(executes: bool, form: faults.Form) -> Fault:  # noqa: FBT001
    return faults.BrokenAnswer(executes=executes, form=form)


def _cases() -> Iterator[Case]:
    yield Case("no fault", "", executed=True, fault=None)
    for title, variant, fault in _NOT_EXECUTING:
        yield Case(title, variant, executed=False, fault=fault)
    for executed in (False, True):
        for title, variant, make in _HIDING:
            yield Case(title, variant, executed, make(executed))
    late = faults.Drop(executes=True, late_ms=LATE_MS)
    yield Case("connection closed, executed later", "", executed=True, fault=late)
    slow = faults.Slow(delay_ms=int(TIMEOUT_S * 2_000))
    yield Case("answer comes after the timeout", "", executed=True, fault=slow)


CASES: Final[tuple[Case, ...]] = tuple(_cases())

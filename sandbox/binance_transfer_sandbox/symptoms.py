"""
What a client sees of a fault.

One rule: a symptom depends on the fault and on the real answer, never on what was executed behind it.
"""

import gzip
import re
import zlib
from typing import Final

from attrs import evolve

from binance_transfer_sandbox import errors, faults
from binance_transfer_sandbox.faults import Fault, Form
from binance_transfer_sandbox.wire import (
    HTML_TYPE,
    JSON_TYPE,
    Answer,
    Dropped,
    Refused,
    Reply,
    Silence,
    Trailed,
    Truncated,
    delayed,
)

# An id that no transfer of the sandbox gets, for answers that lie.
_NOBODYS_TRAN_ID: Final = "1"
_RATE_TEXTS: Final = {
    429: "Too much request weight used.",
    418: "Way too much request weight used; IP banned.",
}


def unprocessed(fault: Fault | None) -> Reply | None:
    """Return what is seen of a fault that keeps the request from being looked at; None for the others."""
    match fault:
        case faults.Refuse(duration_ms=duration_ms):
            return Refused(duration_ms)
        case faults.Firewall():
            return Answer.of_page(403, "The request could not be satisfied")
        case faults.RateLimited(retry_after_s=retry_after_s, status=status):
            retry_after = ("Retry-After", str(retry_after_s))
            return Answer.of_error(errors.ApiError(status, -1003, _RATE_TEXTS[status], (retry_after,)))
        case faults.Rejection(code=code, msg=msg, status=status):
            return Answer.of_error(errors.ApiError(status, code, msg))
        case faults.Unanswered(executes=False):
            return instead(fault, None)
    return None


def processed(fault: Fault | None, real: Answer) -> Reply:
    """Return what is seen of the real answer to a request that was processed."""
    match fault:
        case faults.Unanswered():
            return instead(fault, real)
        case faults.Slow(delay_ms=delay_ms):
            return evolve(real, delay_ms=delay_ms)
        case faults.Trailing(body=body, status=status, half=half, after_ms=after_ms):
            return Trailed(real, Answer(status, (JSON_TYPE,), body.encode(), delay_ms=after_ms), half=half)
        case faults.Encoded(encoding=encoding, layers=layers):
            return _encoded(real, encoding, layers)
    return real


def instead(fault: faults.Unanswered, real: Answer | None) -> Reply:
    """Return what is seen instead of the real answer, which is None when the request was not processed."""
    return delayed(_instead(fault, real), fault.delay_ms)


def _encoded(real: Answer, encoding: str, layers: int) -> Answer:
    body = real.body
    for _ in range(layers):
        body = gzip.compress(body, mtime=0) if encoding == "gzip" else zlib.compress(body)
    header = ("Content-Encoding", ", ".join([encoding] * layers))
    return evolve(real, headers=(*real.headers, header), body=body)


def _instead(fault: faults.Unanswered, real: Answer | None) -> Reply:
    match fault:
        case faults.Drop(reset=reset):
            return Dropped(reset)
        case faults.Hang():
            return Silence()
        case faults.GatewayError(status=status):
            return Answer.of_page(status, "The server could not answer")
        case faults.BackendTimeout(status=status):
            return Answer.of_error(errors.backend_timeout(status))
        case faults.Redirect(location=location, status=status):
            return Answer(status, (("Location", location),), b"")
        case faults.BrokenAnswer(form=form):
            return _broken(form, real)
    raise TypeError(f"no symptom for {fault!r}")


def _broken(form: Form, real: Answer | None) -> Reply:
    found = re.search(rb'"tranId":(\d+)', real.body if real else b"")
    tran_id = found[1].decode() if found else _NOBODYS_TRAN_ID
    if form == "truncated":
        whole = real.body if real else f'{{"tranId":{tran_id}}}'.encode()
        return Truncated(Answer(200, (JSON_TYPE,), whole), sent_bytes=len(whole) // 2)
    bodies: dict[Form, str] = {
        "empty": "",
        "not_json": f'{{"tranId":{tran_id}',
        "html": "<html><body>OK</body></html>",
        "list": f"[{tran_id}]",
        "null": "null",
        "no_tran_id": "{}",
        "null_tran_id": '{"tranId":null}',
        "text_tran_id": f'{{"tranId":"{tran_id}"}}',
        "float_tran_id": f'{{"tranId":{tran_id}.0}}',
        "bool_tran_id": '{"tranId":true}',
        "negative_tran_id": f'{{"tranId":-{tran_id}}}',
        "huge_tran_id": f'{{"tranId":{tran_id}{"0" * 30}}}',
        "error_code": '{"code":-1000,"msg":"An unknown error occurred while processing the request."}',
    }
    return Answer(200, (HTML_TYPE if form == "html" else JSON_TYPE,), bodies[form].encode())

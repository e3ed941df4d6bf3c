"""
What a story says of requests and answers.

One rule: it tells what the exchange did with a request, which its sender may never learn.
"""

import json
from typing import Any, Final

from binance_transfer.attempt import Attempt
from binance_transfer.wire.answer import Answer, NoAnswer, Reply
from binance_transfer_api.types import Request
from binance_transfer_sandbox import faults
from binance_transfer_sandbox.faults import Fault
from binance_transfer_sandbox.ledger import Entry
from simulator.story import Moment, TranId

Words = tuple[Any, ...]
"""A template and what stands in its braces."""

_NOTABLE_S: Final = 0.1  # a story tells how long a request took from here on
_STAMPED_MS: Final = 50
_FEW: Final = 4  # rows that a story shows one by one


def post(
    attempt: Attempt, fault: Fault | None, entries: tuple[Entry, ...], reply: Reply, now_ms: int, way_s: float
) -> Words:
    """Say what became of a transfer that was sent: what the exchange made of it, and which answer came back."""
    template, things = "sends {}", list[object]([attempt])
    if way_s > _NOTABLE_S:
        template += f"; {way_s:.1f} s later it arrives"
    waiting = faults.part(fault, faults.Unanswered)
    waits_ms = waiting.late_ms if waiting else 0
    for entry in entries:
        template += "; the exchange makes it as {}"
        things.append(TranId(entry.tran_id))
        if entry.settles_ms > max(now_ms, entry.visible_ms):
            template += f", PENDING until {{}}, then {entry.final_status}"
            things.append(Moment(entry.settles_ms))
        elif entry.final_status == "FAILED":
            template += ", FAILED"
        if entry.spelling is not None:
            template += ", written as {} {} {} at {}"
            things += [entry.spelling.write_amount(entry.amount), entry.spelling.write_asset(entry.asset)]
            things += [entry.spelling.type or entry.type, Moment(entry.spelling.write_time(entry.time_ms))]
        if abs(entry.time_ms - now_ms) > _STAMPED_MS:
            template += ", stamped with {}"
            things.append(Moment(entry.time_ms))
        if entry.visible_ms > now_ms:
            template += ", not in history until {}"
            things.append(Moment(entry.visible_ms))
    if not entries:
        template += "; it waits inside the exchange" if waits_ms else "; the exchange does not make it"
    if isinstance(reply, NoAnswer):
        template += ", the answer is lost" if reply.sent else ""
    elif not entries or reply.status != 200:  # noqa: PLR2004  # all is well
        template += f", the answer is {_summary(reply)}"
    return template, *things


def reading(request: Request, reply: Reply) -> Words:
    """Say what a reading of history showed."""
    parameters = dict(request.parameters)
    template, things = f"reads history of {parameters['type']}", list[object]()
    rows = _rows(reply)
    if rows is None:
        template += f": {'no answer' if isinstance(reply, NoAnswer) else _summary(reply)}"
    elif not rows:
        template += ": no row"
    elif len(rows) > _FEW:
        template += f": {len(rows)} rows"
    else:
        template += ": " + ", ".join(f"{row['amount']} {row['asset']} {{}} {row['status']}" for row in rows)
        things += [TranId(row["tranId"]) for row in rows]
    return template, *things


def _rows(reply: Reply) -> list[dict[str, Any]] | None:
    """Return the rows of an answer, None where it has none to show."""
    if isinstance(reply, NoAnswer) or reply.status != 200:  # noqa: PLR2004  # all is well
        return None
    try:
        page = json.loads(reply.body)
    except ValueError:
        return None
    return list(page.get("rows", ())) if "total" in page else None


def _summary(reply: Answer) -> str:
    try:
        code = json.loads(reply.body).get("code", "")
    except ValueError:
        code = ""
    return f"HTTP {reply.status} {code or 'without a usable body'}"

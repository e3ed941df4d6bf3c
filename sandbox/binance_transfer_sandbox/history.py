"""
The transfer history as the exchange shows it.

One rule: history only reads the ledger; what it hides, delays or misorders is still in there.
"""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from binance_transfer_sandbox import accounts, errors, parameters, rules
from binance_transfer_sandbox.ledger import Entry, FinalStatus, Ledger

_DAY_MS: Final = 86_400_000
_DEFAULT_SPAN_MS: Final = 7 * _DAY_MS
_DEFAULT_SIZE: Final = 10
_MAX_SIZE: Final = 100
_SECOND_MS: Final = 1000


@frozen(kw_only=True)
class HistoryBehaviour:
    """
    How history shows transfers. What the vendor leaves open is a switch.

    `newest_first`: sort order. `visible_after_ms`: how long a transfer stays unlisted. `pending_after_ms`: how long it
    is PENDING before it has its `final_status`: CONFIRMED, or FAILED, which moves nothing. `whole_seconds`: timestamps
    are cut to whole seconds, for filters too. `ignores_symbols`: `fromSymbol` and `toSymbol` filter nothing.
    `omits_empty_rows`: an answer without transfers has no `rows`. `reach_days`: how far back a query may start ("the
    last 6 months").
    """

    newest_first: bool = True
    visible_after_ms: int = 0
    pending_after_ms: int = 0
    final_status: FinalStatus = "CONFIRMED"
    whole_seconds: bool = False
    ignores_symbols: bool = False
    omits_empty_rows: bool = False
    reach_days: int = 183


@frozen
class Query:
    """A history request that was read and found valid. Times in milliseconds, both ends included."""

    type: str
    start_ms: int
    end_ms: int
    page: int
    size: int
    from_symbol: str | None
    to_symbol: str | None


def read_query(values: Mapping[str, str], behaviour: HistoryBehaviour, server_ms: int) -> Query:
    """Read a history request, or refuse it."""
    type_name, route = rules.read_type(values)
    from_symbol, to_symbol = rules.read_symbols(values, route)
    end_ms = parameters.integer(values, "endTime", server_ms)
    start_ms = parameters.integer(values, "startTime", end_ms - _DEFAULT_SPAN_MS)
    page = parameters.integer(values, "current", 1)
    size = parameters.integer(values, "size", _DEFAULT_SIZE)
    if page < 1:
        raise errors.invalid("current")
    if not 1 <= size <= _MAX_SIZE:
        raise errors.invalid("size")
    if start_ms > end_ms:
        raise errors.bad_combination()
    # The page says "within the last 6 months only", not with which code; assumed.
    if start_ms < server_ms - behaviour.reach_days * _DAY_MS:
        raise errors.invalid("startTime" if values.get("startTime") else "endTime")
    return Query(type_name, start_ms, end_ms, page, size, from_symbol, to_symbol)


def answer(ledger: Ledger, uid: int, query: Query, behaviour: HistoryBehaviour, server_ms: int) -> dict[str, object]:
    """Return one page as the vendor's page shows it."""

    def shown_ms(entry: Entry) -> int:
        return entry.time_ms - entry.time_ms % _SECOND_MS if behaviour.whole_seconds else entry.time_ms

    def wanted(entry: Entry) -> bool:
        if entry.visible_ms > server_ms or not query.start_ms <= shown_ms(entry) <= query.end_ms:
            return False
        same_symbols = (entry.from_symbol, entry.to_symbol) == (query.from_symbol, query.to_symbol)
        return same_symbols or behaviour.ignores_symbols

    # Cutting to whole seconds can only move a time back, so one more second at the end loses nothing.
    candidates = ledger.between(uid, query.type, query.start_ms, query.end_ms + _SECOND_MS)
    entries = [entry for entry in candidates if wanted(entry)]
    if behaviour.newest_first:
        entries.reverse()
    skipped = (query.page - 1) * query.size
    rows = [
        {
            "asset": entry.asset,
            "amount": accounts.text(entry.amount),
            "type": entry.type,
            "status": entry.status(server_ms),
            "tranId": entry.tran_id,
            "timestamp": shown_ms(entry),
        }
        for entry in entries[skipped : skipped + query.size]
    ]
    if not rows and behaviour.omits_empty_rows:
        return {"total": len(entries)}
    return {"total": len(entries), "rows": rows}

"""
The transfer history as the exchange shows it.

One rule: history only reads the ledger; what it hides, delays, misspells or misorders is still in there.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from attrs import asdict, evolve, field, frozen, validators

from binance_transfer_sandbox import errors, faults, parameters, rules, spelling, validation
from binance_transfer_sandbox.faults import Fault
from binance_transfer_sandbox.ledger import Entry, FinalStatus, Ledger
from binance_transfer_sandbox.spelling import Spelling

_DAY_MS: Final = 86_400_000
_DEFAULT_SPAN_MS: Final = 7 * _DAY_MS
_DEFAULT_SIZE: Final = 10
_MAX_SIZE: Final = 100
_SECOND_MS: Final = 1000


def _names(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise ValueError(f"unlisted_types must be several names, not {names!r}")  # noqa: TRY004  as all bad input
    return frozenset(names)


@frozen(kw_only=True)
class HistoryBehaviour:
    """
    How history shows transfers. What the vendor leaves open is a switch, and what would be a fault of its own is too.

    `newest_first`: sort order. `visible_after_ms`: how long a transfer stays unlisted. `pending_after_ms`: how long it
    is PENDING before it has its `final_status`: CONFIRMED, or FAILED, which moves nothing. `whole_seconds`: timestamps
    are cut to whole seconds, for filters too. `ignores_symbols`: `fromSymbol` and `toSymbol` filter nothing.
    `omits_empty_rows`: an answer without transfers has no `rows`. `reach_days`: how far back a query may start ("the
    last 6 months").

    `spelling`: how every row is written that has no spelling of its own (`faults.Respell`). `stands_still_at_ms`: a
    replica that stopped at that server time shows what was visible then, with the status of then, while the clock goes
    on. `unlisted_types`: types that can be transferred but that history does not know. `ignores_unknown_types`: asked
    for a type that it does not know, history returns the rows of all types instead of -1102. `total_off_by`: `total`
    differs from the number of rows, so that the pages never add up.
    """

    newest_first: bool = field(default=True, validator=validation.flag)
    visible_after_ms: int = field(default=0, validator=validation.whole())
    pending_after_ms: int = field(default=0, validator=validation.whole())
    final_status: FinalStatus = field(default="CONFIRMED", validator=validation.one_of(get_args(FinalStatus)))
    whole_seconds: bool = field(default=False, validator=validation.flag)
    ignores_symbols: bool = field(default=False, validator=validation.flag)
    omits_empty_rows: bool = field(default=False, validator=validation.flag)
    reach_days: int = field(default=183, validator=validation.whole())
    spelling: Spelling = field(default=spelling.AS_IT_IS, validator=validators.instance_of(Spelling))
    stands_still_at_ms: int | None = field(default=None, validator=validators.optional(validation.whole()))
    unlisted_types: frozenset[str] = field(default=frozenset(), converter=_names)
    ignores_unknown_types: bool = field(default=False, validator=validation.flag)
    total_off_by: int = field(default=0, validator=validation.signed)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        return {**asdict(self), "unlisted_types": sorted(self.unlisted_types)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "HistoryBehaviour":
        """Read what `to_dict` wrote, or a part of it; the rest is as usual. ValueError says what is wrong with it."""
        values = dict(values)
        if "spelling" in values:
            values["spelling"] = spelling.from_dict(values["spelling"])
        names = values.get("unlisted_types", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("unlisted_types must be a list of names")
        return validation.construct(cls, values, "history")

    def under(self, fault: Fault | None) -> "HistoryBehaviour":
        """Return how history behaves for one request that meets a fault."""
        behaviour = self
        if stale := faults.part(fault, faults.Stale):
            behaviour = evolve(behaviour, stands_still_at_ms=stale.at_ms)
        if wrong := faults.part(fault, faults.WrongTotal):
            behaviour = evolve(behaviour, total_off_by=wrong.by)
        return behaviour


@frozen
class Query:
    """
    A history request that was read and found valid. Times in milliseconds, both ends included.

    `type` is None where all types are returned, whatever was asked for.
    """

    type: str | None
    start_ms: int
    end_ms: int
    page: int
    size: int
    from_symbol: str | None
    to_symbol: str | None


def read_query(
    values: Mapping[str, str], behaviour: HistoryBehaviour, server_ms: int, *, ignores_type: bool = False
) -> Query:
    """Read a history request, or refuse it. With `ignores_type` the type must be there but does not filter."""
    type_name, from_symbol, to_symbol = _read_subject(values, behaviour, ignores_type=ignores_type)
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
    if start_ms < server_ms - behaviour.reach_days * _DAY_MS:
        raise errors.beyond_history()
    return Query(type_name, start_ms, end_ms, page, size, from_symbol, to_symbol)


def _read_subject(
    values: Mapping[str, str], behaviour: HistoryBehaviour, *, ignores_type: bool
) -> tuple[str | None, str | None, str | None]:
    name = parameters.required(values, "type")
    known = rules.is_type(name) and name not in behaviour.unlisted_types
    if ignores_type or (behaviour.ignores_unknown_types and not known):
        return None, None, None
    if not known:
        raise errors.missing("type")
    return (name, *rules.read_symbols(values, rules.read_type(values)[1]))


def answer(ledger: Ledger, uid: int, query: Query, behaviour: HistoryBehaviour, server_ms: int) -> dict[str, object]:
    """Return one page as the vendor's page shows it."""
    still_ms = behaviour.stands_still_at_ms
    as_of_ms = server_ms if still_ms is None else min(server_ms, still_ms)

    def found_ms(entry: Entry) -> int:
        return entry.time_ms - entry.time_ms % _SECOND_MS if behaviour.whole_seconds else entry.time_ms

    def wanted(entry: Entry) -> bool:
        if entry.visible_ms > as_of_ms or not query.start_ms <= found_ms(entry) <= query.end_ms:
            return False
        same_symbols = (entry.from_symbol, entry.to_symbol) == (query.from_symbol, query.to_symbol)
        return same_symbols or behaviour.ignores_symbols or query.type is None

    def row(entry: Entry) -> dict[str, object]:
        written = entry.spelling or behaviour.spelling
        return {
            "asset": written.write_asset(entry.asset),
            "amount": written.write_amount(entry.amount),
            "type": written.type or entry.type,
            "status": entry.status(as_of_ms),
            "tranId": entry.tran_id,
            "timestamp": written.write_time(found_ms(entry)),
        }

    # Cutting to whole seconds can only move a time back, so one more second at the end loses nothing.
    candidates = ledger.between(uid, query.type, query.start_ms, query.end_ms + _SECOND_MS)
    entries = [entry for entry in candidates if wanted(entry)]
    if behaviour.newest_first:
        entries.reverse()
    skipped = (query.page - 1) * query.size
    rows = [row(entry) for entry in entries[skipped : skipped + query.size]]
    total = max(0, len(entries) + behaviour.total_off_by)
    if not rows and behaviour.omits_empty_rows:
        return {"total": total}
    return {"total": total, "rows": rows}

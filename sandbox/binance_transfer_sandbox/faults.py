"""
What can go wrong, as values.

One rule: a fault says what happens to the request and what the client sees of it; it never does anything itself.

`executes` is asked of every fault that hides the outcome from the client: with True the request is processed as if
nothing were wrong (and refused if it should be), with False it is never looked at. `late_ms` moves the execution: the
request is checked when it arrives and executed that much later, if its signing window still holds then, else never.
With `queued` it was begun in time and waits inside the exchange: it is executed then, whether or not its window holds,
and stamped with that moment. `delay_ms` is how long the client waits for whatever it gets.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Literal, TypeVar, get_args

from attrs import asdict, field, frozen, validators

from binance_transfer_sandbox import validation
from binance_transfer_sandbox.spelling import Spelling

Target = Literal["transfer", "history", "restrictions", "account", "wallet_balance", "time", "status", "any"]
"""Which operation a fault is about."""

Kind = TypeVar("Kind", bound="Fault")


@frozen(kw_only=True)
class Fault:
    """
    Any of the below. `target` is the operation that it is about unless one is named.

    `answers` tells whether it decides what the client gets; a request can meet one such fault only.
    """

    target: ClassVar[Target] = "transfer"
    answers: ClassVar[bool] = True


@frozen(kw_only=True)
class Unanswered(Fault):
    """The client does not get the real answer. See the module for the four fields."""

    executes: bool = field(validator=validation.flag)
    late_ms: int = field(default=0, validator=validation.whole())
    delay_ms: int = field(default=0, validator=validation.whole())
    queued: bool = field(default=False, validator=validation.flag)

    def __attrs_post_init__(self) -> None:
        """Refuse a contradiction."""
        if self.late_ms and not self.executes:
            raise ValueError("late_ms says when to execute, but executes is false")
        if self.queued and not self.late_ms:
            raise ValueError("queued says that it waits inside the exchange, but late_ms does not say for how long")


@frozen(kw_only=True)
class Drop(Unanswered):
    """The connection ends without an answer: with a FIN, or with a RST where `reset`."""

    reset: bool = field(default=False, validator=validation.flag)


@frozen(kw_only=True)
class Hang(Unanswered):
    """No answer, and the connection stays open until the client gives up. `delay_ms` means nothing here."""


@frozen(kw_only=True)
class GatewayError(Unanswered):
    """A 5xx with an HTML page from a front that lost the back end."""

    status: int = field(default=502, validator=validation.one_of((500, 502, 503, 504, 520)))


@frozen(kw_only=True)
class BackendTimeout(Unanswered):
    """Code -1007: the front does not know what the back end did."""

    status: int = field(default=504, validator=validation.one_of((400, 408, 504)))


Form = Literal[
    "truncated", "empty", "not_json", "html", "list", "null", "no_tran_id", "null_tran_id", "text_tran_id",
    "float_tran_id", "bool_tran_id", "negative_tran_id", "huge_tran_id", "error_code",
]  # fmt: skip


@frozen(kw_only=True)
class BrokenAnswer(Unanswered):
    """A 200 whose body is not what the page promises, or not all of it."""

    form: Form = field(validator=validation.one_of(get_args(Form)))


@frozen(kw_only=True)
class Redirect(Unanswered):
    """A redirect to another path or host. Following it would carry the key and the signature there."""

    location: str = field(default="/sapi/v2/asset/transfer", validator=validation.header)
    status: int = field(default=307, validator=validation.one_of((301, 302, 303, 307, 308)))


@frozen(kw_only=True)
class Refuse(Fault):
    """
    No connection can be made for `duration_ms`: the port is closed. Nothing is executed.

    A socket cannot refuse a request that already arrived: planned through `Sandbox.fail_next` (or the admin interface)
    the port closes at once; met by a request on the way, that one's connection is reset first.
    """

    duration_ms: int = field(default=1_000, validator=validation.whole(1))


@frozen(kw_only=True)
class Firewall(Fault):
    """403 with an HTML page from the web application firewall. Nothing is executed."""


@frozen(kw_only=True)
class RateLimited(Fault):
    """429, or 418 for a ban, with `Retry-After`. Nothing is executed."""

    retry_after_s: int = field(default=1, validator=validation.whole())
    status: int = field(default=429, validator=validation.one_of((429, 418)))


@frozen(kw_only=True)
class Rejection(Fault):
    """A refusal with a code and text of your choice. Nothing is executed."""

    code: int = field(validator=validation.signed)
    msg: str = field(validator=validation.text)
    status: int = field(default=400, validator=validation.whole(400, 599))


@frozen(kw_only=True)
class Slow(Fault):
    """The request is processed at once and the real answer sent `delay_ms` later."""

    target: ClassVar[Target] = "any"
    delay_ms: int = field(validator=validation.whole())


@frozen(kw_only=True)
class ClockSkew(Fault):
    """For this request the server's clock is ahead of its real one by `offset_ms`, or behind if negative."""

    target: ClassVar[Target] = "any"
    answers: ClassVar[bool] = False
    offset_ms: int = field(validator=validation.signed)


@frozen(kw_only=True)
class Settle(Fault):
    """The transfer is accepted, is PENDING for `after_ms`, and then has this status. A FAILED one moves nothing."""

    answers: ClassVar[bool] = False
    status: Literal["CONFIRMED", "FAILED"] = field(validator=validation.one_of(("CONFIRMED", "FAILED")))
    after_ms: int = field(default=0, validator=validation.whole())


@frozen(kw_only=True)
class Hide(Fault):
    """The transfer is executed, but history does not list it for `for_ms`."""

    answers: ClassVar[bool] = False
    for_ms: int = field(validator=validation.whole())


@frozen(kw_only=True)
class ShiftPages(Fault):
    """
    Right after this page of history is answered, one more transfer appears in the queried window.

    It is a real transfer of the queried type, made at the window's last moment, as if listed late; it needs `amount` of
    `asset` in the paying wallet, else nothing appears.
    """

    target: ClassVar[Target] = "history"
    answers: ClassVar[bool] = False
    asset: str = field(default="USDT", validator=validation.text)
    amount: str = field(default="0.00000001", validator=validators.matches_re(r"[0-9]{1,20}(\.[0-9]{1,8})?"))


@frozen(kw_only=True)
class Respell(Fault, Spelling):
    """The transfer is executed, but history spells its row otherwise. See `Spelling` for the fields."""

    answers: ClassVar[bool] = False


@frozen(kw_only=True)
class Stamp(Fault):
    """
    The ledger stamps the transfer `offset_ms` after the moment of its execution, or before it if negative.

    Its clock differs from the front's, or it wrote late. History does not list it before either moment.
    """

    answers: ClassVar[bool] = False
    offset_ms: int = field(validator=validation.signed)


@frozen(kw_only=True)
class Stale(Fault):
    """
    A replica answers this reading of history, one that stopped at `at_ms`, in server time.

    Rows that became visible later are not there, and statuses are those of then. The server's clock goes on.
    """

    target: ClassVar[Target] = "history"
    answers: ClassVar[bool] = False
    at_ms: int = field(validator=validation.whole())


@frozen(kw_only=True)
class IgnoreType(Fault):
    """The reading of history returns the rows of all types, whatever type was asked for."""

    target: ClassVar[Target] = "history"
    answers: ClassVar[bool] = False


@frozen(kw_only=True)
class WrongTotal(Fault):
    """The page of history states a `total` that is `by` more than there are rows, or less if negative."""

    target: ClassVar[Target] = "history"
    answers: ClassVar[bool] = False
    by: int = field(default=1, validator=validation.signed)


@frozen(kw_only=True)
class Trailing(Fault):
    """
    The real answer is followed, in the same segment, by a second one that nobody asked for.

    The next request on this connection would read it. Of a `half` one the last bytes never come. With `after_ms` it
    comes that much later, on a connection that by then lies idle or is used again.
    """

    target: ClassVar[Target] = "any"
    body: str = field(default='{"tranId":31337}', validator=validation.text)
    status: int = field(default=200, validator=validation.whole(200, 599))
    half: bool = field(default=False, validator=validation.flag)
    after_ms: int = field(default=0, validator=validation.whole())


@frozen(kw_only=True)
class Encoded(Fault):
    """The real answer, compressed and with `Content-Encoding`, whether or not the client takes that; `layers` deep."""

    encoding: Literal["gzip", "deflate"] = field(default="gzip", validator=validation.one_of(("gzip", "deflate")))
    layers: int = field(default=1, validator=validation.whole(1, 10))


def _in_order(parts: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(parts)


def _check_parts(_owner: object, _attribute: object, parts: object) -> None:
    if not isinstance(parts, tuple) or not all(isinstance(one, Fault) for one in parts):
        raise ValueError("faults must be a list of faults")
    if any(isinstance(one, (Refuse, Together)) for one in parts):
        raise ValueError("refuse and together cannot be part of another fault")
    if repeated := [kind.__name__ for kind, count in Counter(map(type, parts)).items() if count > 1]:
        raise ValueError(f"one request meets a kind of fault once, but {', '.join(repeated)} stands here twice")
    if sum(one.answers for one in parts) > 1:
        raise ValueError("only one of the faults of a request can decide what the client gets")


@frozen(kw_only=True)
class Together(Fault):
    """
    One request meets several faults of different kinds: say its answer is lost, and its row spelt otherwise.

    At most one of them decides what the client gets: those about clocks, rows and readings can be added to any, and
    say which operation it is about.
    """

    faults: tuple[Fault, ...] = field(converter=_in_order, validator=_check_parts)


KINDS: Final[Mapping[str, type[Fault]]] = {
    "drop": Drop,
    "hang": Hang,
    "gateway_error": GatewayError,
    "backend_timeout": BackendTimeout,
    "broken_answer": BrokenAnswer,
    "redirect": Redirect,
    "refuse": Refuse,
    "firewall": Firewall,
    "rate_limited": RateLimited,
    "rejection": Rejection,
    "slow": Slow,
    "clock_skew": ClockSkew,
    "settle": Settle,
    "hide": Hide,
    "shift_pages": ShiftPages,
    "respell": Respell,
    "stamp": Stamp,
    "stale": Stale,
    "ignore_type": IgnoreType,
    "wrong_total": WrongTotal,
    "trailing": Trailing,
    "encoded": Encoded,
    "together": Together,
}
"""The name of each fault in JSON."""

_NAMES: Final[Mapping[type[Fault], str]] = {kind: name for name, kind in KINDS.items()}


def part(fault: Fault | None, kind: type[Kind]) -> Kind | None:
    """Return what a request meets of a kind of fault: the fault itself, or one of those that it meets together."""
    for one in fault.faults if isinstance(fault, Together) else (fault,):
        if isinstance(one, kind):
            return one
    return None


def target_of(fault: Fault) -> Target:
    """Return the operation that a fault is about unless one is named."""
    if not isinstance(fault, Together):
        return fault.target
    rows_first = sorted(fault.faults, key=lambda one: one.answers)
    targets: list[Target] = [one.target for one in rows_first if one.target != "any"]
    return targets[0] if targets else "any"


def answering(fault: Fault | None) -> Fault | None:
    """Return what decides the answer that the client gets, if anything does."""
    parts = fault.faults if isinstance(fault, Together) else (fault,)
    return next((one for one in parts if one is not None and one.answers), None)


def to_dict(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON-ready values: its name as `fault`, and its fields."""
    if isinstance(fault, Together):
        return {"fault": "together", "faults": [to_dict(one) for one in fault.faults]}
    return {"fault": _NAMES[type(fault)], **asdict(fault)}


def from_dict(values: Mapping[str, Any]) -> Fault:
    """Read what `to_dict` wrote. ValueError says what is wrong with it."""
    if not isinstance(values, Mapping):
        raise ValueError("a fault must be a JSON object")  # noqa: TRY004  answered as all bad input is
    given = dict(values)
    name = given.pop("fault", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"fault must be one of {', '.join(KINDS)}; not {name!r}")
    if kind is Together and isinstance(given.get("faults"), list):
        given["faults"] = [from_dict(one) for one in given["faults"]]
    return validation.construct(kind, given, name)

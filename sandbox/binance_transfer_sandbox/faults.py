"""
What can go wrong, as values.

One rule: a fault says what happens to the request and what the client sees of it; it never does anything itself.

`executes` is asked of every fault that hides the outcome from the client: with True the request is processed as if
nothing were wrong (and refused if it should be), with False it is never looked at. `late_ms` moves the execution: the
request is checked when it arrives and executed that much later, if its signing window still holds then, else never.
`delay_ms` is how long the client waits for whatever it gets.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal, get_args

from attrs import Attribute, asdict, field, fields, frozen, validators

Target = Literal["transfer", "history", "restrictions", "account", "time", "status", "any"]
"""Which operation a fault is about."""


def _check_whole(least: int) -> Callable[[object, "Attribute[int]", int], None]:
    def check(_fault: object, attribute: "Attribute[int]", value: int) -> None:
        if type(value) is not int or value < least:
            raise ValueError(f"{attribute.name} must be a whole number of at least {least}, not {value!r}")

    return check


def _check_flag(_fault: object, attribute: "Attribute[bool]", value: bool) -> None:  # noqa: FBT001  attrs calls it so
    if type(value) is not bool:
        raise ValueError(f"{attribute.name} must be true or false, not {value!r}")


def _check_text(_fault: object, attribute: "Attribute[str]", value: str) -> None:
    if type(value) is not str or not value:
        raise ValueError(f"{attribute.name} must be a text, not {value!r}")


_WHOLE: Final = _check_whole(0)


@frozen(kw_only=True)
class Fault:
    """Any of the below. `target` is the operation that it is about unless one is named."""

    target: ClassVar[Target] = "transfer"


@frozen(kw_only=True)
class Unanswered(Fault):
    """The client does not get the real answer. See the module for the three fields."""

    executes: bool = field(validator=_check_flag)
    late_ms: int = field(default=0, validator=_WHOLE)
    delay_ms: int = field(default=0, validator=_WHOLE)

    def __attrs_post_init__(self) -> None:
        """Refuse a contradiction."""
        if self.late_ms and not self.executes:
            raise ValueError("late_ms says when to execute, but executes is false")


@frozen(kw_only=True)
class Drop(Unanswered):
    """The connection ends without an answer: with a FIN, or with a RST where `reset`."""

    reset: bool = field(default=False, validator=_check_flag)


@frozen(kw_only=True)
class Hang(Unanswered):
    """No answer, and the connection stays open until the client gives up. `delay_ms` means nothing here."""


@frozen(kw_only=True)
class GatewayError(Unanswered):
    """A 5xx with an HTML page from a front that lost the back end."""

    status: int = field(default=502, validator=validators.in_((500, 502, 503, 504, 520)))


@frozen(kw_only=True)
class BackendTimeout(Unanswered):
    """Code -1007: the front does not know what the back end did."""

    status: int = field(default=504, validator=validators.in_((400, 408, 504)))


Form = Literal[
    "truncated", "empty", "not_json", "html", "list", "null", "no_tran_id", "null_tran_id", "text_tran_id",
    "float_tran_id", "bool_tran_id", "negative_tran_id", "huge_tran_id", "error_code",
]  # fmt: skip


@frozen(kw_only=True)
class BrokenAnswer(Unanswered):
    """A 200 whose body is not what the page promises, or not all of it."""

    form: Form = field(validator=validators.in_(get_args(Form)))


@frozen(kw_only=True)
class Redirect(Unanswered):
    """A redirect to another path or host. Following it would carry the key and the signature there."""

    location: str = field(default="/sapi/v2/asset/transfer", validator=_check_text)
    status: int = field(default=307, validator=validators.in_((301, 302, 303, 307, 308)))


@frozen(kw_only=True)
class Refuse(Fault):
    """
    No connection can be made for `duration_ms`: the port is closed. Nothing is executed.

    A socket cannot refuse a request that already arrived: planned through `Sandbox.fail_next` (or the admin interface)
    the port closes at once; met by a request on the way, that one's connection is reset first.
    """

    duration_ms: int = field(default=1_000, validator=_check_whole(1))


@frozen(kw_only=True)
class Firewall(Fault):
    """403 with an HTML page from the web application firewall. Nothing is executed."""


@frozen(kw_only=True)
class RateLimited(Fault):
    """429, or 418 for a ban, with `Retry-After`. Nothing is executed."""

    retry_after_s: int = field(default=1, validator=_WHOLE)
    status: int = field(default=429, validator=validators.in_((429, 418)))


@frozen(kw_only=True)
class Rejection(Fault):
    """A refusal with a code and text of your choice. Nothing is executed."""

    code: int = field(validator=validators.instance_of(int))
    msg: str = field(validator=_check_text)
    status: int = field(default=400, validator=_check_whole(400))


@frozen(kw_only=True)
class Slow(Fault):
    """The request is processed at once and the real answer sent `delay_ms` later."""

    target: ClassVar[Target] = "any"
    delay_ms: int = field(validator=_WHOLE)


@frozen(kw_only=True)
class ClockSkew(Fault):
    """For this request the server's clock is ahead of its real one by `offset_ms`, or behind if negative."""

    target: ClassVar[Target] = "any"
    offset_ms: int = field(validator=validators.instance_of(int))


@frozen(kw_only=True)
class Settle(Fault):
    """The transfer is accepted, is PENDING for `after_ms`, and then has this status. A FAILED one moves nothing."""

    status: Literal["CONFIRMED", "FAILED"] = field(validator=validators.in_(("CONFIRMED", "FAILED")))
    after_ms: int = field(default=0, validator=_WHOLE)


@frozen(kw_only=True)
class Hide(Fault):
    """The transfer is executed, but history does not list it for `for_ms`."""

    for_ms: int = field(validator=_WHOLE)


@frozen(kw_only=True)
class ShiftPages(Fault):
    """
    Right after this page of history is answered, one more transfer appears in the queried window.

    It is a real transfer of the queried type, made at the window's last moment, as if listed late; it needs `amount` of
    `asset` in the paying wallet, else nothing appears.
    """

    target: ClassVar[Target] = "history"
    asset: str = field(default="USDT", validator=_check_text)
    amount: str = field(default="0.00000001", validator=validators.matches_re(r"[0-9]{1,20}(\.[0-9]{1,8})?"))


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
}
"""The name of each fault in JSON."""

_NAMES: Final[Mapping[type[Fault], str]] = {kind: name for name, kind in KINDS.items()}


def to_dict(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON-ready values: its name as `fault`, and its fields."""
    return {"fault": _NAMES[type(fault)], **asdict(fault)}


def from_dict(values: Mapping[str, Any]) -> Fault:
    """Read what `to_dict` wrote. ValueError says what is wrong with it."""
    kind = KINDS.get(str(values.get("fault")))
    if kind is None:
        raise ValueError(f"fault must be one of {', '.join(KINDS)}; not {values.get('fault')!r}")
    given = {name: value for name, value in values.items() if name != "fault"}
    known = {attribute.name for attribute in fields(kind)}
    if unknown := given.keys() - known:
        raise ValueError(f"{values['fault']} has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
    try:
        return kind(**given)
    except TypeError as unfit:  # a required field is missing, or a value has the wrong type
        raise ValueError(f"{values['fault']}: {unfit.args[0]}") from unfit

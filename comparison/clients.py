"""
The clients that are compared, and how each is set up.

One rule: each is used as its own documentation shows, and every setting that matters here is listed.
"""

from typing import Any, Final

from attrs import field, frozen

OURS: Final = "binance-universal-transfer"


@frozen
class Client:
    """
    A client in one configuration.

    name: the distribution; variant distinguishes its configurations, "" if there is only one.
    program: module of comparison.programs.
    set_up: the configuration, in words.
    settings: what its program gets besides address, key and timeout.
    loop: the class of errors that the retry loop around it catches, "" for no loop.
    open_outcome: errors that mean, by its documentation, that the outcome is unknown.
    not_executed: errors that mean, by its documentation, that nothing moved.
    judged: whether a false report makes the comparison fail.
    """

    name: str
    variant: str
    program: str
    set_up: str
    settings: dict[str, Any] = field(factory=dict)
    loop: str = ""
    open_outcome: frozenset[str] = frozenset()
    not_executed: frozenset[str] = frozenset()
    judged: bool = False

    @property
    def title(self) -> str:
        """Its name in the tables."""
        name = "**this client**" if self.name == OURS else self.name
        return f"{name}, {self.variant}" if self.variant else name


_ANY_ERROR: Final = "Exception"
_WINDOWS: Final = {"recv_window_ms": 1_500, "settle_ms": 500}
_JOURNAL: Final = {"journal": "sqlite:///journal.db"}
_OPEN: Final = frozenset({"OutcomeUnknown"})
_NOT: Final = frozenset({"NotExecuted"})


def _ours(variant: str, set_up: str, settings: dict[str, Any], loop: str = "", *, judged: bool = True) -> Client:
    return Client(OURS, variant, "ours", set_up, _WINDOWS | settings, loop, _OPEN, _NOT, judged)


def _peers(loop: str) -> tuple[Client, ...]:
    timed_out = frozenset({"RequestTimeout"})  # ccxt's manual says so of this class
    own_retries = {"own_retries": 3}
    return (
        Client("binance-sdk-wallet", "", "binance_sdk_wallet", "`base_path`, `timeout`", {}, loop),
        Client("binance-connector", "", "binance_connector", "`base_url`, `timeout`", {}, loop),
        Client(
            "python-binance", "", "python_binance", "`requests_params`; the address is an attribute of its class",
            {}, loop,
        ),
        Client("ccxt", "", "ccxt_binance", "`timeout`, `urls`; the unified `transfer`", {}, loop, timed_out),
        *(
            ()
            if loop
            else (
                Client(
                    "ccxt", "`maxRetriesOnFailure` 3", "ccxt_binance", "the same with its own retries switched on",
                    own_retries, "", timed_out,
                ),
            )
        ),
    )  # fmt: skip


ALONE: Final[tuple[Client, ...]] = (
    _ours("idempotency key", "a journal in SQLite, a key for each call", _JOURNAL),
    _ours("no journal", "`TransferClient(…)` as it is", {}),
    *_peers(""),
)
"""Each call is made once."""

LOOPED: Final[tuple[Client, ...]] = (
    _ours("idempotency key", "the loop catches `Exception`; the key stays the same", _JOURNAL, _ANY_ERROR),
    _ours("no journal", "the loop catches `NotExecuted` only", {}, "binance_transfer.NotExecuted"),
    _ours(
        "no journal, misused", "contrary to the documentation, the loop catches `OutcomeUnknown` as well", {},
        _ANY_ERROR, judged=False,
    ),
    *_peers(_ANY_ERROR),
)  # fmt: skip
"""Each call is made in a loop that tries again after an error."""

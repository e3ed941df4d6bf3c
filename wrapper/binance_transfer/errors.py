"""
What can go wrong, named after what it means for the money.

One rule: an error under NotExecuted says that nothing moved, and nothing else may say so.

    TransferError
    ├── NotExecuted                nothing moved
    │   ├── InvalidTransfer        refused before sending; also a ValueError
    │   │   └── IdempotencyConflict    the key was used for a different transfer
    │   ├── NotSent                it did not leave: no connection, or no time to send it
    │   ├── Rejected               Binance said no
    │   │   ├── RateLimited
    │   │   ├── PermissionDenied
    │   │   ├── InsufficientBalance
    │   │   └── ClockOutOfSync
    │   ├── PolicyDenied           outside the operator's limits
    │   └── ProvenAbsent           reconciliation found that it never happened
    ├── OutcomeUnknown             may have moved: do not send again
    │   └── Ambiguous              history holds several candidates
    ├── ReadFailed                 a call that only reads got no usable answer
    ├── JournalFailed              the journal could not be used, and nothing was sent without it
    └── ResolutionRefused          a person's verdict was not taken; also a ValueError
"""

from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from binance_transfer.attempt import Attempt
    from binance_transfer.history import TransferRecord


class AnswerFacts(TypedDict, total=False):
    """What every answer carries, good or bad."""

    http_status: int | None
    retry_after_s: int | None
    used_uid_weight_1m: int | None


class TransferError(Exception):
    """
    The root of all errors of this package.

    Catch NotExecuted and OutcomeUnknown rather than this one: they call for opposite reactions.

    http_status: status of the answer, None if there was none.
    retry_after_s: seconds for which the exchange asks for silence, None if it did not.
    used_uid_weight_1m: weight that the account has used this minute, None if the answer did not say.
    retryable: calling again soon, with the same key and nothing changed, is safe and may help.
    """

    retryable: bool = False

    def __init__(self, message: str, **answer: Unpack[AnswerFacts]) -> None:
        super().__init__(message)
        self.http_status = answer.get("http_status")
        self.retry_after_s = answer.get("retry_after_s")
        self.used_uid_weight_1m = answer.get("used_uid_weight_1m")

    def facts(self) -> AnswerFacts:
        """Return what came with the answer, for another error about it."""
        return AnswerFacts(
            http_status=self.http_status,
            retry_after_s=self.retry_after_s,
            used_uid_weight_1m=self.used_uid_weight_1m,
        )

    def __reduce__(self) -> "tuple[Callable[..., TransferError], tuple[object, ...]]":
        return self._restored, (self.args, self.__dict__)

    @classmethod
    def _restored(cls, args: tuple[object, ...], state: dict[str, Any]) -> Self:
        error = cls.__new__(cls, *args)
        error.__dict__.update(state)
        return error


class NotExecuted(TransferError):
    """
    Nothing moved.

    The same transfer may be sent again once the cause is gone.
    """


class InvalidTransfer(NotExecuted, ValueError):
    """
    Refused before anything was sent, so nothing moved.

    The message says which value is wrong and what would be right. Correct it and call again.
    """


class IdempotencyConflict(InvalidTransfer):
    """
    The key was used for a different transfer, so this one was not sent.

    Use one key for one transfer. If this is meant to be another one, give it a key of its own.
    """


class NotSent(NotExecuted):
    """
    The transfer did not leave this machine, so nothing moved.

    Call again, after ``retry_after_s`` seconds where that is not None. Check the network, the proxy and the
    certificates where there was no connection. It is raised too where something had to be read first and could not be,
    and where the transfer would have had to wait for longer than the call may last: for the next minute's weight, or
    for the window of an identical transfer.
    """

    retryable = True


class Rejected(NotExecuted):
    """
    Binance said no, so nothing moved.

    Look at ``code`` and ``msg``. Sending the same again is safe, and helps only once the cause is gone. A firewall's
    refusal (HTTP 403) is ``retryable``.

    code: the vendor's error code, None where the answer carried none (a firewall's page).
    msg: the vendor's text, "" where there was none.
    """

    def __init__(self, message: str, *, code: int | None, msg: str, **answer: Unpack[AnswerFacts]) -> None:
        super().__init__(message, **answer)
        self.code = code
        self.msg = msg


class RateLimited(Rejected):
    """
    Too many requests, so this one was not processed and nothing moved.

    Send nothing at all for ``retry_after_s`` seconds (a minute where it is None): going on leads to a ban. With a
    journal it is also raised, with ``code`` None, for a transfer that was not sent because an earlier answer asked for
    silence and that is not over yet.
    """

    retryable = True


class PermissionDenied(Rejected):
    """
    The key may not do this, so nothing moved.

    Check that the key is right, that it has the permission named by ``client.preflight()``, and that this machine's
    address is one that the key allows.
    """


class InsufficientBalance(Rejected):
    """
    The paying wallet has too little available, so nothing moved.

    Move less, or fill the wallet first.
    """


class ClockOutOfSync(Rejected):
    """
    The request reached Binance too late or seemed to come from the future, so nothing moved.

    Call again: the client measures the server's clock first. If it keeps happening the network is slower than
    ``recv_window_ms`` allows.
    """

    retryable = True


class PolicyDenied(NotExecuted):
    """
    Outside the operator's limits, or sending is halted, so nothing was sent.

    Ask who set the limit; ``journal.resume()`` ends a halt.
    """


class ProvenAbsent(NotExecuted):
    """
    Reconciliation found that the attempt never executed and never will, so nothing moved.

    Decide whether the transfer is still wanted, and send it as a new one.

    attempt: what was reconciled.
    """

    retryable = True

    def __init__(self, message: str, *, attempt: "Attempt", **answer: Unpack[AnswerFacts]) -> None:
        super().__init__(message, **answer)
        self.attempt = attempt


class OutcomeUnknown(TransferError):
    """
    The money may have moved: do not send again.

    Hand ``attempt`` to ``client.reconcile()``, at once or after a restart; until that has an answer, count the money in
    neither wallet.

    attempt: what was sent; ``attempt.to_dict()`` can be stored.
    code: the vendor's error code, None where the answer carried none.
    msg: the vendor's text, "" where there was none.
    retryable: True for a call with an idempotency key: called again, it reconciles first and sends nothing before it
        knows.
    """

    def __init__(
        self,
        message: str,
        *,
        attempt: "Attempt",
        code: int | None = None,
        msg: str = "",
        **answer: Unpack[AnswerFacts],
    ) -> None:
        super().__init__(message, **answer)
        self.attempt = attempt
        self.code = code
        self.msg = msg


class Ambiguous(OutcomeUnknown):
    """
    History holds several transfers that could be this one, so it moved once or not at all.

    A person has to tell them apart, e.g. by the balances. Do not send again.

    candidates: the confirmed rows of history that fit.
    """

    def __init__(
        self,
        message: str,
        *,
        attempt: "Attempt",
        candidates: "Sequence[TransferRecord]",
        **answer: Unpack[AnswerFacts],
    ) -> None:
        super().__init__(message, attempt=attempt, **answer)
        self.candidates = tuple(candidates)


class ReadFailed(TransferError):
    """
    A call that only reads (history, preflight, clock) got no usable answer.

    It says nothing about any transfer, which is why it is not under NotExecuted. Reading again is always safe; heed
    ``retry_after_s``.

    code: the vendor's error code, None where the answer carried none.
    msg: the vendor's text, "" where there was none.
    """

    retryable = True

    def __init__(self, message: str, *, code: int | None = None, msg: str = "", **answer: Unpack[AnswerFacts]) -> None:
        super().__init__(message, **answer)
        self.code = code
        self.msg = msg


class JournalFailed(TransferError):
    """
    The journal could not be used, and nothing was sent that it has not recorded.

    It is not under NotExecuted since the key may have an earlier attempt. Repair the database and call again with the
    same key.
    """

    retryable = True


class ResolutionRefused(TransferError, ValueError):
    """
    A person's verdict was not taken, and the journal is unchanged.

    The message says why: the window is still open, the id is another attempt's, or there is nothing to resolve.
    """

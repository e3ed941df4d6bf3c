"""
How fast all workers of an account may send (docs/rules.md, rule 12).

One rule: the exchange's headers decide; what is counted here is only what they cannot have counted yet.
"""

from typing import Final

from attrs import evolve, frozen

from binance_transfer.journal.records import AccountRecord
from binance_transfer.visible import sound_repr
from binance_transfer_api.api.asset.universal_transfer import WEIGHT, WEIGHT_LIMIT

_MINUTE_MS: Final = 60_000
_AHEAD_MS: Final = 1_000  # between what a worker believes the exchange's clock to be and what it is
_IN_FLIGHT_S: Final = 0.2
_FEWEST: Final = 10  # attempts a minute that are tried, however much strangers seem to make one cost


@frozen
class Wait:
    """
    Come back later.

    asked: the exchange has asked for silence.
    """

    seconds: float
    reason: str
    asked: bool = False
    __repr__ = sound_repr


@frozen
class Weight:
    """What an answer says about the limit: what this minute has used, and until when the exchange wants silence."""

    used: int | None = None
    silent_until_ms: int = 0
    __repr__ = sound_repr


def wait_for_room(account: AccountRecord, now_ms: int) -> Wait | None:
    """Say how long a send has to wait, None where it may go."""
    if now_ms < account.silent_until_ms:
        return Wait((account.silent_until_ms - now_ms) / 1000, "the exchange asked for silence", asked=True)
    if account.minute != _minute(account, now_ms):
        return None
    weight = account.weight or WEIGHT
    if account.used + weight > WEIGHT_LIMIT:
        left_ms = (account.minute + 1) * _MINUTE_MS - now_ms
        return Wait((left_ms + _AHEAD_MS) / 1000, "the weight of this minute is used up")
    if account.used + weight * (account.started - account.answered + 1) > WEIGHT_LIMIT:
        return Wait(_IN_FLIGHT_S, "transfers under way may use up the weight of this minute")
    return None


def _minute(account: AccountRecord, now_ms: int) -> int:
    """Return the minute to count for: never one before that which others have begun, where a worker's clock lags."""
    return max(account.minute, now_ms // _MINUTE_MS)


def begun(account: AccountRecord, now_ms: int) -> AccountRecord:
    """Count one more send."""
    minute = _minute(account, now_ms)
    if account.minute == minute:
        return evolve(account, started=account.started + 1)
    return evolve(account, minute=minute, started=1, answered=0, first=0, used=0)


def answered(account: AccountRecord, opened_ms: int, weight: Weight) -> AccountRecord:
    """Take over what an answer to a send says."""
    account = evolve(account, silent_until_ms=max(account.silent_until_ms, weight.silent_until_ms))
    if weight.used is None or opened_ms // _MINUTE_MS != account.minute:
        return account
    if weight.silent_until_ms:
        # Refused, so it cost nothing; and the figure may be that of the minute before, where a clock is ahead.
        return evolve(account, started=account.started - 1)
    account = evolve(
        account,
        answered=account.answered + 1,
        first=account.first or weight.used,
        used=max(weight.used, account.used),
    )
    return evolve(account, weight=_weight(account))


def _weight(account: AccountRecord) -> int:
    """
    Estimate what one attempt costs.

    At least a share of what was added since the first answer of the minute: by all that began, if strangers added
    nothing. At most a share of all, by those that were answered.
    """
    least = -(-(account.used - account.first) // (account.started - 1)) if account.started > 1 else 0
    known = account.weight or WEIGHT
    return min(max(known, min(least, WEIGHT_LIMIT // _FEWEST)), account.used // account.answered)

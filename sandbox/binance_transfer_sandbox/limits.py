"""
Request weight and bans.

One rule: each budget is counted by the minute of the server's clock, for one operation and one holder.
"""

from typing import Final

from attrs import field, frozen

from binance_transfer_sandbox import errors, validation

_MINUTE_MS: Final = 60_000


@frozen(kw_only=True)
class Limits:
    """
    Budgets a minute, and when an address is banned.

    The vendor's general information: each `/sapi` operation has a budget of its own, 12 000 by address or 180 000 by
    account; `/api` operations share one. A transfer's weight was 900 until the summer of 2026, in which the vendor's
    SDKs and its page went to 300; what the live headers say was not seen, so a test may set either. How many refusals
    lead to a ban, and for how long, is assumed.
    """

    uid_weight_1m: int = field(default=180_000, validator=validation.whole())
    ip_weight_1m: int = field(default=12_000, validator=validation.whole())
    spot_ip_weight_1m: int = field(default=6_000, validator=validation.whole())
    transfer_weight: int = field(default=300, validator=validation.whole())
    refusals_before_ban: int = field(default=10, validator=validation.whole(1))
    ban_s: int = field(default=120, validator=validation.whole())


class WeightCounter:
    """What was spent in the current minute, and who is banned."""

    def __init__(self) -> None:
        self._minute = 0
        self._used: dict[tuple[str, str], int] = {}
        self._refusals: dict[str, int] = {}
        self._banned_until_ms: dict[str, int] = {}

    def check_ban(self, address: str, server_ms: int) -> None:
        """Refuse a banned address (418)."""
        until_ms = self._banned_until_ms.get(address, 0)
        if server_ms < until_ms:
            raise errors.banned(until_ms, _seconds_up(until_ms - server_ms))

    def used(self, budget: str, holder: str, server_ms: int) -> int:
        """Tell what a holder has spent of a budget in this minute."""
        self._turn(server_ms)
        return self._used.get((budget, holder), 0)

    def spend(self, budget: str, holder: str, weight: int, limit: int, server_ms: int) -> None:
        """Spend weight, or refuse (429)."""
        used = self.used(budget, holder, server_ms)
        if used + weight > limit:
            raise errors.too_much_weight(limit, _seconds_up(_MINUTE_MS - server_ms % _MINUTE_MS))
        self._used[budget, holder] = used + weight

    def count_refusal(self, address: str, limits: Limits, server_ms: int) -> None:
        """Remember that an address was told to slow down in this minute, and ban it when it does not."""
        self._turn(server_ms)
        self._refusals[address] = self._refusals.get(address, 0) + 1
        if self._refusals[address] >= limits.refusals_before_ban:
            self._banned_until_ms[address] = server_ms + limits.ban_s * 1000

    def _turn(self, server_ms: int) -> None:
        minute = server_ms // _MINUTE_MS
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
            self._refusals.clear()


def _seconds_up(duration_ms: int) -> int:
    return -(-duration_ms // 1000)

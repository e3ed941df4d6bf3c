"""
The two wallets that a description of a type names.

One rule: a description whose words are not understood names no wallets, and is then no difference.
"""

import re
from collections.abc import Mapping
from typing import Final

# The first that fits counts: "portfolio margin" is not "margin". Keys are those of x-wallets in the spec.
_WALLETS: Final[Mapping[str, re.Pattern[str]]] = {
    wallet: re.compile(words, re.IGNORECASE)
    for wallet, words in {
        "portfolio_margin": r"portfolio|统一账户|\bPM\b",
        "isolated_margin": r"isolated|逐仓",
        "coinm_futures": r"coin-?\s?m|coin[- ]margined|cm[-_ ]?futures?|币本位|币安?合约本位|delivery",
        "usdm_futures": r"usd[ts]?-?\s?s?-?m\b|usd\S{0,3}[- ]margined|um[-_ ]?futures?|u ?本位|usds?-m|usdt?-?futures?",
        "options": r"options?\b|期权",
        "cross_margin": r"margin|cross|杠杆|全仓",
        "funding": r"fund|资金|p2p|c2c",
        "spot": r"\bspot\b|\bmain\b|现货",
    }.items()
}
_FROM_TO: Final = (
    re.compile(r"→|->|=>|⇒|➔|转向|转入|转到|转至|转账到|划转到|划转至"),
    re.compile(r"\btransfers?\s+to\b|\bto\b|到|至", re.IGNORECASE),
)
_REVERSED: Final = re.compile(
    r"^\W*(?:transfers?\s+)?to\b(?P<target>.{1,80}?)\bfrom\b(?P<source>.{1,80})$", re.IGNORECASE
)
_RETIRED: Final = re.compile(
    r"\b(?:deprecated|discontinued|retired|no longer (?:supported|available)|delisted)\b|已下线|已下架|已弃用|已废弃|不再支持|停用",
    re.IGNORECASE,
)


def is_retired(description: str) -> bool:
    """Whether a description says that its type is not to be used any more."""
    return _RETIRED.search(description) is not None


def wallets_of(description: str) -> tuple[str, str] | None:
    """
    Source and target that a description names, or None where it is not understood.

    A side that is not one of the known wallets comes as its own words, if the other side is known.
    """
    if found := _REVERSED.match(description):
        return _known(found["source"], found["target"])
    for separator in _FROM_TO:
        parts = [part for part in separator.split(description, maxsplit=2)]
        if len(parts) == 2:
            return _known(*parts)
    return None


def _known(source: str, target: str) -> tuple[str, str] | None:
    sides = tuple(_wallet(side) for side in (source, target))
    if not any(sides):
        return None
    words = tuple(
        wallet or " ".join(side.split()).strip(" .,:;()") for wallet, side in zip(sides, (source, target), strict=True)
    )
    return (words[0], words[1]) if all(words) else None


def _wallet(side: str) -> str | None:
    return next((wallet for wallet, words in _WALLETS.items() if words.search(side)), None)

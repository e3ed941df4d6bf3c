"""
A picture of what flowed from wallet to wallet: one for each asset, since different assets cannot be added up.

One rule: widths are for the eye. Every amount that the picture shows stands in it as exact text too.
"""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Final

from attrs import frozen

from binance_transfer.export.findings import Total
from binance_transfer.export.text import escape_html, number
from binance_transfer.policy import exact_sum
from binance_transfer.visible import sound_repr
from binance_transfer_api.models import TRANSFER_TYPE_WALLETS

_WIDTH: Final = 360
_BAR: Final = 8
_LEFT: Final = 126  # where the bands begin, between two columns of names
_RIGHT: Final = _WIDTH - _LEFT
_TOP: Final = 26
_SCALE: Final = 130  # height of all bands together
_THINNEST: Final = 2.0
_SLOT: Final = 36  # a wallet has two lines of text
_GAP: Final = 10
_FITS: Final = 16
_ROUGH: Final = Context(prec=9)  # of widths, never of what is written
_TITLES: Final = tuple(TRANSFER_TYPE_WALLETS.values())


@frozen
class _Band:
    total: Total
    width: float
    __repr__ = sound_repr


@frozen
class _Stack:
    """The wallets on one side: where each begins, and how high all are together."""

    tops: dict[str, float]
    heights: dict[str, float]
    bottom: float
    __repr__ = sound_repr


def picture(asset: str, totals: Sequence[Total]) -> str:
    """Return the flows of one asset as SVG; "" where nothing of it moved between wallets that are known."""
    moved = [total for total in totals if total.moved and total.source in _TITLES and total.target in _TITLES]
    if not moved:
        return ""
    whole = exact_sum(total.moved_amount for total in moved)
    # By rank of the wallets, so that bands that share an end leave it in the order in which they arrive.
    moved.sort(key=lambda total: (_TITLES.index(total.source), _TITLES.index(total.target)))
    bands = [_Band(total, max(_THINNEST, float(_ROUGH.divide(total.moved_amount, whole)) * _SCALE)) for total in moved]
    left = _stack([(band.total.source, band.width) for band in bands])
    right = _stack([(band.total.target, band.width) for band in bands])
    height = max(left.bottom, right.bottom) + 4
    name = f"flow-{asset.encode().hex()}"
    described = "; ".join(
        f"{total.source} to {total.target}: {number(total.moved_amount)} {asset}, {total.moved} times"
        for total in moved
    )
    size = f'viewBox="0 0 {_WIDTH} {height:.0f}"'
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="{name}-title {name}-desc">',
            f'<title id="{name}-title">Flows of {escape_html(asset)} between wallets</title>',
            f'<desc id="{name}-desc">{escape_html(described)}</desc>',
            f'<text class="side" x="{_LEFT - 8}" y="13" text-anchor="end">from</text>',
            f'<text class="side" x="{_RIGHT + 8}" y="13">to</text>',
            *_ribbons(bands, left, right, asset),
            *_names(left, moved, at_left=True),
            *_names(right, moved, at_left=False),
            "</svg>",
        )
    )


def _stack(widths: Sequence[tuple[str, float]]) -> _Stack:
    heights: dict[str, float] = {}
    for title, width in widths:
        heights[title] = heights.get(title, 0.0) + width
    tops: dict[str, float] = {}
    y = float(_TOP)
    for title in _TITLES:
        if title in heights:
            slot = max(float(_SLOT), heights[title])
            tops[title] = y + (slot - heights[title]) / 2
            y += slot + _GAP
    return _Stack(tops, heights, y)


def _ribbons(bands: Sequence[_Band], left: _Stack, right: _Stack, asset: str) -> list[str]:
    begin, end, middle = _LEFT + _BAR, _RIGHT - _BAR, _WIDTH / 2
    out, into = dict(left.tops), dict(right.tops)
    drawn: list[str] = []
    for band in bands:
        total, width = band.total, band.width
        y, z = out[total.source], into[total.target]
        out[total.source] += width
        into[total.target] += width
        path = (
            f"M{begin} {y:.1f}C{middle} {y:.1f} {middle} {z:.1f} {end} {z:.1f}V{z + width:.1f}"
            f"C{middle} {z + width:.1f} {middle} {y + width:.1f} {begin} {y + width:.1f}Z"
        )
        text = f"{total.source} → {total.target}: {number(total.moved_amount)} {asset} in {total.moved} transfers"
        drawn.append(
            f'<path class="w{_TITLES.index(total.source)}" d="{path}"><title>{escape_html(text)}</title></path>'
        )
    return drawn


def _names(stack: _Stack, moved: Sequence[Total], *, at_left: bool) -> list[str]:
    drawn: list[str] = []
    for title, top in stack.tops.items():
        height = stack.heights[title]
        ends = [total for total in moved if title == (total.source if at_left else total.target)]
        amount = exact_sum(total.moved_amount for total in ends)
        bar = _LEFT if at_left else _RIGHT - _BAR
        x, anchor = (_LEFT - 8, ' text-anchor="end"') if at_left else (_RIGHT + 8, "")
        y = top + height / 2
        drawn += [
            f'<rect class="w{_TITLES.index(title)}" x="{bar}" y="{top:.1f}" width="{_BAR}" height="{height:.1f}"/>',
            f'<text class="wallet" x="{x}" y="{y - 3:.1f}"{anchor}>{escape_html(title)}</text>',
            f'<text class="amount" x="{x}" y="{y + 12:.1f}"{anchor}>{_short(amount)}</text>',
        ]
    return drawn


def _short(amount: Decimal) -> str:
    """Return an amount as it fits beside a bar. Only decimals are left out, and an ellipsis says so."""
    text = number(amount)
    whole = text.partition(".")[0]
    fits = max(_FITS, len(whole) + 1)
    return text if len(text) <= fits else f"{text[:fits]}…"

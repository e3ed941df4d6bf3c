"""
Whether work grows near linearly with the text that it is done on.

One rule: quadratic work takes sixteen times as long for four times the text; near linear work about four. A busy
machine makes single figures too large, never too small, so the smallest of several counts.
"""

import gc
import time
from collections.abc import Callable
from typing import Final

_FLOOR_S: Final = 0.04  # below it a ratio tells nothing
_MOST: Final = 9.0  # of four times the text


def excess(work: Callable[[str], object], shape: str, characters: int) -> str:
    """Return an empty text, or the figures where four times the text takes far more than four times as long."""
    figures: list[tuple[float, float]] = []
    for _ in range(3):
        large_s = _cost(work, shape, 4 * characters)
        if large_s < _FLOOR_S:
            return ""
        figures.append((_cost(work, shape, characters), large_s))
        small, large = (min(column) for column in zip(*figures, strict=True))
        if large < max(_FLOOR_S, _MOST * small):
            return ""
    return f"{shape!r}: {figures}"


def _cost(work: Callable[[str], object], shape: str, characters: int) -> float:
    text = shape * (characters // len(shape))
    gc.collect()
    begun = time.process_time()
    work(text)
    return time.process_time() - begun

"""What the families of fixed grids and tiles share: refusing sizes, cutting boxes, counting many sizes in blocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vtok.errors import UsageError
from vtok.geometry.layout import Box, Grid

Ints = NDArray[np.int64]

# A block of sizes and the arrays derived from it stay in a core's cache.
_BLOCK = 1 << 14


def check_size(width: int, height: int, least: int = 1) -> None:
    """Raises ``UsageError`` unless both sides, in px, are at least ``least``."""
    if width < 1 or height < 1:
        raise UsageError(f"a picture of {width} x {height} px has no pixels; both sides must be at least {least}")
    if min(width, height) < least:
        raise UsageError(f"a picture of {width} x {height} px is too small; both sides must be at least {least}")


def count_sizes(rule: Callable[[Ints, Ints], Ints], widths: ArrayLike, heights: ArrayLike) -> Ints:
    """``rule`` on every pair of ``widths`` and ``heights`` (px, broadcast), int64 in the broadcast shape.

    The rule sees one-dimensional arrays of sides of at least 1 and answers -1 where it refuses a shape; sizes
    without pixels become -1 here.
    """
    wide, high = np.broadcast_arrays(np.asarray(widths, np.int64), np.asarray(heights, np.int64))
    shape, wide, high = wide.shape, wide.ravel(), high.ravel()
    counts = np.full(wide.shape, -1, np.int64)
    for start in range(0, wide.size, _BLOCK):
        w, h = wide[start : start + _BLOCK], high[start : start + _BLOCK]
        out = counts[start : start + _BLOCK]
        real = (w > 0) & (h > 0)
        if real.all():
            out[:] = rule(w, h)
        elif real.any():
            out[real] = rule(w[real], h[real])
    return counts.reshape(shape)


def whole(width: int, height: int) -> Box:
    """The box of the whole picture."""
    return 0.0, 0.0, float(width), float(height)


def cut(box: Box, columns: int, rows: int) -> list[Box]:
    """``box`` cut into ``columns`` x ``rows`` equal boxes, in reading order."""
    return [(left, top, right, bottom) for left, top, right, bottom in Grid(rows, columns, box).boxes().tolist()]


def queries(count: int, box: Box) -> tuple[Grid, ...]:
    """``count`` tokens that a resampler draws from all of ``box``: none has a place of its own."""
    return (Grid(1, 1, box),) * count


def pair(width: int, height: int) -> tuple[Ints, Ints]:
    """One size as the arrays that a vectorised rule takes."""
    return np.array([width], np.int64), np.array([height], np.int64)


@lru_cache(maxsize=64)
def arrangements(smallest: int, largest: int, longest: int | None = None) -> tuple[tuple[int, int], ...]:
    """Every (columns, rows) of ``smallest`` to ``largest`` tiles, at most ``longest`` a side, fewer tiles first."""
    sides = range(1, min(largest, longest or largest) + 1)
    grids = [(columns, rows) for columns in sides for rows in sides if smallest <= columns * rows <= largest]
    return tuple(sorted(grids, key=lambda grid: grid[0] * grid[1]))


def least_enlarged(
    widths: Ints, heights: Ints, tile: int, largest: int, number: type[np.floating[Any]] = np.float64
) -> NDArray[np.intp]:
    """Which of ``arrangements(1, largest)`` of tiles of ``tile`` px enlarges each size least, the smallest of equals.

    A size too large for all of them takes the one that shrinks it least. ``number``: the precision in which the
    source compares scales.
    """
    # Molmo 2 takes its margins off first, which can leave a side of 0 or less: the scales are then infinite or
    # negative, and still rank as they do in its source.
    with np.errstate(divide="ignore"):
        across = [number(count * tile) / widths.astype(number) for count in range(1, largest + 1)]
        down = [number(count * tile) / heights.astype(number) for count in range(1, largest + 1)]
    scales = [np.minimum(across[columns - 1], down[rows - 1]) for columns, rows in arrangements(1, largest)]
    best = np.zeros(widths.shape, np.intp)
    least = np.full(widths.shape, np.inf, number)
    for i, scale in enumerate(scales):
        better = (scale >= 1) & (scale < least)
        best[better] = i
        least[better] = scale[better]
    large = np.flatnonzero(np.isinf(least))
    if large.size:
        best[large] = np.argmax([scale[large] for scale in scales], axis=0)
    return best


def fullest_canvas(widths: Ints, heights: Ints, canvases: tuple[tuple[int, int], ...]) -> NDArray[np.intp]:
    """Which of ``canvases``, (height, width) in px, keeps the most pixels of each size.

    Among those that keep as many the one that wastes the fewest; the first of equals.
    """
    best = np.zeros(widths.shape, np.intp)
    most = np.full(widths.shape, -1, np.int64)
    waste = np.zeros(widths.shape, np.int64)
    area = widths * heights
    for i, (high, wide) in enumerate(canvases):
        scale = np.minimum(wide / widths, high / heights)
        kept = np.minimum((widths * scale).astype(np.int64) * (heights * scale).astype(np.int64), area)
        wasted = wide * high - kept
        better = (kept > most) | ((kept == most) & (wasted < waste))
        best[better] = i
        most[better], waste[better] = kept[better], wasted[better]
    return best

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
Floats = NDArray[np.float64]

# A block of sizes and the arrays derived from it stay in a core's cache.
_BLOCK = 1 << 13


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
    left, top, right, bottom = box
    x = [left + (right - left) * i / columns for i in range(columns + 1)]
    y = [top + (bottom - top) * j / rows for j in range(rows + 1)]
    return [(x[i], y[j], x[i + 1], y[j + 1]) for j in range(rows) for i in range(columns)]


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
) -> tuple[Ints, Ints]:
    """(columns, rows) of the canvas of at most ``largest`` tiles of ``tile`` px that enlarges each size least.

    A size too large for every canvas takes the one that shrinks it least; the smallest of equals. ``number``: the
    precision in which the source compares scales. A side of 0 or less, which Molmo 2's margins can leave, ranks as
    its infinite or negative scale does in the source.
    """
    columns, rows = np.maximum(-(-widths // tile), 1), np.maximum(-(-heights // tile), 1)
    large = np.flatnonzero(columns * rows > largest)
    if large.size:
        # No canvas holds these; of those that cannot grow without more tiles one shrinks them least, and what it
        # has to spare on the other side is given back.
        wide, high = widths[large].astype(number), heights[large].astype(number)
        with np.errstate(divide="ignore", invalid="ignore"):
            scales = [np.minimum(number(c * tile) / wide, number(r * tile) / high) for c, r in _fullest(largest)]
            scale = np.max(scales, axis=0)
            columns[large], rows[large] = _needed(wide, tile, scale), _needed(high, tile, scale)
    negative = (widths < 0) | (heights < 0)
    columns[negative] = rows[negative] = 1
    return columns, rows


def _needed(side: NDArray[Any], tile: int, scale: NDArray[Any]) -> Ints:
    """The fewest tiles for which tiles * tile / side is at least ``scale``, compared in the precision of both."""
    count: Ints = np.maximum(np.ceil(side.astype(np.float64) * scale / tile), 1).astype(np.int64)
    number = side.dtype
    count += (count * tile).astype(number) / side < scale
    count -= (count > 1) & (((count - 1) * tile).astype(number) / side >= scale)
    return count


@lru_cache(maxsize=64)
def _fullest(largest: int) -> tuple[tuple[int, int], ...]:
    """Every (columns, rows) of at most ``largest`` tiles to which neither a column nor a row can be added."""
    return tuple(
        (columns, largest // columns)
        for columns in range(1, largest + 1)
        if (columns + 1) * (largest // columns) > largest
    )


def fullest_canvas(widths: Ints, heights: Ints, canvases: tuple[tuple[int, int], ...]) -> NDArray[np.intp]:
    """Which of ``canvases``, (height, width) in px, keeps the most pixels of each size.

    Among those that keep as many the one that wastes the fewest; the first of equals.
    """
    order = sorted(range(len(canvases)), key=lambda i: canvases[i][0] * canvases[i][1])
    ranks = 1 << len(canvases).bit_length()
    wide, high = widths.astype(np.float64), heights.astype(np.float64)
    # Rounding down keeps order, so the smaller scale's whole sides are the smaller of both scales' whole sides.
    across = {side: _shrunk(wide, high, side / wide, ranks) for side in {canvas[1] for canvas in canvases}}
    down = {side: _shrunk(wide, high, side / high, ranks) for side in {canvas[0] for canvas in canvases}}
    area, best = wide * high * ranks, np.full(widths.shape, -float(ranks))
    kept, other = np.empty(widths.shape), np.empty(widths.shape)
    # Pixels and rank in one number: more pixels win, among equals the smaller and then the earlier canvas.
    for rank, i in enumerate(order):
        (w0, h0), (w1, h1) = across[canvases[i][1]], down[canvases[i][0]]
        np.minimum(w0, w1, out=kept)
        kept *= np.minimum(h0, h1, out=other)
        np.minimum(kept, area, out=kept)
        kept -= rank
        np.maximum(best, kept, out=best)
    return np.array(order, np.intp)[(-best % ranks).astype(np.intp)]


def _shrunk(wide: Floats, high: Floats, scale: Floats, ranks: int) -> tuple[Floats, Floats]:
    """The sides after scaling in whole px, the width times ``ranks``."""
    return np.floor(wide * scale) * ranks, np.floor(high * scale)

"""Choosing the canvas of tiles on which a picture is laid: all there are, the least enlarged, the fullest."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import Ints

Floats = NDArray[np.float64]


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


def least_enlarged_one(width: int, height: int, tile: int, largest: int) -> tuple[int, int]:
    """What ``least_enlarged`` finds in double precision, for one size of at least 1 x 1 px."""
    columns, rows = -(-width // tile), -(-height // tile)
    if columns * rows <= largest:
        return columns, rows
    scale = max(min(c * tile / width, r * tile / height) for c, r in _fullest(largest))
    return _needed_one(width, tile, scale), _needed_one(height, tile, scale)


def _needed_one(side: int, tile: int, scale: float) -> int:
    count = max(math.ceil(side * scale / tile), 1)
    count += count * tile / side < scale
    return count - (count > 1 and (count - 1) * tile / side >= scale)


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

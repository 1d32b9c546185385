"""MiniCPM-V: the whole picture small, then the slices whose grid has the closest ratio, each at about its own size.

Source: transformers, ``models/minicpmv4_6/image_processing_minicpmv4_6.py`` (``get_sliced_grid``,
``find_best_resize``, ``get_refine_size``) and ``processing_minicpmv4_6.py``; the same in ``minicpmv4_7`` and, where
``small_image_upsize`` is "always" or "never", in ``minicpm_ocr`` ("adaptive" looks at the size of the letters, which
no size of a picture tells). Earlier models: ``openbmb/MiniCPM-V-2_6``,
``image_processing_minicpmv.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Size, Tile

Floats = NDArray[np.float64]
Sides = tuple[NDArray[np.float64] | Ints, NDArray[np.float64] | Ints]


@dataclass(frozen=True)
class MiniCpmV(Family):
    """Slices of about ``scale`` x ``scale`` px, at most ``max_slices``, a token for ``side`` x ``side`` px.

    ``side`` is 56 in the mode "16x", 28 in "4x". ``queries``: a slice gives that many, whatever its size, which have
    no place within it, and ``side`` is the patch (14); so in the older models. Structural: begin and end of the whole
    and of each slice, a newline between rows of slices, ``slice_markers`` around all slices (2 in MiniCPM-V 2.5), and,
    with ``numbered``, the picture's number between two markers (three tokens, below 10). ``upsize``: whether a picture
    that stays whole is enlarged to ``scale`` x ``scale`` px.
    """

    scale: int = 448
    max_slices: int = 9
    side: int = 56
    queries: int | None = None
    numbered: bool = True
    slice_markers: int = 0
    upsize: bool = True

    def layout(self, width: int, height: int) -> Layout:
        """The whole, then the slices in reading order; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = self._grid_of_one(width, height)
        sliced = columns > 0
        wide, high = self._fit_one(width, height, self.upsize and not sliced)
        tiles = [Tile((wide, high), whole(width, height))]
        resized = (wide, high)
        if sliced:
            wide, high = self._slice_of_one(width, height, columns, rows)
            resized = (columns * wide, rows * high)
            tiles += [Tile((wide, high), box) for box in cut(whole(width, height), columns, rows)]
        if self.queries is None:
            grids = tuple(Grid(tile.size[1] // self.side, tile.size[0] // self.side, tile.box) for tile in tiles)
        else:
            grids = tuple(grid for tile in tiles for grid in queries(self.queries, tile.box))
        structural = 2 * len(tiles) + 3 * self.numbered + (rows - 1 + self.slice_markers if sliced else 0)
        return Layout((width, height), resized, tuple(tiles), grids, structural)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        columns, rows = self._grid_of_one(width, height)
        wide, high = self._fit_one(width, height, self.upsize and not columns)
        total = self._tokens_of_one(wide, high) + 2 + 3 * self.numbered
        if columns:
            wide, high = self._slice_of_one(width, height, columns, rows)
            total += columns * rows * (self._tokens_of_one(wide, high) + 2) + rows - 1 + self.slice_markers
        return total

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = self._grid(w, h)
            counts: Ints = self._tokens(*self._fit((w, h), (columns == 0) & self.upsize)) + 2 + 3 * self.numbered
            sliced = np.flatnonzero(columns)
            columns, rows = columns[sliced], rows[sliced]
            tokens = self._tokens(*self._slice(w[sliced], h[sliced], columns, rows))
            counts[sliced] += columns * rows * (tokens + 2) + rows - 1 + self.slice_markers
            return counts

        return count_sizes(rule, widths, heights)

    # For one size plain numbers are ten times as fast as arrays of one.

    def _grid_of_one(self, width: int, height: int) -> tuple[int, int]:
        many = min(math.ceil(width * height / (self.scale * self.scale)), self.max_slices)
        return _closest(width, height, many, self.max_slices) if many > 1 else (0, 0)

    def _fit_one(self, wide: float, high: float, grow: bool) -> Size:
        if grow or wide * high > self.scale * self.scale:
            ratio = wide / high
            high = int(self.scale / math.sqrt(ratio))
            wide = int(high * ratio)
        side = self.side
        return max(round(wide / side), 1) * side, max(round(high / side), 1) * side

    def _slice_of_one(self, width: int, height: int, columns: int, rows: int) -> Size:
        wide, high = max(round(width / columns), 1), max(round(height / rows), 1)
        return self._fit_one(wide, high, True)

    def _tokens_of_one(self, wide: int, high: int) -> int:
        return self.queries if self.queries is not None else (wide // self.side) * (high // self.side)

    def _grid(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints]:
        """(columns, rows) of slices for each size, 0 and 0 where the picture stays whole."""
        many = np.minimum(np.ceil(widths * heights / (self.scale * self.scale)), self.max_slices).astype(np.int64)
        columns, rows = np.zeros_like(widths), np.zeros_like(heights)
        log = np.log(widths / heights)
        for slices in range(2, self.max_slices + 1):
            chosen = np.flatnonzero(many == slices)
            if chosen.size:
                logs, grids = _grids(slices, self.max_slices)
                above = np.searchsorted(logs, log[chosen]).clip(1, len(logs) - 1)
                off_below, off_above = log[chosen] - logs[above - 1], logs[above] - log[chosen]
                nearest = np.where(off_below < off_above, above - 1, above)
                columns[chosen], rows[chosen] = grids[0, nearest], grids[1, nearest]
                # So close to the middle the last digit of the logarithms decides.
                for i in chosen[np.abs(off_below - off_above) < 1e-9]:
                    columns[i], rows[i] = _closest(int(widths[i]), int(heights[i]), slices, self.max_slices)
        return columns, rows

    def _fit(self, size: Sides, grow: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Sides in whole tokens, brought to ``scale`` x ``scale`` px where larger, or where ``grow`` says so."""
        wide, high = (side.astype(np.float64) for side in size)
        resize = grow | (wide * high > self.scale * self.scale)
        ratio = wide / high
        high = np.where(resize, np.trunc(self.scale / np.sqrt(ratio)), high)
        wide = np.where(resize, np.trunc(high * ratio), wide)
        return self._whole_tokens(wide), self._whole_tokens(high)

    def _slice(self, widths: Ints, heights: Ints, columns: Ints, rows: Ints) -> tuple[Ints, Ints]:
        sides = (
            np.maximum(np.rint(side / count) * count, count) / count
            for side, count in ((widths, columns), (heights, rows))
        )
        wide, high = sides
        return self._fit((wide, high), np.ones(wide.shape, np.bool_))

    def _tokens(self, wide: Ints, high: Ints) -> Ints:
        if self.queries is None:
            return (wide // self.side) * (high // self.side)
        return np.full(wide.shape, self.queries, np.int64)

    def _whole_tokens(self, lengths: Floats) -> Ints:
        sides: Ints = np.maximum(np.rint(lengths / self.side) * self.side, self.side).astype(np.int64)
        return sides


@lru_cache(maxsize=64)
def _candidates(slices: int, largest: int) -> list[tuple[int, int, float]]:
    """(columns, rows, logarithm of their ratio) for about ``slices`` slices, in the order in which the source tries."""
    counts = [count for count in (slices - 1, slices, slices + 1) if 1 < count <= largest]
    grids = [(count // rows, rows) for count in counts for rows in range(1, count + 1) if count % rows == 0]
    return [(columns, rows, math.log(columns / rows)) for columns, rows in grids]


def _closest(width: int, height: int, slices: int, largest: int) -> tuple[int, int]:
    log, best, least = math.log(width / height), (1, 1), math.inf
    for columns, rows, ratio in _candidates(slices, largest):
        off = abs(log - ratio)
        if off < least or (off == least and rows > best[1]):
            best, least = (columns, rows), off
    return best


@lru_cache(maxsize=64)
def _grids(slices: int, largest: int) -> tuple[Floats, Ints]:
    """Logarithms of the ratios of the candidates, ascending, and their columns and rows."""
    grids = sorted(_candidates(slices, largest), key=lambda grid: grid[0] / grid[1])
    return np.array([grid[2] for grid in grids]), np.array([grid[:2] for grid in grids], np.int64).T

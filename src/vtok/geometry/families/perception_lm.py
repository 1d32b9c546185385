"""Perception LM: a thumbnail, then the picture squeezed onto the canvas of tiles that fits it best.

Source: transformers, ``models/perception_lm/image_processing_perception_lm.py`` (``_fit_image_to_canvas``,
``_find_closest_aspect_ratio``) and ``processing_perception_lm.py``. Of the canvases that hold the picture without
shrinking it, the one on which its shorter side could grow most; for a picture too large for all of them, the one
of the nearest ratio on the side of 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, pair, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class PerceptionLM(Family):
    """Tiles of ``tile`` px, at most ``max_tiles``, each ``rows`` x ``rows`` tokens after pooling.

    ``tiled=False``: the thumbnail only ("thumb" instead of "thumb+tile").
    """

    tile: int = 448
    max_tiles: int = 36
    rows: int = 16
    tiled: bool = True

    def layout(self, width: int, height: int) -> Layout:
        """The thumbnail, then the tiles in reading order; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        boxes, columns, rows = [whole(width, height)], 1, 1
        if self.tiled:
            columns, rows = self._canvas(width, height)
            boxes += cut(whole(width, height), columns, rows)
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        return Layout((width, height), (columns * self.tile, rows * self.tile), tiles, grids)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        products = np.array([columns * rows for columns, rows in _canvases(self.max_tiles)], np.int64)

        def rule(w: Ints, h: Ints) -> Ints:
            tiles = products[self._best(w, h)] if self.tiled else np.zeros(w.shape, np.int64)
            return self.rows**2 * (tiles + 1)

        return count_sizes(rule, widths, heights)

    def _canvas(self, width: int, height: int) -> tuple[int, int]:
        """What ``_best`` finds, for one size: plain numbers are ten times as fast as arrays of one."""
        best, largest, ratio, tile = (0, 0), -1.0, width / height, self.tile
        for columns, rows in _canvases(self.max_tiles):
            if columns * tile < width or rows * tile < height:
                continue
            scale = min(columns * tile / width, rows * tile / height)
            if ratio == 1:
                shorter = scale * height
            else:
                shorter = math.floor(scale * width / ratio) if ratio > 1 else math.floor(scale * height * ratio)
            if shorter >= largest:
                best, largest = (columns, rows), shorter
        return best if largest >= 0 else _canvases(self.max_tiles)[int(self._best(*pair(width, height))[0])]

    def _best(self, widths: Ints, heights: Ints) -> NDArray[np.intp]:
        """Which of ``_canvases`` each size takes."""
        ratio = widths / heights
        best = np.full(widths.shape, -1, np.intp)
        fits = (widths <= self.max_tiles * self.tile) & (heights <= self.max_tiles * self.tile)
        fits &= -(-widths // self.tile) * -(-heights // self.tile) <= self.max_tiles
        some = np.flatnonzero(fits)
        if some.size:
            best[some] = self._largest(widths[some], heights[some], ratio[some])
        rest = np.flatnonzero(~fits)
        if rest.size:
            best[rest] = _nearest(ratio[rest], self.max_tiles)
        return best

    def _largest(self, widths: Ints, heights: Ints, ratio: NDArray[np.float64]) -> NDArray[np.intp]:
        canvases = _canvases(self.max_tiles)
        best = np.full(widths.shape, -1, np.intp)
        largest = np.full(widths.shape, -1.0)
        across = [count * self.tile / widths for count in range(1, self.max_tiles + 1)]
        down = [count * self.tile / heights for count in range(1, self.max_tiles + 1)]
        wide, square = ratio > 1, ratio == 1
        for i, (columns, rows) in enumerate(canvases):
            scale = np.minimum(across[columns - 1], down[rows - 1])
            shorter = np.where(wide, np.floor(scale * widths / ratio), np.floor(scale * heights * ratio))
            shorter = np.where(square, scale * heights, shorter)
            better = (columns * self.tile >= widths) & (rows * self.tile >= heights) & (shorter >= largest)
            best[better] = i
            largest[better] = shorter[better]
        return best


@lru_cache(maxsize=16)
def _canvases(largest: int) -> tuple[tuple[int, int], ...]:
    """Every (columns, rows), grouped by ratio; groups in the order in which the largest canvases introduce them."""
    groups: dict[float, list[tuple[int, int]]] = {}
    for tiles in range(largest, 0, -1):
        for columns in range(1, tiles + 1):
            if tiles % columns == 0:
                rows = tiles // columns
                groups.setdefault(columns / rows, []).append((columns, rows))
    return tuple(canvas for group in groups.values() for canvas in group)


def _nearest(ratio: NDArray[np.float64], largest: int) -> NDArray[np.intp]:
    """The largest canvas of the nearest ratio that is no further from 1 than ``ratio`` is."""
    canvases = _canvases(largest)
    first = {columns / rows: i for i, (columns, rows) in reversed(list(enumerate(canvases)))}
    ratios = np.array(sorted(first))
    index = np.array([first[value] for value in ratios.tolist()], np.intp)
    # Below 1 the next ratio above counts, from 1 on the next one below or equal.
    place = np.searchsorted(ratios, ratio, side="right")
    return index[np.where(ratio >= 1, place - 1, place)]

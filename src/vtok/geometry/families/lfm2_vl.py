"""LFM2-VL: a picture of moderate size whole at its own aspect, a large one cut into tiles with a thumbnail behind.

LFM3-VL is ``SmartResize``.

Source: transformers, ``models/lfm2_vl/image_processing_lfm2_vl.py`` (``smart_resize``, ``_is_image_too_large``,
``find_closest_aspect_ratio``) and ``models/lfm2_vl/processing_lfm2_vl.py`` (``_build_image_tokens``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import require_positive
from vtok.geometry.families.internvl import closest_canvas, closest_tiles
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class Lfm2Vl(Family):
    """Whole pictures of ``min_tokens`` to ``max_tokens``, patches of ``patch`` px, ``merge`` x ``merge`` a token.

    A picture over ``tolerance`` times ``max_tokens`` becomes ``min_tiles`` to ``max_tiles`` tiles of ``tile`` px
    (both 1: never), and with ``thumbnail`` the whole picture behind them. ``markers``: whether begin, end, and the
    name of each tile take a token.
    """

    min_tokens: int = 64
    max_tokens: int = 256
    patch: int = 16
    merge: int = 2
    tile: int = 512
    min_tiles: int = 2
    max_tiles: int = 10
    tolerance: float = 2.0
    thumbnail: bool = True
    markers: bool = True

    def __post_init__(self) -> None:
        require_positive(min_tokens=self.min_tokens, max_tokens=self.max_tokens, patch=self.patch, merge=self.merge)
        require_positive(tile=self.tile, min_tiles=self.min_tiles, max_tiles=self.max_tiles)

    @property
    def side(self) -> int:
        """Side of the square that one token shows, px of the resized picture."""
        return self.patch * self.merge

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the thumbnail; or the whole picture. Sizes in px."""
        check_size(width, height)
        everything, side = whole(width, height), self.side
        rows, columns = self._grid(width, height)
        resized = (columns * side, rows * side)
        last = Tile(resized, everything), Grid(rows, columns, everything)
        if not self._is_large(width, height):
            return Layout((width, height), resized, last[:1], last[1:], 2 * self.markers)
        across, down = closest_canvas(width, height, self.tile, self.min_tiles, self.max_tiles)
        boxes = cut(everything, across, down)
        tiles = [Tile((self.tile, self.tile), box) for box in boxes]
        grids = [Grid(self._tile_rows, self._tile_rows, box) for box in boxes]
        if self.thumbnail:
            tiles.append(last[0])
            grids.append(last[1])
        canvas = (across * self.tile, down * self.tile)
        return Layout((width, height), canvas, tuple(tiles), tuple(grids), self.markers * (2 + len(grids)))

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    @property
    def _tile_rows(self) -> int:
        return -(-(self.tile // self.patch) // self.merge)

    @property
    def _largest(self) -> float:
        return self.max_tokens * self.side**2 * self.tolerance if self.max_tiles > 1 else math.inf

    def _is_large(self, width: int, height: int) -> bool:
        side = self.side
        w, h = (max(self.patch, round(length / side) * side) for length in (width, height))
        return w * h > self._largest

    def _grid(self, w: int, h: int) -> tuple[int, int]:
        side = self.side
        rows, columns = max(1, round(h / side)), max(1, round(w / side))
        if rows * columns > self.max_tokens:
            beta = math.sqrt(h * w / (self.max_tokens * side * side))
            return max(1, math.floor(h / beta / side)), max(1, math.floor(w / beta / side))
        if rows * columns < self.min_tokens:
            beta = math.sqrt(self.min_tokens * side * side / (h * w))
            return math.ceil(h * beta / side), math.ceil(w * beta / side)
        return rows, columns

    def _count(self, w: Ints, h: Ints) -> Ints:
        side = self.side
        rows, columns = np.rint(h / side), np.rint(w / side)
        area = np.maximum(self.patch, rows * side) * np.maximum(self.patch, columns * side)
        rows, columns = np.maximum(1, rows), np.maximum(1, columns)
        big = np.flatnonzero(rows * columns > self.max_tokens)
        small = np.flatnonzero(rows * columns < self.min_tokens)
        beta = np.sqrt(h[big] * w[big] / (self.max_tokens * side * side))
        rows[big] = np.maximum(1, np.floor(h[big] / beta / side))
        columns[big] = np.maximum(1, np.floor(w[big] / beta / side))
        beta = np.sqrt(self.min_tokens * side * side / (h[small] * w[small]))
        rows[small], columns[small] = np.ceil(h[small] * beta / side), np.ceil(w[small] * beta / side)
        counts = (rows * columns).astype(np.int64)
        large = np.flatnonzero(area > self._largest)
        across, down = closest_tiles(w[large], h[large], self.tile, self.min_tiles, self.max_tiles)
        behind = (counts[large] + self.markers) * self.thumbnail
        counts[large] = across * down * (self._tile_rows**2 + self.markers) + behind
        return counts + 2 * self.markers

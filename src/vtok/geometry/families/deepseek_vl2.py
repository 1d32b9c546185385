"""DeepSeek-VL2: the whole padded to a square, then tiles of the canvas that keeps the most pixels, padded too.

Source: ``deepseek-ai/DeepSeek-VL2``, ``deepseek_vl2/models/processing_deepseek_vl_v2.py``
(``select_best_resolution``, ``tokenize_with_images``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import fullest_canvas
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, pair
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Grid, Layout, Size, Tile

_CANVASES = (
    *((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (1, 4), (4, 1), (2, 2), (1, 5), (5, 1), (1, 6), (6, 1)),
    *((2, 3), (3, 2), (1, 7), (7, 1), (1, 8), (8, 1), (2, 4), (4, 2), (1, 9), (9, 1), (3, 3)),
)


@dataclass(frozen=True)
class DeepSeekVL2(Family):
    """Tiles of ``tile`` px, each ``rows`` x ``rows`` tokens; ``canvases``: (columns, rows) of tiles, as tried.

    ``tiled=False``, as with three pictures or more: a canvas of one tile. Structural: one token behind each row of
    the whole's grid and of the tiles', and one between the two.
    """

    tile: int = 384
    rows: int = 14
    canvases: tuple[tuple[int, int], ...] = _CANVASES
    tiled: bool = True

    def layout(self, width: int, height: int) -> Layout:
        """The whole, then the tiles as one grid; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = (int(side[0]) for side in self._canvas(*pair(width, height)))
        _, square = self._padded(width, height, self.tile, self.tile)
        resized, box = self._padded(width, height, columns * self.tile, rows * self.tile)
        tiles = tuple(Tile((self.tile, self.tile), part) for part in [square, *cut(box, columns, rows)])
        grids = (Grid(self.rows, self.rows, square), Grid(rows * self.rows, columns * self.rows, box))
        return Layout((width, height), resized, tiles, grids, structural=(rows + 1) * self.rows + 1)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = self._canvas(w, h)
            return self.rows * (self.rows + 1) + 1 + rows * self.rows * (columns * self.rows + 1)

        return count_sizes(rule, widths, heights)

    def _canvas(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints]:
        """(columns, rows) of tiles for each size."""
        if not self.tiled:
            return np.ones_like(widths), np.ones_like(heights)
        sizes = tuple((rows * self.tile, columns * self.tile) for columns, rows in self.canvases)
        best = fullest_canvas(widths, heights, sizes)
        columns, rows = np.array(self.canvases, np.int64).T
        return columns[best], rows[best]

    @staticmethod
    def _padded(width: int, height: int, wide: int, high: int) -> tuple[Size, Box]:
        """The picture's size within ``wide`` x ``high`` px, and the box of all of these, the picture in the middle."""
        if width / height > wide / high:
            resized = (wide, max(round(height / width * wide), 1))
        else:
            resized = (max(round(width / height * high), 1), high)
        across, down = width / resized[0], height / resized[1]
        left, top = -round((wide - resized[0]) / 2) * across, -round((high - resized[1]) / 2) * down
        return resized, (left, top, left + wide * across, top + high * down)

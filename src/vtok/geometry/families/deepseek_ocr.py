"""DeepSeek-OCR and its kin: squeezed onto the canvas of tiles whose ratio is closest, then the whole, padded.

Source: transformers, ``models/deepseek_ocr2`` and ``models/unlimited_ocr`` (``image_processing_*.py``,
``processing_*.py``, ``get_image_features`` in ``modeling_*.py``); the first DeepSeek-OCR:
``deepseek-ai/DeepSeek-OCR``, ``modeling_deepseekocr.py``. A picture no larger than one tile has the whole only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.internvl import closest_canvas, closest_tiles
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Grid, Layout, Size, Tile


@dataclass(frozen=True)
class DeepSeekOcr(Family):
    """``min_tiles`` to ``max_tiles`` tiles of ``tile`` px; the whole at ``size`` px; a token for ``side`` px.

    ``tiled=False``: the whole only, squeezed up to ``squeezed`` px instead of padded. ``row_ends``: a token behind
    each row of tokens, and all tiles form one grid; without (DeepSeek-OCR 2) each tile gives queries of its own,
    which have no place within it. Structural: the row ends and one separator at the end.
    """

    size: int = 1024
    tile: int = 640
    min_tiles: int = 2
    max_tiles: int = 9
    side: int = 64
    tiled: bool = True
    row_ends: bool = True
    squeezed: int = 640

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the whole; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        picture = whole(width, height)
        tiles: list[Tile] = []
        grids: list[Grid] = []
        structural = 1
        if self.tiled and max(width, height) > self.tile:
            columns, rows = closest_canvas(width, height, self.tile, self.min_tiles, self.max_tiles)
            boxes = cut(picture, columns, rows)
            tiles += [Tile((self.tile, self.tile), box) for box in boxes]
            if self.row_ends:
                grids.append(Grid(rows * self._tile_rows, columns * self._tile_rows, picture))
                structural += grids[0].rows
            else:
                grids += [grid for box in boxes for grid in queries(self._tile_rows**2, box)]
        resized, box = self._whole(width, height)
        tiles.append(Tile((self.size, self.size), box))
        if self.row_ends:
            grids.append(Grid(self._rows, self._rows, box))
            structural += self._rows
        else:
            grids += queries(self._rows**2, box)
        return Layout((width, height), resized, tuple(tiles), tuple(grids), structural)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        total = self._rows * (self._rows + self.row_ends) + 1
        if self.tiled and max(width, height) > self.tile:
            columns, rows = closest_canvas(width, height, self.tile, self.min_tiles, self.max_tiles)
            total += rows * self._tile_rows * (columns * self._tile_rows + self.row_ends)
        return total

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        rows, tile_rows = self._rows, self._tile_rows
        alone = rows * (rows + self.row_ends) + 1

        def rule(w: Ints, h: Ints) -> Ints:
            counts = np.full(w.shape, alone, np.int64)
            large = np.flatnonzero(np.maximum(w, h) > self.tile) if self.tiled else np.empty(0, np.intp)
            if large.size:
                columns, down = closest_tiles(w[large], h[large], self.tile, self.min_tiles, self.max_tiles)
                counts[large] += down * tile_rows * (columns * tile_rows + self.row_ends)
            return counts

        return count_sizes(rule, widths, heights)

    @property
    def _rows(self) -> int:
        return -(-self.size // self.side)

    @property
    def _tile_rows(self) -> int:
        return -(-self.tile // self.side)

    def _whole(self, width: int, height: int) -> tuple[Size, Box]:
        if not self.tiled and self.size <= self.squeezed:
            return (self.size, self.size), whole(width, height)
        scale = self.size / max(width, height)
        resized = max(round(width * scale), 1), max(round(height * scale), 1)
        across, down = width / resized[0], height / resized[1]
        left, top = -((self.size - resized[0]) // 2) * across, -((self.size - resized[1]) // 2) * down
        return resized, (left, top, left + self.size * across, top + self.size * down)

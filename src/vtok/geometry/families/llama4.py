"""Llama 4: on the canvas of tiles that enlarges the picture least, padded at the right and below, a thumbnail behind.

Source: transformers, ``models/llama4/image_processing_llama4.py`` (``get_best_fit``,
``get_max_res_without_distortion``) and ``processing_llama4.py``. Scales are compared in single precision, as there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import least_enlarged
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, pair, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Size, Tile


@dataclass(frozen=True)
class Llama4(Family):
    """Tiles of ``tile`` px, at most ``max_tiles``, each ``rows`` x ``rows`` tokens.

    Structural: begin, end and the marker before the last tile, and one separator behind each tile but the
    thumbnail (another one where a row of tiles ends).
    """

    tile: int = 336
    max_tiles: int = 16
    rows: int = 12

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the thumbnail; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        canvas = least_enlarged(*pair(width, height), self.tile, self.max_tiles, np.float32)
        columns, rows = (int(side[0]) for side in canvas)
        resized = self._resize(width, height, columns * self.tile, rows * self.tile)
        right = columns * self.tile * width / resized[0]
        bottom = rows * self.tile * height / resized[1]
        boxes = cut((0.0, 0.0, right, bottom), columns, rows)
        separators = 0
        if len(boxes) > 1:
            separators = len(boxes)
            boxes.append(whole(width, height))
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        return Layout((width, height), resized, tiles, grids, structural=3 + separators)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        one = self.rows**2

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = least_enlarged(w, h, self.tile, self.max_tiles, np.float32)
            tiles = columns * rows
            return 3 + one + (tiles > 1) * tiles * (one + 1)

        return count_sizes(rule, widths, heights)

    def _resize(self, width: int, height: int, wide: int, high: int) -> Size:
        # A small picture grows to the size of one tile at most, not to the canvas.
        wide, high = min(max(width, self.tile), wide), min(max(height, self.tile), high)
        across, down = wide / width, high / height
        if across < down:
            return wide, max(min(math.floor(height * across), high), 1)
        return max(min(math.floor(width * down), wide), 1), high

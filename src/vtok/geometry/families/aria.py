"""Aria: the longer side to 980 (or 490) px and padded, or split into such crops on the best of some canvases.

Source: transformers, ``models/aria/image_processing_aria.py``, ``processing_aria.py`` and
``image_processing_utils.py`` (``select_best_resolution``, ``get_patch_output_size``). Its projector draws a fixed
number of queries from each crop, so a token shows the crop as a whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import fullest_canvas
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, pair, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Layout, Size, Tile

# (rows, columns) of 490 px in the order in which they are tried.
_CANVASES = (
    *((1, columns) for columns in range(2, 9)),
    *((2, 4), (2, 3), (2, 2), (2, 1), (3, 1), (3, 2), (4, 1), (4, 2)),
    *((rows, 1) for rows in range(5, 9)),
)


@dataclass(frozen=True)
class Aria(Family):
    """Crops of ``size`` px (490 or 980), ``tokens`` queries each (128 or 256); ``split``: cut large pictures up.

    ``canvases``: (height, width) in px, in the order in which they are tried. ``min_size``: the shorter side of a
    crop is stretched to at least that many px.
    """

    size: int = 980
    tokens: int = 256
    split: bool = False
    min_size: int = 336
    canvases: tuple[tuple[int, int], ...] = tuple((rows * 490, columns * 490) for rows, columns in _CANVASES)

    def layout(self, width: int, height: int) -> Layout:
        """The crops in reading order; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        if not self.split:
            resized, box = self._squared(whole(width, height), width, height)
            boxes = [box]
        else:
            resized, boxes = self._crops(width, height)
        tiles = tuple(Tile((self.size, self.size), box) for box in boxes)
        grids = tuple(grid for box in boxes for grid in queries(self.tokens, box))
        return Layout((width, height), resized, tiles, grids)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        return self.tokens if not self.split else int(self._split(*pair(width, height))[0])

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        if self.split:
            return count_sizes(self._split, widths, heights)
        return count_sizes(lambda w, h: np.full(w.shape, self.tokens, np.int64), widths, heights)

    def _split(self, w: Ints, h: Ints) -> Ints:
        crops = np.array([math.ceil(h / self.size) * math.ceil(w / self.size) for h, w in self.canvases], np.int64)
        return self.tokens * crops[fullest_canvas(w, h, self.canvases)]

    def _crops(self, width: int, height: int) -> tuple[Size, list[Box]]:
        best = int(fullest_canvas(*pair(width, height), self.canvases)[0])
        high, wide = self.canvases[best]
        if wide / width < high / height:
            resized = (wide, min(math.ceil(height * (wide / width)), high))
        else:
            resized = (min(math.ceil(width * (high / height)), wide), high)
        # The picture lies in the middle of the canvas; the crops are cut from the top left.
        x, y = (wide - resized[0]) // 2, (high - resized[1]) // 2
        across, down = width / resized[0], height / resized[1]
        boxes = []
        for top in range(0, high, self.size):
            for left in range(0, wide, self.size):
                right, bottom = min(left + self.size, wide), min(top + self.size, high)
                box = ((left - x) * across, (top - y) * down, (right - x) * across, (bottom - y) * down)
                boxes.append(self._squared(box, right - left, bottom - top)[1])
        return resized, boxes

    def _squared(self, box: Box, width: int, height: int) -> tuple[Size, Box]:
        """The size to which ``width`` x ``height`` px that show ``box`` are brought, and the padded square's box."""
        scale = self.size / max(width, height)
        if width >= height:
            resized = (self.size, max(int(height * scale), self.min_size))
        else:
            resized = (max(int(width * scale), self.min_size), self.size)
        left, top, right, bottom = box
        across, down = (right - left) / resized[0], (bottom - top) / resized[1]
        return resized, (left, top, left + self.size * across, top + self.size * down)

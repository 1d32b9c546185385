"""Idefics2: the picture at about its own size, or its four quarters and itself, each resampled to 64 tokens.

Source: transformers, ``models/idefics2/image_processing_idefics2.py`` and ``processing_idefics2.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import check_size, count_sizes, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Layout, Size, Tile


@dataclass(frozen=True)
class Idefics2(Family):
    """The longer side to at most ``longest_edge`` px, the shorter one to at least ``shortest_edge`` px.

    ``split``: quarters and the whole, five tiles instead of one. ``tokens``: a tile's. Structural: a marker before
    the first tile and one behind each.
    """

    longest_edge: int = 980
    shortest_edge: int = 378
    tokens: int = 64
    split: bool = False

    def layout(self, width: int, height: int) -> Layout:
        """One tile, or the quarters in reading order and the whole.

        ``UsageError`` for sizes below 1 x 1 px, and below 2 x 2 px where the picture is split.
        """
        check_size(width, height, least=2 if self.split else 1)
        boxes: list[Box] = []
        if self.split:
            x, y = (0.0, float(width // 2), float(width)), (0.0, float(height // 2), float(height))
            boxes += [(x[i], y[j], x[i + 1], y[j + 1]) for j in range(2) for i in range(2)]
        boxes.append(whole(width, height))
        tiles = tuple(Tile(self._resize(int(box[2] - box[0]), int(box[3] - box[1])), box) for box in boxes)
        grids = tuple(grid for box in boxes for grid in queries(self.tokens, box))
        return Layout((width, height), tiles[-1].size, tiles, grids, structural=1 + len(boxes))

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height, least=2 if self.split else 1)
        return self._tiles * (self.tokens + 1) + 1

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same count for every size (px), int64, -1 where it is refused."""
        total, least = self._tiles * (self.tokens + 1) + 1, 2 if self.split else 1
        return count_sizes(lambda w, h: np.where(np.minimum(w, h) < least, -1, total), widths, heights)

    @property
    def _tiles(self) -> int:
        return 5 if self.split else 1

    def _resize(self, width: int, height: int) -> Size:
        ratio = width / height
        if width >= height and width > self.longest_edge:
            width, height = self.longest_edge, int(self.longest_edge / ratio)
        elif height > width and height > self.longest_edge:
            width, height = int(self.longest_edge * ratio), self.longest_edge
        return max(width, self.shortest_edge), max(height, self.shortest_edge)

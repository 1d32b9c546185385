"""Cohere's Command A Vision: squeezed onto the canvas of tiles that enlarges it least, and a thumbnail behind.

Source: transformers, ``models/cohere2_vision/image_processing_cohere2_vision.py`` and
``processing_cohere2_vision.py``. A picture too large for every canvas takes the one that shrinks it least. Each
tile ends with a line break.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import least_enlarged, least_enlarged_one
from vtok.geometry.families.tiling import check_size, count_sizes, cut, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class Cohere2Vision(Family):
    """Square tiles of ``tile`` px, at most ``max_tiles``, each ``rows`` x ``rows`` tokens and a line break.

    ``markers`` are the tokens around the picture (begin and end).
    """

    tile: int = 512
    max_tiles: int = 12
    rows: int = 16
    markers: int = 2
    tile_markers: int = 1

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the thumbnail; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = least_enlarged_one(width, height, self.tile, self.max_tiles)
        boxes = cut(whole(width, height), columns, rows)
        if len(boxes) > 1:
            boxes.append(whole(width, height))
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        structural = self.markers + self.tile_markers * len(boxes)
        return Layout((width, height), (columns * self.tile, rows * self.tile), tiles, grids, structural)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        return int(self._total(*least_enlarged_one(width, height, self.tile, self.max_tiles)))

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        tiles = (self.tile, self.max_tiles)
        return count_sizes(lambda w, h: self._total(*least_enlarged(w, h, *tiles)), widths, heights)

    def _total(self, columns: Any, rows: Any) -> Any:
        """Tokens for a grid of tiles, plain numbers or arrays alike."""
        tiles = columns * rows
        return self.markers + (tiles + (tiles > 1)) * (self.rows**2 + self.tile_markers)

"""Molmo 2: a thumbnail, then overlapping crops of the canvas that enlarges the picture least, pooled as one grid.

Source: transformers, ``models/molmo2/image_processing_molmo2.py`` (``select_tiling``, ``compute_crop_geometry``,
``arange_for_pooling``) and ``processing_molmo2.py``. Scales are compared in single precision, as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import Ints, check_size, count_sizes, least_enlarged, pair, whole
from vtok.geometry.layout import Box, Grid, Layout, Tile


@dataclass(frozen=True)
class Molmo2:
    """At most ``max_crops`` crops of ``crop`` px, patches of ``patch`` px, ``pool`` x ``pool`` of them a token.

    ``margin`` is the overlap of two crops in patches, both of its sides together. Structural: begin and end of each
    of the two views, and, with ``row_ends``, one token behind each row.
    """

    crop: int = 378
    max_crops: int = 8
    margin: int = 8
    patch: int = 14
    pool: int = 2
    row_ends: bool = True

    def layout(self, width: int, height: int) -> Layout:
        """The thumbnail, then all crops as one grid; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = (int(side[0]) for side in self._crops(*pair(width, height)))
        step = self._window * self.patch
        wide, high = (count * step + self.margin * self.patch for count in (columns, rows))
        across, down = width / wide, height / high
        tiles = [Tile((self.crop, self.crop), whole(width, height))]
        for row in range(rows):
            for column in range(columns):
                left, top = column * step, row * step
                box = (left * across, top * down, (left + self.crop) * across, (top + self.crop) * down)
                tiles.append(Tile((self.crop, self.crop), box))
        side = self.crop // self.patch
        grids = (
            self._pooled(side, side, width, height),
            self._pooled(wide // self.patch, high // self.patch, width, height),
        )
        structural = 4 + (grids[0].rows + grids[1].rows if self.row_ends else 0)
        return Layout((width, height), (wide, high), tuple(tiles), grids, structural)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        side = -(-(self.crop // self.patch) // self.pool)

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = (-(-(count * self._window + self.margin) // self.pool) for count in self._crops(w, h))
            return side * (side + self.row_ends) + rows * (columns + self.row_ends) + 4

        return count_sizes(rule, widths, heights)

    @property
    def _window(self) -> int:
        """Patches from one crop to the next."""
        return self.crop // self.patch - self.margin

    def _crops(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints]:
        """(columns, rows) of crops for each size."""
        over = self.margin * self.patch
        return least_enlarged(widths - over, heights - over, self._window * self.patch, self.max_crops, np.float32)

    def _pooled(self, columns: int, rows: int, width: int, height: int) -> Grid:
        """The grid of ``columns`` x ``rows`` patches of the whole picture; what is missing is padded on both ends."""
        wide, high = -(-columns // self.pool), -(-rows // self.pool)
        left, top = (wide * self.pool - columns) // 2, (high * self.pool - rows) // 2
        across, down = width / columns, height / rows
        right, bottom = (wide * self.pool - left) * across, (high * self.pool - top) * down
        box: Box = (-left * across, -top * down, right, bottom)
        return Grid(high, wide, box)

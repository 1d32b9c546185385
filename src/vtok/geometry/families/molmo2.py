"""Molmo 2: a thumbnail, then overlapping crops of the canvas that enlarges the picture least, pooled as one grid.

Source: transformers, ``models/molmo2/image_processing_molmo2.py`` (``select_tiling``, ``compute_crop_geometry``,
``arange_for_pooling``) and ``processing_molmo2.py``; the first Molmo: ``allenai/Molmo-7B-D-0924``,
``preprocessing_molmo.py``. Scales are compared in single precision, as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import least_enlarged
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, pair, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Grid, Layout, Tile


@dataclass(frozen=True)
class Molmo2(Family):
    """At most ``max_crops`` crops of ``crop`` px, patches of ``patch`` px, ``pool`` x ``pool`` of them a token.

    ``margin`` is the overlap of two crops in patches, both of its sides together. Structural: begin and end of each
    of the two views, and, with ``row_ends``, one token behind each row. ``padded``: the picture keeps its shape, with
    padding around it (the first Molmo, crops of 336 px, at most 12).
    """

    crop: int = 378
    max_crops: int = 8
    margin: int = 8
    patch: int = 14
    pool: int = 2
    row_ends: bool = True
    padded: bool = False

    def layout(self, width: int, height: int) -> Layout:
        """The thumbnail, then all crops as one grid; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = (int(side[0]) for side in self._crops(*pair(width, height)))
        step, over = self._window * self.patch, self.margin * self.patch
        wide, high = columns * step + over, rows * step + over
        small, canvas = self._placed(width, height, self.crop, self.crop), self._placed(width, height, wide, high)
        corners = [(column * step, row * step) for row in range(rows) for column in range(columns)]
        boxes = [_part(canvas, wide, high, (x, y, x + self.crop, y + self.crop)) for x, y in corners]
        tiles = tuple(Tile((self.crop, self.crop), box) for box in [small, *boxes])
        grids = self._pooled(small, self.crop, self.crop), self._pooled(canvas, wide, high)
        structural = 4 + (grids[0].rows + grids[1].rows if self.row_ends else 0)
        return Layout((width, height), (wide, high), tiles, grids, structural)

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

    def _placed(self, width: int, height: int, wide: int, high: int) -> Box:
        """What a canvas of ``wide`` x ``high`` px shows."""
        if not self.padded:
            return whole(width, height)
        scale = min(wide / width, high / height)
        fitted = max(int(width * scale), 1), max(int(height * scale), 1)
        x, y = (wide - fitted[0]) // 2, (high - fitted[1]) // 2
        return _part(whole(width, height), *fitted, (-x, -y, wide - x, high - y))

    def _pooled(self, canvas: Box, wide: int, high: int) -> Grid:
        """The grid of a canvas of ``wide`` x ``high`` px; what its patches lack for whole tokens is padded around."""
        columns, rows = wide // self.patch, high // self.patch
        across, down = -(-columns // self.pool), -(-rows // self.pool)
        left, top = (across * self.pool - columns) // 2, (down * self.pool - rows) // 2
        box = (-left, -top, across * self.pool - left, down * self.pool - top)
        return Grid(down, across, _part(canvas, columns, rows, box))


def _part(box: Box, wide: int, high: int, part: Box) -> Box:
    """What ``part`` shows of ``wide`` x ``high`` units that show ``box``."""
    left, top, right, bottom = box
    across, down = (right - left) / wide, (bottom - top) / high
    return left + part[0] * across, top + part[1] * down, left + part[2] * across, top + part[3] * down

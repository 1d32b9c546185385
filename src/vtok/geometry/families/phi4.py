"""Phi-4 multimodal: on the canvas of tiles that holds the picture, padded at the right and below, then the whole.

Source: transformers, ``models/phi4_multimodal/image_processing_phi4_multimodal.py`` (``dynamic_preprocess``,
``_preprocess``) and ``modeling_phi4_multimodal.py``. A picture that would need more tiles than there may be takes
the canvas of the closest ratio. Padding is taken away from the tokens, row by row and column by column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families.internvl import closest_tiles
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, pair
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Grid, Layout, Tile


@dataclass(frozen=True)
class Phi4(Family):
    """At most ``max_tiles`` tiles of ``tile`` px, patches of ``patch`` px, two by two of them a token.

    ``least``: the shortest side, in px on the canvas, that is taken. Structural: one token behind each row of the
    tiles' grid and of the whole's, and one between the two.
    """

    tile: int = 448
    max_tiles: int = 36
    patch: int = 14
    least: int = 10

    def layout(self, width: int, height: int) -> Layout:
        """The tiles as one grid, then the whole; ``UsageError`` for sizes without pixels and for very slim ones."""
        check_size(width, height)
        fit = self._fit(*pair(width, height))
        across, down, wide, high = (int(value[0]) for value in fit)
        if min(wide, high) < self.least:
            raise UsageError(
                f"a picture of {width} x {height} px is too slim for this model: brought to {wide} x {high} px, "
                f"a side is below {self.least} px; crop it or pad it"
            )
        scale_x, scale_y = width / wide, height / high
        canvas: Box = (0.0, 0.0, across * self.tile * scale_x, down * self.tile * scale_y)
        columns, rows = int(self._tokens(fit[0], fit[2])[0]), int(self._tokens(fit[1], fit[3])[0])
        box: Box = (0.0, 0.0, columns * 2 * self.patch * scale_x, rows * 2 * self.patch * scale_y)
        tiles = tuple(Tile((self.tile, self.tile), part) for part in [*cut(canvas, across, down), canvas])
        side = self.tile // self.patch // 2
        grids = (Grid(rows, columns, box), Grid(side, side, canvas))
        return Layout((width, height), (wide, high), tiles, grids, structural=rows + 1 + side)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 where it is refused."""
        side = self.tile // self.patch // 2

        def rule(w: Ints, h: Ints) -> Ints:
            across, down, wide, high = self._fit(w, h)
            counts = self._tokens(down, high) * (self._tokens(across, wide) + 1) + side * (side + 1) + 1
            return np.where(np.minimum(wide, high) < self.least, -1, counts)

        return count_sizes(rule, widths, heights)

    def _fit(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Columns and rows of tiles, and the width and height in px of the picture on their canvas."""
        across, down = -(-widths // self.tile), -(-heights // self.tile)
        many = np.flatnonzero(across * down > self.max_tiles)
        if many.size:
            across[many], down[many] = closest_tiles(widths[many], heights[many], self.tile, 1, self.max_tiles)
        scale_x, scale_y = across * self.tile / widths, down * self.tile / heights
        flat = scale_x < scale_y
        wide = np.where(flat, across * self.tile, (widths * scale_y).astype(np.int64))
        high = np.where(flat, (heights * scale_x).astype(np.int64), down * self.tile)
        return across, down, wide, high

    def _tokens(self, tiles: Ints, length: Ints) -> Ints:
        """Tokens along a side of ``tiles`` tiles of which ``length`` px are picture."""
        patches = tiles * (self.tile // self.patch) - (tiles * self.tile - length) // self.patch
        return (patches + 1) // 2

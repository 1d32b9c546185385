"""Phi-3 and Phi-3.5 vision: as wide as a number of tiles allows, padded to whole tiles, then the whole.

Source: ``microsoft/Phi-3.5-vision-instruct``, ``processing_phi3_v.py`` (``HD_transform``, ``calc_num_image_tokens``)
and ``modeling_phi3_v.py``. Upright pictures are handled as if they lay on their side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, pair
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class Phi3(Family):
    """At most ``max_tiles`` tiles of ``tile`` px, each ``rows`` x ``rows`` tokens.

    Structural: one token behind each row of the tiles' grid and of the whole's, and one between the two.
    """

    tile: int = 336
    max_tiles: int = 16
    rows: int = 12

    def layout(self, width: int, height: int) -> Layout:
        """The tiles as one grid, then the whole; ``UsageError`` for sizes without pixels and for very slim ones."""
        check_size(width, height)
        tiles_long, tiles_short, short = (int(value[0]) for value in self._fit(*pair(width, height)))
        if short < 1:
            raise UsageError(
                f"a picture of {width} x {height} px is too slim for this model: with {tiles_long * self.tile} px on "
                f"its longer side the other is gone; crop it or pad it"
            )
        start = (tiles_short * self.tile - short) // 2
        scale = min(width, height) / short
        low, high = -start * scale, (tiles_short * self.tile - start) * scale
        if width < height:
            columns, down, box = tiles_short, tiles_long, (low, 0.0, high, float(height))
            resized = (short, tiles_long * self.tile)
        else:
            columns, down, box = tiles_long, tiles_short, (0.0, low, float(width), high)
            resized = (tiles_long * self.tile, short)
        tiles = tuple(Tile((self.tile, self.tile), part) for part in [*cut(box, columns, down), box])
        grids = (Grid(down * self.rows, columns * self.rows, box), Grid(self.rows, self.rows, box))
        return Layout((width, height), resized, tiles, grids, structural=(down + 1) * self.rows + 1)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 where it is refused."""

        def rule(w: Ints, h: Ints) -> Ints:
            long, short, pixels = self._fit(w, h)
            counts = (long * short + 1) * self.rows**2 + 1 + (np.where(w < h, long, short) + 1) * self.rows
            return np.where(pixels < 1, -1, counts)

        return count_sizes(rule, widths, heights)

    def _fit(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints, Ints]:
        """Tiles along the longer and the shorter side, and the shorter side in px before it is padded."""
        ratio = np.maximum(widths, heights) / np.minimum(widths, heights)
        long = np.zeros(widths.shape, np.int64)
        for count in range(1, self.max_tiles + 1):
            long += count * np.ceil(count / ratio) <= self.max_tiles
        pixels = (long * self.tile / ratio).astype(np.int64)
        return long, -(-pixels // self.tile), pixels

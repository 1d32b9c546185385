"""Llama 3.2 Vision: one marker in the sequence; the tiles are read through cross-attention.

Source: transformers, ``models/mllama/image_processing_mllama.py`` (``get_optimal_tiled_canvas``,
``get_image_size_fit_to_canvas``), ``processing_mllama.py`` and ``modeling_mllama.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import least_enlarged_one
from vtok.geometry.families.tiling import check_size, count_sizes, cut, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Size, Tile


@dataclass(frozen=True)
class Mllama(Family):
    """At most ``max_tiles`` tiles of ``tile`` px, patches of ``patch`` px."""

    tile: int = 560
    max_tiles: int = 4
    patch: int = 14

    def layout(self, width: int, height: int) -> Layout:
        """The tiles that the encoder sees, no visual token in the sequence, one structural token.

        ``UsageError`` for sizes below 1 x 1 px.
        """
        check_size(width, height)
        columns, rows = least_enlarged_one(width, height, self.tile, self.max_tiles)
        resized = self._resize(width, height, columns * self.tile, rows * self.tile)
        right = columns * self.tile * width / resized[0]
        bottom = rows * self.tile * height / resized[1]
        tiles = tuple(Tile((self.tile, self.tile), box) for box in cut((0.0, 0.0, right, bottom), columns, rows))
        return Layout((width, height), resized, tiles, (Grid(0, 1, whole(width, height)),), structural=1)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        return 1

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """1 for every size (px), int64, -1 below 1 x 1 px."""
        return count_sizes(lambda w, h: np.ones(w.shape, np.int64), widths, heights)

    def encoder_tokens(self, width: int, height: int) -> int:
        """Positions that the cross-attention layers attend to: the patches of each tile and its class token.

        The encoder and the cache hold ``max_tiles`` tiles whatever the size; the rest is masked.
        """
        return len(self.layout(width, height).tiles) * ((self.tile // self.patch) ** 2 + 1)

    def _resize(self, width: int, height: int, wide: int, high: int) -> Size:
        # A small picture grows to the size of one tile at most, not to the canvas.
        wide, high = min(max(width, self.tile), wide), min(max(height, self.tile), high)
        across, down = wide / width, high / height
        if across < down:
            return wide, min(math.floor(height * across) or 1, high)
        return min(math.floor(width * down) or 1, wide), high

"""Idefics3 and SmolVLM: the longer side to a fixed length, squeezed onto whole tiles, and a thumbnail behind.

Source: transformers, ``models/idefics3/image_processing_idefics3.py`` (``resize``, ``resize_for_vision_encoder``,
``split_images``) and ``processing_idefics3.py``; the same in ``smolvlm``. This is the preprocessing itself;
transformers' count function agrees where ``longest_edge`` is a multiple of ``tile``, as in every checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile

# No picture is resized to more than this on its longer side, px.
_LIMIT = 4096


@dataclass(frozen=True)
class Idefics3(Family):
    """The longer side to ``longest_edge`` px, tiles of ``tile`` px, each ``rows`` x ``rows`` tokens.

    Structural: two markers before each tile (the row and column, or "global" for the thumbnail), one after the
    thumbnail, a newline after each row of tiles; the blank line before the thumbnail merges with the last of
    these in the public tokenizers, ``blank_line`` = 1 where one keeps them apart. ``split=False``: one tile.
    """

    longest_edge: int = 1456
    tile: int = 364
    rows: int = 13
    split: bool = True
    blank_line: int = 0

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the thumbnail; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = self._tiles_of_one(width, height)
        boxes = cut(whole(width, height), columns, rows) if columns * rows > 1 else []
        boxes.append(whole(width, height))
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        structural = 2 * len(boxes) + 1 + (rows + self.blank_line if len(boxes) > 1 else 0)
        return Layout((width, height), (columns * self.tile, rows * self.tile), tiles, grids, structural)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        return int(self._total(*self._tiles_of_one(width, height)))

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        return count_sizes(lambda w, h: self._total(*self._tiles(w, h)), widths, heights)

    def _total(self, columns: Any, rows: Any) -> Any:
        """Tokens for a grid of tiles, plain numbers or arrays alike."""
        tiles = columns * rows
        return (self.rows**2 + 2) * (tiles + (tiles > 1)) + 1 + (tiles > 1) * (rows + self.blank_line)

    def _tiles_of_one(self, width: int, height: int) -> tuple[int, int]:
        """What ``_tiles`` finds, for one size: plain numbers are ten times as fast as arrays of one."""
        if not self.split:
            return 1, 1
        wide, high = _fit_one(width, height, self.longest_edge)
        wide, high = (wide, high + high % 2) if width >= height else (wide + wide % 2, high)
        if self.longest_edge > _LIMIT:
            wide, high = _fit_one(max(wide, 1), max(high, 1), _LIMIT)
        wide, high = max(wide, 1), max(high, 1)
        wide, high = _fit_one(wide, high, -(-max(wide, high) // self.tile) * self.tile)
        return max(-(-wide // self.tile), 1), max(-(-high // self.tile), 1)

    def _tiles(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints]:
        """(columns, rows) of tiles for each size; 1 and 1 where the picture is not split."""
        if not self.split:
            return np.ones_like(widths), np.ones_like(heights)
        wide, high = _fit(widths, heights, np.int64(self.longest_edge))
        landscape = widths >= heights
        wide, high = np.where(landscape, wide, wide + wide % 2), np.where(landscape, high + high % 2, high)
        if self.longest_edge > _LIMIT:
            wide, high = _fit(np.maximum(wide, 1), np.maximum(high, 1), np.int64(_LIMIT))
        wide, high = np.maximum(wide, 1), np.maximum(high, 1)
        longer = -(-np.maximum(wide, high) // self.tile) * self.tile
        wide, high = _fit(wide, high, longer)
        return np.maximum(-(-wide // self.tile), 1), np.maximum(-(-high // self.tile), 1)


def _fit(widths: Ints, heights: Ints, longer: Ints | np.int64) -> tuple[Ints, Ints]:
    """Sizes in whole px whose longer side is ``longer``; the shorter one keeps the shape, rounded down."""
    ratio = widths / heights
    landscape = widths >= heights
    shorter = np.where(landscape, longer / ratio, longer * ratio).astype(np.int64)
    return np.where(landscape, longer, shorter), np.where(landscape, shorter, longer)


def _fit_one(width: int, height: int, longer: int) -> tuple[int, int]:
    ratio = width / height
    return (longer, int(longer / ratio)) if width >= height else (int(longer * ratio), longer)

"""Granite Docling: a page squeezed onto the canvas of tiles whose ratio is closest, and a thumbnail behind.

Source: transformers, ``models/granite_docling/image_processing_granite_docling.py`` (``get_page_tile_grid``,
``get_tile_budget``) and ``processing_granite_docling.py``. Each marker is counted as one token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.internvl import closest_canvas, closest_tiles
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class GraniteDocling(Family):
    """``min_tiles`` to ``max_tiles`` tiles of ``tile`` px, ``longest`` a side, each ``rows`` x ``rows`` tokens.

    ``rows`` is 8, or 16 on the fine route. Structural: two markers before each tile, one behind the thumbnail, a
    newline behind each row of tiles; ``blank_line`` = 1 where the tokenizer keeps two newlines in a row apart.

    ``dense_max_tiles``, where it is not 0, is the bound for wide pages that come out small: wider than
    ``dense_min_aspect`` times their height, at most ``dense_max_aspect`` times, and on a canvas narrower than
    ``dense_max_scale`` of their own width. A 0 switches that condition off; one of the first and last must be on.
    """

    tile: int = 512
    min_tiles: int = 1
    max_tiles: int = 32
    longest: int = 16
    rows: int = 8
    blank_line: int = 0
    dense_max_tiles: int = 0
    dense_max_scale: float = 0.0
    dense_min_aspect: float = 0.0
    dense_max_aspect: float = 0.0

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the thumbnail; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = self._canvas(width, height)
        boxes = cut(whole(width, height), columns, rows)
        closing = 0
        if len(boxes) > 1:
            boxes.append(whole(width, height))
            closing = 1 + self.blank_line
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        structural = 2 * len(boxes) + rows + closing
        return Layout((width, height), (columns * self.tile, rows * self.tile), tiles, grids, structural)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        one = self.rows**2 + 2

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = self._canvases(w, h)
            tiles = columns * rows
            return np.where(tiles > 1, one * (tiles + 1) + 1 + self.blank_line, one) + rows

        return count_sizes(rule, widths, heights)

    @property
    def _has_dense(self) -> bool:
        conditions = self.dense_max_scale or self.dense_min_aspect
        return bool(self.max_tiles > 1 and self.dense_max_tiles and conditions)

    def _canvas(self, width: int, height: int) -> tuple[int, int]:
        """(columns, rows) of tiles."""
        usual = closest_canvas(width, height, self.tile, self.min_tiles, self.max_tiles, self.longest)
        if not self._has_dense or not self._is_dense(width / height, usual[0] * self.tile / width):
            return usual
        return closest_canvas(width, height, self.tile, self.min_tiles, self.dense_max_tiles, self.longest)

    def _is_dense(self, aspect: float | Floats, scale: float | Floats) -> bool | Bools:
        """Of one page or of many, by width over height and canvas over page."""
        wide = (not self.dense_min_aspect) | (aspect > self.dense_min_aspect)
        slim = (not self.dense_max_aspect) | (aspect <= self.dense_max_aspect)
        return wide & slim & ((not self.dense_max_scale) | (scale < self.dense_max_scale))

    def _canvases(self, w: Ints, h: Ints) -> tuple[Ints, Ints]:
        """What ``_canvas`` finds, for many sizes."""
        columns, rows = closest_tiles(w, h, self.tile, self.min_tiles, self.max_tiles, self.longest)
        if self._has_dense:
            dense = np.flatnonzero(self._is_dense(w / h, columns * self.tile / w))
            columns[dense], rows[dense] = closest_tiles(
                w[dense], h[dense], self.tile, self.min_tiles, self.dense_max_tiles, self.longest
            )
        return columns, rows

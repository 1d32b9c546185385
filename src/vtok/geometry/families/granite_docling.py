"""Granite Docling: a page squeezed onto the canvas of tiles whose ratio is closest, and a thumbnail behind.

Source: transformers, ``models/granite_docling/image_processing_granite_docling.py`` (``get_page_tile_grid``, without
the dense mode) and ``processing_granite_docling.py``. Each marker is counted as one token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.internvl import closest_canvas, closest_tiles
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, whole
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class GraniteDocling:
    """``min_tiles`` to ``max_tiles`` tiles of ``tile`` px, ``longest`` a side, each ``rows`` x ``rows`` tokens.

    ``rows`` is 8, or 16 on the fine route. Structural: two markers before each tile, one behind the thumbnail, a
    newline behind each row of tiles; ``blank_line`` = 1 where the tokenizer keeps two newlines in a row apart.
    """

    tile: int = 512
    min_tiles: int = 1
    max_tiles: int = 32
    longest: int = 16
    rows: int = 8
    blank_line: int = 0

    def layout(self, width: int, height: int) -> Layout:
        """The tiles in reading order, then the thumbnail; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = closest_canvas(width, height, self.tile, self.min_tiles, self.max_tiles, self.longest)
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
            columns, rows = closest_tiles(w, h, self.tile, self.min_tiles, self.max_tiles, self.longest)
            tiles = columns * rows
            return np.where(tiles > 1, one * (tiles + 1) + 1 + self.blank_line, one) + rows

        return count_sizes(rule, widths, heights)

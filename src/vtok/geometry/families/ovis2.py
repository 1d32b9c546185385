"""Ovis 2: a thumbnail, then the fewest tiles that lose at most a tenth of the picture's pixels.

Source: transformers, ``models/ovis2/image_processing_ovis2.py`` (``get_min_tile_covering_grid``) and
``processing_ovis2.py``. The source scores a grid as rows x columns and then lays it out as columns x rows; so does
this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.canvas import arrangements
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ovis2(Family):
    """Tiles of ``tile`` px, at most ``max_tiles``, each ``rows`` x ``rows`` tokens; ``covering``: the share to keep.

    Structural: begin, end and grid markers, and one between neighbouring columns and rows of tiles.
    ``max_tiles=1``: the thumbnail only.
    """

    tile: int = 448
    max_tiles: int = 9
    rows: int = 16
    covering: float = 0.9

    def layout(self, width: int, height: int) -> Layout:
        """The thumbnail, then the tiles in reading order; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        columns, rows = self._grid_of_one(width, height)
        boxes = [whole(width, height)]
        if columns * rows > 1:
            boxes += cut(whole(width, height), columns, rows)
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        resized = (columns * self.tile, rows * self.tile)
        return Layout((width, height), resized, tiles, grids, structural=3 + columns * rows - 1)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows = self._grid(w, h)
            tiles = columns * rows
            return self.rows**2 * (tiles + (tiles > 1)) + 3 + tiles - 1

        return count_sizes(rule, widths, heights)

    def _grid_of_one(self, width: int, height: int) -> tuple[int, int]:
        """What ``_grid`` finds, for one size: plain numbers are ten times as fast as arrays of one."""
        best, most, enough, kept = (1, 1), -1.0, None, 0.0
        for down, across in arrangements(1, self.max_tiles):
            share = self._covered_of_one(width, height, down, across) / (width * height)
            if share > most:
                best, most = (down, across), share
            same = enough is not None and enough[0] * enough[1] == down * across and share > kept
            if share > self.covering and (enough is None or same):
                enough, kept = (down, across), share
        return enough or best

    def _covered_of_one(self, width: int, height: int, down: int, across: int) -> float:
        high, wide = height // down, width // across
        last_wide, last_high = width - wide * (across - 1), height - high * (down - 1)
        inner, right = self._shrunk_one(wide, high), self._shrunk_one(last_wide, high)
        below, corner = self._shrunk_one(wide, last_high), self._shrunk_one(last_wide, last_high)
        total = 0.0
        for row in range(down):
            for column in range(across):
                if column == across - 1:
                    total += corner if row == down - 1 else right
                else:
                    total += below if row == down - 1 else inner
        return total

    def _shrunk_one(self, wide: int, high: int) -> float:
        long, short = max(wide, high), min(wide, high)
        return long * short if long <= self.tile else self.tile * (short / long * self.tile)

    def _grid(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints]:
        """(columns, rows) of tiles for each size."""
        grids = arrangements(1, self.max_tiles)
        area = (widths * heights).astype(np.float64)
        best, most = np.zeros(widths.shape, np.intp), np.full(widths.shape, -1.0)
        enough, kept = np.full(widths.shape, -1, np.intp), np.zeros(widths.shape)
        products = np.array([down * across for down, across in grids])
        for i, (down, across) in enumerate(grids):
            share = self._covered(widths, heights, down, across) / area
            better = share > most
            best[better], most[better] = i, share[better]
            same = (enough >= 0) & (products[enough] == products[i]) & (share > kept)
            better = (share > self.covering) & ((enough < 0) | same)
            enough[better], kept[better] = i, share[better]
        chosen = np.where(enough >= 0, enough, best)
        columns, rows = np.array(grids, np.int64).T
        return columns[chosen], rows[chosen]

    def _covered(self, widths: Ints, heights: Ints, down: int, across: int) -> Floats:
        """Pixels left when each cell of ``down`` x ``across`` shrinks until it fits a tile, its shape kept."""
        high, wide = heights // down, widths // across
        inner, right = self._shrunk(wide, high), self._shrunk(widths - wide * (across - 1), high)
        last = heights - high * (down - 1)
        below, corner = self._shrunk(wide, last), self._shrunk(widths - wide * (across - 1), last)
        total = np.zeros(widths.shape)
        # One cell after the other: floats add up differently in another order.
        for row in range(down):
            for column in range(across):
                ends_row, ends = column == across - 1, row == down - 1
                total += (corner if ends_row else below) if ends else (right if ends_row else inner)
        return total

    def _shrunk(self, wide: Ints, high: Ints) -> Floats:
        long, short = np.maximum(wide, high), np.minimum(wide, high)
        fits = long <= self.tile
        return np.where(fits, long * short, self.tile * (short / np.maximum(long, 1) * self.tile))

"""Gemini 2.0 and 2.5: one view of a small picture, squares of a larger one, 258 tokens each.

Closed, for comparison only, and an estimate: Google calls its formula for the squares a rough one.

Source: the Gemini API's documentation, "Image understanding", the part on calculating tokens (its example:
960 x 540 px are cut at 360 px, into 3 x 2 squares).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Tile

# Beyond this, long side over short, the rough formula makes thousands of slivers of a few pixels.
_MAX_ASPECT = 100


@dataclass(frozen=True)
class Gemini(Family):
    """``tile_tokens`` for a picture of at most ``small`` px a side, and for each square of a larger one.

    A square is two thirds of the shorter side wide, and becomes ``tile`` px.
    """

    tile_tokens: int = 258
    small: int = 384
    tile: int = 768

    def __post_init__(self) -> None:
        require_positive(tile_tokens=self.tile_tokens, tile=self.tile)

    def layout(self, width: int, height: int) -> Layout:
        """The squares in reading order; where in one a token looks is not published, so each shows all of it."""
        columns, rows, unit = self._cut(width, height)
        boxes = [whole(width, height)]
        if unit:
            corners = [(column * unit, row * unit) for row in range(rows) for column in range(columns)]
            boxes = [
                (float(left), float(top), float(min(left + unit, width)), float(min(top + unit, height)))
                for left, top in corners
            ]
        tiles = tuple(Tile((self.tile, self.tile), box) for box in boxes)
        grids = tuple(grid for box in boxes for grid in queries(self.tile_tokens, box))
        return Layout((width, height), (width, height), tiles, grids)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        columns, rows, _ = self._cut(width, height)
        return self.tile_tokens * columns * rows

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _cut(self, w: int, h: int) -> tuple[int, int, int]:
        """Columns and rows of squares and their side in px, 0 for a picture that stays whole."""
        check_size(w, h)
        short, long = min(w, h), max(w, h)
        if long <= self.small:
            return 1, 1, 0
        unit = 2 * short // 3
        if not unit or long > _MAX_ASPECT * short:
            raise UsageError(
                f"a picture of {w} x {h} px is too long for its width: what is published for Gemini is a rough "
                f"formula, and vtok does not use it beyond {_MAX_ASPECT} times; crop it or pad it"
            )
        return -(-w // unit), -(-h // unit), unit

    def _count(self, w: Ints, h: Ints) -> Ints:
        short, long = np.minimum(w, h), np.maximum(w, h)
        unit = np.maximum(1, 2 * short // 3)
        counts: Ints = self.tile_tokens * -(-w // unit) * -(-h // unit)
        counts[(short < 2) | (long > _MAX_ASPECT * short)] = -1
        counts[long <= self.small] = self.tile_tokens
        return counts

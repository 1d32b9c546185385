"""Gemma 4: the largest size with the picture's shape that fits a budget of tokens, cut into squares of 48 px.

Source: transformers, ``models/gemma4/processing_gemma4.py`` (``get_aspect_ratio_preserving_size``,
``_get_num_multimodal_tokens``), the same in ``gemma4_unified``. The begin and end markers around the picture are
not counted: transformers' count leaves them out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import Ints, check_size, count_sizes, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class Gemma4(Family):
    """At most ``max_tokens`` tokens (70, 140, 280, 560 or 1120), each ``pool`` x ``pool`` patches of ``patch`` px."""

    max_tokens: int = 280
    patch: int = 16
    pool: int = 3

    def layout(self, width: int, height: int) -> Layout:
        """One tile, one grid; ``UsageError`` for sizes below 1 x 1 px."""
        rows, columns = self._grid(width, height)
        side = self.pool * self.patch
        size, box = (columns * side, rows * side), whole(width, height)
        return Layout((width, height), size, (Tile(size, box),), (Grid(rows, columns, box),))

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        rows, columns = self._grid(width, height)
        return rows * columns

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 below 1 x 1 px."""
        return count_sizes(self._count, widths, heights)

    def _grid(self, width: int, height: int) -> tuple[int, int]:
        check_size(width, height)
        side = self.pool * self.patch
        factor = math.sqrt(self.max_tokens * self.pool**2 * self.patch**2 / (height * width))
        rows, columns = math.floor(factor * height / side), math.floor(factor * width / side)
        # A very slim picture becomes a single row or column of squares.
        if rows == 0:
            rows, columns = 1, min(math.floor(width / height), self.max_tokens)
        elif columns == 0:
            rows, columns = min(math.floor(height / width), self.max_tokens), 1
        return rows, columns

    def _count(self, widths: Ints, heights: Ints) -> Ints:
        side = self.pool * self.patch
        factor = np.sqrt(self.max_tokens * self.pool**2 * self.patch**2 / (heights * widths))
        tokens = np.floor(factor * heights / side) * np.floor(factor * widths / side)
        slim = np.flatnonzero(tokens == 0)
        if slim.size:
            w, h = widths[slim], heights[slim]
            tokens[slim] = np.minimum(np.floor(np.maximum(w, h) / np.minimum(w, h)), self.max_tokens)
        return tokens.astype(np.int64)

"""GLM-Image: the shorter side to a length, then both halved, and pictures of moderate aspect only.

Source: transformers, ``smart_resize`` in ``models/glm_image/image_processing_glm_image.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import one_grid, refuse_long, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class GlmImage(Family):
    """The roots of ``min_pixels`` and ``max_pixels`` bound the sides; patches of ``patch`` px, ``merge`` x ``merge``
    of them a token; ``max_aspect``: the longest picture that is taken, long side over short."""

    min_pixels: int = 3136
    max_pixels: int = 1003520
    patch: int = 14
    merge: int = 2
    max_aspect: float = 4.0

    def __post_init__(self) -> None:
        require_positive(min_pixels=self.min_pixels, max_pixels=self.max_pixels, patch=self.patch, merge=self.merge)

    @cached_property
    def side(self) -> int:
        """Side of the square that one token shows, px of the resized picture; also the shortest side that is taken."""
        return self.patch * self.merge

    def layout(self, width: int, height: int) -> Layout:
        """One grid of the whole picture; sizes in px. ``UsageError`` for one too small or too long for its width."""
        side = self.side
        rows, columns = self._grid(width, height)
        return one_grid((width, height), (columns * side, rows * side), rows, columns, whole(width, height))

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        rows, columns = self._grid(width, height)
        return rows * columns

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _count(self, w: Ints, h: Ints) -> Ints:
        rows, columns = self._grids(w, h)
        low, high = np.minimum(w, h), np.maximum(w, h)
        taken = (low >= self.side) & (high / low <= self.max_aspect)
        return np.where(taken, rows * columns, -1).astype(np.int64)

    def _grid(self, w: int, h: int) -> tuple[int, int]:
        (shortest, longest), side, scale = self._bounds, self.side, 1.0
        low, high = (w, h) if w < h else (h, w)
        if low < side:
            check_size(w, h, side)
        if high / low > self.max_aspect:
            refuse_long((w, h), high / low, self.max_aspect)
        if low < shortest:
            scale = shortest / low
        if high * scale > longest:
            scale = longest / high
        rows, columns = round(h // 2 * scale / side) or 1, round(w // 2 * scale / side) or 1
        most = (rows if rows > columns else columns) * side
        if most > longest:
            beta = most / longest
            return math.floor(rows * side / beta / side) or 1, math.floor(columns * side / beta / side) or 1
        return rows, columns

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        return round(math.sqrt(self.min_pixels)), round(math.sqrt(self.max_pixels))

    def _grids(self, w: Ints, h: Ints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shortest, longest = self._bounds
        side, low, high = self.side, np.minimum(w, h), np.maximum(w, h)
        scale = np.where(low < shortest, shortest / low, 1.0)
        scale = np.where(high * scale > longest, longest / high, scale)
        rows = np.maximum(1, np.rint(h // 2 * scale / side))
        columns = np.maximum(1, np.rint(w // 2 * scale / side))
        beta = np.maximum(rows, columns) * side / longest
        over = beta > 1
        rows = np.where(over, np.maximum(1, np.floor(rows * side / beta / side)), rows)
        columns = np.where(over, np.maximum(1, np.floor(columns * side / beta / side)), columns)
        return rows, columns

"""GLM-5: sides up to whole tokens, between two bounds on tokens, and padding instead of stretching.

Source: transformers, ``smart_resize`` and ``resize`` in ``models/glm5_next/image_processing_glm5_next.py``. There the
bounds are in pixels of all the frames that fill a temporal patch; for a still the frames cancel out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class Glm5Next(Family):
    """``min_tokens`` to ``max_tokens`` of ``merge`` x ``merge`` patches of ``patch`` px."""

    min_tokens: int = 16
    max_tokens: int = 8000
    patch: int = 14
    merge: int = 2

    def __post_init__(self) -> None:
        require_positive(min_tokens=self.min_tokens, max_tokens=self.max_tokens, patch=self.patch, merge=self.merge)

    @property
    def side(self) -> int:
        """Side of the square that one token shows, px of the resized picture."""
        return self.patch * self.merge

    def layout(self, width: int, height: int) -> Layout:
        """One grid; the padding, right and below, lies past the picture. Sizes in px."""
        side = self.side
        rows, columns = self._grid(width, height)
        scale = min(rows * side / height, columns * side / width)
        if height * width >= side * side * self.min_tokens:
            scale = min(1.0, scale)
        canvas = (columns * side, rows * side)
        w, h = max(1, math.floor(width * scale)), max(1, math.floor(height * scale))
        return one_grid(
            (width, height), canvas, rows, columns, (0.0, 0.0, canvas[0] / w * width, canvas[1] / h * height)
        )

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        rows, columns = self._grid(width, height)
        return rows * columns

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _grid(self, w: int, h: int) -> tuple[int, int]:
        check_size(w, h)
        side = self.side
        rows, columns = -(-h // side), -(-w // side)
        if rows * columns < self.min_tokens:
            scale = math.sqrt(self.min_tokens * side * side / (h * w))
            high, wide = -(-math.ceil(h * scale) // side), -(-math.ceil(w * scale) // side)
            if high * wide <= self.max_tokens:
                return high, wide
        if rows * columns <= self.max_tokens:
            return rows, columns
        rows = min(math.isqrt(self.max_tokens * h // w) + 1, self.max_tokens)
        while self._holds(rows + 1, w, h):
            rows += 1
        while rows and not self._holds(rows, w, h):
            rows -= 1
        return (rows, self._columns(rows, w, h)) if rows else (1, 1)

    def _count(self, w: Ints, h: Ints) -> Ints:
        # In floats, whose division is several times as fast and here as exact.
        side = self.side
        rows, columns = np.ceil(h / side), np.ceil(w / side)
        counts = rows * columns
        small = np.flatnonzero(counts < self.min_tokens)
        if small.size:
            high, wide = h[small], w[small]
            scale = np.sqrt(self.min_tokens * side * side / (high * wide))
            larger = np.ceil(np.ceil(high * scale) / side) * np.ceil(np.ceil(wide * scale) / side)
            counts[small] = np.where(larger <= self.max_tokens, larger, counts[small])
        big = np.flatnonzero(counts > self.max_tokens)
        if big.size:
            counts[big] = self._largest(w[big], h[big])
        return counts.astype(np.int64)

    def _largest(self, w: Ints, h: Ints) -> Ints:
        """Tokens of the largest grids within the bound, as ``_grid`` finds them."""
        rows = np.minimum(np.sqrt(self.max_tokens * h / w).astype(np.int64) + 1, self.max_tokens)
        left = np.flatnonzero(self._holds(rows + 1, w, h))
        while left.size:
            rows[left] += 1
            left = left[self._holds(rows[left] + 1, w[left], h[left])]
        left = np.flatnonzero(~self._holds(rows, w, h))
        while left.size:
            rows[left] -= 1
            left = left[(rows[left] > 0) & ~self._holds(rows[left], w[left], h[left])]
        none = rows == 0
        rows[none] = 1
        return np.where(none, 1, rows * self._columns(rows, w, h))

    # The source looks for the tallest picture of the same shape that stays within the bound. More px never make fewer
    # tokens, so it is in the last row of tokens that holds any such picture. Plain numbers or arrays alike:

    def _holds(self, rows: Any, w: Any, h: Any) -> Any:
        """Whether the lowest picture of that many rows of tokens is within the bound."""
        return rows * self._across(w * ((rows - 1) * self.side + 1) // h) <= self.max_tokens

    def _columns(self, rows: Any, w: Any, h: Any) -> Any:
        """Columns of the tallest picture of that many rows that is within the bound."""
        most, full = ((self.max_tokens // rows * self.side + 1) * h - 1) // w, rows * self.side
        tall = most - (most > full) * (most - full)
        return self._across(w * tall // h)

    def _across(self, wide: Any) -> Any:
        """Tokens for a width in px, which is at least 1."""
        return -(-(wide + (wide < 1)) // self.side)

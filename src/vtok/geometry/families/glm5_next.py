"""GLM-5: sides up to whole tokens, between two bounds on tokens, and padding instead of stretching.

Source: transformers, ``smart_resize`` and ``resize`` in ``models/glm5_next/image_processing_glm5_next.py``. There the
bounds are in pixels of all the frames that fill a temporal patch; for a still the frames cancel out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class Glm5Next:
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
        check_size(width, height)
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

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _grid(self, w: int, h: int) -> tuple[int, int]:
        side = self.side
        rows, columns = -(-h // side), -(-w // side)
        if rows * columns < self.min_tokens:
            scale = math.sqrt(self.min_tokens * side * side / (h * w))
            rows, columns = -(-math.ceil(h * scale) // side), -(-math.ceil(w * scale) // side)
        if rows * columns <= self.max_tokens:
            return rows, columns
        fits, over, best = 0, h + 1, (1, 1)
        while over - fits > 1:
            tall = (fits + over) // 2
            rows, columns = -(-tall // side), -(-max(1, math.floor(w * tall / h)) // side)
            if rows * columns <= self.max_tokens:
                fits, best = tall, (rows, columns)
            else:
                over = tall
        return best

    def _count(self, w: Ints, h: Ints) -> Ints:
        side = self.side
        rows, columns = -(-h // side), -(-w // side)
        small = np.flatnonzero(rows * columns < self.min_tokens)
        if small.size:
            scale = np.sqrt(self.min_tokens * side * side / (h[small] * w[small]))
            rows[small] = -(-np.ceil(h[small] * scale).astype(np.int64) // side)
            columns[small] = -(-np.ceil(w[small] * scale).astype(np.int64) // side)
        big = np.flatnonzero(rows * columns > self.max_tokens)
        if big.size:
            rows[big], columns[big] = self._largest(w[big], h[big])
        return rows * columns

    def _largest(self, w: Ints, h: Ints) -> tuple[Ints, Ints]:
        """The grids of the tallest pictures of the same aspect that stay within the bound, found by bisection."""
        fits, over = np.zeros_like(h), h + 1
        while (over - fits).max() > 1:
            middle = np.maximum((fits + over) // 2, 1)
            rows, columns = self._cover(w, h, middle)
            good = rows * columns <= self.max_tokens
            fits, over = np.where(good, middle, fits), np.where(good, over, middle)
        rows, columns = self._cover(w, h, np.maximum(fits, 1))
        return np.where(fits > 0, rows, 1), np.where(fits > 0, columns, 1)

    def _cover(self, w: Ints, h: Ints, tall: Ints) -> tuple[Ints, Ints]:
        wide = np.maximum(1, np.floor(w * tall / h).astype(np.int64))
        return -(-tall // self.side), -(-wide // self.side)

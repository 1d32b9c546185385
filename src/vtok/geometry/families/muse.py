"""Muse Glimmer and Muse Spark: the grid of whole tokens next to the picture's own whose aspect is closest to it.

Source: transformers, ``smart_resize`` in ``models/muse_glimmer/image_processing_muse_glimmer.py``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, whole
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class Muse:
    """At most ``max_tokens`` of ``merge`` x ``merge`` patches of ``patch`` px; ``markers``: tokens around the picture
    that count as part of it (its processor writes begin and end, and leaves them out of its own count)."""

    max_tokens: int = 4096
    patch: int = 14
    merge: int = 2
    markers: int = 0

    def __post_init__(self) -> None:
        require_positive(max_tokens=self.max_tokens, patch=self.patch, merge=self.merge)

    @property
    def side(self) -> int:
        """Side of the square that one token shows, px of the resized picture."""
        return self.patch * self.merge

    def layout(self, width: int, height: int) -> Layout:
        """One grid of the whole picture; sizes in px."""
        check_size(width, height)
        rows, columns = self._grid(width, height)
        resized = (columns * self.side, rows * self.side)
        return one_grid((width, height), resized, rows, columns, whole(width, height), self.markers)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _grid(self, w: int, h: int) -> tuple[int, int]:
        high, wide = h / self.side, w / self.side
        ratio = wide / high
        if high * wide > self.max_tokens:
            high = (self.max_tokens / ratio) ** 0.5
            wide = high * ratio
        around = itertools.product([math.floor(high), math.ceil(high)], [math.floor(wide), math.ceil(wide)])
        # Among equally close grids the source takes the first in the order of a set, so a set it is.
        grids = [grid for grid in set(around) if min(grid) >= 1 and grid[0] * grid[1] <= self.max_tokens]
        if not grids:
            return max(1, round(high)), max(1, round(wide))
        return min(grids, key=lambda grid: abs(grid[0] / grid[1] - h / w))

    def _count(self, w: Ints, h: Ints) -> Ints:
        high, wide, aspect = h / self.side, w / self.side, h / w
        ratio = wide / high
        over = high * wide > self.max_tokens
        high = np.where(over, np.sqrt(self.max_tokens / ratio), high)
        wide = np.where(over, high * ratio, wide)
        # A power of 0.5 and a square root may differ in the last bit, which matters at whole numbers only.
        near = over & ((np.abs(high - np.rint(high)) < 1e-9) | (np.abs(wide - np.rint(wide)) < 1e-9))
        best = np.full(w.shape, np.inf)
        counts = np.maximum(1, np.rint(high)) * np.maximum(1, np.rint(wide))
        for rows, columns in itertools.product((np.floor(high), np.ceil(high)), (np.floor(wide), np.ceil(wide))):
            tokens = rows * columns
            fits = (tokens >= 1) & (tokens <= self.max_tokens)
            off = np.where(fits, np.abs(rows / np.maximum(columns, 1) - aspect), np.inf)
            near |= (off == best) & (tokens != counts) & fits
            counts, best = np.where(off < best, tokens, counts), np.minimum(off, best)
        if near.any():
            pairs, where = np.unique(np.stack([w[near], h[near]]), axis=1, return_inverse=True)
            exact = np.array([math.prod(self._grid(int(x), int(y))) for x, y in pairs.T])
            counts[near] = exact[where.reshape(-1)]
        return np.asarray(counts, np.int64) + self.markers

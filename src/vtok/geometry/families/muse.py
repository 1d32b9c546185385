"""Muse Glimmer and Muse Spark: the grid of whole tokens next to the picture's own whose aspect is closest to it.

Source: transformers, ``smart_resize`` in ``models/muse_glimmer/image_processing_muse_glimmer.py``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

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
        around = _around(math.floor(high), math.ceil(high), math.floor(wide), math.ceil(wide))
        grids = [grid for grid in around if min(grid) >= 1 and grid[0] * grid[1] <= self.max_tokens]
        if not grids:
            return max(1, round(high)), max(1, round(wide))
        return min(grids, key=lambda grid: abs(grid[0] / grid[1] - h / w))

    def _count(self, w: Ints, h: Ints) -> Ints:
        high, wide, aspect = h / self.side, w / self.side, h / w
        over = np.flatnonzero(high * wide > self.max_tokens)
        ratio = wide[over] / high[over]
        high[over] = np.sqrt(self.max_tokens / ratio)
        wide[over] = high[over] * ratio
        # All four at once: no grid of 0 rows or columns, none over the bound.
        rows, columns = np.stack([np.floor(high), np.ceil(high)]), np.stack([np.floor(wide), np.ceil(wide)])
        tokens = (rows[:, None] * columns).reshape(4, -1)
        off = (rows[:, None] / np.maximum(columns, 1)).reshape(4, -1)
        off -= aspect
        np.abs(off, out=off)
        off[(tokens < 1) | (tokens > self.max_tokens)] = np.inf
        best = off.min(axis=0)
        counts = np.take_along_axis(tokens, off.argmin(axis=0)[None], axis=0)[0]
        none = np.flatnonzero(best == np.inf)
        counts[none] = np.maximum(1, np.rint(high[none])) * np.maximum(1, np.rint(wide[none]))
        doubtful = ((off == best) & (tokens != counts)).any(axis=0)
        doubtful[none] = False
        # Pictures that are nearly square lie between two squares, equally close: common enough for a table.
        ties = np.flatnonzero(doubtful)
        between = (rows[:, ties] == columns[:, ties]).all(axis=0) & (rows[0, ties] < rows[1, ties])
        squares = ties[between & ((off[:, ties] == best[ties]).sum(axis=0) == 2)]
        counts[squares] = _squares(math.isqrt(self.max_tokens))[rows[0, squares].astype(np.int64)]
        doubtful[squares] = False
        # A power of 0.5 and a square root may differ in the last bit, which matters at whole numbers only.
        for length in (high[over], wide[over]):
            doubtful[over] |= np.abs(length - np.rint(length)) < 1e-9
        if doubtful.any():
            pairs, where = np.unique(np.stack([w[doubtful], h[doubtful]]), axis=1, return_inverse=True)
            exact = np.array([math.prod(self._grid(int(x), int(y))) for x, y in pairs.T])
            counts[doubtful] = exact[where.reshape(-1)]
        return np.asarray(counts, np.int64) + self.markers


def _around(low: int, high: int, near: int, far: int) -> set[tuple[int, int]]:
    """The (rows, columns) around a grid that is not whole.

    Among equally close ones the source takes the first in the order of a set, so a set it is.
    """
    return set(itertools.product([low, high], [near, far]))


@lru_cache(maxsize=16)
def _squares(largest: int) -> Ints:
    """For each side below ``largest``: tokens of that square or of the next one, whichever a set has first."""
    sides = (
        next(rows for rows, columns in _around(low, low + 1, low, low + 1) if rows == columns)
        for low in range(1, largest)
    )
    return np.array([0, *(side * side for side in sides)], np.int64)

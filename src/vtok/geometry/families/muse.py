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
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Muse(Family):
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
        rows, columns = self._grid(width, height)
        resized = (columns * self.side, rows * self.side)
        return one_grid((width, height), resized, rows, columns, whole(width, height), self.markers)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        rows, columns = self._grid(width, height)
        return rows * columns + self.markers

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _grid(self, w: int, h: int) -> tuple[int, int]:
        check_size(w, h)
        high, wide = h / self.side, w / self.side
        ratio = wide / high
        if high * wide > self.max_tokens:
            high = (self.max_tokens / ratio) ** 0.5
            wide = high * ratio
        low, tall, near, far = math.floor(high), math.ceil(high), math.floor(wide), math.ceil(wide)
        best, least, tied = (0, 0), math.inf, False
        for grid in ((low, near), (low, far), (tall, near), (tall, far)):
            if not 1 <= grid[0] * grid[1] <= self.max_tokens:
                continue
            off = abs(grid[0] / grid[1] - h / w)
            if off < least:
                best, least, tied = grid, off, False
            elif off == least and grid != best:
                tied = True
        if not best[0]:
            return max(1, round(high)), max(1, round(wide))
        if tied:
            around = [grid for grid in _around(low, tall, near, far) if 1 <= grid[0] * grid[1] <= self.max_tokens]
            return next(grid for grid in around if abs(grid[0] / grid[1] - h / w) == least)
        return best

    def _count(self, w: Ints, h: Ints) -> Ints:
        high, wide, aspect = h / self.side, w / self.side, h / w
        over = np.flatnonzero(high * wide > self.max_tokens)
        ratio = wide[over] / high[over]
        high[over] = np.sqrt(self.max_tokens / ratio)
        wide[over] = high[over] * ratio
        # A grid of no rows or columns is none; the one with a row instead is among the others.
        low, near = np.maximum(np.floor(high), 1), np.maximum(np.floor(wide), 1)
        tall, far = np.ceil(high), np.ceil(wide)
        counts, best = self._off(low, near, aspect)
        tied = np.zeros(w.shape, np.bool_)
        for rows, columns in ((low, far), (tall, near), (tall, far)):
            tokens, off = self._off(rows, columns, aspect)
            better = off < best
            tied |= (off == best) & (tokens != counts)
            tied &= ~better
            counts, best = np.where(better, tokens, counts), np.minimum(best, off)
        none = np.flatnonzero(best == np.inf)
        counts[none] = np.maximum(1, np.rint(high[none])) * np.maximum(1, np.rint(wide[none]))
        tied[none] = False
        # Pictures that are nearly square lie between two squares, equally close: common enough for a table.
        ties = np.flatnonzero(tied)
        ties = ties[(low[ties] == near[ties]) & (tall[ties] == far[ties]) & (low[ties] < tall[ties])]
        flat, slim = low[ties] / far[ties] - aspect[ties], tall[ties] / near[ties] - aspect[ties]
        squares = ties[(np.abs(flat) != best[ties]) & (np.abs(slim) != best[ties])]
        counts[squares] = _squares(math.isqrt(self.max_tokens))[low[squares].astype(np.int64)]
        tied[squares] = False
        # A power of 0.5 and a square root may differ in the last bit, which matters at whole numbers only.
        for length in (high[over], wide[over]):
            tied[over] |= np.abs(length - np.rint(length)) < 1e-9
        left = np.flatnonzero(tied)
        if left.size:
            pairs = list(zip(w[left].tolist(), h[left].tolist(), strict=True))
            exact = {pair: math.prod(self._grid(*pair)) for pair in set(pairs)}
            counts[left] = [exact[pair] for pair in pairs]
        return np.asarray(counts, np.int64) + self.markers

    def _off(self, rows: Floats, columns: Floats, aspect: Floats) -> tuple[Floats, Floats]:
        """Tokens of the grids, and how far their aspect is from the pictures'; infinitely where they are too many."""
        tokens, off = rows * columns, rows / columns
        off -= aspect
        np.abs(off, out=off)
        return tokens, np.where(tokens > self.max_tokens, np.inf, off)


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

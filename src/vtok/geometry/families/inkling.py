"""Inkling: squares of the picture as it is, each one token, the last row and column padded.

Source: transformers, ``models/inkling/image_processing_inkling.py`` (``divide_to_patches``, ``_preprocess``) and
``models/inkling2/image_processing_inkling2.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class Inkling(Family):
    """Squares of ``patch`` px. ``scale``: resize first by this factor (1: not at all), ``max_edge``: but enlarge the
    long side to this many px at most. ``spare_column``: whether one more column follows the last, all of it padding
    where the width is a whole number of squares (Inkling 1)."""

    patch: int = 40
    scale: float = 1.0
    max_edge: float = 2048
    spare_column: bool = True

    def __post_init__(self) -> None:
        require_positive(patch=self.patch)

    def layout(self, width: int, height: int) -> Layout:
        """One grid; the padding, right and below, lies past the picture. Sizes in px."""
        w, h = self._resized(width, height)
        rows, columns = -(-h // self.patch), self._columns(w)
        size = (columns * self.patch, rows * self.patch)
        return one_grid((width, height), size, rows, columns, (0.0, 0.0, size[0] / w * width, size[1] / h * height))

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        w, h = self._resized(width, height)
        return -(-h // self.patch) * self._columns(w)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _columns(self, width: int) -> int:
        return width // self.patch + 1 if self.spare_column else -(-width // self.patch)

    def _resized(self, w: int, h: int) -> tuple[int, int]:
        check_size(w, h)
        long = max(w, h)
        ratio = min(long * self.scale, max(self.max_edge, long)) / long
        # A ratio of 1 leaves whole numbers as they are.
        wide, high = math.floor(w * ratio + 0.5), math.floor(h * ratio + 0.5)
        if min(wide, high) < 1:
            raise UsageError(f"a picture of {w} x {h} px has a side below 1 px after scaling by {self.scale}")
        return wide, high

    def _count(self, w: Ints, h: Ints) -> Ints:
        patch, long = self.patch, np.maximum(w, h)
        ratio = np.minimum(long * self.scale, np.maximum(self.max_edge, long)) / long
        wide, high = np.floor(w * ratio + 0.5), np.floor(h * ratio + 0.5)
        columns = np.floor(wide / patch) + 1 if self.spare_column else np.ceil(wide / patch)
        counts = np.where(np.minimum(wide, high) < 1, -1, np.ceil(high / patch) * columns)
        return counts.astype(np.int64)

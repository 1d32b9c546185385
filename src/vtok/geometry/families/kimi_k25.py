"""Kimi K2.5: a picture is only ever shrunk, to a bound on patches in all and a side, and padded to whole tokens.

Source: transformers, ``navit_resize`` in ``models/kimi_k25/image_processing_kimi_k25.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Size


@dataclass(frozen=True)
class KimiK25(Family):
    """At most ``max_patches`` patches of ``patch`` px, ``max_side`` along a side; ``merge`` x ``merge`` a token."""

    max_patches: int = 16384
    max_side: int = 512
    patch: int = 14
    merge: int = 2

    def __post_init__(self) -> None:
        require_positive(max_patches=self.max_patches, max_side=self.max_side, patch=self.patch, merge=self.merge)

    def layout(self, width: int, height: int) -> Layout:
        """One grid; the padding, right and below, lies past the picture. Sizes in px."""
        w, h = self._shrunk(width, height)
        side = self.patch * self.merge
        rows, columns = -(-h // side), -(-w // side)
        box = (0.0, 0.0, columns * side / w * width, rows * side / h * height)
        return one_grid((width, height), (columns * side, rows * side), rows, columns, box)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        w, h = self._shrunk(width, height)
        side = self.patch * self.merge
        return -(-h // side) * -(-w // side)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _shrunk(self, w: int, h: int) -> Size:
        check_size(w, h)
        patch, longest = self.patch, self.max_side * self.patch
        patches = max(1, h // patch) * max(1, w // patch)
        scale = min(1.0, math.sqrt(self.max_patches / patches), longest / h, longest / w)
        return min(max(1, int(w * scale)), longest), min(max(1, int(h * scale)), longest)

    def _count(self, w: Ints, h: Ints) -> Ints:
        patch, longest, side = self.patch, self.max_side * self.patch, self.patch * self.merge
        wide, high = w.astype(float), h.astype(float)
        patches = np.maximum(1, np.floor(high / patch)) * np.maximum(1, np.floor(wide / patch))
        scale = np.minimum(np.sqrt(self.max_patches / patches), longest / np.maximum(high, wide))
        np.minimum(scale, 1.0, out=scale)
        rows = np.ceil(np.clip(np.floor(high * scale), 1, longest) / side)
        columns = np.ceil(np.clip(np.floor(wide * scale), 1, longest) / side)
        return np.asarray(rows * columns, np.int64)

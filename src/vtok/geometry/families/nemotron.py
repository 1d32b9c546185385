"""Nemotron 3 Omni: a grid of patches about as large as the picture's own, within two bounds, filled to whole tokens.

Source: transformers, ``models/nemotron_h_omni/image_processing_nemotron_h_omni.py`` (``get_patch_grid_size``,
``_preprocess``) and ``processing_nemotron_h_omni.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Size

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nemotron(Family):
    """``min_patches`` to ``max_patches`` patches of ``patch`` px, ``merge`` x ``merge`` of them a token.

    ``max_patches=0`` leaves the bound to ``context``, the tokens of which a single picture may take all but four.
    ``markers``: begin and end.
    """

    min_patches: int = 1024
    max_patches: int = 13312
    patch: int = 16
    merge: int = 2
    context: int = 16384
    markers: int = 2

    def __post_init__(self) -> None:
        require_positive(patch=self.patch, merge=self.merge, min_patches=self.min_patches, context=self.context)

    def layout(self, width: int, height: int) -> Layout:
        """One grid of the whole picture; ``UsageError`` for one so slim that shrinking leaves nothing of a side."""
        rows, columns = self._grid(width, height)
        side = self.patch * self.merge
        resized = (columns * side, rows * side)
        return one_grid((width, height), resized, rows, columns, whole(width, height), self.markers)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        rows, columns = self._grid(width, height)
        return rows * columns + self.markers

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 where it is refused."""
        return count_sizes(self._count, widths, heights)

    @property
    def _most(self) -> int:
        room = max((self.context - 4) * self.merge**2, self.min_patches)
        return max(min(room, self.max_patches) if self.max_patches else room, self.min_patches)

    def _grid(self, w: int, h: int) -> Size:
        """(rows, columns) of tokens."""
        check_size(w, h)
        most = self._most
        rows, columns = round(h / self.patch + 0.5), round(w / self.patch + 0.5)
        factor = min(math.sqrt(most / (rows * columns)), 1.0)
        rows, columns = math.floor(factor * rows), math.floor(factor * columns)
        if not rows * columns:
            raise UsageError(
                f"a picture of {w} x {h} px is too slim for this model: within {most:,} patches one side is gone; "
                "crop it or pad it"
            )
        if rows * columns < self.min_patches < most:
            factor = math.sqrt(self.min_patches / (rows * columns))
            rows, columns = math.ceil(factor * rows), math.ceil(factor * columns)
        rows = self._filled(rows, columns, most)
        return rows // self.merge, self._filled(columns, rows, most) // self.merge

    def _filled(self, side: int, other: int, most: int) -> int:
        """``side`` up to whole tokens, or down where that would be too many patches."""
        over = side % self.merge
        if not over:
            return side
        larger = side + self.merge - over
        return larger if larger * other <= most else max(self.merge, side - over)

    def _count(self, w: Ints, h: Ints) -> Ints:
        most = self._most
        rows, columns = np.rint(h / self.patch + 0.5), np.rint(w / self.patch + 0.5)
        factor = np.minimum(np.sqrt(most / (rows * columns)), 1.0)
        rows, columns = np.floor(factor * rows), np.floor(factor * columns)
        gone = rows * columns == 0
        if self.min_patches < most:
            few = np.flatnonzero((rows * columns < self.min_patches) & ~gone)
            factor = np.sqrt(self.min_patches / (rows[few] * columns[few]))
            rows[few], columns[few] = np.ceil(factor * rows[few]), np.ceil(factor * columns[few])
        rows = self._filled_many(rows, columns, most)
        columns = self._filled_many(columns, rows, most)
        return np.where(gone, -1, (rows * columns / self.merge**2).astype(np.int64) + self.markers)

    def _filled_many(self, side: Floats, other: Floats, most: int) -> Floats:
        larger = np.ceil(side / self.merge) * self.merge
        smaller = np.maximum(np.floor(side / self.merge) * self.merge, self.merge)
        return np.where(larger * other <= most, larger, np.where(larger == side, side, smaller))

"""Fuyu: the picture at its own size, shrunk where it is larger than the screen, in squares of 30 px, row by row.

Source: transformers, ``models/fuyu/processing_fuyu.py`` (``_get_num_multimodal_tokens``) and
``image_processing_fuyu.py``. Each row ends with a newline. The begin-of-text token behind the picture is not
counted: transformers' count leaves it out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Size, Tile


@dataclass(frozen=True)
class Fuyu(Family):
    """At most ``width`` x ``height`` px, multiples of ``patch``; a token for each ``patch`` x ``patch`` px."""

    width: int = 1920
    height: int = 1080
    patch: int = 30

    def layout(self, width: int, height: int) -> Layout:
        """One grid, padded at the right and below; ``UsageError`` where nothing is left of a side after shrinking."""
        wide, high = self._shrunk(width, height)
        columns, rows = math.ceil(wide / self.patch), math.ceil(high / self.patch)
        size = (columns * self.patch, rows * self.patch)
        box = (0.0, 0.0, size[0] * width / wide, size[1] * height / high)
        return Layout((width, height), (wide, high), (Tile(size, box),), (Grid(rows, columns, box),), structural=rows)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        wide, high = self._shrunk(width, height)
        return -(-high // self.patch) * (-(-wide // self.patch) + 1)

    def _shrunk(self, width: int, height: int) -> Size:
        check_size(width, height)
        scale = min(self.height / height, self.width / width)
        wide, high = min(int(width * scale), width), min(int(height * scale), height)
        if wide < 1 or high < 1:
            raise UsageError(
                f"a picture of {width} x {height} px is too slim for this model: shrunk to {self.width} x "
                f"{self.height} px, one side is gone; crop it, or make it at least {math.ceil(1 / scale)} px"
            )
        return wide, high

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 where it is refused."""

        def rule(w: Ints, h: Ints) -> Ints:
            scale = np.minimum(self.height / h, self.width / w)
            wide, high = (np.minimum((side * scale).astype(np.int64), side) for side in (w, h))
            counts = -(-high // self.patch) * (-(-wide // self.patch) + 1)
            return np.where((wide < 1) | (high < 1), -1, counts)

        return count_sizes(rule, widths, heights)

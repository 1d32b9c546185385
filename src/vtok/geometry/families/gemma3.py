"""Gemma 3: the picture squeezed to one square, and with pan-and-scan a long one also cut along its longer side.

Source: transformers, ``models/gemma3/image_processing_gemma3.py`` (``pan_and_scan_batched``) and
``processing_gemma3.py``, whose defaults these are. Pan-and-scan is off unless asked for. The words and markers that
the processor writes around a picture and its crops are text, and not counted here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile


@dataclass(frozen=True)
class Gemma3(Family):
    """A square of ``size`` px, ``rows`` x ``rows`` tokens.

    ``do_pan_and_scan``: a picture at least ``min_ratio`` times as long as wide also gives 2 to ``max_crops`` crops,
    unless one of their sides would be below ``min_crop`` px; each crop is squeezed to a square of its own.
    """

    size: int = 896
    rows: int = 16
    do_pan_and_scan: bool = False
    min_crop: int = 256
    max_crops: int = 4
    min_ratio: float = 1.2

    def __post_init__(self) -> None:
        require_positive(size=self.size, rows=self.rows, min_crop=self.min_crop, max_crops=self.max_crops)

    def layout(self, width: int, height: int) -> Layout:
        """The whole, then the crops from left to right or from top to bottom.

        ``UsageError`` for sizes below 1 x 1 px, and where settings far from the usual leave nothing for the last crop.
        """
        boxes, crops = [whole(width, height)], self._crops(width, height)
        if crops:
            long, short = max(width, height), min(width, height)
            step = -(-long // crops)
            for start in range(0, step * crops, step):
                end = min(start + step, long)
                boxes.append((start, 0.0, end, short) if width >= height else (0.0, start, short, end))
        tiles = tuple(Tile((self.size, self.size), box) for box in boxes)
        grids = tuple(Grid(self.rows, self.rows, box) for box in boxes)
        return Layout((width, height), (self.size, self.size), tiles, grids)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        return self.rows**2 * (1 + self._crops(width, height))

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 where it is refused."""

        def rule(w: Ints, h: Ints) -> Ints:
            long, short = np.maximum(w, h), np.minimum(w, h)
            ratio = long / short
            crops = np.minimum(long // self.min_crop, np.floor(ratio + 0.5).astype(np.int64))
            crops = np.minimum(np.maximum(crops, 2), self.max_crops)
            step = -(-long // crops)
            cut = self.do_pan_and_scan & (ratio >= self.min_ratio) & (np.minimum(step, short) >= self.min_crop)
            counts = self.rows**2 * (1 + crops * cut)
            return np.where(cut & (step * (crops - 1) >= long), -1, counts)

        return count_sizes(rule, widths, heights)

    def _crops(self, width: int, height: int) -> int:
        """How many crops there are, 0 for none."""
        check_size(width, height)
        long, short = max(width, height), min(width, height)
        ratio = long / short
        if not self.do_pan_and_scan or ratio < self.min_ratio:
            return 0
        crops = min(max(2, min(long // self.min_crop, math.floor(ratio + 0.5))), self.max_crops)
        step = -(-long // crops)
        if min(step, short) < self.min_crop:
            return 0
        if step * (crops - 1) >= long:
            raise UsageError(
                f"a picture of {width} x {height} px is too small for {self.max_crops} crops; lower max_crops"
            )
        return crops

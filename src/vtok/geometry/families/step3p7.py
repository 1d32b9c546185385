"""Step 3.7: windows of the picture at about its own size, then the whole squeezed to a square.

Source: transformers, ``models/step3p7/image_processing_step3p7.py`` (``_plan_patches``) and
``processing_step3p7.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, cut, pair, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Size, Tile


@dataclass(frozen=True)
class Step3p7(Family):
    """The whole at ``size`` px, windows at ``window`` px, a token for ``side`` x ``side`` px of either.

    Windows are cut from the picture with its longer side at ``max_size`` px or less. Structural: begin and end of
    the whole and of each window, and a newline between rows of windows.
    """

    size: int = 728
    window: int = 504
    max_size: int = 3024
    side: int = 56

    def layout(self, width: int, height: int) -> Layout:
        """The windows in reading order, then the whole; ``UsageError`` where shrinking leaves nothing of a side."""
        check_size(width, height)
        columns, rows, wide, high, side = (int(value[0]) for value in self._plan(*pair(width, height)))
        if not wide or not high:
            raise UsageError(
                f"a picture of {width} x {height} px is too slim for this model: with its longer side at "
                f"{self.max_size} px the other is gone; crop it or pad it"
            )
        # A thin strip is first padded to a square, to the right and below.
        box = whole(side or width, side or height)
        boxes = cut(box, columns, rows) if columns else []
        tiles = [Tile((self.window, self.window), part) for part in boxes]
        grids = [Grid(self.window // self.side, self.window // self.side, part) for part in boxes]
        tiles.append(Tile((self.size, self.size), box))
        grids.append(Grid(self.size // self.side, self.size // self.side, box))
        structural = 2 * len(tiles) + max(rows - 1, 0)
        resized: Size = (wide, high)
        return Layout((width, height), resized, tuple(tiles), tuple(grids), structural)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """``layout(...).total`` for every size (px), int64, -1 where it is refused."""
        one, last = (self.window // self.side) ** 2 + 2, (self.size // self.side) ** 2 + 2

        def rule(w: Ints, h: Ints) -> Ints:
            columns, rows, wide, high, _ = self._plan(w, h)
            counts = columns * rows * one + np.maximum(rows - 1, 0) + last
            return np.where((wide == 0) | (high == 0), -1, counts)

        return count_sizes(rule, widths, heights)

    def _plan(self, widths: Ints, heights: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Columns and rows of windows (0: none), the size from which they are cut, the side if padded (0: not)."""
        ratio = np.maximum(widths / heights, heights / widths)
        square = np.where((np.minimum(widths, heights) < 32) & (ratio > 4), np.maximum(widths, heights), 0)
        wide, high = np.where(square > 0, square, widths), np.where(square > 0, square, heights)
        scale = self.max_size / np.maximum(wide, high)
        wide, high = (np.where(scale < 1, (side * scale).astype(np.int64), side) for side in (wide, high))
        short, long = np.minimum(wide, high), np.maximum(wide, high)
        ratio = long / np.maximum(short, 1)
        small = np.where(ratio > 1.5, short, 0)
        window = np.where(long <= self.size, small, np.where(ratio > 4, np.minimum(short, self.window), self.window))
        step = np.maximum(window, 1)
        columns, rows = (
            np.where(side >= window, side // step + (side % step > 0.2 * step), 1) * (window > 0)
            for side in (wide, high)
        )
        sizes = (
            np.where((window > 0) & (side >= window), count * window, side)
            for side, count in ((wide, columns), (high, rows))
        )
        wide, high = (np.where(short == 0, 0, side) for side in sizes)
        return columns, rows, wide, high, square

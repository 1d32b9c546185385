"""Any picture becomes the same square, and so always the same number of tokens.

Source: transformers, the image processors and processors of ``paligemma``, ``gemma3n``, ``chameleon``, ``florence2``,
``blip_2``, ``instructblip``, ``kosmos2``, ``janus``, ``deepseek_vl`` and ``deepseek_vl_hybrid``: a resize to a fixed
size (squeezed, cut from the middle, or padded), then a constant number of placeholders for each picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import check_size, count_sizes, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Grid, Layout, Size, Tile


@dataclass(frozen=True)
class Fixed(Family):
    """A square of ``size`` px, ``rows`` x ``rows`` tokens that each show a cell of it.

    ``pooled`` tokens that show all of it stand before the grid (Florence-2's pooled one, the queries of BLIP-2 or
    Kosmos-2); ``structural`` counts the markers beside them. ``shape``: how the picture becomes square, squeezed
    ("squeeze"), its shorter side fitted and the middle cut out ("crop"), or its longer side fitted and padded on
    both sides ("pad", the shorter one stretched to at least ``min_side`` px).
    """

    size: int = 224
    rows: int = 16
    pooled: int = 0
    structural: int = 0
    shape: Literal["squeeze", "crop", "pad"] = "squeeze"
    min_side: int = 14

    def layout(self, width: int, height: int) -> Layout:
        """One tile and its tokens; ``UsageError`` for sizes below 1 x 1 px."""
        check_size(width, height)
        resized, box = self._place(width, height)
        grid = (Grid(self.rows, self.rows, box),) if self.rows else ()
        tiles = (Tile((self.size, self.size), box),)
        return Layout((width, height), resized, tiles, queries(self.pooled, box) + grid, self.structural)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        return self._total

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same count for every size, int64, -1 below 1 x 1 px."""
        return count_sizes(lambda w, h: np.full(w.shape, self._total, np.int64), widths, heights)

    @property
    def _total(self) -> int:
        return self.rows**2 + self.pooled + self.structural

    def _place(self, width: int, height: int) -> tuple[Size, Box]:
        if self.shape == "squeeze":
            return (self.size, self.size), whole(width, height)
        if self.shape == "crop":
            shorter = min(width, height)
            resized = (int(self.size * width / shorter), int(self.size * height / shorter))
        else:
            scale = self.size / max(width, height)
            resized = (max(round(width * scale), self.min_side), max(round(height * scale), self.min_side))
        # What is over is cut evenly from both ends, what is missing padded evenly; an odd pixel is at the far end.
        scales = width / resized[0], height / resized[1]
        over = [length - self.size for length in resized]
        left, top = (
            (pixels // 2 if self.shape == "crop" else -(-pixels // 2)) * scale
            for pixels, scale in zip(over, scales, strict=True)
        )
        return resized, (left, top, left + self.size * scales[0], top + self.size * scales[1])

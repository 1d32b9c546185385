"""LLaVA-1.5: the shorter side to a fixed length, the middle cut out, one tile, always the same number of tokens.

Source: transformers, ``models/clip/image_processing_clip.py`` and ``image_transforms.py``
(``get_resize_output_image_size``, ``center_crop``), as configured in ``llava-hf/llava-1.5-7b-hf``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families.tiling import check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Grid, Layout, Size, Tile


@dataclass(frozen=True)
class Llava(Family):
    """``shortest_edge`` px after resizing, ``crop`` px cut from the middle (None: the whole is squeezed to a
    square), patches of ``patch`` px; ``pad`` first fills the picture up to a square, so that nothing is cut off."""

    shortest_edge: int = 336
    crop: int | None = 336
    patch: int = 14
    pad: bool = False

    @property
    def side(self) -> int:
        """Side of the square that the encoder sees, px."""
        return self.crop or self.shortest_edge

    def layout(self, width: int, height: int) -> Layout:
        """One tile, one grid; what the crop cuts off is in no token's box. Sizes in px, at least 1 x 1."""
        check_size(width, height)
        side = self.side
        resized = (side, side) if self.pad or self.crop is None else self._resize(width, height)
        if self.pad:
            box = self._square(width, height)
        elif self.crop is None:
            box = (0.0, 0.0, float(width), float(height))
        else:
            box = self._crop((width, height), resized, side)
        rows = side // self.patch
        return Layout((width, height), resized, (Tile((side, side), box),), (Grid(rows, rows, box),))

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        return (self.side // self.patch) ** 2

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same for every size, int64, -1 below 1 x 1 px."""
        total = (self.side // self.patch) ** 2
        return count_sizes(lambda w, h: np.full(w.shape, total, np.int64), widths, heights)

    def _resize(self, width: int, height: int) -> Size:
        short, long = sorted((width, height))
        scaled = int(self.shortest_edge * long / short)
        return (self.shortest_edge, scaled) if width <= height else (scaled, self.shortest_edge)

    @staticmethod
    def _square(width: int, height: int) -> Box:
        long = max(width, height)
        left, top = -((long - width) // 2), -((long - height) // 2)
        return float(left), float(top), float(left + long), float(top + long)

    @staticmethod
    def _crop(source: Size, resized: Size, side: int) -> Box:
        # The crop starts at half of what is over, rounded down; where the picture is smaller it is padded.
        starts = [(length - side) // 2 for length in resized]
        scales = [whole / part for whole, part in zip(source, resized, strict=True)]
        left, top = (start * scale for start, scale in zip(starts, scales, strict=True))
        right, bottom = ((start + side) * scale for start, scale in zip(starts, scales, strict=True))
        return left, top, right, bottom

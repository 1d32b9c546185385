"""LLaVA-OneVision: as LLaVA-NeXT, and a canvas of more than so many tiles is shrunk to about their number of tokens.

With several pictures in a prompt each is padded to a square and is one tile, without a canvas.

Source: transformers, ``models/llava_onevision/image_processing_llava_onevision.py`` (``_preprocess``),
``models/llava_onevision/processing_llava_onevision.py`` (``replace_image_token``, ``_get_unpadded_features``) and
``models/llava_onevision/modeling_llava_onevision.py`` (``pack_image_features``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vtok.geometry.families.llava_next import Floats, LlavaNext
from vtok.geometry.families.tiling import Ints, check_size
from vtok.geometry.layout import Grid, Layout, Size, Tile

SIDES = tuple(384 * times for times in range(1, 7))


@dataclass(frozen=True)
class LlavaOnevision(LlavaNext):
    """As ``LlavaNext``, and ``max_tiles``: the tiles whose tokens the canvas may keep (``anyres_max_9``).

    ``several``: whether the picture is one of several in its prompt.
    """

    side: int = 384
    pinpoints: tuple[Size, ...] = tuple((high, wide) for high in SIDES for wide in SIDES)
    max_tiles: int = 9
    several: bool = False

    def layout(self, width: int, height: int) -> Layout:
        """As ``LlavaNext``; one of several pictures is a single grid with a newline behind it."""
        if not self.several:
            return super().layout(width, height)
        check_size(width, height)
        long = max(width, height)
        left, top = -((long - width) // 2), -((long - height) // 2)
        box = (float(left), float(top), float(left + long), float(top + long))
        size = (self.side, self.side)
        return Layout((width, height), size, (Tile(size, box),), (Grid(self.cells, self.cells, box),), structural=1)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        if not self.several:
            return super().count(width, height)
        check_size(width, height)
        return self.cells**2 + 1

    def _count(self, w: Ints, h: Ints) -> Ints:
        return np.full(w.shape, self.cells**2 + 1, np.int64) if self.several else super()._count(w, h)

    def _shrink(self, rows: int, columns: int) -> Size:
        ratio = math.sqrt(rows * columns / (self.max_tiles * self.cells**2))
        # The margin and the two floors are the source's: a grid a little too large stays as it is.
        return (int(rows // ratio), int(columns // ratio)) if ratio > 1.1 else (rows, columns)

    def _shrink_many(self, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
        ratio = np.sqrt(rows * columns / (self.max_tiles * self.cells**2))
        over = np.flatnonzero(ratio > 1.1)
        rows[over] = np.floor_divide(rows[over], ratio[over])
        columns[over] = np.floor_divide(columns[over], ratio[over])
        return rows, columns

"""LLaVA-OneVision: as LLaVA-NeXT, and a canvas of more than so many tiles is shrunk to about their number of tokens.

One picture a prompt: with several, transformers gives each a single tile and no canvas.

Source: transformers, ``models/llava_onevision/processing_llava_onevision.py`` (``_get_unpadded_features``) and
``models/llava_onevision/modeling_llava_onevision.py`` (``pack_image_features``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vtok.geometry.families.llava_next import Floats, LlavaNext
from vtok.geometry.layout import Size

SIDES = tuple(384 * times for times in range(1, 7))


@dataclass(frozen=True)
class LlavaOnevision(LlavaNext):
    """As ``LlavaNext``, and ``max_tiles``: the tiles whose tokens the canvas may keep (``anyres_max_9``)."""

    side: int = 384
    pinpoints: tuple[Size, ...] = tuple((high, wide) for high in SIDES for wide in SIDES)
    max_tiles: int = 9

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

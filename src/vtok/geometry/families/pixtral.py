"""Pixtral: the long side at most a length, each side up to a multiple of the patch, a break after each row of tokens.

Serves Pixtral, Mistral Small 3.1 and later, Mistral Large 4, and LightOnOCR (no breaks; a token not filled is lost).

Source: transformers, ``models/pixtral/image_processing_pixtral.py`` (``get_resize_output_image_size``),
``models/pixtral/processing_pixtral.py``, ``models/lighton_ocr/processing_lighton_ocr.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Size


@dataclass(frozen=True)
class Pixtral(Family):
    """``longest_edge`` px at most a side, patches of ``patch`` px, ``merge`` x ``merge`` of them a token.

    ``whole_tokens``: sides grow to whole tokens; False: to whole patches, and a row or column of them that fills no
    token is cut off. ``row_ends``: whether a token ends each row.
    """

    longest_edge: int = 1024
    patch: int = 16
    merge: int = 1
    whole_tokens: bool = True
    row_ends: bool = True

    def __post_init__(self) -> None:
        require_positive(longest_edge=self.longest_edge, patch=self.patch, merge=self.merge)

    @property
    def side(self) -> int:
        """Side of the square that one token shows, px of the resized picture."""
        return self.patch * self.merge

    def layout(self, width: int, height: int) -> Layout:
        """One grid; sizes in px. A very thin picture may come out without tokens, as transformers counts it."""
        w, h = self._resized(width, height)
        side = self.side
        rows, columns = h // side, w // side
        right = columns * side / w * width if w else 0.0
        bottom = rows * side / h * height if h else 0.0
        return one_grid((width, height), (w, h), rows, columns, (0.0, 0.0, right, bottom), rows * self.row_ends)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        w, h = self._resized(width, height)
        side = self.side
        return h // side * (w // side + self.row_ends)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    @property
    def _unit(self) -> int:
        return self.side if self.whole_tokens else self.patch

    def _resized(self, w: int, h: int) -> Size:
        check_size(w, h)
        long, unit = max(w, h), self._unit
        if long > self.longest_edge:
            ratio = long / self.longest_edge
            w, h = int(w / ratio), int(h / ratio)
        return -(-w // unit) * unit, -(-h // unit) * unit

    def _count(self, w: Ints, h: Ints) -> Ints:
        # Dividing by a ratio of 1 changes nothing, so small pictures need no case of their own.
        ratio = np.maximum(1.0, np.maximum(h, w) / self.longest_edge)
        units_high = np.ceil(np.floor(h / ratio) / self._unit)
        units_wide = np.ceil(np.floor(w / ratio) / self._unit)
        fill = self.side // self._unit
        rows, columns = np.floor(units_high / fill), np.floor(units_wide / fill)
        return np.asarray(rows * (columns + self.row_ends), np.int64)

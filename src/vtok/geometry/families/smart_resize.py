"""Qwen's smart resize: both sides to the nearest multiple of a merged patch, the area kept between two bounds.

Serves Qwen2-VL, 2.5-VL, 3-VL, 3.5, 4 and Omni, Ernie 4.5 VL, HunyuanVL, HY V4 VL, EXAONE 4.5, MiniMax M3 VL,
VideoLLaMA 3, LFM3-VL, Cohere Compass, HyperCLOVA X Vision, Dots 3 Note, Emu3 and Apertus 1.5, by its settings.

Source: transformers, ``smart_resize`` in ``models/qwen2_vl/image_processing_qwen2_vl.py``, repeated in the files of the
others; row ends and markers: ``models/hunyuan_vl/processing_hunyuan_vl.py``, ``models/emu3/processing_emu3.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import one_grid, refuse_long, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class SmartResize(Family):
    """``min_pixels`` to ``max_pixels`` px in all, patches of ``patch`` px, ``merge`` x ``merge`` of them a token.

    ``frames``: how often a still counts against the bounds (GLM repeats it to fill a temporal patch).
    ``max_aspect``: the longest picture that is taken, long side over short. ``row_ends``: whether a token ends each
    row. ``markers``: tokens around the picture that count as part of it.
    """

    min_pixels: int = 3136
    max_pixels: int = 1003520
    patch: int = 14
    merge: int = 2
    frames: int = 1
    max_aspect: float = 200.0
    row_ends: bool = False
    markers: int = 0

    def __post_init__(self) -> None:
        require_positive(min_pixels=self.min_pixels, max_pixels=self.max_pixels, frames=self.frames)
        require_positive(patch=self.patch, merge=self.merge)

    @cached_property
    def side(self) -> int:
        """Side of the square that one token shows, px of the resized picture."""
        return self.patch * self.merge

    def layout(self, width: int, height: int) -> Layout:
        """One grid that shows the whole picture; sizes in px. Raises ``UsageError`` for one too long for its width."""
        side = self.side
        rows, columns = self._grid(*self._taken(width, height))
        beside = self.markers + (rows if self.row_ends else 0)
        resized = (columns * side, rows * side)
        return one_grid((width, height), resized, rows, columns, whole(width, height), beside)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        rows, columns = self._grid(*self._taken(width, height))
        return rows * (columns + self.row_ends) + self.markers

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _taken(self, width: int, height: int) -> tuple[int, int]:
        """The size from which the rule starts; ``UsageError`` for one that it refuses."""
        w, h = width, height
        if w < self.side or h < self.side:
            check_size(w, h)
            w, h = (int(size[0]) for size in self._enlarge(np.array([w]), np.array([h])))
        aspect = w / h if w > h else h / w
        if aspect > self.max_aspect:
            refuse_long((width, height), aspect, self.max_aspect)
        return w, h

    def _grid(self, w: int, h: int) -> tuple[int, int]:
        side = self.side
        rows, columns = round(h / side), round(w / side)
        area = self.frames * rows * columns * side * side
        if area > self.max_pixels:
            beta = math.sqrt(self.frames * h * w / self.max_pixels)
            return math.floor(h / beta / side) or 1, math.floor(w / beta / side) or 1
        if area < self.min_pixels:
            beta = math.sqrt(self.min_pixels / (self.frames * h * w))
            return math.ceil(h * beta / side), math.ceil(w * beta / side)
        return rows, columns

    def _count(self, w: Ints, h: Ints) -> Ints:
        side = self.side
        w, h = self._enlarge(w, h)
        rows, columns = np.rint(h / side), np.rint(w / side)
        area = rows * columns * (self.frames * side * side)
        big, small = np.flatnonzero(area > self.max_pixels), np.flatnonzero(area < self.min_pixels)
        beta = np.sqrt(self.frames * h[big] * w[big] / self.max_pixels)
        rows[big] = np.maximum(1, np.floor(h[big] / beta / side))
        columns[big] = np.maximum(1, np.floor(w[big] / beta / side))
        beta = np.sqrt(self.min_pixels / (self.frames * h[small] * w[small]))
        rows[small] = np.ceil(h[small] * beta / side)
        columns[small] = np.ceil(w[small] * beta / side)
        counts: NDArray[np.float64] = rows * (columns + self.row_ends) + self.markers
        counts[np.maximum(w, h) / np.minimum(w, h) > self.max_aspect] = -1
        return np.asarray(counts, np.int64)

    def _enlarge(self, w: Ints, h: Ints) -> tuple[Ints, Ints]:
        """The sizes from which the rule starts; a family that first enlarges thin pictures does it here."""
        return w, h

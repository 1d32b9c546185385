"""Kimi-VL: a picture over a bound on patches is shrunk to it, and padded to whole tokens.

Source: ``image_processing_kimi_vl.py`` (``rescale``, with ``pad_input``) in ``moonshotai/Kimi-VL-A3B-Instruct``; vLLM
counts likewise in ``vllm/model_executor/models/kimi_vl.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import one_grid, require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout


@dataclass(frozen=True)
class KimiVl(Family):
    """About ``max_patches`` patches of ``patch`` px at most, fewer than ``max_side`` along a side (longer pictures are
    refused, not shrunk); ``merge`` x ``merge`` of them a token."""

    max_patches: int = 4096
    max_side: int = 512
    patch: int = 14
    merge: int = 2

    def __post_init__(self) -> None:
        require_positive(max_patches=self.max_patches, max_side=self.max_side, patch=self.patch, merge=self.merge)

    def layout(self, width: int, height: int) -> Layout:
        """One grid; the padding, right and below, lies past the picture. Sizes in px."""
        check_size(width, height)
        side, w, h = self.patch * self.merge, width, height
        patches = (w // self.patch) * (h // self.patch)
        if patches > self.max_patches:
            scale = math.sqrt(self.max_patches / patches)
            w, h = int(w * scale), int(h * scale)
        rows, columns = -(-h // side), -(-w // side)
        if max(rows, columns) * self.merge >= self.max_side:
            raise UsageError(
                f"a picture of {width} x {height} px comes to {columns * self.merge} x {rows * self.merge} patches, "
                f"and this model takes fewer than {self.max_side} a side; shrink it or crop it"
            )
        box = (0.0, 0.0, columns * side / w * width, rows * side / h * height)
        return one_grid((width, height), (columns * side, rows * side), rows, columns, box)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _count(self, w: Ints, h: Ints) -> Ints:
        side, wide, high = self.patch * self.merge, w.astype(float), h.astype(float)
        patches = np.floor(wide / self.patch) * np.floor(high / self.patch)
        # A scale of 1 leaves whole numbers as they are.
        scale = np.sqrt(self.max_patches / np.maximum(patches, self.max_patches))
        rows, columns = np.ceil(np.floor(high * scale) / side), np.ceil(np.floor(wide * scale) / side)
        taken = np.maximum(rows, columns) * self.merge < self.max_side
        return np.where(taken, rows * columns, -1).astype(np.int64)

"""PaddleOCR-VL: Qwen's smart resize, but a side shorter than a token is first brought to a token's length.

Source: transformers, ``smart_resize`` in ``models/paddleocr_vl/image_processing_paddleocr_vl.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtok.geometry.families.smart_resize import SmartResize
from vtok.geometry.families.tiling import Ints


@dataclass(frozen=True)
class PaddleOcrVl(SmartResize):
    """As ``SmartResize``, with the bounds of the public checkpoint."""

    min_pixels: int = 147456
    max_pixels: int = 2359296

    def _enlarge(self, w: Ints, h: Ints) -> tuple[Ints, Ints]:
        side = self.side
        if min(w.min(initial=side), h.min(initial=side)) >= side:
            return w, h
        flat = h < side
        w, h = np.where(flat, np.rint(w * side / h).astype(np.int64), w), np.where(flat, side, h)
        narrow = w < side
        return np.where(narrow, side, w), np.where(narrow, np.rint(h * side / w).astype(np.int64), h)

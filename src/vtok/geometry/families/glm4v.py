"""GLM-4V and after: Qwen's smart resize, but a picture thinner than a token is first enlarged as a whole.

Serves GLM-4.1V, 4.5V, 4.6V, GLM-OCR, GLM-GA and Cosmos 3 Edge.

Source: transformers, ``smart_resize`` in ``models/glm4v/image_processing_glm4v.py`` and
``models/glm46v/image_processing_glm46v.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtok.geometry.families.smart_resize import SmartResize
from vtok.geometry.families.tiling import Ints


@dataclass(frozen=True)
class Glm4v(SmartResize):
    """As ``SmartResize``; ``frames`` is the temporal patch, which a still fills with copies of itself."""

    min_pixels: int = 12544
    max_pixels: int = 11760000
    frames: int = 2

    def _enlarge(self, w: Ints, h: Ints) -> tuple[Ints, Ints]:
        thin = np.flatnonzero(np.minimum(w, h) < self.side)
        if thin.size == 0:
            return w, h
        w, h = w.copy(), h.copy()
        scale = np.maximum(self.side / h[thin], self.side / w[thin])
        # Cut, not rounded: 28 / h * h may come out a hair below 28, and the source then goes on with 27.
        w[thin], h[thin] = (w[thin] * scale).astype(np.int64), (h[thin] * scale).astype(np.int64)
        return w, h

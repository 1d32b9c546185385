"""OpenAI's models that see patches of 32 px: GPT-4.1 mini and nano, GPT-5 mini and nano, o4-mini.

Closed, for comparison only: what OpenAI publishes, which nobody can hold against the models.

Source: OpenAI's documentation, "Images and vision", the part on calculating costs (its examples, before the
multiplier: 1024 x 1024 px are 1,024 tokens, 1800 x 2400 px 1,452). How the product is rounded the page does not say;
vtok rounds up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes
from vtok.geometry.family import Family
from vtok.geometry.layout import Grid, Layout, Tile

_PATCH = 32


@dataclass(frozen=True)
class OpenAIPatches(Family):
    """At most ``max_patches`` of 32 px, each worth ``multiplier`` tokens: two digits after the point count.

    A picture of more is shrunk until they fit and one side is a whole number of them. What the multiplier adds
    counts as structural.
    """

    max_patches: int = 1536
    multiplier: float = 1.0

    def __post_init__(self) -> None:
        require_positive(max_patches=self.max_patches, multiplier=self.multiplier)

    def layout(self, width: int, height: int) -> Layout:
        """One grid; the last patch of a row may reach past the picture."""
        rows, columns, scale = self._grid(width, height)
        resized = (max(1, round(width * scale)), max(1, round(height * scale)))
        box = (0.0, 0.0, columns * _PATCH / scale, rows * _PATCH / scale)
        added = self._tokens(rows * columns) - rows * columns
        return Layout((width, height), resized, (Tile(resized, box),), (Grid(rows, columns, box),), added)

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        rows, columns, _ = self._grid(width, height)
        return self._tokens(rows * columns)

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _tokens(self, patches: int) -> int:
        return -(-patches * self._hundredths // 100)

    @property
    def _hundredths(self) -> int:
        return round(self.multiplier * 100)

    def _grid(self, w: int, h: int) -> tuple[int, int, float]:
        """Rows and columns, and the scale at which they are."""
        check_size(w, h)
        rows, columns = -(-h // _PATCH), -(-w // _PATCH)
        if rows * columns <= self.max_patches:
            return rows, columns, 1.0
        # The page's square root, floored, in whole numbers: the side that loses more to the floor sets the scale.
        rows, columns = math.isqrt(self.max_patches * h // w), math.isqrt(self.max_patches * w // h)
        if not rows or not columns:
            raise UsageError(
                f"a picture of {w} x {h} px is too long for its width: shrunk to {self.max_patches:,} patches "
                "nothing is left of it; crop it or pad it"
            )
        if columns * h < rows * w:
            return -(-h * columns // w), columns, columns * _PATCH / w
        return rows, -(-w * rows // h), rows * _PATCH / h

    def _count(self, w: Ints, h: Ints) -> Ints:
        patches = -(-h // _PATCH) * -(-w // _PATCH)
        big = np.flatnonzero(patches > self.max_patches)
        w, h = w[big], h[big]
        rows, columns = (np.sqrt(self.max_patches * long // side).astype(np.int64) for long, side in ((h, w), (w, h)))
        flat, none = columns * h < rows * w, (rows == 0) | (columns == 0)
        rows, columns = (
            np.where(flat, -(-h * columns // w), rows),
            np.where(flat, columns, -(-w * rows // h)),
        )
        patches[big] = rows * columns
        counts = -(-patches * self._hundredths // 100)
        counts[big[none]] = -1
        return counts

"""Claude 3 and 4: the area of the picture, after a shrink, by 750.

Closed, for comparison only, and an estimate: Anthropic calls both its bound of 1,600 tokens and its formula
approximate. Of the sizes that its page lists as not resized those at 1:2 come to 1,639 by the formula, 2 % over it.

Source: Anthropic's documentation, "Vision", the parts on the size of images and on their costs (its examples:
200 x 200 px are about 54 tokens, 1000 x 1000 px about 1,334).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import UsageError
from vtok.geometry.families._native import require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Tile


@dataclass(frozen=True)
class Anthropic(Family):
    """A token is ``pixels_a_token`` px of a picture shrunk to ``max_side`` px a side and ``max_tokens`` tokens.

    A picture with a side over ``most_side`` px is refused, as Anthropic does.
    """

    max_side: int = 1568
    max_tokens: int = 1600
    pixels_a_token: int = 750
    most_side: int = 8000

    def __post_init__(self) -> None:
        require_positive(max_side=self.max_side, max_tokens=self.max_tokens, pixels_a_token=self.pixels_a_token)

    def layout(self, width: int, height: int) -> Layout:
        """Where a token looks is not published, so each shows the whole picture."""
        tokens, box = self.count(width, height), whole(width, height)
        most = self.max_tokens * self.pixels_a_token
        scale = min(1.0, self.max_side / max(width, height), (most / (width * height)) ** 0.5)
        resized = (max(1, round(width * scale)), max(1, round(height * scale)))
        return Layout((width, height), resized, (Tile(resized, box),), queries(tokens, box))

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        long = max(width, height)
        if long > self.most_side:
            raise UsageError(
                f"a picture of {width} x {height} px is too large; Anthropic takes at most {self.most_side:,} px a side"
            )
        area, by = width * height, self.pixels_a_token
        if long > self.max_side:
            area, by = area * self.max_side**2, by * long**2
        return min(self.max_tokens, -(-area // by))

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once; -1 where ``layout`` refuses."""
        return count_sizes(self._count, widths, heights)

    def _count(self, w: Ints, h: Ints) -> Ints:
        long = np.maximum(w, h)
        area = np.where(long > self.max_side, np.minimum(w, h) * self.max_side**2, w * h)
        by = np.where(long > self.max_side, self.pixels_a_token * long, self.pixels_a_token)
        return np.where(long > self.most_side, -1, np.minimum(self.max_tokens, -(-area // by)))

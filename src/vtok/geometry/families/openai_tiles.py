"""OpenAI's models that see a small view of the picture and squares of 512 px: GPT-4o, GPT-4.1, GPT-5, o1, o3.

Closed, for comparison only: what OpenAI publishes, which nobody can hold against the models.

Source: OpenAI's documentation, "Images and vision", the part on calculating costs (its examples: 1024 x 1024 px are 765
tokens for GPT-4o, 2048 x 4096 px 1,105). The page shrinks; that a picture below the bounds is not enlarged is how vtok
reads it, as do the counters that quote it (openai-image-token-counter, image-token-meter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.families._native import require_positive
from vtok.geometry.families.tiling import Ints, check_size, count_sizes, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Box, Layout, Tile

_FIT, _SHORT, _TILE = 2048, 768, 512


@dataclass(frozen=True)
class OpenAITiles(Family):
    """``base`` tokens for a view of ``_TILE`` px and ``tile_tokens`` for each square; ``detail`` "low": the view alone.

    The picture is made to fit a square of 2048 px, then its shorter side 768 px.
    """

    base: int = 85
    tile_tokens: int = 170
    detail: Literal["high", "low"] = "high"

    def __post_init__(self) -> None:
        require_positive(base=self.base, tile_tokens=self.tile_tokens)

    def layout(self, width: int, height: int) -> Layout:
        """The view, then the squares; where in a square a token looks is not published, so each shows all of it."""
        check_size(width, height)
        box = whole(width, height)
        view = Tile((_TILE, _TILE), box)
        if self.detail == "low":
            return Layout((width, height), (_TILE, _TILE), (view,), queries(self.base, box))
        scale = min(1.0, _FIT / max(width, height), _SHORT / min(width, height))
        resized = (max(1, round(width * scale)), max(1, round(height * scale)))
        columns, rows = _squares(width, height), _squares(height, width)
        squares = [_square(column, row, scale, box) for row in range(rows) for column in range(columns)]
        grids = [grid for square in squares for grid in queries(self.tile_tokens, square)]
        tiles = [Tile((_TILE, _TILE), square) for square in squares]
        return Layout((width, height), resized, (view, *tiles), (*queries(self.base, box), *grids))

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``, without the layout."""
        check_size(width, height)
        squares = 0 if self.detail == "low" else _squares(width, height) * _squares(height, width)
        return self.base + self.tile_tokens * squares

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens for many sizes at once, int64, -1 below 1 x 1 px."""
        return count_sizes(self._count, widths, heights)

    def _count(self, w: Ints, h: Ints) -> Ints:
        if self.detail == "low":
            return np.full(w.shape, self.base, np.int64)
        scaled = _bounds(np.minimum(w, h), np.maximum(w, h))
        wide, high = (np.minimum.reduce([-(-times * side // by) for times, by in scaled]) for side in (w, h))
        return np.asarray(self.base + self.tile_tokens * wide * high, np.int64)


def _squares(side: int, other: int) -> int:
    """Squares along ``side`` px of a picture."""
    scaled = _bounds(min(side, other), max(side, other))
    squares: int = min(-(-times * side // by) for times, by in scaled)
    return squares


def _bounds(short: Any, long: Any) -> tuple[tuple[int, Any], ...]:
    """Numerator and denominator, in squares a pixel, of the scales of which the smallest holds."""
    return (1, _TILE), (_FIT, _TILE * long), (_SHORT, _TILE * short)


def _square(column: int, row: int, scale: float, box: Box) -> Box:
    left, top, step = column * _TILE / scale, row * _TILE / scale, _TILE / scale
    return left, top, min(left + step, box[2]), min(top + step, box[3])

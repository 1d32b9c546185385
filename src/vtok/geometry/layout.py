"""How one picture of one size enters one checkpoint: tiles for the encoder, grids of tokens for the language model.

Coordinates are pixels of the source picture, ``(left, top, right, bottom)``, x to the right and y down. A box may
reach past the picture where a family pads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Tile:
    """One pass through the encoder: ``size`` pixels (width, height) that show ``box`` of the source."""

    size: Size
    box: Box


@dataclass(frozen=True, slots=True)
class Grid:
    """``rows`` x ``columns`` visual tokens in reading order, which together show ``box`` of the source."""

    rows: int
    columns: int
    box: Box

    @property
    def count(self) -> int:
        """Visual tokens in this grid."""
        return self.rows * self.columns

    def boxes(self) -> NDArray[np.float64]:
        """What each token shows, ``(rows * columns, 4)`` in source pixels, in reading order."""
        left, top, right, bottom = self.box
        x = np.linspace(left, right, self.columns + 1)
        y = np.linspace(top, bottom, self.rows + 1)
        row, column = np.divmod(np.arange(self.count), self.columns)
        return np.stack([x[column], y[row], x[column + 1], y[row + 1]], axis=1)


@dataclass(frozen=True)
class Layout:
    """How one picture becomes tokens.

    ``source`` and ``resized`` are (width, height) in pixels; ``grids`` are in the order of the language model's
    sequence; ``structural`` counts the tokens that stand beside the visual ones (newlines, markers).
    """

    source: Size
    resized: Size
    tiles: tuple[Tile, ...]
    grids: tuple[Grid, ...]
    structural: int = 0

    @property
    def content(self) -> int:
        """Visual tokens that carry a piece of the picture."""
        return sum(grid.count for grid in self.grids)

    @property
    def total(self) -> int:
        """Tokens that this picture takes in the language model's sequence."""
        return self.content + self.structural

    @cached_property
    def token_boxes(self) -> NDArray[np.float64]:
        """What each visual token shows, ``(content, 4)`` in source pixels, in the order of the sequence."""
        return np.concatenate([grid.boxes() for grid in self.grids])

    @cached_property
    def seen(self) -> Box:
        """The part of the source that enters the model at all, clipped to the picture."""
        boxes = np.array([tile.box for tile in self.tiles])
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        width, height = self.source
        return (
            max(0.0, float(left)),
            max(0.0, float(top)),
            min(float(width), float(right)),
            min(float(height), float(bottom)),
        )

    def tokens_in(self, box: Box) -> NDArray[np.int64]:
        """Indices of the visual tokens that show any of ``box`` (source pixels), ascending."""
        left, top, right, bottom = box
        tokens = self.token_boxes
        hit = (tokens[:, 0] < right) & (tokens[:, 2] > left) & (tokens[:, 1] < bottom) & (tokens[:, 3] > top)
        return np.flatnonzero(hit)

"""What the vision encoder gets to do for the pictures of a request: tiles of patches, and the tokens made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vtok.costs.projector import Projector
from vtok.costs.tower import Tower
from vtok.geometry.layout import Layout

Grid = tuple[int, int]


@dataclass(frozen=True)
class Seeing:
    """``tiles`` are grids of patches (rows, columns), each a pass through the encoder."""

    tiles: tuple[Grid, ...]

    @property
    def patches(self) -> int:
        """Patches of all tiles."""
        return sum(rows * columns for rows, columns in self.tiles)

    def shrunk(self, share: float) -> Seeing:
        """The same with so many of the patches, each side of every tile shorter alike."""
        if share >= 1:
            return self
        side = share**0.5
        return Seeing(
            tuple((max(1, round(rows * side)), max(1, round(columns * side))) for rows, columns in self.tiles)
        )

    def positions(self, tower: Tower) -> int:
        """Positions in the encoder, class tokens included."""
        return self.patches + tower.class_tokens * len(self.tiles)

    def tokens(self, projector: Projector) -> int:
        """Tokens that the projector makes, before any that a family leaves out."""
        if projector.resampler:
            return sum(projector.resampler.tokens(rows * columns) for rows, columns in self.tiles)
        return sum((rows // projector.merge) * (columns // projector.merge) for rows, columns in self.tiles)

    def rows(self, projector: Projector) -> int:
        """Rows of tokens in all tiles."""
        return sum(rows // projector.merge for rows, _ in self.tiles)

    @property
    def halves(self) -> int:
        """Squares of two by two patches, those that the edge cuts through included."""
        return sum(-(-rows // 2) * -(-columns // 2) for rows, columns in self.tiles)


def seeing(layouts: Iterable[Layout], patch: int) -> Seeing:
    """The tiles of all pictures in patches of ``patch`` px; what is left over at an edge is not encoded."""
    tiles = [tile.size for layout in layouts for tile in layout.tiles]
    return Seeing(tuple((height // patch, width // patch) for width, height in tiles))


def windows(rows: int, columns: int, side: int) -> tuple[int, ...]:
    """Patches in each window of ``side`` x ``side`` that a grid falls into; those at the edges are smaller."""
    high = [min(side, rows - top) for top in range(0, rows, side)]
    wide = [min(side, columns - left) for left in range(0, columns, side)]
    return tuple(a * b for a in high for b in wide)

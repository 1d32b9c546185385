"""What the vision encoder gets to do for the pictures of a request: tiles of patches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vtok.geometry.layout import Layout, Tile

Grid = tuple[int, int]


@dataclass(frozen=True)
class Seeing:
    """``tiles`` are grids of patches (rows, columns), each a pass through the encoder; ``words`` those of the question,
    which queries of a projector may read with every tile.
    """

    tiles: tuple[Grid, ...]
    words: int = 0

    @property
    def patches(self) -> int:
        """Patches of all tiles."""
        return sum(rows * columns for rows, columns in self.tiles)

    def squares(self, side: int) -> int:
        """Squares of ``side`` by ``side`` patches; what is left over at an edge makes none."""
        return sum((rows // side) * (columns // side) for rows, columns in self.tiles)

    @property
    def halves(self) -> int:
        """Squares of two by two patches, those that the edge cuts through included."""
        return sum(-(-rows // 2) * -(-columns // 2) for rows, columns in self.tiles)

    def shrunk(self, share: float) -> Seeing:
        """The same with so many of the patches, each side of every tile shorter alike."""
        if share >= 1:
            return self
        side = share**0.5
        tiles = ((max(1, round(rows * side)), max(1, round(columns * side))) for rows, columns in self.tiles)
        return replace(self, tiles=tuple(tiles))


def seeing(layouts: Iterable[Layout], patch: int, padded: int | None = None, words: int = 0) -> Seeing:
    """The tiles of all pictures in patches of ``patch`` px; what is left over at an edge is not encoded.

    Where each picture is ``padded`` with empty tiles to so many, these are encoded as the others are.
    """
    tiles = [tile.size for layout in layouts for tile in _padded(layout.tiles, padded)]
    return Seeing(tuple((height // patch, width // patch) for width, height in tiles), words)


def _padded(tiles: tuple[Tile, ...], count: int | None) -> tuple[Tile, ...]:
    return tiles if count is None else (*tiles, *tiles[:1] * (count - len(tiles)))


def windows(rows: int, columns: int, side: int) -> tuple[int, ...]:
    """Patches in each window of ``side`` x ``side`` that a grid falls into; those at the edges are smaller."""
    high = [min(side, rows - top) for top in range(0, rows, side)]
    wide = [min(side, columns - left) for left in range(0, columns, side)]
    return tuple(a * b for a in high for b in wide)

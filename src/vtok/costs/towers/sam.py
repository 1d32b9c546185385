"""SAM's encoder (Kirillov et al., arXiv:2304.02643): windows padded to their full size, relative positions, a neck.

As in transformers 5.24, models/got_ocr2/modeling_got_ocr2.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, Vector, flops, norm
from vtok.costs.seeing import Grid, Seeing, windows
from vtok.costs.towers.building import build
from vtok.costs.towers.plain import Plain
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Sam(Plain):
    """Attention adds a term for each row and column between two patches; windows at an edge are padded.

    ``tables`` are as large as all pairs of patches, a head each, while these attend.
    """

    tables: int = 2

    def flops(self, seen: Seeing) -> int:
        """FLOPs with queries, keys and values of what windows are padded with."""
        side = self.window or 1
        padded = sum(side**2 * len(windows(*tile, side)) for tile in seen.tiles)
        return super().flops(seen) + self.windowed * flops(self.mixing, padded - self.positions(seen))

    def attending(self, seen: Seeing) -> int:
        """FLOPs of attention and of its relative positions in all layers."""
        whole = sum(self._within(rows, columns) for rows, columns in seen.tiles)
        side = self.window or 1
        count = sum(len(windows(*tile, side)) for tile in seen.tiles)
        return (self.layers - self.windowed) * whole + self.windowed * count * self._within(side, side)

    def working(self, seen: Seeing) -> int:
        """Numbers of the tiles of one size, which go through together, where they need most.

        In a layer that attends to the whole tile, those are the terms for every pair, which are laid out anew, with the
        scores where these are kept; beside them what entered the layer, its norm, and queries, keys and values, which
        several tiles have twice.
        """
        return max((self._together(list(tiles)) for _, tiles in groupby(sorted(seen.tiles))), default=0)

    def _together(self, tiles: list[Grid]) -> int:
        seen = Seeing(tuple(tiles))
        terms = self.tables * self.attention.heads * sum(count**2 for count in self.passes(seen))
        return max(super().working(seen), terms + (8 if len(tiles) > 1 else 5) * self.hidden * self.positions(seen))

    def _within(self, rows: int, columns: int) -> int:
        """FLOPs of attention in a grid, and of the products of every query with the vectors of all distances."""
        count = rows * columns
        distances = 2 * self.attention.heads * self.attention.key_dim * count * (rows + columns)
        return self.attention.flops(count, count) + distances


def sam(vision: VisionSizes) -> Sam:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    hidden, width = need(vision, "hidden"), need(vision, "hidden") // need(vision, "heads")
    tables = 3 if vision.scores else 2
    return build(Sam, vision, _relative(vision, width), after=_neck(vision, hidden), tables=tables)


def _relative(vision: VisionSizes, width: int) -> tuple[Piece, ...]:
    """Tables for rows and columns in each layer: a vector for every distance in its window."""
    grid, inside = need(vision, "image") // need(vision, "patch"), need(vision, "window") // need(vision, "patch")
    full = need(vision, "full_layers")
    sides = [grid if index in full else inside for index in range(need(vision, "layers"))]
    return tuple(Vector(2 * (2 * side - 1) * width, "vision") for side in sides)


def _neck(vision: VisionSizes, hidden: int) -> tuple[Piece, ...]:
    """A convolution of one by one and one of three by three, each with a norm."""
    out: int = need(vision, "output")
    return Matrix("vision", hidden, out), Matrix("vision", 9 * out, out), norm(out, True, 2)

"""MiniCPM-V's encoder, which makes two by two patches one position after some layer, and goes on with these.

As in transformers 5.24, models/minicpmv4_6/modeling_minicpmv4_6.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, flops, norm
from vtok.costs.seeing import Seeing
from vtok.costs.towers.building import build, inner_width
from vtok.costs.towers.plain import Plain
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Merging(Plain):
    """After layer ``merged_after`` patches attend within squares of two by two (``meeting``), which then become one
    position (``merged``); never where it is None, though the parts are there.
    """

    meeting: tuple[Piece, ...] = ()
    merged: tuple[Piece, ...] = ()
    merged_after: int | None = None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Those of every vision transformer, and what merges."""
        return (*super().pieces, *self.meeting, *self.merged)

    @property
    def early(self) -> int:
        """Layers before patches are merged: all of them where they never are."""
        return self.layers if self.merged_after is None else min(self.layers, self.merged_after + 1)

    def flops(self, seen: Seeing) -> int:
        """FLOPs with fewer positions in the later layers."""
        positions, late = self.positions(seen), self.layers - self.early
        found = self.around(seen) + self.early * flops(self.layer, positions) + self.attending(seen)
        if late:
            squares = seen.squares(2)
            found += late * flops(self.layer, squares) + flops(self.meeting, positions) + flops(self.merged, squares)
        return found

    def attending(self, seen: Seeing) -> int:
        """FLOPs of attention among patches, within squares, and among squares."""
        whole = sum(self.attention.flops(count, count) for count in self.passes(seen))
        late = self.layers - self.early
        if not late:
            return self.layers * whole
        squares = [(rows // 2) * (columns // 2) for rows, columns in seen.tiles]
        among = sum(self.attention.flops(count, count) for count in squares)
        return self.early * whole + late * among + sum(squares) * self.attention.flops(4, 4)


def merging(vision: VisionSizes) -> Merging:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    found = build(Merging, vision, merged=_merged(vision, need(vision, "hidden")), merged_after=vision.merged_after)
    return replace(found, meeting=(*found.mixing, norm(found.hidden, need(vision, "norm_bias"))))


def _merged(vision: VisionSizes, hidden: int) -> tuple[Piece, ...]:
    """An MLP over the four patches of a square."""
    inner = 4 * inner_width(vision)
    return norm(4 * hidden, True), Matrix("vision", 4 * hidden, inner, True), Matrix("vision", inner, hidden, True)

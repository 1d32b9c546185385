"""LFM3-VL's encoder: layers that convolve over the grid of patches, and some among them that attend.

As in transformers 5.24, models/lfm3_vl/modeling_lfm3_vl.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, Vector, flops, mlp, norm, through
from vtok.costs.seeing import Seeing
from vtok.costs.towers.building import build, inner_width
from vtok.costs.towers.plain import Plain
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Alternating(Plain):
    """All layers but those in ``full`` are ``convolving``: gates around a convolution, each channel by itself.

    The convolution is ``side`` patches a side; at an edge it goes on over zeros, so that every patch costs the same.
    """

    convolving: tuple[Piece, ...] = ()
    side: int = 0

    @property
    def attentive(self) -> int:
        """Layers that attend."""
        return sum(1 for index in self.full if index < self.layers)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Those around all layers, and those of each kind of layer."""
        inside = (*self.layer * self.attentive, *self.convolving * (self.layers - self.attentive))
        return (*self.embedding, *inside, *self.after)

    def flops(self, seen: Seeing) -> int:
        """FLOPs of its matrices, of attention in full, and of convolutions."""
        positions, convolved = self.positions(seen), self.layers - self.attentive
        inside = self.attentive * flops(self.layer, positions) + convolved * flops(self.convolving, positions)
        return self.around(seen) + inside + self.attending(seen) + convolved * self._spatial(positions)

    def attending(self, seen: Seeing) -> int:
        """FLOPs of attention in the layers that attend."""
        return self.attentive * sum(self.attention.flops(count, count) for count in self.passes(seen))

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of the matrices of patches and layers."""
        positions, convolved = self.positions(seen), self.layers - self.attentive
        inside = self.attentive * through(self.layer, positions, number)
        inside += convolved * through(self.convolving, positions, number)
        return inside + through(self.embedding, seen.patches, number)

    def _spatial(self, positions: int) -> int:
        return 2 * positions * self.hidden * self.side**2


def alternating(vision: VisionSizes) -> Alternating:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    side, hidden = need(vision, "conv"), need(vision, "hidden")
    convolving = (
        Matrix("vision", hidden, 3 * hidden),
        Matrix("vision", hidden, hidden),
        Vector(hidden * side**2, "vision"),
        *mlp(hidden, inner_width(vision), bool(vision.gated), need(vision, "mlp_bias"), "vision"),
        norm(hidden, need(vision, "norm_bias"), need(vision, "norms")),
    )
    return build(Alternating, vision, convolving=convolving, side=side)

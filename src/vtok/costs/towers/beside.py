"""Two encoders side by side: SAM sees the picture at a high resolution, a vision transformer at a low one.

Two of SAM's outputs, of its end and of an earlier layer, are resized to four positions a side for each of the other's
and go through the same convolutions, after which both encoders have one grid. DeepSeek-VL (Lu et al.,
arXiv:2403.05525, 2.1); as in transformers 5.24, models/deepseek_vl_hybrid/modeling_deepseek_vl_hybrid.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Piece, Vector, flops, through
from vtok.costs.seeing import Seeing
from vtok.costs.towers.base import Tower
from vtok.costs.towers.building import plain
from vtok.costs.towers.plain import Plain
from vtok.costs.towers.sam import Sam, sam
from vtok.costs.towers.squeeze import Squeeze, squeeze
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Beside(Tower):
    """``low`` has the grid of the tokens; ``high`` sees ``scale`` = (its side, the other's side) times as many a side.

    SAM has its ``neck`` once more, for the earlier layer, whose output is weighted by one number.
    """

    low: Plain
    high: Sam
    neck: tuple[Piece, ...]
    squeeze: Squeeze
    scale: tuple[int, int]
    patch: int
    hidden: int
    class_tokens: int = 0
    joined: int = 1

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Those of both, the second neck, the convolutions and the weight."""
        return (*self.low.pieces, *self.high.pieces, *self.neck, *self.squeeze.pieces, Vector(1, "vision"))

    def flops(self, seen: Seeing) -> int:
        """FLOPs of each on its own grid, with two outputs of SAM."""
        high = self.sharp(seen)
        joined = flops(self.neck, high.patches) + 2 * self.squeeze.flops(_fourfold(seen))
        return self.low.flops(seen) + self.high.flops(high) + joined

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of all matrices."""
        high = self.sharp(seen)
        joined = through(self.neck, high.patches, number) + 2 * self.squeeze.moved(_fourfold(seen), number)
        return self.low.moved(seen, number) + self.high.moved(high, number) + joined

    def working(self, seen: Seeing) -> int:
        """Numbers of the one that needs more; the low one goes first, and its output waits."""
        return max(self.low.working(seen), self.high.working(self.sharp(seen)) + self.low.kept(seen, False))

    def buffered(self, seen: Seeing) -> int:
        """The same, in a buffer that both take in turn."""
        return max(self.low.buffered(seen), self.high.buffered(self.sharp(seen)))

    def kept(self, seen: Seeing, every_layer: bool) -> int:
        """What both give, and SAM's earlier layer."""
        return super().kept(seen, every_layer) + self.high.hidden * self.sharp(seen).patches

    def sharp(self, seen: Seeing) -> Seeing:
        """The grids that the high one sees."""
        side, other = self.scale
        return Seeing(tuple((rows * side // other, columns * side // other) for rows, columns in seen.tiles))


def beside(vision: VisionSizes) -> Beside:
    """The encoders of ``vision`` and of what is beside it; raises ``UnknownFigureError``."""
    if vision.beside is None:
        raise UnknownFigureError("vision.beside")
    low, high, width = plain(vision), sam(vision.beside), need(vision.beside, "output")
    scale = need(vision.beside, "image") // high.patch, need(vision, "image") // low.patch
    if not all(scale):
        raise UnknownFigureError("how many patches the two encoders see")
    between = squeeze(width, 2 * width, 4 * width)
    return Beside(low, high, high.after, between, scale, low.patch, low.hidden + 4 * width)


def _fourfold(seen: Seeing) -> Seeing:
    """What SAM's outputs are resized to."""
    return Seeing(tuple((4 * rows, 4 * columns) for rows, columns in seen.tiles))

"""Two encoders one behind the other: a vision transformer reads what convolutions make of SAM's output.

What it gives is joined with what it read. DeepSeek-OCR (Wei et al., arXiv:2510.18234, 3.2), whose DeepEncoder
Unlimited-OCR has too; as in transformers 5.24, models/unlimited_ocr/modeling_unlimited_ocr.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece
from vtok.costs.seeing import Seeing
from vtok.costs.towers.base import Tower
from vtok.costs.towers.building import plain
from vtok.costs.towers.plain import Plain
from vtok.costs.towers.sam import Sam, sam
from vtok.costs.towers.squeeze import Squeeze, squeeze, squeezed
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Behind(Tower):
    """``first`` sees the picture's patches, ``second`` one position for sixteen of them, and its class token."""

    first: Sam
    squeeze: Squeeze
    second: Plain
    patch: int
    hidden: int
    class_tokens: int = 0
    joined: int = 1

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Those of both, and the convolutions between them."""
        return (*self.first.pieces, *self.squeeze.pieces, *self.second.pieces)

    def flops(self, seen: Seeing) -> int:
        """FLOPs of each on its own grid."""
        return self.first.flops(seen) + self.squeeze.flops(seen) + self.second.flops(squeezed(seen))

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of all matrices."""
        behind = self.second.moved(squeezed(seen), number)
        return self.first.moved(seen, number) + self.squeeze.moved(seen, number) + behind

    def working(self, seen: Seeing) -> int:
        """Numbers of the one that needs more; what the second reads waits to be joined."""
        read = self.looked(seen) * self.squeeze.second.outputs
        return max(self.first.working(seen), self.second.working(squeezed(seen)) + read)

    def buffered(self, seen: Seeing) -> int:
        """The same, in a buffer that both take in turn."""
        return max(self.first.buffered(seen), self.second.buffered(squeezed(seen)))

    def looked(self, seen: Seeing) -> int:
        """Positions that come out."""
        return squeezed(seen).patches


def behind(vision: VisionSizes) -> Behind:
    """The encoders of ``vision`` and of what is behind it; raises ``UnknownFigureError``."""
    if vision.behind is None:
        raise UnknownFigureError("vision.behind")
    first, width = sam(vision), need(vision.behind, "hidden")
    between = squeeze(need(vision, "output"), need(vision, "bridge"), width)
    return Behind(first, between, _without_pixels(vision.behind), first.patch, 2 * width)


def _without_pixels(vision: VisionSizes) -> Plain:
    """An encoder whose patches are given to it; it may hold an embedding of pixels all the same."""
    found = plain(vision)
    pixels, *others = found.embedding
    spare = (replace(pixels, used=0),) if vision.spare_patches and isinstance(pixels, Matrix) else ()
    return replace(found, embedding=(*spare, *others))

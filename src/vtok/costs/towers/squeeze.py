"""Two convolutions of three by three, each at every second position: what stands behind SAM's encoder in towers of two.

As in transformers 5.24, models/unlimited_ocr/modeling_unlimited_ocr.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.pieces import Matrix, Piece, through
from vtok.costs.seeing import Seeing


@dataclass(frozen=True)
class Squeeze:
    """Makes sixteen positions one, ``first`` four of them one and ``second`` four of these."""

    first: Matrix
    second: Matrix

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Both."""
        return self.first, self.second

    def flops(self, seen: Seeing) -> int:
        """FLOPs for grids of what they read."""
        once = halved(seen)
        return self.first.flops(once.patches) + self.second.flops(halved(once).patches)

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of both, ``number`` bytes each."""
        once = halved(seen)
        return through((self.first,), once.patches, number) + through((self.second,), halved(once).patches, number)


def squeeze(inputs: int, inner: int, outputs: int) -> Squeeze:
    """The convolutions from ``inputs`` to ``outputs`` channels, ``inner`` between them."""
    return Squeeze(Matrix("vision", 9 * inputs, inner), Matrix("vision", 9 * inner, outputs))


def squeezed(seen: Seeing) -> Seeing:
    """The grids of what comes out for grids of what goes in."""
    return halved(halved(seen))


def halved(seen: Seeing) -> Seeing:
    """Every second row and column, the first always being one of them."""
    return Seeing(tuple((-(-rows // 2), -(-columns // 2)) for rows, columns in seen.tiles))

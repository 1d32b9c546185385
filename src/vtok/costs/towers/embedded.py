"""No encoder: patches are embedded, and go on as they are.

As in transformers 5.24, models/fuyu/modeling_fuyu.py (one matrix into the language model) and
models/gemma4_unified/modeling_gemma4_unified.py (norms before and after it, and learned positions by row and column).
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, Vector, flops, norm, through
from vtok.costs.seeing import Seeing
from vtok.costs.towers.base import Tower
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Embedded(Tower):
    """``embedding`` makes a position of width ``hidden`` of the ``pixels`` numbers of a patch."""

    embedding: tuple[Piece, ...]
    pixels: int
    patch: int
    hidden: int
    class_tokens: int = 0
    joined: int = 1

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Every matrix and vector."""
        return self.embedding

    def flops(self, seen: Seeing) -> int:
        """FLOPs of its matrix."""
        return flops(self.embedding, seen.patches)

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of its matrix."""
        return through(self.embedding, seen.patches, number)

    def working(self, seen: Seeing) -> int:
        """A patch's numbers in the type of weights, what is made of them, and that with a position or a norm."""
        return seen.patches * (self.pixels + 2 * self.hidden)

    def buffered(self, seen: Seeing) -> int:
        """The same."""
        return self.working(seen)


def embedded(vision: VisionSizes) -> Embedded:
    """The embedding of ``vision``, completed by its kind; raises ``UnknownFigureError``."""
    hidden, patch = need(vision, "hidden"), need(vision, "patch")
    pixels = need(vision, "channels") * need(vision, "temporal") * patch**2
    made: list[Piece] = [Matrix("vision", pixels, hidden, need(vision, "patch_bias"))]
    if vision.learned:
        made.append(Vector(need(vision, "positions") * hidden, "vision"))
    if vision.pre_norm:
        made += [norm(pixels, True), norm(hidden, True, 2)]
    return Embedded(tuple(made), pixels, patch, hidden)

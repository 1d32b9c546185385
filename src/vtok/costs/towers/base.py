"""What every vision encoder says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from vtok.catalog.formats import Format
from vtok.costs.pieces import Matrix, Piece
from vtok.costs.seeing import Seeing


class Tower(ABC):
    """A vision encoder: what it holds, and what it does for the pictures it sees.

    ``patch`` is px a side of a position, ``hidden`` the width of what it gives. ``class_tokens`` are positions that
    stand beside the patches of every tile. Every picture has ``joined`` tiles that see each other, or tiles stand
    alone where that is 1. Where it is ``alone``, it works on one picture at a time, whatever the engine.
    """

    patch: int
    hidden: int
    class_tokens: int
    joined: int
    alone: bool = False

    @property
    @abstractmethod
    def pieces(self) -> tuple[Piece, ...]:
        """Every matrix and vector, as often as it is held."""

    @abstractmethod
    def flops(self, seen: Seeing) -> int:
        """FLOPs of its matrices, and of its attention in full."""

    @abstractmethod
    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of its matrices, ``number`` bytes each."""

    @abstractmethod
    def working(self, seen: Seeing) -> int:
        """Numbers that live at the highest point."""

    def turning(self, seen: Seeing) -> int:
        """Numbers of two bytes that live beside these where transformers turns queries and keys in fp32."""
        return 0

    @abstractmethod
    def buffered(self, seen: Seeing) -> int:
        """Numbers that live at the highest point where an allocator lets tensors take each other's place."""

    def kept(self, seen: Seeing, every_layer: bool) -> int:
        """Numbers of its output that live on while the prompt is read, of ``every_layer`` where it is kept."""
        return self.hidden * self.looked(seen)

    def held_in(self, form: Format) -> Format:
        """The format that it is held and computed in where the model is in ``form``: the same."""
        return form

    def looked(self, seen: Seeing) -> int:
        """Positions that come out: patches and class tokens, those of empty tiles too."""
        return seen.patches + self.class_tokens * len(seen.tiles)


def widest(pieces: Iterable[Piece]) -> tuple[int, int]:
    """The outputs of the widest matrix, and how many matrices are as wide."""
    outputs = [piece.outputs for piece in pieces if isinstance(piece, Matrix)]
    inner = max(outputs, default=0)
    return inner, outputs.count(inner)

"""One layer of a language model: its matrices and vectors, and what mixes positions in it."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers import Mixer
from vtok.costs.pieces import Piece, flops


@dataclass(frozen=True)
class Layer:
    """One layer of ``kind`` (see ``TextSizes``); ``caches`` is whether it keeps keys and values of its own.

    ``across`` makes the keys and values of a layer that attends to pictures, from what the projector gives; without a
    picture such a layer is skipped. ``index`` is its number in the model, ``held`` what it holds where that is not what
    it runs: a layer that is gone through again holds nothing more.
    """

    kind: str
    pieces: tuple[Piece, ...]
    mixer: Mixer
    caches: bool = True
    across: tuple[Piece, ...] = ()
    index: int = 0
    held: tuple[Piece, ...] | None = None

    @property
    def weights(self) -> tuple[Piece, ...]:
        """Every piece that it holds."""
        return (*(self.pieces if self.held is None else self.held), *self.across)

    def flops(self, positions: int) -> int:
        """FLOPs of its matrices but those of ``across``."""
        return 0 if self.across and not self.mixer.remembered(positions) else flops(self.pieces, positions)

    @property
    def flops_across(self) -> int:
        """FLOPs of ``across`` for all positions of the pictures."""
        return flops(self.across, self.mixer.remembered(0))

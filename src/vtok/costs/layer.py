"""One layer of a language model: its matrices and vectors, and what mixes positions in it."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers import Mixer
from vtok.costs.pieces import Piece, flops


@dataclass(frozen=True)
class Layer:
    """One layer of ``kind`` (see ``TextSizes``); ``caches`` is whether it keeps keys and values of its own.

    Every position goes through ``pieces``, those of words through ``words`` beside them, those of pictures through
    ``visual``. ``across`` makes the keys and values of a layer that attends to pictures, from what the projector gives;
    without a picture such a layer is skipped. ``index`` is its number in the model, ``held`` what it holds where that
    is not what it runs: a layer that is gone through again holds nothing more. ``carried`` are numbers a position
    that residual streams hold beyond one, ``rewritten`` those that live while these are read and written, beyond
    what lives in every layer.
    """

    kind: str
    pieces: tuple[Piece, ...]
    mixer: Mixer
    caches: bool = True
    across: tuple[Piece, ...] = ()
    index: int = 0
    held: tuple[Piece, ...] | None = None
    words: tuple[Piece, ...] = ()
    visual: tuple[Piece, ...] = ()
    carried: int = 0
    rewritten: int = 0

    @property
    def running(self) -> tuple[Piece, ...]:
        """Every piece that some position goes through."""
        return (*self.pieces, *self.words, *self.visual)

    @property
    def weights(self) -> tuple[Piece, ...]:
        """Every piece that it holds."""
        return (*(self.running if self.held is None else self.held), *self.across)

    def by_positions(self, positions: int, visual: int = 0) -> tuple[tuple[tuple[Piece, ...], int], ...]:
        """Pieces with the number of positions that go through them, ``visual`` of all being those of pictures."""
        apart = (self.words, positions - visual), (self.visual, visual)
        return (self.pieces, positions), *((pieces, count) for pieces, count in apart if count)

    def flops(self, positions: int, visual: int = 0) -> int:
        """FLOPs of its matrices but those of ``across``."""
        if self.across and not self.mixer.remembered(positions):
            return 0
        return sum(flops(pieces, count) for pieces, count in self.by_positions(positions, visual))

    @property
    def flops_across(self) -> int:
        """FLOPs of ``across`` for all positions of the pictures."""
        return flops(self.across, self.mixer.remembered(0))

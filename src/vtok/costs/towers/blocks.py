"""What a convolutional tokenizer is made of: convolutions, blocks of two with a way around, and levels of blocks.

The parts of VQGAN (Esser, Rombach, Ommer, arXiv:2012.09841), as transformers 5.24's classes have them, such as
models/chameleon/modeling_chameleon.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Matrix, Piece, flops, norm
from vtok.costs.towers.convolutional import Convolution


def convolved(inputs: int, outputs: int, taps: int = 1) -> Convolution:
    """One from ``inputs`` to ``outputs`` channels under ``taps`` positions, with a bias.

    Formats that quantise matrices leave it as they leave vectors.
    """
    return Convolution("vector", taps * inputs, outputs, True, entering=inputs)


def block(inputs: int, outputs: int, taps: int = 9) -> tuple[Piece, ...]:
    """Two convolutions, each behind a norm, and where the width changes one of a single tap around them."""
    around = () if inputs == outputs else (convolved(inputs, outputs),)
    inside = convolved(inputs, outputs, taps), convolved(outputs, outputs, taps)
    return norm(inputs, True), norm(outputs, True), *inside, *around


def attention(width: int, linear: bool) -> tuple[Piece, ...]:
    """Queries, keys, values and output behind a norm, as matrices where they are ``linear``, else as convolutions."""
    one = Matrix("vision", width, width, True) if linear else convolved(width, width)
    return norm(width, True), one, one, one, one


@dataclass(frozen=True)
class Level:
    """``blocks`` at one resolution, ``side`` positions a side for each code, ``width`` channels each.

    ``pieces`` work on every position, ``attentions`` are among all of them; ``down`` gives a quarter as many.
    """

    side: int
    width: int
    blocks: int
    pieces: tuple[Piece, ...]
    attentions: int
    down: Convolution | None = None

    @property
    def held(self) -> tuple[Piece, ...]:
        """All its pieces."""
        return (*self.pieces, self.down) if self.down else self.pieces

    def positions(self, codes: int) -> int:
        """Positions for so many codes."""
        return codes * self.side**2

    def flops(self, codes: int) -> int:
        """FLOPs for one picture of so many codes."""
        count = self.positions(codes)
        among = self.attentions * Softmax(1, 1, self.width, self.width).flops(count, count)
        return flops(self.pieces, count) + among + (self.down.flops(count // 4) if self.down else 0)

    def moved(self, codes: int) -> int:
        """Numbers into and out of its matrices for so many codes."""
        count = self.positions(codes)
        # A convolution that halves each side reads all that it makes a quarter of.
        down = self.width * (count + count // 4) if self.down else 0
        return count * sum(piece.wide for piece in self.pieces) + down

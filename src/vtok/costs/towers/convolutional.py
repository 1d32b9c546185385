"""Encoders of convolutions: steps on grids that become coarser, some of which let all positions see each other.

A convolution is a matrix from the numbers under its kernel to its outputs, at every position that comes out. All here
are padded so that of a side of n px, ceil(n / stride) positions come out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Matrix, Piece, flops, through
from vtok.costs.seeing import Grid, Seeing
from vtok.costs.towers.base import Tower


@dataclass(frozen=True)
class Convolution(Matrix):
    """A matrix from the ``inputs`` numbers under a kernel; ``entering`` numbers go in for a position that comes out."""

    entering: int = 0

    @property
    def wide(self) -> int:
        """Numbers in and out for a position that comes out."""
        return self.entering + self.outputs


@dataclass(frozen=True)
class Step:
    """``pieces`` for every position of a grid that has one every ``stride`` px; 0 stands for one a tile.

    With ``attention`` these positions look at those of a grid that has one every ``keys`` px. ``living`` is how many
    numbers a position live at once.
    """

    stride: int
    pieces: tuple[Piece, ...]
    attention: Softmax | None = None
    keys: int = 0
    living: int = 0

    def positions(self, size: Grid) -> int:
        """Positions of the grid over ``size`` px."""
        return _positions(size, self.stride)

    def flops(self, size: Grid) -> int:
        """FLOPs of a tile of ``size`` px."""
        queries = self.positions(size)
        looking = self.attention.flops(queries, _positions(size, self.keys)) if self.attention else 0
        return flops(self.pieces, queries) + looking


@dataclass(frozen=True)
class Convolutional(Tower):
    """``steps`` one after the other; a position of ``hidden`` numbers comes out for every square of ``patch`` px."""

    steps: tuple[Step, ...]
    patch: int
    hidden: int
    class_tokens: int = 0
    joined: int = 1

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Every matrix and vector."""
        return tuple(piece for step in self.steps for piece in step.pieces)

    def flops(self, seen: Seeing) -> int:
        """FLOPs of all steps."""
        return sum(step.flops(size) for size in self._sizes(seen) for step in self.steps)

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of the convolutions."""
        sizes = list(self._sizes(seen))
        return sum(through(step.pieces, step.positions(size), number) for size in sizes for step in self.steps)

    def working(self, seen: Seeing) -> int:
        """Numbers at the highest of all steps, for all tiles at once."""
        sizes = list(self._sizes(seen))
        return max(step.living * sum(step.positions(size) for size in sizes) for step in self.steps)

    def buffered(self, seen: Seeing) -> int:
        """Taken to be as many: no engine's log of such an encoder's buffer is known."""
        return self.working(seen)

    def _sizes(self, seen: Seeing) -> Iterable[Grid]:
        """Each tile in px."""
        return ((rows * self.patch, columns * self.patch) for rows, columns in seen.tiles)


def convolution(channels: int, outputs: int, kernel: int, stride: int = 1, bias: bool = False) -> Convolution:
    """One in which every output sees all channels."""
    return Convolution("vision", channels * kernel**2, outputs, bias, entering=channels * stride**2)


def depthwise(channels: int, kernel: int, stride: int = 1, bias: bool = False, times: int = 1) -> Convolution:
    """One in which every output sees a single channel, with ``times`` outputs for each."""
    return Convolution("vision", kernel**2, times * channels, bias, entering=channels * stride**2)


def _positions(size: Grid, stride: int) -> int:
    return -(-size[0] // stride) * -(-size[1] // stride) if stride else 1
